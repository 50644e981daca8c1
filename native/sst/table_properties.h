// What a table says of itself: written into the table and into the manifest.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.h"
#include "codec/compression.h"

namespace sochdb {

// How a table is laid out.
struct TableOptions {
  uint32_t block_bytes = 16 * 1024;  // of a data block, before compression
  uint32_t restart_interval = 16;    // entries between whole keys
  uint32_t bloom_bits_per_key = 10;  // 0: no filter
  CompressionType compression = CompressionType::kLz4;
  int compression_level = 0;  // 0: the codec's own
};

struct TableProperties {
  uint64_t file_bytes = 0;
  uint64_t raw_bytes = 0;   // keys and values as they were added, uncompressed
  uint64_t data_bytes = 0;  // data blocks as they are stored
  uint64_t entries = 0;     // versions
  uint64_t keys = 0;        // distinct keys
  uint64_t deletes = 0;
  uint64_t merges = 0;
  uint64_t blocks = 0;
  Timestamp min_ts = 0;
  Timestamp max_ts = 0;
  ExpiryMs min_expiry_ms = kNeverExpires;  // the earliest expiry of any version; kNeverExpires: none expires
  ExpiryMs max_expiry_ms = kNeverExpires;  // the latest
  uint64_t expiring = 0;                   // versions that expire some day
  uint32_t block_bytes = 0;                // TableOptions it was written with: a change of policy rewrites tables that differ
  CompressionType compression = CompressionType::kNone;
  std::string smallest_key;
  std::string largest_key;
  std::vector<uint64_t> blobs;  // numbers of the blob files that its values name, ascending

  // For the footer and the manifest.
  void EncodeTo(std::string* out) const;
  static bool Decode(std::string_view* from, TableProperties* out);  // advances *from
};

}  // namespace sochdb
