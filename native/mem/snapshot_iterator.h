// SnapshotIterator and VersionStream: the two ways in which sorted data is walked, whatever holds it (a memtable, a table on
// disk, a merge of several).
//
//   SnapshotIterator   for readers: each key once, with its newest version at a timestamp, forward and backward
//   VersionStream      for flush and compaction: every version of every key, keys ascending, versions newest first
//
// Thread safety: one thread at a time.

#pragma once

#include <string_view>

#include "base/status.h"
#include "base/types.h"
#include "mem/entry_run.h"
#include "mem/version.h"

namespace sochdb {

// Keys in order; at each the newest version with ts <= the timestamp it was made for, deletes and expired ones included. Keys
// without such a version are skipped. REQUIRES for Next, Prev, key and version: Valid().
class SnapshotIterator {
 public:
  virtual ~SnapshotIterator() = default;
  virtual bool Valid() const = 0;
  virtual void SeekToFirst() = 0;
  virtual void SeekToLast() = 0;
  virtual void Seek(std::string_view target) = 0;         // first key >= target
  virtual void SeekForPrev(std::string_view target) = 0;  // last key < target
  virtual void Next() = 0;
  virtual void Prev() = 0;
  virtual std::string_view key() const = 0;        // valid until the next move
  virtual const VersionView& version() const = 0;  // its value too
  virtual Status status() const { return {}; }     // why it is not valid: OK at the end

  // Takes a run (cleared by the caller) from the entry it stands at on, and then stands behind it, as after Next. Takes
  // nothing where there is no run to be had cheaply, or the walk is not going forward. REQUIRES: Valid(), key() < run->bound.
  virtual void TakeRun(EntryRun* run) { (void)run; }
  // To be called before version() once a run was taken: false when the entry could not be read, and the walk has ended.
  virtual bool ShowVersion() { return true; }
};

// REQUIRES for Next, key and version: Valid().
class VersionStream {
 public:
  virtual ~VersionStream() = default;
  virtual bool Valid() const = 0;
  virtual void SeekToFirst() = 0;
  virtual void Seek(std::string_view target) = 0;  // newest version of the first key >= target
  virtual void Next() = 0;                         // the next older version of the key, else the next key
  virtual std::string_view key() const = 0;        // valid until the next move
  virtual const VersionView& version() const = 0;
  virtual Status status() const { return {}; }
};

}  // namespace sochdb
