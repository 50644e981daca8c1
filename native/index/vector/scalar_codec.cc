#include "index/vector/scalar_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace sochdb {
namespace {

constexpr float kLargestCode = 127;

// To the nearest whole number, for values of a few thousand at most: adding so large a number leaves no room for a fraction.
// (The library's own rounding does not become one instruction here.)
int32_t RoundSmall(float value) {
  constexpr float kNoFraction = 12582912.0f;  // 1.5 * 2^23
  return static_cast<int32_t>(std::bit_cast<uint32_t>(value + kNoFraction) - std::bit_cast<uint32_t>(kNoFraction));
}

float FloatSum(const std::vector<float>& a, const float* b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return static_cast<float>(sum);
}

}  // namespace

ScalarCodec::ScalarCodec(Metric metric, size_t dimension, const std::vector<const float*>& sample)
    : kernels_(BestCodeKernels()),
      metric_(metric),
      dimension_(dimension),
      factors_at_((dimension + 3) / 4 * 4),
      product_factor_(metric == Metric::kEuclidean ? -2.0f : -1.0f),
      mean_(MeanOf(sample, dimension)) {
  squared_mean_ = FloatSum(mean_, mean_.data(), dimension);
}

float ScalarCodec::Differ(const float* prepared, float* differences) const {
  for (size_t i = 0; i < dimension_; ++i) differences[i] = prepared[i] - mean_[i];
  if (metric_ != Metric::kEuclidean) return -FloatSum(mean_, differences, dimension_);
  double squared = 0;
  for (size_t i = 0; i < dimension_; ++i) squared += static_cast<double>(differences[i]) * static_cast<double>(differences[i]);
  return static_cast<float>(squared);
}

float ScalarCodec::Round(const float* differences, int8_t* codes) const {
  float largest = 0;
  for (size_t i = 0; i < dimension_; ++i) largest = std::max(largest, std::fabs(differences[i]));
  const float scale = largest / kLargestCode;
  const float factor = scale >= std::numeric_limits<float>::min() ? 1 / scale : 0;
  for (size_t i = 0; i < dimension_; ++i) codes[i] = static_cast<int8_t>(RoundSmall(differences[i] * factor));
  return factor == 0 ? 0 : scale;
}

void ScalarCodec::Encode(const float* prepared, CodeQuery* scratch, uint8_t* row) const {
  scratch->floats.resize(dimension_);
  scratch->values.resize(dimension_);
  const float bias = Differ(prepared, scratch->floats.data());
  const float scale = Round(scratch->floats.data(), scratch->values.data());
  int32_t sum = 0;
  for (size_t i = 0; i < dimension_; ++i) {
    sum += scratch->values[i];
    row[i] = static_cast<uint8_t>(scratch->values[i] + 128);
  }
  std::memset(row + dimension_, 0, factors_at_ - dimension_);
  std::memcpy(row + factors_at_, &scale, sizeof(scale));
  std::memcpy(row + factors_at_ + 4, &bias, sizeof(bias));
  std::memcpy(row + factors_at_ + 8, &sum, sizeof(sum));
}

void ScalarCodec::Begin(const float* prepared, CodeQuery* query) const {
  query->floats.resize(dimension_);
  query->values.resize(dimension_);
  const float bias = Differ(prepared, query->floats.data());
  ByteQuery& bytes = query->bytes;
  bytes.scale = product_factor_ * Round(query->floats.data(), query->values.data());
  bytes.constant = metric_ == Metric::kEuclidean ? bias : bias - squared_mean_;
  bytes.values = query->values.data();
  bytes.length = dimension_;
  bytes.factors_at = factors_at_;
  int32_t sum = 0;
  for (const int8_t value : query->values) sum += value;
  bytes.offset = 128 * sum;
}

float ScalarCodec::Between(const uint8_t* a, const uint8_t* b) const {
  struct Factors {
    float scale;
    float bias;
    int32_t sum;
  };
  Factors of_a;
  Factors of_b;
  std::memcpy(&of_a, a + factors_at_, sizeof(of_a));
  std::memcpy(&of_b, b + factors_at_, sizeof(of_b));
  const auto product = static_cast<float>(kernels_.dot_rows(a, b, dimension_) - 128 * of_b.sum);
  const float constant = metric_ == Metric::kEuclidean ? 0 : -squared_mean_;
  return constant + of_a.bias + of_b.bias + product_factor_ * of_a.scale * of_b.scale * product;
}

size_t ScalarCodec::Compared(size_t k, size_t ef) const { return std::max({2 * k, ef / 2, k + 16}); }

}  // namespace sochdb
