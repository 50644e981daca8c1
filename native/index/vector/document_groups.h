// DocumentGroups: the vectors of one document belong together, for whoever links (hnsw_graph.h).
//
// Of a document whose vectors are all but equal, a pool of candidates may hold nothing else: they lead to each other then, and
// to nobody. So the pool is as wide as it takes to hold several documents.
//
// Thread safety: belongs to one thread that links.

#pragma once

#include <cstddef>
#include <cstdint>

#include "index/vector/hnsw_graph.h"
#include "index/vector/vector_slots.h"

namespace sochdb {

class DocumentGroups final : public SlotGroups {
 public:
  explicit DocumentGroups(const VectorSlots* slots) : slots_(*slots) {}

  void Begin(SearchScratch* scratch) override {
    documents_ = slots_.documents().count();
    scratch->documents.Begin(documents_);
  }
  [[nodiscard]] size_t Count(SearchScratch* scratch) const override {
    const PagedRows<SlotHeader>::View headers = slots_.headers();
    scratch->documents.Begin(documents_);
    size_t count = 0;
    for (size_t i = 0; i < scratch->pool.size(); ++i) {
      const uint32_t document = headers[scratch->pool[i].slot()]->document();
      // One that has come since Begin counts for each of its vectors: there are few.
      count += static_cast<size_t>(document >= documents_ || scratch->documents.Visit(document));
    }
    return count;
  }

 private:
  const VectorSlots& slots_;
  uint32_t documents_ = 0;
};

}  // namespace sochdb
