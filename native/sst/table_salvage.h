// SalvageTable: every version that lies in a sound block of a table, and which keys' versions the damaged ones held: what
// Table::Salvage does.
//
// Thread safety: any thread.

#pragma once

#include "sst/table.h"
#include "sst/table_core.h"

namespace sochdb {

// Stops at the first failure of visit, or of reading the file.
Status SalvageTable(const TableCore& core, const TableMeta& meta, const Table::SalvageVisit& visit,
                    const Table::LossVisit& lost);

}  // namespace sochdb
