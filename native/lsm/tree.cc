#include "lsm/tree.h"

#include <algorithm>
#include <utility>

namespace sochdb {

Tree::Tree(Env* env, TreeId id, const Options& options)
    : env_(env), id_(id), options_(options), ordered_(options.ordered), install_mutex_(env) {
  std::vector<std::shared_ptr<Memtable>> memtables{NewMemtable()};
  active_ = memtables.front().get();
  current_.store(new SuperVersion(std::move(memtables), nullptr));
}

Tree::~Tree() {
  for (const std::shared_ptr<Retired>& retired : retired_) {
    retired->Drop();
    while (retired->state.load(std::memory_order_acquire) != Retired::kDropped)
      env_->SleepMicros(10);  // another thread is at it
  }
  current_.load(std::memory_order_relaxed)->Unref();
  if (options_.usage == nullptr) return;
  options_.usage->active_bytes.fetch_sub(counted_bytes_, std::memory_order_relaxed);
  for (const ImmutableMemtable& immutable : immutables_) {
    options_.usage->immutable_bytes.fetch_sub(immutable.bytes, std::memory_order_relaxed);
  }
}

void Tree::Retired::Drop() {
  State expected = kWaiting;
  if (!state.compare_exchange_strong(expected, kDropping, std::memory_order_acq_rel)) return;
  version->Unref();
  state.store(kDropped, std::memory_order_release);
}

std::shared_ptr<Memtable> Tree::NewMemtable() const {
  return Memtable::Create({.ordered = ordered_, .hash_seed = options_.hash_seed, .block_bytes = options_.block_bytes});
}

void Tree::CountActive(uint64_t bytes) {
  if (options_.usage != nullptr) options_.usage->active_bytes.fetch_add(bytes - counted_bytes_, std::memory_order_relaxed);
  counted_bytes_ = bytes;
}

// Makes a SuperVersion of these current; the result, which drops the old one, is to be retired. Throws bad_alloc, nothing
// changed. REQUIRES: install_mutex_.
std::function<void()> Tree::Install(std::vector<std::shared_ptr<Memtable>> memtables, LevelStatePtr levels) {
  std::erase_if(retired_, [](const std::shared_ptr<Retired>& retired) {
    return retired->state.load(std::memory_order_acquire) == Retired::kDropped;
  });
  auto retired = std::make_shared<Retired>();
  std::function<void()> drop = [retired] { retired->Drop(); };
  retired_.reserve(retired_.size() + 1);
  const auto* const next = new SuperVersion(std::move(memtables), std::move(levels));
  retired->version = current_.load(std::memory_order_relaxed);
  current_.store(next, std::memory_order_seq_cst);
  retired_.push_back(std::move(retired));
  return drop;
}

bool Tree::Rotate() {
  if (active_->key_count() == 0) return false;
  const std::shared_ptr<Memtable> fresh = NewMemtable();
  const uint64_t bytes = active_->memory_bytes();
  CountActive(bytes);
  std::function<void()> drop;
  {
    MutexLock lock(&install_mutex_);
    const SuperVersion* const old = current_.load(std::memory_order_relaxed);
    std::vector<std::shared_ptr<Memtable>> memtables;
    memtables.reserve(old->memtables().size() + 1);
    memtables.push_back(fresh);
    memtables.insert(memtables.end(), old->memtables().begin(), old->memtables().end());
    immutables_.reserve(immutables_.size() + 1);
    const std::shared_ptr<Memtable> sealed = old->memtables().front();
    drop = Install(std::move(memtables), old->levels());
    immutables_.push_back({sealed, first_lsn_.load(std::memory_order_relaxed), end_lsn_, sealed->newest_ts(), bytes});
    first_lsn_.store(kNoLsn, std::memory_order_relaxed);
  }
  active_ = fresh.get();
  rows_scanned_.store(0, std::memory_order_relaxed);
  end_lsn_ = 0;
  if (options_.usage != nullptr) options_.usage->immutable_bytes.fetch_add(bytes, std::memory_order_relaxed);
  CountActive(0);
  RetireInEpochLater(std::move(drop));  // the commit mutex is held
  return true;
}

void Tree::SetOrdered(bool ordered) {
  if (ordered == ordered_) return;
  ordered_ = ordered;
  if (active_->key_count() != 0) return;
  const std::shared_ptr<Memtable> fresh = NewMemtable();
  std::function<void()> drop;
  {
    MutexLock lock(&install_mutex_);
    const SuperVersion* const old = current_.load(std::memory_order_relaxed);
    std::vector<std::shared_ptr<Memtable>> memtables = old->memtables();
    memtables.front() = fresh;
    drop = Install(std::move(memtables), old->levels());
  }
  active_ = fresh.get();
  CountActive(0);
  RetireInEpochLater(std::move(drop));
}

std::vector<ImmutableMemtable> Tree::Immutables() const {
  MutexLock lock(&install_mutex_);
  return immutables_;
}

void Tree::InstallLevels(LevelStatePtr levels, const Memtable* flushed) {
  std::function<void()> drop;
  uint64_t flushed_bytes = 0;
  {
    MutexLock lock(&install_mutex_);
    const SuperVersion* const old = current_.load(std::memory_order_relaxed);
    std::vector<std::shared_ptr<Memtable>> memtables = old->memtables();
    if (flushed != nullptr) {
      SOCHDB_CHECK(!immutables_.empty() && immutables_.front().memtable.get() == flushed);
      SOCHDB_CHECK(memtables.back().get() == flushed);
      memtables.pop_back();
    }
    drop = Install(std::move(memtables), std::move(levels));
    if (flushed != nullptr) {
      flushed_bytes = immutables_.front().bytes;
      immutables_.erase(immutables_.begin());
    }
  }
  if (options_.usage != nullptr) options_.usage->immutable_bytes.fetch_sub(flushed_bytes, std::memory_order_relaxed);
  RetireInEpoch(std::move(drop));
}

Lsn Tree::FirstUnflushedLsn() const {
  MutexLock lock(&install_mutex_);
  Lsn first = first_lsn_.load(std::memory_order_acquire);
  for (const ImmutableMemtable& immutable : immutables_) first = std::min(first, immutable.first_lsn);
  return first;
}

uint64_t Tree::memory_bytes() const {
  const EpochGuard guard;
  uint64_t bytes = 0;
  for (const std::shared_ptr<Memtable>& memtable : current()->memtables()) bytes += memtable->memory_bytes();
  return bytes;
}

uint64_t Tree::key_count() const {
  const EpochGuard guard;
  const SuperVersion* const version = current();
  uint64_t keys = 0;
  for (const std::shared_ptr<Memtable>& memtable : version->memtables()) keys += memtable->key_count();
  if (version->levels() == nullptr) return keys;
  for (const std::vector<SortedRun>& level : version->levels()->levels) {
    for (const SortedRun& run : level) {
      for (const TableFilePtr& file : run.files) keys += file->properties().keys;
    }
  }
  return keys;
}

}  // namespace sochdb
