// VectorIndex by promise: the same on threads of the engine.

#include <bit>

#include "base/bytes.h"
#include "binding/async_long.h"
#include "binding/standalone.h"
#include "binding/standalone_handle.h"
#include "binding/vector_collection.h"

namespace sochdb::binding {
namespace {

class StandaloneSearchOperation : public AsyncOperation {
 public:
  StandaloneSearchOperation(std::shared_ptr<StandaloneIndex> index, std::span<const float> query, uint32_t k, uint32_t ef)
      : index_(std::move(index)), query_(query.begin(), query.end()), k_(k), ef_(ef) {}

  Status Run() override {
    std::vector<StandaloneHit> hits;
    SOCHDB_TRY(index_->Search(query_, k_, ef_, &cancel, &hits));
    for (const StandaloneHit& hit : hits) {
      PutFixed64(&payload_, hit.id);
      PutFixed64(&payload_, std::bit_cast<uint64_t>(hit.distance));
    }
    return {};
  }
  napi_value Deliver(Environment& environment) override { return DeliverPayload(environment).value(); }

 private:
  const std::shared_ptr<StandaloneIndex> index_;
  const std::vector<float> query_;
  const uint32_t k_;
  const uint32_t ef_;
};

// asyncVectorIndexSearch(index, query, k, efSearch or 0, timeout, operation): { payload, bytes }, as vectorIndexSearch writes
// it.
napi_value AsyncVectorIndexSearch(Call& call) {
  StandaloneHandle* handle = nullptr;
  std::span<const float> query;
  uint32_t k = 0;
  uint32_t ef = 0;
  AsyncEnvironment::Options options;
  Status status = FindStandalone(call, &handle);
  if (status.ok()) status = ViewFloats(call.env(), call[1], "query", &query);
  if (status.ok()) status = ReadUint32(call.env(), call[2], "k", 0, UINT32_MAX, &k);
  if (status.ok()) status = ReadUint32(call.env(), call[3], "efSearch", 0, StandaloneOptions::kMaxEf, &ef);
  if (status.ok()) status = ReadTimeLimit(call, 4, &options);
  if (status.ok()) status = ReadNumber(call, 5, &options);
  if (!status.ok()) return call.Throw(status);
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  options.first_pin = handle;
  options.bytes = query.size_bytes();
  return async->Start(std::make_unique<StandaloneSearchOperation>(handle->index, query, k, ef), options);
}

// asyncVectorIndexInsert(index, ids, vectors, threads, whether to skip what is refused, timeout, operation, progress): how many
// were inserted.
napi_value AsyncVectorIndexInsert(Call& call) {
  StandaloneHandle* handle = nullptr;
  auto vectors = std::make_shared<StandaloneVectors>();
  uint32_t threads = 1;
  bool skip = false;
  AsyncEnvironment::Options options;
  Status status = FindStandalone(call, &handle);
  if (status.ok()) status = vectors->Read(call, 1);
  if (status.ok()) status = ReadUint32(call.env(), call[3], "threads", 1, UINT32_MAX, &threads);
  if (status.ok()) status = ReadBool(call.env(), call[4], "skipRefused", &skip);
  if (status.ok()) status = ReadTimeLimit(call, 5, &options);
  if (status.ok()) status = ReadNumber(call, 6, &options);
  if (status.ok()) status = ReadProgress(call, 7, &options);
  if (!status.ok()) return call.Throw(status);
  options.first_pin = handle;
  options.bytes = vectors->bytes();
  return RunLong<StandaloneInserted>(
      call, options,
      [index = handle->index, vectors, threads, skip](const CancelToken* cancel,
                                                      const LongProgress& progress) -> Result<StandaloneInserted> {
        StandaloneInserted inserted;
        const StandaloneBatch batch{.ids = vectors->ids,
                                    .vectors = vectors->values,
                                    .threads = threads,
                                    .skip_refused = skip,
                                    .cancel = cancel,
                                    .progress = [&progress](uint64_t done, uint64_t total) { progress(done, total); }};
        SOCHDB_TRY(index->Insert(batch, &inserted));
        progress(vectors->ids.size(), vectors->ids.size());
        return inserted;
      },
      [environment = &call.environment(), id = handle->id()](napi_env env, const StandaloneInserted& inserted) {
        if (auto* open = environment->handles().Find<StandaloneHandle>(id); open != nullptr) open->ReportMemory();
        return FromDouble(env, static_cast<double>(inserted.inserted));
      });
}

// asyncVectorIndexSave(index, path, timeout, operation)
napi_value AsyncVectorIndexSave(Call& call) {
  StandaloneHandle* handle = nullptr;
  std::string path;
  AsyncEnvironment::Options options;
  Status status = FindStandalone(call, &handle);
  if (status.ok()) status = ReadString(call.env(), call[1], "path", kMaxPathBytes, &path);
  if (status.ok()) status = ReadTimeLimit(call, 2, &options);
  if (status.ok()) status = ReadNumber(call, 3, &options);
  if (!status.ok()) return call.Throw(status);
  options.first_pin = handle;
  return RunLong<bool>(
      call, options,
      [index = handle->index, path](const CancelToken* cancel, const LongProgress& /*progress*/) -> Result<bool> {
        SOCHDB_TRY(index->Save(path, cancel));
        return true;
      },
      [](napi_env env, const bool& /*saved*/) { return Undefined(env); });
}

using SharedIndex = std::shared_ptr<StandaloneIndex>;

template <typename Work>
napi_value RunOpening(Call& call, const AsyncEnvironment::Options& options, Work work) {
  return RunLong<SharedIndex>(
      call, options,
      [work](const CancelToken* cancel, const LongProgress& /*progress*/) -> Result<SharedIndex> {
        SOCHDB_ASSIGN(index, work(cancel));
        return SharedIndex(std::move(index));
      },
      [environment = &call.environment()](napi_env /*env*/, const SharedIndex& index) {
        return AddStandalone(*environment, index);
      });
}

// asyncVectorIndexLoad(path, timeout, operation): an index.
napi_value AsyncVectorIndexLoad(Call& call) {
  std::string path;
  AsyncEnvironment::Options options;
  Status status = ReadString(call.env(), call[0], "path", kMaxPathBytes, &path);
  if (status.ok()) status = ReadTimeLimit(call, 1, &options);
  if (status.ok()) status = ReadNumber(call, 2, &options);
  if (!status.ok()) return call.Throw(status);
  return RunOpening(call, options,
                    [path](const CancelToken* cancel) { return StandaloneIndex::Load(Env::Posix(), path, cancel); });
}

// asyncVectorIndexImport(the arguments of vectorIndexImport, timeout, operation): an index.
napi_value AsyncVectorIndexImport(Call& call) {
  std::string path;
  HnswlibImport how;
  AsyncEnvironment::Options options;
  Status status = ReadImport(call, &path, &how);
  if (status.ok()) status = ReadTimeLimit(call, 5, &options);
  if (status.ok()) status = ReadNumber(call, 6, &options);
  if (!status.ok()) return call.Throw(status);
  return RunOpening(call, options, [path, how](const CancelToken* cancel) {
    HnswlibImport cancellable = how;
    cancellable.cancel = cancel;
    return ImportHnswlib(Env::Posix(), path, cancellable);
  });
}

}  // namespace

bool InitStandaloneAsync(Environment* environment, napi_value exports) {
  return Define<AsyncVectorIndexSearch, 6>(environment, exports, "asyncVectorIndexSearch") &&
         Define<AsyncVectorIndexInsert, 8>(environment, exports, "asyncVectorIndexInsert") &&
         Define<AsyncVectorIndexSave, 4>(environment, exports, "asyncVectorIndexSave") &&
         Define<AsyncVectorIndexLoad, 3>(environment, exports, "asyncVectorIndexLoad") &&
         Define<AsyncVectorIndexImport, 7>(environment, exports, "asyncVectorIndexImport");
}

}  // namespace sochdb::binding
