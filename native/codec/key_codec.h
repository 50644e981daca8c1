// Key codec: how rows and index entries are spelled as keys, so that comparing bytes compares values.
//
//   key   := prefix value*
//   prefix:= namespace, object and (for indexes) index id, each four bytes, big-endian
//   value := a class byte and its body; for a DESC column every byte of both is inverted
//
// | class | body |
// |---|---|
// | 01 NULL | nothing: NULLs come first, and last when DESC |
// | 02 boolean | 00 or 01 |
// | 03 integer | 8 bytes, big-endian, sign bit flipped |
// | 04 real | 8 bytes, big-endian: the IEEE bits with the sign flipped, all bits flipped when negative; -0 is 0; no NaN |
// | 05 number | what DECIMAL and ANY columns hold: integers, reals and decimals in one exact order (below) |
// | 06 timestamp | as integer |
// | 07 text, 08 blob, 09 JSON, 0b vector | the bytes, 00 as 00 ff, ended by 00 00 |
// | 0a uuid | 16 bytes |
//
// A number is 0 or ±0.d1d2d3… × 10^e with d1 ≠ 0: a sign byte (00 -infinity, 01 negative, 02 zero, 03 positive, 04 infinity),
// and unless zero or infinite the exponent e + 0x8000 in two bytes big-endian, the digits in pairs (each 1 + the pair, so 01 to
// 64 hex; an odd digit is paired with a 0), ended by 00. What follows the sign is inverted when it is negative. Reals count
// with all their digits, so 0.1 as a REAL and 0.1 as a DECIMAL differ, as they do.
//
// No class byte is 00 or ff, inverted or not: a prefix followed by 00 is below, by ff above, all its values.
//
// Thread safety: functions of their arguments. Limits: kMaxKeyBytes is checked by whoever writes a key.

#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "codec/value.h"

namespace sochdb {

// Bytes that are built up at the end: on the stack while short. Reused without giving memory back.
class KeyBuffer {
 public:
  KeyBuffer() = default;
  KeyBuffer(const KeyBuffer&) = delete;
  KeyBuffer& operator=(const KeyBuffer&) = delete;

  [[nodiscard]] std::string_view view() const { return {data_, size_}; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] char* data() { return data_; }
  void clear() { size_ = 0; }
  // REQUIRES: n <= size().
  void resize_down(size_t n) { size_ = n; }
  void assign(std::string_view bytes) {
    clear();
    append(bytes);
  }
  void push_back(char c) { *Extend(1) = c; }
  void append(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(Extend(bytes.size()), bytes.data(), bytes.size());
  }
  // Room for n more bytes, to be filled by the caller.
  char* Extend(size_t n) {
    if (n > capacity_ - size_) Grow(n);
    char* at = data_ + size_;
    size_ += n;
    return at;
  }

 private:
  void Grow(size_t n);

  static constexpr size_t kInlineBytes = 232;
  char inline_[kInlineBytes];
  char* data_ = inline_;
  size_t size_ = 0;
  size_t capacity_ = kInlineBytes;
  std::unique_ptr<char[]> heap_;
};

inline constexpr uint8_t kKeyNullByte = 0x01;

inline constexpr size_t kRowPrefixBytes = 8;
inline constexpr size_t kIndexPrefixBytes = 12;
inline void AppendRowPrefix(KeyBuffer* out, uint32_t ns, uint32_t table) {
  char* at = out->Extend(kRowPrefixBytes);
  EncodeBigEndian32(at, ns);
  EncodeBigEndian32(at + 4, table);
}
inline void AppendIndexPrefix(KeyBuffer* out, uint32_t ns, uint32_t table, uint32_t index) {
  AppendRowPrefix(out, ns, table);
  EncodeBigEndian32(out->Extend(4), index);
}

// Appends a value as a column of `type` orders it: for kDecimal and kAny columns, numbers of every kind get the class `number`.
// kInvalidArgument for NaN; kCorruption for a decimal that does not parse. REQUIRES: the value is NULL, of the column's class,
// or the column is kAny.
Status AppendKeyValue(KeyBuffer* out, ColumnType type, const Value& value, bool descending);

// Whether DecodeKeyValue gives back exactly what was encoded (numbers lose their kind and their scale).
constexpr bool KeyKeepsValue(ColumnType type) { return type != ColumnType::kAny && type != ColumnType::kDecimal; }

// Takes one value off the front of `key`. Text and the like are unescaped into `scratch` when they contain a zero byte or are
// inverted, and are views of the key otherwise; scratch is appended to, so earlier views into it may move. Numbers come back as
// decimals. False when the bytes are none.
bool DecodeKeyValue(std::string_view* key, bool descending, std::string* scratch, Value* out);
// The same, only stepping over it.
bool SkipKeyValue(std::string_view* key, bool descending);

// Turns the key into the least one that is above every key with this prefix; empties it when there is none.
void MakePrefixSuccessor(KeyBuffer* key);

}  // namespace sochdb
