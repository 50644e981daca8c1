// Searching: how a snapshot's index, a filter and a transaction's own writes become one answer.
// Reading and writing documents is in collection.cc, counting and listing them in collection_list.cc.

#include <algorithm>
#include <functional>
#include <utility>

#include "index/document/collection.h"
#include "index/document/filter_set.h"
#include "index/document/own_documents.h"
#include "index/document/row_measure.h"
#include "index/document/row_scan.h"

namespace sochdb {
namespace {

// Filters without an entry are tried on the nearest documents first: so many times wider than asked, at most.
constexpr size_t kMostTried = 2048;

using Found = FoundDocument;

const char* NameOf(SearchPlan plan) {
  switch (plan) {
    case SearchPlan::kScanAll:
      return "exact";
    case SearchPlan::kScanListed:
      return "filtered";
    case SearchPlan::kGraph:
      return "graph";
    case SearchPlan::kPassing:
      return "filteredGraph";
  }
  return "";
}

class IndexedSearch {
 public:
  IndexedSearch(const CollectionConfig& config, const VectorIndex& index, ReadView view, const SearchRequest& request,
                const std::vector<float>& prepared)
      : config_(config), index_(index), view_(view), request_(request), prepared_(prepared) {
    query_.vector = prepared.data();
    query_.k = request.k;
    query_.ef = request.ef != 0 ? request.ef : config.ef_search;
    query_.read_ts = view.reader()->read_ts();
    query_.now_ms = view.reader()->now_ms();
    query_.exact = request.exact;
    query_.cancel = request.cancel;
    if (config.learned_navigator && request.ef == 0 && request.filter == nullptr) navigator_ = index.navigator();
    query_.navigator = navigator_.get();
    if (request.explanation != nullptr) query_.report = &report_;
  }

  Status Run(std::vector<Found>* found) {
    SOCHDB_TRY(own_.Read(config_, index_, view_));
    if (!own_.hidden().empty()) query_.hidden = &own_.hidden();
    FilterSet filter(config_, index_, view_, request_.cancel);
    if (request_.filter != nullptr) SOCHDB_TRY(filter.Read(*request_.filter, own_.empty()));
    query_.only = filter.set();
    std::vector<VectorHit> hits;
    bool complete = false;
    if (filter.has_rest()) {
      SOCHDB_TRY(TryNearest(filter, &hits, &complete));
    } else {
      SOCHDB_TRY(SearchIndex(query_, &hits));
      complete = true;
    }
    if (!complete) {
      if (request_.explanation != nullptr) request_.explanation->tested = true;
      SOCHDB_TRY(filter.ReadRest());
      query_.only = filter.set();
      SOCHDB_TRY(SearchIndex(query_, &hits));
    }
    Explain();
    for (const VectorHit& hit : hits) found->push_back({hit.id, hit.nearness});
    AddOwn(found);
    std::sort(found->begin(), found->end());
    if (found->size() > request_.k) found->resize(request_.k);
    return {};
  }

  // Whether any of the documents may be in chunks; and whether such may say that not their nearest vector counts.
  [[nodiscard]] bool chunked() const {
    return index_.any_chunked() || std::ranges::any_of(own_.puts(), [](const OwnDocument& own) { return own.row.chunked; });
  }
  [[nodiscard]] bool aggregated() const {
    if (request_.aggregate.has_value()) return *request_.aggregate != Aggregate::kMax;
    const auto is_aggregated = [](const OwnDocument& own) { return own.row.aggregate != Aggregate::kMax; };
    return index_.any_aggregated() || std::ranges::any_of(own_.puts(), is_aggregated);
  }

 private:
  Status SearchIndex(const VectorQuery& query, std::vector<VectorHit>* hits) {
    SOCHDB_TRY(index_.Search(query, hits));
    if (SearchExplanation* explanation = request_.explanation; explanation != nullptr) {
      ++explanation->rounds;
      explanation->visited += report_.evaluations;
    }
    return {};
  }

  void Explain() const {
    SearchExplanation* const explanation = request_.explanation;
    if (explanation == nullptr) return;
    const VectorIndexStats stats = index_.stats();
    explanation->plan = NameOf(report_.plan);
    explanation->navigation = report_.navigation;
    explanation->vectors = stats.slots;
    explanation->coded = stats.coded && !request_.exact;
    explanation->own_documents = own_.puts().size();
    if (query_.only != nullptr) explanation->admitted = query_.only->count();
  }

  // Looks whether enough of the nearest documents pass the rest of the filter; if many do, there is no need to look at all.
  Status TryNearest(const FilterSet& filter, std::vector<VectorHit>* hits, bool* complete) {
    VectorQuery wide = query_;
    wide.k = std::min(std::max(query_.ef, 2 * query_.k), kMostTried);
    while (wide.k >= query_.k && wide.k <= kMostTried) {
      wide.ef = std::max(query_.ef, wide.k);
      std::vector<VectorHit> nearest;
      SOCHDB_TRY(SearchIndex(wide, &nearest));
      if (request_.explanation != nullptr) request_.explanation->tested = true;
      hits->clear();
      for (size_t i = 0; i < nearest.size() && hits->size() < query_.k; ++i) {
        bool passes = filter.Admits(nearest[i].document);
        if (!passes) SOCHDB_TRY(DocumentPasses(nearest[i].id, &passes));
        if (passes) hits->push_back(nearest[i]);
      }
      // Fewer than asked for means that there are no more.
      *complete = hits->size() == query_.k || nearest.size() < wide.k;
      if (*complete || hits->empty()) return {};
      wide.k = std::max(2 * wide.k, wide.k * query_.k / hits->size() * 3 / 2);
    }
    return {};
  }

  Status DocumentPasses(std::string_view id, bool* passes) {
    ReadValue value;
    DocumentRow row;
    bool found = false;
    *passes = false;
    SOCHDB_TRY(view_.reader()->Get(TreeId::kVectors, config_.id.DocumentKey(id), &value, &found));
    if (!found) return {};
    SOCHDB_TRY(DecodeDocumentRow(value.data, config_.dimension, &row));
    *passes = request_.filter->Matches(row.metadata);
    return {};
  }

  void AddOwn(std::vector<Found>* found) const {
    if (own_.puts().empty()) return;
    RowMeasure measure(config_.metric, prepared_, std::nullopt);
    for (const OwnDocument& own : own_.puts()) {
      if (request_.filter != nullptr && !request_.filter->Matches(own.row.metadata)) continue;
      found->push_back({own.id, measure.Nearest(own.row).nearness});
    }
  }

  const CollectionConfig& config_;
  const VectorIndex& index_;
  const ReadView view_;
  const SearchRequest& request_;
  const std::vector<float>& prepared_;
  std::shared_ptr<Navigator> navigator_;
  VectorQuery query_;
  OwnDocuments own_;
  SearchReport report_;
};

}  // namespace

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

Status Collection::Search(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const {
  results->clear();
  SOCHDB_TRY(CheckSearch(config_, request));
  BeginRead(view);
  if (request.group != nullptr) return SearchGrouped(view, request, results);
  if (request.diversity != nullptr) return SearchDiverse(view, request, results);
  return SearchBegun(view, request, results);
}

Status Collection::ReadFound(Reader* reader, std::string_view id, ReadValue* value, DocumentRow* row) const {
  bool found = false;
  SOCHDB_TRY(reader->Get(TreeId::kVectors, config_.id.DocumentKey(id), value, &found));
  if (!found) return {Code::kInternal, "An index shows a document that its snapshot does not have."};
  return DecodeDocumentRow(value->data, config_.dimension, row);
}

Status Collection::SearchBegun(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const {
  if (request.k == 0) return {};
  std::vector<float> prepared(PaddedDimension(config_.dimension));
  PrepareVector(config_.metric, request.vector.data(), config_.dimension, prepared.data());
  if (!index_->Covers(view.reader()->read_ts())) {
    if (request.explanation != nullptr) {
      request.explanation->plan = "rows";
      ++request.explanation->rounds;
      request.explanation->vectors = index_->stats().slots;
      request.explanation->tested = request.filter != nullptr;
    }
    return SearchRows(config_, view.reader(), request, prepared, results);
  }

  std::vector<Found> found;
  IndexedSearch search(config_, *index_, view, request, prepared);
  SOCHDB_TRY(search.Run(&found));
  const bool chunked = search.chunked();
  RowMeasure measure(config_.metric, prepared, request.aggregate);
  const bool aggregated = chunked && search.aggregated();
  if (aggregated) SOCHDB_TRY(Aggregated(view, request, prepared, &found));
  bool in_order = true;
  for (const Found& each : found) {
    // Of what lies in one vector, what follows is no nearer.
    if (!chunked && request.min_score.has_value() && each.nearness.score < *request.min_score) break;
    SearchResult result;
    result.score = each.nearness.score;
    result.distance = each.nearness.distance;
    result.document.id = each.id;
    if (request.with_metadata || request.with_vectors || chunked) {
      ReadValue value;
      DocumentRow row;
      SOCHDB_TRY(ReadFound(view.reader(), each.id, &value, &row));
      if (row.chunked) {
        // The nearest of all its vectors, where codes brought another one of them.
        const auto [nearness, chunk] = measure.To(row);
        in_order = in_order && nearness.distance == result.distance;
        result.score = nearness.score;
        result.distance = nearness.distance;
        result.chunk = chunk;
      }
      if (request.min_score.has_value() && result.score < *request.min_score) continue;
      FillHit(row, request.with_metadata, request.with_vectors, &result);
    }
    results->push_back(std::move(result));
  }
  if (!in_order) {
    std::sort(results->begin(), results->end(), [](const SearchResult& a, const SearchResult& b) {
      return a.distance != b.distance ? a.distance < b.distance : a.document.id < b.document.id;
    });
  }
  return {};
}

Status Collection::Aggregated(ReadView view, const SearchRequest& request, const std::vector<float>& prepared,
                              std::vector<FoundDocument>* found) const {
  constexpr size_t kWiden = 4;
  RowMeasure measure(config_.metric, prepared, request.aggregate);
  SearchRequest wide = request;
  for (wide.k = std::min(std::max<size_t>(2 * request.k, 64), kMaxK);; wide.k = std::min(wide.k * kWiden, kMaxK)) {
    found->clear();
    IndexedSearch search(config_, *index_, view, wide, prepared);
    SOCHDB_TRY(search.Run(found));
    const size_t looked_at = found->size();
    // Whatever was not looked at has no vector nearer than this, and is no nearer as a whole.
    const double beyond = found->empty() ? 0 : found->back().nearness.distance;
    for (FoundDocument& each : *found) {
      ReadValue value;
      DocumentRow row;
      SOCHDB_TRY(ReadFound(view.reader(), each.id, &value, &row));
      if (row.chunked) each.nearness = measure.To(row).nearness;
    }
    std::sort(found->begin(), found->end());
    if (found->size() > request.k) found->resize(request.k);
    const bool all = looked_at < wide.k || wide.k == kMaxK;
    if (all || (found->size() == request.k && found->back().nearness.distance < beyond)) return {};
  }
}

}  // namespace sochdb
