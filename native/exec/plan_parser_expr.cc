#include <algorithm>

#include "exec/coerce.h"
#include "exec/functions/function.h"
#include "exec/plan_parser.h"

namespace sochdb {
namespace {

bool IsNullType(ColumnType type) { return type == ColumnType::kNull; }

bool IsTextual(ColumnType type) { return type == ColumnType::kText || type == ColumnType::kBlob || IsNullType(type); }

}  // namespace

Status PlanParser::ExprAt(int32_t offset, int32_t parent, int32_t word, int depth, const Types& scope, const Expr** out) {
  SOCHDB_TRY(CheckOffset(offset, parent, word));
  if (depth > kPlanDepthMax) return Fail(offset, "the plan is nested deeper than " + std::to_string(kPlanDepthMax));
  if (plan_->exprs_.size() >= kPlanExpressionsMax) return Fail(offset, "the plan has too many expressions");
  Words words(this, offset);
  int32_t op = 0;
  int32_t type = 0;
  SOCHDB_TRY(words.Next(&op));
  SOCHDB_TRY(words.Next(&type));
  if (type < 0 || type > kColumnTypeMax) return Fail(words.last(), "there is no type " + std::to_string(type));
  auto owned = std::make_unique<Expr>();
  Expr* expr = owned.get();
  expr->op = static_cast<ExprOp>(op);
  expr->type = static_cast<ColumnType>(type);
  expr->word = offset;
  expr->slot = static_cast<uint32_t>(plan_->exprs_.size());
  plan_->exprs_.push_back(std::move(owned));
  if (expr->IsLeaf()) {
    SOCHDB_TRY(ParseLeaf(&words, scope, expr));
  } else {
    if (!visited_.insert(offset).second) return Fail(word, "two nodes point to word " + std::to_string(offset));
    SOCHDB_TRY(ParseOperands(&words, depth, scope, expr));
    const bool is_volatile = expr->function != nullptr && (expr->function->flags & kVolatile) != 0;
    expr->constant = !is_volatile && std::all_of(expr->args.begin(), expr->args.end(),
                                                 [](const Expr* a) { return a == nullptr || a->constant; });
    if (is_volatile) least_binding_ = 0;  // nothing that depends on it is remembered from Open to Open
  }
  SOCHDB_TRY(CheckTypes(*expr));
  *out = expr;
  return {};
}

Status PlanParser::NextExpr(Words* words, int depth, const Types& scope, const Expr** out) {
  int32_t offset = 0;
  SOCHDB_TRY(words->Next(&offset));
  return ExprAt(offset, words->start(), words->last(), depth + 1, scope, out);
}

Status PlanParser::NextOptionalExpr(Words* words, int depth, const Types& scope, const Expr** out) {
  int32_t offset = 0;
  SOCHDB_TRY(words->Next(&offset));
  *out = nullptr;
  if (offset == -1) return {};
  return ExprAt(offset, words->start(), words->last(), depth + 1, scope, out);
}

Status PlanParser::NextExprs(Words* words, int32_t count, int depth, const Types& scope, std::vector<const Expr*>* out) {
  for (int32_t i = 0; i < count; ++i) SOCHDB_TRY(NextExpr(words, depth, scope, &out->emplace_back()));
  return {};
}

Status PlanParser::NextPredicate(Words* words, int depth, const Types& scope, const Expr** out) {
  SOCHDB_TRY(NextOptionalExpr(words, depth, scope, out));
  if (*out != nullptr && (*out)->type != ColumnType::kBoolean && !IsNullType((*out)->type)) {
    return Fail(words->last(), "a predicate must be BOOLEAN");
  }
  return {};
}

Status PlanParser::ParseLeaf(Words* words, const Types& scope, Expr* expr) {
  if (expr->op == ExprOp::kSlot) return ParseSlot(words, expr);
  int32_t number = 0;
  SOCHDB_TRY(words->Next(&number));
  expr->number = number;
  switch (expr->op) {
    case ExprOp::kConst:
      expr->constant = true;
      SOCHDB_TRY(Constant(number, words->last(), &expr->value));
      if (!expr->value.is_null() && expr->type != ColumnType::kAny && !SameClass(expr->value.tag, expr->type)) {
        return Fail(words->last(), std::string("constant ") + std::to_string(number) + " is no " + ColumnTypeName(expr->type));
      }
      return {};
    case ExprOp::kParam:
      expr->constant = true;
      if (number < 0 || static_cast<uint32_t>(number) >= plan_->parameter_count_) {
        return Fail(words->last(), "there is no parameter " + std::to_string(number));
      }
      return {};
    default:
      if (number < 0 || static_cast<size_t>(number) >= scope.size()) {
        return Fail(words->last(), "there is no column " + std::to_string(number) + " here");
      }
      if (!SameClass(scope[static_cast<size_t>(number)], expr->type)) {
        return Fail(words->last(), std::string("column ") + std::to_string(number) + " is " +
                                       ColumnTypeName(scope[static_cast<size_t>(number)]) + ", not " +
                                       ColumnTypeName(expr->type));
      }
      return {};
  }
}

Status PlanParser::ParseOperands(Words* words, int depth, const Types& scope, Expr* expr) {
  int32_t count = 0;
  auto* args = &expr->args;
  switch (expr->op) {
    case ExprOp::kEqual:
    case ExprOp::kNotEqual:
    case ExprOp::kLess:
    case ExprOp::kLessEqual:
    case ExprOp::kGreater:
    case ExprOp::kGreaterEqual:
    case ExprOp::kIsNotDistinct:
    case ExprOp::kAdd:
    case ExprOp::kSubtract:
    case ExprOp::kMultiply:
    case ExprOp::kDivide:
    case ExprOp::kModulo:
    case ExprOp::kConcat:
    case ExprOp::kContains:
    case ExprOp::kStartsWith:
    case ExprOp::kEndsWith:
      return NextExprs(words, 2, depth, scope, args);
    case ExprOp::kNot:
    case ExprOp::kIsNull:
    case ExprOp::kNegate:
    case ExprOp::kLower:
    case ExprOp::kUpper:
    case ExprOp::kLength:
    case ExprOp::kAbs:
    case ExprOp::kCast:
    case ExprOp::kTryCast:
      return NextExprs(words, 1, depth, scope, args);
    case ExprOp::kCall:
      SOCHDB_TRY(words->Next(&expr->number));
      expr->function = FindFunction(expr->number);
      if (expr->function == nullptr) return Fail(words->last(), "there is no function " + std::to_string(expr->number));
      SOCHDB_TRY(words->NextCount(1, &count));
      return NextExprs(words, count, depth, scope, args);
    case ExprOp::kAnd:
    case ExprOp::kOr:
    case ExprOp::kCoalesce:
      SOCHDB_TRY(words->NextCount(1, &count));
      if (count < 1) return Fail(words->last(), "there must be an operand");
      return NextExprs(words, count, depth, scope, args);
    case ExprOp::kIn:
      SOCHDB_TRY(NextExpr(words, depth, scope, &args->emplace_back()));
      SOCHDB_TRY(words->NextCount(1, &count));
      return NextExprs(words, count, depth, scope, args);
    case ExprOp::kLike:
      SOCHDB_TRY(NextExprs(words, 2, depth, scope, args));
      SOCHDB_TRY(NextOptionalExpr(words, depth, scope, &args->emplace_back()));
      return words->NextFlags(kLikeCaseInsensitive, &expr->number);
    case ExprOp::kCase:
      SOCHDB_TRY(words->NextCount(2, &count));
      if (count < 1) return Fail(words->last(), "a CASE needs a WHEN");
      SOCHDB_TRY(NextExprs(words, count * 2, depth, scope, args));
      return NextOptionalExpr(words, depth, scope, &args->emplace_back());
    default:
      return Fail(words->start(), "there is no expression " + std::to_string(static_cast<int32_t>(expr->op)));
  }
}

Status PlanParser::Expect(const Expr& expr, const Expr& arg, ColumnType type) const {
  if (IsNullType(arg.type) || SameClass(arg.type, type)) return {};
  return Fail(expr.word, std::string("an operand is ") + ColumnTypeName(arg.type) + ", not " + ColumnTypeName(type));
}

Status PlanParser::CheckArithmetic(const Expr& expr) const {
  // Timestamps are numbers of milliseconds here; decimals and reals only mix after a cast.
  const Physical physical = PhysicalOf(expr.type);
  const bool number = physical == Physical::kI64 || physical == Physical::kF64 || expr.type == ColumnType::kDecimal ||
                      expr.type == ColumnType::kAny || IsNullType(expr.type);
  if (!number) return Fail(expr.word, std::string("there is no arithmetic that yields ") + ColumnTypeName(expr.type));
  for (const Expr* arg : expr.args) {
    if (IsNullType(arg->type)) continue;
    if (PhysicalOf(arg->type) == Physical::kI64 && physical == Physical::kI64) continue;
    SOCHDB_TRY(Expect(expr, *arg, expr.type));
  }
  return {};
}

Status PlanParser::CheckText(const Expr& expr) const {
  const ColumnType type = expr.args[0]->type;
  if (expr.op == ExprOp::kLength) {
    if (expr.type != ColumnType::kInteger && expr.type != ColumnType::kBigint) return Fail(expr.word, "a length is INTEGER");
    return IsTextual(type) ? Status() : Fail(expr.word, "only text and blobs have a length");
  }
  const bool predicate = expr.op == ExprOp::kLike || expr.op == ExprOp::kContains || expr.op == ExprOp::kStartsWith ||
                         expr.op == ExprOp::kEndsWith;
  if (predicate && expr.type != ColumnType::kBoolean) return Fail(expr.word, "a text predicate is BOOLEAN");
  const bool only_text = expr.op == ExprOp::kLike || expr.op == ExprOp::kLower || expr.op == ExprOp::kUpper;
  ColumnType wanted = predicate ? ColumnType::kNull : expr.type;
  for (const Expr* arg : expr.args) {
    if (arg == nullptr) continue;
    if (!IsTextual(arg->type)) return Fail(expr.word, "an operand is neither text nor blob");
    if (IsNullType(wanted)) wanted = arg->type;
    SOCHDB_TRY(Expect(expr, *arg, wanted));
  }
  if (!IsTextual(wanted) || (only_text && wanted == ColumnType::kBlob)) return Fail(expr.word, "this takes text");
  return {};
}

Status PlanParser::CheckCall(const Expr& expr) const {
  Types types;
  for (const Expr* arg : expr.args) types.push_back(arg->type);
  std::string why;
  return FunctionTakes(*expr.function, types, expr.type, &why) ? Status() : Fail(expr.word, why);
}

// COALESCE and CASE: every branch has the type of the whole, every condition is a boolean.
Status PlanParser::CheckBranches(const Expr& expr) const {
  for (size_t i = 0; i < expr.args.size(); ++i) {
    if (expr.args[i] == nullptr) continue;
    const bool condition = expr.op == ExprOp::kCase && i % 2 == 0 && i + 1 < expr.args.size();
    SOCHDB_TRY(Expect(expr, *expr.args[i], condition ? ColumnType::kBoolean : expr.type));
  }
  return {};
}

Status PlanParser::CheckTypes(const Expr& expr) const {
  const auto& args = expr.args;
  switch (expr.op) {
    case ExprOp::kConst:
    case ExprOp::kParam:
    case ExprOp::kColumn:
    case ExprOp::kSlot:
      return {};
    case ExprOp::kEqual:
    case ExprOp::kNotEqual:
    case ExprOp::kLess:
    case ExprOp::kLessEqual:
    case ExprOp::kGreater:
    case ExprOp::kGreaterEqual:
    case ExprOp::kIsNotDistinct:
    case ExprOp::kIn:
      if (expr.type != ColumnType::kBoolean) return Fail(expr.word, "a comparison is BOOLEAN");
      for (const Expr* arg : args) {
        if (!IsNullType(args[0]->type)) SOCHDB_TRY(Expect(expr, *arg, args[0]->type));
      }
      return {};
    case ExprOp::kAnd:
    case ExprOp::kOr:
    case ExprOp::kNot:
      if (expr.type != ColumnType::kBoolean) return Fail(expr.word, "a logical operator is BOOLEAN");
      for (const Expr* arg : args) SOCHDB_TRY(Expect(expr, *arg, ColumnType::kBoolean));
      return {};
    case ExprOp::kIsNull:
      return expr.type == ColumnType::kBoolean ? Status() : Fail(expr.word, "IS NULL is BOOLEAN");
    case ExprOp::kAdd:
    case ExprOp::kSubtract:
    case ExprOp::kMultiply:
    case ExprOp::kDivide:
    case ExprOp::kModulo:
    case ExprOp::kNegate:
    case ExprOp::kAbs:
      return CheckArithmetic(expr);
    case ExprOp::kConcat:
    case ExprOp::kLike:
    case ExprOp::kContains:
    case ExprOp::kStartsWith:
    case ExprOp::kEndsWith:
    case ExprOp::kLower:
    case ExprOp::kUpper:
    case ExprOp::kLength:
      return CheckText(expr);
    case ExprOp::kCoalesce:
    case ExprOp::kCase:
      return CheckBranches(expr);
    case ExprOp::kCall:
      return CheckCall(expr);
    case ExprOp::kCast:
    case ExprOp::kTryCast:
      if (CanCast(args[0]->type, expr.type)) return {};
      return Fail(expr.word,
                  std::string("there is no cast from ") + ColumnTypeName(args[0]->type) + " to " + ColumnTypeName(expr.type));
  }
  return {};
}

}  // namespace sochdb
