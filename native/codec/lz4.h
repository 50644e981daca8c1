// LZ4 blocks: the public LZ4 block format, without frames, checksums or dictionaries; those who store a block store its raw
// size and checksum beside it.
//
// A block is a sequence of sequences. Each is a token, literals to take over as they are, and a match: bytes to repeat from
// `offset` behind the output's end. The match may reach into what it writes: offset 1 repeats one byte.
//
//   token  literal length   literals   offset   match length
//   ┌────┬───────────────┬──────────┬─────────┬────────────────┐
//   │ LM │ 255 … 255 n   │  bytes   │ lo  hi  │ 255 … 255 n    │
//   └────┴───────────────┴──────────┴─────────┴────────────────┘
//   L, the token's high four bits, counts the literals; M, the low four, the match's bytes beyond 4. Where either is 15, bytes
//   that follow are added to it, up to and with the first that is not 255. The offset is 1 to 65535, little-endian.
//
// The last sequence ends after its literals; its M is ignored. The last five bytes are literals, and the last match begins at
// least twelve bytes before the end, so a decoder may copy in wide steps. A block that breaks one of these rules is malformed.
// An empty block is the one byte 0.
//
// Compression is greedy: a hash table of positions by their first bytes gives one candidate for a match, and the longer none is
// found, the larger the steps. It finds what LZ4's own fast mode finds, more or less; blocks go both ways between the two.
//
// Thread safety: functions of their arguments. Memory: a table of 16 KiB on the stack.
// Limits: inputs of at most kLz4MaxInputBytes. Out-of-bounds accesses are impossible, whatever the bytes are.

#pragma once

#include <cstddef>
#include <string_view>

namespace sochdb {

inline constexpr size_t kLz4MaxInputBytes = 0x7E000000;

// The most that n bytes can become.
[[nodiscard]] constexpr size_t Lz4CompressBound(size_t n) { return n + n / 255 + 16; }

// Compresses `in` to `out`; returns the size there.
// REQUIRES: in.size() <= kLz4MaxInputBytes, Lz4CompressBound(in.size()) bytes at `out`, no overlap.
[[nodiscard]] size_t Lz4Compress(std::string_view in, char* out);

// Writes exactly out_size bytes to `out`; false when `in` is malformed or stands for another number of bytes. What `out` holds
// is then unspecified. REQUIRES: no overlap.
[[nodiscard]] bool Lz4Decompress(std::string_view in, char* out, size_t out_size);

}  // namespace sochdb
