// PointRead: one of several keys that are looked up at once, so that their waits for memory overlap and neighbours share a
// search.
//
// Thread safety: one thread. Ownership: whoever asks keeps the key. A version's value lives as long as the memtable that it
// lies in, or the pin of its block, which the look-up adds to the caller's: one for all reads of a block.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mem/version.h"
#include "sst/block_cache.h"

namespace sochdb {

struct PointRead {
  static constexpr size_t kAtOnce = 64;  // more are looked up in parts

  std::string_view key;
  uint32_t place = 0;  // the caller's own
  bool found = false;
  uint64_t hash = 0;  // Table::FilterHash(key), once tables are asked
  VersionView version;
};
using BlockPins = std::vector<BlockRef>;

}  // namespace sochdb
