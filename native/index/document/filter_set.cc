#include "index/document/filter_set.h"

#include <optional>
#include <utility>

namespace sochdb {
namespace {

constexpr uint32_t kDocumentsBetweenChecks = 256;

}  // namespace

std::optional<std::string> FilterSet::EntriesOf(const MetadataFilter::Test& test) const {
  for (const IndexedField& field : config_.indexed) {
    if (field.path == test.path) return EncodeMetadataTest(field.number, test.value);
  }
  return std::nullopt;
}

Result<std::shared_ptr<const DocumentSet>> FilterSet::SetOf(const std::string& test, bool cacheable) const {
  const Timestamp read_ts = view_.reader()->read_ts();
  const uint64_t now_ms = view_.reader()->now_ms();
  if (cacheable) {
    if (std::shared_ptr<const DocumentSet> cached = index_.filters()->Find(test, read_ts, now_ms)) return cached;
  }
  auto set = std::make_shared<DocumentSet>();
  SOCHDB_TRY(VisitMetadataEntries(view_.reader(), config_.id, test, cancel_, [&](std::string_view id) {
    if (const std::optional<uint32_t> document = index_.FindDocument(id)) set->Add(*document);
  }));
  if (cacheable) index_.filters()->Keep(test, read_ts, now_ms, set);
  return std::shared_ptr<const DocumentSet>(std::move(set));
}

Status FilterSet::Read(const MetadataFilter& filter, bool cacheable) {
  for (const MetadataFilter::Test& test : filter.tests()) {
    const std::optional<std::string> entries = EntriesOf(test);
    if (!entries.has_value()) {
      rest_.push_back(test);
      continue;
    }
    SOCHDB_ASSIGN(set, SetOf(*entries, cacheable));
    if (set_ == nullptr) {
      set_ = std::move(set);
    } else {
      auto both = std::make_shared<DocumentSet>(*set_);
      both->Intersect(*set);
      set_ = std::move(both);
    }
  }
  if (set_ != nullptr && set_->empty()) rest_.clear();
  return {};
}

Status FilterSet::ReadRest() {
  auto admitted = std::make_shared<DocumentSet>();
  SOCHDB_TRY(set_ != nullptr ? ReadRestOfSet(admitted.get()) : ReadRestOfAll(admitted.get()));
  set_ = std::move(admitted);
  rest_.clear();
  return {};
}

Status FilterSet::ReadRestOfSet(DocumentSet* admitted) const {
  Status status;
  uint32_t documents = 0;
  set_->ForEach([&](uint32_t document) {
    if (!status.ok()) return;
    if (documents++ % kDocumentsBetweenChecks == 0 && cancel_ != nullptr) status = cancel_->Check();
    ReadValue value;
    DocumentRow row;
    bool found = false;
    const std::string key = config_.id.DocumentKey(index_.IdOf(document));
    if (status.ok()) status = view_.reader()->Get(TreeId::kVectors, key, &value, &found);
    if (status.ok() && found) status = DecodeDocumentRow(value.data, config_.dimension, &row);
    if (status.ok() && found && MetadataFilter::Matches(rest_, row.metadata)) admitted->Add(document);
  });
  return status;
}

Status FilterSet::ReadRestOfAll(DocumentSet* admitted) const {
  const std::string lo = config_.id.Prefix();
  SOCHDB_ASSIGN(cursor, view_.reader()->NewCursor(TreeId::kVectors, lo, config_.id.End(), ScanOptions{}));
  bool found = false;
  for (uint32_t documents = 0;; ++documents) {
    if (documents % kDocumentsBetweenChecks == 0 && cancel_ != nullptr) SOCHDB_TRY(cancel_->Check());
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    DocumentRow row;
    SOCHDB_TRY(DecodeDocumentRow(cursor->value(), config_.dimension, &row));
    if (!MetadataFilter::Matches(rest_, row.metadata)) continue;
    const std::optional<uint32_t> document = index_.FindDocument(DocumentIdOfKey(cursor->key()));
    if (document.has_value()) admitted->Add(*document);
  }
}

}  // namespace sochdb
