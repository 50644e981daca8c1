// Trees: the trees of one store by id, each made when something is first written to it.
//
// Thread safety: Ensure and SetOrdered belong to the holder of the commit mutex; the rest to any thread.
// Ownership: trees live as long as this object.

#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "base/status.h"
#include "base/types.h"
#include "lsm/tree.h"

namespace sochdb {

class Trees {
 public:
  // hash_seed: random, for the hash indexes. block_bytes: in which memtables take their memory.
  Trees(Env* env, uint64_t hash_seed, size_t block_bytes = Arena::kDefaultBlockBytes)
      : env_(env), hash_seed_(hash_seed), block_bytes_(block_bytes) {
    ordered_.fill(true);
  }
  ~Trees() {
    for (auto& tree : trees_) delete tree.load(std::memory_order_relaxed);
  }
  Trees(const Trees&) = delete;
  Trees& operator=(const Trees&) = delete;

  // Null while nothing was ever written to it. REQUIRES: IsTree(id).
  [[nodiscard]] const Tree* Find(TreeId id) const { return trees_[Index(id)].load(std::memory_order_acquire); }
  Tree* Ensure(TreeId id) {
    std::atomic<Tree*>& slot = trees_[Index(id)];
    Tree* tree = slot.load(std::memory_order_relaxed);
    if (tree == nullptr) {
      tree = new Tree(env_, id, {hash_seed_, ordered_[Index(id)], &usage_, block_bytes_});
      slot.store(tree, std::memory_order_release);
    }
    return tree;
  }

  [[nodiscard]] Tree* Find(TreeId id) { return trees_[Index(id)].load(std::memory_order_acquire); }
  // What kind of memtable a tree has from the next one on (PolicySettings::ordered_memtable). REQUIRES: the commit mutex. The
  // settings are told, and not asked for: the LsmStore must not be called under the commit mutex.
  void SetOrdered(TreeId id, bool ordered) {
    ordered_[Index(id)] = ordered;
    if (Tree* tree = Find(id); tree != nullptr) tree->SetOrdered(ordered);
  }

  template <typename Visit>
  void ForEach(Visit&& visit) {
    for (auto& slot : trees_) {
      if (Tree* tree = slot.load(std::memory_order_acquire); tree != nullptr) visit(*tree);
    }
  }
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& slot : trees_) {
      if (const Tree* tree = slot.load(std::memory_order_acquire); tree != nullptr) visit(*tree);
    }
  }
  [[nodiscard]] const MemtableUsage& usage() const { return usage_; }
  // Of all memtables.
  [[nodiscard]] uint64_t memory_bytes() const { return usage_.active() + usage_.immutable(); }
  [[nodiscard]] uint64_t key_count() const {
    uint64_t keys = 0;
    ForEach([&](const Tree& tree) { keys += tree.key_count(); });
    return keys;
  }

  [[nodiscard]] static bool IsTree(TreeId id) { return static_cast<uint8_t>(id) < kTreeCount; }

 private:
  static size_t Index(TreeId id) {
    SOCHDB_DCHECK(IsTree(id));
    return static_cast<size_t>(id);
  }

  Env* const env_;
  const uint64_t hash_seed_;
  const size_t block_bytes_;
  MemtableUsage usage_;
  std::array<bool, kTreeCount> ordered_;  // guarded by the commit mutex
  std::array<std::atomic<Tree*>, kTreeCount> trees_{};
};

}  // namespace sochdb
