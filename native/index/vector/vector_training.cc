// Codes: when an index makes them, and how it goes over to them while it is searched and written.

#include <algorithm>
#include <new>
#include <utility>

#include "index/vector/binary_codec.h"
#include "index/vector/code_trial.h"
#include "index/vector/product_codec.h"
#include "index/vector/scalar_codec.h"
#include "index/vector/vector_index.h"

namespace sochdb {
namespace {

constexpr uint32_t kVectorsPerCentroid = 32;  // that there have to be, and twice as many are looked at
constexpr uint32_t kEncodedUnderLock = 256;
constexpr uint32_t kEncodedBetweenStops = 4096;

}  // namespace

bool VectorIndex::WantsCodes() const {
  uint32_t enough = kExactBelow + 1;
  if (config_.quantization == Quantization::kProduct) enough = std::max(enough, kVectorsPerCentroid * config_.pq_centroids);
  return !training_.load(std::memory_order_relaxed) && slots_.published() - slots_.unused() >= enough;
}

std::unique_ptr<VectorCodec> VectorIndex::TrainCodec(const std::atomic<bool>& stop) const {
  const FullVectors& full = slots_.vectors().full();
  const uint32_t published = slots_.published();
  const Metric metric = config_.metric;
  if (config_.quantization == Quantization::kProduct) {
    const uint32_t parts = config_.pq_subvectors != 0 ? config_.pq_subvectors : DefaultPqParts(config_.dimension);
    const auto sample = SampleVectors(full, published, 2 * kVectorsPerCentroid * config_.pq_centroids);
    return std::make_unique<ProductCodec>(metric, config_.dimension, parts, config_.pq_centroids, sample, stop);
  }
  const auto sample = SampleVectors(full, published, kMeanSample);
  if (config_.quantization == Quantization::kBinary) return std::make_unique<BinaryCodec>(metric, config_.dimension, sample);
  return std::make_unique<ScalarCodec>(metric, config_.dimension, sample);
}

void VectorIndex::TrainCodes(const std::atomic<bool>& stop) {
  // Vectors are read beside commits: those that are there stay what they are.
  if (!PinSlots()) return;
  struct Pinned {
    VectorIndex* index;
    ~Pinned() { index->UnpinSlots(); }
  } const pinned{this};
  if (training_.exchange(true)) return;
  const SlotVectors& vectors = slots_.vectors();
  auto codes = std::make_unique<VectorCodes>(TrainCodec(stop));
  CodeQuery scratch;
  uint32_t encoded = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    // Commits wait for the last few only.
    const uint32_t published = slots_.published();
    if (published - encoded > kEncodedUnderLock) {
      const uint32_t to = std::min(published, encoded + kEncodedBetweenStops);
      EncodeSlots(vectors.full(), encoded, to, &scratch, codes.get());
      encoded = to;
      continue;
    }
    // Codes that save no memory have to be good enough; the others were asked for.
    if (config_.quantization == Quantization::kNone && !CodesTellApart(vectors, *codes, encoded)) return;
    MutexLock lock(&mutex_);
    EncodeSlots(vectors.full(), encoded, slots_.published(), &scratch, codes.get());
    slots_.mutable_vectors()->Install(std::move(codes));
    return;
  }
}

}  // namespace sochdb
