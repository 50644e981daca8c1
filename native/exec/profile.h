// PlanProfile: what the operators of one execution did, for EXPLAIN ANALYZE.
//
// Only an analysing plan has one: then every operator is wrapped in one that counts. Others run without a trace of it.
//
// Thread safety: one thread. Ownership: the Execution owns it and outlives its operators; the Env outlives it.

#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "env/env.h"
#include "exec/operator.h"

namespace sochdb {

struct OperatorProfile {
  uint64_t rows = 0;   // over all loops
  uint64_t loops = 0;  // how often it was opened
  uint64_t nanos = 0;  // inputs included
};

class PlanProfile {
 public:
  // `env` may be null in tests: then nothing takes time.
  explicit PlanProfile(Env* env) : env_(env) {}

  // The next operator, in the order of the plan: parents before inputs, those in the order of the node.
  OperatorProfile* Add() { return &operators_.emplace_back(); }
  // The first one added: of a plan that writes, its root.
  OperatorProfile* first() { return &operators_.front(); }
  [[nodiscard]] size_t size() const { return operators_.size(); }
  [[nodiscard]] const OperatorProfile& at(size_t i) const { return operators_[i]; }
  [[nodiscard]] uint64_t Now() const { return env_ == nullptr ? 0 : env_->MonotonicNanos(); }

 private:
  Env* const env_;
  std::deque<OperatorProfile> operators_;  // which stay where they are
};

// The operator, counted.
std::unique_ptr<Operator> Measured(std::unique_ptr<Operator> op, const PlanProfile* profile, OperatorProfile* counts);

// What an analysing plan yields: a row for each operator, and one for the whole: rows, loops, nanoseconds.
const std::vector<ColumnType>& ProfileTypes();
// Writes up to kBatchRows of these rows, from the first-th on.
Status WriteProfile(const PlanProfile& profile, size_t first, BatchStorage* storage, Batch* out);

}  // namespace sochdb
