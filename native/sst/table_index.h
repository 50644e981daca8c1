// TableIndex: where the data blocks of a table are, what they may hold, and which one a key is in. One level, in memory.
//
//   on disk                                             a block
//   v      blocks                                       v   stored bytes (trailer included) * 2, + 1 if the next
//   v      greatest timestamp in the table                  block goes on with the last key of this one
//   then each block                                     v   greatest timestamp in the table - that in the block
//                                                       v   greatest timestamp in the block - smallest in it
//                                                       v   bytes of the separator, then the separator
//
// v is a varint. Blocks stand back to back from offset 0. A block's separator is the shortest key that is >= every key in it
// and < every key of the next; the last key itself when the next block goes on with it, and in the last block.
//
// A search looks at eight bytes a separator, behind what all of them begin with, and at a separator itself where those are
// equal.
//
// Thread safety: immutable once made.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "sst/sst_format.h"

namespace sochdb {

// Collects the blocks of a table that is being written.
class TableIndexBuilder {
 public:
  struct BlockRange {
    uint64_t stored = 0;
    Timestamp min_ts = 0;
    Timestamp max_ts = 0;
  };
  // The block, its last key, and the first key of the next block.
  void Add(const BlockRange& block, std::string_view last_key, std::string_view next_key);
  void AddLast(const BlockRange& block, std::string_view last_key) { Append(block, last_key, false); }
  void EncodeTo(Timestamp max_ts, std::string* out) const;
  [[nodiscard]] size_t blocks() const { return blocks_.size(); }

 private:
  struct Entry {
    BlockRange range;
    size_t separator_end;
    bool goes_on;
  };
  void Append(const BlockRange& block, std::string_view separator, bool goes_on);

  std::vector<Entry> blocks_;
  std::string separators_;
};

// The shortest key that is >= a and < b. REQUIRES: a < b.
std::string ShortestSeparator(std::string_view a, std::string_view b);

class TableIndex {
 public:
  // False when the bytes are no index of `blocks` blocks that end at `data_end`.
  static bool Parse(std::string_view bytes, uint32_t blocks, uint64_t data_end, TableIndex* out);

  struct BlockInfo {
    uint64_t offset = 0;
    uint64_t stored = 0;
    Timestamp min_ts = 0;
    Timestamp max_ts = 0;
    uint32_t separator_begin = 0;
    uint32_t separator_bytes = 0;
    bool goes_on = false;  // the next block begins with the last key of this one

    [[nodiscard]] BlockHandle handle() const { return {offset, stored}; }
    [[nodiscard]] uint64_t end() const { return offset + stored; }
  };

  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(blocks_.size()); }
  [[nodiscard]] const BlockInfo& block(uint32_t i) const { return blocks_[i]; }
  [[nodiscard]] std::string_view separator(uint32_t i) const {
    return {separators_.data() + blocks_[i].separator_begin, blocks_[i].separator_bytes};
  }
  // The first block that may hold a key >= target; size() when none does.
  [[nodiscard]] uint32_t Seek(std::string_view target) const;
  // Whether Seek(target) would find block i.
  [[nodiscard]] bool BelongsTo(uint32_t i, std::string_view target) const;
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  bool ReadBlocks(std::string_view bytes, uint32_t blocks, uint64_t data_end);
  void MakeHeads();

  std::vector<BlockInfo> blocks_;
  std::vector<uint64_t> heads_;
  std::string separators_;
  uint32_t prefix_bytes_ = 0;
};

}  // namespace sochdb
