// TableCursor: a position among all entries of a table, moving both ways; and the two iterators made of it (that of readers is
// in table_iterator.cc).
//
// Blocks in which every version is newer than the cursor's timestamp are passed over without being read. An entry behind such a
// gap may be marked as an older version of a key whose newer ones were in it: gaps() counts them.
//
// Thread safety: one thread.
// Ownership: the table outlives the cursor. key() and the version's value last until the next move.

#pragma once

#include <memory>
#include <string_view>

#include "mem/snapshot_iterator.h"
#include "sst/block_cursor.h"
#include "sst/block_fetcher.h"

namespace sochdb {

class TableCursor {
 public:
  TableCursor(const TableCore* core, Timestamp read_ts, bool fill_cache, bool whole)
      : core_(core), read_ts_(read_ts), fetcher_(core, fill_cache, whole) {}

  [[nodiscard]] bool Valid() const { return cursor_.Valid(); }
  [[nodiscard]] const BlockCursor& at() const { return cursor_; }
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] uint64_t gaps() const { return gaps_; }    // crossed so far
  [[nodiscard]] uint32_t block() const { return block_; }  // REQUIRES: Valid()
  // What keeps the block's bytes alive behind the next move; empty when nothing does.
  [[nodiscard]] const BlockRef& pin() const { return fetcher_.held(); }

  void SeekToFirst();
  void SeekToLast();
  // The first entry with key >= target that may be seen.
  void Seek(std::string_view target);
  // The last entry with key < target that may be seen.
  void SeekForPrev(std::string_view target);
  // The first entry of block i, or of the first behind it that may be seen. REQUIRES: the table was sought in.
  void EnterForward(uint32_t i);
  // REQUIRES: Valid().
  void Next() {
    cursor_.Next();
    if (!cursor_.Valid()) [[unlikely]]
      NextBlock();
  }
  void Prev() {
    cursor_.Prev();
    if (!cursor_.Valid()) PrevBlock();
  }

 private:
  static constexpr uint32_t kNoBlock = UINT32_MAX;

  void NextBlock();
  void PrevBlock();
  // To the last entry of block i, or of the last that may be seen before it.
  void EnterBackward(uint32_t i);  // kNoBlock: there is none before
  bool Load(uint32_t i);
  // What every seek begins with: the table may not have been read yet.
  bool Ready();
  [[nodiscard]] bool Hidden(uint32_t i) const { return core_->meta().index.block(i).min_ts > read_ts_; }

  const TableCore* const core_;
  const Timestamp read_ts_;
  BlockFetcher fetcher_;
  BlockCursor cursor_;
  uint32_t block_ = kNoBlock;  // the one that cursor_ is in
  uint64_t gaps_ = 0;
  Status status_;
};

std::unique_ptr<SnapshotIterator> NewTableIterator(const TableCore* core, Timestamp read_ts, bool fill_cache);
std::unique_ptr<VersionStream> NewTableStream(const TableCore* core, bool fill_cache);

}  // namespace sochdb
