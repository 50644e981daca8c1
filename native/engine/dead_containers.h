// DeadContainers: which keys belong to containers that were dropped (tables, namespaces, collections), so that compaction can
// discard them. Dropping changes the catalog only; ids are never used again, so a dead prefix stays dead.
//
// Whoever keeps the catalog registers one with the engine (Engine::SetDeadContainers). The engine asks for those dropped at or
// before a moment that every reader, present or future, has passed.
//
// Thread safety: any thread.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "env/sync.h"

namespace sochdb {

// Keys that begin with `prefix`, in the trees of the mask (bit i: tree i), dropped by the commit dropped_at.
struct DeadRange {
  uint64_t tree_mask = 0;
  std::string prefix;
  Timestamp dropped_at = 0;
};

class DeadContainers {
 public:
  using Test = std::function<bool(TreeId tree, std::string_view key)>;
  virtual ~DeadContainers() = default;
  // Tells keys that were dead by `by`; null when there are none. The answer outlives this object, and belongs to one thread.
  [[nodiscard]] virtual Test DeadBy(Timestamp by) const = 0;
};

// A list of them.
class DeadRangeList final : public DeadContainers {
 public:
  explicit DeadRangeList(Env* env) : mutex_(env) {}

  // Replaces all.
  void Set(std::vector<DeadRange> ranges);
  void Add(DeadRange range);
  [[nodiscard]] size_t size() const;
  [[nodiscard]] Test DeadBy(Timestamp by) const override;

 private:
  mutable Mutex mutex_;  // guards ranges_
  std::vector<DeadRange> ranges_;
};

}  // namespace sochdb
