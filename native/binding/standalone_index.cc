// VectorIndex by call (index/standalone/standalone_index.h).

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "binding/standalone.h"
#include "binding/standalone_handle.h"
#include "binding/vector_collection.h"
#include "env/env.h"

namespace sochdb::binding {

StandaloneHandle::StandaloneHandle(napi_env env_, std::shared_ptr<StandaloneIndex> index_)
    : Handle(kKind), env(env_), index(std::move(index_)) {}

StandaloneHandle::~StandaloneHandle() {
  int64_t all = 0;
  napi_adjust_external_memory(env, -reported_, &all);
}

void StandaloneHandle::ReportMemory() {
  const auto bytes = static_cast<int64_t>(index->memory_bytes());
  int64_t all = 0;
  if (napi_adjust_external_memory(env, bytes - reported_, &all) == napi_ok) reported_ = bytes;
}

Status FindStandalone(Call& call, StandaloneHandle** handle) {
  *handle = call.environment().handles().Find<StandaloneHandle>(ReadHandleId(call.env(), call[0]));
  return *handle != nullptr ? Status() : Status(Code::kClosed, "The index is closed.");
}

napi_value AddStandalone(Environment& environment, std::shared_ptr<StandaloneIndex> index) {
  auto handle = std::make_unique<StandaloneHandle>(environment.env(), std::move(index));
  handle->ReportMemory();
  const Result<HandleId> id = environment.handles().Add(std::move(handle), nullptr);
  if (!id.ok()) return ThrowStatus(environment.env(), id.status());
  return FromDouble(environment.env(), static_cast<double>(id.value()));
}

Status StandaloneVectors::Read(Call& call, size_t first) {
  std::string_view packed;
  std::span<const float> floats;
  SOCHDB_TRY(ReadBytes(call.env(), call[first], "ids", &packed));
  SOCHDB_TRY(ViewFloats(call.env(), call[first + 1], "vectors", &floats));
  ids.resize(packed.size() / sizeof(uint64_t));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = DecodeFixed64(packed.data() + i * sizeof(uint64_t));
  values.assign(floats.begin(), floats.end());
  return {};
}

Status ReadImport(Call& call, std::string* path, HnswlibImport* how) {
  napi_env env = call.env();
  uint32_t metric = 0;
  SOCHDB_TRY(ReadString(env, call[0], "path", kMaxPathBytes, path));
  SOCHDB_TRY(ReadUint32(env, call[1], "dimension", 1, kMaxDimension, &how->dimension));
  SOCHDB_TRY(ReadUint32(env, call[2], "metric", 0, static_cast<uint32_t>(Metric::kEuclidean), &metric));
  how->metric = static_cast<Metric>(metric);
  SOCHDB_TRY(ReadUint32(env, call[3], "efSearch", 1, StandaloneOptions::kMaxEf, &how->ef_search));
  return ReadUint64(env, call[4], "maxElements", kMaxSafeInteger, &how->max_elements);
}

namespace {

Status ReadOptions(Call& call, StandaloneOptions* options) {
  napi_env env = call.env();
  uint32_t metric = 0;
  SOCHDB_TRY(ReadUint32(env, call[0], "dimension", 1, kMaxDimension, &options->dimension));
  SOCHDB_TRY(ReadUint32(env, call[1], "metric", 0, static_cast<uint32_t>(Metric::kEuclidean), &metric));
  options->metric = static_cast<Metric>(metric);
  SOCHDB_TRY(ReadUint32(env, call[2], "m", 0, UINT32_MAX, &options->m));
  SOCHDB_TRY(ReadUint32(env, call[3], "efConstruction", 0, UINT32_MAX, &options->ef_construction));
  SOCHDB_TRY(ReadUint32(env, call[4], "efSearch", 0, UINT32_MAX, &options->ef_search));
  SOCHDB_TRY(ReadUint64(env, call[5], "maxElements", kMaxSafeInteger, &options->max_elements));
  return CheckStandaloneOptions(*options);
}

// vectorIndexCreate(dimension, metric, m, efConstruction, efSearch, maxElements or 0): an index.
napi_value VectorIndexCreate(Call& call) {
  StandaloneOptions options;
  const Status status = ReadOptions(call, &options);
  if (!status.ok()) return call.Throw(status);
  return AddStandalone(call.environment(), std::make_shared<StandaloneIndex>(Env::Posix(), options));
}

// vectorIndexClose(index): harmless when closed.
napi_value VectorIndexClose(Call& call) {
  StandaloneHandle* handle = nullptr;
  if (FindStandalone(call, &handle).ok()) call.environment().handles().Close(handle);
  return nullptr;
}

// vectorIndexInsert(index, ids, vectors, threads, whether to skip what is refused): how many were inserted.
napi_value VectorIndexInsert(Call& call) {
  StandaloneHandle* handle = nullptr;
  StandaloneVectors vectors;
  StandaloneBatch batch;
  StandaloneInserted result;
  Status status = FindStandalone(call, &handle);
  if (status.ok()) status = vectors.Read(call, 1);
  if (status.ok()) status = ReadUint32(call.env(), call[3], "threads", 1, UINT32_MAX, &batch.threads);
  if (status.ok()) status = ReadBool(call.env(), call[4], "skipRefused", &batch.skip_refused);
  batch.ids = vectors.ids;
  batch.vectors = vectors.values;
  if (status.ok()) status = handle->index->Insert(batch, &result);
  if (!status.ok()) return call.Throw(status);
  handle->ReportMemory();
  return FromDouble(call.env(), static_cast<double>(result.inserted));
}

// vectorIndexDelete(index, id as a bigint): whether it was there.
napi_value VectorIndexDelete(Call& call) {
  StandaloneHandle* handle = nullptr;
  uint64_t id = 0;
  bool lossless = false;
  bool existed = false;
  Status status = FindStandalone(call, &handle);
  if (status.ok() && (napi_get_value_bigint_uint64(call.env(), call[1], &id, &lossless) != napi_ok || !lossless)) {
    status = Status(Code::kInvalidArgument, "id must be a bigint from 0 to 2^64 - 1.", {{"argument", "id"}});
  }
  if (status.ok()) status = handle->index->Delete(id, &existed);
  return status.ok() ? FromBool(call.env(), existed) : call.Throw(status);
}

// vectorIndexSearch(index, query, k, efSearch or 0, buffer): how many were found. Into the buffer goes what there is room for:
// of each, nearest first, id u64 | distance f64, little-endian.
napi_value VectorIndexSearch(Call& call) {
  StandaloneHandle* handle = nullptr;
  std::span<const float> query;
  uint32_t k = 0;
  uint32_t ef = 0;
  std::span<char> buffer;
  Status status = FindStandalone(call, &handle);
  if (status.ok()) status = ViewFloats(call.env(), call[1], "query", &query);
  if (status.ok()) status = ReadUint32(call.env(), call[2], "k", 0, UINT32_MAX, &k);
  if (status.ok()) status = ReadUint32(call.env(), call[3], "efSearch", 0, StandaloneOptions::kMaxEf, &ef);
  if (status.ok()) status = ReadArrayBuffer(call.env(), call[4], "buffer", &buffer);
  if (!status.ok()) return call.Throw(status);
  handle->query.assign(query.begin(), query.end());  // other threads may write to a SharedArrayBuffer
  status = handle->index->Search(handle->query, k, ef, nullptr, &handle->hits);
  if (!status.ok()) return call.Throw(status);
  const size_t count = std::min(handle->hits.size(), buffer.size() / (2 * sizeof(uint64_t)));
  for (size_t i = 0; i < count; ++i) {
    char* at = buffer.data() + i * 2 * sizeof(uint64_t);
    EncodeFixed64(at, handle->hits[i].id);
    EncodeFixed64(at + sizeof(uint64_t), std::bit_cast<uint64_t>(handle->hits[i].distance));
  }
  return FromDouble(call.env(), static_cast<double>(count));
}

// vectorIndexSize(index): vectors.
napi_value VectorIndexSize(Call& call) {
  StandaloneHandle* handle = nullptr;
  const Status status = FindStandalone(call, &handle);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(handle->index->size())) : call.Throw(status);
}

// vectorIndexInfo(index): { dimension, metric, m, efConstruction, efSearch, maxElements, memoryBytes }
napi_value VectorIndexInfo(Call& call) {
  StandaloneHandle* handle = nullptr;
  const Status status = FindStandalone(call, &handle);
  if (!status.ok()) return call.Throw(status);
  const StandaloneOptions& options = handle->index->options();
  ObjectBuilder info(call.env());
  info.Number("dimension", options.dimension)
      .Number("metric", static_cast<double>(options.metric))
      .Number("m", options.m)
      .Number("efConstruction", options.ef_construction)
      .Number("efSearch", options.ef_search)
      .Count("maxElements", options.max_elements)
      .Count("memoryBytes", handle->index->memory_bytes());
  return info.value();
}

// vectorIndexSave(index, path)
napi_value VectorIndexSave(Call& call) {
  StandaloneHandle* handle = nullptr;
  std::string path;
  Status status = FindStandalone(call, &handle);
  if (status.ok()) status = ReadString(call.env(), call[1], "path", kMaxPathBytes, &path);
  if (status.ok()) status = handle->index->Save(path, nullptr);
  return status.ok() ? nullptr : call.Throw(status);
}

// vectorIndexImport(path of a file of hnswlib, dimension, metric, efSearch, maxElements or 0): an index.
napi_value VectorIndexImport(Call& call) {
  std::string path;
  HnswlibImport how;
  const Status status = ReadImport(call, &path, &how);
  if (!status.ok()) return call.Throw(status);
  Result<std::unique_ptr<StandaloneIndex>> index = ImportHnswlib(Env::Posix(), path, how);
  if (!index.ok()) return call.Throw(index.status());
  return AddStandalone(call.environment(), std::move(index).value());
}

// vectorIndexLoad(path): an index.
napi_value VectorIndexLoad(Call& call) {
  std::string path;
  const Status status = ReadString(call.env(), call[0], "path", kMaxPathBytes, &path);
  if (!status.ok()) return call.Throw(status);
  Result<std::unique_ptr<StandaloneIndex>> index = StandaloneIndex::Load(Env::Posix(), path, nullptr);
  if (!index.ok()) return call.Throw(index.status());
  return AddStandalone(call.environment(), std::move(index).value());
}

}  // namespace

bool InitStandaloneIndexes(Environment* environment, napi_value exports) {
  return Define<VectorIndexCreate, 6>(environment, exports, "vectorIndexCreate") &&
         Define<VectorIndexClose, 1>(environment, exports, "vectorIndexClose") &&
         Define<VectorIndexInsert, 5>(environment, exports, "vectorIndexInsert") &&
         Define<VectorIndexDelete, 2>(environment, exports, "vectorIndexDelete") &&
         Define<VectorIndexSearch, 5>(environment, exports, "vectorIndexSearch") &&
         Define<VectorIndexSize, 1>(environment, exports, "vectorIndexSize") &&
         Define<VectorIndexInfo, 1>(environment, exports, "vectorIndexInfo") &&
         Define<VectorIndexSave, 2>(environment, exports, "vectorIndexSave") &&
         Define<VectorIndexLoad, 1>(environment, exports, "vectorIndexLoad") &&
         Define<VectorIndexImport, 5>(environment, exports, "vectorIndexImport");
}

}  // namespace sochdb::binding
