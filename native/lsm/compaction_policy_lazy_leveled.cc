// Lazy leveling: the upper levels are tiered, the bottom is one run. Most bytes lie in the bottom, so a scan meets few runs and
// little is stored twice; and most merges are those of the small upper levels, where each byte is rewritten once a level.
// (Dayan, Idreos: "Dostoevsky", SIGMOD 2018.)
//
// Upper runs go into the bottom when they hold 1/size_ratio of it. A bottom that is too large to be rewritten at once is taken
// in slices: the upper runs become one run first, whose tables then go down a few at a time.

#include <algorithm>

#include "lsm/compaction_policy.h"

namespace sochdb {
namespace {

constexpr uint64_t kWholeFiles = 32;  // in target sizes: what is merged at once
constexpr uint64_t kSliceFiles = 8;   // in target sizes: of the upper run in a slice

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
      const bool slicing = level > 0 && runs == 1 && Ripe(view, level) && !IsSmall(view, level);
      if (runs < trigger && !slicing) continue;
      const double urgency = kDue * std::max(1.0, static_cast<double>(runs) / static_cast<double>(trigger));
      if (best && urgency <= best->urgency) continue;
      if (auto pick = Ripe(view, level) ? PickDown(view, level) : PickTier(view, level)) {
        best = Candidate{std::move(*pick), urgency};
      }
    }
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
    size_t runs = 0;
    for (int upper = level; upper < kBottomLevel; ++upper) runs += view.level(upper).size();
    if (runs == 1) return PickSlice(view, level);
    // What meets nothing is moved, however much it is.
    auto pick = PickWholeDown(view, level, true);
    if (pick && pick->move_only) return pick;
    return PickGathered(view, level);
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

  // Some tables of the only upper run, with what they meet in the bottom: those that meet the least for their size.
  static std::optional<CompactionPick> PickSlice(const PolicyView& view, int level) {
    int at = level;
    while (view.level(at).empty()) ++at;
    const SortedRun& run = view.level(at).front();
    const auto& bottom = view.level(kBottomLevel);
    const uint64_t most = kSliceFiles * view.settings->target_file_bytes;
    std::optional<CompactionPick> best;
    double least = 0;
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
      if (best && cost >= least) continue;
      if (!Complete(view, true, &pick)) continue;
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
