// Sums in double precision: each instruction set gives the same bits, at every length.

#include "index/vector/exact_sums.h"

#include <cmath>
#include <random>
#include <vector>

#include "test/harness.h"

namespace sochdb::exact_sums_test {
namespace {

std::vector<float> RandomValues(std::mt19937_64& random, size_t length) {
  std::normal_distribution<float> normal;
  std::vector<float> values(length);
  for (float& value : values) value = normal(random) * std::exp(4 * normal(random));
  return values;
}

TEST("all instruction sets give the same sums") {
  const ExactSums* avx2 = Avx2Sums();
  if (avx2 == nullptr) return;
  std::mt19937_64 random(test::Seed());
  for (size_t length = 0; length < 200; ++length) {
    const std::vector<float> a = RandomValues(random, length + 1);
    const std::vector<float> b = RandomValues(random, length + 1);
    for (const size_t from : {size_t{0}, size_t{1}}) {
      EXPECT_EQ(avx2->dot(a.data() + from, b.data() + from, length),
                PortableSums().dot(a.data() + from, b.data() + from, length));
      EXPECT_EQ(avx2->squared_distance(a.data() + from, b.data() + from, length),
                PortableSums().squared_distance(a.data() + from, b.data() + from, length));
    }
  }
}

TEST("sums are those of long double, but for rounding") {
  std::mt19937_64 random(test::Seed());
  for (const size_t length : {size_t{1}, size_t{7}, size_t{8}, size_t{100}, size_t{1537}}) {
    const std::vector<float> a = RandomValues(random, length);
    const std::vector<float> b = RandomValues(random, length);
    long double dot = 0;
    long double magnitude = 0;
    long double distance = 0;
    for (size_t i = 0; i < length; ++i) {
      const long double product = static_cast<long double>(a[i]) * static_cast<long double>(b[i]);
      const long double difference = static_cast<long double>(a[i]) - static_cast<long double>(b[i]);
      dot += product;
      magnitude += std::abs(product);
      distance += difference * difference;
    }
    EXPECT(std::abs(static_cast<double>(FastestSums().dot(a.data(), b.data(), length) - dot)) <=
           1e-13 * static_cast<double>(magnitude));
    EXPECT(std::abs(static_cast<double>(FastestSums().squared_distance(a.data(), b.data(), length) - distance)) <=
           1e-13 * static_cast<double>(distance));
  }
}

}  // namespace
}  // namespace sochdb::exact_sums_test
