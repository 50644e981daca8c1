// ScalarCodec: one byte a value. A vector's differences from the mean of a sample are divided by their largest, a scale of its
// own, and rounded to -127 … 127.
//
// Taking the mean away costs nothing in a comparison and keeps what all vectors have in common (a few large values, in many
// models' vectors) from using up the bytes.
//
//   row   codes + 128, one byte a value | padding to 4 | scale f32 | bias f32 | sum of the codes i32
//
// Thread safety and limits: vector_codec.h.

#pragma once

#include <vector>

#include "index/vector/metric.h"
#include "index/vector/vector_codec.h"

namespace sochdb {

class ScalarCodec final : public VectorCodec {
 public:
  // sample: prepared vectors; without any, the mean is zero.
  ScalarCodec(Metric metric, size_t dimension, const std::vector<const float*>& sample);

  [[nodiscard]] size_t row_bytes() const override { return factors_at_ + 3 * sizeof(float); }
  [[nodiscard]] uint64_t memory_bytes() const override { return sizeof(*this) + mean_.capacity() * sizeof(float); }
  [[nodiscard]] const std::vector<float>& learned() const override { return mean_; }
  void Encode(const float* prepared, CodeQuery* scratch, uint8_t* row) const override;
  void Begin(const float* prepared, CodeQuery* query) const override;
  void Compare(const CodeQuery& query, const uint8_t* const* rows, size_t count, float* out) const override {
    kernels_.bytes_many(query.bytes, rows, count, out);
  }
  [[nodiscard]] bool compares_rows() const override { return true; }
  [[nodiscard]] float Between(const uint8_t* a, const uint8_t* b) const override;
  [[nodiscard]] size_t Compared(size_t k, size_t ef) const override;

 private:
  // Writes dimension_ codes; returns the scale.
  float Round(const float* differences, int8_t* codes) const;
  // prepared - mean to `differences`; returns what a row's bias is.
  float Differ(const float* prepared, float* differences) const;

  const CodeKernels& kernels_;
  const Metric metric_;
  const size_t dimension_;
  const size_t factors_at_;
  const float product_factor_;  // what a product of differences contributes to the distance
  std::vector<float> mean_;
  float squared_mean_ = 0;
};

}  // namespace sochdb
