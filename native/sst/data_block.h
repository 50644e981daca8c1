// A data block: entries (key, version), keys ascending, versions of a key newest first; before compression.
//
//   +0   4  restarts                                                 an entry
//   +4   4  entries                                                      1   flags
//   +8   4  p: bytes that all keys of the block begin with               v   shared: bytes of the key before   \ neither in an
//   +12  8  base timestamp: that of the first entry                      v   key bytes that follow             / older version
//   +20     restart table: heads, 8 bytes each                           v   value bytes
//                          offsets, 4 bytes each, from the first entry   n   timestamp - base, zigzag, n bytes
//           entries                                                      v   expiry - base's milliseconds, zigzag, if flagged
//           8 zeros, so that eight bytes may be read anywhere            …   the key's bytes, the value's bytes
//
//   flags:  bits 0, 1  kind          bit 3  an older version of the key of the entry before (maybe in the block before)
//           bit 2      has an expiry bit 4  restart: the whole key follows, and `shared` is left out
//           bits 5..7  n: 0 to 6 bytes, 7 means 8
//
// v is a varint. At least every kMaxRestartInterval-th entry is a restart, the first always. `shared` is as long as it can be,
// which lets a search walk the entries without putting keys together: what it has in common with the target tells.
// A restart's head is the eight bytes of its key behind the first p, as a number that orders as keys do (mem/key_head.h).
// A binary search over the heads finds the restart to begin from, and hardly ever has to look at a key; they stand right behind
// the header, so that it costs no cache miss of its own.
//
// CheckDataBlock looks at every length once, when the block is read. Everything else here relies on it and does not look
// again: REQUIRES a block it was content with. It does not compare keys: disorder gives wrong answers, not wrong accesses.
//
// Thread safety: functions of immutable bytes.

#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/types.h"
#include "mem/version.h"

namespace sochdb {

inline constexpr size_t kDataBlockHeaderBytes = 20;
inline constexpr size_t kDataBlockPadBytes = 8;
inline constexpr size_t kRestartBytes = 12;

inline constexpr unsigned kEntryKindMask = 3;
inline constexpr unsigned kEntryHasExpiry = 1u << 2;
inline constexpr unsigned kEntryOlder = 1u << 3;
inline constexpr unsigned kEntryRestart = 1u << 4;
inline constexpr unsigned kEntryTimestampShift = 5;

// What is wrong with the bytes; empty when they are a sound block.
std::string_view CheckDataBlock(std::string_view bytes);

// An entry in place. Pointers into the block.
struct BlockEntry {
  const char* suffix = nullptr;  // what follows of the key
  const char* value = nullptr;
  const char* end = nullptr;  // where the next entry begins
  uint32_t shared = 0;        // of an older version without restart: meaningless
  uint32_t suffix_bytes = 0;
  uint32_t value_bytes = 0;
  uint32_t flags = 0;
  Timestamp ts = 0;
  ExpiryMs expiry_ms = kNeverExpires;

  [[nodiscard]] bool older() const { return (flags & kEntryOlder) != 0; }
  [[nodiscard]] bool restart() const { return (flags & kEntryRestart) != 0; }
  [[nodiscard]] bool has_key() const { return (flags & (kEntryOlder | kEntryRestart)) != kEntryOlder; }
  void FillView(VersionView* out) const {
    out->ts = ts;
    out->kind = static_cast<ValueKind>(flags & kEntryKindMask);
    out->expiry_ms = expiry_ms;
    out->value = {value, value_bytes};
  }
};

namespace internal {
inline const char* UncheckedVarint32(const char* at, uint32_t* out) {
  uint32_t v = static_cast<uint8_t>(*at++);
  if (v >= 0x80) [[unlikely]] {
    v &= 0x7fu;
    for (unsigned shift = 7;; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at++);
      v |= static_cast<uint32_t>(byte & 0x7fu) << shift;
      if (byte < 0x80) break;
    }
  }
  *out = v;
  return at;
}
inline const char* UncheckedVarint64(const char* at, uint64_t* out) {
  uint64_t v = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(*at++);
    v |= static_cast<uint64_t>(byte & 0x7fu) << shift;
    if (byte < 0x80) break;
  }
  *out = v;
  return at;
}
}  // namespace internal

// A block that was checked.
class DataBlock {
 public:
  DataBlock() = default;
  explicit DataBlock(std::string_view bytes)
      : heads_(bytes.data() + kDataBlockHeaderBytes),
        first_(heads_ + kRestartBytes * DecodeFixed32(bytes.data())),
        end_(bytes.data() + bytes.size() - kDataBlockPadBytes),
        restarts_(DecodeFixed32(bytes.data())),
        prefix_bytes_(DecodeFixed32(bytes.data() + 8)),
        base_ts_(DecodeFixed64(bytes.data() + 12)) {}

  [[nodiscard]] const char* first() const { return first_; }
  [[nodiscard]] const char* end() const { return end_; }
  [[nodiscard]] uint32_t restarts() const { return restarts_; }
  [[nodiscard]] uint32_t entries() const { return DecodeFixed32(heads_ - kDataBlockHeaderBytes + 4); }
  [[nodiscard]] const char* restart(uint32_t i) const {
    return first_ + DecodeFixed32(heads_ + size_t{8} * restarts_ + size_t{4} * i);
  }
  // The last restart at or before the entry that begins at `at`.
  [[nodiscard]] uint32_t RestartOf(const char* at) const;

  // REQUIRES: an entry begins at `at`.
  void Decode(const char* at, BlockEntry* out) const {
    const unsigned flags = static_cast<uint8_t>(*at++);
    out->flags = flags;
    out->shared = 0;
    out->suffix_bytes = 0;
    if ((flags & (kEntryOlder | kEntryRestart)) == 0) [[likely]] {
      at = internal::UncheckedVarint32(at, &out->shared);
      at = internal::UncheckedVarint32(at, &out->suffix_bytes);
    } else if ((flags & kEntryRestart) != 0) {
      at = internal::UncheckedVarint32(at, &out->suffix_bytes);
    }
    at = internal::UncheckedVarint32(at, &out->value_bytes);
    const unsigned code = flags >> kEntryTimestampShift;
    const unsigned n = code + (code == 7 ? 1u : 0u);
    // At least eight bytes follow: the zeros at the latest.
    const uint64_t delta = n == 0 ? 0 : DecodeFixed64(at) & (~uint64_t{0} >> (64 - 8 * n));
    at += n;
    out->ts = base_ts_ + static_cast<uint64_t>(UnZigZag(delta));
    out->expiry_ms = kNeverExpires;
    if ((flags & kEntryHasExpiry) != 0) [[unlikely]] {
      uint64_t expiry = 0;
      at = internal::UncheckedVarint64(at, &expiry);
      out->expiry_ms = HlcMillis(base_ts_) + static_cast<uint64_t>(UnZigZag(expiry));
    }
    out->suffix = at;
    out->value = at + out->suffix_bytes;
    out->end = out->value + out->value_bytes;
  }

  // The restart from which a walk forward meets the first entry >= (key, ts), in the order of the block: newer versions of the
  // key than ts stand before it. 0 when that is the block's first entry.
  [[nodiscard]] uint32_t SeekRestart(std::string_view key, Timestamp ts) const;
  // Where the entries from restart i up to the next one end.
  [[nodiscard]] const char* restart_end(uint32_t i) const { return i + 1 < restarts_ ? restart(i + 1) : end_; }

  enum class Outcome : uint8_t {
    kFound,
    kAbsent,  // not here, and not in the next block
    kGoOn,    // the block ends with a version of the key that is too new
  };
  // The newest version of the key with ts <= read_ts. On kFound, *out is its entry.
  Outcome Find(std::string_view key, Timestamp read_ts, BlockEntry* out) const {
    return FindFrom(restart(SeekRestart(key, read_ts)), key, read_ts, out);
  }
  // The same from the restart that SeekRestart gave.
  Outcome FindFrom(const char* restart, std::string_view key, Timestamp read_ts, BlockEntry* out) const;

 private:
  [[nodiscard]] uint64_t Head(uint32_t i) const { return DecodeFixed64(heads_ + size_t{8} * i); }
  // Whether restart i stands before (key, ts).
  [[nodiscard]] bool RestartBefore(uint32_t i, std::string_view key, Timestamp ts) const;

  const char* heads_ = nullptr;
  const char* first_ = nullptr;
  const char* end_ = nullptr;
  uint32_t restarts_ = 0;
  uint32_t prefix_bytes_ = 0;
  Timestamp base_ts_ = 0;
};

// How an entry's key stands to a target, while a walk goes forward from a restart: no key is put together.
class TargetMatch {
 public:
  explicit TargetMatch(std::string_view target) : target_(target) {}
  // The walk begins behind an entry of key `before`, which is smaller than the target.
  TargetMatch(std::string_view target, std::string_view before);

  // Negative: the entry's key is smaller; 0: equal; positive: greater. REQUIRES: entries are given in order from a restart on.
  int Feed(const BlockEntry& entry) {
    if (!entry.has_key()) return order_;
    if (!entry.restart()) {
      if (order_ == 0) return order_ = 1;              // a key behind the target
      if (entry.shared > matched_) return order_;      // differs from the target where the key before did
      if (entry.shared < matched_) return order_ = 1;  // the key before was smaller there, and equal to the target
    }
    Compare(entry);
    return order_;
  }

 private:
  void Compare(const BlockEntry& entry);

  const std::string_view target_;
  size_t matched_ = 0;  // bytes that the last key has in common with the target
  int order_ = -1;
};

}  // namespace sochdb
