#include "exec/index_build.h"

#include <algorithm>

#include "exec/catalog_check.h"
#include "exec/table_writer.h"

namespace sochdb {

Status FillIndex(const std::shared_ptr<const PreparedPlan>& plan, Engine* engine, Transaction* txn, uint32_t index_id,
                 std::string_view from, uint64_t max_rows, IndexChunk* out) {
  *out = {};
  const TableInfo* table = plan->written_table();
  if (table == nullptr) return {Code::kInvalidArgument, "The plan writes to no table."};
  const auto index = std::find_if(table->indexes.begin(), table->indexes.end(),
                                  [&](const IndexInfo& candidate) { return candidate.id == index_id; });
  if (index == table->indexes.end()) return {Code::kInvalidArgument, "The table has no such index."};
  ExecContext context(kDefaultQueryMemoryBytes);
  context.plan = plan.get();
  context.engine = engine;
  context.reader = txn;
  context.txn = txn;
  SOCHDB_TRY(CheckCatalog(&context));

  KeyBuffer lo;
  AppendRowPrefix(&lo, context.ns(), table->id);
  KeyBuffer hi;
  hi.assign(lo.view());
  MakePrefixSuccessor(&hi);
  if (!from.empty()) lo.assign(from);
  SOCHDB_ASSIGN(cursor, txn->NewCursor(table->trees.rows, lo.view(), hi.view(), {}));
  TableWriter writer(&context, table);
  std::vector<Value> row(table->columns.size());
  for (;;) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) {
      out->done = true;
      return {};
    }
    if (out->rows == max_rows) {
      out->next = cursor->key();
      return {};
    }
    ++out->rows;
    SOCHDB_TRY(DecodeRow(*table, cursor->value(), row));
    SOCHDB_TRY(writer.Backfill(static_cast<int32_t>(index - table->indexes.begin()), row));
  }
}

}  // namespace sochdb
