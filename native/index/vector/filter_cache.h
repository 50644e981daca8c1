// FilterCache: the documents that an equality test on an indexed field admits, kept from search to search.
//
// A set was read from the metadata entries at some snapshot. It holds for every snapshot that sees the same entries: those
// at or after the newest commit that touched them, for as long as no other commit does, and not earlier in time, since a set
// lacks what had expired. (What expires later stays in it; searches look at the expiry of each slot.) Commits note what they
// touch by a hash of field and value, so writes elsewhere in the collection leave a set valid.
//
// Thread safety: any thread; NoteChange comes in commit order.
// Limits: kMaxBytes of sets; the least recently used go first.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/types.h"
#include "env/sync.h"
#include "index/vector/document_set.h"

namespace sochdb {

class FilterCache {
 public:
  static constexpr uint64_t kMaxBytes = 16u << 20;
  static constexpr size_t kMaxSets = 128;

  explicit FilterCache(Env* env) : mutex_(env) {}

  // test: the bytes of a metadata key between its collection and its document id.
  void NoteChange(std::string_view test, Timestamp ts) { Change(test).store(ts, std::memory_order_release); }

  // Null when there is no set that holds for this snapshot.
  std::shared_ptr<const DocumentSet> Find(std::string_view test, Timestamp read_ts, uint64_t now_ms) {
    const Timestamp changed = Change(test).load(std::memory_order_acquire);
    MutexLock lock(&mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (entry->test != test) continue;
      if (changed > entry->read_ts || changed > read_ts || now_ms < entry->now_ms) return nullptr;
      entries_.splice(entries_.begin(), entries_, entry);
      return entry->set;
    }
    return nullptr;
  }

  // REQUIRES: set is what a snapshot (read_ts, now_ms) sees.
  void Keep(std::string_view test, Timestamp read_ts, uint64_t now_ms, std::shared_ptr<const DocumentSet> set) {
    if (set->memory_bytes() > kMaxBytes / 4) return;
    MutexLock lock(&mutex_);
    entries_.remove_if([&](const Entry& entry) {
      if (entry.test != test) return false;
      bytes_ -= entry.set->memory_bytes();
      return true;
    });
    bytes_ += set->memory_bytes();
    entries_.push_front({std::string(test), read_ts, now_ms, std::move(set)});
    while (bytes_ > kMaxBytes || entries_.size() > kMaxSets) {
      bytes_ -= entries_.back().set->memory_bytes();
      entries_.pop_back();
    }
  }

  [[nodiscard]] uint64_t memory_bytes() const {
    MutexLock lock(&mutex_);
    return bytes_ + sizeof(*this);
  }

 private:
  static constexpr size_t kChangeSlots = 1024;

  struct Entry {
    std::string test;
    Timestamp read_ts;
    uint64_t now_ms;
    std::shared_ptr<const DocumentSet> set;
  };

  std::atomic<Timestamp>& Change(std::string_view test) { return changes_[Hash64(test) % kChangeSlots]; }

  std::array<std::atomic<Timestamp>, kChangeSlots> changes_{};
  mutable Mutex mutex_;       // guards what follows
  std::list<Entry> entries_;  // most recently used first
  uint64_t bytes_ = 0;
};

}  // namespace sochdb
