// libFuzzer target: LZ4. Any bytes decompress to what their size says or are refused; what is compressed comes back.
//
//   2  the size that decompression is asked for, then a block; and all of the input as bytes to compress

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "codec/lz4.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sochdb;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= 2) {
    // Exactly as large as promised, so that the sanitizer sees a byte too much.
    std::string out(DecodeFixed16(bytes.data()), '\0');
    out.shrink_to_fit();
    (void)Lz4Decompress(std::string_view(bytes).substr(2), out.data(), out.size());
  }
  std::string packed(Lz4CompressBound(size), '\0');
  packed.resize(Lz4Compress(bytes, packed.data()));
  packed.shrink_to_fit();
  std::string back(size, '\0');
  if (!Lz4Decompress(packed, back.data(), back.size()) || back != bytes) std::abort();
  std::string other(size + 1, '\0');
  if (Lz4Decompress(packed, other.data(), other.size())) std::abort();
  return 0;
}
