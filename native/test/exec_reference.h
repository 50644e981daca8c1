// A second executor, naive on purpose: one row and one value at a time. Tests hold the real one against it.
//
// A Relation is a plan together with the rows it must yield; every combinator below grows both.

#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "test/exec_fixture.h"

namespace sochdb::test {

// The value of an expression over a row; nothing when it fails.
std::optional<Cell> Evaluate(const Part& expr, const Row& row, const std::vector<Cell>& params);

// What the slots hold while an expression with slots is evaluated.
std::map<int32_t, Cell>& ReferenceSlots();

bool IsTrue(const std::optional<Cell>& cell);

struct Relation {
  Part plan;
  std::vector<ColumnType> types;
  Rows rows;
  bool ordered = true;  // the order of rows is promised, too
};

Relation RefFilter(const Relation& in, const Part& predicate);
Relation RefProject(const Relation& in, const std::vector<Part>& exprs);
Relation RefSort(const Relation& in, const std::vector<TestSortKey>& keys, std::optional<int64_t> limit,
                 std::optional<int64_t> offset);
Relation RefLimit(const Relation& in, std::optional<int64_t> limit, std::optional<int64_t> offset);
Relation RefDistinct(const Relation& in);
Relation RefAggregate(const Relation& in, const std::vector<Part>& groups, const std::vector<TestAggregate>& functions);
Relation RefLoopJoin(const Relation& left, const Relation& right, JoinKind kind, const Part& predicate);
// `inner` is the whole table, in storage order; equals are over the outer row.
Relation RefIndexJoin(const Relation& outer, JoinKind kind, const TestTable& table, const Rows& inner, int32_t index,
                      const std::vector<int32_t>& projection, const std::vector<Part>& equals, const Part& residual);
// The rows of a table in the order of an index, within a range of it.
Relation RefScan(const TestTable& table, const Rows& rows, int32_t index, const std::vector<int32_t>& projection,
                 const ScanRange& range);

// Expressions of a type over columns of the given types, at random. They never fail unless `may_fail`.
class RandomExprs {
 public:
  RandomExprs(std::mt19937_64* random, bool may_fail) : random_(random), may_fail_(may_fail) {}
  Part Next(ColumnType type, const std::vector<ColumnType>& scope, int depth);
  Part Leaf(ColumnType type, const std::vector<ColumnType>& scope);
  Cell RandomCell(ColumnType type);
  uint64_t Below(uint64_t n) { return (*random_)() % n; }

 private:
  Part Boolean(const std::vector<ColumnType>& scope, int depth);
  Part TextExpr(const std::vector<ColumnType>& scope, int depth);

  std::mt19937_64* random_;
  bool may_fail_;
};

}  // namespace sochdb::test
