#include "binding/target.h"

#include "base/epoch.h"
#include "binding/kv_view.h"

namespace sochdb::binding {

Status CheckNamespace(const Target& target) {
  if (target.space == nullptr) return {};
  const NamespaceIdentity& space = *target.space;
  if (space.catalog_key.empty()) return {};  // the second half of `default`, which always exists
  const EpochGuard guard;                    // keeps the entry
  ReadValue entry;
  bool found = false;
  if (target.transaction != nullptr) {
    SOCHDB_TRY(target.transaction->GetForConstraint(TreeId::kCatalog, space.catalog_key, &entry, &found));
  } else if (target.reader != nullptr) {
    SOCHDB_TRY(target.reader->Get(TreeId::kCatalog, space.catalog_key, &entry, &found));
  } else {
    SOCHDB_TRY(target.engine->Get(TreeId::kCatalog, space.catalog_key, &entry, &found));
  }
  if (found && entry.data == space.catalog_entry) return {};
  return {Code::kNotFound,
          "Namespace \"" + space.name + "\" is not there any more: it was deleted, or what created it was undone.",
          {{"namespace", space.name}}};
}

void BeginRead(const Target& target) {
  if (target.transaction != nullptr && target.transaction->isolation() == IsolationLevel::kReadCommitted) {
    target.transaction->BeginStatement();
  }
}

Status KeyView::Open(const Target& target) {
  if (target.reader != nullptr) {
    BeginRead(target);
    reader_ = target.reader;
    return {};
  }
  SOCHDB_ASSIGN(snapshot, target.engine->NewSnapshot());
  snapshot_ = std::move(snapshot);
  reader_ = snapshot_.get();
  // Asked of the snapshot: a namespace that is deleted this moment is read as a whole, or not at all.
  Target seen = target;
  seen.reader = reader_;
  return CheckNamespace(seen);
}

}  // namespace sochdb::binding
