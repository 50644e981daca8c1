#include "codec/lz4.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "base/status.h"

namespace sochdb {
namespace {

constexpr size_t kMinMatch = 4;
constexpr size_t kLastLiterals = 5;
constexpr size_t kMatchMargin = 12;  // the last match begins at least so far before the end
constexpr size_t kMaxOffset = 65535;
constexpr size_t kNibble = 15;
// After so many positions without a match, steps grow by one.
constexpr unsigned kSkipShift = 6;

using Byte = unsigned char;

uint32_t Load32(const Byte* at) {
  uint32_t v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

uint64_t Load64(const Byte* at) {
  uint64_t v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

void Copy8(Byte* to, const Byte* from) { std::memcpy(to, from, 8); }
void Copy16(Byte* to, const Byte* from) { std::memcpy(to, from, 16); }

// --- compression ---

// The newest position of each hash. Small inputs have 16-bit positions, and so twice the entries.
template <typename Position>
struct PositionTable {
  static constexpr unsigned kBits = sizeof(Position) == 2 ? 13 : 12;

  static size_t SlotOf(const Byte* at) {
    if constexpr (sizeof(Position) == 2) return (Load32(at) * 2654435761u) >> (32 - kBits);
    // Five bytes: in long inputs nearly everything has four in common with something.
    else
      return static_cast<size_t>(((DecodeFixed64(reinterpret_cast<const char*>(at)) << 24) * 889523592379ull) >> (64 - kBits));
  }

  Position slots[size_t{1} << kBits] = {};
};

// How many bytes at `a` and `b` are equal, `a` going no further than `limit`.
size_t CommonLength(const Byte* a, const Byte* b, const Byte* limit) {
  const Byte* const start = a;
  while (limit - a >= 8) {
    const uint64_t difference = Load64(a) ^ Load64(b);
    if (difference != 0) {
      const int bits = std::endian::native == std::endian::little ? std::countr_zero(difference) : std::countl_zero(difference);
      return static_cast<size_t>(a - start) + static_cast<size_t>(bits) / 8;
    }
    a += 8;
    b += 8;
  }
  while (a < limit && *a == *b) {
    ++a;
    ++b;
  }
  return static_cast<size_t>(a - start);
}

// What is left of a length behind the 15 in the token.
Byte* PutLength(Byte* to, size_t rest) {
  while (rest >= 255) {
    *to++ = 255;
    rest -= 255;
  }
  *to++ = static_cast<Byte>(rest);
  return to;
}

// Token (its match part still 0) and literals.
Byte* PutLiterals(Byte* to, const Byte* from, size_t n) {
  *to++ = static_cast<Byte>(std::min(n, kNibble) << 4);
  if (n >= kNibble) to = PutLength(to, n - kNibble);
  if (n != 0) std::memcpy(to, from, n);
  return to + n;
}

// The same, in wide steps. REQUIRES: 16 readable bytes behind from + n, and 16 writable ones behind the literals.
Byte* PutLiteralsFast(Byte* to, const Byte* from, size_t n) {
  *to++ = static_cast<Byte>(std::min(n, kNibble) << 4);
  if (n >= kNibble) to = PutLength(to, n - kNibble);
  for (size_t i = 0; i < n; i += 16) Copy16(to + i, from + i);
  return to + n;
}

template <typename Position>
struct Compressor {
  const Byte* const begin;
  const Byte* const match_begin_limit;  // matches begin below
  const Byte* const match_end_limit;
  PositionTable<Position> table;

  Compressor(const Byte* from, size_t n)
      : begin(from), match_begin_limit(from + n - kMatchMargin), match_end_limit(from + n - kLastLiterals) {}

  // The candidate for `at`, which takes its place in the table.
  const Byte* Exchange(const Byte* at) {
    Position& slot = table.slots[PositionTable<Position>::SlotOf(at)];
    const Byte* const candidate = begin + slot;
    slot = static_cast<Position>(at - begin);
    return candidate;
  }

  static bool Matches(const Byte* at, const Byte* candidate) {
    const auto distance = static_cast<size_t>(at - candidate);
    if constexpr (sizeof(Position) == 2) return distance != 0 && Load32(at) == Load32(candidate);
    return distance - 1 < kMaxOffset && Load32(at) == Load32(candidate);
  }

  // The next position from `at` on that has a match; null when there is none. REQUIRES: at <= match_begin_limit.
  const Byte* Find(const Byte* at, const Byte** match) {
    for (size_t tries = size_t{1} << kSkipShift;; ++tries) {
      const Byte* const candidate = Exchange(at);
      if (Matches(at, candidate)) {
        *match = candidate;
        return at;
      }
      const size_t step = tries >> kSkipShift;
      if (static_cast<size_t>(match_begin_limit - at) < step) return nullptr;
      at += step;
    }
  }

  Byte* Run(Byte* out) {
    const Byte* anchor = begin;  // all before is written
    const Byte* match = nullptr;
    const Byte* at = Find(begin, &match);
    while (at != nullptr) {
      while (at > anchor && match > begin && at[-1] == match[-1]) {
        --at;
        --match;
      }
      const auto literals = static_cast<size_t>(at - anchor);
      Byte* const token = out;
      // At least twelve readable bytes stand behind the literals; sixteen are needed.
      const bool wide = match_end_limit - at >= 16;
      out = wide ? PutLiteralsFast(out, anchor, literals) : PutLiterals(out, anchor, literals);
      const auto offset = static_cast<size_t>(at - match);
      *out++ = static_cast<Byte>(offset & 0xff);
      *out++ = static_cast<Byte>(offset >> 8);
      const size_t length = CommonLength(at + kMinMatch, match + kMinMatch, match_end_limit);
      *token = static_cast<Byte>(*token | std::min(length, kNibble));
      if (length >= kNibble) out = PutLength(out, length - kNibble);
      at += kMinMatch + length;
      anchor = at;
      if (at > match_begin_limit) break;
      (void)Exchange(at - 2);  // what follows often repeats together with the end of a match
      at = Find(at, &match);
    }
    return PutLiterals(out, anchor, static_cast<size_t>(match_end_limit + kLastLiterals - anchor));
  }
};

template <typename Position>
size_t CompressWith(const Byte* from, size_t n, Byte* out) {
  Compressor<Position> compressor(from, n);
  return static_cast<size_t>(compressor.Run(out) - out);
}

// --- decompression ---

// Adds the bytes behind a 15; false when they are cut short, or the sum is more than `limit`.
bool ReadLength(const Byte** in, const Byte* in_end, size_t limit, size_t* length) {
  Byte byte;
  do {
    if (*in == in_end || *length > limit) return false;
    byte = *(*in)++;
    *length += byte;
  } while (byte == 255);
  return *length <= limit;
}

// Repeats what stands `offset` behind `out`. REQUIRES: 16 writable bytes behind out + length.
void CopyMatchWide(Byte* out, size_t offset, size_t length) {
  Byte* const end = out + length;
  const Byte* from = out - offset;
  if (offset >= 16) {
    for (; out < end; out += 16, from += 16) Copy16(out, from);
    return;
  }
  if (offset < 8) {
    // Spells out the first eight bytes; a distance of a few periods is then wide enough for steps of eight.
    for (size_t i = 0; i < 8; ++i) out[i] = from[i];
    out += 8;
    from = out - (8 + offset - 1) / offset * offset;
  }
  for (; out < end; out += 8, from += 8) Copy8(out, from);
}

struct Decompressor {
  const Byte* in;
  const Byte* const in_end;
  Byte* const out_begin;
  Byte* out;
  Byte* const out_end;

  [[nodiscard]] size_t InLeft() const { return static_cast<size_t>(in_end - in); }
  [[nodiscard]] size_t OutLeft() const { return static_cast<size_t>(out_end - out); }

  // Most sequences: few literals, a short match, far from both ends. Returns false, having done nothing but the literals
  // (*literals_done) or nothing at all, for others.
  bool RunShort(Byte token, bool* literals_done) {
    const size_t literals = token >> 4;
    if (literals == kNibble || InLeft() < 16 + kMatchMargin || OutLeft() < 48) return false;
    Copy16(out, in);
    out += literals;
    in += literals;
    *literals_done = true;
    const size_t offset = static_cast<size_t>(in[0]) | static_cast<size_t>(in[1]) << 8;
    const size_t length = token & kNibble;
    if (length == kNibble || offset < 8 || offset > static_cast<size_t>(out - out_begin)) return false;
    const Byte* const from = out - offset;
    Copy8(out, from);
    Copy8(out + 8, from + 8);
    std::memcpy(out + 16, from + 16, 2);
    out += length + kMinMatch;
    in += 2;
    return true;
  }

  bool RunLiterals(Byte token) {
    size_t literals = token >> 4;
    if (literals == kNibble && !ReadLength(&in, in_end, OutLeft(), &literals)) return false;
    if (literals > InLeft() || literals > OutLeft()) return false;
    if (InLeft() - literals >= 16 && OutLeft() - literals >= 16) {
      for (size_t i = 0; i < literals; i += 16) Copy16(out + i, in + i);
    } else if (literals != 0) {
      std::memcpy(out, in, literals);
    }
    in += literals;
    out += literals;
    return true;
  }

  bool RunMatch(Byte token) {
    // An offset, and what must follow the last match: a token and five literals.
    if (InLeft() < 2 + 1 + kLastLiterals || OutLeft() < kMatchMargin) return false;
    const size_t offset = static_cast<size_t>(in[0]) | static_cast<size_t>(in[1]) << 8;
    in += 2;
    if (offset == 0 || offset > static_cast<size_t>(out - out_begin)) return false;
    const size_t limit = OutLeft() - kLastLiterals;
    size_t length = (token & kNibble) + kMinMatch;
    if ((token & kNibble) == kNibble && !ReadLength(&in, in_end, limit, &length)) return false;
    if (length > limit) return false;
    if (OutLeft() - length >= 16) {
      CopyMatchWide(out, offset, length);
    } else {
      for (size_t i = 0; i < length; ++i) out[i] = (out - offset)[i];
    }
    out += length;
    return true;
  }

  bool Run() {
    while (in < in_end) {
      const Byte token = *in++;
      bool literals_done = false;
      if (RunShort(token, &literals_done)) continue;
      if (!literals_done && !RunLiterals(token)) return false;
      if (in == in_end) return out == out_end;
      if (!RunMatch(token)) return false;
    }
    return false;  // a match is not the end
  }
};

}  // namespace

size_t Lz4Compress(std::string_view in, char* out) {
  SOCHDB_CHECK(in.size() <= kLz4MaxInputBytes);
  const auto* const from = reinterpret_cast<const Byte*>(in.data());
  auto* const to = reinterpret_cast<Byte*>(out);
  if (in.size() <= kMatchMargin) return static_cast<size_t>(PutLiterals(to, from, in.size()) - to);
  if (in.size() <= kMaxOffset) return CompressWith<uint16_t>(from, in.size(), to);
  return CompressWith<uint32_t>(from, in.size(), to);
}

bool Lz4Decompress(std::string_view in, char* out, size_t out_size) {
  const auto* const from = reinterpret_cast<const Byte*>(in.data());
  auto* const to = reinterpret_cast<Byte*>(out);
  Decompressor decompressor{from, from + in.size(), to, to, to + out_size};
  return decompressor.Run();
}

}  // namespace sochdb
