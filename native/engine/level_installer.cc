#include "engine/level_installer.h"

#include <optional>
#include <utility>

namespace sochdb {

void LevelInstaller::OnLevels(TreeId tree, LevelStatePtr levels, const Memtable* flushed) {
  std::optional<MutexLock> lock;
  if (pipeline_ != nullptr) lock.emplace(pipeline_->gate()->mutex());
  Tree* const of = trees_->Ensure(tree);
  if (flushed != nullptr && pipeline_ != nullptr) {
    for (const ImmutableMemtable& waiting : of->Immutables()) {
      if (waiting.memtable.get() == flushed) pipeline_->ForgetRing(waiting.newest_ts);
    }
  }
  of->InstallLevels(std::move(levels), flushed);
}

}  // namespace sochdb
