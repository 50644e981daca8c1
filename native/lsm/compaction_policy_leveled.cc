// Leveled: below level 0 every level is one run, size_ratio times the one above it. A scan meets level 0 and one run a level;
// bytes are rewritten the most often.
//
// The levels' targets follow from the size of the bottom, upwards, until one is no larger than base_level_bytes: there level 0
// goes to, and the levels between are empty. So nine tenths of the data always lie in the bottom, and little is stored twice.

#include <algorithm>
#include <array>

#include "lsm/compaction_policy.h"

namespace sochdb {
namespace {

constexpr uint64_t kPickFiles = 1;      // in target sizes: of the upper level in one compaction
constexpr double kMisplaced = 8.0;      // urgency of data above the base level, which would be in level 0's way
constexpr double kShapeUrgency = 16.0;  // and of levels of several runs, which nothing can be merged into

struct Targets {
  int base = kBottomLevel;  // where level 0 goes to
  std::array<uint64_t, kLevels> bytes{};
};

uint64_t LevelBytes(const PolicyView& view, int level) {
  uint64_t bytes = 0;
  for (const SortedRun& run : view.level(level)) bytes += run.bytes;
  return bytes;
}

Targets TargetsOf(const PolicyView& view) {
  const uint64_t base_bytes = std::max<uint64_t>(1, view.settings->base_level_bytes);
  const uint64_t ratio = std::max<uint64_t>(2, view.settings->size_ratio);
  Targets targets;
  targets.bytes.fill(base_bytes);
  targets.bytes[kBottomLevel] = std::max(base_bytes, LevelBytes(view, kBottomLevel));
  while (targets.base > 1 && targets.bytes[static_cast<size_t>(targets.base)] > base_bytes) {
    const auto below = static_cast<size_t>(targets.base--);
    targets.bytes[below - 1] = std::max(targets.bytes[below] / ratio, base_bytes / ratio);
  }
  return targets;
}

class Leveled final : public CompactionPolicy {
 public:
  std::optional<Candidate> Pick(const PolicyView& view) const override {
    const Targets targets = TargetsOf(view);
    std::optional<Candidate> best;
    for (int level = 1; level < kLevels; ++level) {
      if (auto pick = PickMergeLevel(view, level, "shape")) Prefer(Candidate{std::move(*pick), kShapeUrgency}, &best);
    }
    for (int level = 1; level < kBottomLevel; ++level) {
      const uint64_t bytes = LevelBytes(view, level);
      if (bytes == 0) continue;
      const double fill = static_cast<double>(bytes) / static_cast<double>(targets.bytes[static_cast<size_t>(level)]);
      const double urgency = level < targets.base ? kMisplaced : fill;
      if (urgency <= kDue || (best && urgency <= best->urgency)) continue;
      if (auto pick = PickTables(view, level)) best = Candidate{std::move(*pick), urgency};
    }
    const auto runs = static_cast<double>(view.level(0).size());
    const double urgency = runs / std::max(1u, view.settings->level0_trigger);
    if (urgency >= kDue && (!best || urgency > best->urgency)) {
      if (auto pick = PickLevel0(view, targets.base, true)) best = Candidate{std::move(*pick), urgency};
    }
    return best ? best : PickUpkeep(view);
  }

  std::optional<CompactionPick> PickLevel(const PolicyView& view, int level) const override {
    if (level == kBottomLevel) return PickMergeLevel(view, level, "by hand");
    return PickInto(view, level, level == 0 ? TargetsOf(view).base : level + 1, false);
  }

 private:
  static std::optional<CompactionPick> PickLevel0(const PolicyView& view, int base, bool may_move) {
    return PickInto(view, 0, base, may_move);
  }

  // All of a level into the run of another.
  static std::optional<CompactionPick> PickInto(const PolicyView& view, int level, int output, bool may_move) {
    const auto& below = view.level(output);
    if (below.size() > 1 || view.level(level).empty()) return std::nullopt;
    CompactionPick pick = NewPick(view, output, below.empty() ? 0 : below.front().id, "runs");
    for (const SortedRun& run : view.level(level)) AddRun(level, run, &pick);
    const bool move = may_move && LargeTables(view, pick);
    if (!below.empty()) AddFiles(output, below.front(), Meeting(below.front(), pick), &pick);
    if (!Complete(view, move, &pick)) return std::nullopt;
    return pick;
  }

  // Some neighbouring tables of a level, with what they meet in the next: those that meet the least for their size.
  static std::optional<CompactionPick> PickTables(const PolicyView& view, int level) {
    const auto& below = view.level(level + 1);
    if (view.level(level).size() != 1 || below.size() > 1) return std::nullopt;
    const SortedRun& run = view.level(level).front();
    const uint64_t most = kPickFiles * view.settings->target_file_bytes;
    std::optional<CompactionPick> best;
    double least = 0;
    for (size_t i = 0; i < run.files.size();) {
      std::vector<TableFilePtr> files;
      uint64_t bytes = 0;
      for (; i < run.files.size() && (files.empty() || bytes < most); ++i) {
        if (!view.Free(run.files[i])) {
          ++i;
          break;
        }
        files.push_back(run.files[i]);
        bytes += run.files[i]->properties().file_bytes;
      }
      if (files.empty()) continue;
      CompactionPick pick = NewPick(view, level + 1, below.empty() ? 0 : below.front().id, "size");
      AddFiles(level, run, std::move(files), &pick);
      if (!below.empty()) AddFiles(level + 1, below.front(), Meeting(below.front(), pick), &pick);
      const double cost = static_cast<double>(InputBytes(pick)) / static_cast<double>(bytes);
      if ((best && cost >= least) || !Complete(view, true, &pick)) continue;
      least = cost;
      best = std::move(pick);
    }
    return best;
  }
};

}  // namespace

const CompactionPolicy& LeveledPolicy() {
  static const Leveled policy;
  return policy;
}

}  // namespace sochdb
