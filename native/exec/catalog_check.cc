#include "exec/catalog_check.h"

namespace sochdb {
namespace {

Status Changed(const TableInfo& table) {
  return {
      Code::kSchemaChanged, "Table " + table.name + " has changed since the statement was prepared.", {{"table", table.name}}};
}

Status CheckTable(ExecContext* context, const TableInfo& table, bool written) {
  ReadValue entry;
  bool found = false;
  if (written) SOCHDB_TRY(context->txn->GetForConstraint(TreeId::kCatalog, table.catalog_key, &entry, &found));
  else SOCHDB_TRY(context->reader->Get(TreeId::kCatalog, table.catalog_key, &entry, &found));
  return found && entry.ts == table.catalog_ts ? Status() : Changed(table);
}

}  // namespace

Status CheckCatalog(ExecContext* context) {
  const PreparedPlan& plan = *context->plan;
  const TableInfo* written = plan.written_table();
  if (!plan.foreign_keys().empty()) {
    // Any of its tables may be written, or be what makes a row right.
    for (const auto& table : plan.tables()) SOCHDB_TRY(CheckTable(context, *table, true));
    return {};
  }
  if (written != nullptr) SOCHDB_TRY(CheckTable(context, *written, true));
  if (plan.tables().size() == (written != nullptr ? 1u : 0u)) return {};
  // Asked before the entries are read: what is written meanwhile is looked for next time.
  const Timestamp last_write = context->engine != nullptr ? context->engine->LastWrite(TreeId::kCatalog) : kMaxTimestamp;
  const bool own_catalog =
      plan.has_own_entry() || (context->txn != nullptr && context->txn->HasOwnWrites(TreeId::kCatalog, {}, {}));
  const Timestamp read_ts = context->reader->read_ts();
  if (!own_catalog && last_write <= plan.validated_ts() && read_ts >= plan.newest_entry_ts()) return {};
  for (const auto& table : plan.tables()) {
    if (table.get() != written) SOCHDB_TRY(CheckTable(context, *table, false));
  }
  // Only a view of everything written so far proves anything about it.
  if (!own_catalog && read_ts >= last_write) plan.set_validated_ts(last_write);
  return {};
}

}  // namespace sochdb
