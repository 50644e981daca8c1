// Nodes of the ordered index (ordered_index.h has the rules and the argument).
//
//   order (8): bits 0..3 the number of entries; bits 4+4i..7+4i the slot of the i-th entry in key order
//
// A slot is written once, before the first order word that names it; the order word is the only part of a node that is
// rewritten, besides the links between leaves.
//
// Thread safety: `used` is the writer's own; everything else is read by readers, slots only as far as the order word names
// them.
// Ownership: the index's arena.

#pragma once

#include <atomic>
#include <cstdint>

#include "mem/key_head.h"
#include "mem/key_record.h"

namespace sochdb {

// One value of a node's order word.
class NodeOrder {
 public:
  static constexpr int kMaxSlots = 15;

  explicit NodeOrder(uint64_t word) : word_(word) {}
  // Slots 0..n-1 in this order.
  static NodeOrder Identity(int n) {
    const uint64_t slots = 0xedcba9876543210ull << 4;
    const uint64_t mask = n == kMaxSlots ? ~uint64_t{0} : (uint64_t{1} << (4 + 4 * n)) - 1;
    return NodeOrder((slots & mask) | static_cast<uint64_t>(n));
  }

  [[nodiscard]] uint64_t word() const { return word_; }
  [[nodiscard]] int count() const { return static_cast<int>(word_ & 15); }
  [[nodiscard]] int slot(int position) const { return static_cast<int>((word_ >> (4 + 4 * position)) & 15); }

  // This order with `slot` put in at `position`, those from there on moving up. REQUIRES: count() < 15.
  [[nodiscard]] NodeOrder Insert(int position, int slot) const {
    SOCHDB_DCHECK(position <= count() && count() < kMaxSlots);
    const int shift = 4 + 4 * position;  // at most 60
    const uint64_t below = word_ & ((uint64_t{1} << shift) - 1);
    const uint64_t above = ((word_ >> shift) << shift) << 4;
    return NodeOrder((below | static_cast<uint64_t>(slot) << shift | above) + 1);
  }
  // This order with the entry at `position` taken from `slot`.
  [[nodiscard]] NodeOrder Replace(int position, int slot) const {
    SOCHDB_DCHECK(position < count());
    const int shift = 4 + 4 * position;
    return NodeOrder((word_ & ~(uint64_t{15} << shift)) | static_cast<uint64_t>(slot) << shift);
  }

 private:
  uint64_t word_;
};

// The number of the first `bound` entries, counted from `from`, whose key is before the target: entries compare by head,
// by key (from `skip` on) where heads tie. With kOrEqual, those equal to the target count too.
template <bool kOrEqual>
inline int CountBefore(NodeOrder order, int from, const uint64_t* heads, const KeyRecord* const* records, size_t skip,
                       std::string_view target) {
  const uint64_t head = KeyHead(target, skip);
  int low = from;
  int size = order.count() - from;
  while (size > 0) {
    const int half = size / 2;
    const int slot = order.slot(low + half);
    bool before = heads[slot] < head;
    if (heads[slot] == head) [[unlikely]] {
      before = kOrEqual ? !KeyLess(target, records[slot]->key(), skip) : KeyLess(records[slot]->key(), target, skip);
    }
    low = before ? low + half + 1 : low;
    size = before ? size - half - 1 : half;
  }
  return low;
}

struct OrderedNode {
  std::atomic<uint64_t> order;
  uint32_t skip;   // all keys between the node's bounds share their first `skip` bytes
  uint16_t level;  // 0: a leaf
  uint16_t used;   // slots written so far

  [[nodiscard]] NodeOrder LoadOrder() const { return NodeOrder(order.load(std::memory_order_acquire)); }
  void Publish(NodeOrder value) { order.store(value.word(), std::memory_order_release); }
};

// Four cache lines: searches read the first two, walks the other two.
struct alignas(64) OrderedLeaf : OrderedNode {
  static constexpr int kSlots = 14;

  uint64_t heads[kSlots];
  const KeyRecord* records[kSlots];
  std::atomic<OrderedLeaf*> next;  // the leaves beside this one; null at the ends
  std::atomic<OrderedLeaf*> prev;

  void Write(int slot, const KeyRecord* record) {
    heads[slot] = KeyHead(record->key(), skip);
    records[slot] = record;
  }
  // The position of the first entry with key >= target, count() when there is none. REQUIRES: target is within the bounds.
  [[nodiscard]] int LowerBound(NodeOrder at, std::string_view target) const {
    return CountBefore<false>(at, 0, heads, records, skip, target);
  }
};
static_assert(sizeof(OrderedLeaf) == 256);

// The i-th child holds the keys from the i-th separator (for the first: from the node's lower bound) to the next one.
struct alignas(64) OrderedInner : OrderedNode {
  static constexpr int kSlots = 15;

  struct Entry {
    const KeyRecord* separator;  // null in a node's first entry, where it does not matter
    OrderedNode* child;
  };

  uint64_t heads[kSlots];
  const KeyRecord* separators[kSlots];
  OrderedNode* children[kSlots];

  void Write(int slot, const Entry& entry, bool is_first) {
    heads[slot] = is_first ? 0 : KeyHead(entry.separator->key(), skip);
    separators[slot] = entry.separator;
    children[slot] = entry.child;
  }
  [[nodiscard]] Entry Read(int slot) const { return {separators[slot], children[slot]}; }
  // The position of the child that `target` belongs in. REQUIRES: target is within the bounds; count() > 0.
  [[nodiscard]] int ChildOf(NodeOrder at, std::string_view target) const {
    return CountBefore<true>(at, 1, heads, separators, skip, target) - 1;
  }
};
static_assert(sizeof(OrderedInner) == 384);

}  // namespace sochdb
