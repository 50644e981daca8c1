// SlotVectors: what the slots of an index are compared by: their full vectors, and codes of them once there are any.
//
// FullVectors holds every prepared vector as it is, in memory or, where the collection is quantized, in a file that the system
// reads and writes out as it has room; VectorCodes holds a short row for each in memory. Codes are made for all slots at once,
// when there are enough vectors to learn from (VectorIndex::TrainCodes), and from then on with every new vector. A search asks
// codes() once, after it took the count of published slots: what it gets covers them.
//
// SlotQuery compares one vector with many slots, SlotPairs slots with each other.
//
// Thread safety: one writer (Reserve, Put, Install); any number of readers. Limits: Reserve throws std::bad_alloc, and leaves
// what there was.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "index/vector/metric.h"
#include "index/vector/paged_rows.h"
#include "index/vector/vector_codec.h"

namespace sochdb {

class FullVectors {
 public:
  using View = PagedRows<float>::View;

  FullVectors(Metric metric, size_t dimension, ScratchPlace scratch)
      : metric_(metric),
        dimension_(dimension),
        rows_(PaddedDimension(dimension), std::move(scratch)),
        distance_(metric, rows_.width()) {}

  void Reserve(uint32_t slots) { rows_.Reserve(slots); }
  // As PagedRows says.
  void Return(std::span<const uint32_t> slots) { rows_.Return(slots); }
  void Take(uint32_t slot) { rows_.Take(slot); }
  void Adopt(char* data, uint32_t slots, bool in_file) { rows_.Adopt(data, slots, in_file); }
  [[nodiscard]] View view() const { return rows_.view(); }
  [[nodiscard]] Metric metric() const { return metric_; }
  [[nodiscard]] size_t dimension() const { return dimension_; }
  [[nodiscard]] size_t padded() const { return rows_.width(); }
  [[nodiscard]] const RowDistance& distance() const { return distance_; }
  [[nodiscard]] uint64_t memory_bytes() const { return rows_.memory_bytes(); }
  [[nodiscard]] uint64_t mapped_bytes() const { return rows_.mapped_bytes(); }

 private:
  const Metric metric_;
  const size_t dimension_;
  PagedRows<float> rows_;
  const RowDistance distance_;
};

class VectorCodes {
 public:
  using View = PagedRows<uint8_t>::View;

  explicit VectorCodes(std::unique_ptr<const VectorCodec> codec) : codec_(std::move(codec)), rows_(codec_->row_bytes()) {}

  void Reserve(uint32_t slots) { rows_.Reserve(slots); }
  void Return(std::span<const uint32_t> slots) { rows_.Return(slots); }
  void Take(uint32_t slot) { rows_.Take(slot); }
  void Adopt(char* data, uint32_t slots) { rows_.Adopt(data, slots, false); }
  [[nodiscard]] View view() const { return rows_.view(); }
  [[nodiscard]] const VectorCodec& codec() const { return *codec_; }
  [[nodiscard]] uint64_t memory_bytes() const { return sizeof(*this) + rows_.memory_bytes() + codec_->memory_bytes(); }

 private:
  const std::unique_ptr<const VectorCodec> codec_;
  PagedRows<uint8_t> rows_;
};

class SlotVectors {
 public:
  // scratch: where full vectors lie on disk; nowhere: in memory.
  SlotVectors(Metric metric, size_t dimension, ScratchPlace scratch = {}) : full_(metric, dimension, std::move(scratch)) {}

  // The writer's: room for slots below `count`; then the vector written to full().view()[slot], then its code.
  void Reserve(uint32_t count);
  void Encode(uint32_t slot);
  // The writer's: the memory of slots that are free, as PagedRows says.
  void Return(std::span<const uint32_t> slots);
  void Take(uint32_t slot);
  // REQUIRES: the writer; every published slot has its code.
  void Install(std::unique_ptr<VectorCodes> codes);
  void Adopt(char* full, uint32_t slots, bool in_file) { full_.Adopt(full, slots, in_file); }

  [[nodiscard]] const FullVectors& full() const { return full_; }
  // Null before they are made.
  [[nodiscard]] const VectorCodes* codes() const { return codes_.load(std::memory_order_acquire); }
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  FullVectors full_;
  std::unique_ptr<VectorCodes> owned_codes_;
  std::atomic<const VectorCodes*> codes_{nullptr};
  CodeQuery encoding_;  // the writer's
};

class SlotQuery {
 public:
  static constexpr size_t kMostAtOnce = 128;

  // codes: those of `vectors`, or null to compare full vectors. `prepared` outlives the use of this.
  void Begin(const SlotVectors& vectors, const VectorCodes* codes, const float* prepared);
  // Reaches slots that were published since Begin.
  void Cover();
  // out[i] = the distance of slots[i]. REQUIRES: count <= kMostAtOnce.
  void Many(const uint32_t* slots, size_t count, float* out);
  float One(uint32_t slot) {
    float distance = 0;
    Many(&slot, 1, &distance);
    return distance;
  }
  [[nodiscard]] const VectorCodes* codes() const { return codes_; }
  [[nodiscard]] uint64_t memory_bytes() const { return code_query_.memory_bytes(); }

 private:
  const FullVectors* full_ = nullptr;
  const VectorCodes* codes_ = nullptr;
  const float* prepared_ = nullptr;
  FullVectors::View full_rows_;
  VectorCodes::View code_rows_;
  CodeQuery code_query_;
  union {
    const float* full_at_[kMostAtOnce];
    const uint8_t* codes_at_[kMostAtOnce];
  };
};

class SlotPairs {
 public:
  // codes: those that compare rows, or null for full vectors.
  SlotPairs(const SlotVectors& vectors, const VectorCodes* codes) : full_(vectors.full()), codes_(codes) { Cover(); }

  void Cover();
  [[nodiscard]] float Between(uint32_t a, uint32_t b) const {
    if (codes_ != nullptr) return codes_->codec().Between(code_rows_[a], code_rows_[b]);
    return full_.distance().One(full_rows_[a], full_rows_[b]);
  }
  // out[i] = Between(a, slots[i]), with rows fetched ahead of their use.
  void Many(uint32_t a, const uint32_t* slots, size_t count, float* out) const;
  [[nodiscard]] bool by_codes() const { return codes_ != nullptr; }

 private:
  const FullVectors& full_;
  const VectorCodes* const codes_;
  FullVectors::View full_rows_;
  VectorCodes::View code_rows_;
};

}  // namespace sochdb
