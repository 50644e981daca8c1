#include "engine/compactor.h"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/background.h"

namespace sochdb {
namespace {

bool Names(const Status& status, const std::string& path) {
  return std::any_of(status.details().begin(), status.details().end(),
                     [&](const auto& detail) { return detail.first == "file" && detail.second == path; });
}

}  // namespace

Compactor::Compactor(Parts parts) : parts_(std::move(parts)), mutex_(parts_.env), idle_(parts_.env) {}

Compactor::~Compactor() {
  for (const CompactionPick& pick : set_aside_) parts_.store->Release(pick);
}

// One of those that compact now.
class Compactor::Running {
 public:
  // REQUIRES: mutex_.
  explicit Running(Compactor* of) : of_(of) { ++of_->running_; }
  ~Running() {
    MutexLock lock(&of_->mutex_);
    --of_->running_;
    of_->idle_.SignalAll();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Compactor* const of_;
};

Status Compactor::RunOne(double least_urgency, bool* worked) {
  *worked = false;
  SOCHDB_TRY(parts_.pipeline->CheckNotPoisoned());
  std::optional<Running> running;
  {
    MutexLock lock(&mutex_);
    if (stopped_ || by_hand_ != 0) return {};
    running.emplace(this);
  }
  const auto next = [&] { return parts_.store->PickCompaction(parts_.env->NowMillis(), least_urgency); };
  std::optional<CompactionPick> pick = next();
  while (pick && SetAside(*pick)) pick = next();
  if (!pick) return {};
  *worked = true;
  const Status status = Run(*pick, &stop_, nullptr);
  running.reset();
  if (parts_.changed) parts_.changed();
  if (status.code() == Code::kReadOnly) (void)parts_.pipeline->Poison(status);  // the manifest's writing has failed
  return status.code() == Code::kCorruption ? Status() : status;                // others can be done
}

Status Compactor::Run(const CompactionPick& pick, const CancelToken* cancel, const LsmStore::Progress& progress) {
  std::optional<KeepRule> rule;
  try {
    rule.emplace(parts_.history->Rule([this] { return parts_.pipeline->visible_ts(); }, pick.tree));
    rule->in_memory_from = [this](TreeId tree) { return InMemoryFrom(tree); };
  } catch (const std::bad_alloc&) {
    parts_.store->Release(pick);
    throw;
  }
  const Status status = parts_.store->Run(pick, *rule, cancel, progress);
  MutexLock lock(&mutex_);
  Note(pick, status);
  return status;
}

// KeepRule::in_memory_from: of a tree with nothing in memory, now. The clock is raised to it, so that no later commit is older
// even where the wall clock is set back.
Timestamp Compactor::InMemoryFrom(TreeId tree) const {
  MutexLock commits(parts_.pipeline->gate()->mutex());
  if (const Tree* const of = parts_.trees->Find(tree); of != nullptr) {
    const SuperVersionRef current = of->Acquire();
    if (current->memtables().size() > 1 || current->memtables().front()->key_count() != 0) return 0;
  }
  const Timestamp now = HlcFromMillis(parts_.hlc->NowMillis());
  parts_.hlc->RaiseTo(now);
  return now;
}

// REQUIRES: mutex_.
void Compactor::Note(const CompactionPick& pick, const Status& status) {
  if (status.code() == Code::kCancelled) return;
  last_failure_ = status;
  if (status.ok()) return;
  ++failures_;
  if (status.code() != Code::kCorruption) return;
  bool named = false;
  for (const CompactionPick::Input& input : pick.inputs) {
    for (const TableFilePtr& file : input.files) {
      if (!Names(status, file->table().path())) continue;
      damaged_.insert_or_assign(file->number(), status);
      named = true;
    }
  }
  if (named) return;
  for (const CompactionPick::Input& input : pick.inputs) {
    for (const TableFilePtr& file : input.files) damaged_.insert_or_assign(file->number(), status);
  }
}

// Why the pick cannot be run, as far as that is known. REQUIRES: mutex_.
Status Compactor::DamageOf(const CompactionPick& pick) const {
  for (const CompactionPick::Input& input : pick.inputs) {
    for (const TableFilePtr& file : input.files) {
      if (const auto found = damaged_.find(file->number()); found != damaged_.end()) return found->second;
    }
  }
  return {};
}

// Whether it needs what is damaged: it stays reserved then.
bool Compactor::SetAside(const CompactionPick& pick) {
  MutexLock lock(&mutex_);
  if (pick.move_only || DamageOf(pick).ok()) return false;
  set_aside_.push_back(pick);
  return true;
}

void Compactor::Stop() {
  stop_.Cancel();
  MutexLock lock(&mutex_);
  stopped_ = true;  // by hand it ends behind the tree it is at
  while (running_ != 0) idle_.Wait(&mutex_);
}

// While one lives, RunOne does nothing.
class Compactor::ByHand {
 public:
  explicit ByHand(Compactor* of) : of_(of) {
    MutexLock lock(&of_->mutex_);
    ++of_->by_hand_;
  }
  ~ByHand() {
    running_.reset();
    MutexLock lock(&of_->mutex_);
    --of_->by_hand_;
    of_->idle_.SignalAll();
  }
  ByHand(const ByHand&) = delete;
  ByHand& operator=(const ByHand&) = delete;

  // Until what was under way has ended.
  Status Await(const CancelToken* cancel) {
    MutexLock lock(&of_->mutex_);
    while (of_->running_ != 0) {
      if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
      of_->idle_.WaitFor(&of_->mutex_, Background::kLookAgainMicros);
    }
    if (of_->stopped_) return {Code::kClosed, "The database is closed."};
    running_.emplace(of_);
    return {};
  }

 private:
  Compactor* const of_;
  std::optional<Running> running_;
};

Status Compactor::CompactTree(TreeId tree, int level, const CancelToken* cancel, const LsmStore::Progress& progress) {
  const std::optional<CompactionPick> pick = level < 0 ? parts_.store->PickWhole(tree) : parts_.store->PickLevel(tree, level);
  if (!pick) return DamageOf(tree);
  Status status;
  {
    MutexLock lock(&mutex_);
    status = DamageOf(*pick);
  }
  if (!status.ok()) {
    parts_.store->Release(*pick);
    return status;
  }
  return Run(*pick, cancel, progress);
}

// Of what is set aside and so keeps the tree from being compacted.
Status Compactor::DamageOf(TreeId tree) const {
  MutexLock lock(&mutex_);
  for (const CompactionPick& pick : set_aside_) {
    if (pick.tree == tree) return DamageOf(pick);
  }
  return {};
}

Status Compactor::CompactAll(const CancelToken* cancel, const LsmStore::Progress& progress) {
  SOCHDB_TRY(parts_.pipeline->CheckNotPoisoned());
  Status status;
  {
    ByHand by_hand(this);
    SOCHDB_TRY(by_hand.Await(cancel));
    status = CompactTrees(cancel, progress);
  }
  if (parts_.changed) parts_.changed();
  return status;
}

// In tables. (The levels are let go of again: who holds them keeps files from being deleted.)
uint64_t Compactor::BytesOf(TreeId tree) const {
  const LevelStatePtr levels = parts_.store->levels(tree);
  return levels == nullptr ? 0 : levels->bytes();
}

Status Compactor::CheckGoingOn(const CancelToken* cancel) const {
  if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
  MutexLock lock(&mutex_);
  return stopped_ ? Status(Code::kClosed, "The database is closed.") : Status();
}

Status Compactor::CompactTrees(const CancelToken* cancel, const LsmStore::Progress& progress) {
  uint64_t total = 0;
  for (int i = 0; i < kTreeCount; ++i) total += BytesOf(static_cast<TreeId>(i));
  uint64_t before = 0;
  Status status;
  for (int i = 0; i < kTreeCount && status.ok(); ++i) {
    const auto tree = static_cast<TreeId>(i);
    const uint64_t bytes = BytesOf(tree);
    if (bytes == 0) continue;
    const auto of_all = [&](uint64_t done, uint64_t) {
      if (progress) progress(before + std::min(done, bytes), total);
    };
    status = CheckGoingOn(cancel);
    if (status.ok()) status = CompactTree(tree, -1, cancel, of_all);
    before += bytes;
  }
  return status;
}

Status Compactor::CompactLevel(int level, const CancelToken* cancel) {
  if (level < 0 || level >= kLevels) {
    return Status(Code::kInvalidArgument,
                  "There is no level " + std::to_string(level) + ": levels are 0 to " + std::to_string(kLevels - 1) + ".")
        .With("argument", "level");
  }
  SOCHDB_TRY(parts_.pipeline->CheckNotPoisoned());
  Status status;
  {
    ByHand by_hand(this);
    SOCHDB_TRY(by_hand.Await(cancel));
    for (int i = 0; i < kTreeCount && status.ok(); ++i) {
      status = CheckGoingOn(cancel);
      if (status.ok()) status = CompactTree(static_cast<TreeId>(i), level, cancel, nullptr);
    }
  }
  if (parts_.changed) parts_.changed();
  return status;
}

Compactor::Stats Compactor::stats() const {
  MutexLock lock(&mutex_);
  return {running_, failures_, damaged_.size(), last_failure_, damaged_.empty() ? Status() : damaged_.rbegin()->second};
}

}  // namespace sochdb
