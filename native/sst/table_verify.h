// VerifyTable: reads and checks every block of a table, in file order: what Table::Verify does.
//
// Thread safety: any thread.

#pragma once

#include <functional>

#include "sst/table.h"
#include "sst/table_core.h"

namespace sochdb {

// meta: its own, with or without the filter. visit hears of each bad block and says whether to go on; *blocks counts those that
// were read. Fails only where the file cannot be read.
Status VerifyTable(const TableCore& core, const TableMeta& meta, const std::function<bool(const Table::BadBlock&)>& visit,
                   uint64_t* blocks);

}  // namespace sochdb
