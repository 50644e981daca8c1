// Reading collections: documents by id, counts, lists, searches.

#include "binding/search_arguments.h"
#include "binding/slab.h"

namespace sochdb::binding {
namespace {

constexpr uint32_t kMaxListed = 100'000;

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
  return results.FinishDocuments();
}

// vectorGetMany(target, collection, packed ids, buffer, offset): documents with metadata and vectors, in the order of the ids.
// What reads return, see VectorResults::Deliver.
napi_value VectorGetMany(Call& call) {
  CollectionUse use;
  std::string_view packed;
  Status status = use.Read(call);
  if (status.ok()) status = ReadBytes(call.env(), call[2], "ids", &packed);
  if (status.ok()) status = GetMany(use, packed);
  return status.ok() ? DeliverResults(call, &use.handle->results, 3) : call.Throw(status);
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
  if (status.ok()) status = use.handle->results.FinishDocuments();
  return status.ok() ? DeliverResults(call, &use.handle->results, 3) : call.Throw(status);
}

template <typename Kept>
napi_value DeliverKept(Call& call, Kept* kept, size_t buffer_argument) {
  if (!kept->many.empty()) return DeliverResults(call, &kept->many, buffer_argument);
  return DeliverResults(call, &kept->results, buffer_argument);
}

// vectorFetch(collection, or results of a read by promise, buffer, offset): what the last read could not write.
napi_value VectorFetch(Call& call) {
  HandleTable& handles = call.environment().handles();
  auto* kept = handles.Find<VectorResultsHandle>(ReadHandleId(call.env(), call[0]));
  if (kept != nullptr) {
    napi_value delivered = DeliverKept(call, kept, 1);
    napi_valuetype type = napi_undefined;
    if (delivered != nullptr) napi_typeof(call.env(), delivered, &type);
    if (type != napi_number) handles.Close(kept);
    return delivered;
  }
  auto* handle = handles.Find<CollectionHandle>(ReadHandleId(call.env(), call[0]));
  if (handle == nullptr) return call.Throw({Code::kClosed, "The collection is closed."});
  return DeliverKept(call, handle, 1);
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
  return results.FinishDocuments();
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
  return status.ok() ? DeliverResults(call, &use.handle->results, 7) : call.Throw(status);
}

// --- search

// vectorSearch(target, collection, vector, k, efSearch or 0, what, minScore or NaN, filter, shape, timeout, buffer, offset):
// the hits, nearest first.
napi_value VectorSearch(Call& call) {
  CollectionUse use;
  SearchArguments arguments;
  TimeLimit limit;
  Status status = use.Read(call);
  if (status.ok()) status = arguments.Read(call, use);
  if (status.ok()) status = limit.Read(call, 9, use.target.engine);
  if (status.ok()) {
    arguments.Settle(limit.token());
    status = RunAlone(use, arguments, &use.handle->results);
  }
  return status.ok() ? DeliverResults(call, &use.handle->results, 10) : call.Throw(status);
}

// --- by promise

class SearchOperation : public ReadOperation {
 public:
  SearchArguments arguments;
  void Settle() { arguments.Settle(&cancel); }
  Status Run() override { return RunAlone(use, arguments, results()); }
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

// asyncVectorSearch(the first ten arguments of vectorSearch, operation): results, for vectorFetch.
napi_value AsyncVectorSearch(Call& call) {
  auto operation = std::make_unique<SearchOperation>();
  AsyncEnvironment::Options options;
  Status status = operation->use.Read(call);
  if (status.ok()) status = operation->arguments.Read(call, operation->use);
  if (status.ok()) status = ReadTimeLimit(call, 9, &options);
  if (status.ok()) status = ReadNumber(call, 10, &options);
  if (!status.ok()) return call.Throw(status);
  operation->Settle();
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
         Define<VectorSearch, 12>(environment, exports, "vectorSearch") &&
         Define<AsyncVectorSearch, 11>(environment, exports, "asyncVectorSearch") &&
         Define<AsyncVectorList, 8>(environment, exports, "asyncVectorList") &&
         Define<AsyncVectorCount, 5>(environment, exports, "asyncVectorCount");
}

}  // namespace sochdb::binding
