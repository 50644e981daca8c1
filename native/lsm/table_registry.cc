#include "lsm/table_registry.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "env/path.h"
#include "lsm/manifest_format.h"

namespace sochdb {
namespace {

constexpr int kReadOnlyAttempts = 5;  // beside a process that changes the store
constexpr std::string_view kTableExtension = "sst";

// A table that the manifest names and that cannot be read.
Status Missing(const std::string& path) {
  return Status(Code::kCorruption, "The table " + path + ", which the manifest names, is missing. Restore a backup.")
      .With("file", path)
      .With("offset", "0")
      .With("expected", "a file")
      .With("actual", "none");
}

bool Touches(const ManifestEdit& edit, TreeId tree) {
  return std::any_of(edit.added.begin(), edit.added.end(), [&](const FileEntry& file) { return file.tree == tree; }) ||
         std::any_of(edit.removed.begin(), edit.removed.end(), [&](const auto& file) { return file.first == tree; });
}

}  // namespace

TableRegistry::TableRegistry(Env* env, std::string dir, const Options& options)
    : env_(env), dir_(std::move(dir)), options_(options), install_mutex_(env), mutex_(env) {
  for (LevelStatePtr& levels : levels_) levels = std::make_shared<LevelState>();
}

TableRegistry::~TableRegistry() {
  try {
    (void)Close();
  } catch (const std::bad_alloc&) {
    // The next opening goes on as after a crash.
  }
}

Status TableRegistry::Close() {
  MutexLock install(&install_mutex_);
  if (closed_ || manifest_ == nullptr || options_.read_only) return {};
  closed_ = true;
  return manifest_->Close();
}

Result<std::unique_ptr<TableRegistry>> TableRegistry::Open(Env* env, const std::string& dir, const Options& options) {
  std::unique_ptr<TableRegistry> registry(new TableRegistry(env, dir, options));
  SOCHDB_TRY(registry->Load());
  return registry;
}

// Beside a process that changes the store, the manifest may name what is gone by the time it is opened: then it is old.
Status TableRegistry::Load() {
  const int attempts = options_.read_only ? kReadOnlyAttempts : 1;
  Status loaded;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    loaded = LoadOnce();
    if (loaded.code() != Code::kCorruption) return loaded;
  }
  return loaded;
}

Status TableRegistry::LoadOnce() {
  auto manifest = Manifest::Open(env_, dir_, options_.read_only, &state_, &open_report_);
  if (!manifest.ok()) {
    const bool nothing_yet = options_.read_only && manifest.status().code() == Code::kNotFound;
    return nothing_yet ? Status() : manifest.status();
  }
  manifest_ = std::move(manifest).value();
  manifest_bytes_ = manifest_->file_bytes();
  SOCHDB_TRY(OpenTables());
  next_file_number_ = state_.next_file_number;
  next_run_id_ = state_.next_run_id;
  for (const FileEntry& file : state_.files) {
    next_file_number_ = std::max(next_file_number_.load(), file.number + 1);
    next_run_id_ = std::max(next_run_id_.load(), file.run_id + 1);
  }
  return options_.read_only ? Status() : DeleteLeftovers();
}

Status TableRegistry::OpenTables() {
  std::array<std::vector<PlacedFile>, kTreeCount> placed;
  for (const FileEntry& entry : state_.files) {
    // What is in it is compared when it is first needed.
    auto opened = OpenTable(entry.tree, entry.number, {}, &entry.properties);
    if (opened.status().code() == Code::kNotFound) {
      return Missing(JoinPath(dir_, NumberedFileName(entry.number, kTableExtension)));
    }
    SOCHDB_TRY(opened.status());
    placed[static_cast<size_t>(entry.tree)].push_back({entry.level, entry.run_id, std::move(opened).value()});
  }
  for (size_t tree = 0; tree < placed.size(); ++tree) {
    SOCHDB_ASSIGN(levels, MakeLevelState(placed[tree]));
    levels_[tree] = std::move(levels);
  }
  return {};
}

Status TableRegistry::DeleteLeftovers() {
  std::unordered_set<std::string> live = {std::string(kCurrentFileName), manifest_->file_name()};
  for (const FileEntry& file : state_.files) live.insert(NumberedFileName(file.number, kTableExtension));
  SOCHDB_ASSIGN(names, env_->ListDir(dir_));
  for (const std::string& name : names) {
    const std::optional<uint64_t> table = ParseNumberedFileName(name, kTableExtension);
    if (table) next_file_number_ = std::max(next_file_number_.load(), *table + 1);
    const bool ours = table || ParseManifestFileName(name) || name == std::string(kCurrentFileName) + ".tmp";
    if (ours && live.count(name) == 0) (void)env_->DeleteFile(JoinPath(dir_, name));
  }
  return {};
}

LevelStatePtr TableRegistry::levels(TreeId tree) const {
  MutexLock lock(&mutex_);
  return levels_[static_cast<size_t>(tree)];
}

std::array<LevelStatePtr, kTreeCount> TableRegistry::all_levels() const {
  MutexLock lock(&mutex_);
  return levels_;
}

ManifestState TableRegistry::state() const {
  MutexLock lock(&mutex_);
  return state_;
}

IndexPolicy TableRegistry::policy(TreeId tree) const {
  MutexLock lock(&mutex_);
  return state_.policies[static_cast<size_t>(tree)];
}

Timestamp TableRegistry::last_write(TreeId tree) const {
  MutexLock lock(&mutex_);
  return state_.last_writes[static_cast<size_t>(tree)];
}

LsmStore::Picture TableRegistry::TakePicture() const {
  LsmStore::Picture picture;
  MutexLock lock(&mutex_);
  picture.state = state_;
  for (const LevelStatePtr& levels : levels_) {
    for (const auto& level : levels->levels) {
      for (const SortedRun& run : level) picture.files.insert(picture.files.end(), run.files.begin(), run.files.end());
    }
  }
  return picture;
}

Status TableRegistry::health() const {
  MutexLock lock(&mutex_);
  return health_;
}

Result<TableFilePtr> TableRegistry::OpenTable(TreeId tree, uint64_t number, const PinnedVersions& pinned,
                                              const TableProperties* known) const {
  const std::string path = JoinPath(dir_, NumberedFileName(number, kTableExtension));
  SOCHDB_ASSIGN(table, Table::Open(env_, path, number, {.cache = options_.cache, .check_all = false, .known = known}));
  return TableFilePtr(std::make_shared<TableFile>(tree, std::move(table), options_.reaper, pinned));
}

Result<LevelStatePtr> TableRegistry::LevelsAfter(TreeId tree, const ManifestState& next,
                                                 std::span<const TableFilePtr> tables) const {
  std::unordered_map<uint64_t, TableFilePtr> known;
  for (const auto& level : levels(tree)->levels) {
    for (const SortedRun& run : level) {
      for (const TableFilePtr& file : run.files) known.emplace(file->number(), file);
    }
  }
  for (const TableFilePtr& table : tables) known.emplace(table->number(), table);
  std::vector<PlacedFile> placed;
  for (const FileEntry& file : next.files) {
    if (file.tree != tree) continue;
    const auto found = known.find(file.number);
    if (found == known.end()) return Status(Code::kInternal, "A change of the levels names a table that nobody opened.");
    placed.push_back({file.level, file.run_id, found->second});
  }
  return MakeLevelState(placed);
}

Status TableRegistry::Install(ManifestEdit edit, std::span<const TableFilePtr> tables, std::span<const FlushUnit> flushed) {
  MutexLock install(&install_mutex_);
  if (options_.read_only || manifest_ == nullptr) return {Code::kReadOnly, "The store is open for reading only."};
  if (closed_) return {Code::kClosed, "The database is closed."};
  SOCHDB_TRY(health());
  ManifestState next = state();
  if (edit.history_floor) edit.history_floor = std::max(*edit.history_floor, next.history_floor);
  if (edit.last_ts) edit.last_ts = std::max(*edit.last_ts, next.last_ts);
  edit.next_file_number = next_file_number_.load();
  edit.next_run_id = next_run_id_.load();
  SOCHDB_TRY(next.Apply(edit));
  std::vector<Change> changes;
  for (int i = 0; i < kTreeCount; ++i) {
    const auto tree = static_cast<TreeId>(i);
    if (!Touches(edit, tree)) continue;
    SOCHDB_ASSIGN(levels, LevelsAfter(tree, next, tables));
    changes.push_back({tree, std::move(levels)});
  }
  const std::vector<TableFilePtr> gone = GoneWith(edit);

  try {
    if (Status appended = manifest_->Append(edit, next); !appended.ok()) {
      if (appended.code() == Code::kDiskFull || appended.code() == Code::kLimit) return appended;
      MutexLock lock(&mutex_);
      health_ = appended;
      return appended;
    }
  } catch (const std::bad_alloc&) {
    MutexLock lock(&mutex_);
    if (health_.ok()) health_ = std::move(out_of_memory_);  // nobody knows what the manifest holds
    throw;
  }
  // It has happened: nothing from here to the end may need memory.
  manifest_bytes_ = manifest_->file_bytes();
  {
    MutexLock lock(&mutex_);
    std::swap(state_, next);
    for (Change& change : changes) levels_[static_cast<size_t>(change.tree)].swap(change.levels);
  }
  for (const TableFilePtr& file : gone) file->MarkObsolete();
  Announce(changes, flushed);
  return {};
}

// The tables that the edit removes for good.
std::vector<TableFilePtr> TableRegistry::GoneWith(const ManifestEdit& edit) const {
  std::unordered_set<uint64_t> numbers;
  for (const auto& [tree, number] : edit.removed) numbers.insert(number);
  for (const FileEntry& file : edit.added) numbers.erase(file.number);
  std::vector<TableFilePtr> gone;
  if (numbers.empty()) return gone;
  for (const LevelStatePtr& levels : all_levels()) {
    for (const auto& level : levels->levels) {
      for (const SortedRun& run : level) {
        std::copy_if(run.files.begin(), run.files.end(), std::back_inserter(gone),
                     [&](const TableFilePtr& file) { return numbers.count(file->number()) != 0; });
      }
    }
  }
  return gone;
}

void TableRegistry::Announce(const std::vector<Change>& changes, std::span<const FlushUnit> flushed) {
  if (listener_ == nullptr) return;
  for (const FlushUnit& unit : flushed) listener_->OnLevels(unit.tree, levels(unit.tree), unit.memtable.get());
  for (const Change& change : changes) {
    const bool told =
        std::any_of(flushed.begin(), flushed.end(), [&](const FlushUnit& unit) { return unit.tree == change.tree; });
    if (!told) listener_->OnLevels(change.tree, levels(change.tree), nullptr);
  }
}

Status TableRegistry::VerifyManifest(const std::function<void(const LsmStore::Fault&)>& visit) {
  MutexLock install(&install_mutex_);
  if (manifest_ == nullptr) return {};
  const std::string path = JoinPath(dir_, manifest_->file_name());
  return manifest_->Verify([&](uint64_t offset, std::string expected, std::string actual) {
    visit({path, offset, std::move(expected), std::move(actual)});
  });
}

}  // namespace sochdb
