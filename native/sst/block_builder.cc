#include "sst/block_builder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "mem/key_head.h"
#include "sst/data_block.h"
#include "sst/sst_format.h"

namespace sochdb {

BlockBuilder::BlockBuilder(uint32_t restart_interval)
    : restart_interval_(std::clamp(restart_interval, uint32_t{1}, kMaxRestartInterval)) {}

size_t BlockBuilder::bytes() const { return empty() ? 0 : size_ + kRestartBytes * restarts_.size(); }

void BlockBuilder::Reserve(size_t more) {
  if (capacity_ - size_ >= more) return;
  const size_t capacity = std::max(size_ + more, capacity_ * 2);
  auto grown = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ != 0) std::memcpy(grown.get(), bytes_.get(), size_);
  bytes_ = std::move(grown);
  capacity_ = capacity;
}

void BlockBuilder::Add(std::string_view key, size_t shared, bool older, const VersionView& version) {
  if (finished_) {
    finished_ = false;
    entries_ = 0;
    size_ = 0;
    restarts_.clear();
  }
  Reserve(EntryBytes(key.size(), version.value.size()));
  const bool restart = entries_ == 0 || since_restart_ == restart_interval_;
  if (entries_ == 0) {
    base_ts_ = version.ts;
    prefix_bytes_ = key.size();
  } else if (!older) {
    prefix_bytes_ = std::min(prefix_bytes_, shared);
  }
  if (restart) {
    restarts_.push_back(static_cast<uint32_t>(size_));
    since_restart_ = 0;
    shared = 0;
  }
  ++since_restart_;
  ++entries_;

  const uint64_t ts_delta = ZigZag(static_cast<int64_t>(version.ts - base_ts_));
  unsigned ts_bytes = (static_cast<unsigned>(std::bit_width(ts_delta)) + 7) / 8;
  if (ts_bytes == 7) ts_bytes = 8;
  unsigned flags = static_cast<unsigned>(version.kind) | (std::min(ts_bytes, 7u) << kEntryTimestampShift);
  if (version.expiry_ms != kNeverExpires) flags |= kEntryHasExpiry;
  if (older) flags |= kEntryOlder;
  if (restart) flags |= kEntryRestart;

  char* to = bytes_.get() + size_;
  *to++ = static_cast<char>(flags);
  const bool has_key = restart || !older;
  if (has_key && !restart) to = EncodeVarint64(to, shared);
  if (has_key) to = EncodeVarint64(to, key.size() - shared);
  to = EncodeVarint64(to, version.value.size());
  EncodeFixed64(to, ts_delta);
  to += ts_bytes;
  if (version.expiry_ms != kNeverExpires) {
    to = EncodeVarint64(to, ZigZag(static_cast<int64_t>(version.expiry_ms - HlcMillis(base_ts_))));
  }
  if (has_key && key.size() != shared) {
    std::memcpy(to, key.data() + shared, key.size() - shared);
    to += key.size() - shared;
  }
  if (!version.value.empty()) std::memcpy(to, version.value.data(), version.value.size());
  size_ = static_cast<size_t>(to + version.value.size() - bytes_.get());
}

std::string_view BlockBuilder::RestartKey(uint32_t offset) const {
  uint32_t key_bytes = 0;
  uint32_t value_bytes = 0;
  const char* at = bytes_.get() + offset;
  const auto flags = static_cast<uint8_t>(*at++);
  at = internal::UncheckedVarint32(at, &key_bytes);
  at = internal::UncheckedVarint32(at, &value_bytes);
  const unsigned code = flags >> kEntryTimestampShift;
  at += code + (code == 7 ? 1u : 0u);
  uint64_t expiry = 0;
  if ((flags & kEntryHasExpiry) != 0) at = internal::UncheckedVarint64(at, &expiry);
  return {at, key_bytes};
}

std::string_view BlockBuilder::Finish() {
  SOCHDB_CHECK(!empty() && !finished_);
  const size_t before = kDataBlockHeaderBytes + kRestartBytes * restarts_.size();
  Reserve(before + kDataBlockPadBytes);
  restart_table_.clear();
  for (const uint32_t offset : restarts_) PutFixed64(&restart_table_, KeyHead(RestartKey(offset), prefix_bytes_));
  for (const uint32_t offset : restarts_) PutFixed32(&restart_table_, offset);
  char* const begin = bytes_.get();
  std::memmove(begin + before, begin, size_);
  std::memset(begin + before + size_, 0, kDataBlockPadBytes);
  EncodeFixed32(begin, static_cast<uint32_t>(restarts_.size()));
  EncodeFixed32(begin + 4, entries_);
  EncodeFixed32(begin + 8, static_cast<uint32_t>(prefix_bytes_));
  EncodeFixed64(begin + 12, base_ts_);
  std::memcpy(begin + kDataBlockHeaderBytes, restart_table_.data(), restart_table_.size());
  size_ += before + kDataBlockPadBytes;
  finished_ = true;
  return {bytes_.get(), size_};
}

}  // namespace sochdb
