// Bytes: how numbers and strings become bytes and come back.
//
// Everything on disk is little-endian, except keys: theirs are big-endian, so that bytes sort as numbers do.
// Reading from bytes that may be damaged goes through ByteReader, which never reads past its end and answers false
// instead; the raw Decode functions are for bytes whose length the caller has already checked.
//
// Varints: seven bits a byte, least significant first, the high bit set on all but the last; at most ten bytes.
// Only the shortest spelling is accepted, so that equal values have equal bytes.
//
// Thread safety: functions of their arguments. A ByteReader belongs to one thread and does not own what it reads.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sochdb {

inline constexpr size_t kMaxVarint64Bytes = 10;

namespace internal {
template <typename T>
constexpr T ByteSwap(T v) {
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(v));
  else if constexpr (sizeof(T) == 4) return __builtin_bswap32(v);
  else return __builtin_bswap64(v);
}
template <typename T>
void Store(char* to, T v, std::endian order) {
  if (std::endian::native != order) v = ByteSwap(v);
  std::memcpy(to, &v, sizeof(T));
}
template <typename T>
T Load(const char* from, std::endian order) {
  T v;
  std::memcpy(&v, from, sizeof(T));
  return std::endian::native != order ? ByteSwap(v) : v;
}
template <typename T>
void Append(std::string* to, T v, std::endian order) {
  char bytes[sizeof(T)];
  Store(bytes, v, order);
  to->append(bytes, sizeof(T));
}
}  // namespace internal

// Little-endian. REQUIRES: room for the number at `to`, the number's bytes at `from`.
inline void EncodeFixed16(char* to, uint16_t v) { internal::Store(to, v, std::endian::little); }
inline void EncodeFixed32(char* to, uint32_t v) { internal::Store(to, v, std::endian::little); }
inline void EncodeFixed64(char* to, uint64_t v) { internal::Store(to, v, std::endian::little); }
inline uint16_t DecodeFixed16(const char* from) { return internal::Load<uint16_t>(from, std::endian::little); }
inline uint32_t DecodeFixed32(const char* from) { return internal::Load<uint32_t>(from, std::endian::little); }
inline uint64_t DecodeFixed64(const char* from) { return internal::Load<uint64_t>(from, std::endian::little); }

// Big-endian, for keys.
inline void EncodeBigEndian32(char* to, uint32_t v) { internal::Store(to, v, std::endian::big); }
inline void EncodeBigEndian64(char* to, uint64_t v) { internal::Store(to, v, std::endian::big); }
inline uint32_t DecodeBigEndian32(const char* from) { return internal::Load<uint32_t>(from, std::endian::big); }
inline uint64_t DecodeBigEndian64(const char* from) { return internal::Load<uint64_t>(from, std::endian::big); }

// Appending.
inline void PutByte(std::string* to, uint8_t v) { to->push_back(static_cast<char>(v)); }
inline void PutFixed16(std::string* to, uint16_t v) { internal::Append(to, v, std::endian::little); }
inline void PutFixed32(std::string* to, uint32_t v) { internal::Append(to, v, std::endian::little); }
inline void PutFixed64(std::string* to, uint64_t v) { internal::Append(to, v, std::endian::little); }
inline void PutBigEndian32(std::string* to, uint32_t v) { internal::Append(to, v, std::endian::big); }
inline void PutBigEndian64(std::string* to, uint64_t v) { internal::Append(to, v, std::endian::big); }

// Writes at most kMaxVarint64Bytes at `to`; returns one past the last.
inline char* EncodeVarint64(char* to, uint64_t v) {
  while (v >= 0x80) {
    *to++ = static_cast<char>(static_cast<uint8_t>(v) | 0x80u);
    v >>= 7;
  }
  *to++ = static_cast<char>(v);
  return to;
}
inline size_t VarintLength(uint64_t v) { return v == 0 ? 1 : (static_cast<size_t>(std::bit_width(v)) + 6) / 7; }
inline void PutVarint64(std::string* to, uint64_t v) {
  char bytes[kMaxVarint64Bytes];
  to->append(bytes, static_cast<size_t>(EncodeVarint64(bytes, v) - bytes));
}
inline void PutVarint32(std::string* to, uint32_t v) { PutVarint64(to, v); }
inline void PutLengthPrefixed(std::string* to, std::string_view bytes) {
  PutVarint64(to, bytes.size());
  to->append(bytes);
}
// Signed numbers of small magnitude as short varints: 0, -1, 1, -2 … become 0, 1, 2, 3 …
inline uint64_t ZigZag(int64_t v) { return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63); }
inline int64_t UnZigZag(uint64_t v) { return static_cast<int64_t>((v >> 1) ^ (~(v & 1) + 1)); }

// Reads forward through bytes that may be cut short or damaged. A method that answers false has moved nothing.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool empty() const { return at_ == end_; }
  [[nodiscard]] size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  [[nodiscard]] std::string_view rest() const { return {at_, remaining()}; }

  [[nodiscard]] bool ReadByte(uint8_t* out) {
    if (empty()) return false;
    *out = static_cast<uint8_t>(*at_++);
    return true;
  }
  [[nodiscard]] bool ReadFixed16(uint16_t* out) { return ReadNumber(out, std::endian::little); }
  [[nodiscard]] bool ReadFixed32(uint32_t* out) { return ReadNumber(out, std::endian::little); }
  [[nodiscard]] bool ReadFixed64(uint64_t* out) { return ReadNumber(out, std::endian::little); }
  [[nodiscard]] bool ReadBigEndian32(uint32_t* out) { return ReadNumber(out, std::endian::big); }
  [[nodiscard]] bool ReadBigEndian64(uint64_t* out) { return ReadNumber(out, std::endian::big); }

  [[nodiscard]] bool ReadVarint64(uint64_t* out) {
    uint64_t v = 0;
    const char* at = at_;
    for (unsigned shift = 0; at != end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at++);
      if (shift == 63 && byte > 1) return false;  // more than 64 bits
      v |= static_cast<uint64_t>(byte & 0x7fu) << shift;
      if (byte < 0x80) {
        if (byte == 0 && shift != 0) return false;  // not the shortest spelling
        *out = v;
        at_ = at;
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool ReadVarint32(uint32_t* out) {
    const char* start = at_;
    uint64_t v = 0;
    if (!ReadVarint64(&v)) return false;
    if (v > UINT32_MAX) {
      at_ = start;
      return false;
    }
    *out = static_cast<uint32_t>(v);
    return true;
  }
  [[nodiscard]] bool ReadBytes(uint64_t n, std::string_view* out) {
    if (n > remaining()) return false;
    *out = {at_, static_cast<size_t>(n)};
    at_ += n;
    return true;
  }
  [[nodiscard]] bool ReadLengthPrefixed(std::string_view* out) {
    const char* start = at_;
    uint64_t n = 0;
    if (ReadVarint64(&n) && ReadBytes(n, out)) return true;
    at_ = start;
    return false;
  }
  [[nodiscard]] bool Skip(uint64_t n) {
    std::string_view skipped;
    return ReadBytes(n, &skipped);
  }

 private:
  template <typename T>
  [[nodiscard]] bool ReadNumber(T* out, std::endian order) {
    if (remaining() < sizeof(T)) return false;
    *out = internal::Load<T>(at_, order);
    at_ += sizeof(T);
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace sochdb
