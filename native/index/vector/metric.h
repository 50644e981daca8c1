// Metric: how near two vectors are, and how a caller is told.
//
// A vector is prepared once, when it enters the index or a query begins: checked, padded with zeros to whole cache lines and,
// for cosine, divided by its length (a zero vector stays zeros). Searches compare prepared vectors in f32 with the kernels of
// distance.h, where smaller is nearer. What is returned is measured again in double precision, adding in one fixed order, so
// it depends neither on the path a search took nor on the processor:
//
//   cosine     score = cos(a, b)          distance = 1 - score     cosine with a zero vector is 0
//   dot        score = a . b              distance = -score
//   euclidean  score = 1 / (1 + distance) distance = |a - b|
//
// Thread safety: functions of their arguments.
// Limits: kMaxDimension values; for dot and euclidean a vector's length is at most kMaxLength, so that no f32 sum overflows.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "index/vector/distance.h"

namespace sochdb {

// On disk in collection configurations: never renumber.
enum class Metric : uint8_t { kCosine = 0, kDot = 1, kEuclidean = 2 };

inline constexpr size_t kMaxDimension = 16384;
inline constexpr double kMaxLength = 1e18;

// Values of a prepared vector: the dimension rounded up to whole cache lines.
constexpr size_t PaddedDimension(size_t dimension) { return (dimension + 15) / 16 * 16; }

// kInvalidArgument with details {expected, actual} for a wrong dimension, {position} for a value that is not finite.
Status CheckVector(Metric metric, size_t dimension, const float* values, size_t count);

// Writes PaddedDimension(dimension) values to `prepared`. REQUIRES: CheckVector is OK.
void PrepareVector(Metric metric, const float* values, size_t dimension, float* prepared);
// The same for values that may lie at any address, little-endian, as rows hold them.
void PrepareStoredVector(Metric metric, std::string_view bytes, float* prepared);

struct Nearness {
  double score = 0;     // higher is nearer
  double distance = 0;  // lower is nearer
};
// How near prepared vectors of `padded` values are to a prepared query, which outlives this.
class Measure {
 public:
  Measure(Metric metric, const float* query, size_t padded);
  [[nodiscard]] Nearness To(const float* row) const;

 private:
  const Metric metric_;
  const float* const query_;
  const size_t padded_;
  const double squared_length_;  // cosine only
};

// Distances of many rows at once, as searches order by: negated dot product or squared distance.
class RowDistance {
 public:
  RowDistance(Metric metric, size_t padded)
      : many_(metric == Metric::kEuclidean ? Kernels().squared_l2_many : Kernels().negated_dot_many),
        one_(metric == Metric::kEuclidean ? Kernels().squared_l2 : Kernels().dot),
        sign_(metric == Metric::kEuclidean ? 1.0f : -1.0f),
        padded_(padded) {}
  void Many(const float* query, const float* const* rows, size_t count, float* out) const {
    many_(query, rows, count, padded_, out);
  }
  [[nodiscard]] float One(const float* a, const float* b) const { return sign_ * one_(a, b, padded_); }

 private:
  void (*many_)(const float*, const float* const*, size_t, size_t, float*);
  float (*one_)(const float*, const float*, size_t);
  float sign_;
  size_t padded_;
};

}  // namespace sochdb
