// Metadata entries: for every declared field of a document, a key per scalar found there, so that a test is a range or two
// of keys (layout in document_key.h). They are written in the transaction that writes the document, carry its expiry,
// and so are seen by exactly the snapshots that see it.
//
// An "entry" here is the part of such a key between collection and document id: field number and value. What entries cannot
// say has a mark instead, spelled as a blob, which JSON has none of:
//   kLongMark   the field holds a string longer than kMaxIndexedStringBytes: tests of strings look at the document
//   kOtherMark  the field is there and holds no scalar (an object, an empty array): it exists
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstdint>
#include <functional>
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
#include "index/document/metadata_filter.h"
#include "index/document/metadata_paths.h"
#include "txn/transaction.h"

namespace sochdb {

inline constexpr size_t kMaxIndexedStringBytes = 256;

struct IndexedField {
  uint32_t number = 0;  // in keys: never reused within a collection
  std::string path;
  std::vector<std::string> segments;  // of path; filled in by Collection::Open
};

// Every entry that the document has, sorted, each once. `paths`: those of the fields, numbered as they stand.
std::vector<std::string> CollectMetadataEntries(std::span<const IndexedField> fields, const MetadataPaths& paths,
                                                std::string_view metadata);

// Writes the entries of a new version and deletes those of the replaced one that it does not have. `kept`: entries that
// both have stand as they are (their expiry is the same).
Status WriteMetadataEntries(Transaction* transaction, CollectionId collection, std::string_view document_id,
                            std::span<const std::string> old_entries, std::span<const std::string> new_entries, bool kept,
                            ExpiryMs expires_ms);

// Entries [lo, hi) of one field.
struct EntryRange {
  std::string lo;
  std::string hi;
};

// Where the documents are that pass a test of a declared field.
struct EntryRanges {
  std::vector<EntryRange> ranges;   // disjoint, ascending
  bool check_values = false;        // the values in them still have to pass the test
  std::optional<EntryRange> longs;  // documents that have to be looked at
};
EntryRanges RangesOfTest(uint32_t field, const MetadataTest& test);

// Calls visit with the id of every document that has an entry in the range at the reader's snapshot, once for each entry. The
// value is given when asked for.
struct EntryVisit {
  std::string_view document_id;
  ScalarView value;
};
Status VisitEntries(Reader* reader, CollectionId collection, const EntryRange& range, bool with_values,
                    const CancelToken* cancel, const std::function<Status(const EntryVisit& entry)>& visit);

}  // namespace sochdb
