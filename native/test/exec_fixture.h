// What tests of the executor share: owned values, a world to execute in, results as rows.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exec/coerce.h"
#include "exec/executor.h"
#include "exec/point.h"
#include "test/fake_transaction.h"
#include "test/harness.h"
#include "test/plan_builder.h"

namespace sochdb::test {

// A value that owns its bytes.
struct Cell {
  Value value;
  std::string bytes;

  Cell() = default;
  Cell(const Value& v) : value(v), bytes(v.bytes) { value.bytes = {}; }  // NOLINT: implicit by design
  [[nodiscard]] Value Get() const {
    Value v = value;
    v.bytes = bytes;
    return v;
  }
  [[nodiscard]] bool is_null() const { return value.is_null(); }
  bool operator==(const Cell& other) const {
    return TagOf(value.tag) == TagOf(other.value.tag) && CompareValues(Get(), other.Get()) == 0;
  }
};
using Row = std::vector<Cell>;
using Rows = std::vector<Row>;

inline std::string ShowCell(const Cell& cell) {
  if (cell.is_null()) return "NULL";
  if (cell.value.tag == ValueTag::kBlob || cell.value.tag == ValueTag::kVector)
    return "bytes" + std::to_string(cell.bytes.size());
  std::string text;
  AppendText(cell.Get(), &text);
  return PhysicalOf(cell.value.tag) == Physical::kBytes ? "'" + text + "'" : text;
}
inline std::string ShowRow(const Row& row) {
  std::string out;
  for (const Cell& cell : row) out += (out.empty() ? "" : ",") + ShowCell(cell);
  return out;
}
// "1,'a' 2,'b'": rows in order.
inline std::string ShowRows(const Rows& rows) {
  std::string out;
  for (const Row& row : rows) out += (out.empty() ? "" : " ") + ShowRow(row);
  return out;
}

inline std::string Tagged(const std::vector<Value>& values) {
  std::string out;
  for (const Value& value : values) AppendTagged(value, &out);
  return out;
}

struct Outcome {
  Status status;
  Rows rows;
  uint64_t affected = 0;
};

inline void AppendBatch(const Batch& batch, Rows* rows) {
  EXPECT(batch.selection.rows == nullptr);
  for (uint32_t r = 0; r < batch.count(); ++r) {
    Row& row = rows->emplace_back();
    for (const ColumnVector* column : batch.columns) row.emplace_back(column->Get(r));
  }
}

// A transaction with the catalog entries of its tables.
class ExecWorld {
 public:
  FakeTransaction txn;
  Transaction* real = nullptr;  // a transaction of a real engine, in place of the fake one
  Engine* engine = nullptr;
  ExecutionLimits limits;
  uint32_t want = kBatchRows;
  const CancelToken* cancel = nullptr;

  [[nodiscard]] Transaction* transaction() { return real != nullptr ? real : &txn; }
  [[nodiscard]] ExecutionTarget target() { return {engine, transaction(), transaction()}; }
  void AddTable(const TestTable& table) { txn.tree(TreeId::kCatalog)[table.catalog_key()] = {"", table.catalog_ts}; }

  Outcome Run(const std::shared_ptr<const PreparedPlan>& plan, const std::string& params = "", uint32_t rows = 1) {
    Outcome outcome;
    if (plan == nullptr) return outcome;
    auto execution = Execution::Open(plan, target(), params, rows, cancel, limits);
    outcome.status = execution.status();
    if (!execution.ok()) return outcome;
    Batch batch;
    for (;;) {
      outcome.status = (*execution)->Next(want, &batch);
      if (!outcome.status.ok() || batch.count() == 0) break;
      EXPECT_EQ(batch.columns.size(), plan->output_types().size());
      for (size_t c = 0; c < batch.columns.size(); ++c) {
        EXPECT(batch.columns[c]->type() == plan->output_types()[c]);
        EXPECT(!batch.columns[c]->constant());
      }
      AppendBatch(batch, &outcome.rows);
    }
    outcome.affected = (*execution)->rows_affected();
    return outcome;
  }
  Outcome Run(const Part& root, const std::vector<Value>& params = {}) {
    return Run(Prepare(root, static_cast<int32_t>(params.size())), Tagged(params));
  }
  // Rolls back when it fails, as the binding does.
  Outcome RunAtomic(const Part& root, const std::vector<Value>& params = {}) {
    const SavepointId savepoint = transaction()->BeginStatement();
    Outcome outcome = Run(root, params);
    if (!outcome.status.ok()) EXPECT_OK(transaction()->RollbackTo(savepoint));
    return outcome;
  }
  Outcome RunPoint(const std::shared_ptr<const PreparedPlan>& plan, const std::string& params = "") {
    Outcome outcome;
    EXPECT(plan->is_point());
    PointStatement statement(plan, limits);
    for (int i = 0; i < 2; ++i) {  // reuse must not matter; a write happens once
      outcome = {};
      outcome.status = statement.Execute(target(), params);
      if (outcome.status.ok()) AppendBatch(statement.batch(), &outcome.rows);
      outcome.affected = statement.rows_affected();
      if (plan->is_write()) break;
    }
    return outcome;
  }
  std::string Show(const Part& root, const std::vector<Value>& params = {}) {
    const Outcome outcome = Run(root, params);
    return outcome.status.ok() ? ShowRows(outcome.rows) : "!" + outcome.status.message();
  }
};

}  // namespace sochdb::test
