// What all compaction policies share: inputs, soundness, and upkeep.

#include <algorithm>

#include "lsm/compaction_policy.h"

namespace sochdb {
namespace {

constexpr double kGarbageUrgency = 0.6;
constexpr double kLayoutUrgency = 0.3;
constexpr uint64_t kLayoutFiles = 4;      // rewritten at once, in target sizes
constexpr uint64_t kSinkEntryRatio = 10;  // a file is sunk when its garbage is a tenth of what must be rewritten

// Age of a place: the greater, the newer.
struct Place {
  int level = 0;
  uint64_t run_id = 0;
  [[nodiscard]] bool NewerThan(const Place& other) const {
    return level != other.level ? level < other.level : run_id > other.run_id;
  }
};

bool IsInput(const CompactionPick& pick, int level, uint64_t run_id, const TableFilePtr& file) {
  for (const CompactionPick::Input& input : pick.inputs) {
    if (input.level != level || input.run_id != run_id) continue;
    return std::find(input.files.begin(), input.files.end(), file) != input.files.end();
  }
  return false;
}

// Whether [lo, hi] meets one of these files, which ascend and do not overlap.
bool MeetsAny(const std::vector<TableFilePtr>& files, std::string_view lo, std::string_view hi) {
  const auto found = std::lower_bound(files.begin(), files.end(), lo,
                                      [](const TableFilePtr& file, std::string_view key) { return file->largest() < key; });
  return found != files.end() && (*found)->smallest() <= hi;
}

bool Meets(const CompactionPick::Input& input, const TableFilePtr& file) {
  return MeetsAny(input.files, file->smallest(), file->largest());
}

bool MeetsInput(const CompactionPick& pick, const TableFilePtr& file) {
  return std::any_of(pick.inputs.begin(), pick.inputs.end(), [&](const auto& input) { return Meets(input, file); });
}

// Whether an input may hold newer versions of the file's keys.
bool MeetsNewerInput(const CompactionPick& pick, const Place& place, const TableFilePtr& file) {
  return std::any_of(pick.inputs.begin(), pick.inputs.end(), [&](const auto& input) {
    return Place{input.level, input.run_id}.NewerThan(place) && Meets(input, file);
  });
}

void Hull(const CompactionPick& pick, std::string_view* lo, std::string_view* hi) {
  bool first = true;
  for (const CompactionPick::Input& input : pick.inputs) {
    if (first || input.files.front()->smallest() < *lo) *lo = input.files.front()->smallest();
    if (first || input.files.back()->largest() > *hi) *hi = input.files.back()->largest();
    first = false;
  }
}

// Two compactions that write into one level must keep out of each other's range: each cuts its tables at what lies there now.
bool InTheWay(const CompactionPick& running, const CompactionPick& pick) {
  if (running.output_level != pick.output_level) return false;
  std::string_view lo, hi, other_lo, other_hi;
  Hull(running, &other_lo, &other_hi);
  Hull(pick, &lo, &hi);
  return lo <= other_hi && other_lo <= hi;
}

bool InputsAreFree(const PolicyView& view, const CompactionPick& pick) {
  for (const CompactionPick::Input& input : pick.inputs) {
    for (const TableFilePtr& file : input.files) {
      if (!view.Free(file)) return false;
    }
  }
  return true;
}

// Inputs that meet neither each other nor what lies in the run they would join.
bool CanMove(const PolicyView& view, const CompactionPick& pick) {
  std::vector<const TableFile*> files;
  for (const CompactionPick::Input& input : pick.inputs) {
    if (input.level == pick.output_level) return false;
    for (const TableFilePtr& file : input.files) files.push_back(file.get());
  }
  std::sort(files.begin(), files.end(), [](const TableFile* a, const TableFile* b) { return a->smallest() < b->smallest(); });
  for (size_t i = 1; i < files.size(); ++i) {
    if (files[i]->smallest() <= files[i - 1]->largest()) return false;
  }
  for (const SortedRun& run : view.level(pick.output_level)) {
    if (run.id != pick.output_run_id) continue;
    for (const TableFile* file : files) {
      if (MeetsAny(run.files, file->smallest(), file->largest())) return false;
    }
  }
  return true;
}

uint64_t InputEntries(const CompactionPick& pick) {
  uint64_t entries = 0;
  for (const CompactionPick::Input& input : pick.inputs) {
    for (const TableFilePtr& file : input.files) entries += file->properties().entries;
  }
  return entries;
}

bool LaidOutUnlike(const TableProperties& properties, const TableOptions& table) {
  return properties.block_bytes != table.block_bytes || properties.compression != table.compression;
}

// Files of one run, side by side, that are laid out otherwise than they would be now: in place.
std::optional<CompactionPick> PickLayout(const PolicyView& view) {
  for (int level = kBottomLevel; level > 0; --level) {
    for (const SortedRun& run : view.level(level)) {
      std::vector<TableFilePtr> files;
      uint64_t bytes = 0;
      for (const TableFilePtr& file : run.files) {
        const bool wanted = LaidOutUnlike(file->properties(), view.settings->table) && view.Free(file);
        if (wanted && bytes < kLayoutFiles * view.settings->target_file_bytes) {
          files.push_back(file);
          bytes += file->properties().file_bytes;
        } else if (!files.empty()) {
          break;
        }
      }
      if (files.empty()) continue;
      CompactionPick pick = NewPick(view, level, run.id, "layout");
      AddFiles(level, run, std::move(files), &pick);
      if (Complete(view, false, &pick)) return pick;
    }
  }
  return std::nullopt;
}

std::optional<CompactionPick> PickGarbage(const PolicyView& view) {
  for (int level = kBottomLevel; level >= 0; --level) {
    for (const SortedRun& run : view.level(level)) {
      for (const TableFilePtr& file : run.files) {
        if (!view.Free(file) || !MostlyGarbage(file->properties(), file->number(), view.horizon)) continue;
        auto pick = PickSink(view, level, run, file, kGarbageReason);
        if (pick && InputEntries(*pick) <= kSinkEntryRatio * file->properties().entries) return pick;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

bool PolicyView::Free(const SortedRun& run) const {
  return std::all_of(run.files.begin(), run.files.end(), [this](const TableFilePtr& file) { return Free(file); });
}

const CompactionPolicy& PolicyOf(CompactionStyle style) {
  switch (style) {
    case CompactionStyle::kTiered:
      return TieredPolicy();
    case CompactionStyle::kLeveled:
      return LeveledPolicy();
    case CompactionStyle::kTimeWindow:
      return TimeWindowPolicy();
    case CompactionStyle::kLazyLeveled:
      break;
  }
  return LazyLeveledPolicy();
}

CompactionPick NewPick(const PolicyView& view, int output_level, uint64_t output_run_id, const char* reason) {
  CompactionPick pick;
  pick.tree = view.tree;
  pick.output_level = output_level;
  pick.output_run_id = output_run_id;
  pick.reason = reason;
  return pick;
}

void AddFiles(int level, const SortedRun& run, std::vector<TableFilePtr> files, CompactionPick* pick) {
  if (!files.empty()) pick->inputs.push_back({level, run.id, std::move(files)});
}

void AddRun(int level, const SortedRun& run, CompactionPick* pick) { AddFiles(level, run, run.files, pick); }

std::vector<TableFilePtr> Meeting(const SortedRun& run, const CompactionPick& pick) {
  std::vector<TableFilePtr> files;
  for (const TableFilePtr& file : run.files) {
    if (MeetsInput(pick, file)) files.push_back(file);
  }
  return files;
}

uint64_t InputBytes(const CompactionPick& pick) {
  uint64_t bytes = 0;
  for (const CompactionPick::Input& input : pick.inputs) {
    for (const TableFilePtr& file : input.files) bytes += file->properties().file_bytes;
  }
  return bytes;
}

bool LargeTables(const PolicyView& view, const CompactionPick& pick) {
  uint64_t files = 0;
  for (const CompactionPick::Input& input : pick.inputs) files += input.files.size();
  return files != 0 && InputBytes(pick) / files >= view.settings->target_file_bytes / 4;
}

bool Complete(const PolicyView& view, bool may_move, CompactionPick* pick) {
  if (pick->inputs.empty() || !InputsAreFree(view, *pick)) return false;
  for (const CompactionPick& running : view.running) {
    if (InTheWay(running, *pick)) return false;
  }
  const Place newest{pick->inputs.front().level, pick->inputs.front().run_id};
  const Place output{pick->output_level, pick->output_run_id == 0 ? UINT64_MAX : pick->output_run_id};
  pick->bottom = true;
  for (int level = newest.level; level < kLevels; ++level) {
    for (const SortedRun& run : view.level(level)) {
      const Place place{level, run.id};
      if (place.NewerThan(newest)) continue;
      const bool joined = level == output.level && run.id == output.run_id;
      for (const TableFilePtr& file : run.files) {
        if (IsInput(*pick, level, run.id, file)) continue;
        if (joined ? MeetsInput(*pick, file) : place.NewerThan(output) && MeetsNewerInput(*pick, place, file)) return false;
        if (MeetsNewerInput(*pick, place, file)) pick->bottom = false;
      }
    }
  }
  pick->move_only = may_move && CanMove(view, *pick);
  return true;
}

std::optional<CompactionPick> PickMergeLevel(const PolicyView& view, int level, const char* reason) {
  const auto& runs = view.level(level);
  if (runs.size() < 2) return std::nullopt;
  CompactionPick pick = NewPick(view, level, runs.front().id, reason);
  for (const SortedRun& run : runs) AddRun(level, run, &pick);
  if (!Complete(view, false, &pick)) return std::nullopt;
  return pick;
}

std::optional<CompactionPick> PickEverything(const PolicyView& view) {
  CompactionPick pick = NewPick(view, kBottomLevel, 0, "by hand");
  for (int level = 0; level < kLevels; ++level) {
    for (const SortedRun& run : view.level(level)) {
      AddRun(level, run, &pick);
      if (level == kBottomLevel && pick.output_run_id == 0) pick.output_run_id = run.id;
    }
  }
  if (!Complete(view, false, &pick)) return std::nullopt;
  return pick;
}

std::optional<CompactionPick> PickSink(const PolicyView& view, int level, const SortedRun& run, const TableFilePtr& file,
                                       const char* reason) {
  CompactionPick pick = NewPick(view, level, run.id, reason);
  AddFiles(level, run, {file}, &pick);
  for (int below = level; below < kLevels; ++below) {
    for (const SortedRun& older : view.level(below)) {
      if (below == level && older.id >= run.id) continue;
      std::vector<TableFilePtr> met = Meeting(older, pick);
      if (met.empty()) continue;
      AddFiles(below, older, std::move(met), &pick);
      pick.output_level = below;
      pick.output_run_id = older.id;
    }
  }
  if (!Complete(view, false, &pick)) return std::nullopt;
  return pick;
}

bool MostlyGarbage(const TableProperties& properties, uint64_t number, const GcHorizon& horizon) {
  if (properties.max_ts > horizon.oldest_reader) return false;
  uint64_t garbage = 0;
  ExpiryMs since = properties.min_expiry_ms;
  const bool was_rewritten = horizon.rewritten != nullptr && horizon.rewritten->count(number) != 0;
  if (was_rewritten) since = std::max(since, horizon.rewritten->at(number));
  else garbage += properties.deletes;
  const ExpiryMs last = properties.max_expiry_ms;
  const bool all_at_once = !was_rewritten && last == since;
  if (properties.expiring != 0 && horizon.expired_before_ms >= since && (last > since || all_at_once)) {
    const double passed = last <= horizon.expired_before_ms
                              ? 1.0
                              : static_cast<double>(horizon.expired_before_ms - since) / static_cast<double>(last - since);
    garbage += static_cast<uint64_t>(passed * static_cast<double>(properties.expiring));
  }
  return garbage * 2 > properties.entries;
}

std::optional<Candidate> PickUpkeep(const PolicyView& view) {
  if (auto pick = PickGarbage(view)) return Candidate{std::move(*pick), kGarbageUrgency};
  if (auto pick = PickLayout(view)) return Candidate{std::move(*pick), kLayoutUrgency};
  return std::nullopt;
}

void Prefer(std::optional<Candidate> next, std::optional<Candidate>* best) {
  if (next && (!*best || next->urgency > (*best)->urgency)) *best = std::move(next);
}

}  // namespace sochdb
