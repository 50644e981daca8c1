// The slab protocol: how bytes leave the engine without an allocation for each value.
//
// JavaScript owns an ArrayBuffer and passes it with an offset; the engine writes the value there and returns its length;
// JavaScript makes a Buffer view of it. Space is never written twice, so a value once read never changes. When a value does
// not fit, nothing is written and the call returns kTooSmall - length: JavaScript comes again with a buffer that is
// large enough. The buffer is an argument of every call, and checked in it: memory that was transferred away in between is
// seen, not written to.
//
// Packed rows (scans, getBatch) use the same buffers: little-endian u32 words, each record padded to 4 bytes.
//   getBatch:  u32 length or kMissing | value                      for each key
//   scan:      u32 key length | u32 value length | key | value     for each row

#pragma once

#include <node_api.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace sochdb::binding {

inline constexpr double kNotFound = -1;
inline constexpr double kTooSmall = -2;  // minus the length that is needed
// Of a read that must not wait for the disk: it would have to.
inline constexpr double kWouldWait = -9007199254740991;

inline constexpr uint32_t kMissing = UINT32_MAX;

constexpr size_t PadTo4(size_t n) { return (n + 3) & ~size_t{3}; }

// Appends words and bytes to a span; counts on past its end without writing, so that the caller learns what is needed.
class PackedWriter {
 public:
  explicit PackedWriter(std::span<char> to) : to_(to) {}

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t room() const { return size_ < to_.size() ? to_.size() - size_ : 0; }
  [[nodiscard]] bool fits() const { return size_ <= to_.size(); }

  void Word(uint32_t word) {
    if (room() >= sizeof(word)) EncodeFixed32(to_.data() + size_, word);
    size_ += sizeof(word);
  }
  void Bytes(std::string_view bytes) {
    if (!bytes.empty() && room() >= bytes.size()) std::memcpy(to_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void Pad() { size_ = PadTo4(size_); }

 private:
  std::span<char> to_;
  size_t size_ = 0;
};

}  // namespace sochdb::binding
