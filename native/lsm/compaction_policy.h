// CompactionPolicy: which tables to merge next. One for each CompactionStyle; all are stateless, and look at a tree as it is,
// so that a tree whose policy was changed is led into the new shape from any other.
//
// A pick is sound when no version sinks below an older one: a table that is older than an input, and newer than the place of
// the output, holds none of that input's keys, or is an input too. Complete checks that, and that no compaction under way is in
// its way.
//
// Thread safety: functions of their arguments.

#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lsm/index_policy.h"
#include "lsm/level_state.h"
#include "lsm/lsm_store.h"

namespace sochdb {

inline constexpr int kBottomLevel = kLevels - 1;

// Urgency from which on a compaction is due; what is below is only done when nothing else is.
inline constexpr double kDue = 1.0;

// CompactionPick::reason of a compaction that is done for what it lets go.
inline constexpr const char* kGarbageReason = "garbage";

// What the latest rule would let go: files that hold little else are worth rewriting.
struct GcHorizon {
  Timestamp oldest_reader = 0;
  ExpiryMs expired_before_ms = 0;
  // Files that were written for this reason, and the expiry that was applied then: they are not worth it again before long.
  const std::unordered_map<uint64_t, ExpiryMs>* rewritten = nullptr;
};

struct PolicyView {
  TreeId tree = TreeId::kKeys;
  const LevelState* levels = nullptr;
  const PolicySettings* settings = nullptr;
  const std::unordered_set<uint64_t>* reserved = nullptr;  // numbers of files that compactions under way hold
  std::span<const CompactionPick> running;                 // of this tree
  GcHorizon horizon;

  [[nodiscard]] const std::vector<SortedRun>& level(int number) const { return levels->levels[static_cast<size_t>(number)]; }
  [[nodiscard]] bool Free(const TableFilePtr& file) const { return reserved->count(file->number()) == 0; }
  [[nodiscard]] bool Free(const SortedRun& run) const;
};

struct Candidate {
  CompactionPick pick;  // output_run_id 0: a new run
  double urgency = 0;
};

class CompactionPolicy {
 public:
  virtual ~CompactionPolicy() = default;
  // The most urgent compaction that can be done now.
  [[nodiscard]] virtual std::optional<Candidate> Pick(const PolicyView& view) const = 0;
  // All of one level into the next.
  [[nodiscard]] virtual std::optional<CompactionPick> PickLevel(const PolicyView& view, int level) const = 0;
};
const CompactionPolicy& PolicyOf(CompactionStyle style);
const CompactionPolicy& TieredPolicy();
const CompactionPolicy& LazyLeveledPolicy();
const CompactionPolicy& LeveledPolicy();
const CompactionPolicy& TimeWindowPolicy();

// --- what the policies share (compaction_picks.cc) ---

CompactionPick NewPick(const PolicyView& view, int output_level, uint64_t output_run_id, const char* reason);
// Adds to the pick; REQUIRES: newest first.
void AddRun(int level, const SortedRun& run, CompactionPick* pick);
void AddFiles(int level, const SortedRun& run, std::vector<TableFilePtr> files, CompactionPick* pick);
// Files of the run that meet an input of the pick.
std::vector<TableFilePtr> Meeting(const SortedRun& run, const CompactionPick& pick);
uint64_t InputBytes(const CompactionPick& pick);
// Whether the inputs so far are worth moving: small tables are rather put together.
bool LargeTables(const PolicyView& view, const CompactionPick& pick);

// Fills in `bottom` and `move_only` (only where may_move). False when the pick is empty, not sound, or must wait.
bool Complete(const PolicyView& view, bool may_move, CompactionPick* pick);

// All runs of a level become one; nothing when there are fewer than two.
std::optional<CompactionPick> PickMergeLevel(const PolicyView& view, int level, const char* reason);
// Everything there is into one run at the bottom.
std::optional<CompactionPick> PickEverything(const PolicyView& view);
// A file, and what lies under it, to where the last of it lies.
std::optional<CompactionPick> PickSink(const PolicyView& view, int level, const SortedRun& run, const TableFilePtr& file,
                                       const char* reason);
// Files that are mostly deletes or expired values; then files that are laid out unlike the settings. Never due.
std::optional<Candidate> PickUpkeep(const PolicyView& view);
// Whether what the rule would let go is most of a file.
bool MostlyGarbage(const TableProperties& properties, uint64_t number, const GcHorizon& horizon);

// Takes `next` instead of `best` when it is there and more urgent.
void Prefer(std::optional<Candidate> next, std::optional<Candidate>* best);

}  // namespace sochdb
