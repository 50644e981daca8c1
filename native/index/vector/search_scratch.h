// SearchScratch: what one search or insertion needs while it runs, kept between runs so that none of them allocates.
//
// VisitedSlots marks slots with the number of the current run: starting a new one is one increment, not a clearing.
//
// A pool also knows who is still looking at slots, so that a slot is not written again under a reader: leases and holds belong
// to the epoch they were taken in, and an epoch begins only when everybody of the one before the last is gone. What could not
// be reached any more when epoch e was current is out of everybody's sight when e + 2 is.
//
// Thread safety: a scratch belongs to one thread at a time; ScratchPool hands them out to any.
// Limits: a pool keeps kMaxIdle scratches; more are made as needed and dropped after use.

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "env/sync.h"
#include "index/vector/candidate_pool.h"
#include "index/vector/slot_vectors.h"

namespace sochdb {

class VisitedSlots {
 public:
  // Forgets all marks; slots below `limit` may be marked afterwards.
  void Begin(uint32_t limit) {
    if (marks_.size() < limit) {
      marks_.assign(std::max<size_t>(limit, marks_.size() + marks_.size() / 2), 0);
      run_ = 0;
    }
    if (++run_ == 0) {
      std::fill(marks_.begin(), marks_.end(), uint16_t{0});
      run_ = 1;
    }
  }
  // Marks slot; false when it was marked before.
  bool Visit(uint32_t slot) {
    const bool first = marks_[slot] != run_;
    marks_[slot] = run_;
    return first;
  }
  [[nodiscard]] bool visited(uint32_t slot) const { return marks_[slot] == run_; }
  [[nodiscard]] uint64_t memory_bytes() const { return marks_.capacity() * sizeof(uint16_t); }

 private:
  std::vector<uint16_t> marks_;
  uint16_t run_ = 0;
};

struct SearchScratch {
  static constexpr size_t kMaxRow = SlotQuery::kMostAtOnce;  // neighbours of a slot in the bottom layer, at most

  VisitedSlots visited;
  VisitedSlots documents;  // likewise their numbers, where documents have several vectors
  CandidatePool pool;
  SlotQuery query;  // what slots are compared with
  // The neighbours that are being scored.
  uint32_t slots[kMaxRow];
  float distances[kMaxRow];
  // Candidates for a row, and those chosen (insertion only).
  std::vector<std::pair<float, uint32_t>> candidates;
  std::vector<std::pair<float, uint32_t>> selected;
  // All that a search in stages has compared.
  std::vector<uint32_t> met;
  std::vector<float> met_distances;
  std::vector<uint32_t> unlinked;  // slots that are not in the graph, but below those that are
  uint64_t evaluations = 0;        // distances computed since the owner last set it to 0
  uint64_t tested = 0;             // likewise slots that were looked at whether they pass

  [[nodiscard]] uint64_t memory_bytes() const {
    return sizeof(*this) + visited.memory_bytes() + documents.memory_bytes() + pool.memory_bytes() + query.memory_bytes() +
           (candidates.capacity() + selected.capacity()) * sizeof(candidates[0]) +
           (unlinked.capacity() + met.capacity() + met_distances.capacity()) * sizeof(uint32_t);
  }
};

class ScratchPool {
 public:
  static constexpr size_t kMaxIdle = 16;

  explicit ScratchPool(Env* env) : mutex_(env) {}

  // Returns to its pool when destroyed.
  class Lease {
   public:
    Lease(ScratchPool* pool, std::unique_ptr<SearchScratch> scratch, uint64_t epoch)
        : pool_(pool), scratch_(std::move(scratch)), epoch_(epoch) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (scratch_ != nullptr) pool_->Return(std::move(scratch_), epoch_);
    }
    SearchScratch* get() const { return scratch_.get(); }
    SearchScratch* operator->() const { return scratch_.get(); }

   private:
    ScratchPool* pool_;
    std::unique_ptr<SearchScratch> scratch_;
    uint64_t epoch_;
  };
  // Of somebody who looks at slots, and needs no scratch.
  class Hold {
   public:
    explicit Hold(ScratchPool* pool) : pool_(pool), epoch_(pool->Enter()) {}
    ~Hold() { pool_->Leave(epoch_); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    ScratchPool* const pool_;
    const uint64_t epoch_;
  };

  Lease Take() {
    std::unique_ptr<SearchScratch> made;
    for (;;) {
      {
        MutexLock lock(&mutex_);
        if (made == nullptr && !idle_.empty()) {
          made = std::move(idle_.back());
          idle_.pop_back();
        }
        if (made != nullptr) {
          ++readers_[epoch_ % 2];
          return {this, std::move(made), epoch_};
        }
      }
      made = std::make_unique<SearchScratch>();
    }
  }

  [[nodiscard]] uint64_t epoch() const {
    MutexLock lock(&mutex_);
    return epoch_;
  }
  // Begins the next epochs, as far as nobody is in the way; returns the current one.
  uint64_t Advance() {
    MutexLock lock(&mutex_);
    for (int i = 0; i < 2 && readers_[(epoch_ + 1) % 2] == 0; ++i) ++epoch_;
    return epoch_;
  }

  // Of the idle ones.
  [[nodiscard]] uint64_t memory_bytes() const {
    MutexLock lock(&mutex_);
    uint64_t bytes = 0;
    for (const auto& scratch : idle_) bytes += scratch->memory_bytes();
    return bytes;
  }

 private:
  void Return(std::unique_ptr<SearchScratch> scratch, uint64_t epoch) {
    MutexLock lock(&mutex_);
    --readers_[epoch % 2];
    if (idle_.size() < kMaxIdle) idle_.push_back(std::move(scratch));
  }
  uint64_t Enter() {
    MutexLock lock(&mutex_);
    ++readers_[epoch_ % 2];
    return epoch_;
  }
  void Leave(uint64_t epoch) {
    MutexLock lock(&mutex_);
    --readers_[epoch % 2];
  }

  mutable Mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<SearchScratch>> idle_;
  uint64_t epoch_ = 0;
  std::array<uint64_t, 2> readers_{};  // of this epoch and of the one before
};

}  // namespace sochdb
