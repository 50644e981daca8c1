// Whether a plan still fits the tables it was bound against.
//
// A table that is written is checked through a constraint read at every execution, so that a change of its schema committed
// meanwhile is a conflict. Tables that are only read are looked up when the catalog was written since the plan was last found
// valid, when the snapshot is older than the plan, or when the transaction changed the catalog itself.
//
// Thread safety: one thread per context.

#pragma once

#include "exec/exec_context.h"

namespace sochdb {

// kSchemaChanged when a table is not the one the plan knows. REQUIRES: context->txn when the plan writes.
Status CheckCatalog(ExecContext* context);

}  // namespace sochdb
