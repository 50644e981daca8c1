// What the operators of one execution share: where they read and write, the parameters, the limits.
//
// Thread safety: one thread. Ownership: the Execution owns it and outlives its operators.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/cancel_token.h"
#include "engine/engine.h"
#include "exec/memory.h"
#include "exec/prepared_plan.h"

namespace sochdb {

// The parameter rows that are executed at once: one, or a chunk of a bulk insert.
struct ParameterRows {
  uint32_t rows = 1;
  std::vector<Value> values;  // row-major

  [[nodiscard]] const Value& at(uint32_t row, int32_t number) const {
    return values[size_t{row} * (values.size() / rows) + static_cast<size_t>(number)];
  }
};

class Spool;
class ForeignKeys;
class DeferredForeignKeys;
class IdentityCounters;
class PlanProfile;

struct ExecContext {
  explicit ExecContext(uint64_t memory_limit) : memory(memory_limit) {}

  const PreparedPlan* plan = nullptr;
  Engine* engine = nullptr;
  Reader* reader = nullptr;
  Transaction* txn = nullptr;  // null when only reading through a snapshot
  const CancelToken* cancel = nullptr;
  ForeignKeys* foreign_keys = nullptr;      // null when the plan has to do with none
  DeferredForeignKeys* deferred = nullptr;  // of the transaction; null when it ends with the statement
  IdentityCounters* identities = nullptr;   // null only where no table numbers its rows
  const TableInfo* numbered = nullptr;      // the table whose counter the statement moved
  std::optional<int64_t> inserted_key;      // of the last row that was inserted, where its table numbers rows
  PlanProfile* profile = nullptr;           // of an analysing plan alone
  MemoryTracker memory;
  ParameterRows parameters;
  uint64_t parameters_read = 0;  // how often they changed: what was remembered under others is stale
  // What applies have set, and the rows that steps of recursions read. Whoever sets one keeps its bytes as long as it is set.
  std::vector<Value> slots;
  std::vector<const Spool*> working_tables;
  uint64_t hash_seed = 0;
  bool rows_one_by_one = false;  // ExecutionLimits

  [[nodiscard]] uint32_t ns() const { return plan->namespace_id(); }
  // Parameters differ from row to row of what kValues yields.
  [[nodiscard]] bool bulk() const { return parameters.rows > 1; }

  // To be called for every `rows` rows of work; asks the token every few hundred.
  Status Tick(uint32_t rows = 1) {
    work += rows;
    if (work < kRowsBetweenChecks) return {};
    work = 0;
    return cancel == nullptr ? Status() : cancel->Check();
  }

 private:
  uint32_t work = 0;
};

}  // namespace sochdb
