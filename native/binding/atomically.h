// Atomically: several reads and writes of one call as a whole, whatever the target is.
//
// Thread safety: any thread, as far as the target allows (target.h).

#pragma once

#include <memory>
#include <utility>

#include "binding/target.h"

namespace sochdb::binding {

// Runs body(transaction) in a transaction of its own that is alone, or as a statement of the one that is open: what fails
// leaves nothing. What an own one reads may not be durable yet, so that the answer is given when it is; with `unpublished` a
// success returns before that: it holds once Engine::AwaitPublished(*unpublished) says so.
template <typename Body>
Status Atomically(const Target& target, Timestamp* unpublished, const Body& body) {
  if (target.transaction != nullptr) {
    BeginRead(target);
    const SavepointId savepoint = target.transaction->SetSavepoint();
    const Status done = body(target.transaction);
    if (!done.ok()) static_cast<void>(target.transaction->RollbackTo(savepoint));
    static_cast<void>(target.transaction->Release(savepoint));  // fails only where the transaction has ended
    return done;
  }
  TransactionOptions options;
  options.take_writer = true;
  options.read_applied = true;
  SOCHDB_ASSIGN(transaction, target.engine->Begin(options));
  Target inside = target;
  inside.transaction = transaction.get();
  inside.reader = transaction.get();
  Status done = CheckNamespace(inside);
  if (done.ok()) done = body(transaction.get());
  if (!done.ok()) {
    // The answer rests on what was read, which must hold before it is given.
    const Timestamp read_ts = transaction->read_ts();
    transaction->Abort();
    SOCHDB_TRY(target.engine->AwaitPublished(read_ts));
    return done;
  }
  if (unpublished == nullptr) return transaction->Commit().status();
  SOCHDB_ASSIGN(ts, transaction->CommitUnpublished());
  *unpublished = ts;
  return {};
}

}  // namespace sochdb::binding
