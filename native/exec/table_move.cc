#include "exec/table_move.h"

#include <memory>

namespace sochdb {
namespace {

template <typename Write>
Status ForChunk(Transaction* txn, TreeId tree, std::string_view lo, std::string_view hi, const ScanOptions& options,
                uint64_t max_bytes, MoveChunk* out, const Write& write) {
  *out = {};
  SOCHDB_ASSIGN(cursor, txn->NewCursor(tree, lo, hi, options));
  uint64_t bytes = 0;
  for (;;) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) {
      out->done = true;
      return {};
    }
    if (bytes >= max_bytes) {
      out->next = cursor->key();
      return {};
    }
    bytes += cursor->key().size() + cursor->value().size();
    ++out->entries;
    SOCHDB_TRY(write(*cursor));
  }
}

}  // namespace

Status CopyChunk(Transaction* txn, TreeId from, TreeId to, std::string_view lo, std::string_view hi, uint64_t max_bytes,
                 MoveChunk* out) {
  return ForChunk(txn, from, lo, hi, ScanOptions{}, max_bytes, out,
                  [&](const Cursor& at) { return txn->Put(to, at.key(), at.value()); });
}

Status DeleteChunk(Transaction* txn, TreeId tree, std::string_view lo, std::string_view hi, uint64_t max_bytes,
                   MoveChunk* out) {
  return ForChunk(txn, tree, lo, hi, ScanOptions{.keys_only = true}, max_bytes, out,
                  [&](const Cursor& at) { return txn->Delete(tree, at.key()); });
}

}  // namespace sochdb
