// Run index: the keys of a memtable that is written more than it is scanned (writeOptimized). Keys are noted in an unsorted
// tail; every kTailKeys of them the writer sorts the tail into a run, and kFanIn runs of one size into a larger one, up to
// kMaxRunKeys. An Add costs less than half of what it does with an ordered index; a walk pays by merging the runs.
//
//   state:  tail (records in the order of arrival, size atomic) | runs, older and larger ones first
//   run:    entries (head after the run's common prefix, record), sorted
//
// Thread safety: one writer, any number of wait-free readers. Runs and states are immutable; a new state is published by one
// store. A tail's entries are written once, before the size that covers them (release).
// A cursor keeps the state and the part of the tail that it found when it was made: all keys inserted before, each once,
// since a key is in exactly one run or in the tail of a state.
// Ownership: everything lives in the memtable's arena, replaced runs too (about 56 bytes a key in all); a cursor owns its
// sorted copy of the tail.
// Limits: the longest pause of an insert is the merge of kMaxRunKeys keys, about two milliseconds.

#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "mem/key_head.h"
#include "mem/key_record.h"

namespace sochdb {

class RunIndex {
 public:
  static constexpr uint32_t kTailKeys = 512;
  static constexpr uint32_t kFanIn = 8;
  static constexpr uint32_t kMaxRunKeys = kTailKeys * kFanIn * kFanIn;

  explicit RunIndex(Arena* arena) : arena_(arena), state_(&first_state_) {}
  RunIndex(const RunIndex&) = delete;
  RunIndex& operator=(const RunIndex&) = delete;

  // REQUIRES: the writer; no record of this key was inserted. Throws bad_alloc, the index unchanged.
  void Insert(const KeyRecord* record);

 private:
  struct Entry {
    uint64_t head;
    const KeyRecord* record;
  };
  struct Run {
    const Entry* entries;
    uint32_t size;
    uint32_t skip;  // all keys of the run share their first `skip` bytes
    // The position of the first entry with key >= target, `size` when there is none.
    [[nodiscard]] uint32_t LowerBound(std::string_view target) const;
  };
  struct Tail {
    std::atomic<uint32_t> size{0};
    const KeyRecord* records[kTailKeys];
  };
  struct State {
    Tail* tail;
    uint32_t run_count;
    [[nodiscard]] const Run* runs() const { return reinterpret_cast<const Run*>(this + 1); }
  };

 public:
  // As OrderedIndex::Cursor, except that keys inserted after it was made are never shown.
  class Cursor {
   public:
    explicit Cursor(const RunIndex* index);

    [[nodiscard]] bool Valid() const { return !heap_.empty(); }
    // REQUIRES for these: Valid().
    [[nodiscard]] const KeyRecord* record() const { return heap_.front().record; }
    [[nodiscard]] uint32_t CountBelow(std::string_view bound) const { return bound.empty() || record()->key() < bound ? 1 : 0; }
    void Next();
    void Prev();

    void SeekToFirst();
    void SeekToLast();
    void Seek(std::string_view target);         // the first key >= target
    void SeekForPrev(std::string_view target);  // the last key < target

   private:
    // A run's entry that competes for being the next; the best of them is the front of the heap.
    struct Candidate {
      const KeyRecord* record;
      uint32_t run;
      uint32_t position;
    };
    template <bool kForward>
    void Start();
    template <bool kForward>
    void Step();
    void Add(uint32_t run, uint32_t position);

    std::vector<Run> runs_;
    std::vector<Entry> tail_;  // sorted; the last of the runs points here
    std::vector<Candidate> heap_;
    bool forward_ = true;
  };

  // Calls visit(record) for the keys in [lo, hi) (hi empty: to the end), in any order, until it returns false.
  template <typename Visit>
  void VisitRange(std::string_view lo, std::string_view hi, Visit visit) const {
    const State* state = state_.load(std::memory_order_acquire);
    for (uint32_t r = 0; r < state->run_count; ++r) {
      const Run& run = state->runs()[r];
      const uint32_t end = hi.empty() ? run.size : run.LowerBound(hi);
      for (uint32_t i = run.LowerBound(lo); i < end; ++i) {
        if (!visit(*run.entries[i].record)) return;
      }
    }
    const uint32_t n = state->tail->size.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < n; ++i) {
      const KeyRecord& record = *state->tail->records[i];
      const bool inside = record.key() >= lo && (hi.empty() || record.key() < hi);
      if (inside && !visit(record)) return;
    }
  }

 private:
  static bool Before(const Entry& a, const Entry& b, size_t skip) {
    return a.head != b.head ? a.head < b.head : KeyLess(a.record->key(), b.record->key(), skip);
  }
  static Run Sort(Entry* entries, const KeyRecord* const* records, uint32_t n);
  Run Merge(const Run* runs, uint32_t n, const Run& last);
  void Seal();

  Arena* const arena_;
  Tail first_tail_;  // so that an empty index takes nothing from the arena
  State first_state_{&first_tail_, 0};
  std::atomic<const State*> state_;
};

}  // namespace sochdb
