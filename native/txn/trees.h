// Trees: the trees of one store by id, each made when something is first written to it.
//
// Thread safety: Ensure belongs to the holder of the commit mutex; the rest to any thread.
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
  // hash_seed: random, for the hash indexes.
  explicit Trees(uint64_t hash_seed) : hash_seed_(hash_seed) {}
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
      tree = new Tree(id, hash_seed_);
      slot.store(tree, std::memory_order_release);
    }
    return tree;
  }

  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& slot : trees_) {
      if (const Tree* tree = slot.load(std::memory_order_acquire); tree != nullptr) visit(*tree);
    }
  }
  [[nodiscard]] uint64_t memory_bytes() const {
    uint64_t bytes = 0;
    ForEach([&](const Tree& tree) { bytes += tree.memory_bytes(); });
    return bytes;
  }
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

  const uint64_t hash_seed_;
  std::array<std::atomic<Tree*>, kTreeCount> trees_{};
};

}  // namespace sochdb
