// IN over a list: by hashing when the list is constant and long, one comparison after the other otherwise.

#include <algorithm>

#include "exec/eval.h"

namespace sochdb {
namespace {

constexpr size_t kHashedListMin = 8;

}  // namespace

Status Evaluator::In(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out) {
  uint8_t* truth = out->data<uint8_t>();
  selection.ForEach([&](uint32_t r) { truth[r] = 0; });
  if (expr.args.size() == 1) return {};  // IN () is false, even of NULL
  const ColumnVector* value = nullptr;
  SOCHDB_TRY(Eval(*expr.args[0], in, selection, &value));
  if (value->type() == ColumnType::kNull) {
    SetAllNull(selection, out);
    return {};
  }
  const auto is_constant = [](const Expr* e) { return e->IsConstantLeaf(); };
  if (expr.args.size() > kHashedListMin && !context_->bulk() &&
      std::all_of(expr.args.begin() + 1, expr.args.end(), is_constant)) {
    return InConstants(expr, *value, selection, out);
  }
  std::vector<uint16_t> open;
  selection.ForEach([&](uint32_t r) {
    if (value->IsNull(r)) out->SetNull(r);
    else open.push_back(static_cast<uint16_t>(r));
  });
  ColumnVector equal(ColumnType::kBoolean, &context_->memory);
  for (size_t i = 1; i < expr.args.size() && !open.empty(); ++i) {
    const Selection rows{open.data(), static_cast<uint32_t>(open.size())};
    const ColumnVector* item = nullptr;
    SOCHDB_TRY(Eval(*expr.args[i], in, rows, &item));
    if (item->type() == ColumnType::kNull) {
      SetAllNull(rows, out);
      continue;
    }
    SOCHDB_TRY(equal.Reset(in.rows));
    SOCHDB_TRY(EvalCompare(ExprOp::kEqual, {value, item}, rows, &equal));
    size_t left = 0;
    for (const uint16_t r : open) {
      if (equal.IsNull(r)) {
        out->SetNull(r);
      } else if (equal.boolean(r)) {
        truth[r] = 1;
        out->nulls()[r] = 0;
        continue;
      }
      open[left++] = r;
    }
    open.resize(left);
  }
  return {};
}

Status Evaluator::BuildInList(const Expr& expr, std::unique_ptr<InList>* out) {
  auto list = std::make_unique<InList>(expr.args[0]->type, context_);
  ColumnVector item(expr.args[0]->type, &context_->memory);
  const ColumnVector* items[] = {&item};
  std::vector<uint16_t> fresh;
  for (size_t i = 1; i < expr.args.size(); ++i) {
    Value value;
    SOCHDB_TRY(EvalConstant(*expr.args[i], &value));
    if (value.is_null()) {
      list->has_null = true;
      continue;
    }
    SOCHDB_TRY(item.Reset(1));
    item.Set(0, value);
    uint32_t id = 0;
    SOCHDB_TRY(list->keys.FindOrInsert(items, {nullptr, 1}, &id, &fresh));
  }
  *out = std::move(list);
  return {};
}

Status Evaluator::InConstants(const Expr& expr, const ColumnVector& value, const Selection& selection, ColumnVector* out) {
  std::unique_ptr<InList>& list = in_lists_[expr.slot];
  if (list == nullptr) SOCHDB_TRY(BuildInList(expr, &list));
  const ColumnVector* values[] = {&value};
  uint32_t ids[kBatchRows];
  SOCHDB_TRY(list->keys.Find(values, selection, ids));
  uint8_t* truth = out->data<uint8_t>();
  for (uint32_t i = 0; i < selection.count; ++i) truth[selection[i]] = ids[i] != RowTable::kNone ? 1 : 0;
  PropagateNulls(value, nullptr, selection, out);
  if (list->has_null) {
    selection.ForEach([&](uint32_t r) {
      if (truth[r] == 0) out->SetNull(r);
    });
  }
  return {};
}

}  // namespace sochdb
