// kLoopJoin: every pair of rows for which a predicate holds. The right side is kept in memory.
//
// Where the predicate demands that something of the left row equals something of the right one, right rows are found by
// hashing; the whole predicate still decides. What the right side has read outlives Open where nothing around the join has a
// say in it.

#include "exec/join_buffer.h"
#include "exec/operator.h"
#include "exec/over_rows.h"
#include "exec/row_table.h"
#include "exec/spool.h"

namespace sochdb {
namespace {

std::vector<ColumnType> TypesOfSides(const LoopJoinNode& node) {
  std::vector<ColumnType> types = node.left->columns;
  types.insert(types.end(), node.right->columns.begin(), node.right->columns.end());
  return types;
}

std::vector<ColumnType> KeyTypes(const LoopJoinNode& node) {
  std::vector<ColumnType> types;
  for (const auto& [left, right] : node.equalities)
    types.push_back(right->type == ColumnType::kNull ? left->type : right->type);
  return types;
}

// Rows of equal keys satisfy the equalities: where there is nothing else, nobody has to look again.
const Expr* Undecided(const LoopJoinNode& node) { return node.only_equalities ? nullptr : node.predicate; }

class LoopJoin : public Operator {
 public:
  LoopJoin(const LoopJoinNode& node, ExecContext* context, OperatorPtr left, OperatorPtr right,
           std::unique_ptr<RowSource> pairs)
      : node_(node),
        context_(context),
        evaluator_(context),
        left_(std::move(left)),
        right_(std::move(right)),
        pairs_(std::move(pairs)),
        right_rows_(node.right->columns, &context->memory),
        table_(KeyTypes(node), &context->memory, context->hash_seed),
        buffer_(context, node.kind, Undecided(node), TypesOfSides(node), node.left->columns.size()),
        first_decides_(YieldsLeftAlone(node.kind) && Undecided(node) == nullptr && node.asked == nullptr) {
    if (node.asked != nullptr) buffer_.Ask(pairs_.get(), node.pair_columns, node.asked);
  }
  ~LoopJoin() override { context_->memory.Release(charged_); }

  Status Open() override {
    evaluator_.Restart();
    buffer_.Restart();
    batch_.Clear();
    next_row_ = 0;
    next_unmatched_ = 0;
    done_ = false;
    started_ = false;
    const bool kept = node_.right->outer_binding == kNoBinding && read_for_ == context_->parameters_read;
    if (!kept) SOCHDB_TRY(ReadRight());
    if (node_.kind == JoinKind::kFull) SOCHDB_TRY(ForgetMatches());
    return left_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    const auto gather = [this](std::span<const uint32_t> rows, size_t c, ColumnVector* to) {
      return right_rows_.Gather(rows, c, to);
    };
    out->Clear();
    while (!done_) {
      buffer_.Clear();
      SOCHDB_TRY(Fill(want));
      if (buffer_.empty()) continue;
      SOCHDB_TRY(buffer_.Emit(batch_, gather, out));
      if (out->count() > 0) return {};
    }
    return node_.kind == JoinKind::kFull ? NextUnmatched(want, gather, out) : Status();
  }

 private:
  [[nodiscard]] bool hashed() const { return !node_.equalities.empty(); }

  Status ReadRight() {
    read_for_ = 0;
    right_rows_.Clear();
    table_.Clear();
    heads_.clear();
    tails_.clear();
    chain_.clear();
    matches_.clear();
    context_->memory.Release(charged_);
    charged_ = 0;
    SOCHDB_TRY(right_->Open());
    Batch batch;
    for (;;) {
      SOCHDB_TRY(right_->Next(kBatchRows, &batch));
      if (batch.count() == 0) break;
      SOCHDB_TRY(context_->Tick(batch.count()));
      if (hashed()) SOCHDB_TRY(HashRows(batch));
      SOCHDB_TRY(right_rows_.Append(batch));
    }
    read_for_ = context_->parameters_read;
    return {};
  }

  Status ForgetMatches() {
    const uint64_t charge = matches_.size() == right_rows_.rows() ? 0 : right_rows_.rows();
    if (!context_->memory.Charge(charge)) return context_->memory.LimitError();
    charged_ += charge;
    matches_.assign(right_rows_.rows(), 0);
    buffer_.MarkMatches(matches_.data());
    return {};
  }

  // The right rows that no left row matched, after all left rows.
  Status NextUnmatched(uint32_t want, const JoinBuffer::GatherRight& gather, Batch* out) {
    unmatched_.clear();
    for (; next_unmatched_ < right_rows_.rows() && unmatched_.size() < want; ++next_unmatched_) {
      SOCHDB_TRY(context_->Tick());
      if (matches_[next_unmatched_] == 0) unmatched_.push_back(next_unmatched_);
    }
    return unmatched_.empty() ? Status() : buffer_.EmitRight(unmatched_, gather, out);
  }

  // Right rows of one key form a chain, in order.
  Status HashRows(const Batch& batch) {
    Batch shifted;  // the right row where the predicate expects it: after the left one's columns
    shifted.columns.assign(node_.left->columns.size(), nullptr);
    shifted.columns.insert(shifted.columns.end(), batch.columns.begin(), batch.columns.end());
    shifted.rows = batch.rows;
    shifted.selection = batch.selection;
    evaluator_.BeginBatch();
    keys_.resize(node_.equalities.size());
    for (size_t k = 0; k < keys_.size(); ++k) {
      SOCHDB_TRY(evaluator_.Eval(*node_.equalities[k].right, shifted, shifted.selection, &keys_[k]));
    }
    const uint64_t charge = uint64_t{batch.count()} * sizeof(uint32_t) * 4;
    if (!context_->memory.Charge(charge)) return context_->memory.LimitError();
    charged_ += charge;
    chain_.resize(chain_.size() + batch.count(), kNoRow);
    const Selection with_keys = WithoutNulls(keys_, batch.selection, &with_keys_);
    ids_.resize(with_keys.count);
    fresh_.clear();
    SOCHDB_TRY(table_.FindOrInsert(keys_, with_keys, ids_.data(), &fresh_));
    uint32_t place = 0;  // both selections ascend
    for (uint32_t i = 0; i < with_keys.count; ++i, ++place) {
      while (batch.selection[place] != with_keys[i]) ++place;
      const uint32_t right_row = right_rows_.rows() + place;
      const uint32_t id = ids_[i];
      if (id == heads_.size()) {
        heads_.push_back(right_row);
        tails_.push_back(right_row);
      } else if (!first_decides_) {
        chain_[tails_[id]] = right_row;
        tails_[id] = right_row;
      }
    }
    return {};
  }

  Status Fill(uint32_t want) {
    if (next_row_ == batch_.count()) {
      SOCHDB_TRY(NextBatch(want));
      if (done_) return {};
    }
    if (started_ && buffer_.decided()) candidate_ = kNoRow;
    while (!buffer_.full() && next_row_ < batch_.count()) {
      const uint32_t row = batch_.selection[next_row_];
      if (!started_) {
        candidate_ = FirstCandidate();
        started_ = true;
      }
      if (candidate_ != kNoRow) {
        buffer_.AddPair(row, candidate_);
        if (first_decides_) candidate_ = kNoRow;
        else if (hashed()) candidate_ = chain_[candidate_];
        else candidate_ = candidate_ + 1 < right_rows_.rows() ? candidate_ + 1 : kNoRow;
      } else {
        buffer_.EndLeft(row);
        ++next_row_;
        started_ = false;
      }
    }
    return {};
  }

  Status NextBatch(uint32_t want) {
    SOCHDB_TRY(left_->Next(want, &batch_));
    next_row_ = 0;
    started_ = false;
    done_ = batch_.count() == 0;
    if (done_ || !hashed()) return {};
    if (right_rows_.rows() == 0) return {};
    evaluator_.BeginBatch();
    for (size_t k = 0; k < keys_.size(); ++k) {
      SOCHDB_TRY(evaluator_.Eval(*node_.equalities[k].left, batch_, batch_.selection, &keys_[k]));
    }
    const Selection with_keys = WithoutNulls(keys_, batch_.selection, &with_keys_);
    ids_.resize(with_keys.count);
    SOCHDB_TRY(table_.Find(keys_, with_keys, ids_.data()));
    first_.assign(batch_.count(), kNoRow);
    uint32_t place = 0;
    for (uint32_t i = 0; i < with_keys.count; ++i, ++place) {
      while (batch_.selection[place] != with_keys[i]) ++place;
      if (ids_[i] != RowTable::kNone) first_[place] = heads_[ids_[i]];
    }
    return {};
  }

  [[nodiscard]] uint32_t FirstCandidate() const {
    if (right_rows_.rows() == 0) return kNoRow;
    return hashed() ? first_[next_row_] : 0;
  }

  const LoopJoinNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  OperatorPtr left_;
  OperatorPtr right_;
  std::unique_ptr<RowSource> pairs_;
  Spool right_rows_;
  RowTable table_;
  std::vector<uint32_t> heads_;  // by key
  std::vector<uint32_t> tails_;
  std::vector<uint32_t> chain_;   // by right row: the next with its key
  std::vector<uint8_t> matches_;  // of a full join, by right row
  std::vector<uint32_t> unmatched_;
  JoinBuffer buffer_;
  bool first_decides_;     // of a left row's candidates
  uint64_t read_for_ = 0;  // the parameters that the right side was read for; 0: it is not
  Batch batch_;            // of the left side
  std::vector<const ColumnVector*> keys_;
  std::vector<uint16_t> with_keys_;
  std::vector<uint16_t> fresh_;
  std::vector<uint32_t> ids_;
  std::vector<uint32_t> first_;  // by place in the selection of batch_: the right row that its key leads to
  uint64_t charged_ = 0;
  uint32_t next_row_ = 0;
  uint32_t next_unmatched_ = 0;
  uint32_t candidate_ = kNoRow;
  bool started_ = false;
  bool done_ = false;
};

}  // namespace

OperatorPtr MakeLoopJoin(const LoopJoinNode& node, ExecContext* context, OperatorPtr left, OperatorPtr right,
                         std::unique_ptr<RowSource> pairs) {
  return std::make_unique<LoopJoin>(node, context, std::move(left), std::move(right), std::move(pairs));
}

}  // namespace sochdb
