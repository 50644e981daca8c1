// Tiered: every level holds runs of about one size; when there are enough of them they become one run of the next level.
// Each byte is rewritten once a level; reads pay for it with more runs.

#include "lsm/compaction_policy.h"

namespace sochdb {
namespace {

constexpr size_t kWidest = 4;  // times the trigger: runs merged at once

class Tiered final : public CompactionPolicy {
 public:
  std::optional<Candidate> Pick(const PolicyView& view) const override {
    std::optional<Candidate> best;
    for (int level = 0; level < kLevels; ++level) {
      const size_t runs = view.level(level).size();
      const size_t trigger = level == 0 ? view.settings->level0_trigger : view.settings->runs_per_level;
      if (runs < trigger) continue;
      const double urgency = kDue * static_cast<double>(runs) / static_cast<double>(trigger);
      if (best && urgency <= best->urgency) continue;
      if (auto pick = PickRuns(view, level, trigger * kWidest, true)) best = Candidate{std::move(*pick), urgency};
    }
    return best ? best : PickUpkeep(view);
  }

  std::optional<CompactionPick> PickLevel(const PolicyView& view, int level) const override {
    return PickRuns(view, level, SIZE_MAX, false);
  }

 private:
  // The oldest runs of a level, up to `most`, to the next level; those of the bottom become one.
  static std::optional<CompactionPick> PickRuns(const PolicyView& view, int level, size_t most, bool may_move) {
    if (level == kBottomLevel) return PickMergeLevel(view, level, "runs");
    const auto& runs = view.level(level);
    CompactionPick pick = NewPick(view, level + 1, 0, "runs");
    for (size_t i = runs.size() > most ? runs.size() - most : 0; i < runs.size(); ++i) {
      AddRun(level, runs[i], &pick);
    }
    if (!Complete(view, may_move && LargeTables(view, pick), &pick)) return std::nullopt;
    return pick;
  }
};

}  // namespace

const CompactionPolicy& TieredPolicy() {
  static const Tiered policy;
  return policy;
}

}  // namespace sochdb
