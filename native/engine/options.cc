#include "engine/options.h"

#include <string>

#include "wal/wal_format.h"

namespace sochdb {
namespace {

constexpr uint64_t kMaxTableBytes = uint64_t{1} << 40;

Status Refused(const char* option, const std::string& takes) {
  return Status(Code::kInvalidArgument, std::string("The option ") + option + " takes " + takes + ".").With("option", option);
}

std::string Between(uint64_t low, uint64_t high) { return std::to_string(low) + " to " + std::to_string(high); }

Status CheckThreads(const char* option, uint32_t threads) {
  if (threads >= 1 && threads <= kMaxBackgroundThreads) return {};
  return Refused(option, Between(1, kMaxBackgroundThreads));
}

Status CheckLog(const EngineOptions& options) {
  const WalOptions& wal = options.wal;
  if (wal.segment_bytes < kMinWalSegmentBytes || wal.segment_bytes > kMaxWalSegmentBytes) {
    return Refused("walSegmentBytes", Between(kMinWalSegmentBytes, kMaxWalSegmentBytes));
  }
  return {};
}

Status CheckTables(const EngineOptions& options) {
  if (!CompressionAvailable(options.compression)) {
    // The codec itself says how to get it.
    std::string none;
    return Compress(options.compression, options.compression_level, {}, &none).With("option", "compression");
  }
  if (options.compression_level < 0 || options.compression_level > 22) return Refused("compressionLevel", Between(0, 22));
  if (options.index_policy && static_cast<int>(*options.index_policy) >= kIndexPolicyCount) {
    return Refused("indexPolicy", "writeOptimized, balanced, scanOptimized or appendOnly");
  }
  if (options.target_file_bytes > kMaxTableBytes || options.base_level_bytes > kMaxTableBytes) {
    return Refused("targetFileBytes", "at most " + std::to_string(kMaxTableBytes));
  }
  return {};
}

}  // namespace

Status CheckOptions(const EngineOptions& options) {
  if (options.max_transaction_bytes == 0) return Refused("maxTransactionBytes", "a number above 0");
  if (options.memtable_bytes < kMinMemtableBytes || options.memtable_bytes > kMaxTableBytes) {
    return Refused("memtableSizeBytes", Between(kMinMemtableBytes, kMaxTableBytes));
  }
  if (options.block_cache_bytes > kMaxTableBytes) return Refused("blockCacheSizeBytes", Between(0, kMaxTableBytes));
  if (options.graph_cache_bytes > kMaxTableBytes) return Refused("graphCacheSizeBytes", Between(0, kMaxTableBytes));
  SOCHDB_TRY(CheckThreads("flushThreads", options.flush_threads));
  SOCHDB_TRY(CheckThreads("compactionThreads", options.compaction_threads));
  SOCHDB_TRY(CheckLog(options));
  return CheckTables(options);
}

}  // namespace sochdb
