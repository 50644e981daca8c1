#include "sst/block_cursor.h"

#include <algorithm>

#include "base/status.h"

namespace sochdb {

void BlockCursor::Reset(const DataBlock& block) {
  block_ = block;
  end_ = block.end();
  at_ = end_;
  listed_restart_ = kNoRestart;
}

void BlockCursor::Clear() {
  at_ = end_ = nullptr;
  listed_restart_ = kNoRestart;
}

void BlockCursor::Grow(uint32_t bytes) {
  const uint32_t capacity = std::max(uint32_t{256}, bytes + bytes / 2);
  auto grown = std::make_unique_for_overwrite<char[]>(capacity + kSlack);
  if (entry_.shared != 0) std::memcpy(grown.get(), key_.get(), entry_.shared);
  key_ = std::move(grown);
  key_capacity_ = capacity;
}

void BlockCursor::SeekToFirst() { GoToRestart(0); }

void BlockCursor::SeekToLast() {
  ListInterval(block_.restarts() - 1, end_);
  GoToListed(listed_.size() - 1);
}

void BlockCursor::Seek(std::string_view target, Timestamp ts) {
  TargetMatch match(target);
  GoToRestart(block_.SeekRestart(target, ts));
  while (true) {
    const int order = match.Feed(entry_);
    if (order > 0 || (order == 0 && entry_.ts <= ts)) return;
    Next();
    if (!Valid()) return;
  }
}

void BlockCursor::SeekForPrev(std::string_view target) {
  Seek(target, kMaxTimestamp);
  if (Valid()) Prev();
  else SeekToLast();
}

void BlockCursor::Prev() {
  SOCHDB_DCHECK(Valid());
  if (at_ == block_.first()) return Invalidate();
  if (listed_restart_ == kNoRestart || listed_at_ >= listed_.size() || listed_[listed_at_].at != at_) {
    // The restart of the entry before: that of this one, unless this one is a restart itself.
    const uint32_t restart = block_.RestartOf(at_ - 1);
    ListInterval(restart, at_);
    listed_at_ = listed_.size();
  } else if (listed_at_ == 0) {
    const uint32_t restart = listed_restart_ - 1;
    ListInterval(restart, at_);
    listed_at_ = listed_.size();
  }
  GoToListed(listed_at_ - 1);
}

void BlockCursor::ListInterval(uint32_t restart, const char* limit) {
  listed_.clear();
  listed_keys_.clear();
  listed_restart_ = restart;
  uint32_t key_begin = 0;
  GoToRestart(restart);
  while (true) {
    if (entry_.has_key()) {
      if (listed_keys_.size() + key_bytes_ <= kListedKeyBytes) {
        key_begin = static_cast<uint32_t>(listed_keys_.size());
        listed_keys_.insert(listed_keys_.end(), key_.get(), key_.get() + key_bytes_);
      } else {
        key_begin = kNotKept;
      }
    }
    listed_.push_back({at_, key_begin, key_bytes_});
    if (entry_.end == limit || (entry_.end != end_ && (static_cast<uint8_t>(*entry_.end) & kEntryRestart) != 0)) break;
    Next();
  }
}

void BlockCursor::GoToListed(size_t i) {
  const Listed& listed = listed_[i];
  listed_at_ = i;
  if (listed.key_begin == kNotKept) {
    GoToRestart(listed_restart_);
    while (at_ != listed.at) Next();
    return;
  }
  at_ = listed.at;
  block_.Decode(at_, &entry_);
  // It fits: it was there when the list was made.
  if (listed.key_bytes != 0) std::memcpy(key_.get(), listed_keys_.data() + listed.key_begin, listed.key_bytes);
  key_bytes_ = listed.key_bytes;
}

}  // namespace sochdb
