// What is done to a namespace as a whole; no Node-API.
//
// Thread safety: any thread, as far as the target allows (target.h).

#pragma once

#include <cstdint>
#include <string_view>

#include "binding/target.h"

namespace sochdb::binding {

struct NamespaceSize {
  uint64_t key_count = 0;  // keys of the key-value store
  // Of the keys and values of those, of documents, rows, nodes and edges; derived indexes are left out, and so is what was
  // dropped.
  uint64_t size_bytes = 0;
};

// Measures by walking everything the namespace holds, at one snapshot.
Status MeasureNamespace(const Target& target, NamespaceSize* out);

// Whether it holds no key, node or edge, and no table, view or collection.
Status IsNamespaceEmpty(const Target& target, bool* empty);

// Takes the namespace out of the catalog, with all of its tables and collections, and lists its id as dropped
// (base/catalog_key.h): nothing finds its data from the commit on, and nothing of it is read or written now.
// REQUIRES: a transaction, and a namespace other than `default`.
Status DropNamespace(const Target& target);

// Copies the keys that start with prefix (without a namespace), with their expiry, all or none; *copied tells how many.
// REQUIRES: both targets are of one database, or of one transaction, and not of one namespace.
Status CopyKeys(const Target& from, const Target& to, std::string_view prefix, uint64_t* copied);

}  // namespace sochdb::binding
