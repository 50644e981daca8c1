// SearchScratch: what one search or insertion needs while it runs, kept between runs so that none of them allocates.
//
// VisitedSlots marks slots with the number of the current run: starting a new one is one increment, not a clearing.
//
// Thread safety: a scratch belongs to one thread at a time; ScratchPool hands them out to any.
// Limits: a pool keeps kMaxIdle scratches; more are made as needed and dropped after use.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "env/sync.h"
#include "index/vector/candidate_pool.h"

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
    if (marks_[slot] == run_) return false;
    marks_[slot] = run_;
    return true;
  }
  [[nodiscard]] bool visited(uint32_t slot) const { return marks_[slot] == run_; }
  [[nodiscard]] uint64_t memory_bytes() const { return marks_.capacity() * sizeof(uint16_t); }

 private:
  std::vector<uint16_t> marks_;
  uint16_t run_ = 0;
};

struct SearchScratch {
  static constexpr size_t kMaxRow = 128;  // neighbours of a slot in the bottom layer, at most

  VisitedSlots visited;
  CandidatePool pool;
  // The neighbours that are being scored.
  uint32_t slots[kMaxRow];
  const float* rows[kMaxRow];
  float distances[kMaxRow];
  // Candidates for a row, and those chosen (insertion only).
  std::vector<std::pair<float, uint32_t>> candidates;
  std::vector<std::pair<float, uint32_t>> selected;
  uint64_t evaluations = 0;  // distances computed since the owner last set it to 0

  [[nodiscard]] uint64_t memory_bytes() const {
    return sizeof(*this) + visited.memory_bytes() + pool.memory_bytes() +
           (candidates.capacity() + selected.capacity()) * sizeof(candidates[0]);
  }
};

class ScratchPool {
 public:
  static constexpr size_t kMaxIdle = 16;

  explicit ScratchPool(Env* env) : mutex_(env) {}

  // Returns to its pool when destroyed.
  class Lease {
   public:
    Lease(ScratchPool* pool, std::unique_ptr<SearchScratch> scratch) : pool_(pool), scratch_(std::move(scratch)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (scratch_ != nullptr) pool_->Return(std::move(scratch_));
    }
    SearchScratch* get() const { return scratch_.get(); }
    SearchScratch* operator->() const { return scratch_.get(); }

   private:
    ScratchPool* pool_;
    std::unique_ptr<SearchScratch> scratch_;
  };

  Lease Take() {
    {
      MutexLock lock(&mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<SearchScratch> scratch = std::move(idle_.back());
        idle_.pop_back();
        return {this, std::move(scratch)};
      }
    }
    return {this, std::make_unique<SearchScratch>()};
  }

  // Of the idle ones.
  [[nodiscard]] uint64_t memory_bytes() const {
    MutexLock lock(&mutex_);
    uint64_t bytes = 0;
    for (const auto& scratch : idle_) bytes += scratch->memory_bytes();
    return bytes;
  }

 private:
  void Return(std::unique_ptr<SearchScratch> scratch) {
    MutexLock lock(&mutex_);
    if (idle_.size() < kMaxIdle) idle_.push_back(std::move(scratch));
  }

  mutable Mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<SearchScratch>> idle_;
};

}  // namespace sochdb
