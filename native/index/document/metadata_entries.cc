#include "index/document/metadata_entries.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "codec/key_codec.h"

namespace sochdb {
namespace {

constexpr uint32_t kEntriesBetweenChecks = 1024;

Value KeyValueOf(const JsonScalar& scalar) {
  switch (scalar.kind) {
    case JsonScalar::Kind::kBoolean:
      return Value::Boolean(scalar.boolean);
    case JsonScalar::Kind::kNumber:
      return Value::Real(scalar.number);
    case JsonScalar::Kind::kString:
      return Value::Text(scalar.string);
    case JsonScalar::Kind::kNull:
      break;
  }
  return Value::Null();
}

ColumnType KeyTypeOf(JsonScalar::Kind kind) {
  switch (kind) {
    case JsonScalar::Kind::kBoolean:
      return ColumnType::kBoolean;
    case JsonScalar::Kind::kNumber:
      return ColumnType::kReal;
    default:
      return ColumnType::kText;
  }
}

}  // namespace

std::optional<std::string> EncodeMetadataTest(uint32_t field, const JsonScalar& value) {
  if (value.kind == JsonScalar::Kind::kString && value.string.size() > kMaxIndexedStringBytes) return std::nullopt;
  KeyBuffer buffer;
  EncodeBigEndian32(buffer.Extend(sizeof(field)), field);
  if (!AppendKeyValue(&buffer, KeyTypeOf(value.kind), KeyValueOf(value), false).ok()) return std::nullopt;
  return std::string(buffer.view());
}

std::vector<std::string> CollectMetadataTests(std::span<const IndexedField> fields, std::string_view metadata) {
  std::vector<std::string> tests;
  for (const IndexedField& field : fields) {
    VisitJsonPath(metadata, field.segments, [&](const JsonReader& reader, JsonToken token) {
      std::optional<std::string> test = EncodeMetadataTest(field.number, ReadJsonScalar(reader, token));
      if (test.has_value()) tests.push_back(std::move(*test));
      return true;
    });
  }
  std::sort(tests.begin(), tests.end());
  tests.erase(std::unique(tests.begin(), tests.end()), tests.end());
  return tests;
}

Status WriteMetadataEntries(Transaction* transaction, CollectionId collection, std::string_view document_id,
                            std::span<const std::string> old_tests, std::span<const std::string> new_tests, bool kept,
                            ExpiryMs expires_ms) {
  const std::string prefix = collection.Prefix();
  std::string key;
  const auto key_of = [&](const std::string& test) -> const std::string& {
    key = prefix;
    key.append(test).append(document_id);
    return key;
  };
  for (const std::string& test : old_tests) {
    if (std::binary_search(new_tests.begin(), new_tests.end(), test)) continue;
    SOCHDB_TRY(transaction->Delete(TreeId::kMetadata, key_of(test)));
  }
  for (const std::string& test : new_tests) {
    if (kept && std::binary_search(old_tests.begin(), old_tests.end(), test)) continue;
    SOCHDB_TRY(transaction->Put(TreeId::kMetadata, key_of(test), {}, expires_ms));
  }
  return {};
}

Status VisitMetadataEntries(Reader* reader, CollectionId collection, std::string_view test, const CancelToken* cancel,
                            const std::function<void(std::string_view document_id)>& visit) {
  KeyBuffer range;
  range.append(collection.Prefix());
  range.append(test);
  const std::string lo(range.view());
  MakePrefixSuccessor(&range);
  SOCHDB_ASSIGN(cursor, reader->NewCursor(TreeId::kMetadata, lo, range.view(), ScanOptions{.keys_only = true}));
  bool found = false;
  for (uint32_t entries = 0;; ++entries) {
    if (entries % kEntriesBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    visit(cursor->key().substr(lo.size()));
  }
}

}  // namespace sochdb
