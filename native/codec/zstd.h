// ZSTD, where it was built in: the one place that knows zstd's own interface.
//
// SOCHDB_HAVE_ZSTD is defined by the build when the sources in the package zstd-napi are compiled too. Without them
// kZstdBuiltIn is false, and nothing else here may be called.
//
// Thread safety: any thread; contexts are kept per thread. Use it through compression.h.

#pragma once

#include <string_view>

#include "base/status.h"

namespace sochdb {

#ifdef SOCHDB_HAVE_ZSTD
inline constexpr bool kZstdBuiltIn = true;
#else
inline constexpr bool kZstdBuiltIn = false;
#endif

[[nodiscard]] size_t ZstdCompressBound(size_t n);
// REQUIRES: capacity >= ZstdCompressBound(in.size()). Sets *size. `level` 1 to 19, clamped; 0 is 1.
Status ZstdCompress(int level, std::string_view in, char* out, size_t capacity, size_t* size);
// *sound says whether `in` was one frame of exactly raw_size bytes. Fails only for want of memory.
Status ZstdDecompress(std::string_view in, char* out, size_t raw_size, bool* sound);

}  // namespace sochdb
