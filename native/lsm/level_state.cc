#include "lsm/level_state.h"

#include <algorithm>
#include <new>

#include "lsm/file_reaper.h"

namespace sochdb {

TableFile::TableFile(TreeId tree, std::unique_ptr<Table> table, FileReaper* reaper, const PinnedVersions& pinned)
    : tree_(tree), table_(std::move(table)), reaper_(reaper), pinned_(pinned) {
  reaper_->Born(properties().blobs);
}

TableFile::~TableFile() {
  const bool obsolete = obsolete_.load(std::memory_order_acquire);
  const uint64_t gone = number();
  const uint64_t bytes = properties().file_bytes;
  try {
    const std::vector<uint64_t> blobs = properties().blobs;
    table_.reset();  // closes the file first
    reaper_->Gone(gone, bytes, blobs, obsolete);
  } catch (const std::bad_alloc&) {
    // What this leaves behind is deleted at the next opening.
  }
}

void TableFile::MarkObsolete() const {
  SOCHDB_CHECK(!obsolete_.exchange(true, std::memory_order_acq_rel));
  reaper_->Condemned(properties().file_bytes);
}

size_t SortedRun::FileFor(std::string_view key) const {
  const auto found = std::lower_bound(files.begin(), files.end(), key, [](const TableFilePtr& file, std::string_view wanted) {
    return file->largest() < wanted;
  });
  return static_cast<size_t>(found - files.begin());
}

uint64_t LevelState::bytes() const {
  uint64_t sum = 0;
  for (const auto& level : levels) {
    for (const SortedRun& run : level) sum += run.bytes;
  }
  return sum;
}

uint64_t LevelState::entries() const {
  uint64_t sum = 0;
  for (const auto& level : levels) {
    for (const SortedRun& run : level) sum += run.entries;
  }
  return sum;
}

size_t LevelState::runs() const {
  size_t sum = 0;
  for (const auto& level : levels) sum += level.size();
  return sum;
}

size_t LevelState::files() const {
  size_t sum = 0;
  for (const auto& level : levels) {
    for (const SortedRun& run : level) sum += run.files.size();
  }
  return sum;
}

namespace {

// Sorts the files of a run and sums them up.
Status Complete(SortedRun* run) {
  std::sort(run->files.begin(), run->files.end(),
            [](const TableFilePtr& a, const TableFilePtr& b) { return a->smallest() < b->smallest(); });
  run->min_ts = kMaxTimestamp;
  for (size_t i = 0; i < run->files.size(); ++i) {
    const TableProperties& properties = run->files[i]->properties();
    run->bytes += properties.file_bytes;
    run->entries += properties.entries;
    run->min_ts = std::min(run->min_ts, properties.min_ts);
    run->max_ts = std::max(run->max_ts, properties.max_ts);
    if (i == 0 || run->files[i - 1]->largest() < properties.smallest_key) continue;
    return Status(Code::kCorruption, "Two tables of one sorted run overlap: " + std::to_string(run->files[i - 1]->number()) +
                                         " and " + std::to_string(run->files[i]->number()) + ".")
        .With("file", run->files[i]->table().path());
  }
  return {};
}

}  // namespace

Result<LevelStatePtr> MakeLevelState(const std::vector<PlacedFile>& files) {
  auto state = std::make_shared<LevelState>();
  for (const PlacedFile& placed : files) {
    auto& level = state->levels[static_cast<size_t>(placed.level)];
    const auto found = std::find_if(level.begin(), level.end(), [&](const SortedRun& run) { return run.id == placed.run_id; });
    SortedRun& run = found != level.end() ? *found : level.emplace_back();
    run.id = placed.run_id;
    run.files.push_back(placed.file);
  }
  for (auto& level : state->levels) {
    for (SortedRun& run : level) SOCHDB_TRY(Complete(&run));
    std::sort(level.begin(), level.end(), [](const SortedRun& a, const SortedRun& b) { return a.id > b.id; });
  }
  return LevelStatePtr(std::move(state));
}

}  // namespace sochdb
