// Table functions: kTableFunction's frame, and the registry of what runs in it.
//
// A function is a number, a check of its types when a plan is parsed, and a generator of rows. To add one: write a source of
// its own, declare its info below and put it into the list of table_function.cc.
//
// Thread safety: infos are immutable; a TableFunction belongs to one thread. Ownership: see each method.

#pragma once

#include <memory>
#include <span>

#include "exec/batch.h"
#include "exec/exec_context.h"

namespace sochdb {

class TableFunction {
 public:
  virtual ~TableFunction() = default;
  // Starts over. The arguments and their bytes are there until the next Open.
  virtual Status Open(std::span<const Value> args) = 0;
  // Fills up to `want` rows (1 to kBatchRows; there is room for them) of the columns; *rows is 0 at the end alone.
  virtual Status Next(uint32_t want, BatchStorage* out, uint32_t* rows) = 0;
};

struct TableFunctionInfo {
  int32_t number;
  // What is wrong with these arguments and columns; null when nothing is.
  const char* (*check)(std::span<const ColumnType> args, std::span<const ColumnType> columns);
  std::unique_ptr<TableFunction> (*make)(ExecContext* context);
};

// Null for a number that no function has.
const TableFunctionInfo* FindTableFunction(int32_t number);

// 1: generate_series(start, stop[, step]) of integers: start, start + step, … up to stop, or down to it where step is negative.
// No rows when an argument is NULL; a step of 0 is an error.
extern const TableFunctionInfo kGenerateSeries;
// 2 and 3: json_each(json[, path]) and json_tree(json[, path]): key ANY, value ANY, type TEXT, atom ANY, id INTEGER, parent
// INTEGER, fullkey TEXT, path TEXT. No rows when an argument is NULL, or nothing is at the path.
extern const TableFunctionInfo kJsonEach;
extern const TableFunctionInfo kJsonTree;

// 4: kv_rows(prefix, name…): key and value of every key of the plan's namespace that starts with a prefix, in key order, and
// a column for each name: that member of the value, NULL where it has none or one of another type than the column's. With
// names, values that are no JSON objects are left out.
extern const TableFunctionInfo kKvRows;

// 5: unnest(json): the elements of an array, ANY. No rows of NULL; what is no array is an error.
extern const TableFunctionInfo kUnnest;

}  // namespace sochdb
