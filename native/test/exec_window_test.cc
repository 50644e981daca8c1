// Windows: every function over every kind of frame of random rows, against a reading of the definitions that looks at all rows.

#include <algorithm>
#include <cmath>
#include <random>

#include "test/exec_users.h"

namespace sochdb::test::exec_window_test {
namespace {

constexpr auto kText = ColumnType::kText;
constexpr int32_t kPart = 0;  // columns of the rows: partition, order, integer, real, text, boolean, number
constexpr int32_t kOrder = 1;
constexpr int32_t kInteger = 2;
constexpr int32_t kFloat = 3;
constexpr int32_t kWord = 4;
constexpr int32_t kFlag = 5;
constexpr int32_t kNumber = 6;

int32_t Of(AggregateFn fn) { return static_cast<int32_t>(fn); }
int32_t Of(WindowFn fn) { return static_cast<int32_t>(fn); }

struct Case {
  std::mt19937_64 random;
  ColumnType order_type = kInt;
  int32_t order_flags = 0;
  Rows rows;  // sorted

  explicit Case(uint64_t seed) : random(seed) {}
  uint64_t Below(uint64_t n) { return random() % n; }

  Cell Maybe(const Value& value) { return Below(6) == 0 ? Cell() : Cell(value); }
  Value OrderValue() {
    const auto v = static_cast<int64_t>(Below(24)) - 8;
    if (order_type == kReal) return Value::Real(static_cast<double>(v) / 4);
    return order_type == ColumnType::kTimestamp ? Value::Timestamp(v) : Value::Integer(v);
  }

  void Fill(uint32_t n, uint32_t partitions) {
    for (uint32_t i = 0; i < n; ++i) {
      const std::string word(Below(4), static_cast<char>('a' + Below(26)));
      rows.push_back({Maybe(Value::Integer(static_cast<int64_t>(Below(partitions)))), Maybe(OrderValue()),
                      Maybe(Value::Integer(static_cast<int64_t>(Below(100)) - 50)),
                      Maybe(Value::Real(static_cast<double>(Below(64)) / 8)), Maybe(Value::Text(word)),
                      Maybe(Value::Boolean(Below(2) == 0)), Maybe(Value::Integer(static_cast<int64_t>(Below(4))))});
    }
    std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
      const int partition = CompareValues(a[kPart].Get(), b[kPart].Get());
      if (partition != 0) return partition < 0;
      return OrderOf(a, b) < 0;
    });
  }
  [[nodiscard]] int OrderOf(const Row& a, const Row& b) const {
    const bool x = a[kOrder].is_null();
    const bool y = b[kOrder].is_null();
    if (x || y) return x == y ? 0 : (x == ((order_flags & kSortNullsLast) != 0) ? 1 : -1);
    const int order = CompareValues(a[kOrder].Get(), b[kOrder].Get());
    return (order_flags & kSortDescending) != 0 ? -order : order;
  }

  [[nodiscard]] Part Plan(const std::vector<TestWindow>& functions) const {
    const std::vector<ColumnType> types = {kInt, order_type, kInt, kReal, kText, kBool, kInt};
    std::vector<Part> cells;
    for (const Row& row : rows)
      for (size_t c = 0; c < row.size(); ++c) cells.push_back(Const(row[c].Get(), types[c]));
    const auto n = static_cast<int32_t>(rows.size());
    return Window(Values(n, static_cast<int32_t>(types.size()), cells), {Col(kPart, kInt)},
                  {{Col(kOrder, order_type), order_flags}}, functions);
  }

  [[nodiscard]] Part Offset(FrameMode mode, int64_t by) const {
    if (mode == FrameMode::kRange && order_type == kReal) return Const(Value::Real(static_cast<double>(by) / 4), kReal);
    return Int(by);
  }
  TestFrame RandomFrame() {
    TestFrame frame;
    frame.mode = static_cast<FrameMode>(Below(3));
    frame.start = static_cast<FrameBound>(Below(4));
    frame.end = static_cast<FrameBound>(std::max<uint64_t>(static_cast<uint64_t>(frame.start), 1) + Below(2));
    if (Below(4) == 0) frame.end = FrameBound::kUnboundedFollowing;
    const auto with = [](FrameBound kind) { return kind == FrameBound::kPreceding || kind == FrameBound::kFollowing; };
    if (with(frame.start)) frame.start_offset = Offset(frame.mode, static_cast<int64_t>(Below(6)));
    if (with(frame.end)) frame.end_offset = Offset(frame.mode, static_cast<int64_t>(Below(6)));
    frame.exclude = static_cast<FrameExclude>(Below(2) == 0 ? 0 : Below(4));
    return frame;
  }
};

double NumberOf(const Cell& cell) {
  return cell.value.tag == ValueTag::kReal ? cell.value.f64 : static_cast<double>(cell.value.i64);
}

// One partition, by the book.
struct Reader {
  const Case& c;
  size_t begin;
  size_t end;

  [[nodiscard]] bool Peers(size_t a, size_t b) const { return c.OrderOf(c.rows[a], c.rows[b]) == 0; }
  [[nodiscard]] size_t PeersBegin(size_t row) const {
    while (row > begin && Peers(row - 1, row)) --row;
    return row;
  }
  [[nodiscard]] size_t PeersEnd(size_t row) const {
    size_t at = row;
    while (at < end && Peers(at, row)) ++at;
    return at;
  }
  [[nodiscard]] int64_t Group(size_t row) const {
    int64_t group = 0;
    for (size_t i = begin; i < row; ++i)
      if (!Peers(i, i + 1)) ++group;
    return group;
  }

  // Whether a row is not before the start of the frame of another; or not behind its end.
  [[nodiscard]] bool Within(const TestFrame& f, bool is_start, size_t row, size_t current) const {
    const FrameBound kind = is_start ? f.start : f.end;
    if (kind == FrameBound::kUnboundedPreceding || kind == FrameBound::kUnboundedFollowing) return true;
    const Part& offset = is_start ? f.start_offset : f.end_offset;
    double by = 0;
    if (offset != nullptr) {
      Value value;
      std::string_view constant = offset->constant;
      EXPECT_OK(DecodeTagged(&constant, &value));
      by = NumberOf(value);
    }
    if (kind == FrameBound::kPreceding) by = -by;
    double distance = 0;
    if (f.mode == FrameMode::kRows) {
      distance = static_cast<double>(row) - static_cast<double>(current);
    } else if (f.mode == FrameMode::kGroups) {
      distance = static_cast<double>(Group(row) - Group(current));
    } else {
      const bool null = c.rows[row][kOrder].is_null();
      const bool null_here = c.rows[current][kOrder].is_null();
      if (null || null_here) {
        if (null == null_here) return true;
        return (row > current) == is_start;
      }
      distance = NumberOf(c.rows[row][kOrder]) - NumberOf(c.rows[current][kOrder]);
      if ((c.order_flags & kSortDescending) != 0) distance = -distance;
    }
    return is_start ? distance >= by : distance <= by;
  }

  [[nodiscard]] std::vector<size_t> Frame(const TestFrame& f, size_t current) const {
    std::vector<size_t> out;
    for (size_t row = begin; row < end; ++row) {
      if (!Within(f, true, row, current) || !Within(f, false, row, current)) continue;
      if (f.exclude == FrameExclude::kCurrent && row == current) continue;
      if (f.exclude == FrameExclude::kGroup && Peers(row, current)) continue;
      if (f.exclude == FrameExclude::kTies && row != current && Peers(row, current)) continue;
      out.push_back(row);
    }
    return out;
  }

  [[nodiscard]] const Cell& At(size_t row, const Part& column) const {
    return c.rows[row][static_cast<size_t>(column->number)];
  }

  [[nodiscard]] Cell Aggregate(const TestWindow& f, const std::vector<size_t>& frame) const {
    const auto fn = static_cast<AggregateFn>(f.fn);
    std::vector<Cell> values;
    int64_t count = 0;
    for (const size_t row : frame) {
      if (f.filter != nullptr) {
        const Cell& holds = At(row, f.filter);
        if (holds.is_null() || holds.value.i64 == 0) continue;
      }
      ++count;
      if (!f.args.empty() && !At(row, f.args[0]).is_null()) values.push_back(At(row, f.args[0]));
    }
    const auto n = static_cast<int64_t>(values.size());
    if (fn == AggregateFn::kCountRows) return Value::Integer(count);
    if (fn == AggregateFn::kCount) return Value::Integer(n);
    double sum = 0;
    for (const Cell& v : values) sum += fn == AggregateFn::kGroupConcat ? 0 : NumberOf(v);
    if (fn == AggregateFn::kTotal) return Value::Real(sum);
    if (values.empty()) return {};
    const auto less = [](const Cell& a, const Cell& b) { return CompareValues(a.Get(), b.Get()) < 0; };
    switch (fn) {
      case AggregateFn::kSum:
        return f.type == kReal ? Value::Real(sum) : Value::Integer(static_cast<int64_t>(sum));
      case AggregateFn::kAvg:
        return Value::Real(sum / static_cast<double>(n));
      case AggregateFn::kMin:
        return *std::min_element(values.begin(), values.end(), less);
      case AggregateFn::kMax:
        return *std::max_element(values.begin(), values.end(), less);
      case AggregateFn::kAnyValue:
        return values[0];
      case AggregateFn::kBoolAnd:
        return Value::Boolean(std::all_of(values.begin(), values.end(), [](const Cell& v) { return v.value.i64 != 0; }));
      case AggregateFn::kBoolOr:
        return Value::Boolean(std::any_of(values.begin(), values.end(), [](const Cell& v) { return v.value.i64 != 0; }));
      case AggregateFn::kVarPop: {
        double squares = 0;
        for (const Cell& v : values) squares += std::pow(NumberOf(v) - sum / static_cast<double>(n), 2);
        return Value::Real(squares / static_cast<double>(n));
      }
      default: {
        std::string text;
        for (const Cell& v : values) text += (&v == values.data() ? "" : "/") + v.bytes;
        return Value::Text(text);
      }
    }
  }

  [[nodiscard]] Cell Shifted(const TestWindow& f, size_t row) const {
    const Cell& by = At(row, f.args[1]);
    if (by.is_null()) return {};
    int64_t left = by.value.i64;
    if (left == 0) return At(row, f.args[0]);
    const int64_t step = f.fn == Of(WindowFn::kLag) ? -1 : 1;
    for (int64_t at = static_cast<int64_t>(row) + step; at >= static_cast<int64_t>(begin) && at < static_cast<int64_t>(end);
         at += step) {
      const Cell& there = At(static_cast<size_t>(at), f.args[0]);
      if ((f.flags & kWindowIgnoreNulls) != 0 && there.is_null()) continue;
      if (--left == 0) return there;
    }
    return At(row, f.args[2]);
  }

  [[nodiscard]] Cell Picked(const TestWindow& f, size_t row) const {
    std::vector<Cell> values;
    for (const size_t i : Frame(f.frame, row)) {
      if ((f.flags & kWindowIgnoreNulls) == 0 || !At(i, f.args[0]).is_null()) values.push_back(At(i, f.args[0]));
    }
    if (values.empty()) return {};
    if (f.fn == Of(WindowFn::kFirstValue)) return values.front();
    if (f.fn == Of(WindowFn::kLastValue)) return values.back();
    return values.size() > 1 ? values[1] : Cell();
  }

  [[nodiscard]] Cell Value1(const TestWindow& f, size_t row) const {
    if (f.fn < 100) return Aggregate(f, Frame(f.frame, row));
    const auto n = static_cast<double>(end - begin);
    switch (static_cast<WindowFn>(f.fn)) {
      case WindowFn::kRowNumber:
        return Value::Integer(static_cast<int64_t>(row - begin + 1));
      case WindowFn::kRank:
        return Value::Integer(static_cast<int64_t>(PeersBegin(row) - begin + 1));
      case WindowFn::kDenseRank:
        return Value::Integer(Group(row) + 1);
      case WindowFn::kPercentRank:
        return Value::Real(n == 1 ? 0 : static_cast<double>(PeersBegin(row) - begin) / (n - 1));
      case WindowFn::kCumeDist:
        return Value::Real(static_cast<double>(PeersEnd(row) - begin) / n);
      case WindowFn::kNtile: {
        // Deal the rows out: the first tiles get one more.
        const size_t size = end - begin;
        size_t at = begin;
        for (size_t tile = 0; tile < 3; ++tile) {
          at += size / 3 + (tile < size % 3 ? 1 : 0);
          if (row < at) return Value::Integer(static_cast<int64_t>(tile + 1));
        }
        return {};
      }
      case WindowFn::kLag:
      case WindowFn::kLead:
        return Shifted(f, row);
      default:
        return Picked(f, row);
    }
  }
};

std::vector<TestWindow> AllFunctions(Case* c) {
  const Part integer = Col(kInteger, kInt);
  const Part real = Col(kFloat, kReal);
  const Part word = Col(kWord, kText);
  const auto aggregate = [&](AggregateFn fn, ColumnType type, const std::vector<Part>& args) {
    TestWindow f{Of(fn), type, args, c->RandomFrame()};
    if (c->Below(3) == 0) f.filter = Col(kFlag, kBool);
    return f;
  };
  std::vector<TestWindow> out = {
      aggregate(AggregateFn::kCountRows, kInt, {}),
      aggregate(AggregateFn::kCount, kInt, {word}),
      aggregate(AggregateFn::kSum, kInt, {integer}),
      aggregate(AggregateFn::kSum, kReal, {real}),
      aggregate(AggregateFn::kAvg, kReal, {integer}),
      aggregate(AggregateFn::kAvg, kReal, {real}),
      aggregate(AggregateFn::kTotal, kReal, {integer}),
      aggregate(AggregateFn::kMin, kInt, {integer}),
      aggregate(AggregateFn::kMax, kText, {word}),
      aggregate(AggregateFn::kAnyValue, kText, {word}),
      aggregate(AggregateFn::kBoolAnd, kBool, {Col(kFlag, kBool)}),
      aggregate(AggregateFn::kBoolOr, kBool, {Col(kFlag, kBool)}),
      aggregate(AggregateFn::kVarPop, kReal, {real}),
      aggregate(AggregateFn::kGroupConcat, kText, {word, Text("/")}),
  };
  for (const WindowFn fn : {WindowFn::kRowNumber, WindowFn::kRank, WindowFn::kDenseRank}) out.push_back({Of(fn), kInt});
  for (const WindowFn fn : {WindowFn::kPercentRank, WindowFn::kCumeDist}) out.push_back({Of(fn), kReal});
  out.push_back({Of(WindowFn::kNtile), kInt, {Int(3)}});
  for (const int32_t flags : {0, int32_t{kWindowIgnoreNulls}}) {
    for (const WindowFn fn : {WindowFn::kLag, WindowFn::kLead})
      out.push_back({Of(fn), kInt, {integer, Col(kNumber, kInt), Col(kPart, kInt)}, {}, flags});
    for (const WindowFn fn : {WindowFn::kFirstValue, WindowFn::kLastValue})
      out.push_back({Of(fn), kText, {word}, c->RandomFrame(), flags});
    out.push_back({Of(WindowFn::kNthValue), kText, {word, Int(2)}, c->RandomFrame(), flags});
  }
  return out;
}

bool Close(const Cell& a, const Cell& b) {
  if (a.is_null() || b.is_null() || a.value.tag != ValueTag::kReal) return a == b;
  return std::fabs(a.value.f64 - b.value.f64) <= 1e-9 * std::max(1.0, std::fabs(b.value.f64));
}

void Compare(Case* c, uint32_t n, uint32_t partitions) {
  c->Fill(n, partitions);
  const auto functions = AllFunctions(c);
  ExecWorld w;
  w.want = static_cast<uint32_t>(1 + c->Below(kBatchRows));
  const Outcome outcome = w.Run(c->Plan(functions));
  EXPECT_OK(outcome.status);
  EXPECT_EQ(outcome.rows.size(), c->rows.size());
  if (outcome.rows.size() != c->rows.size()) return;
  for (size_t begin = 0; begin < c->rows.size();) {
    size_t end = begin + 1;
    while (end < c->rows.size() && c->rows[end][kPart] == c->rows[begin][kPart]) ++end;
    const Reader reader{*c, begin, end};
    for (size_t row = begin; row < end; ++row) {
      for (size_t f = 0; f < functions.size(); ++f) {
        const Cell expected = reader.Value1(functions[f], row);
        const Cell& actual = outcome.rows[row][c->rows[row].size() + f];
        if (Close(actual, expected)) continue;
        const TestFrame& frame = functions[f].frame;
        EXPECT_EQ("row " + std::to_string(row) + " function " + std::to_string(functions[f].fn) + " mode " +
                      std::to_string(static_cast<int>(frame.mode)) + " from " + std::to_string(static_cast<int>(frame.start)) +
                      " to " + std::to_string(static_cast<int>(frame.end)) + " without " +
                      std::to_string(static_cast<int>(frame.exclude)) + ": " + ShowCell(actual),
                  ShowCell(expected));
        return;
      }
    }
    begin = end;
  }
}

TEST("every function over every kind of frame is what its definition says") {
  const ColumnType types[] = {kInt, kReal, ColumnType::kTimestamp};
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    Case c(seed);
    c.order_type = types[seed % 3];
    c.order_flags = static_cast<int32_t>(c.Below(4));
    Compare(&c, static_cast<uint32_t>(1 + c.Below(70)), static_cast<uint32_t>(1 + c.Below(5)));
  }
}

TEST("partitions are whole whatever the batches, small ones and large") {
  for (const uint32_t partitions : {1u, 3u, 700u}) {
    Case c(partitions);
    c.Fill(4500, partitions);
    ExecWorld w;
    w.want = 100;
    const Outcome outcome =
        w.Run(c.Plan({{Of(WindowFn::kRowNumber), kInt},
                      {Of(AggregateFn::kCountRows),
                       kInt,
                       {},
                       {FrameMode::kRows, FrameBound::kUnboundedPreceding, nullptr, FrameBound::kUnboundedFollowing}},
                      {Of(AggregateFn::kSum),
                       kReal,
                       {Col(kFloat, kReal)},
                       {FrameMode::kRows, FrameBound::kPreceding, Int(1000000), FrameBound::kCurrentRow}}}));
    EXPECT_OK(outcome.status);
    EXPECT_EQ(outcome.rows.size(), 4500u);
    size_t begin = 0;
    double sum = 0;
    for (size_t row = 0; row < outcome.rows.size(); ++row) {
      if (row == 0 || !(c.rows[row][kPart] == c.rows[row - 1][kPart])) {
        begin = row;
        sum = 0;
      }
      if (!c.rows[row][kFloat].is_null()) sum += c.rows[row][kFloat].value.f64;
      size_t end = row + 1;
      while (end < c.rows.size() && c.rows[end][kPart] == c.rows[row][kPart]) ++end;
      const Row& out = outcome.rows[row];
      EXPECT_EQ(out[7].value.i64, static_cast<int64_t>(row - begin + 1));
      EXPECT_EQ(out[8].value.i64, static_cast<int64_t>(end - begin));
      if (!out[9].is_null()) EXPECT_EQ(out[9].value.f64, sum);
      if (partitions == 1 && row > 20) break;  // the ends above take their time
    }
  }
}

TEST("a window of no rows has none, and memory is bounded and given back") {
  Case c(1);
  ExecWorld w;
  EXPECT_EQ(w.Show(Window(Limit(Values(1, 1, {Int(1)}), Int(0)), {}, {{Col(0, kInt)}}, {{Of(WindowFn::kRowNumber), kInt}})),
            "");
  c.Fill(3000, 1);
  w.limits.query_memory_bytes = 200000;
  EXPECT(w.Run(c.Plan({{Of(WindowFn::kRowNumber), kInt}})).status.code() == Code::kLimit);
}

TEST("numbers of rows and offsets that make no sense are errors") {
  Case c(3);
  c.Fill(10, 1);
  ExecWorld w;
  const auto fails = [&](const TestWindow& f) { return w.Run(c.Plan({f})).status.code() == Code::kInvalidArgument; };
  EXPECT(fails({Of(WindowFn::kNtile), kInt, {Int(0)}}));
  EXPECT(fails({Of(WindowFn::kNthValue), kInt, {Col(kInteger, kInt), Int(0)}}));
  const auto counting = [](FrameMode mode, const Part& offset) {
    return TestWindow{Of(AggregateFn::kCountRows), kInt, {}, {mode, FrameBound::kPreceding, offset, FrameBound::kCurrentRow}};
  };
  EXPECT(fails(counting(FrameMode::kRows, Int(-1))));
  EXPECT(fails(counting(FrameMode::kRange, NullOf(kInt))));
  EXPECT(!fails(counting(FrameMode::kGroups, Int(INT64_MAX))));
}

TEST("malformed windows are refused") {
  Case c(4);
  c.Fill(3, 1);
  const auto refused = [&](const TestWindow& f) {
    const PlanBytes bytes = BuildPlan(c.Plan({f}));
    return PreparedPlan::Parse(bytes.words, bytes.constants).status().code() == Code::kInvalidArgument;
  };
  const Part integer = Col(kInteger, kInt);
  const auto framed = [&](const TestFrame& frame) { return TestWindow{Of(AggregateFn::kCountRows), kInt, {}, frame}; };
  EXPECT(!refused(framed({})));
  EXPECT(refused({50, kInt}));
  EXPECT(refused({111, kInt}));
  EXPECT(refused({Of(WindowFn::kRowNumber), kReal}));
  EXPECT(refused({Of(WindowFn::kRowNumber), kInt, {integer}}));
  EXPECT(refused({Of(WindowFn::kRowNumber), kInt, {}, {}, kWindowIgnoreNulls}));
  EXPECT(refused({Of(WindowFn::kRowNumber), kInt, {}, {}, 0, Col(kFlag, kBool)}));
  EXPECT(refused({Of(WindowFn::kLag), kInt, {integer, Col(kWord, kText)}}));
  EXPECT(refused({Of(WindowFn::kLag), kInt, {integer, Int(1), Text("x")}}));
  EXPECT(refused({Of(AggregateFn::kSum), kInt, {integer}, {}, kWindowDistinct}));
  EXPECT(refused({Of(AggregateFn::kSum), kText, {Col(kWord, kText)}}));
  EXPECT(refused({Of(AggregateFn::kGroupConcat), kText, {Col(kWord, kText)}}));
  EXPECT(refused(framed({FrameMode::kRows, FrameBound::kUnboundedFollowing, nullptr, FrameBound::kUnboundedFollowing})));
  EXPECT(refused(framed({FrameMode::kRows, FrameBound::kFollowing, Int(1), FrameBound::kCurrentRow})));
  EXPECT(refused(framed({FrameMode::kRows, FrameBound::kPreceding, nullptr, FrameBound::kCurrentRow})));
  EXPECT(refused(framed({FrameMode::kRows, FrameBound::kCurrentRow, Int(1), FrameBound::kCurrentRow})));
  EXPECT(refused(framed({FrameMode::kRows, FrameBound::kPreceding, integer, FrameBound::kCurrentRow})));
  EXPECT(refused(framed({FrameMode::kRange, FrameBound::kPreceding, Text("x"), FrameBound::kCurrentRow})));
  EXPECT(refused(framed({static_cast<FrameMode>(3)})));
}

}  // namespace
}  // namespace sochdb::test::exec_window_test
