// Kernels against sums in double precision, over every length that meets another code path.

#include "index/vector/distance.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "index/vector/metric.h"
#include "test/harness.h"

namespace sochdb::distance_test {
namespace {

std::vector<const DistanceKernels*> AvailableKernels() {
  std::vector<const DistanceKernels*> available;
  for (const DistanceKernels* kernels : {ScalarKernels(), Avx2Kernels(), Avx512Kernels(), NeonKernels()}) {
    if (kernels != nullptr) available.push_back(kernels);
  }
  return available;
}

std::vector<float> RandomVector(std::mt19937_64& random, size_t length) {
  std::normal_distribution<float> normal;
  std::vector<float> values(length);
  for (float& value : values) value = normal(random);
  return values;
}

double ExactDot(const float* a, const float* b, size_t length) {
  double sum = 0;
  for (size_t i = 0; i < length; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double ExactSquaredL2(const float* a, const float* b, size_t length) {
  double sum = 0;
  for (size_t i = 0; i < length; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return sum;
}

bool Near(double actual, double exact, double magnitude) { return std::abs(actual - exact) <= 1e-5 * (1 + magnitude); }

TEST("every kernel computes what double precision does, at every length and alignment") {
  std::mt19937_64 random(test::Seed());
  for (const DistanceKernels* kernels : AvailableKernels()) {
    for (size_t length = 0; length <= 200; ++length) {
      const size_t shift = length % 5;
      const std::vector<float> a = RandomVector(random, length + shift);
      const std::vector<float> b = RandomVector(random, length + shift);
      const float* from_a = a.data() + shift;
      const float* from_b = b.data() + shift;
      const double dot = ExactDot(from_a, from_b, length);
      const double squared = ExactSquaredL2(from_a, from_b, length);
      const double magnitude = ExactDot(from_a, from_a, length) + ExactDot(from_b, from_b, length);
      EXPECT(Near(kernels->dot(from_a, from_b, length), dot, magnitude));
      EXPECT(Near(kernels->squared_l2(from_a, from_b, length), squared, magnitude));
    }
  }
}

TEST("a kernel over many rows gives for each what the kernel for one gives") {
  std::mt19937_64 random(test::Seed() + 1);
  for (const DistanceKernels* kernels : AvailableKernels()) {
    for (const size_t count : {0u, 1u, 7u, 8u, 9u, 33u}) {
      const size_t length = 100;
      const std::vector<float> query = RandomVector(random, length);
      std::vector<std::vector<float>> rows;
      std::vector<const float*> pointers;
      for (size_t i = 0; i < count; ++i) rows.push_back(RandomVector(random, length));
      for (const auto& row : rows) pointers.push_back(row.data());
      std::vector<float> dots(count);
      std::vector<float> squares(count);
      kernels->negated_dot_many(query.data(), pointers.data(), count, length, dots.data());
      kernels->squared_l2_many(query.data(), pointers.data(), count, length, squares.data());
      for (size_t i = 0; i < count; ++i) {
        EXPECT_EQ(dots[i], -kernels->dot(query.data(), pointers[i], length));
        EXPECT_EQ(squares[i], kernels->squared_l2(query.data(), pointers[i], length));
      }
    }
  }
}

TEST("a set of kernels is chosen, and it is one of those available") {
  bool found = false;
  for (const DistanceKernels* kernels : AvailableKernels()) found |= kernels == &Kernels();
  EXPECT(found);
}

TEST("one NaN or infinity anywhere is found") {
  for (size_t length = 1; length <= 70; ++length) {
    std::vector<float> values(length, 1.5f);
    EXPECT(AllFinite(values.data(), length));
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
      for (size_t at = 0; at < length; ++at) {
        values[at] = bad;
        EXPECT(!AllFinite(values.data(), length));
        values[at] = std::numeric_limits<float>::denorm_min();
      }
    }
    values[0] = std::numeric_limits<float>::max();
    EXPECT(AllFinite(values.data(), length));
  }
}

TEST("a wrong dimension, NaN and excessive length are refused with what was expected and found") {
  const std::vector<float> values = {1, 2, std::numeric_limits<float>::quiet_NaN()};
  const Status wrong = CheckVector(Metric::kCosine, 4, values.data(), 3);
  EXPECT(wrong.code() == Code::kInvalidArgument);
  EXPECT_EQ(wrong.details()[0].second, "4");
  EXPECT_EQ(wrong.details()[1].second, "3");
  EXPECT(CheckVector(Metric::kCosine, 3, values.data(), 3).code() == Code::kInvalidArgument);
  EXPECT_OK(CheckVector(Metric::kCosine, 2, values.data(), 2));
  const std::vector<float> huge = {1e30f, 1e30f};
  EXPECT_OK(CheckVector(Metric::kCosine, 2, huge.data(), 2));
  EXPECT(CheckVector(Metric::kDot, 2, huge.data(), 2).code() == Code::kInvalidArgument);
}

Nearness Between(Metric metric, std::vector<float> a, std::vector<float> b) {
  const size_t dimension = a.size();
  std::vector<float> prepared_a(PaddedDimension(dimension));
  std::vector<float> prepared_b(PaddedDimension(dimension));
  PrepareVector(metric, a.data(), dimension, prepared_a.data());
  PrepareVector(metric, b.data(), dimension, prepared_b.data());
  return Measure(metric, prepared_a.data(), prepared_a.size()).To(prepared_b.data());
}

TEST("score and distance are those of the metric's definition") {
  EXPECT(std::abs(Between(Metric::kCosine, {3, 4}, {4, 3}).score - 0.96) < 1e-7);
  EXPECT(std::abs(Between(Metric::kCosine, {3, 4}, {4, 3}).distance - 0.04) < 1e-7);
  EXPECT_EQ(Between(Metric::kCosine, {0.1f, 0.7f, -3}, {0.1f, 0.7f, -3}).score, 1.0);
  EXPECT_EQ(Between(Metric::kCosine, {0.1f, 0.7f, -3}, {0.1f, 0.7f, -3}).distance, 0.0);
  EXPECT_EQ(Between(Metric::kDot, {1, 2}, {3, 4}).score, 11.0);
  EXPECT_EQ(Between(Metric::kDot, {1, 2}, {3, 4}).distance, -11.0);
  EXPECT_EQ(Between(Metric::kEuclidean, {0, 0}, {3, 4}).distance, 5.0);
  EXPECT_EQ(Between(Metric::kEuclidean, {0, 0}, {3, 4}).score, 1.0 / 6);
}

TEST("a zero vector has cosine similarity 0 with everything, itself included") {
  EXPECT_EQ(Between(Metric::kCosine, {0, 0}, {3, 4}).score, 0.0);
  EXPECT_EQ(Between(Metric::kCosine, {0, 0}, {0, 0}).score, 0.0);
  EXPECT_EQ(Between(Metric::kCosine, {0, 0}, {0, 0}).distance, 1.0);
}

TEST("vectors too long or too short for f32 sums have the right cosine") {
  EXPECT(std::abs(Between(Metric::kCosine, {3e37f, 4e37f}, {4e-38f, 3e-38f}).score - 0.96) < 1e-6);
}

}  // namespace
}  // namespace sochdb::distance_test
