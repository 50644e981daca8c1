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

#include <algorithm>
#include <cstdint>
#include <functional>
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
#include "index/document/metadata_paths.h"
#include "index/text/analyzer.h"
#include "index/text/posting.h"
#include "index/text/posting_batch.h"
#include "index/text/text_query.h"
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
  Quantization quantization = Quantization::kNone;
  uint32_t pq_subvectors = 0;  // 0: DefaultPqParts
  uint32_t pq_centroids = 256;
  uint32_t ef_search = 64;            // what a search that names no ef takes
  std::vector<IndexedField> indexed;  // number and path of the fields whose equality tests have entries
  TextConfig text;                    // no fields: no keyword index
  bool learned_navigator = false;     // not stored: whether searches through this handle ask the navigator, where there is one
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
  std::vector<float> vector;            // of a document in chunks those of all, one after the other; in hits that of the chunk
  std::string metadata;                 // a JSON object
  std::vector<std::string> texts = {};  // of chunks, where they have any; in hits that of the chunk
  bool chunked = false;
  Aggregate aggregate = Aggregate::kMax;
  uint64_t ordinal = 0;  // 0: written by this transaction, not committed yet
  ExpiryMs expires_ms = kNeverExpires;
};

// How a search went about it.
struct SearchExplanation {
  const char* plan = "";       // collection_search.cc has the names
  uint64_t visited = 0;        // distances computed, or rows compared, of all rounds
  uint64_t rounds = 0;         // searches that it took: filters and groups may need wider ones
  uint64_t vectors = 0;        // in the index, of whatever version
  bool coded = false;          // the search was led by codes
  uint64_t own_documents = 0;  // of the transaction, not committed
  std::optional<uint64_t> admitted =
      std::nullopt;     // documents that the filter admits, as far as its tests are of declared fields
  bool tested = false;  // documents were looked at for other tests
  // Of searches with words:
  bool by_words = false;
  uint64_t postings = 0;  // in the lists that the words lead to, of all rounds
  uint64_t scored = 0;    // documents whose score by words was worked out, of all rounds
  Navigation navigation = Navigation::kPlain;
};

// Hits by the values of a metadata field: k groups, by their best hits, each of its `limit` best.
struct GroupBy {
  std::vector<std::string> path;
  size_t limit = 1;
};

// Maximal marginal relevance: of the `fetch` best, k such that each adds something to those before it.
struct Diversity {
  double lambda = 0.5;  // 1: relevance alone, 0: difference alone
  size_t fetch = 0;
};

inline constexpr size_t kMaxDiverse = 10'000;
inline constexpr size_t kMaxDiverseFloats = 64 * 1024 * 1024;

struct SearchRequest {
  std::span<const float> vector = {};
  size_t k = 10;                           // with groups: groups
  size_t ef = 0;                           // 0: the collection's
  const MetadataFilter* filter = nullptr;  // null: everything
  std::optional<double> min_score = std::nullopt;
  bool exact = false;  // compare with every vector
  bool with_metadata = true;
  bool with_vectors = false;
  const CancelToken* cancel = nullptr;
  const GroupBy* group = nullptr;
  std::optional<Aggregate> aggregate = std::nullopt;  // of documents in chunks; nothing: what each says of itself
  const Diversity* diversity = nullptr;               // not with groups, nor with words
  SearchExplanation* explanation = nullptr;           // filled in, if there is one
};

struct SearchResult {
  Document document;  // without what was not asked for
  double score = 0;
  double distance = 0;
  std::string group = {};                        // with groups: the value, as JSON
  std::optional<uint32_t> chunk = std::nullopt;  // of a document in chunks: which one was nearest, or has the words
};

// A search with words. Without a vector it goes by words alone (text_search.h has the scores); with one, both lists are made of
// one snapshot and filter, and fused: alpha / (rrf_k + rank by vector) + (1 - alpha) / (rrf_k + rank by words), ranks from 1,
// nothing from a list that a document is not in. Each list has HybridCandidates(k) documents at most.
struct TextRequest {
  // k, filter, what comes along and the token are those of the search. min_score: of the vector's score, or where there is no
  // vector of the words'.
  SearchRequest search;
  std::string_view text;
  double alpha = 0.5;
  double rrf_k = 60;
};

inline constexpr size_t HybridCandidates(size_t k) { return std::max<size_t>(100, 4 * k); }

struct RankedDocument {
  std::string id;
  double score = 0;
};

struct TextResults {
  std::vector<SearchResult> hits;         // their distance: from the vector; NaN without one
  std::vector<RankedDocument> by_vector;  // the lists that were fused; of a search by words alone both are empty
  std::vector<RankedDocument> by_words;
  uint64_t matches = 0;  // documents that match the words and the filter
};

// What a search of the index finds.
struct FoundDocument {
  std::string_view id;
  Nearness nearness;

  bool operator<(const FoundDocument& other) const {
    if (nearness.distance != other.nearness.distance) return nearness.distance < other.nearness.distance;
    return id < other.id;
  }
};

struct ListRequest {
  std::string_view after = {};  // ids above this one; empty: from the first
  size_t limit = SIZE_MAX;
  const MetadataFilter* filter = nullptr;  // null: everything
  bool with_metadata = true;
  bool with_vectors = false;
  const CancelToken* cancel = nullptr;
};

// An operation that writes is a statement: it takes effect as a whole or, when it fails half way, not at all.
class WriteStatement {
 public:
  explicit WriteStatement(Transaction* transaction) : transaction_(transaction), start_(transaction->BeginStatement()) {}
  WriteStatement(const WriteStatement&) = delete;
  WriteStatement& operator=(const WriteStatement&) = delete;
  Status Finish(Status status) {
    if (status.ok() || transaction_->finished()) return status;
    if (Status undone = transaction_->RollbackTo(start_); !undone.ok()) return undone;
    return status;
  }

 private:
  Transaction* transaction_;
  const SavepointId start_;
};

class Collection {
 public:
  // Opens the collection's vector index if need be. kInvalidArgument when an option is out of range.
  static Result<std::unique_ptr<Collection>> Open(VectorIndexRegistry* registry, CollectionConfig config,
                                                  const CancelToken* cancel);

  [[nodiscard]] const CollectionConfig& config() const { return config_; }
  [[nodiscard]] const VectorIndex& index() const { return *index_; }
  [[nodiscard]] const Analyzer& analyzer() const { return analyzer_; }

  // Inserts or replaces. Empty metadata is {}. kInvalidArgument (nothing is written) for a bad id, a wrong dimension {expected,
  // actual}, a value that is not finite {position}, metadata that is no JSON object, a row that is too large; of several
  // vectors {vector}, or a number of texts that is not theirs.
  // postings: collects what the keyword index gets, for the caller to write; null: it is written at once.
  Status Put(Transaction* transaction, std::string_view id, DocumentContent content, PostingBatch* postings = nullptr) const;
  Status Put(Transaction* transaction, std::string_view id, std::span<const float> vector, std::string_view metadata,
             ExpiryMs expires_ms = kNeverExpires) const;
  // *existed says whether there was a document to delete.
  Status Delete(Transaction* transaction, std::string_view id, bool* existed) const;
  // Deletes what the filter admits, all or nothing; returns how many documents there were.
  Result<uint64_t> DeleteWhere(Transaction* transaction, const MetadataFilter& filter, const CancelToken* cancel) const;

  Status Get(ReadView view, std::string_view id, Document* document, bool* found) const;
  Result<uint64_t> Count(ReadView view, const MetadataFilter* filter, const CancelToken* cancel) const;
  // Documents in order of their ids.
  Status List(ReadView view, const ListRequest& request, std::vector<Document>* documents) const;
  Status Search(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const;
  // --- The learned navigator (collection_navigator.cc)

  // Learns from `training`, whose queries are as they came; kInvalidArgument for those that no search takes, and as the index
  // says. What is learned is stored by the transaction, with which it comes and goes, and used after UseNavigator. Where it was
  // not accepted there is none any more.
  Status TrainNavigator(Engine* engine, NavigatorTraining training, NavigatorReport* report) const;
  Status StoreNavigator(Transaction* transaction, const NavigatorReport& report) const;
  void UseNavigator(const NavigatorReport& report) const;

  // kInvalidArgument when the collection has no keyword index.
  Status SearchText(ReadView view, const TextRequest& request, TextResults* results) const;

 private:
  // Sees a document; false: it has seen enough.
  using DocumentVisitor = std::function<bool(std::string_view id, const DocumentRow& row)>;

  Collection(CollectionConfig config, std::shared_ptr<VectorIndex> index);

  // Takes the navigator that was stored, if the index has none yet; one that cannot be read is none.
  Status LoadNavigator(Engine* engine) const;

  Status CheckPut(std::string_view id, const DocumentContent& content) const;
  Status WriteDocument(Transaction* transaction, std::string_view id, std::string_view row, ExpiryMs expires_ms,
                       PostingBatch* postings) const;
  // Null: there was none, or there will be none.
  Status WriteText(Transaction* transaction, std::string_view id, const DocumentRow* old_row, const DocumentRow* new_row,
                   bool kept, ExpiryMs expires_ms, PostingBatch* postings) const;
  // A statement that reads the collection as a whole.
  void BeginRead(ReadView view) const {
    view.BeginStatement();
    RegisterRead(view);
  }
  // The same as Search, within a statement that has begun.
  Status SearchBegun(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const;
  // The nearest by what all vectors of a document are worth together, not by its nearest. A mean is no nearer than the nearest,
  // nor is the first: so many of the nearest are looked at that no other document can be nearer.
  Status Aggregated(ReadView view, const SearchRequest& request, const std::vector<float>& prepared,
                    std::vector<FoundDocument>* found) const;
  // As SearchBegun, shaped as the request says (collection_shape.cc).
  Status SearchGrouped(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const;
  Status SearchDiverse(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const;
  // The row of a document that a search has found.
  Status ReadFound(Reader* reader, std::string_view id, ReadValue* value, DocumentRow* row) const;
  // The hits of a search with words, of `wanted` ranked documents at most. *all: there are no more.
  Status CollectByWords(ReadView view, const TextRequest& request, const TextQuery& query, size_t wanted, TextResults* results,
                        bool* all) const;
  Status ReadOldRow(Transaction* transaction, const std::string& key, ReadValue* value, DocumentRow* row, bool* found) const;
  Status DeleteDocument(Transaction* transaction, std::string_view id, bool* existed) const;
  // Every document above `after` that the filter admits, in order of ids.
  Status VisitDocuments(ReadView view, std::string_view after, const MetadataFilter* filter, const CancelToken* cancel,
                        const DocumentVisitor& visit) const;
  // The same, from the sets of the index; *done false: there is no gain in it.
  Status VisitBySet(ReadView view, std::string_view after, const MetadataFilter& filter, const CancelToken* cancel,
                    const DocumentVisitor& visit, bool* done) const;
  Result<uint64_t> CountBySet(ReadView view, const MetadataFilter& filter, const CancelToken* cancel) const;
  // Serializable: every write to the collection after the snapshot is a conflict.
  void RegisterRead(ReadView view) const;

  const CollectionConfig config_;
  MetadataPaths indexed_paths_;  // of config_.indexed, numbered as they stand there
  const std::shared_ptr<VectorIndex> index_;
  const Analyzer analyzer_;
};

// kInvalidArgument for a field without a path or with a weight that is none. Fills in what Open is to fill in.
Status CheckTextConfig(TextConfig* config);

// kInvalidArgument for a vector, k or ef that no search of the collection takes.
Status CheckSearch(const CollectionConfig& config, const SearchRequest& request);

// Copies what was asked for out of a row.
void FillDocument(std::string_view id, const DocumentRow& row, bool with_metadata, bool with_vector, Document* document);
// The same for a hit, of which the chunk is known.
void FillHit(const DocumentRow& row, bool with_metadata, bool with_vector, SearchResult* hit);

}  // namespace sochdb
