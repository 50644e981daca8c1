// The operators of the naive executor (exec_reference.h).

#include <algorithm>
#include <cmath>

#include "codec/decimal.h"
#include "test/exec_reference.h"

namespace sochdb::test {
namespace {

const std::vector<Cell> kNoParams;

Cell Value1(const Part& expr, const Row& row) {
  const auto v = Evaluate(expr, row, kNoParams);
  EXPECT(v.has_value());
  return v ? *v : Cell();
}

bool Holds(const Part& predicate, const Row& row) {
  return predicate == nullptr || IsTrue(Evaluate(predicate, row, kNoParams));
}

int CompareRows(const Row& a, const Row& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (const int order = CompareValues(a[i].Get(), b[i].Get()); order != 0) return order;
  return 0;
}

Rows Cut(const Rows& rows, std::optional<int64_t> limit, std::optional<int64_t> offset) {
  Rows out;
  const int64_t skip = offset.value_or(0);
  for (int64_t i = skip; i < static_cast<int64_t>(rows.size()) && (!limit || i - skip < *limit); ++i) {
    out.push_back(rows[static_cast<size_t>(i)]);
  }
  return out;
}

Part IntOrNone(std::optional<int64_t> v) { return v ? Int(*v) : nullptr; }

Row Picked(const Row& row, const std::vector<int32_t>& columns) {
  Row out;
  for (const int32_t c : columns) out.push_back(row[static_cast<size_t>(c)]);
  return out;
}

Row Joined(const Row& a, const Row& b) {
  Row out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

// Key columns of an index, followed by the primary key.
std::vector<TestKey> FullKey(const TestTable& table, int32_t index) {
  std::vector<TestKey> key = index < 0 ? std::vector<TestKey>() : table.indexes[static_cast<size_t>(index)].key;
  for (const int32_t c : table.primary_key) key.push_back({c});
  return key;
}

Rows InOrder(const TestTable& table, Rows rows, int32_t index) {
  const auto key = FullKey(table, index);
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    for (const TestKey& k : key) {
      const auto c = static_cast<size_t>(k.column);
      const int order = CompareValues(a[c].Get(), b[c].Get());
      if (order != 0) return (order < 0) != k.descending;
    }
    return false;
  });
  return rows;
}

Cell AggregateOf(const TestAggregate& f, const Rows& rows) {
  std::vector<Cell> values;
  int64_t count = 0;
  for (const Row& row : rows) {
    if (!Holds(f.filter, row)) continue;
    ++count;
    if (f.arg == nullptr) continue;
    Cell v = Value1(f.arg, row);
    if (v.is_null()) continue;
    const auto same = [&](const Cell& other) { return CompareValues(other.Get(), v.Get()) == 0; };
    if (f.distinct && std::any_of(values.begin(), values.end(), same)) continue;
    values.push_back(v);
  }
  if (f.fn == AggregateFn::kCountRows) return Value::Integer(count);
  if (f.fn == AggregateFn::kCount) return Value::Integer(static_cast<int64_t>(values.size()));
  if (values.empty()) return {};
  const auto less = [](const Cell& a, const Cell& b) { return CompareValues(a.Get(), b.Get()) < 0; };
  if (f.fn == AggregateFn::kMin) return *std::min_element(values.begin(), values.end(), less);
  if (f.fn == AggregateFn::kMax) return *std::max_element(values.begin(), values.end(), less);
  int64_t integers = 0;
  long double reals = 0;
  bool real = false;
  for (const Cell& v : values) {
    real |= v.value.tag == ValueTag::kReal;
    if (v.value.tag == ValueTag::kReal) reals += v.value.f64;
    else integers += v.value.i64;
  }
  if (f.fn == AggregateFn::kSum && !real) return Value::Integer(integers);
  const long double sum = reals + static_cast<long double>(integers);
  return Value::Real(static_cast<double>(f.fn == AggregateFn::kSum ? sum : sum / static_cast<long double>(values.size())));
}

}  // namespace

Relation RefFilter(const Relation& in, const Part& predicate) {
  Relation out{Filter(in.plan, predicate), in.types, {}, in.ordered};
  for (const Row& row : in.rows)
    if (Holds(predicate, row)) out.rows.push_back(row);
  return out;
}

Relation RefProject(const Relation& in, const std::vector<Part>& exprs) {
  Relation out{Project(in.plan, exprs), {}, {}, in.ordered};
  for (const Part& e : exprs) out.types.push_back(e->type);
  for (const Row& row : in.rows) {
    Row& to = out.rows.emplace_back();
    for (const Part& e : exprs) to.push_back(Value1(e, row));
  }
  return out;
}

Relation RefSort(const Relation& in, const std::vector<TestSortKey>& keys, std::optional<int64_t> limit,
                 std::optional<int64_t> offset) {
  Relation out{Sort(in.plan, keys, IntOrNone(limit), IntOrNone(offset)), in.types, in.rows, in.ordered};
  std::stable_sort(out.rows.begin(), out.rows.end(), [&](const Row& a, const Row& b) {
    for (const TestSortKey& key : keys) {
      const Cell x = Value1(key.expr, a);
      const Cell y = Value1(key.expr, b);
      if (x.is_null() != y.is_null()) return x.is_null() != ((key.flags & kSortNullsLast) != 0);
      const int order = CompareValues(x.Get(), y.Get());
      if (order != 0) return (order < 0) != ((key.flags & kSortDescending) != 0);
    }
    return false;
  });
  out.rows = Cut(out.rows, limit, offset);
  return out;
}

Relation RefLimit(const Relation& in, std::optional<int64_t> limit, std::optional<int64_t> offset) {
  return {Limit(in.plan, IntOrNone(limit), IntOrNone(offset)), in.types, Cut(in.rows, limit, offset), in.ordered};
}

Relation RefDistinct(const Relation& in) {
  Relation out{Distinct(in.plan), in.types, {}, in.ordered};
  for (const Row& row : in.rows) {
    const auto same = [&](const Row& other) { return CompareRows(row, other) == 0; };
    if (std::none_of(out.rows.begin(), out.rows.end(), same)) out.rows.push_back(row);
  }
  return out;
}

Relation RefAggregate(const Relation& in, const std::vector<Part>& groups, const std::vector<TestAggregate>& functions) {
  Relation out{Aggregate(in.plan, groups, functions), {}, {}, in.ordered};
  for (const Part& g : groups) out.types.push_back(g->type);
  for (const TestAggregate& f : functions) {
    const bool count = f.fn == AggregateFn::kCount || f.fn == AggregateFn::kCountRows;
    out.types.push_back(count ? ColumnType::kInteger : (f.fn == AggregateFn::kAvg ? ColumnType::kReal : f.arg->type));
  }
  std::vector<std::pair<Row, Rows>> found;
  if (groups.empty()) found.emplace_back();
  for (const Row& row : in.rows) {
    Row key;
    for (const Part& g : groups) key.push_back(Value1(g, row));
    auto it = std::find_if(found.begin(), found.end(), [&](const auto& group) { return CompareRows(group.first, key) == 0; });
    if (it == found.end()) it = found.insert(found.end(), {key, {}});
    it->second.push_back(row);
  }
  for (const auto& [key, rows] : found) {
    Row row = key;
    for (const TestAggregate& f : functions) row.push_back(AggregateOf(f, rows));
    out.rows.push_back(row);
  }
  return out;
}

// What a join yields after the last pair of a left row.
static void EndLeft(JoinKind kind, const Row& a, bool matched, size_t right_columns, Rows* out) {
  if (!matched && (kind == JoinKind::kLeft || kind == JoinKind::kFull)) out->push_back(Joined(a, Row(right_columns)));
  if (matched ? kind == JoinKind::kSemi : kind == JoinKind::kAnti) out->push_back(a);
}

Relation RefLoopJoin(const Relation& left, const Relation& right, JoinKind kind, const Part& predicate) {
  Relation out{LoopJoin(left.plan, right.plan, kind, predicate), left.types, {}, left.ordered && right.ordered};
  if (!YieldsLeftAlone(kind)) out.types.insert(out.types.end(), right.types.begin(), right.types.end());
  std::vector<bool> right_matched(right.rows.size());
  for (const Row& a : left.rows) {
    bool matched = false;
    for (size_t i = 0; i < right.rows.size(); ++i) {
      if (!Holds(predicate, Joined(a, right.rows[i]))) continue;
      matched = right_matched[i] = true;
      if (!YieldsLeftAlone(kind)) out.rows.push_back(Joined(a, right.rows[i]));
    }
    EndLeft(kind, a, matched, right.types.size(), &out.rows);
  }
  for (size_t i = 0; i < right.rows.size() && kind == JoinKind::kFull; ++i)
    if (!right_matched[i]) out.rows.push_back(Joined(Row(left.types.size()), right.rows[i]));
  return out;
}

Relation RefIndexJoin(const Relation& outer, JoinKind kind, const TestTable& table, const Rows& inner, int32_t index,
                      const std::vector<int32_t>& projection, const std::vector<Part>& equals, const Part& residual) {
  Relation out{IndexJoin(outer.plan, kind, table, index, projection, equals, residual), outer.types, {}, outer.ordered};
  if (!YieldsLeftAlone(kind)) {
    for (const int32_t c : projection) out.types.push_back(table.columns[static_cast<size_t>(c)].type);
  }
  const auto key = FullKey(table, index);
  const Rows ordered = InOrder(table, inner, index);
  for (const Row& a : outer.rows) {
    bool matched = false;
    for (const Row& b : ordered) {
      bool equal = true;
      for (size_t k = 0; k < equals.size() && equal; ++k) {
        const Cell v = Value1(equals[k], a);
        const Cell& there = b[static_cast<size_t>(key[k].column)];
        equal = !v.is_null() && !there.is_null() && CompareValues(v.Get(), there.Get()) == 0;
      }
      const Row row = Joined(a, Picked(b, projection));
      if (!equal || !Holds(residual, row)) continue;
      matched = true;
      if (!YieldsLeftAlone(kind)) out.rows.push_back(row);
    }
    EndLeft(kind, a, matched, projection.size(), &out.rows);
  }
  return out;
}

Relation RefScan(const TestTable& table, const Rows& rows, int32_t index, const std::vector<int32_t>& projection,
                 const ScanRange& range) {
  Relation out{Scan(table, index, projection, range), {}, {}, true};
  for (const int32_t c : projection) out.types.push_back(table.columns[static_cast<size_t>(c)].type);
  const auto key = FullKey(table, index);
  const auto at = [&](const Row& row, size_t k) { return row[static_cast<size_t>(key[k].column)]; };
  for (const Row& row : InOrder(table, rows, index)) {
    bool in = true;
    for (size_t k = 0; k < range.equals.size() && in; ++k) {
      const Cell v = Value1(range.equals[k], {});
      in = !v.is_null() && !at(row, k).is_null() && CompareValues(v.Get(), at(row, k).Get()) == 0;
    }
    for (const bool low : {true, false}) {
      const Part& bound = low ? range.lo : range.hi;
      if (bound == nullptr || !in) continue;
      const Cell v = Value1(bound, {});
      const Cell there = at(row, range.equals.size());
      const int order = v.is_null() || there.is_null() ? 0 : CompareValues(there.Get(), v.Get()) * (low ? 1 : -1);
      in = !v.is_null() && !there.is_null() && (order > 0 || (order == 0 && (low ? range.lo_inclusive : range.hi_inclusive)));
    }
    if (in) out.rows.push_back(Picked(row, projection));
  }
  if (range.reverse) std::reverse(out.rows.begin(), out.rows.end());
  return out;
}

Cell RandomExprs::RandomCell(ColumnType type) {
  static const char* const kTexts[] = {"", "a", "ab", "Abc", "b%", "a_b", "12", "-7", "zz"};
  static const char* const kDecimals[] = {"0", "1", "1.0", "-2.5", "100000000000000000000", "0.1"};
  if (Below(5) == 0) return {};
  switch (type) {
    case ColumnType::kBoolean:
      return Value::Boolean(Below(2) == 1);
    case ColumnType::kInteger:
      return Value::Integer(may_fail_ && Below(20) == 0 ? INT64_MAX : static_cast<int64_t>(Below(9)) - 3);
    case ColumnType::kReal:
      return Value::Real((static_cast<double>(Below(9)) - 4) / 2);
    case ColumnType::kText:
      return Value::Text(kTexts[Below(9)]);
    case ColumnType::kDecimal:
      return Value::Bytes(ValueTag::kDecimal, kDecimals[Below(6)]);
    case ColumnType::kAny: {
      static constexpr ColumnType kKinds[] = {ColumnType::kInteger, ColumnType::kReal, ColumnType::kText, ColumnType::kBoolean,
                                              ColumnType::kDecimal};
      return RandomCell(kKinds[Below(5)]);
    }
    default:
      return {};
  }
}

Part RandomExprs::Leaf(ColumnType type, const std::vector<ColumnType>& scope) {
  std::vector<int32_t> columns;
  for (size_t i = 0; i < scope.size(); ++i)
    if (scope[i] == type) columns.push_back(static_cast<int32_t>(i));
  if (!columns.empty() && Below(4) != 0) return Col(columns[Below(columns.size())], type);
  return Const(RandomCell(type).Get(), type);
}

Part RandomExprs::Next(ColumnType type, const std::vector<ColumnType>& scope, int depth) {
  if (depth <= 0 || Below(6) == 0) return Leaf(type, scope);
  const auto next = [&](ColumnType t) { return Next(t, scope, depth - 1); };
  switch (Below(8)) {
    case 0:
      return Call(ExprOp::kCoalesce, type, {next(type), next(type), Leaf(type, scope)});
    case 1:
      return Call(ExprOp::kCase, type,
                  {next(ColumnType::kBoolean), next(type), next(ColumnType::kBoolean), next(type),
                   Below(2) == 0 ? nullptr : next(type)});
    default:
      break;
  }
  static constexpr ExprOp kArithmetic[] = {ExprOp::kAdd, ExprOp::kSubtract, ExprOp::kMultiply, ExprOp::kDivide,
                                           ExprOp::kModulo};
  switch (type) {
    case ColumnType::kBoolean:
      return Boolean(scope, depth);
    case ColumnType::kText:
      return TextExpr(scope, depth);
    case ColumnType::kInteger:
      switch (Below(8)) {
        case 0:
          return Call(ExprOp::kLength, type, {next(ColumnType::kText)});
        case 1:
          return Call(ExprOp::kNegate, type, {next(type)});
        case 2:
          return Call(ExprOp::kAbs, type, {next(type)});
        case 3:
          return Call(ExprOp::kCast, type, {next(may_fail_ && Below(2) == 0 ? ColumnType::kText : ColumnType::kBoolean)});
        default:
          return Call(kArithmetic[Below(5)], type, {next(type), next(type)});
      }
    case ColumnType::kReal:
      if (Below(4) == 0) return Call(ExprOp::kCast, type, {next(ColumnType::kInteger)});
      return Call(kArithmetic[Below(5)], type, {next(type), next(type)});
    default:
      return Leaf(type, scope);
  }
}

Part RandomExprs::Boolean(const std::vector<ColumnType>& scope, int depth) {
  static constexpr ColumnType kKinds[] = {ColumnType::kInteger, ColumnType::kReal, ColumnType::kText,
                                          ColumnType::kBoolean, ColumnType::kAny,  ColumnType::kDecimal};
  static constexpr ExprOp kCompare[] = {ExprOp::kEqual,   ExprOp::kNotEqual,     ExprOp::kLess,         ExprOp::kLessEqual,
                                        ExprOp::kGreater, ExprOp::kGreaterEqual, ExprOp::kIsNotDistinct};
  static constexpr ExprOp kSearch[] = {ExprOp::kContains, ExprOp::kStartsWith, ExprOp::kEndsWith};
  static const char* const kPatterns[] = {"%", "a%", "%b", "_b%", "a\\%", "a\\_b", "A__", "", "%B%"};
  const ColumnType boolean = ColumnType::kBoolean;
  const ColumnType kind = kKinds[Below(6)];
  const auto next = [&](ColumnType t) { return Next(t, scope, depth - 1); };
  switch (Below(9)) {
    case 0:
      return Call(ExprOp::kAnd, boolean, {next(boolean), next(boolean), next(boolean)});
    case 1:
      return Call(ExprOp::kOr, boolean, {next(boolean), next(boolean)});
    case 2:
      return Call(ExprOp::kNot, boolean, {next(boolean)});
    case 3:
      return Call(ExprOp::kIsNull, boolean, {next(kind)});
    case 4: {
      std::vector<Part> args = {next(kind)};
      const bool constants = Below(2) == 0;
      for (uint64_t n = Below(constants ? 20 : 4); n > 0; --n)
        args.push_back(constants ? Const(RandomCell(kind).Get(), kind) : next(kind));
      return Call(ExprOp::kIn, boolean, args);
    }
    case 5:
      return Call(ExprOp::kLike, boolean, {next(ColumnType::kText), Text(kPatterns[Below(9)]), Text("\\")},
                  static_cast<int32_t>(Below(2)));
    case 6:
      return Call(kSearch[Below(3)], boolean, {next(ColumnType::kText), next(ColumnType::kText)});
    default:
      return Compare(kCompare[Below(7)], next(kind), next(kind));
  }
}

Part RandomExprs::TextExpr(const std::vector<ColumnType>& scope, int depth) {
  const ColumnType text = ColumnType::kText;
  const auto next = [&](ColumnType t) { return Next(t, scope, depth - 1); };
  switch (Below(5)) {
    case 0:
      return Call(ExprOp::kLower, text, {next(text)});
    case 1:
      return Call(ExprOp::kUpper, text, {next(text)});
    case 2:
      return Call(ExprOp::kCast, text, {next(Below(2) == 0 ? ColumnType::kInteger : ColumnType::kBoolean)});
    default:
      return Call(ExprOp::kConcat, text, {next(text), next(text)});
  }
}

}  // namespace sochdb::test
