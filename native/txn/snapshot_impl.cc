// Plain snapshots (transaction_impl.h).

#include <string>
#include <utility>

#include "txn/transaction_impl.h"

namespace sochdb {

Result<std::unique_ptr<Snapshot>> SnapshotImpl::AsOf(const TransactionContext* context, Timestamp ts) {
  if (context->pipeline->closed()) return Status(Code::kClosed, "The database is closed.");
  if (HlcMillis(ts) > context->hlc->NowMillis()) {
    return Status(Code::kInvalidArgument,
                  "asOf names a moment that lies ahead. Give one between the history that retentionMs "
                  "keeps and now.")
        .With("asOf", std::to_string(ts));
  }
  SOCHDB_ASSIGN(held, context->snapshots->AcquireAt(
                          ts, [&] { return context->pipeline->visible_ts(); }, context->hlc->NowMillis()));
  return std::unique_ptr<Snapshot>(new SnapshotImpl(context, {held.ts, HlcMillis(ts)}, held.since_ms));
}

Status SnapshotImpl::Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) {
  *found = false;
  if (context_->pipeline->closed()) return {Code::kClosed, "The database is closed."};
  SOCHDB_TRY(CheckKey(tree, key));
  context_->stats->reads.Add(1);
  const LatencyTimer timer(context_->env, context_->Sampled<&Latencies::get>());
  const SuperVersion* const data = views_.Of(*context_->trees, tree);
  SOCHDB_TRY(context_->stats->EndRead(context_->reader->Get(data, tree, key, at_, out, found)));
  if (*found) context_->stats->bytes_read.Add(key.size() + out->data.size());
  return {};
}

Result<std::unique_ptr<Cursor>> SnapshotImpl::NewCursor(TreeId tree, std::string_view lo, std::string_view hi,
                                                        const ScanOptions& options) {
  if (context_->pipeline->closed()) return Status(Code::kClosed, "The database is closed.");
  if (!Trees::IsTree(tree)) return CheckKey(tree, {});
  return std::unique_ptr<Cursor>(std::make_unique<CursorImpl>(context_, nullptr,
                                                              CursorImpl::Range{tree, std::string(lo), std::string(hi)},
                                                              options, at_, views_.Share(*context_->trees, tree)));
}

}  // namespace sochdb
