// Counting, listing and deleting what a filter admits. Searching is in collection_search.cc.

#include <algorithm>
#include <utility>

#include "index/document/collection.h"
#include "index/document/filter_set.h"
#include "index/document/own_documents.h"
#include "index/document/row_scan.h"

namespace sochdb {
namespace {

// Reading a document by its id costs about as much as walking over so many.
constexpr uint64_t kWalkedForOneRead = 8;

}  // namespace

void Collection::RegisterRead(ReadView view) const {
  if (view.transaction() == nullptr) return;
  view.transaction()->RegisterRangeRead(TreeId::kVectors, config_.id.Prefix(), config_.id.End());
}

// --- counting

Result<uint64_t> Collection::CountBySet(ReadView view, const MetadataFilter& filter, const CancelToken* cancel) const {
  Reader* reader = view.reader();
  OwnDocuments own;
  SOCHDB_TRY(own.Read(config_, *index_, view));
  FilterSet set(config_, *index_, view, cancel);
  SOCHDB_TRY(set.Read(filter, own.empty()));
  if (set.has_rest()) SOCHDB_TRY(set.ReadRest());
  uint64_t count = 0;
  if (set.set() == nullptr) {
    count = index_->CountVisible(reader->read_ts(), reader->now_ms()) - own.CountHiddenVisible(*index_, view);
  } else if (own.empty() && !index_->any_expiry()) {
    count = set.set()->count();
  } else {
    const VectorIndex::Looking looking(*index_, reader->read_ts(), reader->now_ms());
    set.set()->ForEach([&](uint32_t document) {
      if (!own.hidden().Contains(document) && looking.Sees(document)) ++count;
    });
  }
  for (const OwnDocument& put : own.puts()) {
    if (filter.Matches(put.row.metadata)) ++count;
  }
  return count;
}

Result<uint64_t> Collection::Count(ReadView view, const MetadataFilter* filter, const CancelToken* cancel) const {
  BeginRead(view);
  Reader* reader = view.reader();
  if (!index_->Covers(reader->read_ts())) return CountRows(config_, reader, filter, cancel);
  if (filter != nullptr) return CountBySet(view, *filter, cancel);
  uint64_t count = index_->CountVisible(reader->read_ts(), reader->now_ms());
  OwnDocuments own;
  SOCHDB_TRY(own.Read(config_, *index_, view));
  // What the transaction wrote over or deleted is counted no more, what it put is.
  count -= own.CountHiddenVisible(*index_, view);
  return count + own.puts().size();
}

// --- listing

Status Collection::VisitBySet(ReadView view, std::string_view after, const MetadataFilter& filter, const CancelToken* cancel,
                              const DocumentVisitor& visit, bool* done) const {
  *done = false;
  Reader* reader = view.reader();
  const bool has_own = view.transaction() != nullptr &&
                       view.transaction()->HasOwnWrites(TreeId::kVectors, config_.id.Prefix(), config_.id.End());
  if (has_own || !index_->Covers(reader->read_ts())) return {};
  FilterSet set(config_, *index_, view, cancel);
  SOCHDB_TRY(set.Read(filter, true));
  if (set.set() == nullptr || set.set()->count() * kWalkedForOneRead >= index_->live()) return {};
  *done = true;
  RegisterRead(view);
  std::vector<std::pair<std::string_view, uint32_t>> ids;
  set.set()->ForEach([&](uint32_t document) {
    if (index_->IdOf(document) > after) ids.emplace_back(index_->IdOf(document), document);
  });
  std::sort(ids.begin(), ids.end());
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i % kRowsBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
    const auto& [id, document] = ids[i];
    ReadValue value;
    DocumentRow row;
    bool found = false;
    SOCHDB_TRY(reader->Get(TreeId::kVectors, config_.id.DocumentKey(id), &value, &found));
    if (!found) continue;
    SOCHDB_TRY(DecodeDocumentRow(value.data, config_.dimension, &row));
    if (!row.LiveAt(reader->now_ms()) || !(set.Admits(document) || filter.Matches(row.metadata))) continue;
    if (!visit(id, row)) return {};
  }
  return {};
}

Status Collection::VisitDocuments(ReadView view, std::string_view after, const MetadataFilter* filter,
                                  const CancelToken* cancel, const DocumentVisitor& visit) const {
  bool done = false;
  if (filter != nullptr) SOCHDB_TRY(VisitBySet(view, after, *filter, cancel, visit, &done));
  if (done) return {};
  std::string lo = config_.id.DocumentKey(after);
  if (!after.empty()) lo.push_back('\0');
  Reader* reader = view.reader();
  SOCHDB_ASSIGN(cursor, reader->NewCursor(TreeId::kVectors, lo, config_.id.End(), ScanOptions{}));
  for (uint32_t rows = 0;; ++rows) {
    if (rows % kRowsBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    DocumentRow row;
    SOCHDB_TRY(DecodeDocumentRow(cursor->value(), config_.dimension, &row));
    if (!row.LiveAt(reader->now_ms())) continue;
    if (filter != nullptr && !filter->Matches(row.metadata)) continue;
    if (!visit(DocumentIdOfKey(cursor->key()), row)) return {};
  }
}

Status Collection::List(ReadView view, const ListRequest& request, std::vector<Document>* documents) const {
  documents->clear();
  if (request.limit == 0) return {};
  view.BeginStatement();
  return VisitDocuments(view, request.after, request.filter, request.cancel, [&](std::string_view id, const DocumentRow& row) {
    FillDocument(id, row, request.with_metadata, request.with_vectors, &documents->emplace_back());
    return documents->size() < request.limit;
  });
}

// --- deleting

Result<uint64_t> Collection::DeleteWhere(Transaction* transaction, const MetadataFilter& filter,
                                         const CancelToken* cancel) const {
  WriteStatement statement(transaction);
  uint64_t deleted = 0;
  const auto run = [&]() -> Status {
    // All are found before the first is deleted: sets and cursors do not see what is written meanwhile.
    std::vector<std::string> ids;
    SOCHDB_TRY(VisitDocuments(transaction, {}, &filter, cancel, [&](std::string_view id, const DocumentRow&) {
      ids.emplace_back(id);
      return true;
    }));
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i % kRowsBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
      bool existed = false;
      SOCHDB_TRY(DeleteDocument(transaction, ids[i], &existed));
      if (existed) ++deleted;
    }
    return {};
  };
  SOCHDB_TRY(statement.Finish(run()));
  return deleted;
}

}  // namespace sochdb
