#include "index/vector/code_kernels.h"
#include "index/vector/code_loops.h"

namespace sochdb {
namespace {

int32_t ScalarCodeDot(const uint8_t* row, const int8_t* values, size_t length) {
  int32_t sum = 0;
  for (size_t i = 0; i < length; ++i) sum += static_cast<int32_t>(row[i]) * values[i];
  return sum;
}

int32_t ScalarCodeDotRows(const uint8_t* a, const uint8_t* b, size_t length) {
  int32_t sum = 0;
  for (size_t i = 0; i < length; ++i) sum += static_cast<int32_t>(a[i]) * (static_cast<int32_t>(b[i]) - 128);
  return sum;
}

void ScalarAddScaled(float factor, const float* row, size_t length, float* sums) {
  for (size_t i = 0; i < length; ++i) sums[i] += factor * row[i];
}

constexpr CodeKernels kScalarCodes = {
    "scalar", ScalarCodeDot, ScalarCodeDotRows, BytesMany<ScalarCodeDot>, BitsMany<SumOfBits>, ScalarAddScaled,
};

}  // namespace

const CodeKernels* ScalarCodeKernels() { return &kScalarCodes; }

}  // namespace sochdb
