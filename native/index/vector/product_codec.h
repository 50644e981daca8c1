// ProductCodec: product quantization. A vector is cut into parts, and each is replaced by the number of the nearest of a part's
// centroids, one byte; the centroids are learned from a sample by k-means. A query is compared as it is (asymmetrically): its
// products with all centroids are tables, and a row's distance is a sum of their entries.
//
// Equal samples give equal centroids. Thread safety and limits: vector_codec.h; 1 to dimension parts of nearly equal length, 2
// to 256 centroids each, no more than there are vectors in the sample.

#pragma once

#include <atomic>
#include <vector>

#include "index/vector/metric.h"
#include "index/vector/vector_codec.h"

namespace sochdb {

class ProductCodec final : public VectorCodec {
 public:
  static constexpr uint32_t kMaxCentroids = 256;

  // sample: prepared vectors. stop: ends the training early; what it made is of no use then.
  ProductCodec(Metric metric, size_t dimension, size_t parts, size_t centroids, const std::vector<const float*>& sample,
               const std::atomic<bool>& stop);
  // From what another learned. REQUIRES: LearnedSize values.
  ProductCodec(Metric metric, size_t dimension, size_t parts, size_t centroids, const float* learned);
  static constexpr size_t LearnedSize(size_t dimension, size_t centroids) { return dimension * ((centroids + 15) / 16 * 16); }

  [[nodiscard]] size_t row_bytes() const override { return parts_; }
  [[nodiscard]] uint64_t memory_bytes() const override {
    return sizeof(*this) + (centroids_.capacity() + squares_.capacity()) * sizeof(float);
  }
  [[nodiscard]] const std::vector<float>& learned() const override { return centroids_; }
  void Encode(const float* prepared, CodeQuery* scratch, uint8_t* row) const override;
  void Begin(const float* prepared, CodeQuery* query) const override;
  void Compare(const CodeQuery& query, const uint8_t* const* rows, size_t count, float* out) const override;
  [[nodiscard]] size_t Compared(size_t k, size_t ef) const override;
  [[nodiscard]] size_t widening() const override { return 2; }

 private:
  [[nodiscard]] size_t PartBegin(size_t part) const { return dimension_ * part / parts_; }
  // To sums[c]: factor * the product of the part's values with centroid c.
  void AddProducts(const float* prepared, size_t part, float factor, float* sums) const;
  [[nodiscard]] uint8_t NearestCentroid(const float* prepared, size_t part, float* sums) const;
  void TrainPart(size_t part, const std::vector<const float*>& sample, const std::atomic<bool>& stop);
  void SetSquares(size_t part);

  const CodeKernels& kernels_;
  const Metric metric_;
  const size_t dimension_;
  const size_t parts_;
  const size_t count_;            // centroids of a part
  const size_t stride_;           // count_ rounded up to what kernels take
  std::vector<float> centroids_;  // value i of all centroids of its part, for each i
  std::vector<float> squares_;    // squared lengths of all centroids, for each part
};

}  // namespace sochdb
