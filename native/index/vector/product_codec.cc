#include "index/vector/product_codec.h"

#include <algorithm>

#include "base/hash.h"

namespace sochdb {
namespace {

constexpr int kTrainingRounds = 10;
constexpr size_t kPartRowsAhead = 12;

}  // namespace

ProductCodec::ProductCodec(Metric metric, size_t dimension, size_t parts, size_t centroids,
                           const std::vector<const float*>& sample, const std::atomic<bool>& stop)
    : kernels_(BestCodeKernels()),
      metric_(metric),
      dimension_(dimension),
      parts_(parts),
      count_(std::min(centroids, sample.size())),
      stride_((count_ + 15) / 16 * 16),
      centroids_(dimension * stride_),
      squares_(parts * stride_) {
  SOCHDB_CHECK(parts >= 1 && parts <= dimension && count_ >= 1 && count_ <= kMaxCentroids);
  for (size_t part = 0; part < parts_ && !stop.load(std::memory_order_relaxed); ++part) TrainPart(part, sample, stop);
}

ProductCodec::ProductCodec(Metric metric, size_t dimension, size_t parts, size_t centroids, const float* learned)
    : kernels_(BestCodeKernels()),
      metric_(metric),
      dimension_(dimension),
      parts_(parts),
      count_(centroids),
      stride_((count_ + 15) / 16 * 16),
      centroids_(learned, learned + LearnedSize(dimension, centroids)),
      squares_(parts * stride_) {
  SOCHDB_CHECK(parts >= 1 && parts <= dimension && count_ >= 1 && count_ <= kMaxCentroids);
  for (size_t part = 0; part < parts_; ++part) SetSquares(part);
}

void ProductCodec::AddProducts(const float* prepared, size_t part, float factor, float* sums) const {
  const size_t end = PartBegin(part + 1);
  for (size_t i = PartBegin(part); i < end; ++i) {
    kernels_.add_scaled(factor * prepared[i], &centroids_[i * stride_], stride_, sums);
  }
}

uint8_t ProductCodec::NearestCentroid(const float* prepared, size_t part, float* sums) const {
  std::copy_n(&squares_[part * stride_], stride_, sums);
  AddProducts(prepared, part, -2, sums);
  size_t nearest = 0;
  for (size_t c = 1; c < count_; ++c) {
    if (sums[c] < sums[nearest]) nearest = c;
  }
  return static_cast<uint8_t>(nearest);
}

void ProductCodec::SetSquares(size_t part) {
  float* squares = &squares_[part * stride_];
  std::fill_n(squares, stride_, 0.0f);
  for (size_t i = PartBegin(part); i < PartBegin(part + 1); ++i) {
    for (size_t c = 0; c < count_; ++c) squares[c] += centroids_[i * stride_ + c] * centroids_[i * stride_ + c];
  }
}

void ProductCodec::TrainPart(size_t part, const std::vector<const float*>& sample, const std::atomic<bool>& stop) {
  const size_t begin = PartBegin(part);
  const size_t end = PartBegin(part + 1);
  const auto set_centroid = [&](size_t c, const float* vector) {
    for (size_t i = begin; i < end; ++i) centroids_[i * stride_ + c] = vector[i];
  };
  for (size_t c = 0; c < count_; ++c) set_centroid(c, sample[sample.size() * c / count_]);
  std::vector<double> sums((end - begin) * count_);
  std::vector<uint32_t> members(count_);
  std::vector<float> distances(stride_);
  for (int round = 0; round < kTrainingRounds && !stop.load(std::memory_order_relaxed); ++round) {
    SetSquares(part);
    std::fill(sums.begin(), sums.end(), 0.0);
    std::fill(members.begin(), members.end(), 0u);
    for (const float* vector : sample) {
      const size_t c = NearestCentroid(vector, part, distances.data());
      ++members[c];
      for (size_t i = begin; i < end; ++i) sums[(i - begin) * count_ + c] += static_cast<double>(vector[i]);
    }
    for (size_t c = 0; c < count_; ++c) {
      // A centroid that nobody is nearest to begins again at some vector.
      if (members[c] == 0) {
        set_centroid(c, sample[HashNumber(part * kMaxCentroids + c + static_cast<uint64_t>(round)) % sample.size()]);
        continue;
      }
      for (size_t i = begin; i < end; ++i) {
        centroids_[i * stride_ + c] = static_cast<float>(sums[(i - begin) * count_ + c] / members[c]);
      }
    }
  }
  SetSquares(part);
}

void ProductCodec::Encode(const float* prepared, CodeQuery* scratch, uint8_t* row) const {
  scratch->floats.resize(std::max(scratch->floats.size(), stride_));
  for (size_t part = 0; part < parts_; ++part) row[part] = NearestCentroid(prepared, part, scratch->floats.data());
}

void ProductCodec::Begin(const float* prepared, CodeQuery* query) const {
  const bool euclidean = metric_ == Metric::kEuclidean;
  query->floats.resize(parts_ * stride_);
  if (euclidean) std::copy(squares_.begin(), squares_.end(), query->floats.begin());
  else std::fill(query->floats.begin(), query->floats.end(), 0.0f);
  for (size_t part = 0; part < parts_; ++part) {
    AddProducts(prepared, part, euclidean ? -2.0f : -1.0f, &query->floats[part * stride_]);
  }
  float squared = 0;
  for (size_t i = 0; i < dimension_; ++i) squared += prepared[i] * prepared[i];
  query->constant = euclidean ? squared : 0;
}

void ProductCodec::Compare(const CodeQuery& query, const uint8_t* const* rows, size_t count, float* out) const {
  const auto fetch = [&](const uint8_t* row) {
    for (size_t at = 0; at < parts_; at += 64) __builtin_prefetch(row + at);
    __builtin_prefetch(row + parts_ - 1);
  };
  for (size_t i = 0; i < count && i < kPartRowsAhead; ++i) fetch(rows[i]);
  for (size_t i = 0; i < count; ++i) {
    if (i + kPartRowsAhead < count) fetch(rows[i + kPartRowsAhead]);
    const uint8_t* row = rows[i];
    const float* table = query.floats.data();
    float sums[4] = {query.constant, 0, 0, 0};
    size_t part = 0;
    for (; part + 4 <= parts_; part += 4, table += 4 * stride_) {
      sums[0] += table[row[part]];
      sums[1] += table[stride_ + row[part + 1]];
      sums[2] += table[2 * stride_ + row[part + 2]];
      sums[3] += table[3 * stride_ + row[part + 3]];
    }
    for (; part < parts_; ++part, table += stride_) sums[0] += table[row[part]];
    out[i] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }
}

size_t ProductCodec::Compared(size_t k, size_t ef) const { return std::max(ef, k + 16); }

}  // namespace sochdb
