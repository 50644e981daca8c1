// Kernels over codes: every set gives what a plain sum gives, to the last bit, over every length that meets another code path.

#include "index/vector/code_kernels.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "test/harness.h"

namespace sochdb::code_kernels_test {
namespace {

std::vector<const CodeKernels*> AvailableCodeKernels() {
  std::vector<const CodeKernels*> available;
  for (const CodeKernels* kernels : {ScalarCodeKernels(), Avx2CodeKernels(), Avx512VnniCodeKernels(), NeonCodeKernels()}) {
    if (kernels != nullptr) available.push_back(kernels);
  }
  return available;
}

std::vector<uint8_t> RandomBytes(std::mt19937_64& random, size_t length) {
  std::vector<uint8_t> bytes(length);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

TEST("sums of products of bytes are exact, at every length, alignment and extreme") {
  std::mt19937_64 random(test::Seed());
  for (const CodeKernels* kernels : AvailableCodeKernels()) {
    for (size_t length = 0; length <= 300; ++length) {
      const size_t shift = length % 7;
      std::vector<uint8_t> a = RandomBytes(random, length + shift);
      std::vector<uint8_t> b = RandomBytes(random, length + shift);
      if (length % 5 == 0) a.assign(a.size(), 255);
      if (length % 10 == 0) b.assign(b.size(), 128);  // -128 as a signed value
      int64_t dot = 0;
      int64_t rows = 0;
      for (size_t i = shift; i < length + shift; ++i) {
        dot += int64_t{a[i]} * static_cast<int8_t>(b[i]);
        rows += int64_t{a[i]} * (int64_t{b[i]} - 128);
      }
      EXPECT_EQ(kernels->dot(a.data() + shift, reinterpret_cast<const int8_t*>(b.data() + shift), length), dot);
      EXPECT_EQ(kernels->dot_rows(a.data() + shift, b.data() + shift, length), rows);
    }
  }
}

TEST("the longest vectors' sums do not overflow") {
  const size_t length = 16384;
  const std::vector<uint8_t> row(length, 255);
  const std::vector<int8_t> values(length, -128);
  for (const CodeKernels* kernels : AvailableCodeKernels()) {
    EXPECT_EQ(kernels->dot(row.data(), values.data(), length), -255 * 128 * 16384);
    EXPECT_EQ(kernels->dot_rows(row.data(), row.data(), length), 255 * 127 * 16384);
  }
}

void PutFloat(uint8_t* at, float value) { std::memcpy(at, &value, sizeof(value)); }

TEST("distances of many rows of bytes follow from their sums and factors") {
  std::mt19937_64 random(test::Seed() + 1);
  for (const CodeKernels* kernels : AvailableCodeKernels()) {
    for (const size_t count : {0u, 1u, 11u, 12u, 13u, 40u}) {
      const size_t length = 101;
      const size_t factors_at = 104;
      const std::vector<uint8_t> values = RandomBytes(random, length);
      ByteQuery query;
      query.values = reinterpret_cast<const int8_t*>(values.data());
      query.length = length;
      query.factors_at = factors_at;
      query.scale = 0.25f;
      query.constant = 3;
      query.offset = 77;
      std::vector<std::vector<uint8_t>> rows;
      std::vector<const uint8_t*> pointers;
      for (size_t i = 0; i < count; ++i) {
        rows.push_back(RandomBytes(random, factors_at + 8));
        PutFloat(&rows.back()[factors_at], 0.5f);
        PutFloat(&rows.back()[factors_at + 4], static_cast<float>(i));
      }
      for (const auto& row : rows) pointers.push_back(row.data());
      std::vector<float> out(count);
      kernels->bytes_many(query, pointers.data(), count, out.data());
      for (size_t i = 0; i < count; ++i) {
        const auto sum = static_cast<float>(ScalarCodeKernels()->dot(pointers[i], query.values, length) - 77);
        EXPECT_EQ(out[i], 3 + static_cast<float>(i) + 0.5f * (0.25f * sum));
      }
    }
  }
}

TEST("distances of many rows of bits count the query's values where a row has ones") {
  std::mt19937_64 random(test::Seed() + 2);
  for (const CodeKernels* kernels : AvailableCodeKernels()) {
    for (const size_t words : {1u, 2u, 7u, 12u}) {
      std::vector<int> values(words * 64);
      std::vector<uint64_t> planes(4 * words);
      for (size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<int>(random() % 16);
        for (size_t plane = 0; plane < 4; ++plane) {
          if (((values[i] >> plane) & 1) != 0) planes[plane * words + i / 64] |= uint64_t{1} << (i % 64);
        }
      }
      BitQuery query;
      query.planes = planes.data();
      query.words = words;
      query.step = 0.5f;
      query.ones = 0.25f;
      query.zeros = -8;
      query.constant = 5;
      std::vector<uint8_t> row = RandomBytes(random, words * 8 + 12);
      int sum = 0;
      int32_t ones = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        uint64_t word = 0;
        std::memcpy(&word, &row[i / 64 * 8], sizeof(word));
        const bool one = ((word >> (i % 64)) & 1) != 0;
        sum += one ? values[i] : 0;
        ones += one ? 1 : 0;
      }
      PutFloat(&row[words * 8], 2);
      PutFloat(&row[words * 8 + 4], 7);
      std::memcpy(&row[words * 8 + 8], &ones, sizeof(ones));
      const uint8_t* pointer = row.data();
      float out = 0;
      kernels->bits_many(query, &pointer, 1, &out);
      const float inner = 0.5f * static_cast<float>(sum) + 0.25f * static_cast<float>(ones) - 8;
      EXPECT_EQ(out, 5 + 7 + 2 * inner);
    }
  }
}

TEST("a scaled row is added") {
  std::mt19937_64 random(test::Seed() + 3);
  std::normal_distribution<float> normal;
  for (const CodeKernels* kernels : AvailableCodeKernels()) {
    std::vector<float> row(48);
    std::vector<float> sums(48);
    for (float& value : row) value = normal(random);
    for (float& value : sums) value = normal(random);
    const std::vector<float> before = sums;
    kernels->add_scaled(1.5f, row.data(), row.size(), sums.data());
    for (size_t i = 0; i < row.size(); ++i) EXPECT(std::abs(sums[i] - (before[i] + 1.5f * row[i])) < 1e-5f);
  }
}

TEST("the set of code kernels that is chosen is one of those available") {
  bool found = false;
  for (const CodeKernels* kernels : AvailableCodeKernels()) found |= kernels == &BestCodeKernels();
  EXPECT(found);
}

}  // namespace
}  // namespace sochdb::code_kernels_test
