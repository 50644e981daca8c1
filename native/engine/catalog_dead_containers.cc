#include "engine/catalog_dead_containers.h"

#include <initializer_list>

#include "base/catalog_key.h"

namespace sochdb {
namespace {

constexpr uint64_t MaskOf(std::initializer_list<TreeId> trees) {
  uint64_t mask = 0;
  for (const TreeId tree : trees) mask |= uint64_t{1} << static_cast<unsigned>(tree);
  return mask;
}

// Whose keys begin with namespace id and object id. Ids of a namespace's objects are never used twice, whatever they are of.
constexpr uint64_t kObjectTrees =
    MaskOf({TreeId::kRows, TreeId::kIndexes, TreeId::kVectors, TreeId::kMetadata, TreeId::kPostings,
            TreeId::kRowsWriteOptimized, TreeId::kRowsScanOptimized, TreeId::kRowsAppendOnly, TreeId::kIndexesWriteOptimized,
            TreeId::kIndexesScanOptimized, TreeId::kIndexesAppendOnly});
// A namespace is in every tree's keys; its entries in the catalog were deleted one by one.
constexpr uint64_t kNamespaceTrees = ~MaskOf({TreeId::kCatalog});

DeadRange RangeOf(const DroppedContainer& dropped, Timestamp dropped_at) {
  DeadRange range;
  PutBigEndian32(&range.prefix, dropped.namespace_id);
  if (dropped.object_id != 0) PutBigEndian32(&range.prefix, dropped.object_id);
  range.tree_mask = dropped.object_id != 0 ? kObjectTrees : kNamespaceTrees;
  range.dropped_at = dropped_at;
  return range;
}

}  // namespace

DeadContainers::Test CatalogDeadContainers::DeadBy(Timestamp by) const {
  const Tree* const catalog = trees_->Find(TreeId::kCatalog);
  if (catalog == nullptr) return nullptr;
  DeadRangeList list(env_);
  const std::unique_ptr<TreeIterator> it = catalog->NewIterator(by);
  const std::string end = DroppedRangeEnd();
  for (it->Seek(DroppedRangeStart()); it->Valid() && it->key() < end; it->Next()) {
    if (it->version().kind != ValueKind::kValue) continue;
    DroppedContainer dropped;
    if (DecodeDropped(it->key(), it->version().value, &dropped)) list.Add(RangeOf(dropped, it->version().ts));
  }
  return it->status().ok() ? list.DeadBy(by) : nullptr;
}

}  // namespace sochdb
