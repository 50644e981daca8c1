// TableCore: what an open table consists of, and how its blocks are read. Shared by the point reads (table.cc) and the walks
// (table_cursor.h, table_verify.cc).
//
// A table whose properties the manifest knows is opened without reading it. What finds its blocks, TableMeta, is read by the
// first who needs it: Ready(), before anything that uses meta().
//
// Thread safety: any thread. Locks: load_mutex_ is a leaf, held while the file is read.

#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <utility>

#include "env/env.h"
#include "env/sync.h"
#include "sst/block_cache.h"
#include "sst/bloom_filter.h"
#include "sst/sst_format.h"
#include "sst/table_index.h"
#include "sst/table_properties.h"

namespace sochdb {

// What a table says of its blocks.
struct TableMeta {
  TableFooter footer;
  TableIndex index;
  BloomFilter filter;

  [[nodiscard]] BlockHandle filter_handle() const { return {footer.data_end, footer.filter_bytes}; }
  [[nodiscard]] BlockHandle index_handle() const { return {footer.data_end + footer.filter_bytes, footer.index_bytes}; }
  [[nodiscard]] BlockHandle properties_handle() const {
    return {footer.data_end + footer.filter_bytes + footer.index_bytes, footer.properties_bytes};
  }
  [[nodiscard]] uint64_t memory_bytes() const { return index.memory_bytes() + filter.memory_bytes(); }
};

class TableCore {
 public:
  TableCore(Env* env, TableName of) : name(std::move(of)), load_mutex_(env) {}

  const TableName name;
  std::unique_ptr<File> file;
  BlockCache* cache = nullptr;
  uint64_t cache_id = 0;
  TableProperties properties;

  // Opens the file and reads meta and properties.
  Status OpenAndLoad(Env* env);
  // Opens the file and looks at its length.
  Status OpenKnown(Env* env, const TableProperties& known);

  // OK: there is meta(), for good. kCorruption, kWouldBlock under CachedOnly, and what reading fails with: the next call tries
  // again.
  Status Ready() const {
    if (ready()) [[likely]]
      return {};
    return Load();
  }
  [[nodiscard]] bool ready() const { return ready_.load(std::memory_order_acquire); }
  // REQUIRES: Ready() was OK.
  [[nodiscard]] const TableMeta& meta() const {
    SOCHDB_DCHECK(ready());
    return meta_;
  }
  // Reads meta from the file, the filter only when asked to. The properties there must be `properties`.
  Status ReadKnownMeta(bool with_filter, TableMeta* out) const;

  // Reads `n` bytes; a file that ends before is kCorruption. kWouldBlock under CachedOnly.
  Status ReadFully(uint64_t offset, size_t n, char* out) const;
  // The block as it is stored.
  Status ReadStored(BlockHandle handle, std::unique_ptr<char[]>* out) const;
  // Filter, index and properties: read, checked, expanded.
  Status ReadMetaBlock(BlockHandle handle, std::unique_ptr<char[]>* out, size_t* size) const;
  // A checked data block out of its stored bytes, which it takes over when they are not compressed.
  Status MakeDataBlock(BlockHandle handle, std::unique_ptr<char[]> stored, BlockRef* out) const;
  // A data block, from the cache or the file.
  Status LoadDataBlock(BlockHandle handle, bool fill_cache, BlockRef* out) const;

 private:
  Status OpenFile(Env* env, uint64_t* file_bytes);
  Status ReadMeta(uint64_t file_bytes, bool with_filter, TableMeta* meta, TableProperties* found) const;
  Status Load() const;

  mutable std::atomic<bool> ready_{false};
  mutable TableMeta meta_;  // written once, before ready_
  mutable Mutex load_mutex_;
};

}  // namespace sochdb
