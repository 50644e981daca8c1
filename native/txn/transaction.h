// Transaction, Snapshot and Cursor: the one way to read and write the store. Keys, rows, index entries, vectors: all
// go through here, so all commit together.
//
// Thread safety: a Transaction, a Snapshot and their Cursors belong to one thread at a time.
// Lifetime: cursors must be destroyed before their transaction; all of them before the Engine.
//
// Isolation (docs/internals/isolation.md has the argument):
//   serializable   reads register points and ranges; commit fails with kConflict if a later commit wrote to any of them
//   snapshot       only written keys are validated (first committer wins)
//   readCommitted  every statement reads a fresh snapshot; nothing is validated but constraint reads and what is replaced
// A transaction that holds the writer (a synchronous closure, an autocommit) reads the newest published state and is
// alone: it registers nothing and cannot conflict.

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "base/types.h"
#include "mem/entry_run.h"
#include "mem/version.h"
#include "sst/block_cache.h"
#include "sst/point_read.h"

namespace sochdb {

// A value read from the store. `data` is valid as long as both
//   - this object lives and is not read into again: `pin` holds a value that lies in a table, `owned` blobs and merged ones;
//   - what it was read through lasts, for a value that lies in a memtable: the transaction or snapshot (readCommitted: up to
//     its next BeginStatement, or its next read outside of statements); for Engine::Get the caller's EpochGuard. Own writes: up
//     to the next write to that key.
// Whoever keeps it longer copies it.
struct ReadValue {
  std::string_view data;
  Timestamp ts = 0;  // commit timestamp of the version; 0 for an own, uncommitted write
  ExpiryMs expiry_ms = kNeverExpires;
  BlockRef pin;
  std::string owned;
};

// The values of many keys (Reader::GetMany), in the order of the keys, each valid as the data of a ReadValue is, as long as
// this lives and is not read into again.
struct ReadValues {
  struct Item {
    bool found = false;
    std::string_view data;
  };
  std::vector<Item> items;
  BlockPins pins;
  std::deque<std::string> owned;

  // Forgets what was read, and makes room for so many.
  void Reset(size_t n) {
    items.assign(n, {});
    pins.clear();
    if (!owned.empty()) owned.clear();
  }
  // Takes over what was read alone.
  void Take(size_t i, ReadValue* value, bool found);
};

struct ScanOptions {
  bool reverse = false;
  bool keys_only = false;  // blob values are not fetched
};

// Walks the live keys of [lo, hi) in one tree (hi empty: open end), own writes merged in. A cursor sees own writes
// made before it was opened, none made after (no Halloween updates). As it advances it registers
// [lo, last key returned], or the whole range once exhausted; reverse likewise from hi.
//
//   for (;;) { SOCHDB_TRY(cursor->Next(&found)); if (!found) break; use(cursor->key(), cursor->value()); }
class Cursor {
 public:
  virtual ~Cursor() = default;
  // Moves to the next live entry (the first one at the first call); *found false at the end.
  virtual Status Next(bool* found) = 0;
  // Skips forward (reverse: backward) to the first entry at or beyond key in scan direction, then as Next.
  virtual Status SeekNext(std::string_view key, bool* found) = 0;
  // As so many calls of Next as the run has rows: one at least, and at most `want`. key() is then that of the last row; the
  // values are in the run, valid as its comment says, at the longest as long as the cursor. *found false at the end.
  virtual Status NextRun(uint32_t want, EntryRun* run, bool* found) {
    (void)want;
    run->Clear();
    SOCHDB_TRY(Next(found));
    if (*found) run->Add(key(), value());
    return {};
  }
  virtual std::string_view key() const = 0;    // valid until the next move
  virtual std::string_view value() const = 0;  // valid until the next move
  virtual Timestamp timestamp() const = 0;     // of the entry's version; 0 for an own write
};

// A read view: (read_ts, now_ms). Both transactions and plain snapshots are one.
class Reader {
 public:
  virtual ~Reader() = default;
  // *found false when there is no live version.
  virtual Status Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) = 0;
  // As Get of one key after the other, which costs more.
  virtual Status GetMany(TreeId tree, std::span<const std::string_view> keys, ReadValues* out);
  virtual Result<std::unique_ptr<Cursor>> NewCursor(TreeId tree, std::string_view lo, std::string_view hi,
                                                    const ScanOptions& options) = 0;
  virtual Timestamp read_ts() const = 0;
  virtual uint64_t now_ms() const = 0;
};

class Snapshot : public Reader {};  // released by destruction

// A position in a transaction's own writes; rolling back to it drops the later ones. Reads stay registered.
using SavepointId = uint32_t;

class Transaction : public Reader {
 public:
  ~Transaction() override = default;  // aborts unless finished

  virtual Status Put(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms = kNeverExpires) = 0;
  virtual Status Delete(TreeId tree, std::string_view key) = 0;  // blind: reads nothing
  virtual Status Merge(TreeId tree, std::string_view key, std::string_view operand) = 0;
  // A Put whose 8 bytes at value_offset are replaced, at commit, by the next number of the sequence `sequence_key`
  // (little-endian, from 1, without gaps over committed transactions, in commit order). Own reads see zeros there before
  // commit.
  virtual Status PutAssigned(TreeId tree, std::string_view key, std::string_view value, uint32_t value_offset,
                             std::string_view sequence_key) = 0;

  // A read that is validated at commit in every isolation level: for unique, foreign-key and catalog checks.
  virtual Status GetForConstraint(TreeId tree, std::string_view key, ReadValue* out, bool* found) = 0;
  // Registers [lo, hi) as read without reading it: for indexes that answer from derived structures.
  virtual void RegisterRangeRead(TreeId tree, std::string_view lo, std::string_view hi) = 0;
  // The same, validated at commit in every isolation level: for checks that something is absent (no row refers to this one).
  virtual void RegisterConstraintRange(TreeId tree, std::string_view lo, std::string_view hi) = 0;
  // Tells that the entry at `key`, which this statement has read, is about to be replaced or deleted, and with it entries that
  // were derived from it (of indexes): no other may have written it since, in any isolation level.
  virtual void RegisterReplacement(TreeId tree, std::string_view key) = 0;
  // Whether this transaction has own writes in [lo, hi).
  virtual bool HasOwnWrites(TreeId tree, std::string_view lo, std::string_view hi) const = 0;
  // Visits the own writes in [lo, hi) in key order: the value of a put, nothing for a delete (merges are skipped). Stops at
  // the first failure; kUnsupported for a value in a blob file. For indexes that answer from derived structures and add
  // what only this transaction sees.
  using OwnWriteVisitor = std::function<Status(std::string_view key, std::optional<std::string_view> value)>;
  virtual Status VisitOwnWrites(TreeId tree, std::string_view lo, std::string_view hi, const OwnWriteVisitor& visit) const = 0;

  // Statement boundaries: in readCommitted a new snapshot is taken; a failed statement is rolled back by the caller
  // with the savepoint this returns. The next BeginStatement releases it, when no later savepoint was set.
  virtual SavepointId BeginStatement() = 0;
  virtual SavepointId SetSavepoint() = 0;
  virtual Status RollbackTo(SavepointId savepoint) = 0;  // kTransaction when it was released or rolled back
  virtual Status Release(SavepointId savepoint) = 0;

  // Validates, assigns a timestamp, logs, applies and publishes. On kConflict (and any other failure) the transaction is
  // aborted. A read-only transaction always commits, with its read timestamp. Returns after the durability the engine's
  // SyncMode promises.
  virtual Result<Timestamp> Commit() = 0;
  // As Commit, but may return before the commit is durable and visible: it has succeeded once Engine::AwaitPublished says
  // so. Many commits then wait together, on one thread, for one sync.
  virtual Result<Timestamp> CommitUnpublished() { return Commit(); }
  virtual void Abort() = 0;  // harmless when finished

  virtual uint64_t id() const = 0;
  virtual IsolationLevel isolation() const = 0;
  virtual bool finished() const = 0;
  virtual bool holds_writer() const = 0;
  virtual uint64_t write_bytes() const = 0;
};

}  // namespace sochdb
