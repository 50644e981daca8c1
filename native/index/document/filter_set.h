// FilterSet: the documents of an index that a filter admits at a snapshot.
//
// Tests of declared fields are answered from the metadata entries, through the index's cache of them; the others are `rest`,
// to be tried on documents as the search meets them, or on all of them (ReadRest).
//
// Thread safety: the view's thread.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "index/document/collection.h"
#include "index/document/metadata_filter.h"
#include "index/vector/document_set.h"
#include "index/vector/vector_index.h"

namespace sochdb {

class FilterSet {
 public:
  FilterSet(const CollectionConfig& config, const VectorIndex& index, ReadView view, const CancelToken* cancel)
      : config_(config), index_(index), view_(view), cancel_(cancel) {}

  // cacheable: the view sees no uncommitted writes.
  Status Read(const MetadataFilter& filter, bool cacheable);
  // Narrows the set by what Read left as the rest, document by document.
  Status ReadRest();

  // Null: everything is admitted, as far as is known.
  [[nodiscard]] const DocumentSet* set() const { return set_.get(); }
  [[nodiscard]] const std::vector<MetadataFilter::Test>& rest() const { return rest_; }

 private:
  Result<std::shared_ptr<const DocumentSet>> SetOf(const std::string& test, bool cacheable) const;
  // Nothing when the field has no entries for this value.
  [[nodiscard]] std::optional<std::string> EntriesOf(const MetadataFilter::Test& test) const;
  Status ReadRestOfSet(DocumentSet* admitted) const;
  Status ReadRestOfAll(DocumentSet* admitted) const;

  const CollectionConfig& config_;
  const VectorIndex& index_;
  const ReadView view_;
  const CancelToken* const cancel_;
  std::shared_ptr<const DocumentSet> set_;
  std::vector<MetadataFilter::Test> rest_;
};

}  // namespace sochdb
