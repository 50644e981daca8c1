// IN over a list: by hashing when the list is constant and long, one comparison after the other otherwise.

#include <algorithm>

#include "codec/key_codec.h"
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
  auto list = std::make_unique<InList>(context_);
  KeyBuffer key;
  for (size_t i = 1; i < expr.args.size(); ++i) {
    Value value;
    SOCHDB_TRY(EvalConstant(*expr.args[i], &value));
    if (value.is_null()) {
      list->has_null = true;
      continue;
    }
    key.clear();
    SOCHDB_TRY(AppendKeyValue(&key, expr.args[0]->type, value, false));
    uint32_t id = 0;
    bool inserted = false;
    SOCHDB_TRY(list->keys.FindOrInsert(key.view(), &id, &inserted));
  }
  *out = std::move(list);
  return {};
}

Status Evaluator::InConstants(const Expr& expr, const ColumnVector& value, const Selection& selection, ColumnVector* out) {
  std::unique_ptr<InList>& list = in_lists_[expr.slot];
  if (list == nullptr) SOCHDB_TRY(BuildInList(expr, &list));
  KeyBuffer key;
  Status status;
  selection.ForEach([&](uint32_t r) {
    if (value.IsNull(r)) return out->SetNull(r);
    key.clear();
    if (Status s = AppendKeyValue(&key, expr.args[0]->type, value.Get(r), false); !s.ok()) status = std::move(s);
    const bool found = list->keys.Find(key.view()) != ByteTable::kNone;
    out->data<uint8_t>()[r] = found ? 1 : 0;
    if (!found && list->has_null) out->SetNull(r);
  });
  return status;
}

}  // namespace sochdb
