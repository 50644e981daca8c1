// Apply of lateral joins: each outer row with the inner rows that its slots give.

#include <algorithm>

#include "exec/apply.h"
#include "exec/join_buffer.h"

namespace sochdb {
namespace {

class Lateral : public Operator {
 public:
  Lateral(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner)
      : context_(context),
        outer_(std::move(outer)),
        rows_(node, context, std::move(inner)),
        buffer_(context, node.kind == ApplyKind::kLeft ? JoinKind::kLeft : JoinKind::kInner, node.predicate, node.columns,
                node.outer->columns.size()) {}

  Status Open() override {
    rows_.Restart();
    buffer_.Restart();
    outer_rows_.Clear();
    next_row_ = 0;
    started_ = false;
    done_ = false;
    return outer_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    const auto gather = [this](std::span<const uint32_t> rows, size_t c, ColumnVector* to) {
      return rows_.rows().Gather(rows, c, to);
    };
    out->Clear();
    // Pairs may all be refused: look at more each time.
    for (uint32_t ask = want; !done_; ask = std::min(ask * 2, kBatchRows)) {
      buffer_.Clear();
      SOCHDB_TRY(rows_.Trim());
      SOCHDB_TRY(Fill(ask));
      if (buffer_.empty()) continue;
      SOCHDB_TRY(buffer_.Emit(outer_rows_, gather, out));
      if (out->count() > 0) return {};
    }
    return {};
  }

 private:
  // Adds pairs until there are enough or they name all rows of one outer batch.
  Status Fill(uint32_t want) {
    if (next_row_ == outer_rows_.count()) {
      SOCHDB_TRY(outer_->Next(want, &outer_rows_));
      next_row_ = 0;
      done_ = outer_rows_.count() == 0;
      if (done_) return {};
      SOCHDB_TRY(rows_.Begin(outer_rows_));
    }
    while (buffer_.pairs() < want && next_row_ < outer_rows_.count()) {
      const uint32_t row = outer_rows_.selection[next_row_];
      if (!started_) {
        SOCHDB_TRY(context_->Tick());
        SOCHDB_TRY(rows_.Start(row));
        started_ = true;
      }
      bool found = false;
      SOCHDB_TRY(rows_.More(want, &found));
      if (!found) {
        buffer_.EndLeft(row);
        ++next_row_;
        started_ = false;
        continue;
      }
      for (; rows_.at() < rows_.end() && buffer_.pairs() < want; rows_.Advance(1)) buffer_.AddPair(row, rows_.at());
    }
    return {};
  }

  ExecContext* context_;
  OperatorPtr outer_;
  ApplyRows rows_;
  JoinBuffer buffer_;
  Batch outer_rows_;
  uint32_t next_row_ = 0;  // position in its selection
  bool started_ = false;   // the inner rows of that row are being read
  bool done_ = false;
};

}  // namespace

OperatorPtr MakeLateral(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner) {
  return std::make_unique<Lateral>(node, context, std::move(outer), std::move(inner));
}

}  // namespace sochdb
