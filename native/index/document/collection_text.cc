// The keyword index of a collection: its entries, and searches by words or by words and a vector.

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "index/document/collection.h"
#include "index/document/filter_set.h"
#include "index/document/hit_groups.h"
#include "index/document/own_documents.h"
#include "index/document/row_measure.h"
#include "index/text/document_text.h"
#include "index/text/highlight.h"
#include "index/text/text_search.h"

namespace sochdb {
namespace {

// What a search by words finds.
struct WordMatches {
  std::vector<RankedDocument> best;
  uint64_t total = 0;
};

// Whether a filter, looked at in the row, admits a document.
Status RowPasses(const CollectionConfig& config, Reader* reader, const MetadataFilter& filter, std::string_view id,
                 bool* passes) {
  ReadValue value;
  DocumentRow row;
  bool found = false;
  SOCHDB_TRY(reader->Get(TreeId::kVectors, config.id.DocumentKey(id), &value, &found));
  if (!found) return {Code::kCorruption, "The keyword index names a document that is not there."};
  SOCHDB_TRY(DecodeDocumentRow(value.data, config.dimension, &row));
  *passes = filter.Matches(row.metadata);
  return {};
}

Status FindByWords(const CollectionConfig& config, const VectorIndex* index, ReadView view, const SearchRequest& search,
                   const TextQuery& query, size_t k, WordMatches* matches) {
  TextReader reader(config.id, index, view.reader(), view.transaction(), search.cancel);
  TextSearchRequest request{.query = &query, .k = k, .only = nullptr, .passes = nullptr, .ask_about_all = index == nullptr};
  std::optional<FilterSet> filter;
  SearchExplanation* const explanation = search.explanation;
  OwnDocuments own;
  if (index != nullptr && (search.filter != nullptr || explanation != nullptr)) {
    const bool has_own = view.transaction() != nullptr &&
                         view.transaction()->HasOwnWrites(TreeId::kVectors, config.id.Prefix(), config.id.End());
    if (has_own) SOCHDB_TRY(own.Read(config, *index, view));
    if (search.filter != nullptr) {
      filter.emplace(config, *index, view, search.cancel);
      SOCHDB_TRY(filter->Read(*search.filter, !has_own));
      if (has_own) SOCHDB_TRY(filter->AdmitOwn(own));
      request.only = filter->set();
      request.ask_about_all = filter->has_rest();
    }
  }
  if (search.filter != nullptr) {
    request.passes = [&](uint32_t document, bool* passes) -> Status {
      *passes = document < reader.known() && filter.has_value() && filter->Admits(document);
      if (*passes) return {};
      if (explanation != nullptr) explanation->tested = true;
      return RowPasses(config, view.reader(), *search.filter, reader.IdOf(document), passes);
    };
  }
  TextMatches found;
  SOCHDB_TRY(TextSearch(config.text, &reader).Run(request, &found));
  matches->total = found.total;
  if (explanation != nullptr) {
    explanation->by_words = true;
    explanation->postings += found.postings;
    explanation->scored += found.scored;
    explanation->own_documents = own.puts().size();
    if (request.only != nullptr) explanation->admitted = request.only->count();
  }
  for (const ScoredDocument& each : found.best) matches->best.push_back({std::string(reader.IdOf(each.document)), each.score});
  return {};
}

// Two ranked lists made one.
std::vector<RankedDocument> Fuse(const TextRequest& request, const std::vector<RankedDocument>& by_vector,
                                 const std::vector<RankedDocument>& by_words) {
  std::unordered_map<std::string_view, double> scores;
  const auto add = [&](const std::vector<RankedDocument>& list, double share) {
    if (share == 0) return;
    double rank = 0;
    for (const RankedDocument& each : list) scores[each.id] += share / (request.rrf_k + ++rank);
  };
  add(by_vector, request.alpha);
  add(by_words, 1 - request.alpha);
  std::vector<RankedDocument> fused;
  fused.reserve(scores.size());
  for (const auto& [id, score] : scores) fused.push_back({std::string(id), score});
  std::sort(fused.begin(), fused.end(), [](const RankedDocument& a, const RankedDocument& b) {
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  });
  return fused;
}

// Reads the rows of hits, and measures how far they are from the request's vector, if it has one.
class HitReader {
 public:
  HitReader(const CollectionConfig& config, const Analyzer& analyzer, const TextQuery& query, Reader* reader,
            const SearchRequest& request, bool chunked)
      : config_(config), analyzer_(analyzer), words_(query), reader_(*reader), request_(request), chunked_(chunked) {
    if (request.vector.empty()) return;
    query_.resize(PaddedDimension(config.dimension));
    PrepareVector(config.metric, request.vector.data(), config.dimension, query_.data());
    measure_.emplace(config.metric, query_, request.aggregate);
  }

  // *nearness: NaN without a vector.
  Status Read(const RankedDocument& ranked, SearchResult* result, Nearness* nearness) {
    result->score = ranked.score;
    result->distance = nearness->score = nearness->distance = std::numeric_limits<double>::quiet_NaN();
    result->document.id = ranked.id;
    if (!request_.with_metadata && !request_.with_vectors && !measure_.has_value() && request_.group == nullptr && !chunked_) {
      return {};
    }
    DocumentRow row;
    bool found = false;
    SOCHDB_TRY(reader_.Get(TreeId::kVectors, config_.id.DocumentKey(ranked.id), &value_, &found));
    if (!found) return {Code::kCorruption, "The keyword index names a document that is not there."};
    SOCHDB_TRY(DecodeDocumentRow(value_.data, config_.dimension, &row));
    metadata_ = row.metadata;
    if (measure_.has_value()) {
      const RowMeasure::Found measured = measure_->To(row);
      *nearness = measured.nearness;
      result->distance = nearness->distance;
      if (row.chunked) result->chunk = measured.chunk;
    } else if (row.chunked) {
      result->chunk = ChunkWithWords(row);
    }
    FillHit(row, request_.with_metadata, request_.with_vectors, result);
    return {};
  }
  // Of the last that was read; with groups.
  [[nodiscard]] std::string_view metadata() const { return metadata_; }

 private:
  // The first in whose text the words match something.
  [[nodiscard]] std::optional<uint32_t> ChunkWithWords(const DocumentRow& row) const {
    const std::vector<std::string_view> texts = row.ChunkTexts();
    std::string highlighted;
    for (uint32_t i = 0; i < texts.size(); ++i) {
      if (HighlightText(analyzer_, words_, texts[i], HighlightOptions{}, &highlighted)) return i;
    }
    return std::nullopt;
  }

  const CollectionConfig& config_;
  const Analyzer& analyzer_;
  const TextQuery& words_;
  Reader& reader_;
  ReadValue value_;
  std::string_view metadata_;
  const SearchRequest& request_;
  const bool chunked_;  // documents may be in chunks
  std::vector<float> query_;
  std::optional<RowMeasure> measure_;
};

Status OutOfRange(const char* option, const std::string& expected, double actual) {
  return Status(Code::kInvalidArgument, std::string(option) + " is " + expected + ".")
      .With("option", option)
      .With("expected", expected)
      .With("actual", std::to_string(actual));
}

Status CheckText(const CollectionConfig& config, const TextRequest& request) {
  if (config.text.fields.empty()) {
    return Status(Code::kInvalidArgument, "The collection has no keyword index: it was created without contentField.")
        .With("option", "textQuery");
  }
  if (!(request.alpha >= 0 && request.alpha <= 1)) return OutOfRange("alpha", "0 to 1", request.alpha);
  if (!(request.rrf_k >= 0 && std::isfinite(request.rrf_k))) {
    return OutOfRange("rrfK", "a finite number, 0 or above", request.rrf_k);
  }
  if (request.search.k > kMaxK) return OutOfRange("k", "at most 100000", static_cast<double>(request.search.k));
  return {};
}

}  // namespace

Status CheckTextConfig(TextConfig* config) {
  if (config->fields.size() > kMaxTextFields) {
    return OutOfRange("contentField", "at most 64 fields", static_cast<double>(config->fields.size()));
  }
  for (TextField& field : config->fields) {
    if (!(field.weight > 0 && field.weight <= kMaxTextWeight)) {
      return OutOfRange("contentField", "fields with weights above 0, and up to 1000000", field.weight);
    }
    SOCHDB_ASSIGN(segments, SplitMetadataPath(field.path));
    field.segments = std::move(segments);
  }
  return {};
}

Status Collection::WriteText(Transaction* transaction, std::string_view id, const DocumentRow* old_row,
                             const DocumentRow* new_row, bool kept, ExpiryMs expires_ms, PostingBatch* postings) const {
  if (config_.text.fields.empty()) return {};
  DocumentText old_text;
  DocumentText new_text;
  if (old_row != nullptr) old_text.Read(config_.text, analyzer_, old_row->metadata, old_row->ChunkTexts());
  if (new_row != nullptr) new_text.Read(config_.text, analyzer_, new_row->metadata, new_row->ChunkTexts());
  return WriteTextEntries(transaction, config_.id, id, old_text, new_text, kept, expires_ms, postings);
}

Status Collection::CollectByWords(ReadView view, const TextRequest& request, const TextQuery& query, size_t wanted,
                                  TextResults* results, bool* all) const {
  const SearchRequest& search = request.search;
  const bool hybrid = !search.vector.empty();
  WordMatches words;
  const size_t candidates = HybridCandidates(wanted);
  const VectorIndex* index = index_->Covers(view.reader()->read_ts()) ? index_.get() : nullptr;
  SOCHDB_TRY(FindByWords(config_, index, view, search, query, hybrid ? candidates : wanted, &words));
  results->matches = words.total;
  std::vector<RankedDocument> ranked;
  *all = words.best.size() < (hybrid ? candidates : wanted);
  if (hybrid) {
    SearchRequest nearest = search;
    // By the vector alone: exactly what a search by the vector finds.
    nearest.k = request.alpha != 1 ? std::min(candidates, kMaxK) : wanted;
    nearest.min_score.reset();
    nearest.group = nullptr;
    nearest.with_metadata = nearest.with_vectors = false;
    std::vector<SearchResult> near;
    SOCHDB_TRY(SearchBegun(view, nearest, &near));
    *all = (*all || request.alpha == 1) && near.size() < nearest.k;
    for (SearchResult& each : near) results->by_vector.push_back({std::move(each.document.id), each.score});
    results->by_words = std::move(words.best);
    ranked = Fuse(request, results->by_vector, results->by_words);
  } else {
    if (SearchExplanation* const explanation = search.explanation; explanation != nullptr) {
      explanation->plan = "keywords";
      explanation->vectors = index_->stats().slots;
      ++explanation->rounds;
    }
    ranked = std::move(words.best);
  }

  const bool chunked = index == nullptr || index->any_chunked() || view.transaction() != nullptr;
  HitReader reader(config_, analyzer_, query, view.reader(), search, chunked);
  std::optional<HitGroups> groups;
  if (search.group != nullptr) groups.emplace(*search.group, search.k);
  if (!groups.has_value()) results->hits.reserve(std::min(ranked.size(), search.k));
  for (const RankedDocument& each : ranked) {
    if (groups.has_value() ? groups->full() : results->hits.size() == search.k) break;
    SearchResult hit;
    Nearness nearness;
    if (!hybrid && search.min_score.has_value() && each.score < *search.min_score) break;
    SOCHDB_TRY(reader.Read(each, &hit, &nearness));
    if (hybrid && search.min_score.has_value() && nearness.score < *search.min_score) continue;
    if (groups.has_value()) groups->Add(hit, reader.metadata());
    else results->hits.push_back(std::move(hit));
  }
  if (!groups.has_value()) return {};
  *all = *all || groups->full();
  results->hits = groups->Take();
  return {};
}

Status Collection::SearchText(ReadView view, const TextRequest& request, TextResults* results) const {
  *results = {};
  const SearchRequest& search = request.search;
  SOCHDB_TRY(CheckText(config_, request));
  if (!search.vector.empty()) SOCHDB_TRY(CheckSearch(config_, search));
  SOCHDB_ASSIGN(query, TextQuery::Parse(request.text, analyzer_));
  BeginRead(view);
  if (search.k == 0) return {};
  bool all = false;
  if (search.group == nullptr) return CollectByWords(view, request, query, search.k, results, &all);
  for (size_t wanted = FirstGroupedHits(search.k, search.group->limit);; wanted = std::min(wanted * kGroupsWiden, kMaxK)) {
    *results = {};
    SOCHDB_TRY(CollectByWords(view, request, query, wanted, results, &all));
    if (all || wanted == kMaxK) return {};
  }
}

}  // namespace sochdb
