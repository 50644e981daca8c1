// libFuzzer target: the FORMAT and CLEAN files of a store, with and without a checksum that is right.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "engine/store_format.h"

namespace {

using namespace sochdb;

void Try(std::string_view bytes) {
  StoreFormat format;
  const Status read = DecodeStoreFormat("FORMAT", bytes, &format);
  if (!read.ok() && read.code() != Code::kCorruption && read.code() != Code::kFormatVersion) std::abort();
  // What a later version adds behind the known fields is not read, and not refused.
  if (read.ok() && EncodeStoreFormat(format).substr(12) != bytes.substr(12, EncodeStoreFormat(format).size() - 12))
    std::abort();
  CleanMarker marker;
  const Status clean = DecodeCleanMarker("CLEAN", bytes, &marker);
  if (!clean.ok() && clean.code() != Code::kCorruption && clean.code() != Code::kFormatVersion) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  Try(bytes);
  if (size < 12) return 0;
  EncodeFixed32(bytes.data() + 8, MaskCrc(Crc32c(std::string_view(bytes).substr(12))));
  Try(bytes);
  return 0;
}
