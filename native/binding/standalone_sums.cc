// Vector utilities: sums over Float32Arrays. TypeScript (src/vector/) checks, scales where sums overflow, and computes short
// vectors itself.

#include <cmath>

#include "binding/init.h"
#include "binding/standalone.h"
#include "binding/vector_collection.h"
#include "index/vector/exact_sums.h"

namespace sochdb::binding {
namespace {

Status ReadPair(Call& call, std::span<const float>* a, std::span<const float>* b) {
  SOCHDB_TRY(ViewFloats(call.env(), call[0], "a", a));
  SOCHDB_TRY(ViewFloats(call.env(), call[1], "b", b));
  if (a->size() == b->size()) return {};
  return {Code::kInvalidArgument,
          "The vectors have " + std::to_string(a->size()) + " and " + std::to_string(b->size()) + " values.",
          {{"expected", std::to_string(a->size())}, {"actual", std::to_string(b->size())}}};
}

// vectorDot(a, b): a number, which is not finite when a value is not.
napi_value VectorDot(Call& call) {
  std::span<const float> a;
  std::span<const float> b;
  const Status status = ReadPair(call, &a, &b);
  if (!status.ok()) return call.Throw(status);
  return FromDouble(call.env(), FastestSums().dot(a.data(), b.data(), a.size()));
}

// vectorSquaredDistance(a, b): likewise.
napi_value VectorSquaredDistance(Call& call) {
  std::span<const float> a;
  std::span<const float> b;
  const Status status = ReadPair(call, &a, &b);
  if (!status.ok()) return call.Throw(status);
  return FromDouble(call.env(), FastestSums().squared_distance(a.data(), b.data(), a.size()));
}

// vectorCosine(a, b): a . b / |a| |b|, a little beyond 1 at times; 0 for vectors of zeros, not finite when a value is not.
napi_value VectorCosine(Call& call) {
  std::span<const float> a;
  std::span<const float> b;
  const Status status = ReadPair(call, &a, &b);
  if (!status.ok()) return call.Throw(status);
  const ExactSums& sums = FastestSums();
  const double product = sums.dot(a.data(), a.data(), a.size()) * sums.dot(b.data(), b.data(), b.size());
  const double dot = sums.dot(a.data(), b.data(), a.size());
  return FromDouble(call.env(), product == 0 ? 0 : dot / std::sqrt(product));
}

}  // namespace

bool InitStandaloneSums(Environment* environment, napi_value exports) {
  return Define<VectorDot, 2>(environment, exports, "vectorDot") &&
         Define<VectorSquaredDistance, 2>(environment, exports, "vectorSquaredDistance") &&
         Define<VectorCosine, 2>(environment, exports, "vectorCosine");
}

}  // namespace sochdb::binding
