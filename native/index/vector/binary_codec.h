// BinaryCodec: one bit a value, after RaBitQ (Gao and Long, 2024). A vector's differences from the mean of a sample are rotated
// at random, so that no direction is special, and only their signs are kept, beside factors that make the estimate of a product
// unbiased. A query keeps four bits of each rotated value, and products are counted bits.
//
//   row   signs, one bit a value, padded to 64 | scale f32 | bias f32 | ones i32
//
// The rotation follows from the dimension alone. Thread safety and limits: vector_codec.h.

#pragma once

#include <vector>

#include "index/vector/metric.h"
#include "index/vector/vector_codec.h"

namespace sochdb {

class BinaryCodec final : public VectorCodec {
 public:
  // sample: prepared vectors; without any, the mean is zero.
  BinaryCodec(Metric metric, size_t dimension, const std::vector<const float*>& sample);

  [[nodiscard]] size_t row_bytes() const override { return words_ * sizeof(uint64_t) + 3 * sizeof(float); }
  [[nodiscard]] uint64_t memory_bytes() const override {
    return sizeof(*this) + mean_.capacity() * sizeof(float) + flips_.capacity();
  }
  [[nodiscard]] const std::vector<float>& learned() const override { return mean_; }
  void Encode(const float* prepared, CodeQuery* scratch, uint8_t* row) const override;
  void Begin(const float* prepared, CodeQuery* query) const override;
  void Compare(const CodeQuery& query, const uint8_t* const* rows, size_t count, float* out) const override {
    kernels_.bits_many(query.bits, rows, count, out);
  }
  [[nodiscard]] size_t Compared(size_t k, size_t ef) const override;
  [[nodiscard]] size_t widening() const override { return 2; }

 private:
  static constexpr int kRotationRounds = 4;

  // prepared - mean, rotated, to `rotated` (64 * words_ values).
  void Rotate(const float* prepared, float* rotated) const;

  const CodeKernels& kernels_;
  const Metric metric_;
  const size_t dimension_;
  const size_t words_;
  const size_t mixed_;  // values that one round of the rotation mixes: the largest power of two within
  const float product_factor_;
  std::vector<float> mean_;
  std::vector<int8_t> flips_;  // signs that every round of the rotation begins with
};

}  // namespace sochdb
