#include "test/exec_mixed.h"

namespace sochdb::test {

Relation Grown(MixedWorld* w, const Relation& in) {
  RandomExprs& exprs = w->exprs;
  const auto boolean = [&](const Types& scope) { return exprs.Next(ColumnType::kBoolean, scope, 2); };
  const auto any_column = [&](const Types& types) {
    const auto c = w->Below(types.size());
    return Col(static_cast<int32_t>(c), types[c]);
  };
  if (in.types.empty()) return in;
  const auto maybe = [&](uint64_t n) { return w->Below(2) == 0 ? std::nullopt : std::optional<int64_t>(w->Below(n)); };
  switch (w->Below(8)) {
    case 0:
      return RefFilter(in, boolean(in.types));
    case 1:
      return RefDistinct(in);
    case 2:
      return RefLimit(in, maybe(30), maybe(20));
    case 3: {
      std::vector<TestSortKey> keys;
      for (uint64_t n = w->Below(3); n > 0; --n) keys.push_back({any_column(in.types), static_cast<int32_t>(w->Below(4))});
      return RefSort(in, keys, maybe(40), maybe(10));
    }
    case 4: {
      std::vector<Part> outputs;
      static constexpr ColumnType kKinds[] = {ColumnType::kBoolean, ColumnType::kInteger, ColumnType::kText, ColumnType::kAny};
      for (uint64_t n = 1 + w->Below(4); n > 0; --n) outputs.push_back(exprs.Next(kKinds[w->Below(4)], in.types, 2));
      return RefProject(in, outputs);
    }
    case 5: {
      std::vector<Part> groups;
      for (uint64_t n = w->Below(3); n > 0; --n) groups.push_back(any_column(in.types));
      std::vector<TestAggregate> functions = {
          {AggregateFn::kCountRows, nullptr, false, w->Below(2) == 0 ? nullptr : boolean(in.types)}};
      static constexpr AggregateFn kOfAll[] = {AggregateFn::kCount, AggregateFn::kMin, AggregateFn::kMax};
      functions.push_back({kOfAll[w->Below(3)], any_column(in.types), w->Below(2) == 1});
      const ColumnType number = w->Below(2) == 0 ? ColumnType::kInteger : ColumnType::kReal;
      functions.push_back(
          {w->Below(2) == 0 ? AggregateFn::kSum : AggregateFn::kAvg, exprs.Next(number, in.types, 1), w->Below(3) == 0});
      return RefAggregate(in, groups, functions);
    }
    case 6: {
      if (in.rows.size() > 200) return in;
      const auto kind = static_cast<JoinKind>(w->Below(5));
      Relation right = RefScan(w->table, w->rows, -1, {0, 1, 2}, {.hi = Int(40)});
      Types both = in.types;
      both.insert(both.end(), right.types.begin(), right.types.end());
      Part predicate = boolean(both);
      const auto it = std::find(in.types.begin(), in.types.end(), ColumnType::kInteger);
      if (it != in.types.end() && w->Below(2) == 0) {
        const Part equal = Compare(ExprOp::kEqual, Col(static_cast<int32_t>(in.types.size()) + 1, ColumnType::kInteger),
                                   Col(static_cast<int32_t>(it - in.types.begin()), ColumnType::kInteger));
        predicate = Call(ExprOp::kAnd, ColumnType::kBoolean, {equal, predicate});
      }
      return RefLoopJoin(in, right, kind, w->Below(5) == 0 ? nullptr : predicate);
    }
    default: {
      if (in.rows.size() > 200) return in;
      const auto kind = static_cast<JoinKind>(w->Below(4));
      const auto index = static_cast<int32_t>(w->Below(6)) - 1;
      const int32_t first = index < 0 ? 0 : w->table.indexes[static_cast<size_t>(index)].key[0].column;
      const std::vector<int32_t> projection = {first, 0};
      Types both = in.types;
      both.push_back(w->table.columns[static_cast<size_t>(first)].type);
      both.push_back(ColumnType::kInteger);
      const Part equal = exprs.Leaf(w->table.columns[static_cast<size_t>(first)].type, in.types);
      return RefIndexJoin(in, kind, w->table, w->rows, index, projection, {equal}, w->Below(2) == 0 ? nullptr : boolean(both));
    }
  }
}

}  // namespace sochdb::test
