// HitGroups: hits of a search, best first, by the values of a metadata field: as many groups as there may be, in the order of
// their best hits, and of each the best.
//
// A document is in a group for each scalar that the path reaches: of an array in one for each element. One that has none is in
// no group.
//
// Thread safety: belongs to one thread.

#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index/document/collection.h"

namespace sochdb {

// How many hits are looked at first, and how many times more where their groups are not full.
inline constexpr size_t kGroupsWiden = 4;
inline size_t FirstGroupedHits(size_t groups, size_t limit) {
  return std::clamp<size_t>(kGroupsWiden * groups * limit, 64, kMaxK);
}

class HitGroups {
 public:
  HitGroups(const GroupBy& by, size_t groups) : by_(by), most_(groups) {}

  // Gives the hit to its groups. REQUIRES: no better one comes after it.
  void Add(const SearchResult& hit, std::string_view metadata);
  // No hit can change anything any more.
  [[nodiscard]] bool full() const { return groups_.size() == most_ && open_ == 0; }
  // Group after group.
  std::vector<SearchResult> Take();

 private:
  const GroupBy& by_;
  const size_t most_;
  size_t open_ = 0;  // groups that are not full
  std::unordered_map<std::string, size_t> places_;
  std::vector<std::vector<SearchResult>> groups_;
};

}  // namespace sochdb
