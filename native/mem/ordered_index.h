// Ordered index: the key records of a memtable in key order, for ranges. A B+tree whose nodes are published by one atomic
// word each (after the border nodes of Masstree: Mao, Kohler, Morris, EuroSys 2012), without versions, locks or retries.
//
// Thread safety: one writer, any number of wait-free readers, free of data races under the C++ memory model.
// Ownership: nodes live in the memtable's arena, replaced ones too: a reader may stand on them. There are about as
// many replaced leaves as live ones, fewer in ascending loads, whose live leaves are full.
// Limits: kMaxDepth levels, far beyond 2^32 keys.
//
// How the tree changes. Only these words are ever rewritten: a node's order, the links between leaves, the root. A slot is
// written once, before the order that names it is stored (release), and never reused.
//   Insert  writes a free slot of the leaf, then stores the leaf's order.
//   Split   of a full leaf C builds L and R complete, links among them included. In the parent, two free slots take L and R,
//           and one store of its order puts them in C's place. A parent without free slots is rebuilt as one or two
//           new nodes in the same way, up to the root: whatever the height, one store switches from the old nodes to the new
//           ones. Then the neighbours' links to C are set to L and R. C is never written again.
//   Append  to a full leaf at the end of an ascending run leaves C as it is: R takes the new key alone, and the parent gets
//           one slot. C's upper bound falls to that key; being full, C never changes again either (it can only be split).
//           Where the lowered bound makes C's prefix longer and its heads need that, a copy L takes C's place as in a split.
//
// Why a cursor sees every key once, in order, while the writer works. Let K be the keys inserted before the cursor was
// opened (the opening happens after those inserts: the reader learned its read timestamp by acquiring it). What it
// shows beyond K has newer timestamps and is skipped by the memtable's iterator.
//   1. Every word that a cursor loads is at least as new as when the last insert of K returned, and no change was half done
//      then. So every node it reaches was part of the tree at some moment since: the root was; what an order word of such a
//      node names was in the tree while that word was current, which for a replaced node means until its replacement (a
//      child's and its parent's are one store); a leaf's link named its neighbour of such a moment, because links are set
//      before the insert that split returns.
//   2. A leaf holds, in any order word loaded since then, all keys of K between its bounds: keys never leave it, and
//      when it is replaced its successors begin with just its keys.
//   3. Bounds meet: a leaf's upper bound is its next leaf's lower bound, for live and replaced leaves alike, as a
//      split keeps the outer bounds, and the two inner ones are equal. Append alone lowers an upper bound, of C, to a key that
//      is newer than every cursor that can still follow a link around R: between R's lower bound and C's old upper bound
//      there is nothing of K.
//   4. A cursor copies the leaf's order word when it enters, and moves by that copy. So within a leaf each key comes once and
//      in order; by 3 leaves follow each other without gap or overlap, forward and backward, with turns at any point.
//   5. Seek descends by separators. An order word loaded just before an append or a split sends it to a leaf that was
//      right when the word was current; by 2 and 3 the first key of K at or after the target is in it or behind it.
// Wait-free: a descent is bounded by the depth, a move by the leaf; nothing is retried.

#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "mem/ordered_node.h"

namespace sochdb {

class OrderedIndex {
 public:
  static constexpr int kMaxDepth = 24;

  explicit OrderedIndex(Arena* arena);
  OrderedIndex(const OrderedIndex&) = delete;
  OrderedIndex& operator=(const OrderedIndex&) = delete;

  // REQUIRES: the writer; no record of this key was inserted. Throws bad_alloc, the index unchanged.
  void Insert(const KeyRecord* record);

  class Cursor {
   public:
    explicit Cursor(const OrderedIndex* index) : index_(index) {}

    [[nodiscard]] bool Valid() const { return leaf_ != nullptr; }
    // REQUIRES for these: Valid().
    [[nodiscard]] const KeyRecord* record() const { return leaf_->records[order_.slot(position_)]; }
    // How many entries from here on, this one among them, are known to be below the bound (empty: none): 0 only when this one
    // is not. They follow each other without a gap.
    [[nodiscard]] uint32_t CountBelow(std::string_view bound) const {
      const auto rest = static_cast<uint32_t>(order_.count() - position_);
      if (bound.empty() || leaf_->records[order_.slot(order_.count() - 1)]->key() < bound) return rest;
      return record()->key() < bound ? 1 : 0;
    }
    void Next() {
      if (++position_ < order_.count()) [[likely]] {
        if (!prefetched_) PrefetchRecords();
        return;
      }
      EnterNext();
    }
    void Prev() {
      if (--position_ >= 0) [[likely]] {
        if (!prefetched_) PrefetchRecords();
        return;
      }
      EnterPrev();
    }

    void SeekToFirst();
    void SeekToLast();
    void Seek(std::string_view target);         // the first key >= target
    void SeekForPrev(std::string_view target);  // the last key < target

   private:
    void Enter(const OrderedLeaf* leaf) {
      leaf_ = leaf;
      order_ = leaf->LoadOrder();
      prefetched_ = false;
    }
    void EnterNext();  // the first entry behind this leaf, or the end
    void EnterPrev();
    void PrefetchRecords();

    const OrderedIndex* index_;
    const OrderedLeaf* leaf_ = nullptr;
    NodeOrder order_{0};
    int position_ = 0;
    bool prefetched_ = false;
  };

  // Calls visit(record) for the keys in [lo, hi) (hi empty: to the end), in order, until it returns false.
  template <typename Visit>
  void VisitRange(std::string_view lo, std::string_view hi, Visit visit) const {
    Cursor cursor(this);
    for (cursor.Seek(lo); cursor.Valid(); cursor.Next()) {
      const KeyRecord* record = cursor.record();
      if (!hi.empty() && record->key() >= hi) return;
      if (!visit(*record)) return;
    }
  }

 private:
  // One step of the writer's way down: an inner node, its bounds (null: none), the position of the child taken.
  struct Step {
    OrderedInner* node;
    const KeyRecord* low;
    const KeyRecord* high;
    int position;
  };
  struct Path {
    Step steps[kMaxDepth];
    int depth = 0;
    const KeyRecord* low = nullptr;  // of the leaf
    const KeyRecord* high = nullptr;
    OrderedLeaf* leaf = nullptr;
  };
  // What becomes of a child in its parent: `left` takes its place (it may be the same node), and `right`, unless null,
  // comes behind it, from the key of `separator` on.
  struct Edit {
    OrderedNode* left;
    const KeyRecord* separator;
    OrderedNode* right;
  };

  const OrderedLeaf* LeafFor(std::string_view target) const;
  void DescendTo(std::string_view key, Path* path) const;
  void InsertAt(OrderedLeaf* leaf, NodeOrder order, int position, const KeyRecord* record);
  void SplitLeaf(const Path& path, NodeOrder order, int position, const KeyRecord* record);
  void AppendLeaf(const Path& path, NodeOrder order, const KeyRecord* record);
  void PutInPlace(const Path& path, OrderedLeaf* left, const KeyRecord* separator, OrderedLeaf* right);
  void Apply(const Path& path, Edit edit);
  bool EditInPlace(const Step& step, const Edit& edit);
  Edit Rebuild(const Step& step, const Edit& edit);

  static void Init(OrderedLeaf* leaf, const KeyRecord* low, const KeyRecord* high);
  OrderedLeaf* NewLeaf(const KeyRecord* low, const KeyRecord* high);
  OrderedInner* NewInner(uint16_t level, const KeyRecord* low, const KeyRecord* high, const OrderedInner::Entry* entries,
                         int n);

  Arena* const arena_;
  OrderedLeaf first_leaf_;  // so that an empty index takes nothing from the arena
  std::atomic<OrderedNode*> root_;
  // The writer's own: where ascending keys go without a descent.
  OrderedLeaf* last_leaf_;
  const KeyRecord* greatest_ = nullptr;
};

}  // namespace sochdb
