#include "index/vector/slot_vectors.h"

namespace sochdb {

void SlotVectors::Reserve(uint32_t count) {
  full_.Reserve(count);
  if (owned_codes_ != nullptr) owned_codes_->Reserve(count);
}

void SlotVectors::Return(std::span<const uint32_t> slots) {
  full_.Return(slots);
  if (owned_codes_ != nullptr) owned_codes_->Return(slots);
}

void SlotVectors::Take(uint32_t slot) {
  full_.Take(slot);
  if (owned_codes_ != nullptr) owned_codes_->Take(slot);
}

void SlotVectors::Encode(uint32_t slot) {
  if (owned_codes_ == nullptr) return;
  owned_codes_->codec().Encode(full_.view()[slot], &encoding_, owned_codes_->view()[slot]);
}

void SlotVectors::Install(std::unique_ptr<VectorCodes> codes) {
  SOCHDB_CHECK(owned_codes_ == nullptr);  // readers may hold what they were given
  owned_codes_ = std::move(codes);
  codes_.store(owned_codes_.get(), std::memory_order_release);
}

uint64_t SlotVectors::memory_bytes() const {
  const VectorCodes* made = codes();
  return full_.memory_bytes() + (made != nullptr ? made->memory_bytes() : 0);
}

void SlotQuery::Begin(const SlotVectors& vectors, const VectorCodes* codes, const float* prepared) {
  full_ = &vectors.full();
  codes_ = codes;
  prepared_ = prepared;
  if (codes_ != nullptr) codes_->codec().Begin(prepared, &code_query_);
  Cover();
}

void SlotQuery::Cover() {
  if (codes_ != nullptr) code_rows_ = codes_->view();
  else full_rows_ = full_->view();
}

void SlotQuery::Many(const uint32_t* slots, size_t count, float* out) {
  SOCHDB_DCHECK(count <= kMostAtOnce);
  if (codes_ != nullptr) {
    for (size_t i = 0; i < count; ++i) codes_at_[i] = code_rows_[slots[i]];
    codes_->codec().Compare(code_query_, codes_at_, count, out);
  } else {
    for (size_t i = 0; i < count; ++i) full_at_[i] = full_rows_[slots[i]];
    full_->distance().Many(prepared_, full_at_, count, out);
  }
}

void SlotPairs::Many(uint32_t a, const uint32_t* slots, size_t count, float* out) const {
  const float* full_at[SlotQuery::kMostAtOnce];
  SOCHDB_DCHECK(count <= SlotQuery::kMostAtOnce);
  if (codes_ == nullptr) {
    for (size_t i = 0; i < count; ++i) full_at[i] = full_rows_[slots[i]];
    full_.distance().Many(full_rows_[a], full_at, count, out);
    return;
  }
  const size_t bytes = codes_->codec().row_bytes();
  for (size_t i = 0; i < count; ++i) {
    for (size_t at = 0; at < bytes; at += AlignedBlock::kAlignment) __builtin_prefetch(code_rows_[slots[i]] + at);
  }
  for (size_t i = 0; i < count; ++i) out[i] = Between(a, slots[i]);
}

void SlotPairs::Cover() {
  if (codes_ != nullptr) code_rows_ = codes_->view();
  else full_rows_ = full_.view();
}

}  // namespace sochdb
