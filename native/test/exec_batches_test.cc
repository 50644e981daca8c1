// Joins by hashing, set operations and LIKE over whole batches, against the same done one pair, row and text at a time.

#include <algorithm>
#include <random>

#include "exec/like.h"
#include "test/exec_users.h"

namespace sochdb::test::exec_batches_test {
namespace {

constexpr auto kDec = ColumnType::kDecimal;

// Few values of a type, so that many are equal, and NULL.
std::vector<Value> FewOf(ColumnType type) {
  switch (type) {
    case kInt:
      return {Value(), Value::Integer(0), Value::Integer(-1), Value::Integer(INT64_MAX), Value::Integer(INT64_MIN)};
    case kReal:
      return {Value(), Value::Real(0.0), Value::Real(-0.0), Value::Real(1.5)};
    case kTxt:
      return {Value(), Value::Text(""), Value::Text("a"), Value::Text("a longer text than sixteen bytes")};
    default:
      return {Value(), Value::Bytes(kDec, "1.0"), Value::Bytes(kDec, "1"), Value::Bytes(kDec, "0")};
  }
}

struct Side {
  std::vector<std::vector<Value>> rows;
  std::vector<ColumnType> types;

  Side(std::mt19937_64* random, std::vector<ColumnType> of, uint32_t n, int64_t first_id) : rows(n), types(std::move(of)) {
    types.push_back(kInt);
    for (auto& row : rows) {
      for (size_t c = 0; c + 1 < types.size(); ++c) {
        const auto few = FewOf(types[c]);
        row.push_back(few[(*random)() % few.size()]);
      }
      row.push_back(Value::Integer(first_id++));
    }
  }
  [[nodiscard]] Part Plan() const {
    std::vector<Part> cells;
    for (const auto& row : rows)
      for (size_t c = 0; c < types.size(); ++c) cells.push_back(Const(row[c], types[c]));
    return Values(static_cast<int32_t>(rows.size()), static_cast<int32_t>(types.size()), cells);
  }
};

std::vector<std::string> Lines(const Outcome& outcome) {
  EXPECT_OK(outcome.status);
  std::vector<std::string> lines;
  for (const Row& row : outcome.rows) lines.push_back(ShowRow(row));
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST("joins by hashing yield the pairs that a look at every pair yields") {
  std::mt19937_64 random(Seed());
  const ColumnType kinds[] = {kInt, kReal, kTxt, kDec};
  for (int round = 0; round < 80; ++round) {
    std::vector<ColumnType> types;
    for (uint64_t c = 0; c < 1 + random() % 2; ++c) types.push_back(kinds[random() % 4]);
    const Side left(&random, types, static_cast<uint32_t>(random() % 60), 1000);
    const Side right(&random, types, static_cast<uint32_t>(random() % 60), 2000);
    const auto width = static_cast<int32_t>(left.types.size());
    std::vector<Part> equal;
    for (int32_t c = 0; c + 1 < width; ++c) {
      equal.push_back(
          Compare(ExprOp::kEqual, Col(c, types[static_cast<size_t>(c)]), Col(width + c, types[static_cast<size_t>(c)])));
    }
    if (round % 3 == 0)
      equal.push_back(
          Compare(ExprOp::kLess, Col(width - 1, kInt), Call(ExprOp::kSubtract, kInt, {Col(2 * width - 1, kInt), Int(1000)})));
    const Part hashed = equal.size() == 1 ? equal[0] : Call(ExprOp::kAnd, kBool, equal);
    // No equality of two sides is found in here.
    const Part looked_at = Call(ExprOp::kOr, kBool, {hashed, Const(Value::Boolean(false), kBool)});
    if (left.rows.empty() || right.rows.empty()) continue;
    for (const JoinKind kind : {JoinKind::kInner, JoinKind::kLeft, JoinKind::kFull, JoinKind::kSemi, JoinKind::kAnti}) {
      ExecWorld w;
      w.want = round % 2 == 0 ? 7 : kBatchRows;
      // Behind a filter, the left batches have selections.
      const Part outer = Filter(left.Plan(), Compare(ExprOp::kGreaterEqual, Col(width - 1, kInt), Int(1000 + round % 5)));
      const auto got = Lines(w.Run(LoopJoin(outer, right.Plan(), kind, hashed)));
      const auto expected = Lines(w.Run(LoopJoin(outer, right.Plan(), kind, looked_at)));
      EXPECT(got == expected);
      const Part none = Filter(right.Plan(), Compare(ExprOp::kLess, Col(width - 1, kInt), Int(0)));
      EXPECT(Lines(w.Run(LoopJoin(outer, none, kind, hashed))) == Lines(w.Run(LoopJoin(outer, none, kind, looked_at))));
    }
  }
}

// LIKE as it is defined, one character after the other.
bool NaiveLike(std::string_view text, std::string_view pattern, char escape, bool fold) {
  const auto folded = [&](char c) { return fold && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (pattern.empty()) return text.empty();
  if (escape != 0 && pattern[0] == escape) {
    return !text.empty() && folded(text[0]) == folded(pattern[1]) && NaiveLike(text.substr(1), pattern.substr(2), escape, fold);
  }
  if (pattern[0] == '%') {
    for (size_t i = 0; i <= text.size(); ++i)
      if (NaiveLike(text.substr(i), pattern.substr(1), escape, fold)) return true;
    return false;
  }
  if (text.empty() || (pattern[0] != '_' && folded(text[0]) != folded(pattern[0]))) return false;
  return NaiveLike(text.substr(1), pattern.substr(1), escape, fold);
}

TEST("LIKE of many texts means what it means of each") {
  std::mt19937_64 random(Seed());
  ExecContext context(1 << 20);
  const auto make = [&](std::string_view letters, size_t longest) {
    std::string text;
    for (size_t n = random() % (longest + 1); n-- > 0;) text += letters[random() % letters.size()];
    return text;
  };
  for (int round = 0; round < 3000; ++round) {
    const bool fold = round % 2 == 0;
    const bool escapes = round % 5 == 0;
    std::string pattern = make(round % 3 == 0 ? "aB%_[{" : "abAB%", round % 7 == 0 ? 9 : 5);
    if (escapes) pattern += "!%";
    if (round % 11 == 0) pattern = "%" + std::string(random() % 70, 'a') + "%";
    LikePattern compiled(pattern, escapes ? "!" : "", fold);
    for (int i = 0; i < 20; ++i) {
      const std::string text = make("abAB[{%", i % 4 == 0 ? 90 : 8);
      bool matches = false;
      EXPECT_OK(compiled.Matches(text, &context, &matches));
      bool one = false;
      EXPECT_OK(Like(text, pattern, escapes ? "!" : "", fold, &context, &one));
      EXPECT_EQ(matches, one);
      if (text.size() < 10) {
        EXPECT_EQ(matches, NaiveLike(text, pattern, escapes ? '!' : '\0', fold));
      }
    }
  }
  LikePattern bad("a!", "!", false);
  bool matches = false;
  EXPECT(bad.Matches("a", &context, &matches).code() == Code::kInvalidArgument);
}

TEST("a window's partitions and peers are found where batches meet") {
  // Runs of equal rows that end inside of batches, at their ends, and go on over several of them.
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 20; ++round) {
    std::vector<Part> cells;
    std::vector<std::string> expected;
    uint32_t rows = 0;
    for (int64_t partition = 0; rows < 3500; ++partition) {
      const uint32_t peers = 1 + static_cast<uint32_t>(random() % (round % 4 == 0 ? 1500 : 3));
      int64_t number = 0;
      for (uint32_t group = 0; group < peers && rows < 3500; ++group) {
        const int64_t rank = number + 1;
        for (uint64_t n = 1 + random() % (round % 3 == 0 ? 1100 : 2); n-- > 0; ++rows) {
          cells.insert(cells.end(), {partition == 0 ? NullOf(kTxt) : Text(std::to_string(partition)),
                                     group == 0 ? NullOf(kReal) : Const(Value::Real(group), kReal)});
          expected.push_back(std::to_string(++number) + "," + std::to_string(rank) + "," + std::to_string(group + 1));
        }
      }
    }
    const auto fn = [](WindowFn f) { return TestWindow{static_cast<int32_t>(f), kInt}; };
    ExecWorld w;
    const auto got = w.Run(Window(Values(static_cast<int32_t>(rows), 2, cells), {Col(0, kTxt)}, {{Col(1, kReal)}},
                                  {fn(WindowFn::kRowNumber), fn(WindowFn::kRank), fn(WindowFn::kDenseRank)}));
    EXPECT_OK(got.status);
    EXPECT_EQ(got.rows.size(), expected.size());
    for (size_t i = 0; i < got.rows.size() && i < expected.size(); ++i) {
      EXPECT_EQ(ShowRow({got.rows[i].begin() + 2, got.rows[i].end()}), expected[i]);
    }
  }
}

}  // namespace
}  // namespace sochdb::test::exec_batches_test
