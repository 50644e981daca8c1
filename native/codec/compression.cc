#include "codec/compression.h"

#include <algorithm>
#include <cstring>

#include "codec/lz4.h"
#include "codec/zstd.h"

namespace sochdb {
namespace {

Status NotBuiltIn(CompressionType type) {
  if (type != CompressionType::kZstd) {
    return {Code::kUnsupported, "Compression " + std::to_string(static_cast<int>(type)) +
                                    " is unknown to this version of SochDB. Use a newer one."};
  }
  return {Code::kUnsupported,
          "This SochDB was built without ZSTD. Install the optional package zstd-napi and reinstall sochdb, so that it is "
          "built in; or, for data that is still to be written, choose the compression \"lz4\".",
          {{"package", "zstd-napi"}}};
}

Status Malformed(CompressionType type, size_t raw_size) {
  return {Code::kCorruption,
          "Bytes that were compressed with " + std::string(CompressionName(type)) + " are damaged.",
          {{"expected", std::to_string(raw_size) + " bytes of " + std::string(CompressionName(type))}, {"actual", "others"}}};
}

static_assert(kMaxCompressedRawBytes <= kLz4MaxInputBytes);

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

bool CompressionAvailable(CompressionType type) {
  switch (type) {
    case CompressionType::kNone:
    case CompressionType::kLz4:
      return true;
    case CompressionType::kZstd:
      return kZstdBuiltIn;
  }
  return false;
}

size_t CompressBound(CompressionType type, size_t n) {
  if (type == CompressionType::kLz4) return Lz4CompressBound(n);
  return type == CompressionType::kZstd ? ZstdCompressBound(n) : n;
}

Status Compress(CompressionType type, int level, std::string_view in, std::string* out) {
  if (!CompressionAvailable(type)) return NotBuiltIn(type);
  if (in.size() > kMaxCompressedRawBytes) {
    return {Code::kLimit,
            "A block of " + std::to_string(in.size()) + " bytes is more than can be compressed at once.",
            {{"limit", std::to_string(kMaxCompressedRawBytes)}}};
  }
  if (type == CompressionType::kNone) {
    out->append(in);
    return {};
  }
  const size_t had = out->size();
  out->resize(had + CompressBound(type, in.size()));
  size_t size = 0;
  Status compressed;
  if (type == CompressionType::kLz4) size = Lz4Compress(in, out->data() + had);
  else compressed = ZstdCompress(level, in, out->data() + had, out->size() - had, &size);
  out->resize(had + (compressed.ok() ? size : 0));
  return compressed;
}

Status Decompress(CompressionType type, std::string_view in, char* out, size_t raw_size) {
  if (!CompressionAvailable(type)) return NotBuiltIn(type);
  bool sound = raw_size <= kMaxCompressedRawBytes;
  if (sound && type == CompressionType::kNone) {
    sound = in.size() == raw_size;
    if (sound && raw_size != 0) std::memcpy(out, in.data(), raw_size);
  } else if (sound && type == CompressionType::kLz4) {
    sound = Lz4Decompress(in, out, raw_size);
  } else if (sound) {
    SOCHDB_TRY(ZstdDecompress(in, out, raw_size, &sound));
  }
  return sound ? Status() : Malformed(type, raw_size);
}

}  // namespace sochdb
