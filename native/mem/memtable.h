// Memtable: the newest data of one tree, in memory: a hash index for points and an ordered index for ranges over
// shared key records, each the head of a newest-first chain of versions.
//
// Thread safety: one writer (the holder of the commit mutex), any number of wait-free readers.
// Ownership: keys, versions and values live in the memtable's arena and die with it; readers hold the memtable.
// Limits: keys of less than 16 MiB (callers admit kMaxKeyBytes, before prefixes and escapes), values of at most
// kBlobThresholdBytes (larger ones are blob references). Passing them ends the process: they are checked before.
//
// A version becomes visible to readers by its timestamp alone: Add may run before the commit is published,
// since a reader at read_ts skips versions with ts > read_ts.
//
// Memory: Add (without a Reserve), NewIterator and NewVersionStream may throw std::bad_alloc; whatever was added before stays
// readable then, and the key of the failed Add is unchanged.

#pragma once

#include <memory>
#include <string_view>

#include "base/arena.h"
#include "base/status.h"
#include "base/types.h"
#include "mem/snapshot_iterator.h"
#include "mem/version.h"

namespace sochdb {

struct KeyRecord;  // mem/key_record.h

class Memtable {
 public:
  struct Options {
    bool ordered = true;     // false for writeOptimized trees: sorted runs and an unsorted tail instead of an ordered index
    uint64_t hash_seed = 0;  // random, and the same for all memtables of a store, so that KeyRecord::hash compares
    size_t block_bytes = Arena::kDefaultBlockBytes;  // memory is taken, and counted, in pieces of this size
  };
  static std::unique_ptr<Memtable> Create(const Options& options);
  virtual ~Memtable() = default;

  // REQUIRES: commit mutex; ts is at least that of every earlier Add of this key. A second Add with the same ts replaces the
  // first's view. Key and value are copied. Returns the key's record, for the commit ring.
  virtual const KeyRecord* Add(std::string_view key, Timestamp ts, ValueKind kind, std::string_view value,
                               ExpiryMs expiry_ms) = 0;
  // REQUIRES: commit mutex. Takes memory ahead for `entries` Adds of together `bytes` of keys and values, so that running out
  // of it shows here, where nothing has happened yet: kOutOfMemory. What the indexes need varies; twice the average is taken.
  virtual Status Reserve(uint64_t entries, uint64_t bytes) = 0;

  // The newest version with ts <= read_ts, deletes and expired ones included; false when there is none.
  virtual bool Get(std::string_view key, Timestamp read_ts, VersionView* out) const = 0;
  // Asks for the memory that Get will look at first: worth it where many keys are looked up.
  virtual void Prefetch(std::string_view key) const = 0;
  // Visits versions with ts <= read_ts, newest first, until visit returns false: for merge operands.
  virtual void VisitVersions(std::string_view key, Timestamp read_ts, bool (*visit)(void* context, const VersionView&),
                             void* context) const = 0;
  // The timestamp of the newest version, 0 when the key was never written here: for validation.
  virtual Timestamp NewestTimestamp(std::string_view key) const = 0;
  // For validation: the timestamp of some version in [lo, hi) (hi empty: open) that is newer than `above`, 0 when there is
  // none. Stops at the first; a memtable with nothing newer answers without looking.
  virtual Timestamp NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above) const = 0;

  // While the writer goes on it shows every key with a version at read_ts that was added before NewIterator, exactly once and
  // in order, in both directions; of those added later, some.
  virtual std::unique_ptr<SnapshotIterator> NewIterator(Timestamp read_ts) const = 0;
  // Every version of every key, of several with one timestamp the last to be added. REQUIRES: nobody writes any more.
  virtual std::unique_ptr<VersionStream> NewVersionStream() const = 0;

  virtual uint64_t memory_bytes() const = 0;
  virtual uint64_t key_count() const = 0;   // distinct keys ever added
  virtual Timestamp newest_ts() const = 0;  // of all versions; 0 while there are none
};

}  // namespace sochdb
