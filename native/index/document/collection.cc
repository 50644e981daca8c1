#include "index/document/collection.h"

#include <bit>
#include <utility>

#include "codec/utf8.h"

namespace sochdb {
namespace {

void CopyVectors(std::string_view stored, std::vector<float>* vectors) {
  vectors->resize(stored.size() / sizeof(float));
  for (size_t i = 0; i < vectors->size(); ++i) {
    (*vectors)[i] = std::bit_cast<float>(DecodeFixed32(stored.data() + i * sizeof(float)));
  }
}

}  // namespace

void FillDocument(std::string_view id, const DocumentRow& row, bool with_metadata, bool with_vector, Document* document) {
  document->id = id;
  document->ordinal = row.ordinal;
  document->expires_ms = row.expires_ms;
  document->chunked = row.chunked;
  document->aggregate = row.aggregate;
  document->texts.clear();
  if (with_metadata) {
    document->metadata = row.metadata;
    for (const std::string_view text : row.ChunkTexts()) document->texts.emplace_back(text);
  }
  if (with_vector) CopyVectors(row.vectors, &document->vector);
}

void FillHit(const DocumentRow& row, bool with_metadata, bool with_vector, SearchResult* hit) {
  hit->document.ordinal = row.ordinal;
  hit->document.expires_ms = row.expires_ms;
  hit->document.chunked = row.chunked;
  if (with_metadata) {
    hit->document.metadata = row.metadata;
    const std::vector<std::string_view> texts = row.ChunkTexts();
    if (hit->chunk.has_value() && !texts.empty()) hit->document.texts = {std::string(texts[*hit->chunk])};
  }
  if (with_vector) CopyVectors(row.vector(hit->chunk.value_or(0)), &hit->document.vector);
}

Collection::Collection(CollectionConfig config, std::shared_ptr<VectorIndex> index)
    : config_(std::move(config)), index_(std::move(index)), analyzer_(config_.text.analyzer) {
  for (size_t i = 0; i < config_.indexed.size(); ++i) {
    indexed_paths_.Add(config_.indexed[i].segments, static_cast<uint32_t>(i));
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
  SOCHDB_TRY(CheckTextConfig(&config.text));
  const VectorIndexConfig index_config{
      .id = config.id,
      .dimension = config.dimension,
      .metric = config.metric,
      .hnsw = {.m = config.m, .ef_construction = config.ef_construction},
      .quantization = config.quantization,
      .pq_subvectors = config.pq_subvectors,
      .pq_centroids = config.pq_centroids,
  };
  SOCHDB_ASSIGN(index, registry->Open(index_config, cancel));
  std::unique_ptr<Collection> collection(new Collection(std::move(config), std::move(index)));
  if (collection->config().learned_navigator) SOCHDB_TRY(collection->LoadNavigator(registry->engine()));
  return collection;
}

Status Collection::CheckPut(std::string_view id, const DocumentContent& content) const {
  SOCHDB_TRY(CheckDocumentId(id));
  const size_t dimension = config_.dimension;
  const size_t count = content.vectors.size() / dimension;
  if (count <= 1 || content.vectors.size() % dimension != 0) {
    SOCHDB_TRY(CheckVector(config_.metric, dimension, content.vectors.data(), content.vectors.size()));
  } else {
    for (size_t i = 0; i < count; ++i) {
      const Status status = CheckVector(config_.metric, dimension, content.vectors.data() + i * dimension, dimension);
      if (status.ok()) continue;
      const std::string chunk = std::to_string(i);
      return Status(status.code(), "Vector " + chunk + " of the document: " + status.message(),
                    Status::Details(status.details()))
          .With("vector", chunk);
    }
  }
  if (!content.texts.empty() && content.texts.size() != count) {
    return Status(Code::kInvalidArgument, "A document has a text for each of its vectors, or none.")
        .With("expected", std::to_string(count))
        .With("actual", std::to_string(content.texts.size()));
  }
  for (const std::string& text : content.texts) {
    if (!IsValidUtf8(text)) return {Code::kInvalidArgument, "The texts of chunks must be UTF-8."};
  }
  if (!IsValidUtf8(content.metadata)) return {Code::kInvalidArgument, "Metadata must be UTF-8."};
  SOCHDB_TRY(CheckJson(content.metadata, true));
  const uint64_t row_bytes = DocumentRowBytes(content, dimension);
  if (row_bytes < kBlobThresholdBytes) return {};
  return Status(Code::kInvalidArgument, "A document's vectors, texts and metadata together stay below 1 MiB.")
      .With("expected", "less than " + std::to_string(kBlobThresholdBytes) + " bytes")
      .With("actual", std::to_string(row_bytes) + " bytes");
}

Status Collection::Put(Transaction* transaction, std::string_view id, DocumentContent content, PostingBatch* postings) const {
  if (content.metadata.empty()) content.metadata = "{}";
  SOCHDB_TRY(CheckPut(id, content));
  const std::string row = EncodeDocumentRow(content, config_.dimension);
  WriteStatement statement(transaction);
  return statement.Finish(WriteDocument(transaction, id, row, content.expires_ms, postings));
}

Status Collection::Put(Transaction* transaction, std::string_view id, std::span<const float> vector, std::string_view metadata,
                       ExpiryMs expires_ms) const {
  if (vector.size() != config_.dimension) {
    SOCHDB_TRY(CheckDocumentId(id));
    return CheckVector(config_.metric, config_.dimension, vector.data(), vector.size());
  }
  return Put(transaction, id, DocumentContent{.vectors = vector, .metadata = metadata, .expires_ms = expires_ms});
}

Status Collection::ReadOldRow(Transaction* transaction, const std::string& key, ReadValue* value, DocumentRow* row,
                              bool* found) const {
  // Validated in every isolation level: entries that were deleted for a version that is no longer the newest would stay.
  SOCHDB_TRY(transaction->GetForConstraint(TreeId::kVectors, key, value, found));
  if (!*found) return {};
  return DecodeDocumentRow(value->data, config_.dimension, row);
}

Status Collection::WriteDocument(Transaction* transaction, std::string_view id, std::string_view row, ExpiryMs expires_ms,
                                 PostingBatch* postings) const {
  const std::string key = config_.id.DocumentKey(id);
  if (!config_.indexed.empty() || !config_.text.fields.empty()) {
    ReadValue old_value;
    DocumentRow old_row;
    DocumentRow new_row;
    bool replaces = false;
    SOCHDB_TRY(ReadOldRow(transaction, key, &old_value, &old_row, &replaces));
    SOCHDB_TRY(DecodeDocumentRow(row, config_.dimension, &new_row));
    std::vector<std::string> old_entries;
    if (replaces) old_entries = CollectMetadataEntries(config_.indexed, indexed_paths_, old_row.metadata);
    const std::vector<std::string> new_entries = CollectMetadataEntries(config_.indexed, indexed_paths_, new_row.metadata);
    const bool kept = replaces && old_row.expires_ms == expires_ms;
    SOCHDB_TRY(WriteMetadataEntries(transaction, config_.id, id, old_entries, new_entries, kept, expires_ms));
    SOCHDB_TRY(WriteText(transaction, id, replaces ? &old_row : nullptr, &new_row, kept, expires_ms, postings));
  }
  return transaction->PutAssigned(TreeId::kVectors, key, row, kDocumentOrdinalOffset, config_.id.OrdinalSequenceKey());
}

Status Collection::DeleteDocument(Transaction* transaction, std::string_view id, bool* existed) const {
  const std::string key = config_.id.DocumentKey(id);
  ReadValue value;
  DocumentRow row;
  bool found = false;
  SOCHDB_TRY(ReadOldRow(transaction, key, &value, &row, &found));
  if (!found) return {};
  *existed = row.LiveAt(transaction->now_ms());
  const std::vector<std::string> entries = CollectMetadataEntries(config_.indexed, indexed_paths_, row.metadata);
  SOCHDB_TRY(WriteMetadataEntries(transaction, config_.id, id, entries, {}, true, kNeverExpires));
  SOCHDB_TRY(WriteText(transaction, id, &row, nullptr, true, kNeverExpires, nullptr));
  return transaction->Delete(TreeId::kVectors, key);
}

Status Collection::Delete(Transaction* transaction, std::string_view id, bool* existed) const {
  *existed = false;
  SOCHDB_TRY(CheckDocumentId(id));
  WriteStatement statement(transaction);
  return statement.Finish(DeleteDocument(transaction, id, existed));
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

}  // namespace sochdb
