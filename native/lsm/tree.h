// Tree: all data of one shape (TreeId) in key order, versioned: what lies under snapshots and transactions.
//
// Today a tree is one memtable. Whatever joins behind this interface (immutable memtables, sorted tables) keeps its promises:
// a reader at read_ts sees the newest version with ts <= read_ts, and the newest timestamp of a key is exact, since
// validation of transactions rests on it.
//
// Thread safety: one writer (the holder of the commit mutex), any number of readers beside it, without locks.
// Ownership: views handed out stay valid while the tree lives.

#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "base/types.h"
#include "mem/memtable.h"
#include "mem/version.h"

namespace sochdb {

// Walks the keys of a tree in order, each with its newest version at the snapshot, deletes and expired ones included.
// Thread safety: one thread at a time.
class TreeIterator {
 public:
  explicit TreeIterator(std::unique_ptr<Memtable::Iterator> memtable) : memtable_(std::move(memtable)) {}

  [[nodiscard]] bool Valid() const { return memtable_->Valid(); }
  void SeekToFirst() { memtable_->SeekToFirst(); }
  void SeekToLast() { memtable_->SeekToLast(); }
  void Seek(std::string_view target) { memtable_->Seek(target); }                // first key >= target
  void SeekForPrev(std::string_view target) { memtable_->SeekForPrev(target); }  // last key < target
  void Next() { memtable_->Next(); }
  void Prev() { memtable_->Prev(); }
  [[nodiscard]] std::string_view key() const { return memtable_->key(); }
  [[nodiscard]] const VersionView& version() const { return memtable_->version(); }
  // Why the iterator is not valid: OK at the end of the tree.
  [[nodiscard]] Status status() const { return {}; }

 private:
  std::unique_ptr<Memtable::Iterator> memtable_;
};

class Tree {
 public:
  // hash_seed: the same for all trees of a store.
  Tree(TreeId id, uint64_t hash_seed) : id_(id), memtable_(Memtable::Create({.ordered = true, .hash_seed = hash_seed})) {}
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // REQUIRES: the commit mutex; ts at least that of every earlier Add of this key. Returns the key's record, for the commit
  // ring.
  const KeyRecord* Add(std::string_view key, Timestamp ts, ValueKind kind, std::string_view value, ExpiryMs expiry_ms) {
    return memtable_->Add(key, ts, kind, value, expiry_ms);
  }
  // REQUIRES: the commit mutex. Memory for `entries` Adds of together `bytes` of keys and values; kOutOfMemory.
  Status Reserve(uint64_t entries, uint64_t bytes) { return memtable_->Reserve(entries, bytes); }

  // The newest version with ts <= read_ts, deletes and expired ones included.
  Status Get(std::string_view key, Timestamp read_ts, VersionView* out, bool* found) const {
    *found = memtable_->Get(key, read_ts, out);
    return {};
  }
  // Visits versions with ts <= read_ts, newest first, until visit returns false.
  template <typename Visit>
  Status VisitVersions(std::string_view key, Timestamp read_ts, Visit&& visit) const {
    memtable_->VisitVersions(
        key, read_ts,
        [](void* context, const VersionView& version) -> bool {
          return (*static_cast<std::remove_reference_t<Visit>*>(context))(version);
        },
        &visit);
    return {};
  }
  // The timestamp of the newest version, published or not; 0 when there is none.
  Status NewestTimestamp(std::string_view key, Timestamp* newest) const {
    *newest = memtable_->NewestTimestamp(key);
    return {};
  }
  // The timestamp of some version in [lo, hi) (hi empty: open) that is newer than `above`; 0 when there is none.
  Status NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above, Timestamp* newest) const {
    *newest = memtable_->NewestTimestampInRange(lo, hi, above);
    return {};
  }

  [[nodiscard]] std::unique_ptr<TreeIterator> NewIterator(Timestamp read_ts) const {
    return std::make_unique<TreeIterator>(memtable_->NewIterator(read_ts));
  }

  [[nodiscard]] TreeId id() const { return id_; }
  [[nodiscard]] uint64_t memory_bytes() const { return memtable_->memory_bytes(); }
  [[nodiscard]] uint64_t key_count() const { return memtable_->key_count(); }

 private:
  const TreeId id_;
  const std::unique_ptr<Memtable> memtable_;
};

}  // namespace sochdb
