// Metadata entries: for every declared field of a document, a key per scalar found there, so that an equality test is a range
// of keys (layout in document_key.h). They are written in the transaction that writes the document, carry its expiry,
// and so are seen by exactly the snapshots that see it.
//
// A "test" here is the part of such a key between collection and document id: field number and value. Strings longer than
// kMaxIndexedStringBytes have no entry; a test for one is answered from the documents.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/json.h"
#include "base/status.h"
#include "base/types.h"
#include "index/document/document_key.h"
#include "txn/transaction.h"

namespace sochdb {

inline constexpr size_t kMaxIndexedStringBytes = 256;

struct IndexedField {
  uint32_t number = 0;  // in keys: never reused within a collection
  std::string path;
  std::vector<std::string> segments;  // of path; filled in by Collection::Open
};

// Nothing when the value has no entries.
std::optional<std::string> EncodeMetadataTest(uint32_t field, const JsonScalar& value);

// Every test that the document passes, sorted, each once.
std::vector<std::string> CollectMetadataTests(std::span<const IndexedField> fields, std::string_view metadata);

// Writes the entries of a new version and deletes those of the replaced one that it does not have. `kept`: entries that
// both have stand as they are (their expiry is the same).
Status WriteMetadataEntries(Transaction* transaction, CollectionId collection, std::string_view document_id,
                            std::span<const std::string> old_tests, std::span<const std::string> new_tests, bool kept,
                            ExpiryMs expires_ms);

// Calls visit with the id of every document that passes the test at the reader's snapshot, in order of ids.
Status VisitMetadataEntries(Reader* reader, CollectionId collection, std::string_view test, const CancelToken* cancel,
                            const std::function<void(std::string_view document_id)>& visit);

}  // namespace sochdb
