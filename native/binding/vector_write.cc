// Writing to collections: one document, many, deleting one.

#include "base/json.h"
#include "binding/slab.h"
#include "binding/vector_collection.h"

namespace sochdb::binding {
namespace {

// Escapes take six bytes for one.
constexpr size_t kMaxTextsBytes = 6 * kBlobThresholdBytes;

// Runs `write` on the transaction that is open, or on one of its own.
template <typename Write>
Status RunWrite(const CollectionUse& use, const Write& write) {
  if (use.target.transaction != nullptr) {
    SOCHDB_TRY(use.handle->CheckCurrent(use.target.transaction));
    return write(use.target.transaction);
  }
  TransactionOptions options;
  options.take_writer = true;
  SOCHDB_ASSIGN(transaction, use.target.engine->Begin(options));
  SOCHDB_TRY(use.handle->CheckCurrent(transaction.get()));
  SOCHDB_TRY(write(transaction.get()));
  return transaction->Commit().status();
}

// vectorPut(target, collection, id, vector, metadata as JSON): inserts or replaces.
napi_value VectorPut(Call& call) {
  CollectionUse use;
  std::string id;
  std::string metadata;
  Status status = use.ReadWritable(call);
  if (status.ok()) status = ReadString(call.env(), call[2], "id", kMaxDocumentIdBytes, &id);
  if (status.ok()) {
    status = ReadVector(call.env(), call[3], "vector", use.handle->collection->config().dimension, &use.handle->query);
  }
  if (status.ok()) status = ReadString(call.env(), call[4], "metadata", kBlobThresholdBytes, &metadata);
  if (status.ok()) {
    status = RunWrite(use, [&](Transaction* transaction) {
      return use.handle->collection->Put(transaction, id, use.handle->query, metadata);
    });
  }
  return status.ok() ? nullptr : call.Throw(status);
}

// undefined, or a JSON array of strings.
Status ReadTexts(napi_env env, napi_value value, std::vector<std::string>* texts) {
  napi_valuetype type{};
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined) return {};
  std::string json;
  SOCHDB_TRY(ReadString(env, value, "chunkTexts", kMaxTextsBytes, &json));
  JsonReader reader(json);
  JsonToken token = reader.Next();
  if (token != JsonToken::kBeginArray) return {Code::kInvalidArgument, "chunkTexts must be an array of strings."};
  for (token = reader.Next(); token == JsonToken::kString; token = reader.Next()) texts->push_back(reader.Text());
  if (token == JsonToken::kEndArray) return {};
  return {Code::kInvalidArgument, "chunkTexts must be an array of strings."};
}

// vectorPutChunks(target, collection, id, vectors one after the other, metadata as JSON, texts of all or undefined, aggregate):
// inserts or replaces a document in chunks.
napi_value VectorPutChunks(Call& call) {
  CollectionUse use;
  std::string id;
  std::string metadata;
  std::span<const float> shared;
  std::vector<float> vectors;
  std::vector<std::string> texts;
  uint32_t aggregate = 0;
  Status status = use.ReadWritable(call);
  if (status.ok()) status = ReadString(call.env(), call[2], "id", kMaxDocumentIdBytes, &id);
  if (status.ok()) status = ViewFloats(call.env(), call[3], "vectors", &shared);
  if (status.ok() && shared.size_bytes() >= kBlobThresholdBytes) {
    status = Status(Code::kInvalidArgument, "A document's vectors, texts and metadata together stay below 1 MiB.")
                 .With("expected", "less than " + std::to_string(kBlobThresholdBytes) + " bytes")
                 .With("actual", std::to_string(shared.size_bytes()) + " bytes");
  }
  if (status.ok()) vectors.assign(shared.begin(), shared.end());
  if (status.ok()) status = ReadString(call.env(), call[4], "metadata", kBlobThresholdBytes, &metadata);
  if (status.ok()) status = ReadTexts(call.env(), call[5], &texts);
  if (status.ok())
    status = ReadUint32(call.env(), call[6], "aggregate", 0, static_cast<uint32_t>(Aggregate::kFirst), &aggregate);
  if (status.ok()) {
    const DocumentContent content{
        .vectors = vectors, .metadata = metadata, .texts = texts, .aggregate = static_cast<Aggregate>(aggregate)};
    status = RunWrite(use, [&](Transaction* transaction) { return use.handle->collection->Put(transaction, id, content); });
  }
  return status.ok() ? nullptr : call.Throw(status);
}

// Says which document it was.
Status OfDocument(const Status& status, size_t index, std::string_view id) {
  if (status.code() != Code::kInvalidArgument) return status;
  Status::Details details = status.details();
  details.emplace_back("index", std::to_string(index));
  details.emplace_back("id", id);
  return {status.code(), "Document " + std::to_string(index) + ", \"" + std::string(id) + "\": " + status.message(),
          std::move(details)};
}

Status PutEach(const Collection& collection, Transaction* transaction, std::string_view packed, std::span<const float> vectors,
               size_t first) {
  const size_t dimension = collection.config().dimension;
  ByteReader records(packed);
  std::string id;
  std::string metadata;
  std::vector<float> vector;
  PostingBatch postings;
  size_t index = 0;
  for (; !records.empty(); ++index) {
    uint32_t id_length = 0;
    uint32_t metadata_length = 0;
    std::string_view shared_id;
    std::string_view shared_metadata;
    if (!records.ReadFixed32(&id_length) || !records.ReadFixed32(&metadata_length) ||
        !records.ReadBytes(id_length, &shared_id) || !records.ReadBytes(metadata_length, &shared_metadata)) {
      return {Code::kInvalidArgument, "A packed batch of documents is damaged: a length points outside."};
    }
    const size_t length = size_t{id_length} + metadata_length;
    if (!records.Skip(PadTo4(length) - length) || (index + 1) * dimension > vectors.size()) {
      return {Code::kInvalidArgument, "A packed batch of documents is damaged: it is longer than its vectors."};
    }
    // Copied before they are checked: the memory may be shared with other threads.
    id = shared_id;
    metadata = shared_metadata;
    const float* values = vectors.data() + index * dimension;
    vector.assign(values, values + dimension);
    const Status put = collection.Put(transaction, id, {.vectors = vector, .metadata = metadata}, &postings);
    if (!put.ok()) return OfDocument(put, first + index, id);
    if (postings.full()) SOCHDB_TRY(postings.Write(transaction));
  }
  if (index * dimension == vectors.size()) return postings.Write(transaction);
  return Status(Code::kInvalidArgument, "A batch has " + std::to_string(index) + " documents and " +
                                            std::to_string(vectors.size()) + " values; each vector has " +
                                            std::to_string(dimension) + ".");
}

// All of them or none: a batch that fails leaves the transaction as it was.
Status PutMany(const Collection& collection, Transaction* transaction, std::string_view packed, std::span<const float> vectors,
               size_t first) {
  const SavepointId savepoint = transaction->SetSavepoint();
  Status put = PutEach(collection, transaction, packed, vectors, first);
  if (transaction->finished()) return put;
  if (!put.ok()) SOCHDB_TRY(transaction->RollbackTo(savepoint));
  SOCHDB_TRY(transaction->Release(savepoint));
  return put;
}

// vectorPutMany(target, collection, packed documents, vectors end to end, the number of the first in messages): all or none.
// Records: u32 length of the id | u32 length of the metadata | id | metadata as JSON, padded to 4 bytes.
napi_value VectorPutMany(Call& call) {
  CollectionUse use;
  std::string_view packed;
  std::span<const float> vectors;
  uint32_t first = 0;
  Status status = use.ReadWritable(call);
  if (status.ok()) status = ReadBytes(call.env(), call[2], "documents", &packed);
  if (status.ok()) status = ViewFloats(call.env(), call[3], "vectors", &vectors);
  if (status.ok()) status = ReadUint32(call.env(), call[4], "first", 0, UINT32_MAX, &first);
  if (status.ok()) {
    status = RunWrite(
        use, [&](Transaction* transaction) { return PutMany(*use.handle->collection, transaction, packed, vectors, first); });
  }
  return status.ok() ? nullptr : call.Throw(status);
}

// vectorDelete(target, collection, id): whether there was such a document.
napi_value VectorDelete(Call& call) {
  CollectionUse use;
  std::string id;
  bool existed = false;
  Status status = use.ReadWritable(call);
  if (status.ok()) status = ReadString(call.env(), call[2], "id", kMaxDocumentIdBytes, &id);
  if (status.ok()) {
    status = RunWrite(use, [&](Transaction* transaction) { return use.handle->collection->Delete(transaction, id, &existed); });
  }
  return status.ok() ? FromBool(call.env(), existed) : call.Throw(status);
}

// vectorDeleteWhere(target, collection, filter, timeout in milliseconds or 0): how many documents there were.
napi_value VectorDeleteWhere(Call& call) {
  CollectionUse use;
  FilterArgument filter;
  TimeLimit limit;
  uint64_t deleted = 0;
  Status status = use.ReadWritable(call);
  if (status.ok()) status = filter.Read(call.env(), call[2]);
  if (status.ok() && filter.get() == nullptr) status = {Code::kInvalidArgument, "Deleting documents takes a filter."};
  if (status.ok()) status = limit.Read(call, 3, use.target.engine);
  if (status.ok()) {
    status = RunWrite(use, [&](Transaction* transaction) -> Status {
      SOCHDB_ASSIGN(count, use.handle->collection->DeleteWhere(transaction, *filter.get(), limit.token()));
      deleted = count;
      return {};
    });
  }
  return status.ok() ? FromDouble(call.env(), static_cast<double>(deleted)) : call.Throw(status);
}

}  // namespace

bool InitVectorWrites(Environment* environment, napi_value exports) {
  return Define<VectorPut, 5>(environment, exports, "vectorPut") &&
         Define<VectorPutMany, 5>(environment, exports, "vectorPutMany") &&
         Define<VectorPutChunks, 7>(environment, exports, "vectorPutChunks") &&
         Define<VectorDelete, 3>(environment, exports, "vectorDelete") &&
         Define<VectorDeleteWhere, 4>(environment, exports, "vectorDeleteWhere");
}

}  // namespace sochdb::binding
