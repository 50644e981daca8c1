#include "index/vector/metric.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "base/bytes.h"
#include "index/vector/exact_sums.h"

namespace sochdb {
namespace {

double ExactDot(const float* a, const float* b, size_t count) { return FastestSums().dot(a, b, count); }

double SquaredDistance(const float* a, const float* b, size_t count) { return FastestSums().squared_distance(a, b, count); }

}  // namespace

Status CheckVector(Metric metric, size_t dimension, const float* values, size_t count) {
  if (count != dimension) {
    return Status(Code::kInvalidArgument, "The vector has " + std::to_string(count) + " values, the collection takes " +
                                              std::to_string(dimension) + ".")
        .With("expected", std::to_string(dimension))
        .With("actual", std::to_string(count));
  }
  if (!AllFinite(values, count)) {
    const auto* bad = std::find_if(values, values + count, [](float value) { return !std::isfinite(value); });
    const std::string position = std::to_string(bad - values);
    const char* actual = std::isnan(*bad) ? "NaN" : *bad > 0 ? "Infinity" : "-Infinity";
    return Status(Code::kInvalidArgument,
                  "The vector's value at position " + position + " is " + actual + "; every value must be a finite number.")
        .With("position", position)
        .With("expected", "a finite number")
        .With("actual", actual);
  }
  if (metric != Metric::kCosine && ExactDot(values, values, count) > kMaxLength * kMaxLength) {
    return Status(Code::kInvalidArgument, "The vector is longer than 1e18, which its metric cannot compare.")
        .With("expected", "a length of at most 1e18")
        .With("actual", std::to_string(std::sqrt(ExactDot(values, values, count))));
  }
  return {};
}

void PrepareVector(Metric metric, const float* values, size_t dimension, float* prepared) {
  std::memmove(prepared, values, dimension * sizeof(float));
  std::fill(prepared + dimension, prepared + PaddedDimension(dimension), 0.0f);
  if (metric != Metric::kCosine) return;
  const double length = std::sqrt(ExactDot(prepared, prepared, dimension));
  if (length == 0) return;
  for (size_t i = 0; i < dimension; ++i) prepared[i] = static_cast<float>(static_cast<double>(prepared[i]) / length);
}

void PrepareStoredVector(Metric metric, std::string_view bytes, float* prepared) {
  const size_t dimension = bytes.size() / sizeof(float);
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(prepared, bytes.data(), dimension * sizeof(float));
  } else {
    for (size_t i = 0; i < dimension; ++i) {
      prepared[i] = std::bit_cast<float>(DecodeFixed32(bytes.data() + i * sizeof(float)));
    }
  }
  PrepareVector(metric, prepared, dimension, prepared);
}

Measure::Measure(Metric metric, const float* query, size_t padded)
    : metric_(metric),
      query_(query),
      padded_(padded),
      squared_length_(metric == Metric::kCosine ? ExactDot(query, query, padded) : 0) {}

Nearness Measure::To(const float* row) const {
  switch (metric_) {
    case Metric::kCosine: {
      // Prepared vectors have length 1 only up to rounding; dividing again makes a vector's cosine with itself exactly 1.
      const double product = squared_length_ * ExactDot(row, row, padded_);
      const double cosine = product == 0 ? 0 : std::clamp(ExactDot(query_, row, padded_) / std::sqrt(product), -1.0, 1.0);
      return {cosine, 1 - cosine};
    }
    case Metric::kDot: {
      const double dot = ExactDot(query_, row, padded_);
      return {dot, 0 - dot};
    }
    case Metric::kEuclidean: {
      const double distance = std::sqrt(SquaredDistance(query_, row, padded_));
      return {1 / (1 + distance), distance};
    }
  }
  return {};
}

}  // namespace sochdb
