// TreeViews: the SuperVersions that one reader works with, one per tree, taken at its first read of the tree.
//
// They keep what was read from memtables alive, and the answers of one snapshot the same without looking again at what is
// current. What has no tree yet at the first read has nothing that the snapshot could see, then or later.
//
// Thread safety: none; it belongs to its reader. Limits: the first kInline trees cost no allocation.

#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "base/types.h"
#include "lsm/super_version.h"
#include "txn/trees.h"

namespace sochdb {

class TreeViews {
 public:
  TreeViews() = default;
  TreeViews(const TreeViews&) = delete;
  TreeViews& operator=(const TreeViews&) = delete;

  // Null while nothing was ever written to the tree. REQUIRES: the reader's timestamp is registered. Valid until Clear.
  const SuperVersion* Of(const Trees& trees, TreeId id) {
    for (size_t i = 0; i < inline_count_; ++i) {
      if (inline_[i].tree == id) return inline_[i].version.get();
    }
    return Take(trees, id);
  }
  // A share of the same.
  SuperVersionRef Share(const Trees& trees, TreeId id) {
    const SuperVersion* const version = Of(trees, id);
    return version == nullptr ? SuperVersionRef() : SuperVersionRef::Share(version);
  }
  void Clear() {
    while (inline_count_ > 0) inline_[--inline_count_].version.Reset();
    if (!more_.empty()) more_.clear();
  }

 private:
  static constexpr size_t kInline = 4;
  struct View {
    TreeId tree = TreeId::kKeys;
    SuperVersionRef version;
  };

  const SuperVersion* Take(const Trees& trees, TreeId id) {
    for (const View& view : more_) {
      if (view.tree == id) return view.version.get();
    }
    const Tree* const tree = trees.Find(id);
    if (tree == nullptr) return nullptr;
    if (inline_count_ == kInline) return more_.emplace_back(View{id, tree->Acquire()}).version.get();
    View& view = inline_[inline_count_++];
    view.tree = id;
    view.version = tree->Acquire();
    return view.version.get();
  }

  size_t inline_count_ = 0;
  std::array<View, kInline> inline_;
  std::vector<View> more_;
};

}  // namespace sochdb
