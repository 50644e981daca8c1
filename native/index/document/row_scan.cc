#include "index/document/row_scan.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "index/document/row_measure.h"

namespace sochdb {
namespace {

bool Nearer(const SearchResult& a, const SearchResult& b) {
  if (a.distance != b.distance) return a.distance < b.distance;
  return a.document.id < b.document.id;
}

// Every live document of the collection that the filter admits.
Status VisitRows(const CollectionConfig& config, Reader* reader, const MetadataFilter* filter, const CancelToken* cancel,
                 const std::function<void(std::string_view id, const DocumentRow& row)>& visit) {
  SOCHDB_ASSIGN(cursor, reader->NewCursor(TreeId::kVectors, config.id.Prefix(), config.id.End(), ScanOptions{}));
  bool found = false;
  for (uint32_t rows = 0;; ++rows) {
    if (rows % kRowsBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    DocumentRow row;
    SOCHDB_TRY(DecodeDocumentRow(cursor->value(), config.dimension, &row));
    if (!row.LiveAt(reader->now_ms())) continue;
    if (filter == nullptr || filter->Matches(row.metadata)) visit(DocumentIdOfKey(cursor->key()), row);
  }
}

}  // namespace

Status SearchRows(const CollectionConfig& config, Reader* reader, const SearchRequest& request,
                  const std::vector<float>& prepared, std::vector<SearchResult>* results) {
  RowMeasure measure(config.metric, prepared, request.aggregate);
  SOCHDB_TRY(VisitRows(config, reader, request.filter, request.cancel, [&](std::string_view id, const DocumentRow& row) {
    if (request.explanation != nullptr) ++request.explanation->visited;
    const auto [nearness, chunk] = measure.To(row);
    if (request.min_score.has_value() && nearness.score < *request.min_score) return;
    SearchResult result;
    result.score = nearness.score;
    result.distance = nearness.distance;
    const bool full = results->size() == request.k;
    if (full && nearness.distance > results->front().distance) return;
    result.document.id = id;
    if (row.chunked) result.chunk = chunk;
    FillHit(row, request.with_metadata, request.with_vectors, &result);
    if (full) {
      if (!Nearer(result, results->front())) return;
      std::pop_heap(results->begin(), results->end(), Nearer);
      results->pop_back();
    }
    results->push_back(std::move(result));
    std::push_heap(results->begin(), results->end(), Nearer);
  }));
  std::sort_heap(results->begin(), results->end(), Nearer);
  return {};
}

Result<uint64_t> CountRows(const CollectionConfig& config, Reader* reader, const MetadataFilter* filter,
                           const CancelToken* cancel) {
  uint64_t count = 0;
  SOCHDB_TRY(VisitRows(config, reader, filter, cancel, [&](std::string_view, const DocumentRow&) { ++count; }));
  return count;
}

}  // namespace sochdb
