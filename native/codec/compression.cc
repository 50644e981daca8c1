#include "codec/compression.h"

#include <cstring>

namespace sochdb {
namespace {

Status NotBuiltIn(CompressionType type) {
  return {Code::kUnsupported, "Compression \"" + std::string(CompressionName(type)) + "\" is not built into this engine."};
}

}  // namespace

std::string_view CompressionName(CompressionType type) {
  switch (type) {
    case CompressionType::kNone:
      return "none";
    case CompressionType::kLz4:
      return "lz4";
    case CompressionType::kZstd:
      return "zstd";
  }
  return "unknown";
}

bool CompressionAvailable(CompressionType type) { return type == CompressionType::kNone; }

Status Compress(CompressionType type, int /*level*/, std::string_view in, std::string* out) {
  if (type != CompressionType::kNone) return NotBuiltIn(type);
  out->append(in);
  return {};
}

Status Decompress(CompressionType type, std::string_view in, char* out, size_t raw_size) {
  if (type != CompressionType::kNone) return NotBuiltIn(type);
  if (in.size() != raw_size) {
    return {Code::kCorruption,
            "A block's bytes are not those that were stored.",
            {{"expected", std::to_string(raw_size)}, {"actual", std::to_string(in.size())}}};
  }
  if (raw_size != 0) std::memcpy(out, in.data(), raw_size);
  return {};
}

}  // namespace sochdb
