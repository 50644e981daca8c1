#include "index/document/filter_set.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "index/document/metadata_entries.h"

namespace sochdb {
namespace {

using Set = std::shared_ptr<const DocumentSet>;

constexpr uint32_t kDocumentsBetweenChecks = 256;
// Finding a document by its id costs about as much as walking over so many.
constexpr uint64_t kWalkedForOneFound = 4;

const Set& NoDocuments() {
  static const Set none = std::make_shared<DocumentSet>();
  return none;
}

Set Both(const Set& a, const Set& b) {
  if (a == nullptr || a == b) return b;
  if (b == nullptr) return a;
  auto both = std::make_shared<DocumentSet>(a->memory_bytes() <= b->memory_bytes() ? *a : *b);
  both->Intersect(a->memory_bytes() <= b->memory_bytes() ? *b : *a);
  return both;
}

Set Either(const Set& a, const Set& b) {
  if (a == nullptr || b == nullptr) return nullptr;
  if (a == b || b->empty()) return a;
  if (a->empty()) return b;
  auto either = std::make_shared<DocumentSet>(*a);
  either->Unite(*b);
  return either;
}

void AppendOperand(const JsonScalar& value, std::string* key) {
  key->push_back(static_cast<char>(value.kind));
  switch (value.kind) {
    case JsonScalar::Kind::kNull:
      return;
    case JsonScalar::Kind::kBoolean:
      return key->push_back(value.boolean ? 1 : 0);
    case JsonScalar::Kind::kNumber:
      return PutFixed64(key, std::bit_cast<uint64_t>(value.number + 0.0));  // -0 is 0
    case JsonScalar::Kind::kString:
      PutFixed32(key, static_cast<uint32_t>(value.string.size()));
      key->append(value.string);
  }
}

// Under which the documents that pass a test are kept.
FilterCache::Key KeyOfTest(uint32_t field, const MetadataTest& test) {
  FilterCache::Key key{.bytes = {'t', static_cast<char>(test.kind)}, .field = field};
  PutFixed32(&key.bytes, field);
  for (const JsonScalar& value : test.values) AppendOperand(value, &key.bytes);
  if (test.kind != MetadataTestKind::kIn || test.values.size() != 1) return key;
  EntryRanges equal = RangesOfTest(field, test);
  if (!equal.longs.has_value()) key.entry = std::move(equal.ranges.front().lo);
  return key;
}

}  // namespace

// --- the cache

Status FilterSet::DocumentPasses(uint32_t document, const Passes& passes, bool* does) {
  *does = false;
  ReadValue value;
  DocumentRow row;
  bool found = false;
  const std::string key = config_.id.DocumentKey(index_.IdOf(document));
  SOCHDB_TRY(view_.reader()->Get(TreeId::kVectors, key, &value, &found));
  if (!found) return {};
  SOCHDB_TRY(DecodeDocumentRow(value.data, config_.dimension, &row));
  *does = passes(row.metadata);
  return {};
}

Status FilterSet::FindKept(const FilterCache::Key& key, const Passes& passes, Set* set) {
  FilterCache::Found found = index_.filters()->Find(key, view_.reader()->read_ts(), view_.reader()->now_ms());
  *set = std::move(found.set);
  return *set == nullptr || found.changed.empty() ? Status() : Refresh(key, passes, found.changed, set);
}

Status FilterSet::Refresh(const FilterCache::Key& key, const Passes& passes, const std::vector<uint32_t>& changed, Set* set) {
  auto fresh = std::make_shared<DocumentSet>(**set);
  for (const uint32_t document : changed) {
    bool does = false;
    if (passes != nullptr) SOCHDB_TRY(DocumentPasses(document, passes, &does));
    else does = VectorIndex::Looking(index_, view_.reader()->read_ts(), view_.reader()->now_ms()).Sees(document);
    if (does) fresh->Add(document);
    else fresh->Remove(document);
  }
  *set = std::move(fresh);
  Keep(key, *set);
  return {};
}

void FilterSet::Keep(const FilterCache::Key& key, const Set& set) {
  if (cacheable_) index_.filters()->Keep(key, view_.reader()->read_ts(), view_.reader()->now_ms(), set);
}

// --- tests

Status FilterSet::ReadTest(const MetadataTest& test, bool* is_declared, Set* set) {
  const auto field = std::find_if(config_.indexed.begin(), config_.indexed.end(),
                                  [&test](const IndexedField& each) { return each.path == test.path; });
  *is_declared = field != config_.indexed.end();
  if (!*is_declared) return {};
  const FilterCache::Key key = KeyOfTest(field->number, test);
  const auto passes = [&test](std::string_view metadata) { return MetadataFilter::Passes(test, metadata); };
  SOCHDB_TRY(FindKept(key, passes, set));
  if (*set != nullptr) return {};
  auto scanned = std::make_shared<DocumentSet>();
  SOCHDB_TRY(ScanTest(field->number, test, scanned.get()));
  *set = std::move(scanned);
  Keep(key, *set);
  return {};
}

Status FilterSet::ScanTest(uint32_t field, const MetadataTest& test, DocumentSet* set) {
  const EntryRanges ranges = RangesOfTest(field, test);
  for (const EntryRange& range : ranges.ranges) {
    SOCHDB_TRY(VisitEntries(view_.reader(), config_.id, range, ranges.check_values, cancel_, [&](const EntryVisit& entry) {
      if (ranges.check_values && !test.Passes(entry.value)) return Status();
      if (const std::optional<uint32_t> document = index_.FindDocument(entry.document_id)) set->Add(*document);
      return Status();
    }));
  }
  if (!ranges.longs.has_value()) return {};
  const auto passes = [&test](std::string_view metadata) { return MetadataFilter::Passes(test, metadata); };
  return VisitEntries(view_.reader(), config_.id, *ranges.longs, false, cancel_, [&](const EntryVisit& entry) -> Status {
    const std::optional<uint32_t> document = index_.FindDocument(entry.document_id);
    bool does = false;
    if (document.has_value() && !set->Contains(*document)) SOCHDB_TRY(DocumentPasses(*document, passes, &does));
    if (does) set->Add(*document);
    return {};
  });
}

Status FilterSet::ReadEverything() {
  if (everything_ != nullptr) return {};
  const FilterCache::Key key{.bytes = "e"};
  SOCHDB_TRY(FindKept(key, nullptr, &everything_));
  if (everything_ != nullptr) return {};
  auto seen = std::make_shared<DocumentSet>();
  const uint32_t documents = index_.document_count();
  const VectorIndex::Looking looking(index_, view_.reader()->read_ts(), view_.reader()->now_ms());
  for (uint32_t document = 0; document < documents; ++document) {
    if (looking.Sees(document)) seen->Add(document);
  }
  everything_ = std::move(seen);
  Keep(key, everything_);
  return {};
}

// --- the tree

Status FilterSet::Complement(const Set& set, Set* complement) {
  *complement = set == nullptr ? NoDocuments() : nullptr;
  if (set == nullptr || set->empty()) return {};
  SOCHDB_TRY(ReadEverything());
  auto others = std::make_shared<DocumentSet>(*everything_);
  others->Subtract(*set);
  *complement = std::move(others);
  return {};
}

Status FilterSet::EvaluateAll(const MetadataFilter::Node& node, Bounds* bounds) {
  const bool all = node.op == MetadataFilter::Operator::kAnd;
  if (!all) *bounds = {NoDocuments(), NoDocuments()};
  for (const MetadataFilter::Node& child : node.children) {
    Bounds of_child;
    SOCHDB_TRY(Evaluate(child, &of_child));
    const bool exact = bounds->lower == bounds->upper && of_child.lower == of_child.upper;
    bounds->upper = all ? Both(bounds->upper, of_child.upper) : Either(bounds->upper, of_child.upper);
    if (exact) bounds->lower = bounds->upper;
    else bounds->lower = all ? Both(bounds->lower, of_child.lower) : Either(bounds->lower, of_child.lower);
    if (all && bounds->upper != nullptr && bounds->upper->empty()) break;
    if (!all && bounds->lower == nullptr) break;
  }
  return {};
}

Status FilterSet::Evaluate(const MetadataFilter::Node& node, Bounds* bounds) {
  bool is_declared = false;
  switch (node.op) {
    case MetadataFilter::Operator::kAnd:
    case MetadataFilter::Operator::kOr:
      return EvaluateAll(node, bounds);
    case MetadataFilter::Operator::kNot: {
      Bounds inner;
      SOCHDB_TRY(Evaluate(node.children.front(), &inner));
      SOCHDB_TRY(Complement(inner.upper, &bounds->lower));
      if (inner.lower != inner.upper) return Complement(inner.lower, &bounds->upper);
      bounds->upper = bounds->lower;
      return {};
    }
    case MetadataFilter::Operator::kTest:
      SOCHDB_TRY(ReadTest(filter_->tests()[node.test], &is_declared, &bounds->upper));
      bounds->lower = is_declared ? bounds->upper : NoDocuments();
  }
  return {};
}

Status FilterSet::Read(const MetadataFilter& filter, bool cacheable) {
  filter_ = &filter;
  cacheable_ = cacheable;
  SOCHDB_TRY(Evaluate(filter.root(), &bounds_));
  if (bounds_.upper != nullptr && bounds_.upper->empty()) bounds_.lower = bounds_.upper;
  if (!has_rest() || filter.text().empty()) return {};
  Set kept;
  SOCHDB_TRY(FindKept(
      KeyOfFilter(), [&filter](std::string_view metadata) { return filter.Matches(metadata); }, &kept));
  if (kept != nullptr) bounds_ = {kept, kept};
  return {};
}

Status FilterSet::AdmitOwn(const OwnDocuments& own) {
  const bool exact = !has_rest();
  if (exact && bounds_.upper == nullptr) {
    SOCHDB_TRY(ReadEverything());
    bounds_ = {everything_, everything_};
  }
  for (Set* set : {&bounds_.lower, &bounds_.upper}) {
    if (*set == nullptr) continue;
    auto with_own = std::make_shared<DocumentSet>(**set);
    own.hidden().ForEach([&](uint32_t document) { with_own->Remove(document); });
    for (const OwnDocument& put : own.puts()) {
      const std::optional<uint32_t> document = index_.FindDocument(put.id);
      if (document.has_value() && filter_->Matches(put.row.metadata)) with_own->Add(*document);
    }
    *set = std::move(with_own);
  }
  if (exact) bounds_.lower = bounds_.upper;
  return {};
}

// --- the rest

FilterCache::Key FilterSet::KeyOfFilter() const { return {.bytes = "f" + filter_->text()}; }

Status FilterSet::ReadRest() {
  auto admitted = std::make_shared<DocumentSet>();
  const bool few = bounds_.upper != nullptr && bounds_.upper->count() * kWalkedForOneFound < index_.live();
  SOCHDB_TRY(few ? ReadRestOfSet(admitted.get()) : ReadRestOfAll(admitted.get()));
  bounds_ = {admitted, admitted};
  if (!filter_->text().empty()) Keep(KeyOfFilter(), bounds_.upper);
  return {};
}

Status FilterSet::ReadRestOfSet(DocumentSet* admitted) {
  Status status;
  uint32_t documents = 0;
  const auto passes = [this](std::string_view metadata) { return filter_->Matches(metadata); };
  bounds_.upper->ForEach([&](uint32_t document) {
    if (!status.ok()) return;
    if (documents++ % kDocumentsBetweenChecks == 0 && cancel_ != nullptr) status = cancel_->Check();
    bool does = Admits(document);
    if (status.ok() && !does) status = DocumentPasses(document, passes, &does);
    if (status.ok() && does) admitted->Add(document);
  });
  return status;
}

Status FilterSet::ReadRestOfAll(DocumentSet* admitted) {
  const std::string lo = config_.id.Prefix();
  SOCHDB_ASSIGN(cursor, view_.reader()->NewCursor(TreeId::kVectors, lo, config_.id.End(), ScanOptions{}));
  bool found = false;
  for (uint32_t documents = 0;; ++documents) {
    if (documents % kDocumentsBetweenChecks == 0 && cancel_ != nullptr) SOCHDB_TRY(cancel_->Check());
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    const std::optional<uint32_t> document = index_.FindDocument(DocumentIdOfKey(cursor->key()));
    if (!document.has_value() || (set() != nullptr && !set()->Contains(*document))) continue;
    DocumentRow row;
    SOCHDB_TRY(DecodeDocumentRow(cursor->value(), config_.dimension, &row));
    if (Admits(*document) || filter_->Matches(row.metadata)) admitted->Add(*document);
  }
}

}  // namespace sochdb
