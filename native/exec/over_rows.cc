#include "exec/over_rows.h"

namespace sochdb {

Status RowSource::Make() {
  if (!wanted()) return {};
  SOCHDB_ASSIGN(made, MakeOperator(*node_.plan, context_));
  operator_ = std::move(made);
  return {};
}

Status RowSource::Open(const Batch& rows) {
  rows_.Clear();
  SOCHDB_TRY(rows_.Append(rows));
  context_->working_tables[node_.table] = &rows_;
  return operator_->Open();
}

}  // namespace sochdb
