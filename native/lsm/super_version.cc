#include "lsm/super_version.h"

#include <algorithm>
#include <array>

#include "lsm/merging_iterator.h"

namespace sochdb {
namespace {

// The table of the run that may hold the key; null when none does.
const Table* TableFor(const SortedRun& run, std::string_view key) {
  const size_t at = run.FileFor(key);
  if (at == run.files.size() || key < run.files[at]->properties().smallest_key) return nullptr;
  return &run.files[at]->table();
}

// Calls visit(run) for the runs, newest first, until it returns false or fails.
template <typename Visit>
Status ForEachRun(const LevelState* levels, Visit visit) {
  if (levels == nullptr) return {};
  for (const std::vector<SortedRun>& level : levels->levels) {
    for (const SortedRun& run : level) {
      bool more = true;
      SOCHDB_TRY(visit(run, &more));
      if (!more) return {};
    }
  }
  return {};
}

// Keys that follow each other and may be in one table are looked up together.
Status GetManyOfRun(const SortedRun& run, std::span<PointRead* const> reads, Timestamp read_ts, BlockPins* pins) {
  for (size_t i = 0; i < reads.size();) {
    const Table* const table = TableFor(run, reads[i]->key);
    const size_t first = i++;
    if (table == nullptr || table->properties().min_ts > read_ts) continue;
    const TableProperties& properties = table->properties();
    while (i < reads.size() && properties.smallest_key <= reads[i]->key && reads[i]->key <= properties.largest_key) ++i;
    SOCHDB_TRY(table->GetMany(reads.subspan(first, i - first), read_ts, pins));
  }
  return {};
}

// The files of one sorted run, one after the other; a file's iterator is made when the walk comes to it.
class RunIterator final : public SnapshotIterator {
 public:
  RunIterator(const SortedRun* run, Timestamp read_ts, bool fill_cache)
      : run_(run), read_ts_(read_ts), fill_cache_(fill_cache) {}

  bool Valid() const override { return valid_; }
  void SeekToFirst() override {
    if (Open(0)) table_->SeekToFirst();
    SettleForward();
  }
  void SeekToLast() override {
    if (Open(run_->files.size() - 1)) table_->SeekToLast();
    SettleBackward();
  }
  void Seek(std::string_view target) override {
    if (Open(run_->FileFor(target))) table_->Seek(target);
    SettleForward();
  }
  void SeekForPrev(std::string_view target) override {
    const size_t at = run_->FileFor(target);
    if (at == run_->files.size()) return SeekToLast();
    if (Open(at)) table_->SeekForPrev(target);
    SettleBackward();
  }
  void Next() override {
    table_->Next();
    SettleForward();
  }
  void Prev() override {
    table_->Prev();
    SettleBackward();
  }
  std::string_view key() const override { return table_->key(); }
  const VersionView& version() const override { return table_->version(); }
  Status status() const override { return status_; }
  void TakeRun(EntryRun* run) override {
    table_->TakeRun(run);
    SettleForward();
  }
  bool ShowVersion() override {
    if (table_->ShowVersion()) return true;
    (void)Settled();
    return false;
  }

 private:
  // False when there is no such file: the walk is at its end.
  bool Open(size_t file) {
    status_ = {};
    if (file >= run_->files.size()) {
      table_.reset();
      return false;
    }
    if (table_ == nullptr || file != file_) table_ = run_->files[file]->table().NewIterator(read_ts_, fill_cache_);
    file_ = file;
    return true;
  }
  // Whether the walk ends with the file it is in: it stands at an entry, or has failed.
  bool Settled() {
    valid_ = table_ != nullptr && table_->Valid();
    if (valid_ || table_ == nullptr) return true;
    status_ = table_->status();
    return !status_.ok();
  }
  void SettleForward() {
    while (!Settled()) {
      if (Open(file_ + 1)) table_->SeekToFirst();
    }
  }
  void SettleBackward() {
    while (!Settled()) {
      if (file_ == 0) return;
      if (Open(file_ - 1)) table_->SeekToLast();
    }
  }

  const SortedRun* const run_;
  const Timestamp read_ts_;
  const bool fill_cache_;
  size_t file_ = 0;
  std::unique_ptr<SnapshotIterator> table_;  // of file_; null beyond the last one
  bool valid_ = false;
  Status status_;
};

}  // namespace

SuperVersion::SuperVersion(std::vector<std::shared_ptr<Memtable>> memtables, LevelStatePtr levels)
    : memtables_(std::move(memtables)),
      levels_(std::move(levels)),
      active_(memtables_.front().get()),
      only_active_(memtables_.size() == 1 && (levels_ == nullptr || levels_->empty())) {}

Status SuperVersion::GetBelow(std::string_view key, Timestamp read_ts, VersionView* out, BlockRef* pin, bool* found) const {
  for (size_t i = 1; i < memtables_.size(); ++i) {
    *found = memtables_[i]->Get(key, read_ts, out);
    if (*found) return {};
  }
  const uint64_t hash = Table::FilterHash(key);
  return ForEachRun(levels_.get(), [&](const SortedRun& run, bool* more) -> Status {
    const Table* const table = TableFor(run, key);
    if (table == nullptr || table->properties().min_ts > read_ts) return {};
    SOCHDB_TRY(table->Get(key, hash, read_ts, out, pin, found));
    *more = !*found;
    return {};
  });
}

Status SuperVersion::GetMany(std::span<PointRead> reads, Timestamp read_ts, BlockPins* pins) const {
  for (const std::shared_ptr<Memtable>& memtable : memtables_) {
    if (memtable->key_count() == 0) continue;  // what comes to an empty one is newer than any registered snapshot
    for (const PointRead& read : reads) {
      if (!read.found) memtable->Prefetch(read.key);
    }
    for (PointRead& read : reads) {
      if (!read.found) read.found = memtable->Get(read.key, read_ts, &read.version);
    }
  }
  if (only_active_) return {};
  std::array<PointRead*, PointRead::kAtOnce> left;
  size_t count = 0;
  for (PointRead& read : reads) {
    if (read.found) continue;
    read.hash = Table::FilterHash(read.key);
    left[count++] = &read;
  }
  return ForEachRun(levels_.get(), [&](const SortedRun& run, bool* more) -> Status {
    if (run.min_ts > read_ts) return {};
    SOCHDB_TRY(GetManyOfRun(run, std::span(left).first(count), read_ts, pins));
    const auto found = [](const PointRead* read) { return read->found; };
    count = static_cast<size_t>(std::remove_if(left.begin(), left.begin() + count, found) - left.begin());
    *more = count > 0;
    return {};
  });
}

Status SuperVersion::VisitVersions(std::string_view key, Timestamp read_ts, const Visit& visit) const {
  struct State {
    const Visit* visit;
    Timestamp last = kMaxTimestamp;
    bool any = false;
    bool stopped = false;
    // A timestamp is visited once, in whatever place it stands first.
    bool See(const VersionView& version) {
      if (any && version.ts >= last) return true;
      any = true;
      last = version.ts;
      stopped = !(*visit)(version);
      return !stopped;
    }
  };
  State state{&visit};
  for (const std::shared_ptr<Memtable>& memtable : memtables_) {
    memtable->VisitVersions(
        key, read_ts, [](void* context, const VersionView& v) { return static_cast<State*>(context)->See(v); }, &state);
    if (state.stopped) return {};
  }
  if (only_active_) return {};
  const uint64_t hash = Table::FilterHash(key);
  const Table::Visit see = [&state](const VersionView& version) { return state.See(version); };
  return ForEachRun(levels_.get(), [&](const SortedRun& run, bool* more) -> Status {
    const Table* const table = TableFor(run, key);
    if (table == nullptr || table->properties().min_ts > read_ts) return {};
    bool stopped = false;
    SOCHDB_TRY(table->VisitVersions(key, hash, read_ts, see, &stopped));
    *more = !stopped;
    return {};
  });
}

Status SuperVersion::NewestTimestamp(std::string_view key, Timestamp above, Timestamp* newest) const {
  *newest = 0;
  for (const std::shared_ptr<Memtable>& memtable : memtables_) {
    if (memtable->newest_ts() <= above) continue;
    *newest = memtable->NewestTimestamp(key);
    if (*newest != 0) return {};
  }
  if (only_active_) return {};
  const uint64_t hash = Table::FilterHash(key);
  return ForEachRun(levels_.get(), [&](const SortedRun& run, bool* more) -> Status {
    if (run.max_ts <= above) return {};
    const Table* const table = TableFor(run, key);
    if (table == nullptr || table->properties().max_ts <= above) return {};
    VersionView version;
    BlockRef pin;
    bool found = false;
    SOCHDB_TRY(table->Get(key, hash, kMaxTimestamp, &version, &pin, &found));
    if (found) *newest = version.ts;
    *more = !found;
    return {};
  });
}

Status SuperVersion::NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above,
                                            Timestamp* newest) const {
  *newest = 0;
  for (const std::shared_ptr<Memtable>& memtable : memtables_) {
    *newest = memtable->NewestTimestampInRange(lo, hi, above);
    if (*newest != 0) return {};
  }
  return ForEachRun(levels_.get(), [&](const SortedRun& run, bool* more) -> Status {
    if (run.max_ts <= above) return {};
    for (size_t i = run.FileFor(lo); i < run.files.size() && *newest == 0; ++i) {
      const Table& table = run.files[i]->table();
      if (!hi.empty() && std::string_view(table.properties().smallest_key) >= hi) break;
      if (table.properties().max_ts > above) SOCHDB_TRY(table.NewestTimestampInRange(lo, hi, above, newest));
    }
    *more = *newest == 0;
    return {};
  });
}

std::unique_ptr<SnapshotIterator> SuperVersion::NewIterator(Timestamp read_ts, bool fill_cache) const {
  if (only_active_) return active_->NewIterator(read_ts);
  std::vector<std::unique_ptr<SnapshotIterator>> sources;
  for (const std::shared_ptr<Memtable>& memtable : memtables_) {
    // What comes to an empty one is newer than any registered snapshot.
    if (memtable->key_count() != 0) sources.push_back(memtable->NewIterator(read_ts));
  }
  (void)ForEachRun(levels_.get(), [&](const SortedRun& run, bool*) -> Status {
    if (run.min_ts <= read_ts) sources.push_back(std::make_unique<RunIterator>(&run, read_ts, fill_cache));
    return {};
  });
  return NewMergingIterator(std::move(sources));
}

}  // namespace sochdb
