// Footprint: what one transaction has read, and must find unwritten when it commits: points and key ranges.
//
// Every entry remembers the snapshot it was read at (`since`): it conflicts with a write of a later timestamp. The
// footprint is bounded: past kMaxEntries or kMaxBytes the nearest neighbours are merged into ranges, which cover all that
// was read and more, so that only false conflicts can come of it. Where memory runs out, it is lost() and with it
// the claim to cover what was read: then the transaction must not commit.
//
// Thread safety: none; it belongs to its transaction. Keys are copied.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "txn/scratch_arena.h"

namespace sochdb {

class Footprint {
 public:
  struct Limits {
    size_t max_entries = 64 * 1024;
    uint64_t max_bytes = 4 * 1024 * 1024;
  };
  struct Point {
    TreeId tree;
    Timestamp since;
    std::string_view key;
  };
  // [lo, hi); hi empty: to the end of the tree.
  struct Range {
    TreeId tree;
    Timestamp since;
    std::string_view lo;
    std::string_view hi;
  };

  explicit Footprint(const Limits& limits) : limits_(limits) {}
  Footprint(const Footprint&) = delete;
  Footprint& operator=(const Footprint&) = delete;

  void AddPoint(TreeId tree, std::string_view key, Timestamp since) noexcept;
  void AddRange(TreeId tree, std::string_view lo, std::string_view hi, Timestamp since) noexcept;
  // Adds [lo, last], both included.
  void AddRangeThrough(TreeId tree, std::string_view lo, std::string_view last, Timestamp since) noexcept;

  // Forgets everything and frees its memory.
  void Clear();
  // Sorts the ranges and joins those that overlap, for Contains. Idempotent; adding afterwards undoes it.
  void Seal();
  // Whether a write of `ts` to this key invalidates something read. REQUIRES: sealed.
  [[nodiscard]] bool InvalidatedBy(TreeId tree, std::string_view key, Timestamp ts) const;

  // Something that was read could not be added. Until Clear.
  [[nodiscard]] bool lost() const { return lost_; }
  [[nodiscard]] bool empty() const { return points_.empty() && ranges_.empty(); }
  // The oldest snapshot anything was read at; kMaxTimestamp when empty.
  [[nodiscard]] Timestamp oldest_since() const { return oldest_since_; }
  [[nodiscard]] const std::vector<Point>& points() const { return points_; }
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }
  [[nodiscard]] uint64_t coarsenings() const { return coarsenings_; }

 private:
  void TakePoint(TreeId tree, std::string_view key, Timestamp since);
  [[nodiscard]] size_t FindSlot(TreeId tree, std::string_view key) const;
  void Rehash(size_t slots);
  void Push(TreeId tree, std::string_view lo, std::string_view hi, bool hi_included, Timestamp since) noexcept;
  void TakeRange(TreeId tree, std::string_view lo, std::string_view hi, bool hi_included, Timestamp since);
  void CoarsenIfLarge();
  void Coarsen();

  const Limits limits_;
  ScratchArena arena_;
  std::vector<Point> points_;
  std::vector<uint32_t> slots_;  // hash table over points_: index + 1, 0 when free; a power of two
  std::vector<Range> ranges_;
  Timestamp oldest_since_ = kMaxTimestamp;
  bool lost_ = false;
  uint64_t coarsenings_ = 0;
  bool sealed_ = true;
};

}  // namespace sochdb
