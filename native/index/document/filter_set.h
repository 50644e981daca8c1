// FilterSet: the documents of an index that a filter admits at a snapshot.
//
// Tests of declared fields become bitmaps, read from the metadata entries; and, or and not combine them. Where other tests are
// left there are two bitmaps: documents in the lower one pass whatever those tests say, documents outside the upper one do
// not, and only the ones between have to be looked at: as the search meets them, or all of them (ReadRest). What was read is
// kept in the index's cache of such bitmaps and brought up to date with the documents that changed since.
//
// A set may hold documents that the snapshot does not see any more because they have expired, and documents that its
// transaction wrote over: searches look at each slot, and hide what is the transaction's own.
//
// Thread safety: the view's thread.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "index/document/collection.h"
#include "index/document/metadata_filter.h"
#include "index/document/own_documents.h"
#include "index/vector/document_set.h"
#include "index/vector/vector_index.h"

namespace sochdb {

class FilterSet {
 public:
  FilterSet(const CollectionConfig& config, const VectorIndex& index, ReadView view, const CancelToken* cancel)
      : config_(config), index_(index), view_(view), cancel_(cancel) {}

  // cacheable: the view sees no uncommitted writes. The filter outlives this.
  Status Read(const MetadataFilter& filter, bool cacheable);
  // Narrows the set by what Read left as the rest, document by document.
  Status ReadRest();

  // Makes the set that of a view with these own writes, for who does not hide them.
  Status AdmitOwn(const OwnDocuments& own);

  // Null: everything is admitted, as far as is known.
  [[nodiscard]] const DocumentSet* set() const { return bounds_.upper.get(); }
  // Whether documents of the set still have to pass.
  [[nodiscard]] bool has_rest() const { return bounds_.lower != bounds_.upper; }
  // Of a document of the set: that it passes needs no look at its metadata.
  [[nodiscard]] bool Admits(uint32_t document) const {
    return !has_rest() || bounds_.lower == nullptr || bounds_.lower->Contains(document);
  }

 private:
  using Set = std::shared_ptr<const DocumentSet>;  // null: every document
  struct Bounds {
    Set lower;
    Set upper;
  };
  using Passes = std::function<bool(std::string_view metadata)>;

  Status Evaluate(const MetadataFilter::Node& node, Bounds* bounds);
  Status EvaluateAll(const MetadataFilter::Node& node, Bounds* bounds);
  Status Complement(const Set& set, Set* complement);
  // Of a declared field; *is_declared false: of none.
  Status ReadTest(const MetadataTest& test, bool* is_declared, Set* set);
  Status ScanTest(uint32_t field, const MetadataTest& test, DocumentSet* set);
  Status ReadEverything();
  // What the cache has under this key, brought up to date; null when it has nothing of use.
  Status FindKept(const FilterCache::Key& key, const Passes& passes, Set* set);
  Status Refresh(const FilterCache::Key& key, const Passes& passes, const std::vector<uint32_t>& changed, Set* set);
  void Keep(const FilterCache::Key& key, const Set& set);
  // Whether the view's snapshot has the document and its metadata passes.
  Status DocumentPasses(uint32_t document, const Passes& passes, bool* does);
  Status ReadRestOfSet(DocumentSet* admitted);
  Status ReadRestOfAll(DocumentSet* admitted);
  [[nodiscard]] FilterCache::Key KeyOfFilter() const;

  const CollectionConfig& config_;
  const VectorIndex& index_;
  const ReadView view_;
  const CancelToken* const cancel_;
  const MetadataFilter* filter_ = nullptr;
  bool cacheable_ = false;
  Set everything_;  // the documents that the snapshot sees, once they are asked for
  Bounds bounds_;
};

}  // namespace sochdb
