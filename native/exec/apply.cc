#include "exec/apply.h"

#include <algorithm>

#include "codec/tagged_value.h"

namespace sochdb {

Status ApplySlots::Begin(const Batch& outer) {
  evaluator_.BeginBatch();
  values_.resize(node_.slots.size());
  for (size_t i = 0; i < values_.size(); ++i) {
    SOCHDB_TRY(evaluator_.Eval(*node_.slots[i].expr, outer, outer.selection, &values_[i]));
  }
  return {};
}

void ApplySlots::Set(uint32_t row) {
  for (size_t i = 0; i < values_.size(); ++i) context_->slots[node_.slots[i].slot] = values_[i]->Get(row);
}

std::string_view ApplySlots::Key(uint32_t row) {
  key_.clear();
  for (const ColumnVector* column : values_) AppendTagged(column->Get(row), &key_);
  return key_;
}

bool ApplySlots::Changed() {
  const bool changed = node_.InnerVaries() || parameters_read_ != context_->parameters_read;
  parameters_read_ = context_->parameters_read;
  return changed;
}

bool ApplySlots::TooMuch(uint64_t bytes) const {
  return any() && bytes > std::min(kRememberBytes, context_->memory.limit() / 8);
}

ApplyRows::ApplyRows(const ApplyNode& node, ExecContext* context, OperatorPtr inner)
    : context_(context),
      slots_(node, context),
      inner_(std::move(inner)),
      rows_(node.inner->columns, &context->memory),
      table_(&context->memory, context->hash_seed) {}

void ApplyRows::Forget() {
  rows_.Clear();
  table_.Clear();
  entries_.clear();
  entries_.shrink_to_fit();
  context_->memory.Release(charged_);
  charged_ = 0;
  bytes_ = 0;
  first_ = at_ = end_ = 0;
  whole_ = false;
}

void ApplyRows::Restart() {
  slots_.Restart();
  if (slots_.Changed()) {
    Forget();
    started_ = false;
  }
  // Without slots, reading goes on where it was: nobody else opens the inner side.
  if (slots_.any() || !started_) reading_ = false;
}

Status ApplyRows::Start(uint32_t row) {
  if (!slots_.any()) {
    at_ = 0;
    if (started_) return {};
    SOCHDB_TRY(inner_->Open());
    started_ = reading_ = true;
    return {};
  }
  key_ = slots_.Key(row);
  const uint32_t id = table_.Find(key_);
  reading_ = id == ByteTable::kNone;
  if (!reading_) {
    at_ = entries_[id].first;
    end_ = entries_[id].end;
    return {};
  }
  first_ = at_ = end_ = rows_.rows();
  whole_ = true;
  slots_.Set(row);
  return inner_->Open();
}

Status ApplyRows::More(uint32_t want, bool* found) {
  *found = at_ < end_;
  if (*found || !reading_) return {};
  Batch batch;
  SOCHDB_TRY(inner_->Next(want, &batch));
  if (batch.count() == 0) {
    reading_ = false;
    return slots_.any() && whole_ ? Remember() : Status();
  }
  SOCHDB_TRY(context_->Tick(batch.count()));
  const uint64_t before = context_->memory.used();
  SOCHDB_TRY(rows_.Append(batch));
  bytes_ += context_->memory.used() - before;
  end_ = rows_.rows();
  *found = true;
  return {};
}

Status ApplyRows::Remember() {
  const uint64_t before = context_->memory.used();
  uint32_t id = 0;
  bool inserted = false;
  SOCHDB_TRY(table_.FindOrInsert(key_, &id, &inserted));
  if (!context_->memory.Charge(sizeof(Entry) * 2)) return context_->memory.LimitError();
  charged_ += sizeof(Entry) * 2;
  entries_.push_back({first_, end_});
  bytes_ += context_->memory.used() - before;
  return {};
}

Status ApplyRows::Trim() {
  if (!slots_.TooMuch(bytes_) || at_ < end_) return {};
  Forget();
  return {};
}

OperatorPtr MakeApply(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner) {
  switch (node.kind) {
    case ApplyKind::kScalar:
    case ApplyKind::kExists:
      return MakeApplyValue(node, context, std::move(outer), std::move(inner));
    case ApplyKind::kInner:
    case ApplyKind::kLeft:
      return MakeLateral(node, context, std::move(outer), std::move(inner));
    case ApplyKind::kAny:
      break;
  }
  if (!node.keys.empty()) return MakeHashedAny(node, context, std::move(outer), std::move(inner));
  return MakeApplyAny(node, context, std::move(outer), std::move(inner));
}

}  // namespace sochdb
