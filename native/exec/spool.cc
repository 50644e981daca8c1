#include "exec/spool.h"

#include <algorithm>

namespace sochdb {
namespace {

// Copies the selected rows to row `to` and those behind it.
template <typename T>
void CopyPlain(const ColumnVector& from, const Selection& selection, uint32_t to, ColumnVector* out) {
  const T* values = from.data<T>();
  T* into = out->data<T>() + to;
  const uint32_t mask = from.at(~0u);
  if (selection.rows == nullptr) {
    for (uint32_t i = 0; i < selection.count; ++i) into[i] = values[i & mask];
  } else {
    for (uint32_t i = 0; i < selection.count; ++i) into[i] = values[selection.rows[i] & mask];
  }
}

// The part of a selection from its `first` place on. `scratch` has room for it.
Selection Part(const Selection& selection, uint32_t first, uint32_t n, uint16_t* scratch) {
  if (selection.rows != nullptr) return {selection.rows + first, n};
  if (first == 0) return {nullptr, n};
  for (uint32_t i = 0; i < n; ++i) scratch[i] = static_cast<uint16_t>(first + i);
  return {scratch, n};
}

}  // namespace

void Spool::Clear() {
  chunks_.clear();
  lanes_.assign(types_.size(), {});
  arena_ = std::make_unique<BatchArena>(memory_);
  rows_ = 0;
}

Status Spool::Append(const Batch& batch) {
  if (rows_ > kNoRow - 1 - kBatchRows) return memory_->LimitError();
  uint16_t places[kBatchRows];
  for (uint32_t done = 0; done < batch.count();) {
    const uint32_t filled = rows_ % kBatchRows;
    if (filled == 0) {
      Chunk& chunk = chunks_.emplace_back();
      for (size_t c = 0; c < types_.size(); ++c) {
        chunk.push_back(std::make_unique<ColumnVector>(types_[c], memory_));
        SOCHDB_TRY(chunk.back()->Reset(rows_ == 0 ? batch.count() : kBatchRows));
        lanes_[c].data.push_back(nullptr);
        lanes_[c].nulls.push_back(nullptr);
      }
    }
    Chunk& chunk = chunks_.back();
    const uint32_t n = std::min(batch.count() - done, kBatchRows - filled);
    const Selection part = Part(batch.selection, done, n, places);
    for (size_t c = 0; c < types_.size(); ++c) {
      SOCHDB_TRY(chunk[c]->Extend(filled + n));
      SOCHDB_TRY(CopyInto(*batch.columns[c], part, filled, chunk[c].get()));
      lanes_[c].data.back() = chunk[c]->data<char>();
      lanes_[c].nulls.back() = chunk[c]->nulls();
      lanes_[c].any_null |= chunk[c]->may_have_nulls();
    }
    done += n;
    rows_ += n;
  }
  return {};
}

Status Spool::Keep(std::span<const uint32_t> rows) {
  Spool kept(types_, memory_);
  std::vector<std::unique_ptr<ColumnVector>> columns;
  Batch batch;
  for (const ColumnType type : types_) {
    columns.push_back(std::make_unique<ColumnVector>(type, memory_));
    batch.columns.push_back(columns.back().get());
  }
  for (size_t from = 0; from < rows.size(); from += kBatchRows) {
    const auto part = rows.subspan(from, std::min<size_t>(kBatchRows, rows.size() - from));
    for (size_t c = 0; c < types_.size(); ++c) SOCHDB_TRY(Gather(part, c, columns[c].get()));
    batch.SetDense(static_cast<uint32_t>(part.size()));
    SOCHDB_TRY(kept.Append(batch));
  }
  std::swap(*this, kept);
  return {};
}

Status Spool::CopyInto(const ColumnVector& from, const Selection& selection, uint32_t to, ColumnVector* out) {
  const bool plain = from.physical() == out->physical() && from.type() != ColumnType::kNull;
  uint8_t* nulls = out->nulls() + to;
  std::memset(nulls, 0, selection.count);
  if (plain && from.may_have_nulls()) {
    for (uint32_t i = 0; i < selection.count; ++i)
      if (from.IsNull(selection[i])) out->Set(to + i, Value());
  }
  if (plain && from.physical() == Physical::kI64) {
    CopyPlain<int64_t>(from, selection, to, out);
  } else if (plain && from.physical() == Physical::kF64) {
    CopyPlain<double>(from, selection, to, out);
  } else if (plain && from.physical() == Physical::kBool) {
    CopyPlain<uint8_t>(from, selection, to, out);
  } else if (plain && from.physical() == Physical::kBytes) {
    auto* into = out->data<std::string_view>() + to;
    for (uint32_t i = 0; i < selection.count; ++i) {
      if (nulls[i] == 0 && !arena_->Copy(from.bytes(selection[i]), &into[i])) return memory_->LimitError();
    }
  } else {
    for (uint32_t i = 0; i < selection.count; ++i) {
      Value value = from.type() == ColumnType::kNull ? Value() : from.Get(selection[i]);
      if (!value.bytes.empty() && !arena_->Copy(value.bytes, &value.bytes)) return memory_->LimitError();
      out->Set(to + i, value);
    }
  }
  return {};
}

void Spool::ExposeChunk(uint32_t chunk, Batch* out) const {
  out->columns.resize(types_.size());
  for (size_t c = 0; c < types_.size(); ++c) out->columns[c] = chunks_[chunk][c].get();
  out->SetDense(std::min(kBatchRows, rows_ - chunk * kBatchRows));
}

template <typename T>
void Spool::GatherInto(const Lane& lane, std::span<const uint32_t> rows, ColumnVector* out) const {
  T* to = out->data<T>();
  for (size_t i = 0; i < rows.size(); ++i) {
    const uint32_t row = rows[i];
    if (row == kNoRow) {
      out->SetNull(static_cast<uint32_t>(i));
      to[i] = T();
      continue;
    }
    to[i] = static_cast<const T*>(lane.data[row / kBatchRows])[row % kBatchRows];
  }
  if (!lane.any_null) return;
  for (size_t i = 0; i < rows.size(); ++i) {
    const uint32_t row = rows[i];
    if (row != kNoRow && lane.nulls[row / kBatchRows][row % kBatchRows] != 0) out->SetNull(static_cast<uint32_t>(i));
  }
}

Status Spool::Gather(std::span<const uint32_t> rows, size_t c, ColumnVector* out) const {
  SOCHDB_TRY(out->Reset(static_cast<uint32_t>(rows.size())));
  const Lane& lane = lanes_[c];
  if (PhysicalOf(types_[c]) != out->physical()) {
    for (uint32_t i = 0; i < rows.size(); ++i) out->Set(i, rows[i] == kNoRow ? Value() : Get(rows[i], c));
    return {};
  }
  switch (out->physical()) {
    case Physical::kBool:
      GatherInto<uint8_t>(lane, rows, out);
      break;
    case Physical::kI64:
      GatherInto<int64_t>(lane, rows, out);
      break;
    case Physical::kF64:
      GatherInto<double>(lane, rows, out);
      break;
    case Physical::kBytes:
      GatherInto<std::string_view>(lane, rows, out);
      break;
    case Physical::kAny:
      GatherInto<Value>(lane, rows, out);
      break;
  }
  return {};
}

Status Spool::GatherRange(uint32_t first, uint32_t n, size_t c, ColumnVector* out) const {
  uint32_t rows[kBatchRows];
  for (uint32_t i = 0; i < n; ++i) rows[i] = first + i;
  return Gather({rows, n}, c, out);
}

}  // namespace sochdb
