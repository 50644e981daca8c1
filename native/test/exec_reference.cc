#include "test/exec_reference.h"

#include <algorithm>
#include <cmath>

namespace sochdb::test {
namespace {

__extension__ using Wide = __int128;

std::optional<Cell> Null() { return Cell(); }
std::optional<Cell> Bool(bool v) { return Cell(Value::Boolean(v)); }

int Compared(const Cell& a, const Cell& b) { return CompareValues(a.Get(), b.Get()); }

std::optional<Cell> CompareCells(ExprOp op, const Cell& a, const Cell& b) {
  if (op == ExprOp::kIsNotDistinct) return Bool(Compared(a, b) == 0);
  if (a.is_null() || b.is_null()) return Null();
  const int order = Compared(a, b);
  switch (op) {
    case ExprOp::kEqual:
      return Bool(order == 0);
    case ExprOp::kNotEqual:
      return Bool(order != 0);
    case ExprOp::kLess:
      return Bool(order < 0);
    case ExprOp::kLessEqual:
      return Bool(order <= 0);
    case ExprOp::kGreater:
      return Bool(order > 0);
    default:
      return Bool(order >= 0);
  }
}

std::optional<Cell> IntegerResult(Wide v) {
  if (v < INT64_MIN || v > INT64_MAX) return std::nullopt;
  return Cell(Value::Integer(static_cast<int64_t>(v)));
}

std::optional<Cell> Calculate(ExprOp op, const Cell& a, const Cell& b) {
  if (a.is_null() || b.is_null()) return Null();
  if (a.value.tag == ValueTag::kReal) {
    const double x = a.value.f64;
    const double y = b.value.f64;
    if ((op == ExprOp::kDivide || op == ExprOp::kModulo) && y == 0) return Null();
    const double v = op == ExprOp::kAdd        ? x + y
                     : op == ExprOp::kSubtract ? x - y
                     : op == ExprOp::kMultiply ? x * y
                     : op == ExprOp::kDivide   ? x / y
                                               : std::fmod(x, y);
    return std::isnan(v) ? Null() : Cell(Value::Real(v));
  }
  const Wide x = a.value.i64;
  const Wide y = b.value.i64;
  if ((op == ExprOp::kDivide || op == ExprOp::kModulo) && y == 0) return Null();
  switch (op) {
    case ExprOp::kAdd:
      return IntegerResult(x + y);
    case ExprOp::kSubtract:
      return IntegerResult(x - y);
    case ExprOp::kMultiply:
      return IntegerResult(x * y);
    case ExprOp::kDivide:
      return IntegerResult(x / y);
    default:
      return IntegerResult(x % y);
  }
}

bool Matches(std::string_view text, std::string_view pattern, bool fold) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%')
    return Matches(text, pattern.substr(1), fold) || (!text.empty() && Matches(text.substr(1), pattern, fold));
  if (text.empty()) return false;
  const auto lower = [&](char c) { return fold && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const bool escaped = pattern[0] == '\\' && pattern.size() > 1;
  if (escaped) pattern.remove_prefix(1);
  if ((escaped || pattern[0] != '_') && lower(pattern[0]) != lower(text[0])) return false;
  return Matches(text.substr(1), pattern.substr(1), fold);
}

std::optional<Cell> Cast(const Cell& in, ColumnType to) {
  if (in.is_null()) return Null();
  const Value v = in.Get();
  if (TagOf(to) == v.tag || to == ColumnType::kAny) return in;
  if (to == ColumnType::kText) {
    std::string text;
    AppendText(v, &text);
    return Cell(Value::Text(text));
  }
  if (to == ColumnType::kReal && v.tag == ValueTag::kInteger) return Cell(Value::Real(static_cast<double>(v.i64)));
  if (to == ColumnType::kInteger && v.tag == ValueTag::kReal) {
    if (!(std::fabs(v.f64) < 9e18)) return std::nullopt;
    return Cell(Value::Integer(static_cast<int64_t>(v.f64)));
  }
  if (to == ColumnType::kInteger && v.tag == ValueTag::kBoolean) return Cell(Value::Integer(v.i64));
  if (to == ColumnType::kBoolean && v.tag == ValueTag::kInteger) return Bool(v.i64 != 0);
  if (to == ColumnType::kInteger && v.tag == ValueTag::kText) {
    char* end = nullptr;
    const long long parsed = std::strtoll(in.bytes.c_str(), &end, 10);
    if (in.bytes.empty() || *end != '\0' || in.bytes.find_first_not_of("-0123456789") != std::string::npos) return std::nullopt;
    return Cell(Value::Integer(parsed));
  }
  return std::nullopt;
}

std::optional<Cell> EvaluateLogic(const Part& e, const Row& row, const std::vector<Cell>& params) {
  const bool decides = e->op == ExprOp::kOr;
  bool null = false;
  for (const Part& arg : e->args) {
    const auto v = Evaluate(arg, row, params);
    if (!v) return std::nullopt;
    if (v->is_null()) null = true;
    else if ((v->value.i64 != 0) == decides) return Bool(decides);
  }
  return null ? Null() : Bool(!decides);
}

std::optional<Cell> EvaluateIn(const Part& e, const Row& row, const std::vector<Cell>& params) {
  if (e->args.size() == 1) return Bool(false);
  const auto value = Evaluate(e->args[0], row, params);
  if (!value) return std::nullopt;
  if (value->is_null()) return Null();
  bool null = false;
  for (size_t i = 1; i < e->args.size(); ++i) {
    const auto item = Evaluate(e->args[i], row, params);
    if (!item) return std::nullopt;
    if (item->is_null()) null = true;
    else if (Compared(*value, *item) == 0) return Bool(true);
  }
  return null ? Null() : Bool(false);
}

std::optional<Cell> EvaluateBranches(const Part& e, const Row& row, const std::vector<Cell>& params) {
  if (e->op == ExprOp::kCoalesce) {
    for (const Part& arg : e->args) {
      auto v = Evaluate(arg, row, params);
      if (!v || !v->is_null()) return v;
    }
    return Null();
  }
  for (size_t i = 0; i + 1 < e->args.size(); i += 2) {
    const auto condition = Evaluate(e->args[i], row, params);
    if (!condition) return std::nullopt;
    if (IsTrue(condition)) return Evaluate(e->args[i + 1], row, params);
  }
  return e->args.back() == nullptr ? Null() : Evaluate(e->args.back(), row, params);
}

std::optional<Cell> EvaluateText(const Part& e, const std::vector<Cell>& args) {
  for (const Cell& arg : args)
    if (arg.is_null()) return Null();
  const std::string& a = args[0].bytes;
  std::string out = a;
  switch (e->op) {
    case ExprOp::kConcat:
      return Cell(Value::Text(a + args[1].bytes));
    case ExprOp::kLower:
      for (char& c : out) c = static_cast<char>(std::tolower(c));
      return Cell(Value::Text(out));
    case ExprOp::kUpper:
      for (char& c : out) c = static_cast<char>(std::toupper(c));
      return Cell(Value::Text(out));
    case ExprOp::kLength:
      return Cell(Value::Integer(static_cast<int64_t>(a.size())));
    case ExprOp::kContains:
      return Bool(a.find(args[1].bytes) != std::string::npos);
    case ExprOp::kStartsWith:
      return Bool(a.starts_with(args[1].bytes));
    case ExprOp::kEndsWith:
      return Bool(a.ends_with(args[1].bytes));
    default:
      return Bool(Matches(a, args[1].bytes, (e->number & kLikeCaseInsensitive) != 0));
  }
}

}  // namespace

bool IsTrue(const std::optional<Cell>& cell) { return cell && !cell->is_null() && cell->value.i64 != 0; }

std::map<int32_t, Cell>& ReferenceSlots() {
  static thread_local std::map<int32_t, Cell> slots;
  return slots;
}

std::optional<Cell> Evaluate(const Part& e, const Row& row, const std::vector<Cell>& params) {
  switch (e->op) {
    case ExprOp::kSlot:
      return ReferenceSlots().at(e->number);
    case ExprOp::kConst: {
      std::string_view rest = e->constant;
      Value value;
      EXPECT_OK(DecodeTagged(&rest, &value));
      return Cell(value);
    }
    case ExprOp::kParam:
      return params[static_cast<size_t>(e->number)];
    case ExprOp::kColumn:
      return row[static_cast<size_t>(e->number)];
    case ExprOp::kAnd:
    case ExprOp::kOr:
      return EvaluateLogic(e, row, params);
    case ExprOp::kIn:
      return EvaluateIn(e, row, params);
    case ExprOp::kCoalesce:
    case ExprOp::kCase:
      return EvaluateBranches(e, row, params);
    default:
      break;
  }
  std::vector<Cell> args;
  for (const Part& arg : e->args) {
    if (arg == nullptr) continue;
    const auto v = Evaluate(arg, row, params);
    if (!v) return std::nullopt;
    args.push_back(*v);
  }
  switch (e->op) {
    case ExprOp::kEqual:
    case ExprOp::kNotEqual:
    case ExprOp::kLess:
    case ExprOp::kLessEqual:
    case ExprOp::kGreater:
    case ExprOp::kGreaterEqual:
    case ExprOp::kIsNotDistinct:
      return CompareCells(e->op, args[0], args[1]);
    case ExprOp::kNot:
      return args[0].is_null() ? Null() : Bool(args[0].value.i64 == 0);
    case ExprOp::kIsNull:
      return Bool(args[0].is_null());
    case ExprOp::kAdd:
    case ExprOp::kSubtract:
    case ExprOp::kMultiply:
    case ExprOp::kDivide:
    case ExprOp::kModulo:
      return Calculate(e->op, args[0], args[1]);
    case ExprOp::kNegate:
    case ExprOp::kAbs: {
      if (args[0].is_null()) return Null();
      const bool keep = e->op == ExprOp::kAbs;
      const Value& v = args[0].value;
      if (v.tag == ValueTag::kReal) return Cell(Value::Real(keep ? std::fabs(v.f64) : -v.f64));
      return IntegerResult(keep && v.i64 >= 0 ? Wide{v.i64} : -Wide{v.i64});
    }
    case ExprOp::kCast:
      return Cast(args[0], e->type);
    default:
      return EvaluateText(e, args);
  }
}

}  // namespace sochdb::test
