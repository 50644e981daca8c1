// Collection: documents (an id, a vector, metadata) and the searches over them.
//
// Rows are the truth; the vector index and the metadata entries derive from them. Writes go into the caller's transaction
// and commit with whatever else it writes. Reads take a view: a snapshot, or a transaction, whose own writes they see.
//
// Every list is ordered: search results by distance, then by id (bytes); documents by id. score and distance are those of
// metric.h, whatever path a search takes. A serializable transaction's search or count depends on the whole collection: a
// commit that changes any of its documents meanwhile is a conflict. Every operation is a statement of its transaction.
//
// Thread safety: a Collection may be used by any thread; views belong to one at a time.
// Lifetime: before the registry's end.
// Limits: ids of 1 to kMaxDocumentIdBytes; a row (vector and metadata) below 1 MiB; metadata nested at most 64 deep;
// k and ef up to kMaxK and kMaxEf.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/document/document_key.h"
#include "index/document/document_row.h"
#include "index/document/metadata_entries.h"
#include "index/document/metadata_filter.h"
#include "index/vector/vector_index_registry.h"
#include "txn/transaction.h"

namespace sochdb {

inline constexpr size_t kMaxK = 100'000;
inline constexpr size_t kMaxEf = 100'000;

// Fixed when a collection is created.
struct CollectionConfig {
  CollectionId id;
  uint32_t dimension = 0;
  Metric metric = Metric::kCosine;
  uint32_t m = 16;
  uint32_t ef_construction = 100;
  uint32_t ef_search = 64;            // what a search that names no ef takes
  std::vector<IndexedField> indexed;  // number and path of the fields whose equality tests have entries
};

// What a read sees. Implicit from either.
class ReadView {
 public:
  ReadView(Snapshot* snapshot) : reader_(snapshot) {}                                      // NOLINT
  ReadView(Transaction* transaction) : reader_(transaction), transaction_(transaction) {}  // NOLINT
  [[nodiscard]] Reader* reader() const { return reader_; }
  [[nodiscard]] Transaction* transaction() const { return transaction_; }  // null for a snapshot
  // Whatever is read until the next statement begins, a readCommitted transaction reads at one snapshot.
  void BeginStatement() const {
    if (transaction_ != nullptr) (void)transaction_->BeginStatement();
  }

 private:
  Reader* reader_;
  Transaction* transaction_ = nullptr;
};

struct Document {
  std::string id;
  std::vector<float> vector;
  std::string metadata;  // a JSON object
  uint64_t ordinal = 0;  // 0: written by this transaction, not committed yet
  ExpiryMs expires_ms = kNeverExpires;
};

struct SearchRequest {
  std::span<const float> vector = {};
  size_t k = 10;
  size_t ef = 0;                           // 0: the collection's
  const MetadataFilter* filter = nullptr;  // null: everything
  std::optional<double> min_score = std::nullopt;
  bool exact = false;  // compare with every vector
  bool with_metadata = true;
  bool with_vectors = false;
  const CancelToken* cancel = nullptr;
};

struct SearchResult {
  Document document;  // without what was not asked for
  double score = 0;
  double distance = 0;
};

struct ListRequest {
  std::string_view after = {};  // ids above this one; empty: from the first
  size_t limit = SIZE_MAX;
  const MetadataFilter* filter = nullptr;  // null: everything
  bool with_metadata = true;
  bool with_vectors = false;
  const CancelToken* cancel = nullptr;
};

class Collection {
 public:
  // Opens the collection's vector index if need be. kInvalidArgument when an option is out of range.
  static Result<std::unique_ptr<Collection>> Open(VectorIndexRegistry* registry, CollectionConfig config,
                                                  const CancelToken* cancel);

  [[nodiscard]] const CollectionConfig& config() const { return config_; }
  [[nodiscard]] const VectorIndex& index() const { return *index_; }

  // Inserts or replaces. Empty metadata is {}. kInvalidArgument (nothing is written) for a bad id, a wrong dimension {expected,
  // actual}, a value that is not finite {position}, metadata that is no JSON object, a row that is too large.
  Status Put(Transaction* transaction, std::string_view id, std::span<const float> vector, std::string_view metadata,
             ExpiryMs expires_ms = kNeverExpires) const;
  // *existed says whether there was a document to delete.
  Status Delete(Transaction* transaction, std::string_view id, bool* existed) const;

  Status Get(ReadView view, std::string_view id, Document* document, bool* found) const;
  Result<uint64_t> Count(ReadView view, const MetadataFilter* filter, const CancelToken* cancel) const;
  // Documents in order of their ids.
  Status List(ReadView view, const ListRequest& request, std::vector<Document>* documents) const;
  Status Search(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const;

 private:
  Collection(CollectionConfig config, std::shared_ptr<VectorIndex> index)
      : config_(std::move(config)), index_(std::move(index)) {}

  Status CheckPut(std::string_view id, std::span<const float> vector, std::string_view metadata) const;
  Status WriteDocument(Transaction* transaction, std::string_view id, std::string_view row, std::string_view metadata,
                       ExpiryMs expires_ms) const;
  Status ReadOldRow(Transaction* transaction, const std::string& key, ReadValue* value, DocumentRow* row, bool* found) const;

  const CollectionConfig config_;
  const std::shared_ptr<VectorIndex> index_;
};

// Copies what was asked for out of a row.
void FillDocument(std::string_view id, const DocumentRow& row, bool with_metadata, bool with_vector, Document* document);

}  // namespace sochdb
