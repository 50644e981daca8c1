// Filling an index of a table that has rows, a chunk at a time.
//
// The catalog entry says first that the index is being built: from then on every write to the table maintains it, and no
// statement reads it. Rows that were there before get their entries here, in transactions of the caller's making: a chunk that
// meets a write of someone else conflicts, and is run again; filling twice is harmless. Then the entry says that the index is
// ready.
//
// Thread safety: one thread at a time per transaction.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "exec/prepared_plan.h"

namespace sochdb {

struct IndexChunk {
  uint64_t rows = 0;
  bool done = false;
  std::string next;  // where the next chunk begins, unless done
};

// Puts the entries of up to `max_rows` rows from the key `from` on (empty: the first) into the index with this id. The plan is
// one that writes to the table, bound against the catalog as the transaction sees it. kUnique when a row has the place of
// another one.
Status FillIndex(const std::shared_ptr<const PreparedPlan>& plan, Engine* engine, Transaction* txn, uint32_t index_id,
                 std::string_view from, uint64_t max_rows, IndexChunk* out);

}  // namespace sochdb
