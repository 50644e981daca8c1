// Aggregates: every function over random groups against all values of each; order inside of groups, distinct values, memory.

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "test/exec_users.h"

namespace sochdb::test::exec_aggregate_test {
namespace {

constexpr auto kWords = ColumnType::kText;

// Columns: group, integer, real, text, boolean.
struct Data {
  std::mt19937_64 random;
  Rows rows;

  explicit Data(uint64_t seed, uint32_t n, uint32_t groups) : random(seed) {
    for (uint32_t i = 0; i < n; ++i) {
      rows.push_back(
          {Cell(Value::Integer(static_cast<int64_t>(Below(groups)))),
           Maybe(Value::Integer(static_cast<int64_t>(Below(40)) - 20)), Maybe(Value::Real(static_cast<double>(Below(64)) / 8)),
           Maybe(Value::Text(std::string(Below(3), static_cast<char>('a' + Below(5))))), Maybe(Value::Boolean(Below(2) == 0))});
    }
  }
  uint64_t Below(uint64_t n) { return random() % n; }
  Cell Maybe(const Value& value) { return Below(5) == 0 ? Cell() : Cell(value); }

  [[nodiscard]] Part Plan(const std::vector<TestAggregate>& functions) const {
    const std::vector<ColumnType> types = {kInt, kInt, kReal, kWords, kBool};
    std::vector<Part> cells;
    for (const Row& row : rows)
      for (size_t c = 0; c < row.size(); ++c) cells.push_back(Const(row[c].Get(), types[c]));
    return Aggregate(Values(static_cast<int32_t>(rows.size()), 5, cells), {Col(0, kInt)}, functions);
  }

  // The rows of each group, as they come.
  [[nodiscard]] std::map<int64_t, Rows> Groups() const {
    std::map<int64_t, Rows> groups;
    for (const Row& row : rows) groups[row[0].value.i64].push_back(row);
    return groups;
  }
};

const Part kIntegers = Col(1, kInt);
const Part kReals = Col(2, kReal);
const Part kTexts = Col(3, kWords);
const Part kFlags = Col(4, kBool);

void Check(const Data& data, const TestAggregate& f, const std::function<Cell(const Rows&)>& expected) {
  ExecWorld w;
  const Outcome outcome = w.Run(data.Plan({f}));
  EXPECT_OK(outcome.status);
  const auto groups = data.Groups();
  EXPECT_EQ(outcome.rows.size(), groups.size());
  for (const Row& row : outcome.rows) {
    const Cell want = expected(groups.at(row[0].value.i64));
    if (!row[1].is_null() && !want.is_null() && want.value.tag == ValueTag::kReal) {
      EXPECT(std::fabs(row[1].value.f64 - want.value.f64) < 1e-9 * std::max(1.0, std::fabs(want.value.f64)));
    } else {
      EXPECT_EQ(ShowCell(row[1]), ShowCell(want));
    }
  }
}

std::vector<double> Numbers(const Rows& rows, size_t column) {
  std::vector<double> out;
  for (const Row& row : rows) {
    if (row[column].is_null()) continue;
    const Value v = row[column].Get();
    out.push_back(v.tag == ValueTag::kReal ? v.f64 : static_cast<double>(v.i64));
  }
  return out;
}

TEST("moments, totals, logic and bits of random groups") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Data data(seed, 1 + static_cast<uint32_t>(seed * 37 % 400), 1 + static_cast<uint32_t>(seed % 9));
    for (const size_t column : {1u, 2u}) {
      const Part arg = column == 1 ? kIntegers : kReals;
      const auto variance = [&](const Rows& rows, bool sample, bool root) -> Cell {
        const auto values = Numbers(rows, column);
        const double n = static_cast<double>(values.size()) - (sample ? 1 : 0);
        if (n <= 0) return {};
        double sum = 0;
        for (const double v : values) sum += v;
        double squares = 0;
        for (const double v : values) squares += std::pow(v - sum / static_cast<double>(values.size()), 2);
        return Value::Real(root ? std::sqrt(squares / n) : squares / n);
      };
      Check(data, {AggregateFn::kVarPop, arg}, [&](const Rows& rows) { return variance(rows, false, false); });
      Check(data, {AggregateFn::kVarSamp, arg}, [&](const Rows& rows) { return variance(rows, true, false); });
      Check(data, {AggregateFn::kStddevPop, arg}, [&](const Rows& rows) { return variance(rows, false, true); });
      Check(data, {AggregateFn::kStddevSamp, arg}, [&](const Rows& rows) { return variance(rows, true, true); });
      Check(data, {AggregateFn::kTotal, arg}, [&](const Rows& rows) {
        double sum = 0;
        for (const double v : Numbers(rows, column)) sum += v;
        return Cell(Value::Real(sum));
      });
    }
    const auto folded = [](size_t column, bool both, ColumnType type) {
      return [=](const Rows& rows) -> Cell {
        bool any = false;
        int64_t bits = 0;
        for (const Row& row : rows) {
          if (row[column].is_null()) continue;
          const int64_t v = row[column].value.i64;
          bits = !any ? v : (both ? bits & v : bits | v);
          any = true;
        }
        return any ? Cell(Value::Int(type, bits)) : Cell();
      };
    };
    Check(data, {AggregateFn::kBitAnd, kIntegers}, folded(1, true, kInt));
    Check(data, {AggregateFn::kBitOr, kIntegers}, folded(1, false, kInt));
    Check(data, {AggregateFn::kBoolAnd, kFlags}, folded(4, true, kBool));
    Check(data, {AggregateFn::kBoolOr, kFlags}, folded(4, false, kBool));
  }
}

// By the integer, descending, NULLs first; rows of equal integers as they came.
Rows ByInteger(Rows rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    if (a[1].is_null() || b[1].is_null()) return a[1].is_null() && !b[1].is_null();
    return a[1].value.i64 > b[1].value.i64;
  });
  return rows;
}

TEST("text and JSON are put together in the order that is asked for, and of distinct values") {
  const auto quoted = [](const Cell& cell) { return cell.is_null() ? std::string("null") : "\"" + cell.bytes + "\""; };
  const std::vector<TestSortKey> by = {{kIntegers, kSortDescending}};
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Data data(seed, 1 + static_cast<uint32_t>(seed * 91 % 700), 1 + static_cast<uint32_t>(seed % 6));
    for (const bool ordered : {false, true}) {
      const auto in_order = [&](const Rows& rows) { return ordered ? ByInteger(rows) : rows; };
      const auto order = ordered ? by : std::vector<TestSortKey>();
      Check(data, {AggregateFn::kGroupConcat, kTexts, false, nullptr, Text("; "), order}, [&](const Rows& rows) -> Cell {
        std::string text;
        bool any = false;
        for (const Row& row : in_order(rows)) {
          if (row[3].is_null()) continue;
          text += (any ? "; " : "") + row[3].bytes;
          any = true;
        }
        return any ? Cell(Value::Text(text)) : Cell();
      });
      Check(data, {AggregateFn::kJsonGroupArray, kTexts, false, nullptr, nullptr, order}, [&](const Rows& rows) {
        std::string text;
        for (const Row& row : in_order(rows)) text += (text.empty() ? "" : ",") + quoted(row[3]);
        text = "[" + text + "]";
        return Cell(Value::Bytes(ColumnType::kJson, text));
      });
      Check(data, {AggregateFn::kJsonGroupObject, kTexts, false, kFlags, kFlags, order}, [&](const Rows& rows) {
        std::string text;
        for (const Row& row : in_order(rows)) {
          if (row[3].is_null() || row[4].is_null() || row[4].value.i64 == 0) continue;
          text += (text.empty() ? "" : ",") + quoted(row[3]) + ":true";
        }
        text = "{" + text + "}";
        return Cell(Value::Bytes(ColumnType::kJson, text));
      });
      Check(data, {AggregateFn::kAnyValue, kTexts, false, nullptr, nullptr, order}, [&](const Rows& rows) -> Cell {
        for (const Row& row : in_order(rows))
          if (!row[3].is_null()) return row[3];
        return {};
      });
    }
    Check(data, {AggregateFn::kGroupConcat, kTexts, true, nullptr, Text(",")}, [&](const Rows& rows) -> Cell {
      std::vector<std::string> seen;
      for (const Row& row : rows)
        if (!row[3].is_null() && std::find(seen.begin(), seen.end(), row[3].bytes) == seen.end()) seen.push_back(row[3].bytes);
      std::string text;
      for (const std::string& word : seen) text += (&word == seen.data() ? "" : ",") + word;
      return seen.empty() ? Cell() : Cell(Value::Text(text));
    });
  }
}

TEST("of no rows at all, aggregates are NULL, zero or empty") {
  ExecWorld w;
  const Part none = Limit(Values(1, 5, {Int(1), Int(1), Const(Value::Real(1), kReal), Text("a"), NullOf(kBool)}), Int(0));
  EXPECT_EQ(w.Show(Aggregate(none, {},
                             {{AggregateFn::kCount, kTexts},
                              {AggregateFn::kTotal, kReals},
                              {AggregateFn::kGroupConcat, kTexts, false, nullptr, Text(",")},
                              {AggregateFn::kJsonGroupArray, kTexts, false, nullptr, nullptr, {{kIntegers, 0}}},
                              {AggregateFn::kJsonGroupObject, kTexts, false, nullptr, kIntegers},
                              {AggregateFn::kBoolAnd, kFlags},
                              {AggregateFn::kVarPop, kReals},
                              {AggregateFn::kBitOr, kIntegers},
                              {AggregateFn::kAnyValue, kTexts}})),
            "0,0,NULL,'[]','{}',NULL,NULL,NULL,NULL");
}

TEST("JSON holds what it can, escaped, and refuses the rest") {
  ExecWorld w;
  const auto array = [&](const Part& value) {
    return w.Show(Aggregate(Values(1, 1, {value}), {}, {{AggregateFn::kJsonGroupArray, Col(0, value->type)}}));
  };
  EXPECT_EQ(array(Text("a\"\\\n\x01\xC3\xA9")), "'[\"a\\\"\\\\\\n\\u0001\xC3\xA9\"]'");
  EXPECT_EQ(array(Const(Value::Bytes(ColumnType::kJson, "{\"a\":1}"), ColumnType::kJson)), "'[{\"a\":1}]'");
  EXPECT_EQ(array(Const(Value::Real(1.5), kReal)), "'[1.5]'");
  EXPECT_EQ(array(Const(Value::Timestamp(0), ColumnType::kTimestamp)), "'[\"1970-01-01T00:00:00.000Z\"]'");
  EXPECT_EQ(array(Const(Value::Bytes(ColumnType::kDecimal, "2.50"), ColumnType::kDecimal)), "'[2.50]'");
  EXPECT_EQ(array(Const(Value::Bytes(ColumnType::kBlob, "x"), ColumnType::kAny)).substr(0, 1), "!");
}

TEST("malformed aggregates are refused, and memory is bounded") {
  const auto refused = [&](const TestAggregate& f) {
    const Data data(1, 3, 1);
    const PlanBytes bytes = BuildPlan(data.Plan({f}));
    return PreparedPlan::Parse(bytes.words, bytes.constants).status().code() == Code::kInvalidArgument;
  };
  EXPECT(!refused({AggregateFn::kGroupConcat, kTexts, false, nullptr, Text(",")}));
  EXPECT(refused({AggregateFn::kGroupConcat, kTexts}));
  EXPECT(refused({AggregateFn::kGroupConcat, kIntegers, false, nullptr, Text(",")}));
  EXPECT(refused({AggregateFn::kSum, kIntegers, false, nullptr, Int(1)}));
  EXPECT(refused({AggregateFn::kSum, kTexts}));
  EXPECT(refused({AggregateFn::kBoolAnd, kIntegers}));
  EXPECT(refused({AggregateFn::kBitOr, kReals}));
  EXPECT(refused({AggregateFn::kJsonGroupObject, kIntegers, false, nullptr, kTexts}));
  EXPECT(refused({AggregateFn::kCountRows, nullptr, false, nullptr, nullptr, {{kIntegers, 0}}}));
  EXPECT(refused({static_cast<AggregateFn>(19), kIntegers}));

  const Data data(2, 6000, 1);
  ExecWorld w;
  w.limits.query_memory_bytes = 60000;
  const auto limited = [&](const TestAggregate& f) { return w.Run(data.Plan({f})).status.code() == Code::kLimit; };
  EXPECT(limited({AggregateFn::kJsonGroupArray, kReals}));
  EXPECT(limited({AggregateFn::kAnyValue, kTexts, false, nullptr, nullptr, {{kReals, 0}}}));
}

}  // namespace
}  // namespace sochdb::test::exec_aggregate_test
