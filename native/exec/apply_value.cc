// Apply of subqueries that stand for a value, and of EXISTS: the outer rows, each with one column more.

#include "exec/apply.h"

namespace sochdb {
namespace {

class ApplyValue : public Operator {
 public:
  ApplyValue(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner)
      : exists_(node.kind == ApplyKind::kExists),
        context_(context),
        slots_(node, context),
        outer_(std::move(outer)),
        inner_(std::move(inner)),
        table_(&context->memory, context->hash_seed),
        bytes_of_values_(&context->memory),
        result_(&context->memory) {
    result_.Init(std::span(&node.columns.back(), 1));
  }
  ~ApplyValue() override { context_->memory.Release(charged_); }

  Status Open() override {
    slots_.Restart();
    if (slots_.Changed()) Forget();
    return outer_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    SOCHDB_TRY(outer_->Next(want, &outer_rows_));
    if (outer_rows_.count() == 0) return {};
    SOCHDB_TRY(slots_.Begin(outer_rows_));
    SOCHDB_TRY(result_.Reset(outer_rows_.rows));
    for (uint32_t i = 0; i < outer_rows_.count(); ++i) {
      const uint32_t row = outer_rows_.selection[i];
      SOCHDB_TRY(context_->Tick());
      Value value;
      SOCHDB_TRY(Find(row, &value));
      SOCHDB_TRY(result_.Set(0, row, value));
    }
    *out = outer_rows_;
    out->columns.push_back(&result_.column(0));
    return {};
  }

 private:
  void Forget() {
    table_.Clear();
    values_.clear();
    values_.shrink_to_fit();
    bytes_of_values_.Reset();
    context_->memory.Release(charged_);
    charged_ = 0;
    bytes_ = 0;
  }

  // The bytes of the value are there until the next call.
  Status Find(uint32_t row, Value* out) {
    if (slots_.TooMuch(bytes_)) Forget();
    const std::string_view key = slots_.Key(row);
    if (const uint32_t id = table_.Find(key); id != ByteTable::kNone) {
      *out = values_[id];
      return {};
    }
    slots_.Set(row);
    SOCHDB_TRY(inner_->Open());
    Batch found;
    SOCHDB_TRY(inner_->Next(1, &found));
    if (exists_) {
      *out = Value::Boolean(found.count() > 0);
      return Remember(key, out);
    }
    if (found.count() == 0) return Remember(key, out);
    if (found.count() > 1) return TooManyRows();
    *out = found.columns[0]->Get(found.selection[0]);
    SOCHDB_TRY(Remember(key, out));
    SOCHDB_TRY(inner_->Next(1, &found));
    return found.count() > 0 ? TooManyRows() : Status();
  }

  // Keeps a copy of the value, which `value` becomes.
  Status Remember(std::string_view key, Value* value) {
    const uint64_t before = context_->memory.used();
    uint32_t id = 0;
    bool inserted = false;
    SOCHDB_TRY(table_.FindOrInsert(key, &id, &inserted));
    constexpr uint64_t kEach = sizeof(Value) * 2;  // growing takes as much again
    if (!context_->memory.Charge(kEach)) return context_->memory.LimitError();
    charged_ += kEach;
    if (!value->bytes.empty() && !bytes_of_values_.Copy(value->bytes, &value->bytes)) return context_->memory.LimitError();
    values_.push_back(*value);
    bytes_ += context_->memory.used() - before;
    return {};
  }

  static Status TooManyRows() {
    return {Code::kInvalidArgument,
            "A subquery that stands for a value returned more than one row. Narrow it, aggregate it or end it with LIMIT 1.",
            {{"clause", "subquery"}}};
  }

  bool exists_;
  ExecContext* context_;
  ApplySlots slots_;
  OperatorPtr outer_;
  OperatorPtr inner_;
  ByteTable table_;
  std::vector<Value> values_;
  BatchArena bytes_of_values_;
  Batch outer_rows_;
  BatchStorage result_;
  uint64_t charged_ = 0;
  uint64_t bytes_ = 0;  // that everything remembered takes
};

}  // namespace

OperatorPtr MakeApplyValue(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner) {
  return std::make_unique<ApplyValue>(node, context, std::move(outer), std::move(inner));
}

}  // namespace sochdb
