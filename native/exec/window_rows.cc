#include "exec/window_rows.h"

#include <algorithm>

#include "codec/decimal.h"

namespace sochdb {

uint32_t RowNumbers::Rank(uint32_t row) const {
  return static_cast<uint32_t>(std::lower_bound(rows_.begin(), rows_.end(), row) - rows_.begin());
}

void WindowRows::Clear() {
  rows.Clear();
  values.Clear();
  group_of.Clear();
  group_start.Clear();
  partition_start.Clear();
}

WindowPartition WindowRows::Partition(uint32_t number) const {
  const uint32_t begin = partition_start[number];
  const uint32_t end = number + 1 < partition_start.size() ? partition_start[number + 1] : count();
  return {begin, end, group_of[begin], group_of[end - 1] + 1};
}

Status FrameFinder::ReadOffset(const WindowNode::Edge& edge, Evaluator* evaluator, Value* out, std::string* bytes) {
  if (edge.offset == nullptr) return {};
  SOCHDB_TRY(evaluator->EvalConstant(*edge.offset, out));
  *bytes = out->bytes;
  out->bytes = *bytes;
  const bool bad = out->is_null() || CompareValues(*out, Value::Integer(0)) < 0;
  if (bad) return {Code::kInvalidArgument, "An offset of a window's frame is NULL or negative."};
  return {};
}

Status FrameFinder::Open(Evaluator* evaluator) {
  SOCHDB_TRY(ReadOffset(frame_.start, evaluator, &start_offset_, &start_bytes_));
  return ReadOffset(frame_.end, evaluator, &end_offset_, &end_bytes_);
}

void FrameFinder::BeginPartition(const WindowPartition& partition) {
  partition_ = partition;
  keys_begin_ = partition.begin;
  keys_end_ = partition.end;
  if (range_key_ == kNoValue) return;
  if (node_.order[0].nulls_last) {
    while (keys_end_ > keys_begin_ && rows_->IsNull(keys_end_ - 1, range_key_)) keys_end_ = rows_->PeersBegin(keys_end_ - 1);
  } else {
    while (keys_begin_ < keys_end_ && rows_->IsNull(keys_begin_, range_key_)) keys_begin_ = rows_->PeersEnd(keys_begin_);
  }
  start_at_ = keys_begin_;
  end_at_ = keys_begin_;
}

// How the key of a row lies to the bound that an offset sets for the current row: before it, on it, behind it. What is shifted
// is the smaller side, so that the sum is the one that people write: key + offset <= key of the current row.
int FrameFinder::CompareShifted(uint32_t row, uint32_t current, const WindowNode::Edge& edge, const Value& offset) const {
  const Value key = rows_->Get(row, range_key_);
  const Value here = rows_->Get(current, range_key_);
  const bool preceding = edge.kind == FrameBound::kPreceding;
  const bool descending = node_.order[0].descending;
  int order = 0;
  if (key.tag == ValueTag::kReal) {
    const double by = descending ? -offset.f64 : offset.f64;
    const double left = preceding ? key.f64 + by : key.f64;
    const double right = preceding ? here.f64 : here.f64 + by;
    order = left < right ? -1 : (left > right ? 1 : 0);
  } else if (key.tag == ValueTag::kDecimal) {
    const Decimal number = Decimal::FromNumber(offset);
    const Decimal by = descending ? number.Negated() : number;
    Decimal left = Decimal::FromNumber(key);
    Decimal right = Decimal::FromNumber(here);
    if (Decimal shifted; Decimal::Add(preceding ? left : right, by, &shifted)) (preceding ? left : right) = shifted;
    order = Decimal::Compare(left, right);
  } else {
    __extension__ using Wide = __int128;
    const Wide by = descending ? -Wide{offset.i64} : Wide{offset.i64};
    const Wide left = key.i64 + (preceding ? by : 0);
    const Wide right = here.i64 + (preceding ? 0 : by);
    order = left < right ? -1 : (left > right ? 1 : 0);
  }
  return descending ? -order : order;
}

uint32_t FrameFinder::RangeStart(uint32_t row) {
  if (rows_->IsNull(row, range_key_)) return rows_->PeersBegin(row);
  while (start_at_ < keys_end_ && CompareShifted(start_at_, row, frame_.start, start_offset_) < 0) {
    start_at_ = rows_->PeersEnd(start_at_);
  }
  return start_at_;
}

uint32_t FrameFinder::RangeEnd(uint32_t row) {
  if (rows_->IsNull(row, range_key_)) return rows_->PeersEnd(row);
  while (end_at_ < keys_end_ && CompareShifted(end_at_, row, frame_.end, end_offset_) <= 0) {
    end_at_ = rows_->PeersEnd(end_at_);
  }
  return end_at_;
}

uint32_t FrameFinder::Start(uint32_t row) {
  const WindowNode::Edge& edge = frame_.start;
  if (edge.kind == FrameBound::kUnboundedPreceding) return partition_.begin;
  const bool preceding = edge.kind == FrameBound::kPreceding;
  if (frame_.mode == FrameMode::kRows) {
    if (edge.kind == FrameBound::kCurrentRow) return row;
    const auto by = static_cast<uint64_t>(start_offset_.i64);
    if (preceding) return by > row - partition_.begin ? partition_.begin : row - static_cast<uint32_t>(by);
    return by >= partition_.end - row ? partition_.end : row + static_cast<uint32_t>(by);
  }
  if (edge.kind == FrameBound::kCurrentRow) return rows_->PeersBegin(row);
  if (frame_.mode == FrameMode::kRange) return RangeStart(row);
  const uint32_t group = rows_->group_of[row];
  const auto by = static_cast<uint64_t>(start_offset_.i64);
  if (preceding) {
    return by > group - partition_.first_group ? partition_.begin : rows_->group_start[group - static_cast<uint32_t>(by)];
  }
  return by >= partition_.group_end - group ? partition_.end : rows_->group_start[group + static_cast<uint32_t>(by)];
}

uint32_t FrameFinder::End(uint32_t row) {
  const WindowNode::Edge& edge = frame_.end;
  if (edge.kind == FrameBound::kUnboundedFollowing) return partition_.end;
  const bool preceding = edge.kind == FrameBound::kPreceding;
  if (frame_.mode == FrameMode::kRows) {
    if (edge.kind == FrameBound::kCurrentRow) return row + 1;
    const auto by = static_cast<uint64_t>(end_offset_.i64);
    if (preceding) return by > row - partition_.begin ? partition_.begin : row - static_cast<uint32_t>(by) + 1;
    return by >= partition_.end - row ? partition_.end : row + static_cast<uint32_t>(by) + 1;
  }
  if (edge.kind == FrameBound::kCurrentRow) return rows_->PeersEnd(row);
  if (frame_.mode == FrameMode::kRange) return RangeEnd(row);
  const uint32_t group = rows_->group_of[row];
  const auto by = static_cast<uint64_t>(end_offset_.i64);
  if (preceding) {
    return by > group - partition_.first_group ? partition_.begin : rows_->GroupEnd(group - static_cast<uint32_t>(by));
  }
  return by >= partition_.group_end - group ? partition_.end : rows_->GroupEnd(group + static_cast<uint32_t>(by));
}

void FrameFinder::Find(uint32_t row, FrameRows* out) {
  const uint32_t begin = Start(row);
  const uint32_t end = End(row);
  out->count = 0;
  if (frame_.exclude == FrameExclude::kNone) {
    out->Add(begin, end);
    return;
  }
  const bool current = frame_.exclude == FrameExclude::kCurrent;
  const uint32_t without = current ? row : rows_->PeersBegin(row);
  const uint32_t without_end = current ? row + 1 : rows_->PeersEnd(row);
  out->Add(begin, std::min(end, without));
  if (frame_.exclude == FrameExclude::kTies && begin <= row && row < end) out->Add(row, row + 1);
  out->Add(std::max(begin, without_end), end);
}

}  // namespace sochdb
