#include "binding/search_arguments.h"

#include <cmath>

#include "base/json.h"
#include "exec/json_write.h"

namespace sochdb::binding {
namespace {

constexpr size_t kMaxShapeBytes = 16 * 1024;

Status DamagedShape() { return {Code::kInvalidArgument, "The description of how hits are shaped is damaged."}; }

bool ReadPath(JsonReader* reader, std::vector<std::string>* path) {
  for (;;) {
    const JsonToken token = reader->Next();
    if (token == JsonToken::kEndArray) return !path->empty();
    if (token != JsonToken::kString) return false;
    path->push_back(reader->Text());
  }
}

bool ReadCount(JsonReader* reader, size_t most, size_t* count) {
  if (reader->Next() != JsonToken::kNumber) return false;
  const double number = reader->Number();
  if (!(number >= 0 && number <= static_cast<double>(most))) return false;
  *count = static_cast<size_t>(number);
  return true;
}

// A number, or null; and the end.
bool ReadAggregate(JsonReader* reader, std::optional<Aggregate>* aggregate) {
  const JsonToken token = reader->Next();
  if (token == JsonToken::kNumber && reader->Number() >= 0 && reader->Number() <= static_cast<double>(Aggregate::kFirst)) {
    *aggregate = static_cast<Aggregate>(static_cast<int>(reader->Number()));
  } else if (token != JsonToken::kNull) {
    return false;
  }
  return reader->Next() == JsonToken::kEndArray;
}

// What every search brings along of its hits, and how many there may be.
void BringAlong(uint32_t what, SearchRequest* request) {
  const size_t hits = request->k * (request->group == nullptr ? 1 : request->group->limit);
  request->exact = (what & kExact) != 0;
  request->with_metadata = hits <= kHitsAtOnce && (what & kWithMetadata) != 0;
  request->with_vectors = hits <= kHitsAtOnce && (what & kWithVectors) != 0;
}

void AppendField(const char* name, std::string_view value, std::string* json) {
  if (json->back() != '{') json->push_back(',');
  AppendJsonString(name, json);
  json->push_back(':');
  json->append(value);
}

const char* NameOf(Navigation navigation) { return navigation == Navigation::kLed ? "learned" : "hnsw"; }

std::string ExplainAsJson(const SearchExplanation& explanation) {
  std::string json = "{";
  std::string plan;
  AppendJsonString(explanation.plan, &plan);
  AppendField("plan", plan, &json);
  AppendField("visited", std::to_string(explanation.visited), &json);
  AppendField("rounds", std::to_string(explanation.rounds), &json);
  AppendField("vectors", std::to_string(explanation.vectors), &json);
  AppendField("usesCodes", explanation.coded ? "true" : "false", &json);
  if (explanation.navigation != Navigation::kPlain) {
    std::string navigator;
    AppendJsonString(NameOf(explanation.navigation), &navigator);
    AppendField("navigator", navigator, &json);
  }
  AppendField("ownDocuments", std::to_string(explanation.own_documents), &json);
  if (explanation.admitted.has_value()) AppendField("admitted", std::to_string(*explanation.admitted), &json);
  AppendField("testsDocuments", explanation.tested ? "true" : "false", &json);
  if (explanation.by_words) {
    AppendField("postings", std::to_string(explanation.postings), &json);
    AppendField("scored", std::to_string(explanation.scored), &json);
  }
  return json + '}';
}

// A JSON array in which most hits stand as null; empty when all do.
class SparseList {
 public:
  // Where hit `at`, which is above all before, goes.
  std::string* At(size_t at) {
    for (; size_ < at; ++size_) json_.append(size_ == 0 ? "[null" : ",null");
    json_.push_back(size_++ == 0 ? '[' : ',');
    return &json_;
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t bytes() const { return json_.size(); }
  [[nodiscard]] std::string Json() const { return json_ + ']'; }

 private:
  std::string json_;
  size_t size_ = 0;
};

// What is known of hits beside what has a place of its own: an object, empty when there is nothing.
class HitNotes {
 public:
  explicit HitNotes(const SearchRequest& request) : request_(request) {}

  // kLimit when there is too much.
  Status Add(const SearchResult& hit, const Document& document) {
    const size_t at = hits_++;
    if (request_.group != nullptr) groups_.At(at)->append(hit.group);
    if (hit.chunk.has_value()) chunks_.At(at)->append(std::to_string(*hit.chunk));
    if (!document.texts.empty()) AppendJsonString(document.texts.front(), texts_.At(at));
    if (texts_.bytes() <= kMaxResultTextBytes) return {};
    return Status(Code::kLimit, "The hits asked for take more than 256 MiB: ask for fewer at once, or for less of each.")
        .With("limit", std::to_string(kMaxResultTextBytes));
  }
  [[nodiscard]] std::string Json() const {
    const bool grouped = request_.group != nullptr;
    if (request_.explanation == nullptr && !grouped && chunks_.empty() && texts_.empty()) return {};
    std::string json = "{";
    if (request_.explanation != nullptr) AppendField("explanation", ExplainAsJson(*request_.explanation), &json);
    if (grouped) AppendField("groups", groups_.empty() ? "[]" : groups_.Json(), &json);
    if (!chunks_.empty()) AppendField("chunks", chunks_.Json(), &json);
    if (!texts_.empty()) AppendField("texts", texts_.Json(), &json);
    return json + '}';
  }

 private:
  const SearchRequest& request_;
  size_t hits_ = 0;
  SparseList groups_;
  SparseList chunks_;
  SparseList texts_;
};

Status AddHits(const CollectionUse& use, ReadView view, uint32_t what, const SearchRequest& request,
               std::vector<SearchResult>* hits, VectorResults* results, std::string* notes) {
  results->Begin(true, DimensionOf(*use.handle, what));
  DocumentLoader loader(*use.handle, view, what);
  HitNotes noted(request);
  const bool has_some = request.with_metadata || request.with_vectors;
  const bool later = !has_some && (what & (kWithMetadata | kWithVectors)) != 0;
  for (SearchResult& hit : *hits) {
    Document* document = &hit.document;
    bool found = true;
    if (later) SOCHDB_TRY(loader.LoadHit(hit, &document, &found));
    if (!found) return {Code::kInternal, "A search found a document that its snapshot does not have."};
    SOCHDB_TRY(results->AddScored(*document, hit.score, hit.distance));
    SOCHDB_TRY(noted.Add(hit, *document));
  }
  *notes = noted.Json();
  return {};
}

}  // namespace

Status ShapeArgument::Read(napi_env env, napi_value value) {
  napi_valuetype type{};
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined) return {};
  std::string text;
  SOCHDB_TRY(ReadString(env, value, "shape", kMaxShapeBytes, &text));
  JsonReader reader(text);
  if (reader.Next() != JsonToken::kBeginArray) return DamagedShape();
  GroupBy group;
  Diversity diversity;
  JsonToken token = reader.Next();
  const bool is_grouped = token == JsonToken::kBeginArray;
  if (is_grouped ? !ReadPath(&reader, &group.path) : token != JsonToken::kNull) return DamagedShape();
  if (!ReadCount(&reader, kMaxK, &group.limit)) return DamagedShape();
  token = reader.Next();
  const bool is_diverse = token == JsonToken::kNumber;
  if (!is_diverse && token != JsonToken::kNull) return DamagedShape();
  if (is_diverse) diversity.lambda = reader.Number();
  if (!ReadCount(&reader, kMaxK, &diversity.fetch) || !ReadAggregate(&reader, &aggregate_)) return DamagedShape();
  if (is_grouped) group_ = std::move(group);
  if (is_diverse) diversity_ = diversity;
  return {};
}

void ShapeArgument::Give(SearchRequest* request) const {
  request->group = group_.has_value() ? &*group_ : nullptr;
  request->aggregate = aggregate_;
  request->diversity = diversity_.has_value() ? &*diversity_ : nullptr;
}

// --- by a vector

Status SearchArguments::Read(Call& call, const CollectionUse& use) {
  napi_env env = call.env();
  uint32_t k = 0;
  uint32_t ef = 0;
  double min_score = 0;
  SOCHDB_TRY(ReadVector(env, call[2], "vector", use.handle->collection->config().dimension, &vector));
  SOCHDB_TRY(ReadUint32(env, call[3], "k", 0, kMaxK, &k));
  SOCHDB_TRY(ReadUint32(env, call[4], "efSearch", 0, kMaxEf, &ef));
  SOCHDB_TRY(ReadUint32(env, call[5], "what", 0, kEverything, &what));
  SOCHDB_TRY(ReadDouble(env, call[6], "minScore", &min_score));
  SOCHDB_TRY(filter.Read(env, call[7]));
  SOCHDB_TRY(shape.Read(env, call[8]));
  request.k = k;
  request.ef = ef;
  if (!std::isnan(min_score)) request.min_score = min_score;
  return {};
}

void SearchArguments::Settle(const CancelToken* cancel) {
  request.vector = vector;
  request.filter = filter.get();
  request.cancel = cancel;
  shape.Give(&request);
  BringAlong(what, &request);
}

Status SearchArguments::Run(const CollectionUse& use, ReadView view, VectorResults* out) const {
  SearchExplanation explanation;
  SearchRequest asked = request;
  if ((what & kExplain) != 0) asked.explanation = &explanation;
  std::vector<SearchResult> hits;
  SOCHDB_TRY(use.handle->collection->Search(view, asked, &hits));
  std::string notes;
  SOCHDB_TRY(AddHits(use, view, what, asked, &hits, out, &notes));
  return out->SetNotes(notes);
}

// --- by words

Status TextArguments::Read(Call& call, const CollectionUse& use) {
  napi_env env = call.env();
  SearchRequest& search = request.search;
  uint32_t k = 0;
  uint32_t ef = 0;
  double min_score = 0;
  napi_valuetype type{};
  SOCHDB_TRY(ReadString(env, call[2], "textQuery", kMaxQueryBytes, &text));
  if (napi_typeof(env, call[3], &type) != napi_ok || type != napi_undefined) {
    SOCHDB_TRY(ReadVector(env, call[3], "vector", use.handle->collection->config().dimension, &vector));
  }
  SOCHDB_TRY(ReadUint32(env, call[4], "k", 0, kMaxK, &k));
  SOCHDB_TRY(ReadUint32(env, call[5], "efSearch", 0, kMaxEf, &ef));
  SOCHDB_TRY(ReadUint32(env, call[6], "what", 0, kEverything, &what));
  SOCHDB_TRY(ReadDouble(env, call[7], "minScore", &min_score));
  SOCHDB_TRY(filter.Read(env, call[8]));
  SOCHDB_TRY(ReadDouble(env, call[9], "alpha", &request.alpha));
  SOCHDB_TRY(ReadDouble(env, call[10], "rrfK", &request.rrf_k));
  SOCHDB_TRY(shape.Read(env, call[11]));
  search.k = k;
  search.ef = ef;
  if (!std::isnan(min_score)) search.min_score = min_score;
  return {};
}

void TextArguments::Settle(const CancelToken* cancel) {
  request.text = text;
  request.search.vector = vector;
  request.search.filter = filter.get();
  request.search.cancel = cancel;
  shape.Give(&request.search);
  BringAlong(what, &request.search);
}

Status TextArguments::Run(const CollectionUse& use, ReadView view, VectorResults* out) const {
  SearchExplanation explanation;
  TextRequest asked = request;
  if ((what & kExplain) != 0) asked.search.explanation = &explanation;
  TextResults found;
  SOCHDB_TRY(use.handle->collection->SearchText(view, asked, &found));
  std::string notes;
  SOCHDB_TRY(AddHits(use, view, what, asked.search, &found.hits, out, &notes));
  for (const RankedDocument& each : found.by_vector) SOCHDB_TRY(out->AddRanked(false, each.id, each.score));
  for (const RankedDocument& each : found.by_words) SOCHDB_TRY(out->AddRanked(true, each.id, each.score));
  out->set_matches(found.matches);
  return out->SetNotes(notes);
}

}  // namespace sochdb::binding
