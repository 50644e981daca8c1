// BlockFetcher: hands out the data blocks of a table to one walk, and reads ahead of it.
//
// With fill_cache, blocks come from the cache and go into it; a walk that misses it several times in a row reads larger and
// larger pieces of the file at once. Without, the cache is left alone: pieces of up to kMaxChunkBytes are read into a buffer of
// the walk's own, and blocks are used where they lie there.
//
// Thread safety: one thread.
// Ownership: the bytes of a block stay until the next Fetch.

#pragma once

#include <memory>
#include <string_view>

#include "sst/table_core.h"

namespace sochdb {

class BlockFetcher {
 public:
  // whole: the walk will go from front to back.
  BlockFetcher(const TableCore* core, bool fill_cache, bool whole)
      : core_(core), cached_(fill_cache && core->cache != nullptr), chunk_bytes_(whole ? kMaxChunkBytes : kMinChunkBytes) {}

  // The checked bytes of data block i.
  Status Fetch(uint32_t i, std::string_view* bytes);
  // What keeps those bytes; empty where they lie in a buffer of the walk's own.
  [[nodiscard]] const BlockRef& held() const { return held_; }

 private:
  static constexpr size_t kMinChunkBytes = 32 * 1024;
  static constexpr size_t kMaxChunkBytes = 256 * 1024;
  static constexpr unsigned kMissesBeforeReadAhead = 2;

  Status FetchCached(uint32_t i, std::string_view* bytes);
  Status FetchPrivate(uint32_t i, std::string_view* bytes);
  // The block's stored bytes, in chunk_.
  Status Chunk(uint32_t i, const char** stored);
  void Note(uint32_t i);

  const TableCore* const core_;
  const bool cached_;
  BlockRef held_;  // what cached_ hands out

  uint32_t last_ = UINT32_MAX;  // the block before
  bool backward_ = false;
  unsigned misses_in_row_ = 0;
  size_t chunk_bytes_;  // how much the next read takes
  std::unique_ptr<char[]> chunk_;
  size_t chunk_capacity_ = 0;
  uint64_t chunk_begin_ = 0;
  uint64_t chunk_end_ = 0;
  std::unique_ptr<char[]> raw_;  // the current block, expanded
  size_t raw_capacity_ = 0;
};

}  // namespace sochdb
