// AND, OR, NOT, IS NULL, COALESCE, CASE.

#include <numeric>

#include "exec/eval.h"

namespace sochdb {
namespace {

std::vector<uint16_t> RowsOf(const Selection& selection) {
  std::vector<uint16_t> rows;
  rows.reserve(selection.count);
  selection.ForEach([&](uint32_t r) { rows.push_back(static_cast<uint16_t>(r)); });
  return rows;
}

Selection SelectionOf(const std::vector<uint16_t>& rows) { return {rows.data(), static_cast<uint32_t>(rows.size())}; }

}  // namespace

// AND is decided by the first false operand, OR by the first true one; a NULL leaves the others a say.
Status Evaluator::And(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out) {
  const uint8_t decides = expr.op == ExprOp::kAnd ? 0 : 1;
  uint8_t* truth = out->data<uint8_t>();
  uint8_t* nulls = out->nulls();
  selection.ForEach([&](uint32_t r) { truth[r] = static_cast<uint8_t>(1 - decides); });
  std::vector<uint16_t> open = RowsOf(selection);
  for (const Expr* arg : expr.args) {
    const ColumnVector* value = nullptr;
    SOCHDB_TRY(Eval(*arg, in, SelectionOf(open), &value));
    size_t left = 0;
    for (const uint16_t r : open) {
      if (value->IsNull(r)) {
        out->SetNull(r);
      } else if (value->boolean(r) == (decides != 0)) {
        truth[r] = decides;
        nulls[r] = 0;
        continue;
      }
      open[left++] = r;
    }
    open.resize(left);
    if (open.empty()) break;
  }
  return {};
}

Status Evaluator::Not(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out) {
  const ColumnVector* value = nullptr;
  SOCHDB_TRY(Eval(*expr.args[0], in, selection, &value));
  uint8_t* truth = out->data<uint8_t>();
  selection.ForEach([&](uint32_t r) { truth[r] = value->boolean(r) ? 0 : 1; });
  PropagateNulls(*value, nullptr, selection, out);
  return {};
}

Status Evaluator::IsNull(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out) {
  const ColumnVector* value = nullptr;
  SOCHDB_TRY(Eval(*expr.args[0], in, selection, &value));
  uint8_t* truth = out->data<uint8_t>();
  selection.ForEach([&](uint32_t r) { truth[r] = value->IsNull(r) ? 1 : 0; });
  return {};
}

Status Evaluator::Coalesce(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out) {
  std::vector<uint16_t> open = RowsOf(selection);
  std::vector<uint16_t> found;
  for (const Expr* arg : expr.args) {
    const ColumnVector* value = nullptr;
    SOCHDB_TRY(Eval(*arg, in, SelectionOf(open), &value));
    found.clear();
    size_t left = 0;
    for (const uint16_t r : open) {
      if (value->IsNull(r)) open[left++] = r;
      else found.push_back(r);
    }
    CopyRows(*value, SelectionOf(found), out);
    open.resize(left);
    if (open.empty()) return {};
  }
  SetAllNull(SelectionOf(open), out);
  return {};
}

Status Evaluator::Case(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out) {
  std::vector<uint16_t> open = RowsOf(selection);
  std::vector<uint16_t> taken;
  for (size_t i = 0; i + 1 < expr.args.size() && !open.empty(); i += 2) {
    const ColumnVector* condition = nullptr;
    SOCHDB_TRY(Eval(*expr.args[i], in, SelectionOf(open), &condition));
    taken.clear();
    size_t left = 0;
    for (const uint16_t r : open) {
      if (!condition->IsNull(r) && condition->boolean(r)) taken.push_back(r);
      else open[left++] = r;
    }
    open.resize(left);
    if (taken.empty()) continue;
    const ColumnVector* value = nullptr;
    SOCHDB_TRY(Eval(*expr.args[i + 1], in, SelectionOf(taken), &value));
    CopyRows(*value, SelectionOf(taken), out);
  }
  const Expr* otherwise = expr.args.back();
  if (otherwise == nullptr) {
    SetAllNull(SelectionOf(open), out);
    return {};
  }
  const ColumnVector* value = nullptr;
  SOCHDB_TRY(Eval(*otherwise, in, SelectionOf(open), &value));
  CopyRows(*value, SelectionOf(open), out);
  return {};
}

}  // namespace sochdb
