// FilterCache: sets of documents that parts of filters admit, kept from search to search.
//
// A set was read at some snapshot. It holds for every snapshot from the newest commit on that changed what it depends on, until
// another commit does, and not earlier in time, since a set lacks what had expired. (What expires later stays in it; searches
// look at the expiry of each slot.) Commits note what they change twice: as the newest change of an entry or field, by hash, so
// writes elsewhere in the collection leave a set as good as new; and in a log of documents, so that a set which is behind is
// brought up to date by looking at those documents alone.
//
// Thread safety: any thread; changes are noted in commit order.
// Limits: kMaxBytes of sets, the least recently used go first; keys of kMaxKeyBytes; kMaxLogged changes.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/types.h"
#include "env/sync.h"
#include "index/vector/document_set.h"

namespace sochdb {

class FilterCache {
 public:
  static constexpr uint64_t kMaxBytes = 16u << 20;
  static constexpr size_t kMaxSets = 128;
  static constexpr size_t kMaxKeyBytes = 4096;
  static constexpr size_t kMaxLogged = 16 * 1024;
  // More documents than these are not looked at one by one.
  static constexpr size_t kMostChanged = 2048;
  // Instead of a field: depends on whatever changes.
  static constexpr uint32_t kAnyField = UINT32_MAX;

  struct Key {
    std::string bytes;                      // which set it is
    uint32_t field = kAnyField;             // it depends on metadata entries of this field
    std::optional<std::string> entry = {};  // and on no other than this one (metadata_entries.h)
  };
  // A set, and the documents that may have come or gone since it was read: it holds once they were looked at.
  struct Found {
    std::shared_ptr<const DocumentSet> set;  // null: there is none
    std::vector<uint32_t> changed;           // ascending, each once
  };

  explicit FilterCache(Env* env) : mutex_(env) {}

  // A commit wrote or deleted a metadata entry of a document (nullopt: whose number is not known).
  void NoteEntry(Timestamp ts, uint32_t field, std::string_view entry, std::optional<uint32_t> document) noexcept;
  // A commit wrote or deleted a document.
  void NoteDocument(Timestamp ts, std::optional<uint32_t> document) noexcept;

  Found Find(const Key& key, Timestamp read_ts, uint64_t now_ms);
  // REQUIRES: set is what a snapshot (read_ts, now_ms) sees.
  void Keep(const Key& key, Timestamp read_ts, uint64_t now_ms, std::shared_ptr<const DocumentSet> set);

  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  static constexpr size_t kChangeSlots = 1024;

  struct Entry {
    std::string bytes;
    Timestamp read_ts;
    uint64_t now_ms;
    std::shared_ptr<const DocumentSet> set;
  };
  struct Change {
    Timestamp ts;
    uint64_t entry_hash;
    uint32_t field;
    uint32_t document;
  };
  // What a key depends on, as changes are noted.
  struct Dependence {
    uint64_t hash;  // of what changes are noted under
    uint32_t field;
    std::optional<uint64_t> entry_hash;
  };

  static Dependence DependenceOf(const Key& key);
  static uint64_t FieldHash(uint32_t field) { return HashNumber(field); }
  std::atomic<Timestamp>& NewestChange(uint64_t hash) { return newest_[hash % kChangeSlots]; }
  // REQUIRES for these: mutex_ is held.
  void Log(const Change& change, bool known) noexcept;
  bool CollectChanged(const Dependence& on, Timestamp after, Timestamp up_to, std::vector<uint32_t>* changed) const;
  void DropOld(const std::string& bytes);

  std::array<std::atomic<Timestamp>, kChangeSlots> newest_{};
  mutable Mutex mutex_;       // guards what follows
  std::list<Entry> entries_;  // most recently used first
  uint64_t bytes_ = 0;
  std::deque<Change> log_;      // in commit order
  Timestamp log_complete_ = 0;  // every change after this one is in it
};

}  // namespace sochdb
