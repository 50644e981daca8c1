// EntryGroup: blocks of a table that stand side by side, as one list of live entries that can be taken column by column.
//
// A group is so many blocks that what is decoded of them fills some batches. It is plain when, for who reads at or after the
// newest timestamp in it, each key is either a put of ordinary size that never expires, or deleted. Of a plain group the block
// cache keeps a directory: the keys, and how many live entries stand before each. What others make of the values (columns) is
// kept in the block cache too, by a tag of theirs. Of another group it keeps the word that it is none.
//
//   directory  keys u32, 0: not plain | live entries u32 | p: bytes that all keys begin with, u32 | where each key ends, u32 |
//              before each live entry, and behind the last: bytes of keys and values, u32 | where keys were deleted: before
//              each key, and behind the last: live entries, u32 | the first p bytes | of each key the rest
//
// Thread safety: one thread. Ownership: the table outlives it; values last as long as it does. Limits: kMaxBytes of blocks.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sst/block_cache.h"
#include "sst/data_block.h"
#include "sst/table_core.h"

namespace sochdb {

class EntryGroup {
 public:
  static constexpr uint64_t kBytes = 256 * 1024;             // about what the blocks of a group hold
  static constexpr uint64_t kMaxBytes = 4ull * 1024 * 1024;  // where they hold more, there is no group

  EntryGroup(const TableCore* core, uint32_t number) : core_(core), number_(number) {}
  EntryGroup(const EntryGroup&) = delete;
  EntryGroup& operator=(const EntryGroup&) = delete;

  // REQUIRES for these: core.Ready() was OK.
  static uint32_t BlocksOf(const TableCore& core);
  static uint32_t Of(const TableCore& core, uint32_t block) { return block / BlocksOf(core); }
  [[nodiscard]] uint32_t first_block() const { return number_ * BlocksOf(*core_); }
  [[nodiscard]] uint32_t end_block() const;
  // Whether who reads at this moment may use the group, should it be plain: nothing in it is newer, and its first entry is no
  // older version of a key of the blocks before.
  [[nodiscard]] bool FitsReader(Timestamp read_ts) const;

  // Takes the directory from the cache, or, with `build`, makes it. False when there is none to be had, the group is not
  // plain, or a block could not be read: who reads its entries one by one will hear why.
  bool Load(bool build);

  // REQUIRES for all below: Load was true.
  [[nodiscard]] uint32_t number() const { return number_; }
  [[nodiscard]] uint64_t table() const { return core_->cache_id; }  // no other table has it while the store is open
  [[nodiscard]] uint32_t keys() const { return keys_; }
  [[nodiscard]] uint32_t rows() const { return rows_; }
  [[nodiscard]] bool any_deleted() const { return keys_ != rows_; }
  void KeyAt(uint32_t i, std::string* out) const;
  // The first key at or behind `from` that is >= target; keys() when there is none.
  [[nodiscard]] uint32_t LowerBound(uint32_t from, std::string_view target) const;
  // The live entries before the i-th key.
  [[nodiscard]] uint32_t RowOf(uint32_t i) const;
  // The least number of keys, counted from the first, among which are so many live ones.
  [[nodiscard]] uint32_t KeysUpTo(uint32_t rows) const;
  // Of the keys and values of these live entries.
  [[nodiscard]] uint64_t BytesOf(uint32_t first, uint32_t rows) const;

  // The values of all live entries. Reads blocks that are not in memory.
  Status Values(const std::vector<std::string_view>** out) const;

  // What was made of it under a tag; empty when the cache has it no more. Tags have kTagBit set: no block has it in its offset.
  static constexpr uint64_t kTagBit = uint64_t{1} << 63;
  [[nodiscard]] BlockRef FindMade(uint64_t tag) const { return core_->cache->Find(core_->cache_id, tag); }
  void KeepMade(uint64_t tag, const BlockRef& made) const { core_->cache->Insert(core_->cache_id, tag, made); }

 private:
  [[nodiscard]] uint64_t directory_tag() const { return kTagBit | uint64_t{1} << 62 | number_; }
  [[nodiscard]] std::string_view Rest(uint32_t i) const {
    const uint32_t begin = i == 0 ? 0 : key_ends_[i - 1];
    return {rests_ + begin, key_ends_[i] - begin};
  }
  bool Open(BlockRef directory);
  bool Build();
  Status ReadBlocks() const;
  template <typename Visit>
  Status VisitNewest(Visit visit) const;

  const TableCore* const core_;
  const uint32_t number_;
  BlockRef directory_;
  uint32_t keys_ = 0;
  uint32_t rows_ = 0;
  const uint32_t* key_ends_ = nullptr;
  const uint32_t* bytes_before_ = nullptr;
  const uint32_t* rows_before_ = nullptr;  // null: no key is deleted
  std::string_view prefix_;
  const char* rests_ = nullptr;

  mutable std::vector<BlockRef> blocks_;  // read so far
  mutable std::vector<std::string_view> values_;
};

}  // namespace sochdb
