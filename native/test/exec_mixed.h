// A table with every kind of column in some index, random rows in it, and what it must hold; random plans over it.

#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "test/exec_reference.h"

namespace sochdb::test {

using Types = std::vector<ColumnType>;

// mixed(id PRIMARY KEY, i, t, r, b, any, dec): every kind of column in some index.
inline TestTable Mixed() {
  TestTable t;
  t.id = 3;
  t.name = "mixed";
  t.columns = {{"id", ColumnType::kInteger}, {"i", ColumnType::kInteger}, {"t", ColumnType::kText},
               {"r", ColumnType::kReal},     {"b", ColumnType::kBoolean}, {"any", ColumnType::kAny},
               {"dec", ColumnType::kDecimal}};
  t.primary_key = {0};
  t.indexes = {{31, "by_i", false, {{1}}},
               {32, "by_t_i", false, {{2, true}, {1}}},
               {33, "by_any_r", false, {{5}, {3, true}}},
               {34, "by_dec", false, {{6}}},
               {35, "unique_t_i_r", true, {{2}, {1}, {3}}}};
  return t;
}

class MixedWorld : public ExecWorld {
 public:
  TestTable table = Mixed();
  Rows rows;  // what the table must hold
  std::mt19937_64 random;
  RandomExprs exprs;

  MixedWorld(uint64_t seed, bool may_fail) : random(seed), exprs(&random, may_fail) { AddTable(table); }

  uint64_t Below(uint64_t n) { return random() % n; }
  Row RandomRow(int64_t id) {
    Row row = {Value::Integer(id)};
    for (size_t c = 1; c < table.columns.size(); ++c) row.push_back(exprs.RandomCell(table.columns[c].type));
    return row;
  }
  bool Clashes(const Row& row) const {
    return std::any_of(rows.begin(), rows.end(), [&](const Row& other) {
      return other[0] == row[0] || (!row[2].is_null() && !row[1].is_null() && !row[3].is_null() && other[2] == row[2] &&
                                    other[1] == row[1] && other[3] == row[3]);
    });
  }
  std::vector<Part> Constants(const Row& row) {
    std::vector<Part> parts;
    for (size_t c = 0; c < row.size(); ++c) parts.push_back(Const(row[c].Get(), table.columns[c].type));
    return parts;
  }
  std::vector<int32_t> AllColumns() const { return {0, 1, 2, 3, 4, 5, 6}; }
  void Fill(size_t n) {
    std::vector<Part> values;
    int32_t count = 0;
    for (size_t i = 0; i < n; ++i) {
      const Row row = RandomRow(static_cast<int64_t>(i));
      if (Clashes(row)) continue;
      rows.push_back(row);
      const auto parts = Constants(row);
      values.insert(values.end(), parts.begin(), parts.end());
      ++count;
    }
    EXPECT_OK(Run(Insert(table, Values(count, 7, values), AllColumns())).status);
  }
  Relation Whole() { return RefScan(table, rows, -1, AllColumns(), {}); }
};

// One more operator on top, at random.
Relation Grown(MixedWorld* w, const Relation& in);

}  // namespace sochdb::test
