#include "exec/join_buffer.h"

namespace sochdb {

void CollectColumns(const Expr& expr, std::set<size_t>* out) {
  if (expr.op == ExprOp::kColumn) out->insert(static_cast<size_t>(expr.number));
  for (const Expr* arg : expr.args)
    if (arg != nullptr) CollectColumns(*arg, out);
}

JoinBuffer::JoinBuffer(ExecContext* context, JoinKind kind, const Expr* predicate, std::span<const ColumnType> columns,
                       size_t left_columns)
    : context_(context),
      kind_(kind),
      predicate_(predicate),
      left_columns_(left_columns),
      evaluator_(context),
      candidates_(&context->memory),
      output_(&context->memory) {
  if (predicate != nullptr) CollectColumns(*predicate, &predicate_columns_);
  candidates_.Init(columns);
  output_.Init(YieldsLeftAlone(kind) ? columns.first(left_columns) : columns);
}

void JoinBuffer::Ask(RowSource* pairs, std::span<const uint32_t> columns, const Expr* asked) {
  pairs_ = pairs;
  pair_columns_ = columns;
  asked_ = asked;
}

void JoinBuffer::Restart() {
  Clear();
  evaluator_.Restart();
  matched_ = false;
}

Status JoinBuffer::GatherColumn(const Batch& left, const GatherRight& gather_right, size_t c,
                                std::span<const uint32_t> left_rows, std::span<const uint32_t> right_rows,
                                ColumnVector* out) const {
  if (c < left_columns_) return GatherRows(*left.columns[c], left_rows, out);
  return gather_right(right_rows, c - left_columns_, out);
}

// Leaves in passed_ the positions of the pairs that join.
Status JoinBuffer::Decide(const Batch& left, const GatherRight& gather_right) {
  passed_.clear();
  real_.clear();
  for (uint32_t i = 0; i < right_.size(); ++i)
    if (right_[i] != kNoRow) real_.push_back(static_cast<uint16_t>(i));
  if (predicate_ == nullptr) {
    passed_ = real_;
    return {};
  }
  if (real_.empty()) return {};
  for (const size_t c : predicate_columns_) {
    SOCHDB_TRY(GatherColumn(left, gather_right, c, left_, right_, &candidates_.column(c)));
  }
  Batch batch;
  candidates_.Expose(static_cast<uint32_t>(left_.size()), &batch);
  evaluator_.BeginBatch();
  const Selection selection{real_.data(), static_cast<uint32_t>(real_.size())};
  return evaluator_.EvalPredicate(*predicate_, batch, selection, &passed_);
}

// Leaves in passed_ those for whose pairs the subqueries say so.
Status JoinBuffer::DecideAsked(const Batch& left, const GatherRight& gather_right) {
  if (passed_.empty()) return {};
  Batch batch;
  for (const uint32_t c : pair_columns_) {
    SOCHDB_TRY(GatherColumn(left, gather_right, c, left_, right_, &candidates_.column(c)));
    batch.columns.push_back(&candidates_.column(c));
  }
  batch.rows = static_cast<uint32_t>(left_.size());
  batch.selection = {passed_.data(), static_cast<uint32_t>(passed_.size())};
  SOCHDB_TRY(pairs_->Open(batch));
  size_t asked = 0;
  size_t kept = 0;
  for (;;) {
    SOCHDB_TRY(pairs_->Next(&batch));
    if (batch.count() == 0) break;
    if (asked + batch.count() > passed_.size()) break;
    evaluator_.BeginBatch();
    held_.clear();
    SOCHDB_TRY(evaluator_.EvalPredicate(*asked_, batch, batch.selection, &held_));
    size_t next_held = 0;  // both ascend
    for (uint32_t i = 0; i < batch.count(); ++i, ++asked) {
      if (next_held == held_.size() || held_[next_held] != batch.selection[i]) continue;
      passed_[kept++] = passed_[asked];
      ++next_held;
    }
  }
  if (asked != passed_.size()) return {Code::kInternal, "The subqueries over pairs of rows do not yield each of them once."};
  passed_.resize(kept);
  return {};
}

// Whether a pair, or the end of a left row, becomes a row.
bool JoinBuffer::Yields(bool passed, bool end) const {
  switch (kind_) {
    case JoinKind::kInner:
      return passed;
    case JoinKind::kLeft:
    case JoinKind::kFull:
      return passed || (end && !matched_);
    case JoinKind::kSemi:
      return passed && !matched_;
    case JoinKind::kAnti:
      return end && !matched_;
  }
  return false;
}

Status JoinBuffer::Emit(const Batch& left, const GatherRight& gather_right, Batch* out) {
  SOCHDB_TRY(context_->Tick(static_cast<uint32_t>(left_.size())));
  if (predicate_ == nullptr && asked_ == nullptr && kind_ == JoinKind::kInner) {  // all pairs are rows
    std::swap(out_left_, left_);
    std::swap(out_right_, right_);
    return GatherOutput(left, gather_right, out);
  }
  SOCHDB_TRY(Decide(left, gather_right));
  if (asked_ != nullptr) SOCHDB_TRY(DecideAsked(left, gather_right));
  out_left_.clear();
  out_right_.clear();
  size_t next_passed = 0;
  for (uint32_t i = 0; i < left_.size(); ++i) {
    const bool end = right_[i] == kNoRow;
    const bool passed = next_passed < passed_.size() && passed_[next_passed] == i;
    next_passed += passed ? 1 : 0;
    if (passed && marks_ != nullptr) marks_[right_[i]] = 1;
    if (Yields(passed, end)) {
      out_left_.push_back(left_[i]);
      out_right_.push_back(right_[i]);
    }
    matched_ = !end && (matched_ || passed);
  }
  return GatherOutput(left, gather_right, out);
}

Status JoinBuffer::GatherOutput(const Batch& left, const GatherRight& gather_right, Batch* out) {
  for (size_t c = 0; c < output_.size() && !out_left_.empty(); ++c) {
    SOCHDB_TRY(GatherColumn(left, gather_right, c, out_left_, out_right_, &output_.column(c)));
  }
  output_.Expose(static_cast<uint32_t>(out_left_.size()), out);
  return {};
}

Status JoinBuffer::EmitRight(std::span<const uint32_t> rows, const GatherRight& gather_right, Batch* out) {
  const auto n = static_cast<uint32_t>(rows.size());
  for (size_t c = 0; c < output_.size(); ++c) {
    ColumnVector& column = output_.column(c);
    if (c >= left_columns_) {
      SOCHDB_TRY(gather_right(rows, c - left_columns_, &column));
      continue;
    }
    SOCHDB_TRY(column.Reset(n));
    for (uint32_t r = 0; r < n; ++r) column.Set(r, Value());
  }
  output_.Expose(n, out);
  return {};
}

}  // namespace sochdb
