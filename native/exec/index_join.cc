// kIndexJoin: for every row of the outer side, the entries of an index that equal it.

#include <algorithm>
#include <array>

#include "exec/join_buffer.h"
#include "exec/key_range.h"
#include "exec/operator.h"

namespace sochdb {
namespace {

constexpr uint32_t kInnerRowsMin = 16;
constexpr uint32_t kProbes = AccessReader::kPointsAtOnce;

std::vector<ColumnType> InnerTypes(const IndexJoinNode& node) {
  std::vector<ColumnType> types;
  for (const uint32_t column : node.access.projection) types.push_back(node.access.table->columns[column].type);
  return types;
}

std::vector<ColumnType> TypesOfBoth(const IndexJoinNode& node) {
  std::vector<ColumnType> types = node.outer->columns;
  const std::vector<ColumnType> inner = InnerTypes(node);
  types.insert(types.end(), inner.begin(), inner.end());
  return types;
}

class IndexJoin : public Operator {
 public:
  IndexJoin(const IndexJoinNode& node, ExecContext* context, OperatorPtr outer)
      : node_(node),
        context_(context),
        evaluator_(context),
        outer_(std::move(outer)),
        reader_(context, &node.access),
        inner_(&context->memory),
        buffer_(context, node.kind, node.residual, TypesOfBoth(node), node.outer->columns.size()),
        unique_(node.access.IsUnique(node.equals.size())),
        probe_bytes_(&context->memory),
        first_decides_(YieldsLeftAlone(node.kind) && node.residual == nullptr) {
    inner_.Init(InnerTypes(node));
  }

  Status Open() override {
    cursor_.reset();
    evaluator_.Restart();
    buffer_.Restart();
    batch_.Clear();
    next_row_ = 0;
    started_ = has_match_ = false;
    done_ = false;
    return outer_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    const auto gather = [this](std::span<const uint32_t> rows, size_t c, ColumnVector* to) {
      return GatherRows(inner_.column(c), rows, to);
    };
    out->Clear();
    while (!done_) {
      buffer_.Clear();
      // A result of one row must not read the matches of a thousand.
      enough_ = std::clamp(want, kInnerRowsMin, kBatchRows);
      SOCHDB_TRY(inner_.Reset(enough_));
      inner_rows_ = 0;
      probed_ = next_row_;  // what was found for later rows is gone
      SOCHDB_TRY(Fill(want));
      SOCHDB_TRY(reader_.Finish(&inner_));
      if (buffer_.empty()) continue;
      SOCHDB_TRY(buffer_.Emit(batch_, gather, out));
      has_match_ |= started_ && buffer_.decided();
      if (out->count() > 0) return {};
    }
    return {};
  }

 private:
  // Adds pairs until the buffer is full or they name all rows of one outer batch.
  Status Fill(uint32_t want) {
    if (next_row_ == batch_.count()) {
      SOCHDB_TRY(NextBatch(want));
      if (done_) return {};
    }
    while (!buffer_.full() && next_row_ < batch_.count() && (inner_rows_ < enough_ || next_row_ < probed_)) {
      const uint32_t row = batch_.selection[next_row_];
      uint32_t match = kNoRow;
      if (!has_match_) SOCHDB_TRY(unique_ ? FindMatch(&match) : NextMatch(row, &match));
      if (match != kNoRow) {
        buffer_.AddPair(row, match);
        has_match_ = first_decides_ || unique_;
      } else {
        buffer_.EndLeft(row);
        ++next_row_;
        started_ = has_match_ = false;
        cursor_.reset();
      }
    }
    return {};
  }

  Status NextBatch(uint32_t want) {
    SOCHDB_TRY(outer_->Next(want, &batch_));
    next_row_ = probed_ = 0;
    started_ = false;
    done_ = batch_.count() == 0;
    if (done_) return {};
    evaluator_.BeginBatch();
    keys_.resize(node_.equals.size());
    for (size_t k = 0; k < keys_.size(); ++k) {
      SOCHDB_TRY(evaluator_.Eval(*node_.equals[k], batch_, batch_.selection, &keys_[k]));
    }
    return {};
  }

  // The one entry for the row at next_row_, if there is one. Rows behind it are looked up with it.
  Status FindMatch(uint32_t* match) {
    if (next_row_ >= probed_) SOCHDB_TRY(Probe());
    *match = matches_[matches_.size() - (probed_ - next_row_)];
    return {};
  }
  Status Probe() {
    const uint32_t most = std::min({batch_.count() - next_row_, enough_ - inner_rows_, kProbes});
    matches_.assign(most, kNoRow);
    probe_bytes_.Reset();
    std::array<std::string_view, kProbes> keys;
    std::array<uint32_t, kProbes> places;  // of the keys among the rows
    size_t count = 0;
    for (uint32_t i = 0; i < most; ++i) {
      bool null = false;
      SOCHDB_TRY(BuildKey(batch_.selection[next_row_ + i], &null));
      if (null) continue;
      if (!probe_bytes_.Copy(range_.lo.view(), &keys[count])) return context_->memory.LimitError();
      places[count++] = i;
    }
    SOCHDB_TRY(context_->Tick(most));
    std::array<uint32_t, kProbes> rows;
    SOCHDB_TRY(reader_.LoadPoints(std::span(keys).first(count), inner_rows_, &inner_, rows.data()));
    for (size_t k = 0; k < count; ++k) {
      matches_[places[k]] = rows[k];
      if (rows[k] != kNoRow) ++inner_rows_;
    }
    probed_ = next_row_ + most;
    return {};
  }

  // Takes the next entry for an outer row as the next inner row.
  Status NextMatch(uint32_t row, uint32_t* match) {
    if (!started_) {
      started_ = true;
      SOCHDB_TRY(context_->Tick());
      bool null = false;
      SOCHDB_TRY(BuildKey(row, &null));
      if (null) return {};
      PrefixRange(&range_);
      SOCHDB_ASSIGN(cursor, context_->reader->NewCursor(reader_.tree(), range_.lo.view(), range_.hi.view(), {}));
      cursor_ = std::move(cursor);
    }
    if (cursor_ == nullptr) return {};
    bool found = false;
    SOCHDB_TRY(cursor_->Next(&found));
    if (!found) {
      cursor_.reset();
      return {};
    }
    *match = inner_rows_++;
    return reader_.AddEntry(cursor_->key(), cursor_->value(), *match, &inner_);
  }

  Status BuildKey(uint32_t row, bool* null) {
    range_.lo.clear();
    reader_.AppendPrefix(&range_.lo);
    for (size_t k = 0; k < keys_.size(); ++k) {
      *null = keys_[k]->IsNull(row);
      if (*null) return {};
      SOCHDB_TRY(reader_.AppendKey(k, keys_[k]->Get(row), &range_.lo));
    }
    return {};
  }

  const IndexJoinNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  OperatorPtr outer_;
  AccessReader reader_;
  BatchStorage inner_;
  JoinBuffer buffer_;
  Batch batch_;  // of the outer side
  std::vector<const ColumnVector*> keys_;
  KeyRange range_;
  std::unique_ptr<Cursor> cursor_;
  uint32_t next_row_ = 0;  // position in the selection of batch_
  uint32_t inner_rows_ = 0;
  uint32_t enough_ = 0;
  bool started_ = false;  // the entries of that row are being read
  const bool unique_;     // an outer row has one entry at most
  BatchArena probe_bytes_;
  std::vector<uint32_t> matches_;  // of the rows up to probed_: their inner rows
  uint32_t probed_ = 0;            // position in the selection of batch_
  bool first_decides_;
  bool has_match_ = false;  // its other entries do not matter
  bool done_ = false;
};

}  // namespace

OperatorPtr MakeIndexJoin(const IndexJoinNode& node, ExecContext* context, OperatorPtr outer) {
  return std::make_unique<IndexJoin>(node, context, std::move(outer));
}

}  // namespace sochdb
