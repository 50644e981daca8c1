#include "index/document/own_documents.h"

namespace sochdb {

Status OwnDocuments::Read(const CollectionConfig& config, const VectorIndex& index, ReadView view) {
  if (view.transaction() == nullptr) return {};
  const uint64_t now_ms = view.reader()->now_ms();
  const auto visit = [&](std::string_view key, std::optional<std::string_view> value) -> Status {
    empty_ = false;
    const std::string_view id = DocumentIdOfKey(key);
    if (const std::optional<uint32_t> document = index.FindDocument(id)) hidden_.Add(*document);
    if (!value.has_value()) return {};
    OwnDocument own{id, {}};
    SOCHDB_TRY(DecodeDocumentRow(*value, config.dimension, &own.row));
    if (own.row.LiveAt(now_ms)) puts_.push_back(own);
    return {};
  };
  return view.transaction()->VisitOwnWrites(TreeId::kVectors, config.id.Prefix(), config.id.End(), visit);
}

uint64_t OwnDocuments::CountHiddenVisible(const VectorIndex& index, ReadView view) const {
  uint64_t count = 0;
  const VectorIndex::Looking looking(index, view.reader()->read_ts(), view.reader()->now_ms());
  hidden_.ForEach([&](uint32_t document) {
    if (looking.Sees(document)) ++count;
  });
  return count;
}

}  // namespace sochdb
