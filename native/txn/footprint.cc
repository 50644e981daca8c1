#include "txn/footprint.h"

#include <algorithm>
#include <iterator>
#include <new>

#include "base/hash.h"

namespace sochdb {
namespace {

using Range = Footprint::Range;

size_t HashOf(TreeId tree, std::string_view key) { return Hash64(key, static_cast<uint64_t>(tree)); }

bool Before(const Range& a, const Range& b) { return a.tree != b.tree ? a.tree < b.tree : a.lo < b.lo; }

// Whether b, which does not start before a, starts inside it or where it ends.
bool Touches(const Range& a, const Range& b) { return a.tree == b.tree && (a.hi.empty() || b.lo <= a.hi); }

void Extend(Range* a, const Range& b) {
  if (!a->hi.empty() && (b.hi.empty() || a->hi < b.hi)) a->hi = b.hi;
  a->since = std::min(a->since, b.since);
}

void SortAndJoin(std::vector<Range>* ranges) {
  std::sort(ranges->begin(), ranges->end(), Before);
  size_t kept = 0;
  for (size_t i = 0; i < ranges->size(); ++i) {
    if (kept > 0 && Touches((*ranges)[kept - 1], (*ranges)[i])) Extend(&(*ranges)[kept - 1], (*ranges)[i]);
    else (*ranges)[kept++] = (*ranges)[i];
  }
  ranges->resize(kept);
}

size_t CommonPrefix(std::string_view a, std::string_view b) {
  const size_t n = std::min(a.size(), b.size());
  size_t i = 0;
  while (i < n && a[i] == b[i]) ++i;
  return i;
}

// Joins neighbours of one tree, those with the longest common prefix first, until about half of the ranges are left.
// REQUIRES: sorted and disjoint. At least a third of what can be joined is.
void JoinNearest(std::vector<Range>* ranges) {
  constexpr size_t kApart = static_cast<size_t>(-1);
  std::vector<size_t> nearness(ranges->size(), kApart);  // of range i to range i - 1
  std::vector<size_t> candidates;
  for (size_t i = 1; i < ranges->size(); ++i) {
    if ((*ranges)[i].tree != (*ranges)[i - 1].tree) continue;
    nearness[i] = CommonPrefix((*ranges)[i - 1].lo, (*ranges)[i].lo);
    candidates.push_back(nearness[i]);
  }
  if (candidates.empty()) return;
  const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(candidates.size() / 2);
  std::nth_element(candidates.begin(), middle, candidates.end());
  const size_t threshold = *middle;
  size_t kept = 1;
  bool joined_last = false;
  for (size_t i = 1; i < ranges->size(); ++i) {
    const bool near = nearness[i] != kApart && (nearness[i] > threshold || (nearness[i] == threshold && !joined_last));
    if (near) Extend(&(*ranges)[kept - 1], (*ranges)[i]);
    else (*ranges)[kept++] = (*ranges)[i];
    joined_last = near;
  }
  ranges->resize(kept);
}

bool OneRangePerTree(const std::vector<Range>& ranges) {
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].tree == ranges[i - 1].tree) return false;
  }
  return true;
}

uint64_t KeyBytes(const std::vector<Range>& ranges) {
  uint64_t bytes = 0;
  for (const Range& range : ranges) bytes += range.lo.size() + range.hi.size();
  return bytes;
}

}  // namespace

size_t Footprint::FindSlot(TreeId tree, std::string_view key) const {
  const size_t mask = slots_.size() - 1;
  for (size_t slot = HashOf(tree, key) & mask;; slot = (slot + 1) & mask) {
    if (slots_[slot] == 0) return slot;
    const Point& point = points_[slots_[slot] - 1];
    if (point.tree == tree && point.key == key) return slot;
  }
}

void Footprint::Rehash(size_t slots) {
  slots_.assign(slots, 0);
  for (size_t i = 0; i < points_.size(); ++i) {
    slots_[FindSlot(points_[i].tree, points_[i].key)] = static_cast<uint32_t>(i + 1);
  }
}

void Footprint::AddPoint(TreeId tree, std::string_view key, Timestamp since) noexcept {
  try {
    TakePoint(tree, key, since);
  } catch (const std::bad_alloc&) {
    lost_ = true;
  }
}

void Footprint::TakePoint(TreeId tree, std::string_view key, Timestamp since) {
  if (slots_.size() < (points_.size() + 1) * 2) Rehash(slots_.empty() ? 32 : slots_.size() * 2);
  const size_t slot = FindSlot(tree, key);
  if (slots_[slot] != 0) {
    Point& point = points_[slots_[slot] - 1];
    point.since = std::min(point.since, since);
  } else {
    points_.push_back({tree, since, arena_.Copy(key)});
    slots_[slot] = static_cast<uint32_t>(points_.size());
  }
  oldest_since_ = std::min(oldest_since_, since);
  CoarsenIfLarge();
}

void Footprint::Push(TreeId tree, std::string_view lo, std::string_view hi, bool hi_included, Timestamp since) noexcept {
  try {
    TakeRange(tree, lo, hi, hi_included, since);
  } catch (const std::bad_alloc&) {
    lost_ = true;
  }
}

void Footprint::TakeRange(TreeId tree, std::string_view lo, std::string_view hi, bool hi_included, Timestamp since) {
  Range range{tree, since, arena_.Copy(lo), {}};
  if (hi_included) {
    char* const copy = static_cast<char*>(arena_.Allocate(hi.size() + 1, 1));
    if (!hi.empty()) std::memcpy(copy, hi.data(), hi.size());
    copy[hi.size()] = '\0';
    range.hi = {copy, hi.size() + 1};
  } else {
    range.hi = arena_.Copy(hi);
  }
  ranges_.push_back(range);
  sealed_ = false;
  oldest_since_ = std::min(oldest_since_, since);
  CoarsenIfLarge();
}

void Footprint::AddRange(TreeId tree, std::string_view lo, std::string_view hi, Timestamp since) noexcept {
  if (!hi.empty() && hi <= lo) return;
  Push(tree, lo, hi, false, since);
}

void Footprint::AddRangeThrough(TreeId tree, std::string_view lo, std::string_view last, Timestamp since) noexcept {
  if (last < lo) return;
  Push(tree, lo, last, true, since);
}

void Footprint::Clear() {
  points_ = {};
  slots_ = {};
  ranges_ = {};
  arena_ = ScratchArena();
  oldest_since_ = kMaxTimestamp;
  lost_ = false;
  sealed_ = true;
}

void Footprint::Seal() {
  if (sealed_) return;
  SortAndJoin(&ranges_);
  sealed_ = true;
}

bool Footprint::InvalidatedBy(TreeId tree, std::string_view key, Timestamp ts) const {
  if (!slots_.empty()) {
    const uint32_t point = slots_[FindSlot(tree, key)];
    if (point != 0 && points_[point - 1].since < ts) return true;
  }
  // The last range that starts at or before the key: ranges are disjoint, so no other can hold it.
  auto range = std::upper_bound(ranges_.begin(), ranges_.end(), Range{tree, 0, key, {}}, Before);
  if (range == ranges_.begin()) return false;
  --range;
  return range->tree == tree && (range->hi.empty() || key < range->hi) && range->since < ts;
}

void Footprint::CoarsenIfLarge() {
  if (points_.size() + ranges_.size() > limits_.max_entries || arena_.bytes() > limits_.max_bytes) Coarsen();
}

void Footprint::Coarsen() {
  ++coarsenings_;
  std::vector<Range> all = std::move(ranges_);
  ScratchArena ends;  // of points as ranges
  for (const Point& point : points_) {
    char* const copy = static_cast<char*>(ends.Allocate(point.key.size() + 1, 1));
    if (!point.key.empty()) std::memcpy(copy, point.key.data(), point.key.size());
    copy[point.key.size()] = '\0';
    all.push_back({point.tree, point.since, point.key, {copy, point.key.size() + 1}});
  }
  SortAndJoin(&all);
  while ((all.size() > limits_.max_entries / 2 || KeyBytes(all) > limits_.max_bytes / 2) && !OneRangePerTree(all)) {
    JoinNearest(&all);
  }
  // What is left may still be one range a tree with keys too long to keep: then the whole tree counts as read.
  if (KeyBytes(all) > limits_.max_bytes / 2) {
    for (Range& range : all) range.lo = range.hi = {};
  }
  ScratchArena kept;
  for (Range& range : all) {
    range.lo = kept.Copy(range.lo);
    range.hi = kept.Copy(range.hi);
  }
  points_.clear();
  slots_.clear();
  ranges_ = std::move(all);
  arena_ = std::move(kept);
  sealed_ = true;
}

}  // namespace sochdb
