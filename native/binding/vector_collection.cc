#include "binding/vector_collection.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "binding/async_long.h"
#include "binding/init.h"
#include "binding/slab.h"
#include "index/vector/vector_index_registry.h"

namespace sochdb::binding {
namespace {

Status NotThere() {
  return {Code::kSchemaChanged, "The collection is not there any more: it was dropped, or replaced by another of its name."};
}

DatabaseHandle* DatabaseOf(Handle* target) {
  Handle* database = target->kind() == HandleKind::kDatabase ? target : target->parent();
  SOCHDB_DCHECK(database != nullptr && database->kind() == HandleKind::kDatabase);
  return static_cast<DatabaseHandle*>(database);
}

// Records: u32 number | u32 length | path, padded to 4 bytes.
Status ReadIndexedFields(napi_env env, napi_value value, std::vector<IndexedField>* fields) {
  std::string_view packed;
  SOCHDB_TRY(ReadBytes(env, value, "indexed", &packed));
  ByteReader records(packed);
  while (!records.empty()) {
    IndexedField field;
    uint32_t length = 0;
    std::string_view path;
    if (!records.ReadFixed32(&field.number) || !records.ReadFixed32(&length) || !records.ReadBytes(length, &path) ||
        !records.Skip(PadTo4(length) - length)) {
      return {Code::kInvalidArgument, "The packed list of indexed fields is damaged."};
    }
    field.path = path;
    fields->push_back(std::move(field));
  }
  return {};
}

Status DamagedText() { return {Code::kInvalidArgument, "The description of a keyword index is damaged."}; }

// [[number, path, weight], …]
bool ReadTextFields(JsonReader* reader, std::vector<TextField>* fields) {
  if (reader->Next() != JsonToken::kBeginArray) return false;
  for (;;) {
    const JsonToken open = reader->Next();
    if (open == JsonToken::kEndArray) return true;
    TextField field;
    if (open != JsonToken::kBeginArray || reader->Next() != JsonToken::kNumber) return false;
    field.number = static_cast<uint32_t>(std::clamp(reader->Number(), 0.0, double{UINT32_MAX}));
    if (reader->Next() != JsonToken::kString) return false;
    field.path = reader->Text();
    if (reader->Next() != JsonToken::kNumber) return false;
    field.weight = reader->Number();
    if (reader->Next() != JsonToken::kEndArray) return false;
    fields->push_back(std::move(field));
  }
}

// undefined, or JSON: [fields, whether English words are stemmed, stop words]; stop words are an array, or "english".
Status ReadText(napi_env env, napi_value value, TextConfig* config) {
  constexpr size_t kMaxTextConfigBytes = 4 * 1024 * 1024;
  napi_valuetype type{};
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined) return {};
  std::string text;
  SOCHDB_TRY(ReadString(env, value, "text", kMaxTextConfigBytes, &text));
  JsonReader reader(text);
  if (reader.Next() != JsonToken::kBeginArray || !ReadTextFields(&reader, &config->fields)) return DamagedText();
  const JsonToken stem = reader.Next();
  if (stem != JsonToken::kTrue && stem != JsonToken::kFalse) return DamagedText();
  config->analyzer.stem_english = stem == JsonToken::kTrue;
  JsonToken token = reader.Next();
  if (token == JsonToken::kString && reader.Text() == "english") {
    config->analyzer.stop_words = EnglishStopWords();
  } else if (token == JsonToken::kBeginArray) {
    for (token = reader.Next(); token == JsonToken::kString; token = reader.Next()) {
      config->analyzer.stop_words.push_back(reader.Text());
    }
    if (token != JsonToken::kEndArray) return DamagedText();
  } else {
    return DamagedText();
  }
  return reader.Next() == JsonToken::kEndArray ? Status() : DamagedText();
}

Status ReadConfig(Call& call, size_t first, CollectionConfig* config) {
  napi_env env = call.env();
  uint32_t metric = 0;
  SOCHDB_TRY(ReadUint32(env, call[first], "namespaceId", 0, UINT32_MAX, &config->id.namespace_id));
  SOCHDB_TRY(ReadUint32(env, call[first + 1], "collectionId", 0, UINT32_MAX, &config->id.collection_id));
  SOCHDB_TRY(ReadUint32(env, call[first + 2], "dimension", 1, kMaxDimension, &config->dimension));
  SOCHDB_TRY(ReadUint32(env, call[first + 3], "metric", 0, static_cast<uint32_t>(Metric::kEuclidean), &metric));
  SOCHDB_TRY(ReadUint32(env, call[first + 4], "m", 0, UINT32_MAX, &config->m));
  SOCHDB_TRY(ReadUint32(env, call[first + 5], "efConstruction", 0, UINT32_MAX, &config->ef_construction));
  SOCHDB_TRY(ReadUint32(env, call[first + 6], "efSearch", 0, UINT32_MAX, &config->ef_search));
  uint32_t quantization = 0;
  SOCHDB_TRY(ReadUint32(env, call[first + 9], "quantization", 0, static_cast<uint32_t>(Quantization::kBinary), &quantization));
  SOCHDB_TRY(ReadUint32(env, call[first + 10], "pqNumSubvectors", 0, UINT32_MAX, &config->pq_subvectors));
  SOCHDB_TRY(ReadUint32(env, call[first + 11], "pqNumCentroids", 0, UINT32_MAX, &config->pq_centroids));
  config->metric = static_cast<Metric>(metric);
  config->quantization = static_cast<Quantization>(quantization);
  SOCHDB_TRY(ReadBool(env, call[first + 12], "learnedNavigator", &config->learned_navigator));
  SOCHDB_TRY(ReadIndexedFields(env, call[first + 7], &config->indexed));
  return ReadText(env, call[first + 8], &config->text);
}

// An opening under way: everything that takes long is in Run, which any thread may call.
struct Opening {
  Target target;
  Handle* parent = nullptr;
  std::unique_ptr<CollectionHandle> handle;
  CollectionConfig config;

  Status Read(Call& call);
  Status Run(const CancelToken* cancel) {
    SOCHDB_ASSIGN(collection, Collection::Open(handle->indexes, std::move(config), cancel));
    handle->collection = std::move(collection);
    return {};
  }
};

Status Opening::Read(Call& call) {
  SOCHDB_TRY(FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), &target));
  std::string_view key;
  std::string_view entry;
  SOCHDB_TRY(ReadBytes(call.env(), call[1], "key", &key));
  SOCHDB_TRY(ReadBytes(call.env(), call[2], "entry", &entry));
  handle = std::make_unique<CollectionHandle>();
  handle->engine = target.engine;
  handle->catalog_key = key;
  handle->catalog_entry = entry;
  SOCHDB_TRY(ReadConfig(call, 3, &config));
  DatabaseHandle* database = DatabaseOf(target.handle);
  if (target.transaction != nullptr) {
    handle->own_indexes = std::make_unique<VectorIndexRegistry>(target.engine);
    handle->indexes = handle->own_indexes.get();
  } else {
    handle->indexes = database->engine.vector_indexes();
  }
  parent = target.transaction != nullptr ? target.handle : database;
  return {};
}

Status OpenArguments(Call& call, HandleId* id) {
  Opening opening;
  SOCHDB_TRY(opening.Read(call));
  SOCHDB_TRY(opening.Run(nullptr));
  SOCHDB_ASSIGN(added, call.environment().handles().Add(std::move(opening.handle), opening.parent));
  *id = added;
  return {};
}

// The handle is in the table from the beginning, so that closing what it was opened on closes it in its turn.
class OpenOperation : public AsyncOperation {
 public:
  OpenOperation(CollectionHandle* handle, CollectionConfig config)
      : handle_(handle), id_(handle->id()), config_(std::move(config)) {}
  Status Run() override {
    SOCHDB_ASSIGN(collection, Collection::Open(handle_->indexes, std::move(config_), &cancel));
    handle_->collection = std::move(collection);
    return {};
  }
  napi_value Deliver(Environment& environment) override { return FromDouble(environment.env(), static_cast<double>(id_)); }
  void Finish(Environment& environment) override {
    auto* handle = environment.handles().Find<CollectionHandle>(id_);
    if (handle == nullptr) return;
    if (handle->collection == nullptr) environment.handles().Close(handle);
    else handle->opening = false;
  }

 private:
  CollectionHandle* const handle_;
  const HandleId id_;
  CollectionConfig config_;
};

// asyncCollectionOpen(the arguments of collectionOpen): a collection's id.
napi_value AsyncCollectionOpen(Call& call) {
  Opening opening;
  if (const Status status = opening.Read(call); !status.ok()) return call.Throw(status);
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  CollectionHandle* const handle = opening.handle.get();
  handle->opening = true;
  const Result<HandleId> id = call.environment().handles().Add(std::move(opening.handle), opening.parent);
  if (!id.ok()) return call.Throw(id.status());
  AsyncEnvironment::Options options;
  options.first_pin = handle;
  options.second_pin = opening.target.handle;
  napi_value promise = async->Start(std::make_unique<OpenOperation>(handle, std::move(opening.config)), options);
  if (promise == nullptr) call.environment().handles().Close(handle);
  return promise;
}

// collectionOpen(target, catalog key, catalog entry, namespace id, collection id, dimension, metric, m, efConstruction,
// efSearch, packed indexed fields, keyword index, quantization, pqNumSubvectors (0: the default), pqNumCentroids,
// whether searches ask the learned navigator): a collection's id. On a transaction: of a collection that only it sees. The
// first opening of a collection in this process reads all of its rows.
napi_value CollectionOpen(Call& call) {
  HandleId id = 0;
  const Status status = OpenArguments(call, &id);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(id)) : call.Throw(status);
}

CollectionHandle* FindCollection(Call& call, size_t argument) {
  auto* handle = call.environment().handles().Find<CollectionHandle>(ReadHandleId(call.env(), call[argument]));
  return handle != nullptr && !handle->opening ? handle : nullptr;
}

// collectionClose(collection): harmless when closed. Its index stays for others.
napi_value CollectionClose(Call& call) {
  if (CollectionHandle* handle = FindCollection(call, 0); handle != nullptr) call.environment().handles().Close(handle);
  return nullptr;
}

// collectionForget(collection): lets go of its index, because it was dropped. Snapshots that see it still read it through
// the handles that are open.
napi_value CollectionForget(Call& call) {
  const CollectionHandle* handle = FindCollection(call, 0);
  if (handle != nullptr) handle->indexes->Close(handle->collection->config().id);
  return nullptr;
}

// collectionOptimize(collection, timeout in milliseconds or 0): whether every vector is in its graph, and what no snapshot sees
// out of it.
napi_value CollectionOptimize(Call& call) {
  CollectionHandle* handle = FindCollection(call, 0);
  if (handle == nullptr) return call.Throw(NotThere());
  TimeLimit limit;
  Status status = limit.Read(call, 1, handle->engine);
  if (status.ok()) {
    handle->indexes->Reclaim(handle->collection->config().id);
    status = handle->indexes->WaitUntilLinked(limit.token());
  }
  if (status.code() == Code::kTimeout) return FromBool(call.env(), false);
  return status.ok() ? FromBool(call.env(), true) : call.Throw(status);
}

// asyncCollectionOptimize(collection, operation, timeout, progress): the same. Progress is in vectors.
napi_value AsyncCollectionOptimize(Call& call) {
  constexpr uint64_t kSliceMicros = 50'000;
  CollectionHandle* handle = FindCollection(call, 0);
  if (handle == nullptr) return call.Throw(NotThere());
  AsyncEnvironment::Options options;
  Status status = ReadNumber(call, 1, &options);
  if (status.ok()) status = ReadTimeLimit(call, 2, &options);
  if (status.ok()) status = ReadProgress(call, 3, &options);
  if (!status.ok()) return call.Throw(status);
  options.first_pin = handle;
  return RunLong<bool>(
      call, options,
      [handle](const CancelToken* cancel, const LongProgress& progress) -> Result<bool> {
        Env* const env = handle->engine->env();
        handle->indexes->Reclaim(handle->collection->config().id);
        for (;;) {
          const Status asked = cancel->Check();
          if (asked.code() == Code::kTimeout) return false;
          if (!asked.ok()) return asked;
          const CancelToken slice(env, env->MonotonicMicros() + kSliceMicros);
          const Status waited = handle->indexes->WaitUntilLinked(&slice);
          const VectorIndexStats stats = handle->collection->index().stats();
          const uint64_t total = stats.linked + stats.unlinked;  // a small index compares with all, and links none
          progress(waited.ok() ? total : stats.linked, total);
          if (waited.ok()) return true;
          if (waited.code() != Code::kTimeout) return waited;
        }
      },
      [](napi_env env, const bool& linked) { return FromBool(env, linked); });
}

// collectionStats(collection): what the index measured.
napi_value CollectionStats(Call& call) {
  CollectionHandle* handle = FindCollection(call, 0);
  if (handle == nullptr) return call.Throw(NotThere());
  const VectorIndexStats stats = handle->collection->index().stats();
  return ObjectBuilder(call.env())
      .Number("live", static_cast<double>(stats.live))
      .Number("dead", static_cast<double>(stats.dead))
      .Number("reclaimed", static_cast<double>(stats.reclaimed))
      .Number("linked", static_cast<double>(stats.linked))
      .Number("unlinked", static_cast<double>(stats.unlinked))
      .Number("memoryBytes", static_cast<double>(stats.memory_bytes))
      .Number("vectorBytes", static_cast<double>(stats.vector_bytes))
      .Number("mappedBytes", static_cast<double>(stats.mapped_bytes))
      .value();
}

}  // namespace

Status CollectionHandle::CheckCurrent(ReadView view) const {
  ReadValue entry;
  bool found = false;
  // In a transaction it is validated at commit: a drop meanwhile is a conflict.
  if (view.transaction() != nullptr) {
    SOCHDB_TRY(view.transaction()->GetForConstraint(TreeId::kCatalog, catalog_key, &entry, &found));
  } else {
    SOCHDB_TRY(view.reader()->Get(TreeId::kCatalog, catalog_key, &entry, &found));
  }
  return found && entry.data == catalog_entry ? Status() : NotThere();
}

Status CollectionUse::Read(Call& call) {
  SOCHDB_TRY(FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), &target));
  handle = FindCollection(call, 1);
  if (handle == nullptr) return NotThere();
  if (handle->engine == target.engine) return {};
  return {Code::kInvalidArgument, "The collection belongs to another database than what it is used on."};
}

Status CollectionUse::ReadWritable(Call& call) {
  SOCHDB_TRY(Read(call));
  return CheckMayWrite(call.environment(), target);
}

Status CollectionView::Open(const CollectionUse& use) {
  const Target& target = use.target;
  if (target.transaction != nullptr) {
    view_.emplace(target.transaction);
  } else if (target.reader != nullptr) {
    view_.emplace(static_cast<SnapshotHandle*>(target.handle)->snapshot.get());
  } else {
    SOCHDB_ASSIGN(snapshot, target.engine->NewSnapshot());
    fresh_ = std::move(snapshot);
    view_.emplace(fresh_.get());
  }
  return use.handle->CheckCurrent(*view_);
}

Status TimeLimit::Read(Call& call, size_t argument, const Engine* engine) {
  uint64_t timeout_ms = 0;
  SOCHDB_TRY(ReadUint64(call.env(), call[argument], "timeoutMs", kMaxVectorTimeoutMs, &timeout_ms));
  if (timeout_ms != 0) token_.emplace(engine->env(), engine->env()->MonotonicMicros() + timeout_ms * 1000);
  return {};
}

Status FilterArgument::Read(napi_env env, napi_value value) {
  napi_valuetype type{};
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined) return {};
  std::string text;
  SOCHDB_TRY(ReadString(env, value, "filter", MetadataFilter::kMaxBytes, &text));
  SOCHDB_ASSIGN(parsed, MetadataFilter::Parse(text));
  filter_ = std::move(parsed);
  return {};
}

Status ViewFloats(napi_env env, napi_value value, const char* name, std::span<const float>* out) {
  napi_typedarray_type type{};
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_float32_array) {
    return {Code::kInvalidArgument,
            std::string(name) + " must be a Float32Array; this one is " + DescribeType(env, value) + ".",
            {{"argument", name}}};
  }
  *out = {static_cast<const float*>(data), data == nullptr ? 0 : length};
  return {};
}

Status ReadVector(napi_env env, napi_value value, const char* name, size_t count, std::vector<float>* out) {
  std::span<const float> view;
  SOCHDB_TRY(ViewFloats(env, value, name, &view));
  if (view.size() != count) {
    return {Code::kInvalidArgument,
            std::string(name) + " has " + std::to_string(view.size()) + " values; the collection holds " +
                std::to_string(count) + "-dimensional vectors.",
            {{"argument", name}, {"expected", std::to_string(count)}, {"actual", std::to_string(view.size())}}};
  }
  out->assign(view.begin(), view.end());
  return {};
}

bool InitCollections(Environment* environment, napi_value exports) {
  return Define<CollectionOpen, 16>(environment, exports, "collectionOpen") &&
         Define<CollectionClose, 1>(environment, exports, "collectionClose") &&
         Define<CollectionForget, 1>(environment, exports, "collectionForget") &&
         Define<CollectionOptimize, 2>(environment, exports, "collectionOptimize") &&
         Define<CollectionStats, 1>(environment, exports, "collectionStats") &&
         Define<AsyncCollectionOpen, 16>(environment, exports, "asyncCollectionOpen") &&
         Define<AsyncCollectionOptimize, 4>(environment, exports, "asyncCollectionOptimize");
}

bool InitVector(Environment* environment, napi_value exports) {
  return InitCollections(environment, exports) && InitVectorReads(environment, exports) &&
         InitVectorWrites(environment, exports) && InitTextReads(environment, exports) &&
         InitSearchMany(environment, exports) && InitNavigators(environment, exports);
}

}  // namespace sochdb::binding
