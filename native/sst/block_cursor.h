// BlockCursor: a position in a checked data block, moving both ways over every version of every key.
//
// Forward, an entry's key is put together from the key before it and what follows in the block. Backward, that does not work:
// the cursor decodes the interval from the restart on once, and then walks the list it made.
//
// Thread safety: one thread.
// Ownership: the block's bytes must stay until Reset or the end; key() lies in the cursor, the version's value in the block.

#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "mem/version.h"
#include "sst/data_block.h"

namespace sochdb {

class BlockCursor {
 public:
  BlockCursor() = default;
  BlockCursor(const BlockCursor&) = delete;
  BlockCursor& operator=(const BlockCursor&) = delete;

  // Unpositioned, in this block. REQUIRES: CheckDataBlock was content with its bytes.
  void Reset(const DataBlock& block);
  // In no block.
  void Clear();

  [[nodiscard]] bool Valid() const { return at_ != end_; }
  void SeekToFirst();
  void SeekToLast();
  // The first entry >= (target, ts): of versions newer than ts it may pass over some. Not valid when all are smaller.
  void Seek(std::string_view target, Timestamp ts);
  // The last entry whose key is < target. Not valid when none is.
  void SeekForPrev(std::string_view target);
  // REQUIRES: Valid().
  void Next() {
    at_ = entry_.end;
    if (at_ != end_) [[likely]]
      Load();
  }
  void Prev();

  [[nodiscard]] std::string_view key() const { return {key_.get(), key_bytes_}; }
  [[nodiscard]] Timestamp ts() const { return entry_.ts; }
  // Whether the entry before (maybe in the block before) is a newer version of this key.
  [[nodiscard]] bool older() const { return entry_.older(); }
  [[nodiscard]] const BlockEntry& entry() const { return entry_; }
  [[nodiscard]] bool is_last() const { return entry_.end == end_; }  // of the block

 private:
  static constexpr size_t kSlack = 8;
  static constexpr uint32_t kNoRestart = UINT32_MAX;
  static constexpr size_t kListedKeyBytes = 64 * 1024;  // beyond, keys are put together again

  struct Listed {
    const char* at;
    uint32_t key_begin;  // in listed_keys_; kNotKept: there was no room
    uint32_t key_bytes;
  };
  static constexpr uint32_t kNotKept = UINT32_MAX;

  // Decodes the entry at at_, whose key follows on key_.
  void Load() {
    block_.Decode(at_, &entry_);
    if (!entry_.has_key()) return;
    const uint32_t bytes = entry_.shared + entry_.suffix_bytes;
    if (bytes > key_capacity_) [[unlikely]]
      Grow(bytes);
    // Eight bytes at a time: the block and the buffer have room behind what counts.
    char* to = key_.get() + entry_.shared;
    const char* from = entry_.suffix;
    for (const char* const end = from + entry_.suffix_bytes; from < end; from += 8, to += 8) std::memcpy(to, from, 8);
    key_bytes_ = bytes;
  }
  void Grow(uint32_t bytes);
  void Invalidate() { at_ = end_; }
  void GoToRestart(uint32_t restart) {
    at_ = block_.restart(restart);
    Load();
  }
  // Lists the entries of a restart's interval that stand before `limit`.
  void ListInterval(uint32_t restart, const char* limit);
  void GoToListed(size_t i);

  DataBlock block_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  BlockEntry entry_;
  std::unique_ptr<char[]> key_;
  uint32_t key_bytes_ = 0;
  uint32_t key_capacity_ = 0;  // what key_ has room for, less kSlack

  uint32_t listed_restart_ = kNoRestart;
  size_t listed_at_ = 0;  // where in the list the cursor stands, if at_ says so too
  std::vector<Listed> listed_;
  std::vector<char> listed_keys_;
};

}  // namespace sochdb
