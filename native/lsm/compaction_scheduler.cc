#include "lsm/compaction_scheduler.h"

#include <algorithm>

namespace sochdb {
namespace {

constexpr size_t kMaxRewritten = 64 * 1024;  // files remembered; beyond it they are forgotten, and tried once more

}  // namespace

std::vector<CompactionPick> CompactionScheduler::RunningIn(TreeId tree) const {
  std::vector<CompactionPick> running;
  for (const CompactionPick& pick : running_) {
    if (pick.tree == tree) running.push_back(pick);
  }
  return running;
}

PolicyView CompactionScheduler::ViewOf(TreeId tree, const LevelState& levels, const PolicySettings& settings,
                                       const std::vector<CompactionPick>& running, ExpiryMs now_ms) const {
  PolicyView view;
  view.tree = tree;
  view.levels = &levels;
  view.settings = &settings;
  view.reserved = &reserved_;
  view.running = running;
  view.horizon = {oldest_reader_, std::min(now_ms, expired_before_ms_), &rewritten_};
  return view;
}

void CompactionScheduler::Reserve(CompactionPick* pick) {
  if (pick->output_run_id == 0) pick->output_run_id = new_run_id_();
  for (const CompactionPick::Input& input : pick->inputs) {
    for (const TableFilePtr& file : input.files) {
      const bool fresh = reserved_.insert(file->number()).second;
      SOCHDB_CHECK(fresh);
    }
  }
  running_.push_back(*pick);
}

std::optional<CompactionPick> CompactionScheduler::Pick(const std::function<Levels()>& levels, const SettingsOfTree& settings,
                                                        uint64_t now_ms, double least_urgency) {
  std::optional<Candidate> best;
  MutexLock lock(&mutex_);
  const Levels now = levels();
  for (size_t i = 0; i < now.size(); ++i) {
    if (now[i]->empty()) continue;
    const auto tree = static_cast<TreeId>(i);
    const PolicySettings tree_settings = settings(tree);
    const std::vector<CompactionPick> running = RunningIn(tree);
    Prefer(PolicyOf(tree_settings.style).Pick(ViewOf(tree, *now[i], tree_settings, running, now_ms)), &best);
  }
  if (!best && env_->Buggify("lsm.compact-needlessly")) best = PickNeedless(now, settings, now_ms);
  if (!best || best->urgency < least_urgency) return std::nullopt;
  Reserve(&best->pick);
  return std::move(best->pick);
}

// One that no policy asks for. What it moves sinks, so that an end comes to this. REQUIRES: mutex_.
std::optional<Candidate> CompactionScheduler::PickNeedless(const Levels& levels, const SettingsOfTree& settings,
                                                           uint64_t now_ms) const {
  for (size_t i = 0; i < levels.size(); ++i) {
    const auto tree = static_cast<TreeId>(i);
    const PolicySettings tree_settings = settings(tree);
    const std::vector<CompactionPick> running = RunningIn(tree);
    const PolicyView view = ViewOf(tree, *levels[i], tree_settings, running, now_ms);
    for (int level = 0; level < kBottomLevel; ++level) {
      auto pick = PolicyOf(tree_settings.style).PickLevel(view, level);
      if (pick && pick->output_level > level) return Candidate{std::move(*pick), 0};
    }
  }
  return std::nullopt;
}

std::optional<CompactionPick> CompactionScheduler::PickBy(TreeId tree, const std::function<Levels()>& levels,
                                                          const PolicySettings& settings, const Choose& choose) {
  MutexLock lock(&mutex_);
  const Levels now = levels();
  const std::vector<CompactionPick> running = RunningIn(tree);
  auto pick = choose(ViewOf(tree, *now[static_cast<size_t>(tree)], settings, running, kNeverExpires));
  if (pick) Reserve(&*pick);
  return pick;
}

bool CompactionScheduler::Reserved(const CompactionPick& pick) const {
  MutexLock lock(&mutex_);
  return !pick.inputs.empty() && reserved_.count(pick.inputs.front().files.front()->number()) != 0;
}

void CompactionScheduler::Release(const CompactionPick& pick) {
  MutexLock lock(&mutex_);
  const TableFilePtr first = pick.inputs.front().files.front();
  for (const CompactionPick::Input& input : pick.inputs) {
    for (const TableFilePtr& file : input.files) {
      const size_t erased = reserved_.erase(file->number());
      SOCHDB_CHECK(erased == 1);
    }
  }
  std::erase_if(running_, [&](const CompactionPick& other) { return other.inputs.front().files.front() == first; });
}

void CompactionScheduler::NoteRule(const KeepRule& rule) {
  MutexLock lock(&mutex_);
  oldest_reader_ = rule.oldest_reader();
  expired_before_ms_ = rule.expired_before_ms;
}

void CompactionScheduler::NoteRewritten(uint64_t number, ExpiryMs expired_before_ms) {
  MutexLock lock(&mutex_);
  if (rewritten_.size() >= kMaxRewritten) rewritten_.clear();
  rewritten_[number] = expired_before_ms;
}

CompactionScheduler::Pending CompactionScheduler::pending(const Levels& levels, const SettingsOfTree& settings) const {
  Pending pending;
  MutexLock lock(&mutex_);
  for (size_t i = 0; i < levels.size(); ++i) {
    if (levels[i]->empty()) continue;
    const auto tree = static_cast<TreeId>(i);
    const PolicySettings tree_settings = settings(tree);
    const std::vector<CompactionPick> running = RunningIn(tree);
    const auto candidate = PolicyOf(tree_settings.style).Pick(ViewOf(tree, *levels[i], tree_settings, running, kNeverExpires));
    if (!candidate || candidate->pick.move_only) continue;
    ++pending.compactions;
    pending.bytes += InputBytes(candidate->pick);
  }
  return pending;
}

}  // namespace sochdb
