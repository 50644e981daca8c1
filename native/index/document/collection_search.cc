// Searching and counting: how a snapshot's index, a filter and a transaction's own writes become one answer.
// Reading and writing documents is in collection.cc.

#include <algorithm>
#include <functional>
#include <utility>

#include "index/document/collection.h"
#include "index/document/filter_set.h"
#include "index/document/own_documents.h"
#include "index/document/row_scan.h"

namespace sochdb {
namespace {

// Filters without an entry are tried on the nearest documents first: so many times wider than asked, at most.
constexpr size_t kMostTried = 2048;

struct Found {
  std::string_view id;
  Nearness nearness;

  bool operator<(const Found& other) const {
    if (nearness.distance != other.nearness.distance) return nearness.distance < other.nearness.distance;
    return id < other.id;
  }
};

class IndexedSearch {
 public:
  IndexedSearch(const CollectionConfig& config, const VectorIndex& index, ReadView view, const SearchRequest& request,
                const float* prepared)
      : config_(config), index_(index), view_(view), request_(request) {
    query_.vector = prepared;
    query_.k = request.k;
    query_.ef = request.ef != 0 ? request.ef : config.ef_search;
    query_.read_ts = view.reader()->read_ts();
    query_.now_ms = view.reader()->now_ms();
    query_.exact = request.exact;
    query_.cancel = request.cancel;
  }

  Status Run(std::vector<Found>* found) {
    SOCHDB_TRY(own_.Read(config_, index_, view_));
    if (!own_.hidden().empty()) query_.hidden = &own_.hidden();
    FilterSet filter(config_, index_, view_, request_.cancel);
    if (request_.filter != nullptr) SOCHDB_TRY(filter.Read(*request_.filter, own_.empty()));
    query_.only = filter.set();
    std::vector<VectorHit> hits;
    bool complete = false;
    if (filter.rest().empty()) {
      SOCHDB_TRY(index_.Search(query_, &hits));
      complete = true;
    } else {
      SOCHDB_TRY(TryNearest(filter.rest(), &hits, &complete));
    }
    if (!complete) {
      SOCHDB_TRY(filter.ReadRest());
      query_.only = filter.set();
      SOCHDB_TRY(index_.Search(query_, &hits));
    }
    for (const VectorHit& hit : hits) found->push_back({hit.id, hit.nearness});
    AddOwn(found);
    std::sort(found->begin(), found->end());
    if (found->size() > request_.k) found->resize(request_.k);
    return {};
  }

 private:
  // Looks whether enough of the nearest documents pass the rest of the filter; if many do, there is no need to look at all.
  Status TryNearest(std::span<const MetadataFilter::Test> rest, std::vector<VectorHit>* hits, bool* complete) {
    VectorQuery wide = query_;
    wide.k = std::min(std::max(query_.ef, 2 * query_.k), kMostTried);
    while (wide.k >= query_.k && wide.k <= kMostTried) {
      wide.ef = std::max(query_.ef, wide.k);
      std::vector<VectorHit> nearest;
      SOCHDB_TRY(index_.Search(wide, &nearest));
      hits->clear();
      for (size_t i = 0; i < nearest.size() && hits->size() < query_.k; ++i) {
        bool passes = false;
        SOCHDB_TRY(DocumentPasses(nearest[i].id, rest, &passes));
        if (passes) hits->push_back(nearest[i]);
      }
      // Fewer than asked for means that there are no more.
      *complete = hits->size() == query_.k || nearest.size() < wide.k;
      if (*complete || hits->empty()) return {};
      wide.k = std::max(2 * wide.k, wide.k * query_.k / hits->size() * 3 / 2);
    }
    return {};
  }

  Status DocumentPasses(std::string_view id, std::span<const MetadataFilter::Test> rest, bool* passes) {
    ReadValue value;
    DocumentRow row;
    bool found = false;
    *passes = false;
    SOCHDB_TRY(view_.reader()->Get(TreeId::kVectors, config_.id.DocumentKey(id), &value, &found));
    if (!found) return {};
    SOCHDB_TRY(DecodeDocumentRow(value.data, config_.dimension, &row));
    *passes = MetadataFilter::Matches(rest, row.metadata);
    return {};
  }

  void AddOwn(std::vector<Found>* found) const {
    if (own_.puts().empty()) return;
    std::vector<float> prepared(PaddedDimension(config_.dimension));
    const Measure measure(config_.metric, query_.vector, prepared.size());
    for (const OwnDocument& own : own_.puts()) {
      if (request_.filter != nullptr && !request_.filter->Matches(own.row.metadata)) continue;
      PrepareStoredVector(config_.metric, own.row.vector, prepared.data());
      found->push_back({own.id, measure.To(prepared.data())});
    }
  }

  const CollectionConfig& config_;
  const VectorIndex& index_;
  const ReadView view_;
  const SearchRequest& request_;
  VectorQuery query_;
  OwnDocuments own_;
};

Status CheckSearch(const CollectionConfig& config, const SearchRequest& request) {
  SOCHDB_TRY(CheckVector(config.metric, config.dimension, request.vector.data(), request.vector.size()));
  if (request.k > kMaxK || request.ef > kMaxEf) {
    return Status(Code::kInvalidArgument, "k and ef are at most 100000.")
        .With("option", request.k > kMaxK ? "k" : "ef")
        .With("expected", "at most 100000")
        .With("actual", std::to_string(request.k > kMaxK ? request.k : request.ef));
  }
  return {};
}

// Serializable: every write to the collection after the snapshot is a conflict.
void BeginCollectionRead(const CollectionConfig& config, ReadView view) {
  view.BeginStatement();
  if (view.transaction() == nullptr) return;
  view.transaction()->RegisterRangeRead(TreeId::kVectors, config.id.Prefix(), config.id.End());
}

}  // namespace

Status Collection::Search(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const {
  results->clear();
  SOCHDB_TRY(CheckSearch(config_, request));
  BeginCollectionRead(config_, view);
  if (request.k == 0) return {};
  std::vector<float> prepared(PaddedDimension(config_.dimension));
  PrepareVector(config_.metric, request.vector.data(), config_.dimension, prepared.data());
  if (!index_->Covers(view.reader()->read_ts())) return SearchRows(config_, view.reader(), request, prepared, results);

  std::vector<Found> found;
  IndexedSearch search(config_, *index_, view, request, prepared.data());
  SOCHDB_TRY(search.Run(&found));
  for (const Found& each : found) {
    if (request.min_score.has_value() && each.nearness.score < *request.min_score) break;
    SearchResult& result = results->emplace_back();
    result.score = each.nearness.score;
    result.distance = each.nearness.distance;
    ReadValue value;
    DocumentRow row;
    bool exists = false;
    SOCHDB_TRY(view.reader()->Get(TreeId::kVectors, config_.id.DocumentKey(each.id), &value, &exists));
    if (!exists) return {Code::kInternal, "The vector index shows a document that its snapshot does not have."};
    SOCHDB_TRY(DecodeDocumentRow(value.data, config_.dimension, &row));
    FillDocument(each.id, row, request.with_metadata, request.with_vectors, &result.document);
  }
  return {};
}

Result<uint64_t> Collection::Count(ReadView view, const MetadataFilter* filter, const CancelToken* cancel) const {
  BeginCollectionRead(config_, view);
  Reader* reader = view.reader();
  if (filter != nullptr || !index_->Covers(reader->read_ts())) return CountRows(config_, reader, filter, cancel);
  uint64_t count = index_->CountVisible(reader->read_ts(), reader->now_ms());
  OwnDocuments own;
  SOCHDB_TRY(own.Read(config_, *index_, view));
  // What the transaction wrote over or deleted is counted no more, what it put is.
  count -= own.CountHiddenVisible(*index_, view);
  return count + own.puts().size();
}

}  // namespace sochdb
