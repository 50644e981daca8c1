// StandaloneRows: the vectors, ids and graph of a StandaloneIndex.
//
// A slot is one vector that was given an id; giving the id again takes a new slot. A search sees the slots of one version:
// those with `from <= version < until`. Writers append slots that no version shows yet, link them, and publish a version that
// does, so a batch appears as a whole or not at all. Slots that nothing will see again (dead) are traversed still.
//
// Thread safety: one writer; any number of readers, which take version() first and the views of rows after.
// Limits: kMaxSlots slots. What throws std::bad_alloc says so, and leaves what there was.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "index/standalone/standalone_options.h"
#include "index/vector/hnsw_graph.h"
#include "index/vector/paged_rows.h"
#include "index/vector/slot_vectors.h"

namespace sochdb {

struct StandaloneSlot {
  static constexpr uint64_t kNever = UINT64_MAX;

  uint64_t id = 0;
  std::atomic<uint64_t> from{kNever};
  std::atomic<uint64_t> until{kNever};
  uint32_t level = 0;  // the highest layer that it is in, once it is linked

  [[nodiscard]] bool VisibleAt(uint64_t version) const {
    return from.load(std::memory_order_acquire) <= version && version < until.load(std::memory_order_acquire);
  }
};

class StandaloneRows {
 public:
  static constexpr uint32_t kMaxSlots = 1u << 31;
  // Up to so many live vectors are compared one by one, and need no codes.
  static constexpr uint32_t kExactBelow = 2000;

  StandaloneRows(Env* env, const StandaloneOptions& options);

  // --- readers
  [[nodiscard]] uint64_t version() const { return version_.load(std::memory_order_acquire); }
  [[nodiscard]] uint32_t live() const { return live_.load(std::memory_order_relaxed); }
  [[nodiscard]] PagedRows<StandaloneSlot>::View slots() const { return slots_.view(); }
  [[nodiscard]] const SlotVectors& vectors() const { return vectors_; }
  [[nodiscard]] const HnswGraph& graph() const { return graph_; }
  [[nodiscard]] uint64_t memory_bytes() const;

  // --- the writer
  [[nodiscard]] uint32_t count() const { return count_; }
  [[nodiscard]] uint32_t dead() const { return count_ - live(); }
  HnswGraph* mutable_graph() { return &graph_; }
  SlotVectors* mutable_vectors() { return &vectors_; }
  // Room for so many more slots and their ids. Throws.
  void Reserve(uint32_t more);
  // Appends a slot that no version shows, with its vector. REQUIRES: there is room.
  void Append(uint64_t id, uint32_t level, const float* prepared);
  // Makes codes of a byte a value, once there are enough slots, and keeps them where they are good enough to lead searches.
  // Throws.
  void MakeCodes();
  // Whether an id is there now.
  [[nodiscard]] bool Contains(uint64_t id) const;
  // A new version that shows the slots [from, count()), and not those that had their ids before. hidden: what of them, counted
  // from `from`, is not to be shown, ever; null: nothing.
  void Show(uint32_t from, const std::vector<bool>* hidden = nullptr);
  // A new version without the id; false when it is not there.
  bool Hide(uint64_t id);

 private:
  // Where an id stands in the table, or would stand.
  [[nodiscard]] size_t PlaceOf(uint64_t id) const;

  PagedRows<StandaloneSlot> slots_{1};
  SlotVectors vectors_;
  HnswGraph graph_;
  std::vector<uint32_t> newest_;  // by hash of the id: its newest slot, kNoSlot where nothing is; a power of two of places
  uint32_t ids_ = 0;              // in newest_
  uint32_t count_ = 0;
  bool codes_tried_ = false;
  std::atomic<uint32_t> live_{0};
  std::atomic<uint64_t> version_{0};
};

}  // namespace sochdb
