// VerifyTables: reads and checks every block of every table.
//
// Thread safety: any thread.

#pragma once

#include <functional>
#include <vector>

#include "base/cancel_token.h"
#include "lsm/level_state.h"
#include "lsm/lsm_store.h"

namespace sochdb {

// cancel may be null; it is asked between tables and at every fault.
Status VerifyTables(const std::vector<TableFilePtr>& files, const std::function<void(const LsmStore::Fault&)>& visit,
                    const CancelToken* cancel, const LsmStore::Progress& progress);

}  // namespace sochdb
