// EntryRun: entries that a walk forward hands over at once, instead of one by one.
//
// A run is plain: puts of ordinary size that never expire, each the version that the walk shows. Deleted keys may lie between
// them, and are passed. Whatever is not plain ends the run, and is left to be taken alone.
//
// Thread safety: one thread. Ownership: what `values` view lives until the next step; where they are stable, as long as `pin`
// is kept and what was walked (a memtable) is there. A group lives as long as somebody holds it.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mem/version.h"

namespace sochdb {

class EntryGroup;  // sst/entry_group.h

// Whether a run may go over the version that a walk shows.
inline bool TakesPart(const VersionView& version) {
  return version.kind == ValueKind::kDelete || (version.kind == ValueKind::kValue && version.expiry_ms == kNeverExpires);
}

struct EntryRun {
  // What is asked for: at most `room` live entries, below `bound` (empty: no bound).
  uint32_t room = 0;
  std::string_view bound;

  // What was taken.
  uint32_t passed = 0;   // keys; 0: the walk has not moved
  uint32_t rows = 0;     // live ones among them
  uint64_t bytes = 0;    // of their keys and values
  std::string last_key;  // of the last live one
  // Either the values, in order …
  std::vector<std::string_view> values;
  bool stable = false;  // they last as long as `pin` and what was walked, not just until the next step
  std::shared_ptr<const void> pin;
  // … or the group whose live entries first, first + 1, … they are.
  std::shared_ptr<const EntryGroup> group;
  uint32_t first = 0;

  void Clear() {
    passed = 0;
    rows = 0;
    bytes = 0;
    values.clear();
    stable = false;
    pin.reset();
    group.reset();
  }
  void Add(std::string_view key, std::string_view value) {
    values.push_back(value);
    bytes += key.size() + value.size();
    ++rows;
    ++passed;
  }
};

}  // namespace sochdb
