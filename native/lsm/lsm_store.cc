#include "lsm/lsm_store.h"

#include <algorithm>
#include <deque>
#include <new>

#include "env/path.h"
#include "lsm/compaction_job.h"
#include "lsm/compaction_scheduler.h"
#include "lsm/flush_job.h"
#include "lsm/rate_limiter.h"
#include "lsm/store_stats.h"
#include "lsm/table_registry.h"
#include "lsm/verify_tables.h"

namespace sochdb {
namespace {

// What tests make of blocks, tables and the cache, now and then.
constexpr uint32_t kSmallBlockBytes = 128;
constexpr uint64_t kSmallTableBytes = 1024;
constexpr uint64_t kTinyCacheBytes = 4096;

class LsmStoreImpl final : public LsmStore {
 public:
  LsmStoreImpl(Env* env, std::string dir, const LsmOptions& options)
      : env_(env),
        dir_(std::move(dir)),
        options_(options),
        small_blocks_(env->Buggify("lsm.small-blocks")),
        cache_(BlockCache::Create(env, env->Buggify("lsm.tiny-cache") ? kTinyCacheBytes : options.block_cache_bytes)),
        reaper_(env, dir_),
        limiter_(env, options.compaction_bytes_per_second),
        counters_(env),
        scheduler_(env, [this] { return registry_->NewRunId(); }),
        flush_mutex_(env) {}

  Status Load() {
    SOCHDB_ASSIGN(registry, TableRegistry::Open(env_, dir_,
                                                {.cache = cache_.get(), .reaper = &reaper_, .read_only = options_.read_only}));
    registry_ = std::move(registry);
    return {};
  }

  void SetListener(LevelListener* listener) override { registry_->SetListener(listener); }
  LevelStatePtr levels(TreeId tree) const override { return registry_->levels(tree); }
  ManifestState state() const override { return registry_->state(); }
  Status health() const override { return registry_->health(); }
  Status Close() override { return registry_->Close(); }
  Manifest::OpenReport open_report() const override { return registry_->open_report(); }
  Picture TakePicture() const override { return registry_->TakePicture(); }
  BlockCache* cache() const override { return cache_.get(); }
  std::vector<uint64_t> LiveBlobs() const override { return reaper_.LiveBlobs(); }
  void ReapFiles(const std::function<void(std::span<const uint64_t>)>& blob_gone) override { reaper_.Reap(blob_gone); }

  PolicySettings settings(TreeId tree) const override {
    PolicySettings settings = SettingsOf(registry_->policy(tree), options_.table);
    if (options_.target_file_bytes != 0) settings.target_file_bytes = options_.target_file_bytes;
    if (options_.base_level_bytes != 0) settings.base_level_bytes = options_.base_level_bytes;
    if (small_blocks_) settings.table.block_bytes = kSmallBlockBytes;
    return settings;
  }

  Status SetPolicy(TreeId tree, IndexPolicy policy) override {
    ManifestEdit edit;
    edit.policies.emplace_back(tree, policy);
    return registry_->Install(std::move(edit), {}, {});
  }

  Status Record(const ManifestEdit& edit) override {
    if (!edit.added.empty() || !edit.removed.empty()) {
      return {Code::kInvalidArgument, "Record takes no tables: Flush and Run do."};
    }
    return registry_->Install(edit, {}, {});
  }

  Status Flush(std::span<const FlushUnit> units, const KeepRule& rule, const std::function<Status()>& before_install) override {
    MutexLock one_at_a_time(&flush_mutex_);
    if (options_.read_only) return ReadOnly();
    SOCHDB_TRY(health());
    const uint64_t began = env_->MonotonicMicros();
    scheduler_.NoteRule(rule);
    std::deque<FlushJob> jobs;
    for (const FlushUnit& unit : units) {
      const bool oldest =
          std::none_of(jobs.begin(), jobs.end(), [&](const FlushJob& job) { return job.unit().tree == unit.tree; });
      OutputOptions output = OutputOf(unit.tree);
      if (!settings(unit.tree).compress_flushes) output.table.compression = CompressionType::kNone;
      output.help = options_.threads && (settings(unit.tree).help_flushes || env_->Buggify("lsm.help-flush"));
      jobs.emplace_back(unit, rule, *levels(unit.tree), oldest, std::move(output));
      SOCHDB_TRY(jobs.back().Run());
    }
    if (before_install) SOCHDB_TRY(before_install());
    SOCHDB_TRY(InstallFlush(units, rule, &jobs));
    uint64_t bytes = 0;
    KeepStats kept;
    for (const FlushJob& job : jobs) {
      bytes += job.bytes();
      kept.Add(job.kept());
      reaper_.DroppedWith(job.unit().memtable, job.dropped_blobs());
    }
    counters_.Flushed(bytes, env_->MonotonicMicros() - began, kept);
    return {};
  }

  std::optional<CompactionPick> PickCompaction(uint64_t now_ms, double least_urgency) override {
    if (!MayCompact()) return std::nullopt;
    return scheduler_.Pick([this] { return registry_->all_levels(); }, [this](TreeId tree) { return settings(tree); }, now_ms,
                           least_urgency);
  }
  std::optional<CompactionPick> PickWhole(TreeId tree) override {
    return PickBy(tree, [](const PolicyView& view) { return PickEverything(view); });
  }
  std::optional<CompactionPick> PickLevel(TreeId tree, int level) override {
    if (level < 0 || level >= kLevels) return std::nullopt;
    return PickBy(tree, [level](const PolicyView& view) { return PolicyOf(view.settings->style).PickLevel(view, level); });
  }
  void Release(const CompactionPick& pick) override { scheduler_.Release(pick); }

  Status Run(const CompactionPick& pick, const KeepRule& rule, const CancelToken* cancel, const Progress& progress) override {
    SOCHDB_CHECK(scheduler_.Reserved(pick));
    Running running(this, pick);
    scheduler_.NoteRule(rule);
    const Status done = pick.move_only ? Move(pick) : Merge(pick, rule, cancel, progress, &running.counts);
    running.done = done.ok();
    return done;
  }

  Status Verify(const std::function<void(const Fault&)>& visit, const CancelToken* cancel, const Progress& progress) override {
    SOCHDB_TRY(VerifyTables(TakePicture().files, visit, cancel, progress));
    return registry_->VerifyManifest(visit);
  }

  LsmStats stats() const override {
    LsmStats stats = counters_.Read();
    const auto all = registry_->all_levels();
    for (const LevelStatePtr& levels : all) AddLevels(*levels, &stats);
    const CompactionScheduler::Pending pending = scheduler_.pending(all, [this](TreeId tree) { return settings(tree); });
    stats.pending_compactions = pending.compactions;
    stats.pending_compaction_bytes = pending.bytes;
    const FileReaper::Waiting waiting = reaper_.waiting();
    stats.obsolete_files = waiting.files;
    stats.obsolete_bytes = waiting.bytes;
    stats.manifest_bytes = registry_->manifest_bytes();
    stats.cache = cache_->stats();
    return stats;
  }
  LsmStats stats(TreeId tree) const override {
    LsmStats stats;
    AddLevels(*levels(tree), &stats);
    return stats;
  }

  uint64_t PinnedBytes(Timestamp oldest_reader) const override {
    uint64_t bytes = 0;
    for (const LevelStatePtr& levels : registry_->all_levels()) {
      for (const std::vector<SortedRun>& level : levels->levels) {
        for (const SortedRun& run : level) {
          for (const TableFilePtr& file : run.files) bytes += file->pinned_bytes(oldest_reader);
        }
      }
    }
    return bytes;
  }

  Pressure pressure() const override {
    Pressure worst;
    double worst_share = -1;
    const auto all = registry_->all_levels();
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i]->empty() && worst_share >= 0) continue;
      const PolicySettings tree_settings = settings(static_cast<TreeId>(i));
      const auto runs = static_cast<uint32_t>(all[i]->runs());
      const double share = static_cast<double>(runs) / std::max(1u, tree_settings.stop_runs);
      if (share <= worst_share) continue;
      worst_share = share;
      worst = {runs, tree_settings.slowdown_runs, tree_settings.stop_runs};
    }
    return worst;
  }

 private:
  // Gives the inputs back at the end, also when memory runs out.
  struct Running {
    Running(LsmStoreImpl* store_of, const CompactionPick& pick_of)
        : store(store_of), pick(pick_of), began(store_of->env_->MonotonicMicros()) {
      store->counters_.CompactionBegan();
    }
    ~Running() {
      counts.micros = store->env_->MonotonicMicros() - began;
      store->counters_.CompactionEnded(done, pick.move_only, counts);
      store->scheduler_.Release(pick);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    LsmStoreImpl* const store;
    const CompactionPick& pick;
    const uint64_t began;
    CompactionCounts counts;
    bool done = false;
  };

  static Status ReadOnly() { return {Code::kReadOnly, "The store is open for reading only."}; }
  bool MayCompact() const { return !options_.read_only && health().ok(); }

  std::optional<CompactionPick> PickBy(TreeId tree, const CompactionScheduler::Choose& choose) {
    if (!MayCompact()) return std::nullopt;
    return scheduler_.PickBy(
        tree, [this] { return registry_->all_levels(); }, settings(tree), choose);
  }

  OutputOptions OutputOf(TreeId tree) {
    const PolicySettings tree_settings = settings(tree);
    OutputOptions output;
    output.env = env_;
    output.dir = dir_;
    output.tree = tree;
    output.table = tree_settings.table;
    output.target_file_bytes = env_->Buggify("lsm.small-tables") ? kSmallTableBytes : tree_settings.target_file_bytes;
    output.new_file_number = [this] { return registry_->NewFileNumber(); };
    return output;
  }

  Status OpenOutputs(TreeId tree, const std::vector<OutputFile>& files, const KeepRule& rule, int level, uint64_t run_id,
                     ManifestEdit* edit, std::vector<TableFilePtr>* tables) {
    for (const OutputFile& file : files) {
      SOCHDB_ASSIGN(table, registry_->OpenTable(tree, file.number, {file.pinned_bytes, rule.floor()}));
      tables->push_back(std::move(table));
      edit->added.push_back({tree, static_cast<uint8_t>(level), run_id, file.number, file.properties});
    }
    return {};
  }

  // Calls keep, so that the new files stay, unless it is certain that the manifest does not name them.
  template <typename Keep>
  Status InstallOrKeep(ManifestEdit edit, const std::vector<TableFilePtr>& tables, std::span<const FlushUnit> units,
                       const Keep& keep) {
    if (env_->Buggify("lsm.slow-install")) env_->SleepMicros(3000);
    try {
      Status installed = registry_->Install(std::move(edit), tables, units);
      if (installed.ok() || installed.code() == Code::kReadOnly) keep();
      return installed;
    } catch (const std::bad_alloc&) {
      keep();
      throw;
    }
  }

  Status InstallFlush(std::span<const FlushUnit> units, const KeepRule& rule, std::deque<FlushJob>* jobs) {
    ManifestEdit edit;
    std::vector<TableFilePtr> tables;
    Timestamp last_ts = 0;
    for (FlushJob& job : *jobs) {
      const FlushUnit& unit = job.unit();
      SOCHDB_TRY(OpenOutputs(unit.tree, job.files(), rule, 0, registry_->NewRunId(), &edit, &tables));
      edit.flushed.emplace_back(unit.tree, unit.end_lsn);
      const Timestamp last_write = std::max(unit.last_write, unit.memtable->newest_ts());
      if (last_write != 0) edit.last_writes.emplace_back(unit.tree, last_write);
      last_ts = std::max(last_ts, last_write);
      if (job.kept().superseded != 0) edit.history_floor = rule.floor();
    }
    edit.last_ts = last_ts;
    const auto keep = [jobs] {
      for (FlushJob& job : *jobs) job.Keep();
    };
    return InstallOrKeep(std::move(edit), tables, units, keep);
  }

  static void RemoveInputs(const CompactionPick& pick, ManifestEdit* edit) {
    for (const CompactionPick::Input& input : pick.inputs) {
      for (const TableFilePtr& file : input.files) edit->removed.emplace_back(pick.tree, file->number());
    }
  }

  Status Move(const CompactionPick& pick) {
    ManifestEdit edit;
    RemoveInputs(pick, &edit);
    for (const CompactionPick::Input& input : pick.inputs) {
      for (const TableFilePtr& file : input.files) {
        edit.added.push_back(
            {pick.tree, static_cast<uint8_t>(pick.output_level), pick.output_run_id, file->number(), file->properties()});
      }
    }
    return registry_->Install(std::move(edit), {}, {});
  }

  Status Merge(const CompactionPick& pick, const KeepRule& rule, const CancelToken* cancel, const Progress& progress,
               CompactionCounts* counts) {
    SOCHDB_TRY(health());
    // Before the levels: they may know more, not less.
    Timestamp in_memory_from = registry_->last_write(pick.tree) + 1;
    if (rule.in_memory_from) in_memory_from = std::max(in_memory_from, rule.in_memory_from(pick.tree));
    const LevelStatePtr before = levels(pick.tree);
    OutputOptions output = OutputOf(pick.tree);
    output.cuts = CutsOf(pick, *before);
    output.limiter = &limiter_;
    output.cancel = cancel;
    CompactionJob job(pick, rule, *before, in_memory_from, std::move(output));
    SOCHDB_TRY(job.Run(progress));
    ManifestEdit edit;
    std::vector<TableFilePtr> tables;
    RemoveInputs(pick, &edit);
    SOCHDB_TRY(OpenOutputs(pick.tree, job.files(), rule, pick.output_level, pick.output_run_id, &edit, &tables));
    if (job.kept().superseded != 0) edit.history_floor = rule.floor();
    SOCHDB_TRY(InstallOrKeep(std::move(edit), tables, {}, [&job] { job.Keep(); }));
    for (const OutputFile& file : job.files()) {
      if (std::string_view(pick.reason) == kGarbageReason) scheduler_.NoteRewritten(file.number, rule.expired_before_ms);
    }
    counts->read_bytes = job.read_bytes();
    counts->written_bytes = job.written_bytes();
    counts->kept = job.kept();
    return {};
  }

  Env* const env_;
  const std::string dir_;
  const LsmOptions options_;
  const bool small_blocks_;
  const std::unique_ptr<BlockCache> cache_;
  FileReaper reaper_;
  RateLimiter limiter_;
  StoreCounters counters_;
  std::unique_ptr<TableRegistry> registry_;
  CompactionScheduler scheduler_;
  Mutex flush_mutex_;  // one flush at a time, so that runs come in the order of their memtables
};

}  // namespace

Result<std::unique_ptr<LsmStore>> LsmStore::Open(Env* env, const std::string& dir, const LsmOptions& options) {
  auto store = std::make_unique<LsmStoreImpl>(env, dir, options);
  SOCHDB_TRY(store->Load());
  return std::unique_ptr<LsmStore>(std::move(store));
}

}  // namespace sochdb
