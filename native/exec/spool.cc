#include "exec/spool.h"

#include <algorithm>

namespace sochdb {

void Spool::Clear() {
  chunks_.clear();
  arena_ = std::make_unique<BatchArena>(memory_);
  rows_ = 0;
}

Status Spool::Append(const Batch& batch) {
  if (rows_ > kNoRow - 1 - kBatchRows) return memory_->LimitError();
  for (uint32_t done = 0; done < batch.count();) {
    const uint32_t filled = rows_ % kBatchRows;
    if (filled == 0) {
      Chunk& chunk = chunks_.emplace_back();
      for (const ColumnType type : types_) {
        chunk.push_back(std::make_unique<ColumnVector>(type, memory_));
        SOCHDB_TRY(chunk.back()->Reset(rows_ == 0 ? batch.count() : kBatchRows));
      }
    }
    Chunk& chunk = chunks_.back();
    const uint32_t n = std::min(batch.count() - done, kBatchRows - filled);
    for (size_t c = 0; c < types_.size(); ++c) {
      SOCHDB_TRY(chunk[c]->Extend(filled + n));
      SOCHDB_TRY(CopyInto(*batch.columns[c], batch.selection, done, n, filled, chunk[c].get()));
    }
    done += n;
    rows_ += n;
  }
  return {};
}

Status Spool::CopyInto(const ColumnVector& from, const Selection& selection, uint32_t first, uint32_t n, uint32_t to,
                       ColumnVector* out) {
  const bool plain = from.physical() == out->physical();
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t r = selection[first + i];
    if (from.IsNull(r)) {
      out->Set(to + i, Value());
      continue;
    }
    out->nulls()[to + i] = 0;
    if (plain && from.physical() == Physical::kI64) {
      out->data<int64_t>()[to + i] = from.i64(r);
    } else if (plain && from.physical() == Physical::kF64) {
      out->data<double>()[to + i] = from.f64(r);
    } else {
      Value value = from.Get(r);
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

Status Spool::Gather(std::span<const uint32_t> rows, size_t c, ColumnVector* out) const {
  SOCHDB_TRY(out->Reset(static_cast<uint32_t>(rows.size())));
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i] == kNoRow) {
      out->Set(i, Value());
      continue;
    }
    const ColumnVector& from = column(rows[i], c);
    const uint32_t r = rows[i] % kBatchRows;
    if (from.nulls()[r] != 0) out->Set(i, Value());
    else if (from.physical() == Physical::kI64 && out->physical() == Physical::kI64) out->data<int64_t>()[i] = from.i64(r);
    else out->Set(i, from.Get(r));
  }
  return {};
}

}  // namespace sochdb
