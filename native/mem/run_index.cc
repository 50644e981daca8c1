#include "mem/run_index.h"

#include <algorithm>
#include <new>

namespace sochdb {

uint32_t RunIndex::Run::LowerBound(std::string_view target) const {
  if (size == 0) return 0;
  const int prefix = target.substr(0, skip).compare(entries[0].record->key().substr(0, skip));
  if (prefix != 0) return prefix < 0 ? 0 : size;
  const uint64_t head = KeyHead(target, skip);
  const Entry* found = std::partition_point(entries, entries + size, [&](const Entry& entry) {
    return entry.head != head ? entry.head < head : KeyLess(entry.record->key(), target, skip);
  });
  return static_cast<uint32_t>(found - entries);
}

void RunIndex::Insert(const KeyRecord* record) {
  if (state_.load(std::memory_order_relaxed)->tail->size.load(std::memory_order_relaxed) == kTailKeys) Seal();
  Tail* tail = state_.load(std::memory_order_relaxed)->tail;
  const uint32_t n = tail->size.load(std::memory_order_relaxed);
  tail->records[n] = record;
  tail->size.store(n + 1, std::memory_order_release);
}

// Publishes the full tail as a run, merged with its equals, and an empty tail behind it.
void RunIndex::Seal() {
  const State* old = state_.load(std::memory_order_relaxed);
  auto* entries = reinterpret_cast<Entry*>(arena_->AllocateAligned(kTailKeys * sizeof(Entry)));
  Run run = Sort(entries, old->tail->records, kTailKeys);
  uint32_t kept = old->run_count;
  const Run* runs = old->runs();
  while (run.size < kMaxRunKeys && kept >= kFanIn - 1 && runs[kept - (kFanIn - 1)].size == run.size) {
    kept -= kFanIn - 1;
    run = Merge(runs + kept, kFanIn - 1, run);
  }
  auto* tail = new (arena_->AllocateAligned(sizeof(Tail))) Tail;
  char* bytes = arena_->AllocateAligned(sizeof(State) + (kept + 1) * sizeof(Run));
  auto* state = new (bytes) State{tail, kept + 1};
  auto* to = reinterpret_cast<Run*>(bytes + sizeof(State));
  for (uint32_t i = 0; i < kept; ++i) new (&to[i]) Run(runs[i]);
  new (&to[kept]) Run(run);
  state_.store(state, std::memory_order_release);
}

// REQUIRES: n > 0.
RunIndex::Run RunIndex::Sort(Entry* entries, const KeyRecord* const* records, uint32_t n) {
  const std::string_view first = records[0]->key();
  size_t skip = first.size();
  for (uint32_t i = 1; i < n; ++i) skip = CommonPrefix(first.substr(0, skip), records[i]->key());
  for (uint32_t i = 0; i < n; ++i) entries[i] = {KeyHead(records[i]->key(), skip), records[i]};
  std::sort(entries, entries + n, [skip](const Entry& a, const Entry& b) { return Before(a, b, skip); });
  return {entries, n, static_cast<uint32_t>(skip)};
}

// Merges n runs and a last one, all of the same size.
RunIndex::Run RunIndex::Merge(const Run* runs, uint32_t n, const Run& last) {
  const uint32_t width = last.size;
  const uint32_t total = (n + 1) * width;
  const std::string_view sample = last.entries[0].record->key();
  size_t skip = last.skip;
  for (uint32_t r = 0; r < n; ++r) {
    skip = std::min<size_t>(skip, runs[r].skip);
    skip = CommonPrefix(sample.substr(0, skip), runs[r].entries[0].record->key());
  }
  auto* entries = reinterpret_cast<Entry*>(arena_->AllocateAligned(total * sizeof(Entry)));
  for (uint32_t r = 0; r <= n; ++r) {
    const Run& run = r < n ? runs[r] : last;
    for (uint32_t i = 0; i < width; ++i) {
      const Entry& from = run.entries[i];
      entries[r * width + i] = {run.skip == skip ? from.head : KeyHead(from.record->key(), skip), from.record};
    }
  }
  for (uint32_t merged = width; merged < total; merged *= 2) {
    for (uint32_t at = 0; at + merged < total; at += 2 * merged) {
      Entry* end = entries + std::min(total, at + 2 * merged);
      std::inplace_merge(entries + at, entries + at + merged, end,
                         [skip](const Entry& a, const Entry& b) { return Before(a, b, skip); });
    }
  }
  return {entries, total, static_cast<uint32_t>(skip)};
}

RunIndex::Cursor::Cursor(const RunIndex* index) {
  const State* state = index->state_.load(std::memory_order_acquire);
  const uint32_t n = state->tail->size.load(std::memory_order_acquire);
  runs_.reserve(state->run_count + 1);
  runs_.assign(state->runs(), state->runs() + state->run_count);
  tail_.resize(n);
  if (n > 0) runs_.push_back(Sort(tail_.data(), state->tail->records, n));
  heap_.reserve(runs_.size());
}

void RunIndex::Cursor::Add(uint32_t run, uint32_t position) {
  heap_.push_back({runs_[run].entries[position].record, run, position});
}

// std's heaps keep the greatest in front: forward, the greatest is the smallest key.
template <bool kForward>
void RunIndex::Cursor::Start() {
  forward_ = kForward;
  std::make_heap(heap_.begin(), heap_.end(), [](const Candidate& a, const Candidate& b) {
    return kForward ? b.record->key() < a.record->key() : a.record->key() < b.record->key();
  });
}

template <bool kForward>
void RunIndex::Cursor::Step() {
  const auto behind = [](const Candidate& a, const Candidate& b) {
    return kForward ? b.record->key() < a.record->key() : a.record->key() < b.record->key();
  };
  std::pop_heap(heap_.begin(), heap_.end(), behind);
  const Candidate last = heap_.back();
  heap_.pop_back();
  if (kForward ? last.position + 1 == runs_[last.run].size : last.position == 0) return;
  Add(last.run, kForward ? last.position + 1 : last.position - 1);
  std::push_heap(heap_.begin(), heap_.end(), behind);
}

void RunIndex::Cursor::SeekToFirst() {
  heap_.clear();
  for (uint32_t r = 0; r < runs_.size(); ++r) Add(r, 0);
  Start<true>();
}

void RunIndex::Cursor::SeekToLast() {
  heap_.clear();
  for (uint32_t r = 0; r < runs_.size(); ++r) Add(r, runs_[r].size - 1);
  Start<false>();
}

void RunIndex::Cursor::Seek(std::string_view target) {
  heap_.clear();
  for (uint32_t r = 0; r < runs_.size(); ++r) {
    const uint32_t position = runs_[r].LowerBound(target);
    if (position < runs_[r].size) Add(r, position);
  }
  Start<true>();
}

void RunIndex::Cursor::SeekForPrev(std::string_view target) {
  heap_.clear();
  for (uint32_t r = 0; r < runs_.size(); ++r) {
    const uint32_t position = runs_[r].LowerBound(target);
    if (position > 0) Add(r, position - 1);
  }
  Start<false>();
}

void RunIndex::Cursor::Next() {
  if (!forward_) Seek(record()->key());
  Step<true>();
}

void RunIndex::Cursor::Prev() {
  if (forward_) SeekForPrev(record()->key());
  else Step<false>();
}

}  // namespace sochdb
