// Compression: blocks of bytes made smaller, by a codec that a one-byte tag names.
//
// Callers store the tag and the raw size beside the compressed bytes (in a table's block, in a log record); a codec stores
// neither. Pick the codec with the option the user set, and keep the result only where ShrinksEnough says so: otherwise store
// the raw bytes with the tag kNone, which costs nothing to read.
//
// LZ4 is ours (lz4.h) and always there. ZSTD comes from the package zstd-napi, whose sources are compiled into the
// addon where the package is installed; without it, a store that holds ZSTD data gives kUnsupported naming the package.
//
// Thread safety: any thread. ZSTD keeps a context per thread, freed with the thread.
// Limits: raw sizes of at most kMaxCompressedRawBytes; Decompress writes exactly raw_size bytes, or fails.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace sochdb {

enum class CompressionType : uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };  // on disk: numbers are never reused

inline constexpr size_t kMaxCompressedRawBytes = 1024ull * 1024 * 1024;

// Whether a tag that was read is one this version knows, built in or not.
[[nodiscard]] inline bool IsCompressionType(uint8_t tag) { return tag <= static_cast<uint8_t>(CompressionType::kZstd); }
// "none", "lz4", "zstd".
[[nodiscard]] std::string_view CompressionName(CompressionType type);
// Whether this build can compress and decompress with it.
[[nodiscard]] bool CompressionAvailable(CompressionType type);

// Compression is kept when it saves an eighth.
[[nodiscard]] inline bool ShrinksEnough(size_t raw_size, size_t compressed_size) {
  return compressed_size < raw_size - raw_size / 8;
}

// The most that n bytes can become, and so the room that Compress takes in *out while it works.
[[nodiscard]] size_t CompressBound(CompressionType type, size_t n);

// Appends the compressed bytes to *out, which is as it was on failure. `level` is ZSTD's: 1 (fast, the default for 0) to 19;
// others ignore it. kUnsupported when the codec is not built in, kLimit beyond kMaxCompressedRawBytes.
Status Compress(CompressionType type, int level, std::string_view in, std::string* out);

// Writes raw_size bytes to `out`. kCorruption when `in` is not the compressed form of exactly that many bytes (what `out` holds
// is then unspecified); kUnsupported when the codec is not built in.
// Never reads outside `in` or writes outside [out, out + raw_size), whatever the bytes are.
Status Decompress(CompressionType type, std::string_view in, char* out, size_t raw_size);

}  // namespace sochdb
