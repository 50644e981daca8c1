#include "index/document/collection.h"

#include <bit>
#include <utility>

#include "codec/utf8.h"

namespace sochdb {
namespace {

// An operation that writes is a statement: it takes effect as a whole or, when it fails half way, not at all.
class WriteStatement {
 public:
  explicit WriteStatement(Transaction* transaction) : transaction_(transaction), start_(transaction->BeginStatement()) {}
  WriteStatement(const WriteStatement&) = delete;
  WriteStatement& operator=(const WriteStatement&) = delete;
  Status Finish(Status status) {
    if (status.ok() || transaction_->finished()) return status;
    if (Status undone = transaction_->RollbackTo(start_); !undone.ok()) return undone;
    return status;
  }

 private:
  Transaction* transaction_;
  const SavepointId start_;
};

}  // namespace

void FillDocument(std::string_view id, const DocumentRow& row, bool with_metadata, bool with_vector, Document* document) {
  document->id = id;
  document->ordinal = row.ordinal;
  document->expires_ms = row.expires_ms;
  if (with_metadata) document->metadata = row.metadata;
  if (!with_vector) return;
  document->vector.resize(row.dimension());
  for (size_t i = 0; i < row.dimension(); ++i) {
    document->vector[i] = std::bit_cast<float>(DecodeFixed32(row.vector.data() + i * sizeof(float)));
  }
}

Result<std::unique_ptr<Collection>> Collection::Open(VectorIndexRegistry* registry, CollectionConfig config,
                                                     const CancelToken* cancel) {
  if (config.ef_search < 1 || config.ef_search > kMaxEf) {
    return Status(Code::kInvalidArgument, "efSearch is 1 to 100000.")
        .With("option", "efSearch")
        .With("expected", "1 to 100000")
        .With("actual", std::to_string(config.ef_search));
  }
  for (IndexedField& field : config.indexed) {
    SOCHDB_ASSIGN(segments, SplitMetadataPath(field.path));
    field.segments = std::move(segments);
  }
  const VectorIndexConfig index_config{
      .id = config.id,
      .dimension = config.dimension,
      .metric = config.metric,
      .hnsw = {.m = config.m, .ef_construction = config.ef_construction},
  };
  SOCHDB_ASSIGN(index, registry->Open(index_config, cancel));
  return std::unique_ptr<Collection>(new Collection(std::move(config), std::move(index)));
}

Status Collection::CheckPut(std::string_view id, std::span<const float> vector, std::string_view metadata) const {
  SOCHDB_TRY(CheckDocumentId(id));
  SOCHDB_TRY(CheckVector(config_.metric, config_.dimension, vector.data(), vector.size()));
  if (!IsValidUtf8(metadata)) return {Code::kInvalidArgument, "Metadata must be UTF-8."};
  SOCHDB_TRY(CheckJson(metadata, true));
  const uint64_t row_bytes = kDocumentHeaderBytes + vector.size_bytes() + metadata.size();
  if (row_bytes < kBlobThresholdBytes) return {};
  return Status(Code::kInvalidArgument, "A document's vector and metadata together stay below 1 MiB.")
      .With("expected", "less than " + std::to_string(kBlobThresholdBytes) + " bytes")
      .With("actual", std::to_string(row_bytes) + " bytes");
}

Status Collection::Put(Transaction* transaction, std::string_view id, std::span<const float> vector, std::string_view metadata,
                       ExpiryMs expires_ms) const {
  if (metadata.empty()) metadata = "{}";
  SOCHDB_TRY(CheckPut(id, vector, metadata));
  const std::string row = EncodeDocumentRow(vector.data(), vector.size(), metadata, expires_ms);
  WriteStatement statement(transaction);
  return statement.Finish(WriteDocument(transaction, id, row, metadata, expires_ms));
}

Status Collection::ReadOldRow(Transaction* transaction, const std::string& key, ReadValue* value, DocumentRow* row,
                              bool* found) const {
  // Validated in every isolation level: entries that were deleted for a version that is no longer the newest would stay.
  SOCHDB_TRY(transaction->GetForConstraint(TreeId::kVectors, key, value, found));
  if (!*found) return {};
  return DecodeDocumentRow(value->data, config_.dimension, row);
}

Status Collection::WriteDocument(Transaction* transaction, std::string_view id, std::string_view row, std::string_view metadata,
                                 ExpiryMs expires_ms) const {
  const std::string key = config_.id.DocumentKey(id);
  if (!config_.indexed.empty()) {
    ReadValue old_value;
    DocumentRow old_row;
    bool replaces = false;
    SOCHDB_TRY(ReadOldRow(transaction, key, &old_value, &old_row, &replaces));
    std::vector<std::string> old_tests;
    if (replaces) old_tests = CollectMetadataTests(config_.indexed, old_row.metadata);
    const std::vector<std::string> new_tests = CollectMetadataTests(config_.indexed, metadata);
    const bool kept = replaces && old_row.expires_ms == expires_ms;
    SOCHDB_TRY(WriteMetadataEntries(transaction, config_.id, id, old_tests, new_tests, kept, expires_ms));
  }
  return transaction->PutAssigned(TreeId::kVectors, key, row, kDocumentOrdinalOffset, config_.id.OrdinalSequenceKey());
}

Status Collection::Delete(Transaction* transaction, std::string_view id, bool* existed) const {
  *existed = false;
  SOCHDB_TRY(CheckDocumentId(id));
  const std::string key = config_.id.DocumentKey(id);
  WriteStatement statement(transaction);
  ReadValue value;
  DocumentRow row;
  bool found = false;
  SOCHDB_TRY(ReadOldRow(transaction, key, &value, &row, &found));
  if (!found) return {};
  const bool live = row.LiveAt(transaction->now_ms());
  const std::vector<std::string> tests = CollectMetadataTests(config_.indexed, row.metadata);
  Status status = WriteMetadataEntries(transaction, config_.id, id, tests, {}, true, kNeverExpires);
  if (status.ok()) status = transaction->Delete(TreeId::kVectors, key);
  SOCHDB_TRY(statement.Finish(std::move(status)));
  *existed = live;
  return {};
}

Status Collection::Get(ReadView view, std::string_view id, Document* document, bool* found) const {
  *found = false;
  SOCHDB_TRY(CheckDocumentId(id));
  ReadValue value;
  SOCHDB_TRY(view.reader()->Get(TreeId::kVectors, config_.id.DocumentKey(id), &value, found));
  if (!*found) return {};
  DocumentRow row;
  SOCHDB_TRY(DecodeDocumentRow(value.data, config_.dimension, &row));
  *found = row.LiveAt(view.reader()->now_ms());
  if (*found) FillDocument(id, row, true, true, document);
  return {};
}

Status Collection::List(ReadView view, const ListRequest& request, std::vector<Document>* documents) const {
  documents->clear();
  if (request.limit == 0) return {};
  std::string lo = config_.id.DocumentKey(request.after);
  if (!request.after.empty()) lo.push_back('\0');
  view.BeginStatement();
  Reader* reader = view.reader();
  SOCHDB_ASSIGN(cursor, reader->NewCursor(TreeId::kVectors, lo, config_.id.End(), ScanOptions{}));
  for (uint32_t rows = 0;; ++rows) {
    if (rows % kRowsBetweenChecks == 0 && request.cancel != nullptr) SOCHDB_TRY(request.cancel->Check());
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    DocumentRow row;
    SOCHDB_TRY(DecodeDocumentRow(cursor->value(), config_.dimension, &row));
    if (!row.LiveAt(reader->now_ms())) continue;
    if (request.filter != nullptr && !request.filter->Matches(row.metadata)) continue;
    FillDocument(DocumentIdOfKey(cursor->key()), row, request.with_metadata, request.with_vectors, &documents->emplace_back());
    if (documents->size() == request.limit) return {};
  }
}

}  // namespace sochdb
