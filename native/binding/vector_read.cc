// Reading collections: documents by id, counts, lists, searches.

#include <cmath>
#include <limits>

#include "base/json.h"
#include "binding/async_environment.h"
#include "binding/slab.h"
#include "binding/vector_collection.h"
#include "codec/utf8.h"

namespace sochdb::binding {
namespace {

constexpr size_t kMaxFilterBytes = 1024 * 1024;
constexpr uint32_t kMaxListed = 100'000;
// Of searches up to so many hits, documents come with the hits; of larger ones, one after the other, under the limits of
// VectorResults.
constexpr uint32_t kHitsAtOnce = 256;

// What searches and lists bring along, and how a search goes about it.
constexpr uint32_t kWithMetadata = 1;
constexpr uint32_t kWithVectors = 2;
constexpr uint32_t kExact = 4;

Status DamagedFilter() {
  return {Code::kInvalidArgument, "A filter must be a JSON array of pairs of a path and a value without parts."};
}

bool IsScalar(JsonToken token) {
  return token == JsonToken::kString || token == JsonToken::kNumber || token == JsonToken::kTrue ||
         token == JsonToken::kFalse || token == JsonToken::kNull;
}

// A filter as an argument: undefined, or the JSON text of its tests: [["path", value], …].
class FilterArgument {
 public:
  Status Read(napi_env env, napi_value value) {
    napi_valuetype type{};
    if (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined) return {};
    std::string text;
    SOCHDB_TRY(ReadString(env, value, "filter", kMaxFilterBytes, &text));
    std::vector<EqualityTest> tests;
    SOCHDB_TRY(Parse(text, &tests));
    SOCHDB_ASSIGN(compiled, MetadataFilter::Compile(std::move(tests)));
    filter_ = std::move(compiled);
    return {};
  }
  [[nodiscard]] const MetadataFilter* get() const { return filter_.has_value() ? &*filter_ : nullptr; }

 private:
  static Status Parse(std::string_view text, std::vector<EqualityTest>* tests) {
    JsonReader reader(text);
    if (reader.Next() != JsonToken::kBeginArray) return DamagedFilter();
    for (;;) {
      const JsonToken open = reader.Next();
      if (open == JsonToken::kEndArray) return reader.Next() == JsonToken::kEnd ? Status() : DamagedFilter();
      if (open != JsonToken::kBeginArray || reader.Next() != JsonToken::kString) return DamagedFilter();
      EqualityTest& test = tests->emplace_back();
      test.path = reader.Text();
      const JsonToken value = reader.Next();
      if (!IsScalar(value)) return DamagedFilter();
      test.value = ReadJsonScalar(reader, value);
      if (reader.Next() != JsonToken::kEndArray) return DamagedFilter();
    }
  }

  std::optional<MetadataFilter> filter_;
};

// The last two arguments of a read: a buffer, and where in it to begin.
napi_value Deliver(Call& call, VectorResults* results, size_t buffer_argument) {
  std::span<char> buffer;
  uint32_t offset = 0;
  Status status = ReadArrayBuffer(call.env(), call[buffer_argument], "buffer", &buffer);
  if (status.ok()) status = ReadUint32(call.env(), call[buffer_argument + 1], "offset", 0, UINT32_MAX, &offset);
  if (!status.ok()) return call.Throw(status);
  return results->Deliver(call.env(), buffer, offset);
}

// Reads documents one after the other into the results.
class DocumentLoader {
 public:
  DocumentLoader(const CollectionHandle& handle, ReadView view, uint32_t what) : handle_(handle), view_(view), what_(what) {}

  Status Load(std::string_view id, Document** document, bool* found) {
    document_.vector.clear();
    SOCHDB_TRY(handle_.collection->Get(view_, id, &document_, found));
    if ((what_ & kWithMetadata) == 0) document_.metadata.clear();
    if ((what_ & kWithVectors) == 0) document_.vector.clear();
    *document = &document_;
    return {};
  }

 private:
  const CollectionHandle& handle_;
  const ReadView view_;
  const uint32_t what_;
  Document document_;
};

uint32_t DimensionOf(const CollectionHandle& handle, uint32_t what) {
  return (what & kWithVectors) != 0 ? handle.collection->config().dimension : 0;
}

// --- by id

// Records: u32 length | id, padded to 4 bytes.
Status GetMany(const CollectionUse& use, std::string_view packed) {
  CollectionView view;
  SOCHDB_TRY(view.Open(use));
  VectorResults& results = use.handle->results;
  const uint32_t what = kWithMetadata | kWithVectors;
  results.Begin(false, DimensionOf(*use.handle, what));
  DocumentLoader loader(*use.handle, view.get(), what);
  ByteReader ids(packed);
  std::string id;
  while (!ids.empty()) {
    uint32_t length = 0;
    std::string_view shared_id;
    if (!ids.ReadFixed32(&length) || !ids.ReadBytes(length, &shared_id) || !ids.Skip(PadTo4(length) - length)) {
      return {Code::kInvalidArgument, "A packed batch of ids is damaged: a length points outside."};
    }
    id = shared_id;
    Document* document = nullptr;
    bool found = false;
    SOCHDB_TRY(loader.Load(id, &document, &found));
    if (found) SOCHDB_TRY(results.Add(*document));
    else results.AddMissing();
  }
  return {};
}

// vectorGetMany(target, collection, packed ids, buffer, offset): documents with metadata and vectors, in the order of the ids.
// What reads return, see VectorResults::Deliver.
napi_value VectorGetMany(Call& call) {
  CollectionUse use;
  std::string_view packed;
  Status status = use.Read(call);
  if (status.ok()) status = ReadBytes(call.env(), call[2], "ids", &packed);
  if (status.ok()) status = GetMany(use, packed);
  return status.ok() ? Deliver(call, &use.handle->results, 3) : call.Throw(status);
}

// vectorGet(target, collection, id, buffer, offset): the same for one.
napi_value VectorGet(Call& call) {
  CollectionUse use;
  std::string id;
  CollectionView view;
  Status status = use.Read(call);
  if (status.ok()) status = ReadString(call.env(), call[2], "id", kMaxDocumentIdBytes, &id);
  if (status.ok()) status = view.Open(use);
  if (!status.ok()) return call.Throw(status);
  const uint32_t what = kWithMetadata | kWithVectors;
  DocumentLoader loader(*use.handle, view.get(), what);
  Document* document = nullptr;
  bool found = false;
  status = loader.Load(id, &document, &found);
  if (status.ok()) {
    use.handle->results.Begin(false, DimensionOf(*use.handle, what));
    if (found) status = use.handle->results.Add(*document);
    else use.handle->results.AddMissing();
  }
  return status.ok() ? Deliver(call, &use.handle->results, 3) : call.Throw(status);
}

// vectorFetch(collection, or results of a read by promise, buffer, offset): what the last read could not write.
napi_value VectorFetch(Call& call) {
  HandleTable& handles = call.environment().handles();
  auto* kept = handles.Find<VectorResultsHandle>(ReadHandleId(call.env(), call[0]));
  if (kept != nullptr) {
    napi_value delivered = Deliver(call, &kept->results, 1);
    napi_valuetype type = napi_undefined;
    if (delivered != nullptr) napi_typeof(call.env(), delivered, &type);
    if (type != napi_number) handles.Close(kept);
    return delivered;
  }
  auto* handle = handles.Find<CollectionHandle>(ReadHandleId(call.env(), call[0]));
  if (handle == nullptr) return call.Throw({Code::kClosed, "The collection is closed."});
  return Deliver(call, &handle->results, 1);
}

// --- count and list

// vectorCount(target, collection, filter, timeout in milliseconds or 0): a number.
napi_value VectorCount(Call& call) {
  CollectionUse use;
  FilterArgument filter;
  TimeLimit limit;
  CollectionView view;
  Status status = use.Read(call);
  if (status.ok()) status = filter.Read(call.env(), call[2]);
  if (status.ok()) status = limit.Read(call, 3, use.target.engine);
  if (status.ok()) status = view.Open(use);
  if (!status.ok()) return call.Throw(status);
  const Result<uint64_t> count = use.handle->collection->Count(view.get(), filter.get(), limit.token());
  return count.ok() ? FromDouble(call.env(), static_cast<double>(count.value())) : call.Throw(count.status());
}

struct ListArguments {
  std::string after;
  uint32_t limit = 0;
  uint32_t what = 0;
  FilterArgument filter;

  Status Read(Call& call) {
    SOCHDB_TRY(ReadString(call.env(), call[2], "after", kMaxDocumentIdBytes, &after));
    SOCHDB_TRY(ReadUint32(call.env(), call[3], "limit", 0, kMaxListed, &limit));
    SOCHDB_TRY(ReadUint32(call.env(), call[4], "what", 0, kWithMetadata | kWithVectors, &what));
    return filter.Read(call.env(), call[5]);
  }
};

Status List(const CollectionUse& use, const ListArguments& arguments, const CancelToken* cancel, VectorResults* out) {
  const uint32_t what = arguments.what;
  CollectionView view;
  SOCHDB_TRY(view.Open(use));
  // Which they are first, then what they hold, all in one statement: no more is in memory than there are limits for.
  std::vector<Document> documents;
  const ListRequest request{.after = arguments.after,
                            .limit = arguments.limit,
                            .filter = arguments.filter.get(),
                            .with_metadata = false,
                            .cancel = cancel};
  SOCHDB_TRY(use.handle->collection->List(view.get(), request, &documents));
  VectorResults& results = *out;
  results.Begin(false, DimensionOf(*use.handle, what));
  DocumentLoader loader(*use.handle, view.get(), what);
  for (const Document& listed : documents) {
    Document* document = nullptr;
    bool found = false;
    if (what == 0) {
      SOCHDB_TRY(results.Add(listed));
      continue;
    }
    SOCHDB_TRY(loader.Load(listed.id, &document, &found));
    if (found) SOCHDB_TRY(results.Add(*document));
  }
  return {};
}

// vectorList(target, collection, after, limit, what, filter, timeout, buffer, offset): documents in order of their ids.
napi_value VectorList(Call& call) {
  CollectionUse use;
  ListArguments arguments;
  TimeLimit limit;
  Status status = use.Read(call);
  if (status.ok()) status = arguments.Read(call);
  if (status.ok()) status = limit.Read(call, 6, use.target.engine);
  if (status.ok()) status = List(use, arguments, limit.token(), &use.handle->results);
  return status.ok() ? Deliver(call, &use.handle->results, 7) : call.Throw(status);
}

// --- search

struct SearchArguments {
  SearchRequest request;
  FilterArgument filter;
  TimeLimit limit;
  uint32_t what = 0;
  uint32_t k = 0;

  Status Read(Call& call, const CollectionUse& use) {
    napi_env env = call.env();
    uint32_t ef = 0;
    double min_score = 0;
    SOCHDB_TRY(ReadVector(env, call[2], "vector", use.handle->collection->config().dimension, &use.handle->query));
    SOCHDB_TRY(ReadUint32(env, call[3], "k", 0, kMaxK, &k));
    SOCHDB_TRY(ReadUint32(env, call[4], "efSearch", 0, kMaxEf, &ef));
    SOCHDB_TRY(ReadUint32(env, call[5], "what", 0, kWithMetadata | kWithVectors | kExact, &what));
    SOCHDB_TRY(ReadDouble(env, call[6], "minScore", &min_score));
    SOCHDB_TRY(filter.Read(env, call[7]));
    SOCHDB_TRY(limit.Read(call, 8, use.target.engine));
    request.vector = use.handle->query;
    request.k = k;
    request.ef = ef;
    request.filter = filter.get();
    if (!std::isnan(min_score)) request.min_score = min_score;
    request.exact = (what & kExact) != 0;
    request.with_metadata = k <= kHitsAtOnce && (what & kWithMetadata) != 0;
    request.with_vectors = k <= kHitsAtOnce && (what & kWithVectors) != 0;
    request.cancel = limit.token();
    return {};
  }
};

Status Search(const CollectionUse& use, const SearchArguments& arguments, VectorResults* out) {
  const uint64_t begin_micros = use.target.engine->env()->MonotonicMicros();
  CollectionView view;
  SOCHDB_TRY(view.Open(use));
  std::vector<SearchResult> hits;
  SOCHDB_TRY(use.handle->collection->Search(view.get(), arguments.request, &hits));
  VectorResults& results = *out;
  results.Begin(true, DimensionOf(*use.handle, arguments.what));
  const bool later = arguments.k > kHitsAtOnce && (arguments.what & (kWithMetadata | kWithVectors)) != 0;
  DocumentLoader loader(*use.handle, view.get(), arguments.what);
  for (SearchResult& hit : hits) {
    Document* document = &hit.document;
    bool found = true;
    if (later) SOCHDB_TRY(loader.Load(hit.document.id, &document, &found));
    if (found) SOCHDB_TRY(results.AddScored(*document, hit.score, hit.distance));
  }
  results.set_micros(use.target.engine->env()->MonotonicMicros() - begin_micros);
  return {};
}

// vectorSearch(target, collection, vector, k, efSearch or 0, what, minScore or NaN, filter, timeout, buffer, offset): the hits,
// nearest first.
napi_value VectorSearch(Call& call) {
  CollectionUse use;
  SearchArguments arguments;
  Status status = use.Read(call);
  if (status.ok()) status = arguments.Read(call, use);
  if (status.ok()) status = Search(use, arguments, &use.handle->results);
  return status.ok() ? Deliver(call, &use.handle->results, 9) : call.Throw(status);
}

// --- by promise

// A read whose results are kept until JavaScript fetches them.
class ReadOperation : public AsyncOperation {
 public:
  CollectionUse use;
  napi_value Deliver(Environment& environment) override {
    const Result<HandleId> id = environment.handles().Add(std::move(kept_), nullptr);
    if (!id.ok()) return ThrowStatus(environment.env(), id.status());
    return FromDouble(environment.env(), static_cast<double>(id.value()));
  }

 protected:
  VectorResults* results() { return &kept_->results; }

 private:
  std::unique_ptr<VectorResultsHandle> kept_ = std::make_unique<VectorResultsHandle>();
};

class SearchOperation : public ReadOperation {
 public:
  SearchArguments arguments;
  // The arguments refer to scratch space of the collection, which the next call uses.
  void Own() {
    query_ = use.handle->query;
    arguments.request.vector = query_;
    arguments.request.cancel = &cancel;
  }
  Status Run() override { return Search(use, arguments, results()); }

 private:
  std::vector<float> query_;
};

class ListOperation : public ReadOperation {
 public:
  ListArguments arguments;
  Status Run() override { return List(use, arguments, &cancel, results()); }
};

class CountOperation : public AsyncOperation {
 public:
  CollectionUse use;
  FilterArgument filter;
  Status Run() override {
    CollectionView view;
    SOCHDB_TRY(view.Open(use));
    SOCHDB_ASSIGN(count, use.handle->collection->Count(view.get(), filter.get(), &cancel));
    count_ = count;
    return {};
  }
  napi_value Deliver(Environment& environment) override { return FromDouble(environment.env(), static_cast<double>(count_)); }

 private:
  uint64_t count_ = 0;
};

napi_value StartOn(Call& call, const CollectionUse& use, AsyncEnvironment::Options options, AsyncOperationPtr operation) {
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  options.first_pin = use.target.handle;
  options.second_pin = use.handle;
  return async->Start(std::move(operation), options);
}

// asyncVectorSearch(the first nine arguments of vectorSearch, operation): results, for vectorFetch.
napi_value AsyncVectorSearch(Call& call) {
  auto operation = std::make_unique<SearchOperation>();
  AsyncEnvironment::Options options;
  Status status = operation->use.Read(call);
  if (status.ok()) status = operation->arguments.Read(call, operation->use);
  if (status.ok()) status = ReadTimeLimit(call, 8, &options);
  if (status.ok()) status = ReadNumber(call, 9, &options);
  if (!status.ok()) return call.Throw(status);
  operation->Own();
  const CollectionUse use = operation->use;
  return StartOn(call, use, options, std::move(operation));
}

// asyncVectorList(the first seven arguments of vectorList, operation): results, for vectorFetch.
napi_value AsyncVectorList(Call& call) {
  auto operation = std::make_unique<ListOperation>();
  AsyncEnvironment::Options options;
  Status status = operation->use.Read(call);
  if (status.ok()) status = operation->arguments.Read(call);
  if (status.ok()) status = ReadTimeLimit(call, 6, &options);
  if (status.ok()) status = ReadNumber(call, 7, &options);
  if (!status.ok()) return call.Throw(status);
  const CollectionUse use = operation->use;
  return StartOn(call, use, options, std::move(operation));
}

// asyncVectorCount(target, collection, filter, timeout, operation): a number.
napi_value AsyncVectorCount(Call& call) {
  auto operation = std::make_unique<CountOperation>();
  AsyncEnvironment::Options options;
  Status status = operation->use.Read(call);
  if (status.ok()) status = operation->filter.Read(call.env(), call[2]);
  if (status.ok()) status = ReadTimeLimit(call, 3, &options);
  if (status.ok()) status = ReadNumber(call, 4, &options);
  if (!status.ok()) return call.Throw(status);
  const CollectionUse use = operation->use;
  return StartOn(call, use, options, std::move(operation));
}

}  // namespace

bool InitVectorReads(Environment* environment, napi_value exports) {
  return Define<VectorGet, 5>(environment, exports, "vectorGet") &&
         Define<VectorGetMany, 5>(environment, exports, "vectorGetMany") &&
         Define<VectorFetch, 3>(environment, exports, "vectorFetch") &&
         Define<VectorCount, 4>(environment, exports, "vectorCount") &&
         Define<VectorList, 9>(environment, exports, "vectorList") &&
         Define<VectorSearch, 11>(environment, exports, "vectorSearch") &&
         Define<AsyncVectorSearch, 10>(environment, exports, "asyncVectorSearch") &&
         Define<AsyncVectorList, 8>(environment, exports, "asyncVectorList") &&
         Define<AsyncVectorCount, 5>(environment, exports, "asyncVectorCount");
}

}  // namespace sochdb::binding
