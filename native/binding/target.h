// Target: what a key-value operation works on, whatever kind of handle JavaScript passed.
//
// A target is one of three, seen through one namespace:
//   a database     reader and transaction null: the engine's own hot paths, or a transaction begun for several writes
//   a transaction  reader == transaction
//   a snapshot     reader only
// It is a value that owns no more than a share in what names its namespace. The operations on it (kv_ops.h, kv_scan.h,
// kv_namespace.h) know no Node-API, so that any thread may run them on a copy.
//
// Key in the tree kKeys: big-endian u32 namespace id, then the user's bytes. Namespaces cannot cross, and a range of a
// namespace never leaves it.
//
// Thread safety: a target of a database serves any number of threads; a transaction or a snapshot one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/catalog_key.h"
#include "base/status.h"
#include "base/types.h"
#include "engine/engine.h"

namespace sochdb::binding {

class Handle;

inline constexpr std::string_view kDefaultNamespacePrefix{"\0\0\0\1", kNamespaceIdBytes};
// What a caller may hand in: the engine's limit counts the namespace too.
inline constexpr uint64_t kMaxUserKeyBytes = kMaxKeyBytes - kNamespaceIdBytes;

// One namespace that was created. It lives as long as the catalog holds exactly this entry under this key: entries are
// never changed, and no two have the same id. Immutable.
struct NamespaceIdentity {
  uint32_t id = 0;
  std::string name;
  std::string prefix;  // of its keys, in every tree
  std::string catalog_key;
  std::string catalog_entry;
};

struct Target {
  Handle* handle = nullptr;  // of the database, transaction or snapshot
  Engine* engine = nullptr;
  Reader* reader = nullptr;
  Transaction* transaction = nullptr;
  bool read_only = false;
  std::string_view prefix = kDefaultNamespacePrefix;  // what every key begins with; lies in *space, or is constant
  std::shared_ptr<const NamespaceIdentity> space;     // null: `default`, which always exists
};

// kNotFound, with the detail "namespace", when the target does not see its namespace: it was deleted, or its creation was
// rolled back. In a transaction the answer is validated at commit, at every isolation level.
Status CheckNamespace(const Target& target);

// Every read of a readCommitted transaction is a statement: it moves on to the newest state first.
void BeginRead(const Target& target);

}  // namespace sochdb::binding
