// Looking up several keys of a table at once (Table::GetMany).
//
// Each step is taken for all keys before the next one, and asks for the memory that the next one reads; a key that lies in the
// block of the key before it is searched in that block only.
//
// Thread safety: any thread.

#pragma once

#include <span>

#include "sst/point_read.h"
#include "sst/table_core.h"

namespace sochdb {

// REQUIRES: core.Ready() was OK; at most PointRead::kAtOnce reads, none found yet.
Status GetManyOf(const TableCore& core, std::span<PointRead* const> reads, Timestamp read_ts, BlockPins* pins);

// The versions of one key from block i on, where TableIndex::Seek says it may be.
Status GetFromBlock(const TableCore& core, uint32_t i, std::string_view key, Timestamp read_ts, VersionView* out, BlockRef* pin,
                    bool* found);

}  // namespace sochdb
