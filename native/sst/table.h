// Table: one immutable sorted file, open for reading.
//
// Index, filter and properties are read, checked and kept in memory when it is opened, or, where the manifest states the
// properties, by the first read that needs them. Data blocks come through the cache.
// Every block's checksum is checked when it is read from the file; a wrong one is kCorruption with file, offset,
// expected and actual.
//
// Thread safety: any thread.
// Ownership: the caller keeps the table while iterators of it live. Values point into blocks that a BlockRef (or the iterator,
// until its next move) keeps alive.

#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/status.h"
#include "env/env.h"
#include "mem/snapshot_iterator.h"
#include "mem/version.h"
#include "sst/block_cache.h"
#include "sst/point_read.h"
#include "sst/table_properties.h"

namespace sochdb {

class Table {
 public:
  // How filters hash keys: part of the format (sst_format.h).
  static constexpr uint64_t kFilterSeed = 0x5bd1e995c9a7d1f3ull;
  static uint64_t FilterHash(std::string_view key) { return Hash64(key, kFilterSeed); }

  struct OpenOptions {
    BlockCache* cache = nullptr;  // null: every block is read from the file
    bool check_all = false;       // reads and checks every block first
    // What the manifest states. Then opening looks at the file's length alone, and damage of index, filter or footer, or
    // another table in its place, is the failure of whatever needs them first. Null: all of that is found here.
    const TableProperties* known = nullptr;
  };
  static Result<std::unique_ptr<Table>> Open(Env* env, const std::string& path, uint64_t file_number,
                                             const OpenOptions& options);
  virtual ~Table() = default;

  // The newest version with ts <= read_ts, deletes and expired ones included. `hash` is FilterHash(key): callers ask many
  // tables for one key. *pin keeps out->value alive.
  virtual Status Get(std::string_view key, uint64_t hash, Timestamp read_ts, VersionView* out, BlockRef* pin,
                     bool* found) const = 0;
  // As Get of each, which has its hash; what is found is added to its read, what keeps it to *pins. REQUIRES: at most
  // PointRead::kAtOnce, none found yet.
  virtual Status GetMany(std::span<PointRead* const> reads, Timestamp read_ts, BlockPins* pins) const = 0;
  // Visits versions with ts <= read_ts, newest first, until visit returns false (*stopped). Views are valid during the call.
  using Visit = std::function<bool(const VersionView&)>;
  virtual Status VisitVersions(std::string_view key, uint64_t hash, Timestamp read_ts, const Visit& visit,
                               bool* stopped) const = 0;
  // The timestamp of some version in [lo, hi) (hi empty: open) that is newer than `above`; 0 when there is none.
  virtual Status NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above, Timestamp* newest) const = 0;

  // fill_cache false: blocks that are not cached are read past the cache (compaction, verification, backups).
  virtual std::unique_ptr<SnapshotIterator> NewIterator(Timestamp read_ts, bool fill_cache = true) const = 0;
  virtual std::unique_ptr<VersionStream> NewVersionStream(bool fill_cache = false) const = 0;

  // Reads and checks every block, in file order; `visit` hears of each bad one and says whether to go on. What is checked is
  // more than the checksums: also the order of entries, and that blocks, index and properties agree. The status is that of
  // reading the file at all: kCorruption where nothing finds its blocks any more.
  struct BadBlock {
    uint64_t offset = 0;
    uint32_t expected = 0;  // checksums; equal where the fault is another
    uint32_t actual = 0;
    std::string fault;  // in words
  };
  virtual Status Verify(const std::function<bool(const BadBlock&)>& visit, uint64_t* blocks) const = 0;

  // For repair: every version in a sound block, in order; `lost` hears of each damaged block: where it lies, and between which
  // keys (both may have versions in it) what it held is missing.
  using SalvageVisit = std::function<Status(std::string_view key, const VersionView&)>;
  using LossVisit = std::function<void(uint64_t offset, std::string_view from, std::string_view through)>;
  virtual Status Salvage(const SalvageVisit& visit, const LossVisit& lost) const = 0;

  // About how many stored bytes lie in [lo, hi) (hi empty: open); half of them where the index cannot be read.
  [[nodiscard]] virtual uint64_t ApproximateBytes(std::string_view lo, std::string_view hi) const = 0;
  [[nodiscard]] virtual const TableProperties& properties() const = 0;
  [[nodiscard]] virtual uint64_t file_number() const = 0;
  [[nodiscard]] virtual const std::string& path() const = 0;
  [[nodiscard]] virtual uint64_t memory_bytes() const = 0;  // index and filter, once read
};

}  // namespace sochdb
