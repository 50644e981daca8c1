#include "engine/dead_containers.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sochdb {
namespace {

// The prefixes that are dead in each tree, ascending, none beginning with another.
using Prefixes = std::array<std::vector<std::string>, kTreeCount>;

void Settle(std::vector<std::string>* prefixes) {
  std::sort(prefixes->begin(), prefixes->end());
  std::vector<std::string> kept;
  for (std::string& prefix : *prefixes) {
    if (kept.empty() || prefix.compare(0, kept.back().size(), kept.back()) != 0) kept.push_back(std::move(prefix));
  }
  *prefixes = std::move(kept);
}

bool BeginsWithAny(const std::vector<std::string>& prefixes, std::string_view key) {
  // Of prefixes that do not begin with each other, only the last one that is not greater can fit.
  const auto after = std::upper_bound(prefixes.begin(), prefixes.end(), key);
  if (after == prefixes.begin()) return false;
  const std::string& prefix = *std::prev(after);
  return key.substr(0, prefix.size()) == prefix;
}

}  // namespace

void DeadRangeList::Set(std::vector<DeadRange> ranges) {
  MutexLock lock(&mutex_);
  ranges_ = std::move(ranges);
}

void DeadRangeList::Add(DeadRange range) {
  MutexLock lock(&mutex_);
  ranges_.push_back(std::move(range));
}

size_t DeadRangeList::size() const {
  MutexLock lock(&mutex_);
  return ranges_.size();
}

DeadContainers::Test DeadRangeList::DeadBy(Timestamp by) const {
  auto prefixes = std::make_shared<Prefixes>();
  bool any = false;
  {
    MutexLock lock(&mutex_);
    for (const DeadRange& range : ranges_) {
      if (range.dropped_at > by || range.prefix.empty()) continue;  // an empty prefix would be a whole tree
      for (size_t tree = 0; tree < prefixes->size(); ++tree) {
        if ((range.tree_mask >> tree & 1) == 0) continue;
        (*prefixes)[tree].push_back(range.prefix);
        any = true;
      }
    }
  }
  if (!any) return nullptr;
  for (auto& of_tree : *prefixes) Settle(&of_tree);
  return [prefixes](TreeId tree, std::string_view key) { return BeginsWithAny((*prefixes)[static_cast<size_t>(tree)], key); };
}

}  // namespace sochdb
