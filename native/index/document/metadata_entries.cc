#include "index/document/metadata_entries.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "codec/key_codec.h"

namespace sochdb {
namespace {

using Kind = JsonScalar::Kind;

constexpr uint32_t kEntriesBetweenChecks = 1024;
constexpr std::string_view kLongMark = "long";
constexpr std::string_view kOtherMark = "other";
// How the text of a key ends (codec/key_codec.h).
constexpr size_t kTextEndBytes = 2;

Value KeyValueOf(const ScalarView& scalar) {
  switch (scalar.kind) {
    case Kind::kBoolean:
      return Value::Boolean(scalar.boolean);
    case Kind::kNumber:
      return Value::Real(scalar.number);
    case Kind::kString:
      return Value::Text(scalar.text);
    case Kind::kNull:
      break;
  }
  return Value::Null();
}

ColumnType KeyTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kBoolean:
      return ColumnType::kBoolean;
    case Kind::kNumber:
      return ColumnType::kReal;
    default:
      return ColumnType::kText;
  }
}

std::string EncodeEntry(uint32_t field, ColumnType type, const Value& value) {
  KeyBuffer buffer;
  EncodeBigEndian32(buffer.Extend(sizeof(field)), field);
  const Status encoded = AppendKeyValue(&buffer, type, value, false);
  SOCHDB_DCHECK(encoded.ok());  // neither NaN nor a decimal
  return std::string(buffer.view());
}

std::string EncodeEntry(uint32_t field, const ScalarView& scalar) {
  return EncodeEntry(field, KeyTypeOf(scalar.kind), KeyValueOf(scalar));
}

std::string EncodeMark(uint32_t field, std::string_view mark) {
  return EncodeEntry(field, ColumnType::kBlob, Value::Bytes(ValueTag::kBlob, mark));
}

// The least bytes above everything that begins with these; empty when there are none.
std::string Successor(std::string_view prefix) {
  KeyBuffer buffer;
  buffer.append(prefix);
  MakePrefixSuccessor(&buffer);
  return std::string(buffer.view());
}

EntryRange RangeOfPrefix(std::string prefix) {
  std::string hi = Successor(prefix);
  return {std::move(prefix), std::move(hi)};
}

// All values of a kind: their keys begin with its class byte.
EntryRange RangeOfKind(uint32_t field, Kind kind) {
  const ScalarView any{.kind = kind};
  return RangeOfPrefix(EncodeEntry(field, any).substr(0, sizeof(field) + 1));
}

bool IsLong(std::string_view text) { return text.size() > kMaxIndexedStringBytes; }

// The ranges of less and greater. No entry is longer than kMaxIndexedStringBytes, so it compares with a longer operand as with
// as many bytes of it, to which it is never equal.
EntryRange RangeOfComparison(uint32_t field, const MetadataTest& test) {
  ScalarView operand = ScalarView::Of(test.values.front());
  const bool cut = IsLong(operand.text);
  operand.text = operand.text.substr(0, kMaxIndexedStringBytes);
  EntryRange range = RangeOfKind(field, operand.kind);
  std::string bound = EncodeEntry(field, operand);
  const bool above_equal = test.kind == MetadataTestKind::kGreater || test.kind == MetadataTestKind::kLessEqual || cut;
  if (above_equal) bound = Successor(bound);
  const bool is_less = test.kind == MetadataTestKind::kLess || test.kind == MetadataTestKind::kLessEqual;
  (is_less ? range.hi : range.lo) = std::move(bound);
  return range;
}

}  // namespace

std::vector<std::string> CollectMetadataEntries(std::span<const IndexedField> fields, const MetadataPaths& paths,
                                                std::string_view metadata) {
  std::vector<std::string> entries;
  std::vector<bool> has_scalar(fields.size());
  std::vector<bool> has_other(fields.size());
  std::string scratch;
  paths.Visit(metadata, [&](uint32_t place, const JsonReader& reader, JsonToken token) {
    if (token == JsonToken::kBeginObject || token == JsonToken::kBeginArray) {
      has_other[place] = true;
      return true;
    }
    has_scalar[place] = true;
    const uint32_t field = fields[place].number;
    const ScalarView scalar = ScalarView::Read(reader, token, &scratch);
    entries.push_back(IsLong(scalar.text) ? EncodeMark(field, kLongMark) : EncodeEntry(field, scalar));
    return true;
  });
  for (size_t place = 0; place < fields.size(); ++place) {
    if (has_other[place] && !has_scalar[place]) entries.push_back(EncodeMark(fields[place].number, kOtherMark));
  }
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  return entries;
}

Status WriteMetadataEntries(Transaction* transaction, CollectionId collection, std::string_view document_id,
                            std::span<const std::string> old_entries, std::span<const std::string> new_entries, bool kept,
                            ExpiryMs expires_ms) {
  const std::string prefix = collection.Prefix();
  std::string key;
  const auto key_of = [&](const std::string& entry) -> const std::string& {
    key = prefix;
    key.append(entry).append(document_id);
    return key;
  };
  for (const std::string& entry : old_entries) {
    if (std::binary_search(new_entries.begin(), new_entries.end(), entry)) continue;
    SOCHDB_TRY(transaction->Delete(TreeId::kMetadata, key_of(entry)));
  }
  for (const std::string& entry : new_entries) {
    if (kept && std::binary_search(old_entries.begin(), old_entries.end(), entry)) continue;
    SOCHDB_TRY(transaction->Put(TreeId::kMetadata, key_of(entry), {}, expires_ms));
  }
  return {};
}

EntryRanges RangesOfTest(uint32_t field, const MetadataTest& test) {
  EntryRanges found;
  bool of_strings = true;
  switch (test.kind) {
    case MetadataTestKind::kExists: {
      std::string prefix;
      PutBigEndian32(&prefix, field);
      found.ranges.push_back(RangeOfPrefix(std::move(prefix)));
      return found;
    }
    case MetadataTestKind::kIn:
      of_strings = false;
      for (const JsonScalar& value : test.values) {
        if (IsLong(value.string)) of_strings = true;
        else found.ranges.push_back(RangeOfPrefix(EncodeEntry(field, ScalarView::Of(value))));
      }
      std::sort(found.ranges.begin(), found.ranges.end(), [](const auto& a, const auto& b) { return a.lo < b.lo; });
      break;
    case MetadataTestKind::kContains:
    case MetadataTestKind::kEndsWith:
      found.ranges.push_back(RangeOfKind(field, Kind::kString));
      found.check_values = true;
      break;
    case MetadataTestKind::kStartsWith: {
      std::string prefix = EncodeEntry(field, ScalarView::Of(test.values.front()));
      prefix.resize(prefix.size() - kTextEndBytes);
      found.ranges.push_back(RangeOfPrefix(std::move(prefix)));
      break;
    }
    default:
      found.ranges.push_back(RangeOfComparison(field, test));
      of_strings = test.values.front().kind == Kind::kString;
  }
  if (of_strings) found.longs = RangeOfPrefix(EncodeMark(field, kLongMark));
  return found;
}

Status VisitEntries(Reader* reader, CollectionId collection, const EntryRange& range, bool with_values,
                    const CancelToken* cancel, const std::function<Status(const EntryVisit& entry)>& visit) {
  const std::string prefix = collection.Prefix();
  const std::string end = range.hi.empty() ? collection.End() : prefix + range.hi;
  SOCHDB_ASSIGN(cursor, reader->NewCursor(TreeId::kMetadata, prefix + range.lo, end, ScanOptions{.keys_only = true}));
  bool found = false;
  std::string scratch;
  for (uint32_t entries = 0;; ++entries) {
    if (entries % kEntriesBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    std::string_view rest = cursor->key().substr(prefix.size() + sizeof(uint32_t));
    EntryVisit entry;
    Value value;
    scratch.clear();
    const bool whole = with_values ? DecodeKeyValue(&rest, false, &scratch, &value) : SkipKeyValue(&rest, false);
    if (!whole) return {Code::kCorruption, "A metadata entry's key does not hold a value."};
    if (with_values && value.tag == ValueTag::kText) entry.value = ScalarView::Text(value.bytes);
    entry.document_id = rest;
    SOCHDB_TRY(visit(entry));
  }
}

}  // namespace sochdb
