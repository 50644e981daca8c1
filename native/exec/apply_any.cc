// Apply of IN, ANY and ALL: the outer rows, each with whether a predicate is true for some inner row.
//
// The predicate is evaluated over one outer row and many inner ones at a time. Where it is nothing but equalities and the inner
// rows are the same for all outer ones, they are hashed by the inner side of the equalities: a hit is true; a miss is false,
// unless a NULL on either side leaves it open.

#include <algorithm>
#include <numeric>

#include "exec/apply.h"
#include "exec/join_buffer.h"
#include "exec/row_table.h"

namespace sochdb {
namespace {

// Decides about one outer row by looking at all its inner rows, until one is a match.
class AnyPredicate {
 public:
  AnyPredicate(const ApplyNode& node, ExecContext* context) : node_(node), context_(context), evaluator_(context) {
    CollectColumns(*node.predicate, &columns_);
    const size_t outer_columns = node.outer->columns.size();
    batch_.columns.resize(outer_columns + node.inner->columns.size());
    for (const size_t c : columns_) {
      if (c >= outer_columns) continue;
      outer_values_.push_back(std::make_unique<ColumnVector>(node.outer->columns[c], &context->memory));
      batch_.columns[c] = outer_values_.back().get();
      outer_columns_.push_back(c);
    }
  }

  void Restart() { evaluator_.Restart(); }

  Status Decide(const Batch& outer, uint32_t row, ApplyRows* rows, Value* out) {
    for (size_t i = 0; i < outer_columns_.size(); ++i) {
      SOCHDB_TRY(outer_values_[i]->ResetConstant());
      outer_values_[i]->Set(0, outer.columns[outer_columns_[i]]->Get(row));
    }
    *out = Value::Boolean(false);
    for (uint32_t ask = 1;; ask = std::min(ask * 2, kBatchRows)) {
      bool found = false;
      SOCHDB_TRY(rows->More(ask, &found));
      if (!found) return {};
      bool matched = false;
      SOCHDB_TRY(DecideChunk(rows, out, &matched));
      if (matched) return {};
      SOCHDB_TRY(rows->Trim());
    }
  }

 private:
  // Looks at the rows there are in one chunk of the spool.
  Status DecideChunk(ApplyRows* rows, Value* out, bool* matched) {
    Batch chunk;
    const uint32_t first = rows->at() % kBatchRows;
    const uint32_t n = std::min(rows->end() - rows->at(), kBatchRows - first);
    rows->rows().ExposeChunk(rows->at() / kBatchRows, &chunk);
    std::copy(chunk.columns.begin(), chunk.columns.end(),
              batch_.columns.begin() + static_cast<ptrdiff_t>(node_.outer->columns.size()));
    picked_.resize(n);
    for (uint32_t i = 0; i < n; ++i) picked_[i] = static_cast<uint16_t>(first + i);
    batch_.rows = chunk.rows;
    batch_.selection = {picked_.data(), n};
    rows->Advance(n);
    SOCHDB_TRY(context_->Tick(n));
    evaluator_.BeginBatch();
    const ColumnVector* truth = nullptr;
    SOCHDB_TRY(evaluator_.Eval(*node_.predicate, batch_, batch_.selection, &truth));
    for (const uint16_t r : picked_) {
      if (truth->IsNull(r)) {
        *out = Value();
      } else if (truth->boolean(r)) {
        *out = Value::Boolean(true);
        *matched = true;
        return {};
      }
    }
    return {};
  }

  const ApplyNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  std::set<size_t> columns_;  // that the predicate looks at
  std::vector<size_t> outer_columns_;
  std::vector<std::unique_ptr<ColumnVector>> outer_values_;  // constant ones
  Batch batch_;
  std::vector<uint16_t> picked_;
};

class ApplyAny : public Operator {
 public:
  ApplyAny(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner)
      : context_(context),
        outer_(std::move(outer)),
        rows_(node, context, std::move(inner)),
        predicate_(node, context),
        result_(&context->memory) {
    result_.Init(std::span(&node.columns.back(), 1));
  }

  Status Open() override {
    rows_.Restart();
    predicate_.Restart();
    return outer_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    SOCHDB_TRY(outer_->Next(want, &outer_rows_));
    if (outer_rows_.count() == 0) return {};
    SOCHDB_TRY(rows_.Begin(outer_rows_));
    SOCHDB_TRY(BeginBatch());
    SOCHDB_TRY(result_.Reset(outer_rows_.rows));
    for (uint32_t i = 0; i < outer_rows_.count(); ++i) {
      const uint32_t row = outer_rows_.selection[i];
      SOCHDB_TRY(context_->Tick());
      Value value;
      SOCHDB_TRY(Decide(row, &value));
      result_.column(0).Set(row, value);
    }
    *out = outer_rows_;
    out->columns.push_back(&result_.column(0));
    return {};
  }

 protected:
  virtual Status BeginBatch() { return {}; }
  virtual Status Decide(uint32_t row, Value* out) { return Search(row, out); }

  Status Search(uint32_t row, Value* out) {
    SOCHDB_TRY(rows_.Trim());
    SOCHDB_TRY(rows_.Start(row));
    return predicate_.Decide(outer_rows_, row, &rows_, out);
  }

  ExecContext* context_;
  OperatorPtr outer_;
  ApplyRows rows_;
  AnyPredicate predicate_;
  Batch outer_rows_;
  BatchStorage result_;
};

std::vector<ColumnType> KeyTypesOfAny(const ApplyNode& node) {
  std::vector<ColumnType> types;
  for (const auto& [outer, inner] : node.keys) types.push_back(inner->type == ColumnType::kNull ? outer->type : inner->type);
  return types;
}

class HashedAny : public ApplyAny {
 public:
  HashedAny(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner)
      : ApplyAny(node, context, std::move(outer), std::move(inner)),
        node_(node),
        evaluator_(context),
        table_(KeyTypesOfAny(node), &context->memory, context->hash_seed),
        changes_(node, context) {}

  Status Open() override {
    if (changes_.Changed()) {
      table_.Clear();
      hashed_ = 0;
      has_null_ = false;
    }
    evaluator_.Restart();
    return ApplyAny::Open();
  }

 protected:
  Status BeginBatch() override {
    SOCHDB_TRY(HashRows());
    evaluator_.BeginBatch();
    keys_.resize(node_.keys.size());
    for (size_t k = 0; k < keys_.size(); ++k) {
      SOCHDB_TRY(evaluator_.Eval(*node_.keys[k].outer, outer_rows_, outer_rows_.selection, &keys_[k]));
    }
    found_.assign(outer_rows_.rows, Found::kUnknown);
    const Selection with_keys = WithoutNulls(keys_, outer_rows_.selection, &with_keys_);
    ids_.resize(with_keys.count);
    SOCHDB_TRY(table_.Find(keys_, with_keys, ids_.data()));
    for (uint32_t i = 0; i < with_keys.count; ++i) {
      found_[with_keys[i]] = ids_[i] != RowTable::kNone ? Found::kYes : Found::kNo;
    }
    return {};
  }

  Status Decide(uint32_t row, Value* out) override {
    *out = Value::Boolean(false);
    if (hashed_ == 0) return {};
    if (found_[row] == Found::kYes) {
      *out = Value::Boolean(true);
      return {};
    }
    if (found_[row] == Found::kNo && !has_null_) return {};
    // Of one equality, a NULL leaves every miss open; of several, another may be false.
    if (keys_.size() > 1) return Search(row, out);
    *out = Value();
    return {};
  }

 private:
  enum class Found : uint8_t { kNo, kYes, kUnknown };  // a key with a NULL is not looked for

  // Reads and hashes what was not yet: everything, the first time.
  Status HashRows() {
    SOCHDB_TRY(rows_.Start(0));
    rows_.Advance(hashed_);
    keys_.resize(node_.keys.size());
    for (;;) {
      bool found = false;
      SOCHDB_TRY(rows_.More(kBatchRows, &found));
      if (!found) return {};
      const uint32_t chunk = hashed_ / kBatchRows;
      Batch inner;
      rows_.rows().ExposeChunk(chunk, &inner);
      const uint32_t last = std::min(rows_.end(), (chunk + 1) * kBatchRows);
      SOCHDB_TRY(HashChunk(inner, hashed_ % kBatchRows, last - chunk * kBatchRows));
      rows_.Advance(last - hashed_);
      hashed_ = last;
    }
  }

  Status HashChunk(const Batch& inner, uint32_t from, uint32_t to) {
    Batch shifted;  // the inner row where the predicate expects it: after the outer one's columns
    shifted.columns.assign(node_.outer->columns.size(), nullptr);
    shifted.columns.insert(shifted.columns.end(), inner.columns.begin(), inner.columns.end());
    shifted.SetDense(inner.rows);
    SOCHDB_TRY(context_->Tick(to - from));
    evaluator_.BeginBatch();
    for (size_t k = 0; k < keys_.size(); ++k) {
      SOCHDB_TRY(evaluator_.Eval(*node_.keys[k].inner, shifted, shifted.selection, &keys_[k]));
    }
    places_.resize(to - from);
    std::iota(places_.begin(), places_.end(), static_cast<uint16_t>(from));
    const Selection rows = {places_.data(), to - from};
    const Selection with_keys = WithoutNulls(keys_, rows, &with_keys_);
    has_null_ |= with_keys.count < rows.count;
    ids_.resize(with_keys.count);
    fresh_.clear();
    return table_.FindOrInsert(keys_, with_keys, ids_.data(), &fresh_);
  }

  const ApplyNode& node_;
  Evaluator evaluator_;
  RowTable table_;
  ApplySlots changes_;
  std::vector<const ColumnVector*> keys_;
  std::vector<Found> found_;  // by row of the outer batch
  std::vector<uint16_t> with_keys_;
  std::vector<uint16_t> places_;
  std::vector<uint16_t> fresh_;
  std::vector<uint32_t> ids_;
  uint32_t hashed_ = 0;  // inner rows
  bool has_null_ = false;
};

}  // namespace

OperatorPtr MakeApplyAny(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner) {
  return std::make_unique<ApplyAny>(node, context, std::move(outer), std::move(inner));
}

OperatorPtr MakeHashedAny(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner) {
  return std::make_unique<HashedAny>(node, context, std::move(outer), std::move(inner));
}

}  // namespace sochdb
