// AggregateState: one aggregate function over all groups of an aggregation.
//
// COUNT is an integer; SUM has the type of its argument, an integer sum that does not fit is an error; AVG is REAL, of decimals
// DECIMAL; sums, extremes and averages of nothing are NULL. Sums of integers are exact whatever the order of their parts, sums
// of reals carry their rounding errors along (Neumaier).
//
// Thread safety: one thread. Ownership: extremes are copied.

#pragma once

#include <memory>
#include <vector>

#include "codec/key_codec.h"
#include "exec/batch.h"
#include "exec/exec_context.h"
#include "exec/hash_table.h"
#include "exec/plan_nodes.h"

namespace sochdb {

class AggregateState {
 public:
  AggregateState(const AggregateNode::Function* fn, ExecContext* context);
  ~AggregateState() { context_->memory.Release(charged_); }
  AggregateState(const AggregateState&) = delete;
  AggregateState& operator=(const AggregateState&) = delete;

  // Makes room for groups 0 to n - 1.
  Status Resize(uint32_t n);
  // Adds the selected rows; groups[i] is the group of the i-th of them. `argument` is null for kCountRows.
  Status Add(const Selection& selection, const uint32_t* groups, const ColumnVector* argument);
  // The result of a group as row r of `out`.
  Status Finish(uint32_t group, uint32_t r, size_t column, BatchStorage* out);

 private:
  __extension__ using Int128 = __int128;
  struct Cell {
    int64_t count = 0;
    Int128 integer = 0;
    double real = 0;
    double error = 0;   // what rounding lost of `real`
    Value value;        // extreme, or the decimal part of a sum
    std::string bytes;  // those of `value`, whose own view is stale
    bool has_real = false;

    [[nodiscard]] Value Held() const {
      Value held = value;
      held.bytes = bytes;
      return held;
    }
  };

  Status AddOne(Cell* cell, const Value& value);
  void AddInteger(Cell* cell, int64_t v) { cell->integer += v; }
  void AddReal(Cell* cell, double v);
  Status AddNumber(Cell* cell, const Value& value);
  Status AddExtreme(Cell* cell, const Value& value);
  Status Keep(Cell* cell, const Value& value);
  Status FirstTime(uint32_t group, const Value& value, bool* first);
  Status Sum(const Cell& cell, Value* out, std::string* bytes) const;
  Status Average(const Cell& cell, Value* out, std::string* bytes) const;

  const AggregateNode::Function* fn_;
  ExecContext* context_;
  std::vector<Cell> cells_;
  std::unique_ptr<ByteTable> seen_;  // for DISTINCT: group and value
  KeyBuffer key_;
  uint64_t charged_ = 0;
};

}  // namespace sochdb
