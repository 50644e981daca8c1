// Lazy leveling: the upper levels are tiered, the bottom is one run. Most bytes lie in the bottom, so a scan meets few runs and
// little is stored twice; and most merges are those of the small upper levels, where each byte is rewritten once a level.
// (Dayan, Idreos: "Dostoevsky", SIGMOD 2018.)
//
// Upper runs go into the bottom when they hold 1/size_ratio of it. A bottom that is too large to be rewritten at once is taken
// in slices: tables of the oldest upper run go down one at a time, with what they meet, while newer runs go on being gathered
// above. So no compaction takes long enough for level 0 to fill up behind it.

#include <algorithm>
#include <limits>

#include "lsm/compaction_policy.h"

namespace sochdb {
namespace {

constexpr uint64_t kWholeFiles = 4;  // in target sizes: what is merged at once
// A slice may rewrite so many times size_ratio of the upper run's bytes; where it would be more, the run is gathered larger
// first.
constexpr double kSliceCost = 1.25;
constexpr double kMostUrgent = 4;  // of slices

class LazyLeveled final : public CompactionPolicy {
 public:
  std::optional<Candidate> Pick(const PolicyView& view) const override {
    std::optional<Candidate> best;
    if (view.level(kBottomLevel).size() > 1) {
      if (auto pick = PickMergeLevel(view, kBottomLevel, "shape")) Prefer(Candidate{std::move(*pick), kDue}, &best);
    }
    for (int level = 0; level < kBottomLevel; ++level) {
      const size_t runs = view.level(level).size();
      const size_t trigger = level == 0 ? view.settings->level0_trigger : view.settings->runs_per_level;
      if (runs < trigger) continue;
      const double urgency = kDue * static_cast<double>(runs) / static_cast<double>(trigger);
      if (best && urgency <= best->urgency) continue;
      const bool down = Ripe(view, level) && (IsSmall(view, level) || level + 1 == kBottomLevel);
      if (auto pick = down ? PickDown(view, level) : PickTier(view, level)) best = Candidate{std::move(*pick), urgency};
    }
    Prefer(PickSlicing(view), &best);
    return best ? best : PickUpkeep(view);
  }

  std::optional<CompactionPick> PickLevel(const PolicyView& view, int level) const override {
    if (level == kBottomLevel) return PickMergeLevel(view, level, "by hand");
    if (level + 1 < kBottomLevel) return PickTier(view, level);
    return PickWholeDown(view, level, false);
  }

 private:
  static uint64_t BytesFrom(const PolicyView& view, int level) {
    uint64_t bytes = 0;
    for (; level < kBottomLevel; ++level) {
      for (const SortedRun& run : view.level(level)) bytes += run.bytes;
    }
    return bytes;
  }
  static uint64_t BottomBytes(const PolicyView& view) {
    uint64_t bytes = 0;
    for (const SortedRun& run : view.level(kBottomLevel)) bytes += run.bytes;
    return bytes;
  }
  // Whether what lies in the upper levels from this one on is worth rewriting the bottom.
  static bool Ripe(const PolicyView& view, int level) {
    return level + 1 == kBottomLevel || BytesFrom(view, level) * view.settings->size_ratio >= BottomBytes(view);
  }

  // Whether all of it may be merged at once.
  static bool IsSmall(const PolicyView& view, int level) {
    return BytesFrom(view, level) + BottomBytes(view) <= kWholeFiles * view.settings->target_file_bytes;
  }

  // Of a bottom that is too large to be rewritten at once: its next slice, the more urgent the more lies above it.
  static std::optional<Candidate> PickSlicing(const PolicyView& view) {
    if (IsSmall(view, 0) || !Ripe(view, 0) || BytesFrom(view, 0) == 0) return std::nullopt;
    auto pick = PickDown(view, 0);
    if (!pick) return std::nullopt;
    const double share = static_cast<double>(BytesFrom(view, 0) * view.settings->size_ratio) /
                         std::max(1.0, static_cast<double>(BottomBytes(view)));
    return Candidate{std::move(*pick), kDue * std::clamp(share, 1.0, kMostUrgent)};
  }

  // All runs of a level into one of the next.
  static std::optional<CompactionPick> PickTier(const PolicyView& view, int level) {
    CompactionPick pick = NewPick(view, level + 1, 0, "runs");
    for (const SortedRun& run : view.level(level)) AddRun(level, run, &pick);
    const bool move = LargeTables(view, pick);
    if (!Complete(view, move, &pick)) return std::nullopt;
    return pick;
  }

  static std::optional<CompactionPick> PickDown(const PolicyView& view, int level) {
    if (view.level(kBottomLevel).size() > 1) return std::nullopt;  // which is put right first
    if (IsSmall(view, level)) return PickWholeDown(view, level, true);
    // What meets nothing is moved, however much it is.
    auto pick = PickWholeDown(view, level, true);
    if (pick && pick->move_only) return pick;
    size_t runs = 0;
    for (int upper = level; upper < kBottomLevel; ++upper) runs += view.level(upper).size();
    const double limit = runs == 1 ? std::numeric_limits<double>::infinity() : kSliceCost * view.settings->size_ratio;
    pick = PickSlice(view, limit);
    return pick ? pick : PickGathered(view, level);
  }

  static void AddUpper(const PolicyView& view, int level, CompactionPick* pick) {
    for (; level < kBottomLevel; ++level) {
      for (const SortedRun& run : view.level(level)) AddRun(level, run, pick);
    }
  }

  static std::optional<CompactionPick> PickWholeDown(const PolicyView& view, int level, bool may_move) {
    const auto& bottom = view.level(kBottomLevel);
    CompactionPick pick = NewPick(view, kBottomLevel, bottom.empty() ? 0 : bottom.front().id, "bottom");
    AddUpper(view, level, &pick);
    if (pick.inputs.empty()) return std::nullopt;
    const bool move = may_move && LargeTables(view, pick);
    const CompactionPick upper = pick;
    for (const SortedRun& run : bottom) AddFiles(kBottomLevel, run, Meeting(run, upper), &pick);
    if (!Complete(view, move, &pick)) return std::nullopt;
    return pick;
  }

  // All upper runs from this level on into one, in the last upper level that is not above any of them.
  static std::optional<CompactionPick> PickGathered(const PolicyView& view, int level) {
    int last = level;
    for (int upper = level; upper < kBottomLevel; ++upper) {
      if (!view.level(upper).empty()) last = upper;
    }
    if (last == 0) last = 1;
    const auto& runs = view.level(last);
    CompactionPick pick = NewPick(view, last, runs.empty() ? 0 : runs.front().id, "gather");
    AddUpper(view, level, &pick);
    if (!Complete(view, false, &pick)) return std::nullopt;
    return pick;
  }

  // A table of the oldest upper run (small ones together), with what it meets in the bottom: the one that meets the least for
  // its size, and at most `limit` times that.
  static std::optional<CompactionPick> PickSlice(const PolicyView& view, double limit) {
    int at = kBottomLevel - 1;
    while (at > 0 && view.level(at).empty()) --at;
    if (view.level(at).empty()) return std::nullopt;
    const SortedRun& run = view.level(at).back();
    const auto& bottom = view.level(kBottomLevel);
    const uint64_t most = view.settings->target_file_bytes;
    std::optional<CompactionPick> best;
    double least = limit;
    for (size_t i = 0; i < run.files.size();) {
      std::vector<TableFilePtr> files;
      uint64_t bytes = 0;
      for (; i < run.files.size() && (files.empty() || bytes < most); ++i) {
        files.push_back(run.files[i]);
        bytes += run.files[i]->properties().file_bytes;
      }
      CompactionPick pick = NewPick(view, kBottomLevel, bottom.empty() ? 0 : bottom.front().id, "slice");
      AddFiles(at, run, std::move(files), &pick);
      if (!bottom.empty()) AddFiles(kBottomLevel, bottom.front(), Meeting(bottom.front(), pick), &pick);
      const double cost = static_cast<double>(InputBytes(pick)) / static_cast<double>(bytes);
      if (cost >= least || !Complete(view, true, &pick)) continue;
      least = cost;
      best = std::move(pick);
    }
    return best;
  }
};

}  // namespace

const CompactionPolicy& LazyLeveledPolicy() {
  static const LazyLeveled policy;
  return policy;
}

}  // namespace sochdb
