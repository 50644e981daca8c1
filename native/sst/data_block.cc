#include "sst/data_block.h"

#include <algorithm>
#include <cstring>

#include "mem/key_head.h"
#include "sst/sst_format.h"

namespace sochdb {

namespace {

// Reads a varint of at most 32 bits, in its shortest spelling. Null when there is none.
const char* CheckedVarint32(const char* at, const char* end, uint32_t* out) {
  if (at != end && static_cast<uint8_t>(*at) < 0x80) [[likely]] {
    *out = static_cast<uint8_t>(*at);
    return at + 1;
  }
  ByteReader reader({at, static_cast<size_t>(end - at)});
  return reader.ReadVarint32(out) ? reader.rest().data() : nullptr;
}

// Checks the entries one by one; knows where the next restart has to be.
class EntryChecker {
 public:
  EntryChecker(const char* offsets, uint32_t restarts, const char* begin, const char* end)
      : begin_(begin), end_(end), offsets_(offsets), restarts_(restarts) {}

  // Null when the entry at `at` is not sound, otherwise where it ends.
  const char* Check(const char* at) {
    const auto offset = static_cast<uint32_t>(at - begin_);
    const unsigned flags = static_cast<uint8_t>(*at++);
    uint32_t shared = 0;
    uint32_t suffix = 0;
    uint32_t value = 0;
    if ((flags & kEntryRestart) != 0) {
      if (next_restart_ == restarts_ || DecodeFixed32(offsets_ + size_t{4} * next_restart_) != offset) return nullptr;
      ++next_restart_;
      since_restart_ = 0;
    } else if (++since_restart_ >= kMaxRestartInterval || next_restart_ == 0) {
      return nullptr;
    }
    if ((flags & (kEntryOlder | kEntryRestart)) == 0) {
      at = CheckedVarint32(at, end_, &shared);
      if (at == nullptr || shared > key_bytes_) return nullptr;
    }
    if ((flags & (kEntryOlder | kEntryRestart)) != kEntryOlder) {
      at = CheckedVarint32(at, end_, &suffix);
      if (at == nullptr || uint64_t{shared} + suffix > kMaxTableKeyBytes) return nullptr;
      key_bytes_ = shared + suffix;
    }
    at = CheckedVarint32(at, end_, &value);
    if (at == nullptr) return nullptr;
    const unsigned code = flags >> kEntryTimestampShift;
    const size_t ts_bytes = code + (code == 7 ? 1u : 0u);
    if (static_cast<size_t>(end_ - at) < ts_bytes) return nullptr;
    at += ts_bytes;
    if ((flags & kEntryHasExpiry) != 0) {
      ByteReader reader({at, static_cast<size_t>(end_ - at)});
      uint64_t expiry = 0;
      if (!reader.ReadVarint64(&expiry)) return nullptr;
      at = reader.rest().data();
    }
    if (static_cast<size_t>(end_ - at) < uint64_t{suffix} + value) return nullptr;
    return at + suffix + value;
  }
  [[nodiscard]] bool all_restarts_seen() const { return next_restart_ == restarts_; }
  [[nodiscard]] uint32_t key_bytes() const { return key_bytes_; }

 private:
  const char* const begin_;
  const char* const end_;
  const char* const offsets_;
  const uint32_t restarts_;
  uint32_t next_restart_ = 0;
  uint32_t since_restart_ = 0;
  uint32_t key_bytes_ = 0;
};

}  // namespace

std::string_view CheckDataBlock(std::string_view bytes) {
  constexpr size_t kFrame = kDataBlockHeaderBytes + kDataBlockPadBytes;
  if (bytes.size() < kFrame) return "a data block is too short";
  const uint32_t restarts = DecodeFixed32(bytes.data());
  const uint32_t entries = DecodeFixed32(bytes.data() + 4);
  if (restarts == 0 || entries < restarts || restarts > (bytes.size() - kFrame) / kRestartBytes) {
    return "a data block's restart table is wrong";
  }
  const char* const heads = bytes.data() + kDataBlockHeaderBytes;
  const char* const first = heads + kRestartBytes * restarts;
  const char* const end = bytes.data() + bytes.size() - kDataBlockPadBytes;
  if (DecodeFixed64(end) != 0) return "a data block does not end in zeros";
  EntryChecker checker(heads + size_t{8} * restarts, restarts, first, end);
  uint32_t count = 0;
  for (const char* at = first; at != end; ++count) {
    at = checker.Check(at);
    if (at == nullptr) return "an entry of a data block is malformed";
    if (count == 0 && DecodeFixed32(bytes.data() + 8) > checker.key_bytes()) return "a data block's key prefix is too long";
  }
  if (count != entries || !checker.all_restarts_seen()) return "a data block has other entries than it states";
  return {};
}

uint32_t DataBlock::RestartOf(const char* at) const {
  uint32_t low = 0;  // restart(low) <= at
  uint32_t high = restarts_;
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    if (restart(middle) <= at) low = middle;
    else high = middle;
  }
  return low;
}

bool DataBlock::RestartBefore(uint32_t i, std::string_view key, Timestamp ts) const {
  BlockEntry entry;
  Decode(restart(i), &entry);
  const int order = std::string_view(entry.suffix, entry.suffix_bytes).compare(key);
  return order < 0 || (order == 0 && entry.ts > ts);
}

uint32_t DataBlock::SeekRestart(std::string_view key, Timestamp ts) const {
  BlockEntry entry;
  Decode(first(), &entry);
  const std::string_view prefix(entry.suffix, prefix_bytes_);
  const int order = key.substr(0, prefix_bytes_).compare(prefix);
  if (order != 0) return order < 0 ? 0 : restarts_ - 1;
  // low: the number of restarts that stand before (key, ts).
  const uint64_t head = KeyHead(key, prefix_bytes_);
  uint32_t low = 0;
  for (uint32_t n = restarts_; n > 0;) {
    const uint32_t half = n / 2;
    const bool before = Head(low + half) < head;
    low += before ? half + 1 : 0;
    n = before ? n - half - 1 : half;
  }
  if (low < restarts_ && Head(low) == head) {
    uint32_t high = low + 1;  // past the restarts with this head
    for (uint32_t step = 1; high < restarts_ && Head(high) == head; step *= 2) high += std::min(step, restarts_ - high);
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if (RestartBefore(middle, key, ts)) low = middle + 1;
      else high = middle;
    }
    // A restart that begins a key is where the first entry at or behind (key, ts) may stand itself.
    if (low < restarts_) {
      Decode(restart(low), &entry);
      if (!entry.older() && std::string_view(entry.suffix, entry.suffix_bytes) == key) return low;
    }
  }
  return low == 0 ? 0 : low - 1;
}

TargetMatch::TargetMatch(std::string_view target, std::string_view before)
    : target_(target), matched_(CommonPrefix(target, before)) {}

void TargetMatch::Compare(const BlockEntry& entry) {
  const size_t from = entry.shared;
  const std::string_view suffix(entry.suffix, entry.suffix_bytes);
  const std::string_view rest = target_.substr(from);
  const size_t common = CommonPrefix(suffix, rest);
  matched_ = from + common;
  if (common == suffix.size()) order_ = common == rest.size() ? 0 : -1;
  else if (common == rest.size()) order_ = 1;
  else order_ = static_cast<uint8_t>(suffix[common]) < static_cast<uint8_t>(rest[common]) ? -1 : 1;
}

DataBlock::Outcome DataBlock::FindFrom(const char* restart, std::string_view key, Timestamp read_ts, BlockEntry* out) const {
  TargetMatch match(key);
  int order = -1;
  for (const char* at = restart; at != end_; at = out->end) {
    Decode(at, out);
    order = match.Feed(*out);
    if (order > 0) return Outcome::kAbsent;
    if (order == 0 && out->ts <= read_ts) return Outcome::kFound;
  }
  return order == 0 ? Outcome::kGoOn : Outcome::kAbsent;
}

}  // namespace sochdb
