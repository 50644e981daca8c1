#include "binding/kv_namespace.h"

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "binding/kv_scan.h"
#include "binding/kv_view.h"

namespace sochdb::binding {
namespace {

// The trees that hold what users put there; every key in them begins with its namespace's id. The others derive from these.
constexpr TreeId kPlainTrees[] = {TreeId::kKeys, TreeId::kNodes, TreeId::kEdgesOut, TreeId::kTemporalEdges, TreeId::kServices};
// Whose keys go on with the id of a table or a collection. What was dropped lies there until it is compacted.
constexpr TreeId kObjectTrees[] = {TreeId::kRows, TreeId::kRowsWriteOptimized, TreeId::kRowsScanOptimized,
                                   TreeId::kRowsAppendOnly, TreeId::kVectors};

// Calls visit(key, value) for every live entry below the prefix until it returns false.
template <typename Visit>
Status Walk(Reader* reader, TreeId tree, std::string_view prefix, bool keys_only, const Visit& visit) {
  ScanOptions options;
  options.keys_only = keys_only;
  SOCHDB_ASSIGN(cursor, reader->NewCursor(tree, prefix, PrefixEnd(prefix), options));
  for (;;) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found || !visit(cursor->key(), keys_only ? std::string_view() : cursor->value())) return {};
  }
}

// The ids of the tables and collections of a half of a namespace that were dropped.
Status FindDropped(Reader* view, std::string_view half, std::set<uint32_t>* out) {
  const std::string prefix = DroppedKey(DecodeBigEndian32(half.data()));
  return Walk(view, TreeId::kCatalog, prefix, false, [&](std::string_view key, std::string_view value) {
    DroppedContainer dropped;
    if (DecodeDropped(key, value, &dropped) && dropped.object_id != 0) out->insert(dropped.object_id);
    return true;
  });
}

// The bytes of what is there of the tables and collections of a half.
Status MeasureObjects(Reader* view, TreeId tree, const std::string& half, const std::set<uint32_t>& dropped, uint64_t* bytes) {
  SOCHDB_ASSIGN(cursor, view->NewCursor(tree, half, PrefixEnd(half), ScanOptions{}));
  bool found = false;
  SOCHDB_TRY(cursor->Next(&found));
  while (found) {
    const std::string_view rest = cursor->key().substr(half.size());
    if (rest.size() >= sizeof(uint32_t) && dropped.contains(DecodeBigEndian32(rest.data()))) {
      const std::string behind = PrefixEnd(cursor->key().substr(0, half.size() + sizeof(uint32_t)));
      SOCHDB_TRY(cursor->SeekNext(behind, &found));
    } else {
      *bytes += rest.size() + cursor->value().size();
      SOCHDB_TRY(cursor->Next(&found));
    }
  }
  return {};
}

Status CopyWithin(Transaction* transaction, const Target& from, const Target& to, std::string_view prefix, uint64_t* copied) {
  Target source = from;
  Target destination = to;
  source.transaction = destination.transaction = transaction;
  source.reader = destination.reader = transaction;
  SOCHDB_TRY(CheckNamespace(source));
  SOCHDB_TRY(CheckNamespace(destination));
  const std::string lo = std::string(from.prefix).append(prefix);
  ScanOptions options;
  options.keys_only = true;
  SOCHDB_ASSIGN(cursor, transaction->NewCursor(TreeId::kKeys, lo, PrefixEnd(lo), options));
  std::string key(to.prefix);
  for (*copied = 0;; ++*copied) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    ReadValue value;  // a cursor does not tell when its row expires
    SOCHDB_TRY(transaction->Get(TreeId::kKeys, cursor->key(), &value, &found));
    if (!found) continue;
    key.replace(to.prefix.size(), std::string::npos, cursor->key().substr(from.prefix.size()));
    SOCHDB_TRY(transaction->Put(TreeId::kKeys, key, value.data, value.expiry_ms));
  }
}

// What the keys of both halves of a namespace begin with (base/catalog_key.h).
std::array<std::string, 2> HalvesOf(const Target& target) {
  const uint32_t id = DecodeBigEndian32(target.prefix.data());
  std::array<std::string, 2> halves;
  PutBigEndian32(&halves[0], id & ~kServicesBit);
  PutBigEndian32(&halves[1], id | kServicesBit);
  return halves;
}

Status IsHalfEmpty(const Target& target, Reader* view, const std::string& prefix, bool* empty) {
  *empty = true;
  for (const TreeId tree : kPlainTrees) {
    // Whatever is put there until the commit is a conflict, at every isolation level.
    if (target.transaction != nullptr) target.transaction->RegisterConstraintRange(tree, prefix, PrefixEnd(prefix));
    SOCHDB_TRY(Walk(view, tree, prefix, true, [&](std::string_view, std::string_view) { return *empty = false; }));
    if (!*empty) return {};
  }
  if (target.transaction != nullptr) {
    target.transaction->RegisterConstraintRange(TreeId::kCatalog, prefix, PrefixEnd(prefix));
  }
  return Walk(view, TreeId::kCatalog, prefix, true, [&](std::string_view key, std::string_view) {
    // What describes the namespace itself is no content. A table or a collection is, with rows and documents or without.
    *empty = key[kNamespaceIdBytes] == kCatalogKindMetadata;
    return *empty;
  });
}

}  // namespace

Status MeasureNamespace(const Target& target, NamespaceSize* out) {
  KeyView view;
  SOCHDB_TRY(view.Open(target));
  *out = {};
  const auto halves = HalvesOf(target);
  for (const std::string& half : halves) {
    for (const TreeId tree : kPlainTrees) {
      SOCHDB_TRY(Walk(view.get(), tree, half, false, [&](std::string_view key, std::string_view value) {
        if (tree == TreeId::kKeys && half == halves[0]) ++out->key_count;
        out->size_bytes += key.size() - half.size() + value.size();
        return true;
      }));
    }
    std::set<uint32_t> dropped;
    SOCHDB_TRY(FindDropped(view.get(), half, &dropped));
    for (const TreeId tree : kObjectTrees) {
      SOCHDB_TRY(MeasureObjects(view.get(), tree, half, dropped, &out->size_bytes));
    }
  }
  return {};
}

Status IsNamespaceEmpty(const Target& target, bool* empty) {
  KeyView view;
  SOCHDB_TRY(view.Open(target));
  *empty = true;
  for (const std::string& half : HalvesOf(target)) {
    if (*empty) SOCHDB_TRY(IsHalfEmpty(target, view.get(), half, empty));
  }
  return {};
}

Status DropNamespace(const Target& target) {
  SOCHDB_TRY(CheckNamespace(target));
  std::vector<std::string> entries;
  for (const std::string& half : HalvesOf(target)) {
    SOCHDB_TRY(Walk(target.reader, TreeId::kCatalog, half, true, [&](std::string_view key, std::string_view) {
      entries.emplace_back(key);
      return true;
    }));
    const DroppedContainer dropped{.namespace_id = DecodeBigEndian32(half.data()), .dropped_at = target.transaction->read_ts()};
    SOCHDB_TRY(target.transaction->Put(TreeId::kCatalog, DroppedKey(dropped.namespace_id), EncodeDropped(dropped)));
  }
  for (const std::string& key : entries) SOCHDB_TRY(target.transaction->Delete(TreeId::kCatalog, key));
  return target.transaction->Delete(TreeId::kCatalog, target.space->catalog_key);
}

Status CopyKeys(const Target& from, const Target& to, std::string_view prefix, uint64_t* copied) {
  if (to.transaction != nullptr) {
    BeginRead(to);
    const SavepointId savepoint = to.transaction->SetSavepoint();
    const Status done = CopyWithin(to.transaction, from, to, prefix, copied);
    if (!done.ok()) static_cast<void>(to.transaction->RollbackTo(savepoint));
    static_cast<void>(to.transaction->Release(savepoint));  // fails only where the transaction has ended
    return done;
  }
  TransactionOptions options;
  options.take_writer = true;
  SOCHDB_ASSIGN(transaction, to.engine->Begin(options));
  SOCHDB_TRY(CopyWithin(transaction.get(), from, to, prefix, copied));
  return transaction->Commit().status();
}

}  // namespace sochdb::binding
