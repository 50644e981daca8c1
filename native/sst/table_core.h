// TableCore: what an open table consists of, and how its blocks are read. Shared by the point reads (table.cc) and the walks
// (table_cursor.h, table_verify.cc).
//
// Thread safety: immutable once open; reading blocks is safe from any thread.

#pragma once

#include <memory>
#include <string_view>

#include "env/env.h"
#include "sst/block_cache.h"
#include "sst/bloom_filter.h"
#include "sst/sst_format.h"
#include "sst/table_index.h"
#include "sst/table_properties.h"

namespace sochdb {

struct TableCore {
  std::unique_ptr<File> file;
  TableName name;
  BlockCache* cache = nullptr;
  uint64_t cache_id = 0;
  TableFooter footer;
  TableIndex index;
  BloomFilter filter;
  TableProperties properties;

  // Reads `n` bytes; a file that ends before is kCorruption. kWouldBlock under CachedOnly.
  Status ReadFully(uint64_t offset, size_t n, char* out) const;
  // The block as it is stored.
  Status ReadStored(BlockHandle handle, std::unique_ptr<char[]>* out) const;
  // Filter, index and properties: read, checked, expanded.
  Status ReadMetaBlock(BlockHandle handle, std::unique_ptr<char[]>* out, size_t* size) const;
  // A checked data block out of its stored bytes, which it takes over when they are not compressed.
  Status MakeDataBlock(BlockHandle handle, std::unique_ptr<char[]> stored, BlockRef* out) const;
  // Data block i, from the cache or the file.
  Status LoadDataBlock(uint32_t i, bool fill_cache, BlockRef* out) const;

  [[nodiscard]] BlockHandle filter_handle() const { return {footer.data_end, footer.filter_bytes}; }
  [[nodiscard]] BlockHandle index_handle() const { return {footer.data_end + footer.filter_bytes, footer.index_bytes}; }
  [[nodiscard]] BlockHandle properties_handle() const {
    return {footer.data_end + footer.filter_bytes + footer.index_bytes, footer.properties_bytes};
  }
};

}  // namespace sochdb
