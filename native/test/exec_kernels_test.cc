// What works on whole batches of values: tables of rows, filters, sums and sorts, at the edges of what values can be, against
// the same done one value at a time.

#include <algorithm>
#include <limits>
#include <random>

#include "exec/row_table.h"
#include "test/exec_users.h"

namespace sochdb::test::exec_kernels_test {
namespace {

constexpr auto kDec = ColumnType::kDecimal;
constexpr auto kAnything = ColumnType::kAny;

// Values of a type that are easily confused, and NULL.
std::vector<Value> Edges(ColumnType type) {
  using Limits = std::numeric_limits<int64_t>;
  const double infinity = std::numeric_limits<double>::infinity();
  static const std::string zero("a\0", 2);
  static const std::string zeros("a\0\0", 3);
  static const std::string longer = "the same twenty bytes and more";
  static const std::string other = "the same twenty bytes and mora";
  switch (type) {
    case kBool:
      return {Value(), Value::Boolean(false), Value::Boolean(true)};
    case kInt:
      return {Value(),
              Value::Integer(0),
              Value::Integer(1),
              Value::Integer(-1),
              Value::Integer(Limits::min()),
              Value::Integer(Limits::max()),
              Value::Integer(Limits::max() - 1),
              Value::Integer(int64_t{1} << 32)};
    case kReal:
      return {Value(),           Value::Real(0.0),    Value::Real(-0.0),    Value::Real(infinity), Value::Real(-infinity),
              Value::Real(-1.5), Value::Real(5e-324), Value::Real(-5e-324), Value::Real(1e308)};
    case kTxt:
      return {Value(),
              Value::Text(""),
              Value::Text("a"),
              Value::Text(zero),
              Value::Text(zeros),
              Value::Text("ab"),
              Value::Text("abcdefg"),
              Value::Text("abcdefgh"),
              Value::Text("abcdefghi"),
              Value::Text("\xc3\xbf"),
              Value::Text(longer),
              Value::Text(other)};
    case kDec:
      return {Value(), Value::Bytes(kDec, "1.0"), Value::Bytes(kDec, "1.00"), Value::Bytes(kDec, "-3"),
              Value::Bytes(kDec, "0")};
    default:
      return {Value(),           Value::Integer(1), Value::Real(1.0), Value::Text("1"), Value::Boolean(true),
              Value::Real(-0.0), Value::Integer(0)};
  }
}

const std::vector<ColumnType> kTypes = {kBool, kInt, kReal, kTxt, kDec, kAnything};

struct Table {
  std::vector<ColumnType> types;
  std::vector<std::vector<Value>> rows;

  Table(std::mt19937_64* random, std::vector<ColumnType> of, uint32_t n, bool nulls) : types(std::move(of)), rows(n) {
    for (auto& row : rows) {
      for (const ColumnType type : types) {
        const auto edges = Edges(type);
        row.push_back(edges[nulls ? (*random)() % edges.size() : 1 + (*random)() % (edges.size() - 1)]);
      }
    }
  }
  void Fill(uint32_t from, uint32_t n, BatchStorage* out) const {
    EXPECT_OK(out->Reset(n));
    for (uint32_t r = 0; r < n; ++r)
      for (size_t c = 0; c < types.size(); ++c) EXPECT_OK(out->Set(c, r, rows[from + r][c]));
  }
  [[nodiscard]] Part Plan() const {
    std::vector<Part> cells;
    for (const auto& row : rows)
      for (size_t c = 0; c < types.size(); ++c) cells.push_back(Const(row[c], types[c]));
    return Values(static_cast<int32_t>(rows.size()), static_cast<int32_t>(types.size()), cells);
  }
};

bool SameRow(const std::vector<Value>& a, const std::vector<Value>& b) {
  for (size_t c = 0; c < a.size(); ++c)
    if (CompareValues(a[c], b[c]) != 0) return false;
  return true;
}

// Every third row, or all.
Selection Some(bool some, uint32_t n, std::vector<uint16_t>* rows) {
  if (!some) return {nullptr, n};
  rows->clear();
  for (uint32_t r = 0; r < n; r += 3) rows->push_back(static_cast<uint16_t>(r));
  return {rows->data(), static_cast<uint32_t>(rows->size())};
}

TEST("rows have one number when they are equal in each column, in the order they were first seen") {
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 200; ++round) {
    std::vector<ColumnType> types;
    for (uint64_t c = 0; c < 1 + random() % 3; ++c) types.push_back(kTypes[random() % kTypes.size()]);
    const uint32_t batch = 1 + static_cast<uint32_t>(random() % 200);
    const Table table(&random, types, batch * 3, round % 3 != 0);
    MemoryTracker memory(1 << 26);
    RowTable ids(types, &memory, random());
    std::vector<std::vector<Value>> seen;
    for (uint32_t from = 0; from < table.rows.size(); from += batch) {
      BatchStorage storage(&memory);
      storage.Init(types);
      table.Fill(from, batch, &storage);
      Batch in;
      storage.Expose(batch, &in);
      std::vector<uint16_t> picked;
      const Selection selection = Some(round % 2 == 0, batch, &picked);
      std::vector<uint32_t> got(selection.count);
      std::vector<uint16_t> fresh;
      EXPECT_OK(ids.FindOrInsert(in.columns, selection, got.data(), &fresh));
      size_t next_fresh = 0;
      for (uint32_t i = 0; i < selection.count; ++i) {
        const auto& row = table.rows[from + selection[i]];
        const auto it = std::find_if(seen.begin(), seen.end(), [&](const auto& other) { return SameRow(row, other); });
        EXPECT_EQ(got[i], static_cast<uint32_t>(it - seen.begin()));
        if (it != seen.end()) continue;
        seen.push_back(row);
        EXPECT(next_fresh < fresh.size() && fresh[next_fresh] == selection[i]);
        ++next_fresh;
      }
      EXPECT_EQ(next_fresh, fresh.size());
      EXPECT_EQ(ids.size(), static_cast<uint32_t>(seen.size()));
      std::vector<uint32_t> found(selection.count);
      EXPECT_OK(ids.Find(in.columns, selection, found.data()));
      EXPECT(found == got);
      std::vector<uint16_t> room;
      const Selection whole = WithoutNulls(in.columns, selection, &room);
      uint32_t next = 0;
      for (uint32_t i = 0; i < selection.count; ++i) {
        const auto& row = table.rows[from + selection[i]];
        if (std::any_of(row.begin(), row.end(), [](const Value& v) { return v.is_null(); })) continue;
        EXPECT(next < whole.count && whole[next] == selection[i]);
        ++next;
      }
      EXPECT_EQ(next, whole.count);
    }
    ids.Clear();
    uint32_t none = 0;
    BatchStorage storage(&memory);
    storage.Init(types);
    table.Fill(0, 1, &storage);
    Batch in;
    storage.Expose(1, &in);
    EXPECT_OK(ids.Find(in.columns, in.selection, &none));
    EXPECT_EQ(none, RowTable::kNone);
  }
}

TEST("rows that fill their bytes differently are not confused") {
  MemoryTracker memory(1 << 20);
  const std::vector<ColumnType> types = {kTxt, kTxt};
  RowTable ids(types, &memory, 7);
  const std::string four("\x01\0\0\0", 4);
  const std::vector<std::pair<Value, Value>> rows = {
      {Value::Text("a"), Value::Text("b")}, {Value::Text("ab"), Value::Text("")}, {Value::Text(""), Value::Text("ab")},
      {Value(), Value::Text("")},           {Value::Text(""), Value()},           {Value(), Value()},
      {Value::Text(""), Value::Text("")},   {Value::Text(four), Value::Text("a")}};
  BatchStorage storage(&memory);
  storage.Init(types);
  EXPECT_OK(storage.Reset(static_cast<uint32_t>(rows.size())));
  for (uint32_t r = 0; r < rows.size(); ++r) {
    EXPECT_OK(storage.Set(0, r, rows[r].first));
    EXPECT_OK(storage.Set(1, r, rows[r].second));
  }
  Batch in;
  storage.Expose(static_cast<uint32_t>(rows.size()), &in);
  std::vector<uint32_t> got(rows.size());
  std::vector<uint16_t> fresh;
  EXPECT_OK(ids.FindOrInsert(in.columns, in.selection, got.data(), &fresh));
  EXPECT_EQ(ids.size(), static_cast<uint32_t>(rows.size()));
}

TEST("a table of rows ends at the memory limit, and gives back what it took") {
  MemoryTracker memory(1 << 16);
  {
    const std::vector<ColumnType> types = {kInt};
    RowTable ids(types, &memory, 7);
    ColumnVector column(kInt, &memory);
    EXPECT_OK(column.Reset(kBatchRows));
    const ColumnVector* columns[] = {&column};
    std::vector<uint32_t> got(kBatchRows);
    std::vector<uint16_t> fresh;
    Status status;
    for (int64_t from = 0; status.ok() && from < 1 << 20; from += kBatchRows) {
      for (uint32_t r = 0; r < kBatchRows; ++r) column.data<int64_t>()[r] = from + r;
      status = ids.FindOrInsert(columns, {nullptr, kBatchRows}, got.data(), &fresh);
    }
    EXPECT(status.code() == Code::kLimit);
  }
  EXPECT_EQ(memory.used(), 0u);
}

TEST("a filter keeps the rows for which its predicate is true when it is computed") {
  std::mt19937_64 random(Seed());
  const ExprOp ops[] = {ExprOp::kEqual,     ExprOp::kNotEqual, ExprOp::kLess,
                        ExprOp::kLessEqual, ExprOp::kGreater,  ExprOp::kGreaterEqual};
  for (int round = 0; round < 60; ++round) {
    for (const ColumnType type : kTypes) {
      const Table table(&random, {type, type}, 1 + static_cast<uint32_t>(random() % 80), round % 2 == 0);
      const auto edges = Edges(type);
      const auto side = [&](int32_t column) {
        return random() % 3 == 0 ? Const(edges[random() % edges.size()], type) : Col(column, type);
      };
      const auto compare = [&] { return Compare(ops[random() % 6], side(0), side(1)); };
      Part predicate = compare();
      if (round % 3 == 1) predicate = Call(ExprOp::kAnd, kBool, {predicate, compare(), compare()});
      if (round % 3 == 2) predicate = Call(ExprOp::kOr, kBool, {predicate, compare()});
      ExecWorld w;
      // The filter below leaves a selection for the one above.
      const Part below = Filter(table.Plan(), compare());
      const auto computed = w.Run(Project(below, {Col(0, type), Col(1, type), predicate}));
      const auto filtered = w.Run(Filter(below, predicate));
      EXPECT_OK(computed.status);
      EXPECT_OK(filtered.status);
      Rows expected;
      for (const Row& row : computed.rows)
        if (!row[2].is_null() && row[2].value.i64 != 0) expected.push_back({row[0], row[1]});
      EXPECT_EQ(ShowRows(filtered.rows), ShowRows(expected));
    }
  }
}

TEST("what fails behind a NULL in AND fails in a filter too") {
  ExecWorld w;
  const Part overflow = Compare(ExprOp::kGreater, Call(ExprOp::kAdd, kInt, {Col(1, kInt), Int(1)}), Int(0));
  const Part rows = Values(2, 2, {NullOf(kInt), Int(INT64_MAX), Int(1), Int(1)});
  const Part first = Compare(ExprOp::kEqual, Col(0, kInt), Int(1));
  EXPECT_EQ(w.Show(Filter(rows, Call(ExprOp::kAnd, kBool, {first, overflow}))).substr(0, 1), "!");
  EXPECT_EQ(w.Show(Filter(rows, Call(ExprOp::kAnd, kBool,
                                     {Call(ExprOp::kNot, kBool, {Call(ExprOp::kIsNull, kBool, {Col(0, kInt)})}), overflow}))),
            "1,1");
}

TEST("sums and extremes of a group are those of its values, whatever the batch looks like") {
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 60; ++round) {
    for (const ColumnType type : {kInt, kReal, kTxt}) {
      const Table table(&random, {kInt, type}, 1 + static_cast<uint32_t>(random() % 3000), round % 2 == 0);
      const Part below = round % 3 == 0 ? Filter(table.Plan(), Compare(ExprOp::kGreater, Col(0, kInt), Int(0))) : table.Plan();
      const std::vector<Part> groups = round % 4 < 2 ? std::vector<Part>() : std::vector<Part>{Col(0, kInt)};
      ExecWorld w;
      const auto got = w.Run(Aggregate(below, groups,
                                       {{AggregateFn::kMin, Col(1, type)},
                                        {AggregateFn::kMax, Col(1, type)},
                                        {AggregateFn::kCount, Col(1, type)},
                                        {AggregateFn::kCount, Col(1, type), true}}));
      EXPECT_OK(got.status);
      std::vector<std::pair<Value, std::vector<Value>>> expected;
      if (groups.empty()) expected.push_back({});
      for (const auto& row : table.rows) {
        if (round % 3 == 0 && (row[0].is_null() || row[0].i64 <= 0)) continue;
        const auto same = [&](const auto& group) { return groups.empty() || CompareValues(group.first, row[0]) == 0; };
        auto it = std::find_if(expected.begin(), expected.end(), same);
        if (it == expected.end()) it = expected.insert(expected.end(), {row[0], {}});
        if (!row[1].is_null()) it->second.push_back(row[1]);
      }
      EXPECT_EQ(got.rows.size(), expected.size());
      const size_t at = groups.size();
      for (size_t g = 0; g < expected.size() && g < got.rows.size(); ++g) {
        auto& values = expected[g].second;
        const auto less = [](const Value& a, const Value& b) { return CompareValues(a, b) < 0; };
        const auto equal = [](const Value& a, const Value& b) { return CompareValues(a, b) == 0; };
        const Row& row = got.rows[g];
        EXPECT_EQ(row[at + 2].value.i64, static_cast<int64_t>(values.size()));
        if (values.empty()) {
          EXPECT(row[at].is_null() && row[at + 1].is_null());
          continue;
        }
        std::sort(values.begin(), values.end(), less);
        EXPECT_EQ(CompareValues(row[at].Get(), values.front()), 0);
        EXPECT_EQ(CompareValues(row[at + 1].Get(), values.back()), 0);
        values.erase(std::unique(values.begin(), values.end(), equal), values.end());
        EXPECT_EQ(row[at + 3].value.i64, static_cast<int64_t>(values.size()));
      }
    }
  }
}

TEST("sums of integers are exact at the limits, in whole batches and in parts of them") {
  ExecWorld w;
  for (const bool some : {false, true}) {
    for (const int64_t v : {INT64_MIN, INT64_MAX, int64_t{-1}, int64_t{1} << 40}) {
      std::vector<Part> cells;
      for (int i = 0; i < 6000; ++i) cells.insert(cells.end(), {Int(i < 3000 ? v : ~v), i % 7 == 0 ? NullOf(kInt) : Int(1)});
      Part rows = Values(6000, 2, cells);
      if (some) rows = Filter(rows, Compare(ExprOp::kEqual, Col(1, kInt), Int(1)));
      __extension__ __int128 sum = 0;
      for (int i = 0; i < 6000; ++i) sum += some && i % 7 == 0 ? 0 : (i < 3000 ? v : ~v);
      const bool fits = sum >= INT64_MIN && sum <= INT64_MAX;
      const std::string shown = w.Show(Aggregate(rows, {}, {{AggregateFn::kSum, Col(0, kInt)}}));
      EXPECT_EQ(fits ? shown : shown.substr(0, 1), fits ? std::to_string(static_cast<int64_t>(sum)) : "!");
    }
  }
}

TEST("sorts give the order that comparing values gives, NULLs where they belong, equal rows as they came") {
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 120; ++round) {
    std::vector<ColumnType> types;
    for (uint64_t c = 0; c < 1 + random() % 3; ++c) types.push_back(kTypes[random() % kTypes.size()]);
    types.push_back(kInt);  // tells rows apart
    const uint32_t n = round % 10 == 0 ? 3000 : 1 + static_cast<uint32_t>(random() % 700);
    Table table(&random, types, n, round % 3 != 0);
    for (uint32_t r = 0; r < n; ++r) table.rows[r].back() = Value::Integer(r);
    std::vector<TestSortKey> keys;
    for (size_t c = 0; c + 1 < types.size(); ++c) {
      int32_t flags = random() % 2 == 0 ? kSortDescending : 0;
      flags |= random() % 2 == 0 ? kSortNullsLast : 0;
      keys.push_back({Col(static_cast<int32_t>(c), types[c]), flags});
    }
    auto expected = table.rows;
    std::stable_sort(expected.begin(), expected.end(), [&](const auto& a, const auto& b) {
      for (size_t c = 0; c < keys.size(); ++c) {
        const bool x = a[c].is_null();
        const bool y = b[c].is_null();
        if (x != y) return x != ((keys[c].flags & kSortNullsLast) != 0);
        const int order = CompareValues(a[c], b[c]);
        if (order != 0) return (keys[c].flags & kSortDescending) != 0 ? order > 0 : order < 0;
      }
      return false;
    });
    const uint64_t limit = 1 + random() % 40;
    for (const bool limited : {false, true}) {
      ExecWorld w;
      const auto got = w.Run(Sort(table.Plan(), keys, limited ? Int(static_cast<int64_t>(limit)) : nullptr));
      EXPECT_OK(got.status);
      const size_t wanted = limited ? std::min<size_t>(limit, n) : n;
      EXPECT_EQ(got.rows.size(), wanted);
      std::string shown;
      std::string order;
      for (size_t i = 0; i < wanted && i < got.rows.size(); ++i) {
        shown += std::to_string(got.rows[i].back().value.i64) + " ";
        order += std::to_string(expected[i].back().i64) + " ";
      }
      EXPECT_EQ(shown, order);
    }
  }
}

TEST("texts of one beginning sort by what follows, short or long") {
  std::mt19937_64 random(Seed());
  for (const size_t tail : {3u, 7u, 8u, 20u}) {
    std::vector<std::string> texts;
    for (int i = 0; i < 2000; ++i) {
      std::string text = "a beginning of more than eight bytes ";
      for (size_t k = random() % (tail + 1); k-- > 0;) text += static_cast<char>(random() % 3);
      texts.push_back(text);
    }
    std::vector<Part> cells;
    for (const std::string& text : texts) cells.push_back(Const(Value::Text(text), kTxt));
    std::sort(texts.begin(), texts.end());
    for (const bool descending : {false, true}) {
      ExecWorld w;
      const auto got = w.Run(Sort(Values(2000, 1, cells), {{Col(0, kTxt), descending ? kSortDescending : 0}}));
      EXPECT_OK(got.status);
      for (size_t i = 0; i < texts.size(); ++i) {
        EXPECT(got.rows[i][0].bytes == texts[descending ? texts.size() - 1 - i : i]);
      }
    }
  }
}

}  // namespace
}  // namespace sochdb::test::exec_kernels_test
