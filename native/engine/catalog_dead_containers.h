// CatalogDeadContainers: the dropped containers that the catalog lists (base/catalog_key.h), as the engine's compactions ask
// for them. The list is read anew for every compaction, as it was at the moment in question: what was rolled back, or is
// dropped later than some reader, is not in it.
//
// Thread safety: any thread. Ownership: the trees outlive it.

#pragma once

#include "engine/dead_containers.h"
#include "txn/trees.h"

namespace sochdb {

class CatalogDeadContainers final : public DeadContainers {
 public:
  CatalogDeadContainers(Env* env, const Trees* trees) : env_(env), trees_(trees) {}
  // `by` must not be below the history floor. A catalog that cannot be read lists nothing: data is kept.
  [[nodiscard]] Test DeadBy(Timestamp by) const override;

 private:
  Env* const env_;
  const Trees* const trees_;
};

}  // namespace sochdb
