// LevelInstaller: hands what flushes and compactions made of a tree's tables to the tree.
//
// Thread safety: any thread. Locks: the commit mutex, under the store's mutex (lsm_store.h), or none while the store is opened.

#pragma once

#include <utility>

#include "lsm/lsm_store.h"
#include "txn/commit_pipeline.h"
#include "txn/trees.h"

namespace sochdb {

class LevelInstaller final : public LevelListener {
 public:
  explicit LevelInstaller(Trees* trees) : trees_(trees) {}
  // From now on commits go on beside. REQUIRES: nothing is being flushed or compacted.
  void SetPipeline(CommitPipeline* pipeline) { pipeline_ = pipeline; }

  // What the store was opened with. Throws bad_alloc.
  void Restore(TreeId tree, LevelStatePtr levels) { Install(tree, std::move(levels), nullptr); }

  void OnLevels(TreeId tree, LevelStatePtr levels, const Memtable* flushed) override;

 private:
  void Install(TreeId tree, LevelStatePtr levels, const Memtable* flushed);

  Trees* const trees_;
  CommitPipeline* pipeline_ = nullptr;
};

}  // namespace sochdb
