#include "engine/flusher.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/background.h"
#include "env/beside.h"

namespace sochdb {
namespace {

constexpr uint64_t kReleasesPerLimit = 8;  // the log goes in parts of this share of its limit

uint64_t BitOf(TreeId tree) { return uint64_t{1} << static_cast<unsigned>(tree); }

uint64_t TreesOf(const std::vector<FlushUnit>& units) {
  uint64_t trees = 0;
  for (const FlushUnit& unit : units) trees |= BitOf(unit.tree);
  return trees;
}

}  // namespace

Flusher::Flusher(const Parts& parts) : parts_(parts), mutex_(parts.env), round_ended_(parts.env), release_mutex_(parts.env) {}

// --- rotation: REQUIRES the commit mutex

void Flusher::OnMemtablesFull(uint64_t bytes) {
  if (!parts_.wal_enabled) {
    RotateAll();
  } else {
    while (bytes > parts_.memtable_bytes / 2 && RotateLargest()) bytes = parts_.trees->usage().active();
    (void)RotatePinning();
  }
  if (wake_) wake_();
}

bool Flusher::RotateLargest() {
  Tree* largest = nullptr;
  parts_.trees->ForEach([&](Tree& tree) {
    if (largest == nullptr || tree.active_bytes() > largest->active_bytes()) largest = &tree;
  });
  return largest != nullptr && largest->Rotate();
}

void Flusher::RotateAll() {
  parts_.trees->ForEach([](Tree& tree) { (void)tree.Rotate(); });
}

// Of the trees whose data begins too far back in the log, the one that begins first. False when none does.
bool Flusher::RotatePinning() {
  Tree* pinning = nullptr;
  Lsn first = kNoLsn;
  parts_.trees->ForEach([&](Tree& tree) {
    const Lsn begins = tree.FirstUnflushedLsn();
    if (begins >= first) return;
    first = begins;
    pinning = &tree;
  });
  const Lsn end = parts_.wal->end_lsn();
  if (pinning == nullptr || first >= end) return false;
  if (end - first <= parts_.wal_limit_bytes && !parts_.env->Buggify("engine.short-log")) return false;
  return pinning->Rotate();
}

bool Flusher::RotateScanned() {
  if (!parts_.scans_tables_faster) return false;
  bool rotated = false;
  parts_.trees->ForEach([&](Tree& tree) {
    const bool worth_it = tree.rows_scanned() >= kRowsScanned && tree.active_bytes() >= parts_.memtable_bytes / kScannedPart;
    rotated |= worth_it && tree.Rotate();
  });
  return rotated;
}

void Flusher::OnTick() {
  ShrinkIdleLog();
  if (!parts_.wal_enabled) return;
  bool rotated = false;
  {
    MutexLock lock(parts_.pipeline->gate()->mutex());
    rotated = RotateScanned();
    rotated |= RotatePinning();
  }
  if (rotated && wake_) wake_();
}

// --- rounds

// REQUIRES: the commit mutex, so that what is taken of several trees is what there was at one moment.
std::vector<FlushUnit> Flusher::Collect(uint64_t but_trees) const {
  std::vector<FlushUnit> units;
  const Lsn log_end = parts_.wal->end_lsn();
  parts_.trees->ForEach([&](Tree& tree) {
    if ((but_trees & BitOf(tree.id())) != 0) return;
    for (ImmutableMemtable& waiting : tree.Immutables()) {
      // Without a log, what an earlier opening logged is covered.
      const Lsn end = parts_.wal_enabled ? waiting.end_lsn : log_end;
      units.push_back({tree.id(), std::move(waiting.memtable), end, waiting.newest_ts});
    }
  });
  return units;
}

std::vector<FlushUnit> Flusher::Take() {
  MutexLock commits(parts_.pipeline->gate()->mutex());
  MutexLock lock(&mutex_);
  if (stopped_ || alone_ || (!parts_.wal_enabled && busy_trees_ != 0)) return {};
  std::vector<FlushUnit> units = Collect(busy_trees_);
  if (parts_.wal_enabled && units.size() > 1 && parts_.env->Buggify("engine.flush-one")) units.resize(1);
  busy_trees_ |= TreesOf(units);
  return units;
}

class Flusher::Busy {
 public:
  Busy(Flusher* flusher, uint64_t trees, bool alone) : flusher_(flusher), trees_(trees), alone_(alone) {}
  ~Busy() {
    MutexLock lock(&flusher_->mutex_);
    flusher_->busy_trees_ &= ~trees_;
    if (alone_) flusher_->alone_ = false;
    flusher_->round_ended_.SignalAll();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  Flusher* const flusher_;
  const uint64_t trees_;
  const bool alone_;
};

Status Flusher::FlushWaiting(bool* worked) {
  *worked = false;
  SOCHDB_TRY(parts_.pipeline->CheckNotPoisoned());
  const std::vector<FlushUnit> units = Take();
  if (units.empty()) return {};
  *worked = true;
  Status status;
  {
    const Busy busy(this, TreesOf(units), false);
    status = Write(units);
  }
  Finish(status);
  // Where more waits, the next round lets go of the log beside its work.
  if (status.ok() && parts_.wal_enabled && !(parts_.threads && SomethingWaits())) return ReleaseLog();
  return status;
}

Status Flusher::Write(const std::vector<FlushUnit>& units) {
  std::optional<Beside> log;
  if (parts_.wal_enabled && parts_.threads) {
    log.emplace(parts_.env, "sochdb-sync", [this] {
      SOCHDB_TRY(parts_.pipeline->Sync());
      (void)ReleaseLog();  // what fails here is tried again behind a round, and told then
      return Status();
    });
  }
  const auto before_install = [&] {
    if (log) return log->Result();
    return parts_.wal_enabled ? parts_.pipeline->Sync() : Status();
  };
  if (parts_.env->Buggify("engine.slow-flush")) parts_.env->SleepMicros(5000);
  const KeepRule rule = parts_.history->Rule([this] { return parts_.pipeline->visible_ts(); });
  return parts_.store->Flush(units, rule, before_install);
}

bool Flusher::SomethingWaits() const {
  bool waits = false;
  parts_.trees->ForEach([&](const Tree& tree) { waits = waits || !tree.Immutables().empty(); });
  return waits;
}

void Flusher::Finish(const Status& status) {
  bool give_up = false;
  {
    MutexLock lock(&mutex_);
    last_failure_ = status;
    if (status.ok()) {
      failures_in_a_row_ = 0;
    } else {
      ++failures_;
      // A manifest whose writing failed takes nothing more.
      give_up = status.code() == Code::kReadOnly;
      if (status.code() != Code::kDiskFull) give_up |= ++failures_in_a_row_ >= kMaxFailures;
    }
  }
  if (give_up) (void)parts_.pipeline->Poison(status);
  if (changed_) changed_();
}

// Waits until no round is under way; none begins while the caller is alone.
Status Flusher::EnterAlone(const CancelToken* cancel) {
  MutexLock lock(&mutex_);
  while (!stopped_ && (alone_ || busy_trees_ != 0)) {
    if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
    round_ended_.WaitFor(&mutex_, Background::kLookAgainMicros);
  }
  if (stopped_) return {Code::kClosed, "The database is closed."};
  alone_ = true;
  return {};
}

void Flusher::Stop() {
  MutexLock release(&release_mutex_);
  MutexLock lock(&mutex_);
  while (alone_ || busy_trees_ != 0) round_ended_.WaitFor(&mutex_, Background::kLookAgainMicros);
  stopped_ = true;
}

Status Flusher::FlushAll(const CancelToken* cancel, Cut* cut, const std::function<void()>& after) {
  SOCHDB_TRY(parts_.pipeline->Sync());  // so that the cut is where the log ends: a sync may pad
  SOCHDB_TRY(EnterAlone(cancel));
  Status status;
  bool worked = false;
  {
    const Busy busy(this, 0, true);
    std::vector<FlushUnit> units;
    {
      MutexLock commits(parts_.pipeline->gate()->mutex());
      RotateAll();
      units = Collect(0);
      cut->lsn = parts_.wal->end_lsn();
      cut->ts = parts_.pipeline->applied_ts();
    }
    worked = !units.empty();
    if (worked) status = Write(units);
    if (status.ok() && after) after();
  }
  if (worked) Finish(status);
  if (wake_) wake_();  // for what was rotated meanwhile: rounds that looked for it found somebody alone
  return status;
}

// --- the log

// REQUIRES: the commit mutex.
Lsn Flusher::FirstNeeded() const {
  Lsn needed = parts_.wal->end_lsn();
  parts_.trees->ForEach([&](const Tree& tree) { needed = std::min(needed, tree.FirstUnflushedLsn()); });
  return needed;
}

uint64_t Flusher::UnflushedLogBytes() const {
  MutexLock commits(parts_.pipeline->gate()->mutex());
  return parts_.wal->end_lsn() - FirstNeeded();
}

Status Flusher::CheckNotStopped() const {
  MutexLock lock(&mutex_);
  return stopped_ ? Status(Code::kClosed, "The database is closed.") : Status();
}

// Before the log goes: whoever opens the store must not look for it.
Status Flusher::RecordNeeded(Lsn needed) {
  const ManifestState state = parts_.store->state();
  ManifestEdit edit;
  for (size_t i = 0; i < state.flushed.size(); ++i) {
    if (state.flushed[i] < needed) edit.flushed.emplace_back(static_cast<TreeId>(i), needed);
  }
  if (!edit.flushed.empty()) SOCHDB_TRY(parts_.store->Record(edit));
  released_ = needed;
  return {};
}

Status Flusher::ReleaseLog() {
  const MutexTryLock release(&release_mutex_);
  if (!release.held()) return {};
  SOCHDB_TRY(CheckNotStopped());
  Lsn needed = 0;
  {
    MutexLock commits(parts_.pipeline->gate()->mutex());
    needed = FirstNeeded();
  }
  if (needed <= parts_.wal->stats().oldest_lsn) return {};
  const bool worth_it = needed - released_ >= parts_.wal_limit_bytes / kReleasesPerLimit;
  if (!worth_it && !parts_.env->Buggify("engine.release-log-early")) return {};
  SOCHDB_TRY(RecordNeeded(needed));
  return parts_.wal->ReleaseBefore(needed);
}

Status Flusher::ReleaseAllLog(Lsn upto) {
  SOCHDB_TRY(parts_.pipeline->Sync());
  MutexLock release(&release_mutex_);
  SOCHDB_TRY(CheckNotStopped());
  return DeleteUnneeded(upto, 0);
}

// What is not synced cannot be let go of, and a sync may pad: so the log is synced before.
Status Flusher::DeleteUnneeded(Lsn upto, uint64_t kept_bytes) {
  Lsn needed = 0;
  {
    MutexLock commits(parts_.pipeline->gate()->mutex());
    needed = std::min(upto, FirstNeeded());
    // Nothing is needed: what comes next shall not stand in the same file.
    if (needed == parts_.wal->end_lsn() && parts_.wal->stats().active_bytes > kept_bytes) parts_.wal->Seal();
  }
  if (needed <= parts_.wal->stats().oldest_lsn) return {};
  SOCHDB_TRY(RecordNeeded(needed));
  return parts_.wal->DeleteBefore(needed);
}

Status Flusher::ShrinkLog() {
  SOCHDB_TRY(parts_.pipeline->Sync());
  MutexLock release(&release_mutex_);
  SOCHDB_TRY(CheckNotStopped());
  const Lsn end = parts_.wal->end_lsn();
  Status deleted = DeleteUnneeded(kNoLsn, parts_.kept_segment_bytes);
  if (!deleted.ok() && deleted.code() != Code::kDiskFull) return deleted;  // a full one cannot note it now: a later call can
  MutexLock commits(parts_.pipeline->gate()->mutex());
  return parts_.wal->end_lsn() == end ? parts_.wal->Trim() : Status();
}

void Flusher::ShrinkIdleLog() {
  const Lsn end = parts_.wal->end_lsn();
  {
    MutexLock lock(&mutex_);
    idle_ticks_ = end == idle_lsn_ ? idle_ticks_ + 1 : 0;
    idle_lsn_ = end;
    if (idle_ticks_ < kIdleTicks) return;
    idle_ticks_ = kIdleTicks;
  }
  (void)ShrinkLog();  // what failed is tried again by the next tick; where the log broke, the next commit says so
}

Flusher::Stats Flusher::stats() const {
  Stats out;
  parts_.trees->ForEach([&](const Tree& tree) {
    const std::vector<ImmutableMemtable> waiting = tree.Immutables();
    out.waiting_memtables += waiting.size();
    out.most_waiting_of_tree = std::max<uint64_t>(out.most_waiting_of_tree, waiting.size());
    for (const ImmutableMemtable& memtable : waiting) out.waiting_bytes += memtable.bytes;
  });
  MutexLock lock(&mutex_);
  out.failures = failures_;
  out.last_failure = last_failure_;
  return out;
}

}  // namespace sochdb
