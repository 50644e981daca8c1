#include "engine/level_installer.h"

#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace sochdb {

void LevelInstaller::OnLevels(TreeId tree, LevelStatePtr levels, const Memtable* flushed) {
  try {
    Install(tree, std::move(levels), flushed);
  } catch (const std::bad_alloc&) {
    // The tree goes on with what it had, which says the same: the memtable is flushed once more, and the next change of its
    // levels brings all of them.
  }
}

void LevelInstaller::Install(TreeId tree, LevelStatePtr levels, const Memtable* flushed) {
  std::optional<MutexLock> lock;
  if (pipeline_ != nullptr) lock.emplace(pipeline_->gate()->mutex());
  Tree* const of = trees_->Ensure(tree);
  if (flushed != nullptr) {
    const std::vector<ImmutableMemtable> waiting = of->Immutables();
    if (waiting.empty() || waiting.front().memtable.get() != flushed) flushed = nullptr;  // an older one is still there
    else if (pipeline_ != nullptr) pipeline_->ForgetRing(waiting.front().newest_ts);
  }
  of->InstallLevels(std::move(levels), flushed);
}

}  // namespace sochdb
