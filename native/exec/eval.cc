#include "exec/eval.h"

#include "exec/coerce.h"

namespace sochdb {
namespace {

const Batch kOneRow = [] {
  Batch batch;
  batch.SetDense(1);
  return batch;
}();

// Operators that are NULL as soon as one operand is.
bool IsStrict(ExprOp op) { return op != ExprOp::kIsNotDistinct; }

bool IsAlwaysNull(const ColumnVector* v) {
  return v != nullptr && (v->type() == ColumnType::kNull || (v->constant() && v->IsNull(0)));
}

}  // namespace

ColumnVector* Evaluator::Slot(const Expr& expr) {
  auto& slot = slots_[expr.slot];
  if (slot == nullptr) slot = std::make_unique<ColumnVector>(expr.type, &context_->memory);
  return slot.get();
}

Status Evaluator::Eval(const Expr& expr, const Batch& in, const Selection& selection, const ColumnVector** out) {
  if (expr.op == ExprOp::kColumn) {
    *out = in.columns[static_cast<size_t>(expr.number)];
    return {};
  }
  ColumnVector* slot = Slot(expr);
  *out = slot;
  if (selection.count == 0) return slot->Reset(in.rows);
  if (expr.op == ExprOp::kConst) {
    SOCHDB_TRY(slot->ResetConstant());
    slot->Set(0, expr.value);
    return {};
  }
  if (expr.op == ExprOp::kSlot) {
    SOCHDB_TRY(slot->ResetConstant());
    slot->Set(0, context_->slots[static_cast<size_t>(expr.number)]);
    return {};
  }
  if (expr.op == ExprOp::kParam) return Parameter(expr, in, slot);
  if (expr.constant && !context_->bulk()) {
    SOCHDB_TRY(slot->Reset(1));
    SOCHDB_TRY(EvalInto(expr, kOneRow, kOneRow.selection, slot));
    slot->MakeConstant();
    return {};
  }
  SOCHDB_TRY(slot->Reset(in.rows));
  return EvalInto(expr, in, selection, slot);
}

Status Evaluator::Parameter(const Expr& expr, const Batch& in, ColumnVector* out) {
  const ParameterRows& parameters = context_->parameters;
  Value value;
  if (!context_->bulk()) {
    SOCHDB_TRY(out->ResetConstant());
    SOCHDB_TRY(CoerceLossless(parameters.at(0, expr.number), expr.type, &arena_, &value));
    out->Set(0, value);
    return {};
  }
  SOCHDB_TRY(out->Reset(in.rows));
  const ValueTag tag = TagOf(expr.type);
  for (uint32_t r = 0; r < in.rows; ++r) {
    const Value& given = parameters.at(r, expr.number);
    if (given.is_null() || (given.tag == tag && tag != ValueTag::kDecimal)) {
      out->Set(r, given);
      continue;
    }
    SOCHDB_TRY(CoerceLossless(given, expr.type, &arena_, &value));
    out->Set(r, value);
  }
  return {};
}

Status Evaluator::EvalInto(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out) {
  switch (expr.op) {
    case ExprOp::kAnd:
    case ExprOp::kOr:
      return And(expr, in, selection, out);
    case ExprOp::kNot:
      return Not(expr, in, selection, out);
    case ExprOp::kIsNull:
      return IsNull(expr, in, selection, out);
    case ExprOp::kCoalesce:
      return Coalesce(expr, in, selection, out);
    case ExprOp::kCase:
      return Case(expr, in, selection, out);
    case ExprOp::kIn:
      return In(expr, in, selection, out);
    case ExprOp::kCall:
      return Call(expr, in, selection, out);
    default:
      break;
  }
  Operands operands;
  const ColumnVector** places[] = {&operands.a, &operands.b, &operands.c};
  for (size_t i = 0; i < expr.args.size(); ++i) {
    if (expr.args[i] != nullptr) SOCHDB_TRY(Eval(*expr.args[i], in, selection, places[i]));
  }
  if (IsStrict(expr.op) && (IsAlwaysNull(operands.a) || IsAlwaysNull(operands.b) || IsAlwaysNull(operands.c))) {
    SetAllNull(selection, out);
    return {};
  }
  switch (expr.op) {
    case ExprOp::kEqual:
    case ExprOp::kNotEqual:
    case ExprOp::kLess:
    case ExprOp::kLessEqual:
    case ExprOp::kGreater:
    case ExprOp::kGreaterEqual:
    case ExprOp::kIsNotDistinct:
      return EvalCompare(expr.op, operands, selection, out);
    case ExprOp::kAdd:
    case ExprOp::kSubtract:
    case ExprOp::kMultiply:
    case ExprOp::kDivide:
    case ExprOp::kModulo:
    case ExprOp::kNegate:
    case ExprOp::kAbs:
      return EvalArithmetic(expr, operands, selection, &arena_, out);
    case ExprOp::kCast:
      return EvalCast(expr, *operands.a, selection, &arena_, out);
    case ExprOp::kTryCast:
      return EvalTryCast(expr, *operands.a, selection, &arena_, out);
    default:
      return EvalText(expr, operands, selection, context_, &arena_, out);
  }
}

Status Evaluator::EvalConstant(const Expr& expr, Value* out) {
  if (expr.op == ExprOp::kConst) {
    *out = expr.value;
    return {};
  }
  if (expr.op == ExprOp::kSlot) {
    *out = context_->slots[static_cast<size_t>(expr.number)];
    return {};
  }
  if (expr.op == ExprOp::kParam) return CoerceLossless(context_->parameters.at(0, expr.number), expr.type, &arena_, out);
  const ColumnVector* result = nullptr;
  SOCHDB_TRY(Eval(expr, kOneRow, kOneRow.selection, &result));
  *out = result->Get(0);
  return {};
}

void PropagateNulls(const ColumnVector& a, const ColumnVector* b, const Selection& selection, ColumnVector* out) {
  const bool b_nulls = b != nullptr && b->may_have_nulls();
  if (!a.may_have_nulls() && !b_nulls) return;
  uint8_t* nulls = out->nulls();
  out->set_may_have_nulls(true);
  selection.ForEach([&](uint32_t r) {
    nulls[r] = static_cast<uint8_t>((a.may_have_nulls() ? a.nulls()[a.at(r)] : 0) | (b_nulls ? b->nulls()[b->at(r)] : 0));
  });
}

void SetAllNull(const Selection& selection, ColumnVector* out) {
  selection.ForEach([&](uint32_t r) { out->SetNull(r); });
}

void CopyRows(const ColumnVector& in, const Selection& selection, ColumnVector* out) {
  const auto copy = [&]<typename T>(const T* from, T* to) { selection.ForEach([&](uint32_t r) { to[r] = from[in.at(r)]; }); };
  if (in.physical() != out->physical()) {  // the literal NULL as a branch of another type
    selection.ForEach([&](uint32_t r) { out->Set(r, in.Get(r)); });
    return;
  }
  switch (in.physical()) {
    case Physical::kBool:
      copy(in.data<uint8_t>(), out->data<uint8_t>());
      break;
    case Physical::kI64:
      copy(in.data<int64_t>(), out->data<int64_t>());
      break;
    case Physical::kF64:
      copy(in.data<double>(), out->data<double>());
      break;
    case Physical::kBytes:
      copy(in.data<std::string_view>(), out->data<std::string_view>());
      break;
    case Physical::kAny:
      copy(in.data<Value>(), out->data<Value>());
      break;
  }
  if (!in.may_have_nulls()) return;
  selection.ForEach([&](uint32_t r) {
    if (in.IsNull(r)) out->SetNull(r);
  });
}

}  // namespace sochdb
