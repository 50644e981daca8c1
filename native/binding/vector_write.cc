// Writing to collections: one document, many, deleting one.

#include "binding/slab.h"
#include "binding/vector_collection.h"

namespace sochdb::binding {
namespace {

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

// Says which document it was.
Status OfDocument(const Status& status, size_t index, std::string_view id) {
  if (status.code() != Code::kInvalidArgument) return status;
  Status::Details details = status.details();
  details.emplace_back("index", std::to_string(index));
  details.emplace_back("id", id);
  return {status.code(), "Document " + std::to_string(index) + ", \"" + std::string(id) + "\": " + status.message(),
          std::move(details)};
}

Status PutEach(const Collection& collection, Transaction* transaction, std::string_view packed,
               std::span<const float> vectors) {
  const size_t dimension = collection.config().dimension;
  ByteReader records(packed);
  std::string id;
  std::string metadata;
  std::vector<float> vector;
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
    const Status put = collection.Put(transaction, id, vector, metadata);
    if (!put.ok()) return OfDocument(put, index, id);
  }
  if (index * dimension == vectors.size()) return {};
  return Status(Code::kInvalidArgument, "A batch has " + std::to_string(index) + " documents and " +
                                            std::to_string(vectors.size()) + " values; each vector has " +
                                            std::to_string(dimension) + ".");
}

// All of them or none: a batch that fails leaves the transaction as it was.
Status PutMany(const Collection& collection, Transaction* transaction, std::string_view packed,
               std::span<const float> vectors) {
  const SavepointId savepoint = transaction->SetSavepoint();
  Status put = PutEach(collection, transaction, packed, vectors);
  if (transaction->finished()) return put;
  if (!put.ok()) SOCHDB_TRY(transaction->RollbackTo(savepoint));
  SOCHDB_TRY(transaction->Release(savepoint));
  return put;
}

// vectorPutMany(target, collection, packed documents, vectors end to end): all or none. Records: u32 length of the id | u32
// length of the metadata | id | metadata as JSON, padded to 4 bytes.
napi_value VectorPutMany(Call& call) {
  CollectionUse use;
  std::string_view packed;
  std::span<const float> vectors;
  Status status = use.ReadWritable(call);
  if (status.ok()) status = ReadBytes(call.env(), call[2], "documents", &packed);
  if (status.ok()) status = ViewFloats(call.env(), call[3], "vectors", &vectors);
  if (status.ok()) {
    status =
        RunWrite(use, [&](Transaction* transaction) { return PutMany(*use.handle->collection, transaction, packed, vectors); });
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

}  // namespace

bool InitVectorWrites(Environment* environment, napi_value exports) {
  return Define<VectorPut, 5>(environment, exports, "vectorPut") &&
         Define<VectorPutMany, 4>(environment, exports, "vectorPutMany") &&
         Define<VectorDelete, 3>(environment, exports, "vectorDelete");
}

}  // namespace sochdb::binding
