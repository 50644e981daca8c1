// OwnDocuments: what a transaction has written to a collection and not committed: documents that only it sees, and documents
// of the index that it must not see any more.
//
// Thread safety: the transaction's thread. Lifetime: until the transaction's next write.

#pragma once

#include <string_view>
#include <vector>

#include "index/document/collection.h"
#include "index/document/document_row.h"
#include "index/vector/document_set.h"
#include "index/vector/vector_index.h"

namespace sochdb {

struct OwnDocument {
  std::string_view id;
  DocumentRow row;
};

class OwnDocuments {
 public:
  // Nothing for a snapshot.
  Status Read(const CollectionConfig& config, const VectorIndex& index, ReadView view);

  [[nodiscard]] bool empty() const { return empty_; }
  [[nodiscard]] const std::vector<OwnDocument>& puts() const { return puts_; }
  [[nodiscard]] const DocumentSet& hidden() const { return hidden_; }
  // How many of the hidden documents the view's snapshot sees.
  [[nodiscard]] uint64_t CountHiddenVisible(const VectorIndex& index, ReadView view) const;

 private:
  bool empty_ = true;
  std::vector<OwnDocument> puts_;
  DocumentSet hidden_;
};

}  // namespace sochdb
