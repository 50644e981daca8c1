// Time windows: for keys that arrive in ascending order. New tables meet nothing, so they are moved to the bottom without being
// rewritten; there, small neighbours of one window of time (by their newest commit) are put together. So a table is
// rewritten once at most, and a reader who asks for what is newer than some moment finds old tables shut.
//
// What arrives out of order is merged with what it meets. Nothing is dropped but by the keep rule.

#include <algorithm>

#include "lsm/compaction_policy.h"
#include "lsm/output_writer.h"

namespace sochdb {
namespace {

constexpr size_t kGroupTrigger = 4;  // small neighbours of one window that are due to be put together
// A table of less than this share of the target size is small. Larger ones are read no slower than full ones: they are only put
// together, up to half the target size, where there are so many that their number itself costs something.
constexpr uint64_t kSmallShare = 32;
constexpr size_t kManyTables = 512;
constexpr double kClosedWindowUrgency = 0.7;
// Of the target size, from which on tables of two containers stay apart: well below what the writer parts them at, so that what
// was parted is not put together again.
constexpr uint64_t kApartShare = 8;

class TimeWindow final : public CompactionPolicy {
 public:
  std::optional<Candidate> Pick(const PolicyView& view) const override {
    std::optional<Candidate> best;
    if (auto pick = PickMergeLevel(view, kBottomLevel, "shape")) best = Candidate{std::move(*pick), kDue};
    const size_t runs = view.level(0).size();
    bool upper = false;
    for (int level = 1; level < kBottomLevel; ++level) upper = upper || !view.level(level).empty();
    const double urgency = static_cast<double>(runs) / std::max(1u, view.settings->level0_trigger);
    if (urgency >= kDue || upper) {
      if (auto pick = PickDown(view, 0)) Prefer(Candidate{std::move(*pick), std::max(kDue, urgency)}, &best);
    }
    if (!best || best->urgency < kDue) Prefer(PickGroup(view), &best);
    return best ? best : PickUpkeep(view);
  }

  std::optional<CompactionPick> PickLevel(const PolicyView& view, int level) const override {
    if (level == kBottomLevel) return PickMergeLevel(view, level, "by hand");
    return PickDown(view, level);
  }

 private:
  // Everything above the bottom, from this level on: moved where it meets nothing, merged where it does.
  static std::optional<CompactionPick> PickDown(const PolicyView& view, int first) {
    const auto& bottom = view.level(kBottomLevel);
    if (bottom.size() > 1) return std::nullopt;  // which is put right first
    CompactionPick pick = NewPick(view, kBottomLevel, bottom.empty() ? 0 : bottom.front().id, "window");
    for (int level = first; level < kBottomLevel; ++level) {
      for (const SortedRun& run : view.level(level)) AddRun(level, run, &pick);
    }
    if (pick.inputs.empty()) return std::nullopt;
    if (!bottom.empty()) AddFiles(kBottomLevel, bottom.front(), Meeting(bottom.front(), pick), &pick);
    if (!Complete(view, true, &pick)) return std::nullopt;
    return pick;
  }

  static uint64_t WindowOf(const PolicyView& view, const TableFilePtr& file) {
    return HlcMillis(file->properties().max_ts) / std::max<uint64_t>(1, view.settings->window_ms);
  }

  static bool AtContainer(const PolicyView& view, const TableFilePtr& left, const TableFilePtr& right) {
    const size_t prefix = ContainerPrefixBytes(view.tree);
    return left->largest().substr(0, prefix) != right->smallest().substr(0, prefix);
  }

  // Small neighbours of one window. A window that newer tables have closed is put together from two on.
  static std::optional<Candidate> PickGroup(const PolicyView& view) {
    if (view.level(kBottomLevel).size() != 1) return std::nullopt;
    const SortedRun& run = view.level(kBottomLevel).front();
    const uint64_t target = view.settings->target_file_bytes;
    const uint64_t small = target / (run.files.size() < kManyTables ? kSmallShare : 2);
    const uint64_t newest = HlcMillis(run.max_ts) / std::max<uint64_t>(1, view.settings->window_ms);
    std::optional<Candidate> best;
    for (size_t i = 0; i < run.files.size();) {
      const uint64_t window = WindowOf(view, run.files[i]);
      std::vector<TableFilePtr> files;
      uint64_t bytes = 0;
      size_t next = i;
      bool full = false;  // the next one would be too much
      for (; next < run.files.size(); ++next) {
        const TableFilePtr& file = run.files[next];
        const uint64_t more = file->properties().file_bytes;
        if (!files.empty() && bytes >= target / kApartShare && AtContainer(view, files.back(), file)) break;
        if (WindowOf(view, file) != window || more > small || !view.Free(file)) break;
        full = bytes + more > target;
        if (full) break;
        files.push_back(file);
        bytes += more;
      }
      i = std::max(next, i + 1);
      const bool due = files.size() >= kGroupTrigger || full;
      if (files.size() < 2 || (!due && window == newest)) continue;
      CompactionPick pick = NewPick(view, kBottomLevel, run.id, "small tables");
      AddFiles(kBottomLevel, run, std::move(files), &pick);
      if (Complete(view, false, &pick)) Prefer(Candidate{std::move(pick), due ? kDue : kClosedWindowUrgency}, &best);
      if (best && best->urgency >= kDue) break;
    }
    return best;
  }
};

}  // namespace

const CompactionPolicy& TimeWindowPolicy() {
  static const TimeWindow policy;
  return policy;
}

}  // namespace sochdb
