#include "sst/table_index.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "mem/key_head.h"

namespace sochdb {

std::string ShortestSeparator(std::string_view a, std::string_view b) {
  SOCHDB_DCHECK(a < b);
  const size_t common = CommonPrefix(a, b);
  if (common == a.size()) return std::string(a);                           // a prefix of b: nothing shorter will do
  if (common + 1 < b.size()) return std::string(b.substr(0, common + 1));  // b cut short, but still behind a
  // Otherwise a, cut behind the first byte that can be raised without reaching b.
  for (size_t i = common; i < a.size(); ++i) {
    const auto raised = static_cast<uint8_t>(static_cast<uint8_t>(a[i]) + 1);
    if (raised == 0 || (i == common && raised >= static_cast<uint8_t>(b[i]))) continue;
    std::string separator(a.substr(0, i + 1));
    separator.back() = static_cast<char>(raised);
    return i + 1 < a.size() ? separator : std::string(a);
  }
  return std::string(a);
}

void TableIndexBuilder::Append(const BlockRange& block, std::string_view separator, bool goes_on) {
  separators_.append(separator);
  blocks_.push_back({block, separators_.size(), goes_on});
}

void TableIndexBuilder::Add(const BlockRange& block, std::string_view last_key, std::string_view next_key) {
  if (last_key == next_key) Append(block, last_key, true);
  else Append(block, ShortestSeparator(last_key, next_key), false);
}

void TableIndexBuilder::EncodeTo(Timestamp max_ts, std::string* out) const {
  PutVarint64(out, blocks_.size());
  PutVarint64(out, max_ts);
  size_t separator_begin = 0;
  for (const Entry& entry : blocks_) {
    SOCHDB_CHECK(entry.range.max_ts <= max_ts && entry.range.min_ts <= entry.range.max_ts);
    PutVarint64(out, entry.range.stored * 2 + (entry.goes_on ? 1 : 0));
    PutVarint64(out, max_ts - entry.range.max_ts);
    PutVarint64(out, entry.range.max_ts - entry.range.min_ts);
    PutLengthPrefixed(out, std::string_view(separators_).substr(separator_begin, entry.separator_end - separator_begin));
    separator_begin = entry.separator_end;
  }
}

bool TableIndex::ReadBlocks(std::string_view bytes, uint32_t blocks, uint64_t data_end) {
  ByteReader reader(bytes);
  uint64_t count = 0;
  Timestamp max_ts = 0;
  if (!reader.ReadVarint64(&count) || count != blocks || !reader.ReadVarint64(&max_ts)) return false;
  if (count > reader.remaining() / 4) return false;  // each takes four bytes at least
  blocks_.reserve(blocks);
  separators_.reserve(reader.remaining());
  uint64_t offset = 0;
  for (uint32_t i = 0; i < blocks; ++i) {
    uint64_t stored = 0;
    uint64_t below_max = 0;
    uint64_t span = 0;
    std::string_view separator;
    if (!reader.ReadVarint64(&stored) || !reader.ReadVarint64(&below_max) || !reader.ReadVarint64(&span) ||
        !reader.ReadLengthPrefixed(&separator)) {
      return false;
    }
    const bool goes_on = (stored & 1) != 0;
    stored /= 2;
    if (stored < kBlockTrailerBytes || stored > data_end - offset || below_max > max_ts || span > max_ts - below_max ||
        separator.size() > kMaxTableKeyBytes) {
      return false;
    }
    // Ascending; equal only where a key goes on.
    if (i != 0) {
      const int order = this->separator(i - 1).compare(separator);
      if (order > 0 || (order == 0 && !blocks_[i - 1].goes_on)) return false;
    }
    blocks_.push_back({.offset = offset,
                       .stored = stored,
                       .min_ts = max_ts - below_max - span,
                       .max_ts = max_ts - below_max,
                       .separator_begin = static_cast<uint32_t>(separators_.size()),
                       .separator_bytes = static_cast<uint32_t>(separator.size()),
                       .goes_on = goes_on});
    separators_.append(separator);
    offset += stored;
  }
  return reader.empty() && offset == data_end && !blocks_.back().goes_on;
}

void TableIndex::MakeHeads() {
  prefix_bytes_ = static_cast<uint32_t>(CommonPrefix(separator(0), separator(size() - 1)));
  heads_.reserve(blocks_.size());
  for (uint32_t i = 0; i < size(); ++i) heads_.push_back(KeyHead(separator(i), prefix_bytes_));
}

bool TableIndex::Parse(std::string_view bytes, uint32_t blocks, uint64_t data_end, TableIndex* out) {
  TableIndex index;
  if (blocks == 0 || bytes.size() > UINT32_MAX || !index.ReadBlocks(bytes, blocks, data_end)) return false;
  index.MakeHeads();
  index.separators_.shrink_to_fit();
  *out = std::move(index);
  return true;
}

uint32_t TableIndex::Seek(std::string_view target) const {
  const std::string_view prefix(separators_.data(), prefix_bytes_);
  const int order = target.substr(0, prefix_bytes_).compare(prefix);
  if (order != 0) return order < 0 ? 0 : size();
  const uint64_t head = KeyHead(target, prefix_bytes_);
  const uint64_t* at = heads_.data();
  for (size_t n = heads_.size(); n > 0;) {  // to the first head >= that of the target
    const size_t half = n / 2;
    const bool before = at[half] < head;
    at += before ? half + 1 : 0;
    n = before ? n - half - 1 : half;
  }
  auto low = static_cast<uint32_t>(at - heads_.data());
  if (low == size() || heads_[low] != head || !KeyLess(separator(low), target, prefix_bytes_)) return low;
  uint32_t high = low + 1;
  for (uint32_t step = 1; high < size() && heads_[high] == head; step *= 2) high += std::min(step, size() - high);
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (KeyLess(separator(middle), target, prefix_bytes_)) low = middle + 1;
    else high = middle;
  }
  return low;
}

bool TableIndex::BelongsTo(uint32_t i, std::string_view target) const {
  if (!target.starts_with(std::string_view(separators_.data(), prefix_bytes_))) return false;
  const uint64_t head = KeyHead(target, prefix_bytes_);
  if (head > heads_[i] || (i != 0 && head < heads_[i - 1])) return false;
  if (head == heads_[i] && KeyLess(separator(i), target, prefix_bytes_)) return false;
  return i == 0 || head != heads_[i - 1] || KeyLess(separator(i - 1), target, prefix_bytes_);
}

uint64_t TableIndex::memory_bytes() const {
  return blocks_.capacity() * sizeof(BlockInfo) + heads_.capacity() * sizeof(uint64_t) + separators_.capacity();
}

}  // namespace sochdb
