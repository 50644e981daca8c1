// CompactionScheduler: which compaction is next, over all trees, and which files the ones under way hold.
//
// Thread safety: any thread. Lock: mutex_; nothing else is taken under it.

#pragma once

#include <array>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "env/sync.h"
#include "lsm/compaction_policy.h"
#include "lsm/lsm_store.h"

namespace sochdb {

class CompactionScheduler {
 public:
  using Levels = std::array<LevelStatePtr, kTreeCount>;
  using SettingsOfTree = std::function<PolicySettings(TreeId)>;

  CompactionScheduler(Env* env, std::function<uint64_t()> new_run_id)
      : env_(env), new_run_id_(std::move(new_run_id)), mutex_(env) {}

  // `levels` is asked under the mutex, so that what a finished compaction made is seen with its reservation gone.
  std::optional<CompactionPick> Pick(const std::function<Levels()>& levels, const SettingsOfTree& settings, uint64_t now_ms,
                                     double least_urgency);
  // The same of one tree, by a rule of its own.
  using Choose = std::function<std::optional<CompactionPick>(const PolicyView&)>;
  std::optional<CompactionPick> PickBy(TreeId tree, const std::function<Levels()>& levels, const PolicySettings& settings,
                                       const Choose& choose);
  // REQUIRES: the pick is reserved.
  void Release(const CompactionPick& pick);
  [[nodiscard]] bool Reserved(const CompactionPick& pick) const;

  // What a flush or a compaction has been told to let go.
  void NoteRule(const KeepRule& rule);
  // A compaction for the sake of garbage has written this file.
  void NoteRewritten(uint64_t number, ExpiryMs expired_before_ms);

  // What the policies would rewrite now, beside what is running: at most one compaction of a tree is counted.
  struct Pending {
    uint64_t compactions = 0;
    uint64_t bytes = 0;
  };
  [[nodiscard]] Pending pending(const Levels& levels, const SettingsOfTree& settings) const;

 private:
  PolicyView ViewOf(TreeId tree, const LevelState& levels, const PolicySettings& settings,
                    const std::vector<CompactionPick>& running, ExpiryMs now_ms) const;
  std::vector<CompactionPick> RunningIn(TreeId tree) const;
  std::optional<Candidate> PickNeedless(const Levels& levels, const SettingsOfTree& settings, uint64_t now_ms) const;
  void Reserve(CompactionPick* pick);

  Env* const env_;
  const std::function<uint64_t()> new_run_id_;
  mutable Mutex mutex_;  // guards all below
  std::unordered_set<uint64_t> reserved_;
  std::vector<CompactionPick> running_;
  Timestamp oldest_reader_ = 0;
  ExpiryMs expired_before_ms_ = 0;
  std::unordered_map<uint64_t, ExpiryMs> rewritten_;
};

}  // namespace sochdb
