// What tests of the store share: opening one, and reading it in a line.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "env/mem_env.h"
#include "test/harness.h"

namespace sochdb::test {

inline std::unique_ptr<Engine> OpenAt(Env* env, const std::string& path = "/db", const EngineOptions& options = {}) {
  Result<std::unique_ptr<Engine>> engine = Engine::Open(env, path, options);
  EXPECT_OK(engine.status());
  SOCHDB_CHECK(engine.ok());
  return std::move(engine).value();
}

inline std::unique_ptr<Transaction> BeginOn(Engine* engine, IsolationLevel isolation = IsolationLevel::kSerializable,
                                            bool take_writer = false) {
  TransactionOptions options;
  options.isolation = isolation;
  options.take_writer = take_writer;
  Result<std::unique_ptr<Transaction>> transaction = engine->Begin(options);
  EXPECT_OK(transaction.status());
  SOCHDB_CHECK(transaction.ok());
  return std::move(transaction).value();
}

// Puts into TreeId::kKeys; the commit timestamp, 0 on failure.
inline Timestamp PutOne(Engine* engine, std::string_view key, std::string_view value) {
  const Result<Timestamp> put = engine->Put(TreeId::kKeys, key, value, kNeverExpires);
  EXPECT_OK(put.status());
  return put.ok() ? put.value() : 0;
}

// The value, "-" when there is none, "!" and the message on failure. From an Engine or a Reader.
template <typename From>
std::string GetOr(From* from, std::string_view key, TreeId tree = TreeId::kKeys) {
  const EpochGuard guard;
  ReadValue value;
  bool found = false;
  const Status status = from->Get(tree, key, &value, &found);
  if (!status.ok()) return "!" + status.message();
  return found ? std::string(value.data) : "-";
}

// "k=v k=v " of a range, at most `limit` entries.
inline std::string ScanAll(Reader* reader, std::string_view lo = "", std::string_view hi = "", const ScanOptions& options = {},
                           size_t limit = SIZE_MAX, TreeId tree = TreeId::kKeys) {
  Result<std::unique_ptr<Cursor>> cursor = reader->NewCursor(tree, lo, hi, options);
  if (!cursor.ok()) return "!" + cursor.status().message();
  std::string out;
  for (size_t i = 0; i < limit; ++i) {
    bool found = false;
    const Status status = (*cursor)->Next(&found);
    if (!status.ok()) return "!" + status.message();
    if (!found) break;
    out += std::string((*cursor)->key()) + "=" + std::string((*cursor)->value()) + " ";
  }
  return out;
}

// Adds decimal numbers.
class SumOperator final : public MergeOperator {
 public:
  const char* name() const override { return "sum"; }
  Status Merge(std::string_view, std::optional<std::string_view> base, std::span<const std::string_view> operands,
               std::string* result) const override {
    long long sum = base.has_value() ? Number(*base) : 0;
    for (const std::string_view operand : operands) sum += Number(operand);
    *result = std::to_string(sum);
    return {};
  }

 private:
  static long long Number(std::string_view text) { return std::stoll(std::string(text)); }
};

// Merges into a key of TreeId::kPostings in a transaction of its own.
inline void MergeOne(Engine* engine, std::string_view key, std::string_view operand) {
  auto transaction = BeginOn(engine);
  EXPECT_OK(transaction->Merge(TreeId::kPostings, key, operand));
  EXPECT_OK(transaction->Commit().status());
}

// A store in memory, with the operator for TreeId::kPostings.
struct Store {
  explicit Store(const EngineOptions& options = {}) : engine(OpenAt(&env, "/db", options)) {
    engine->SetMergeOperator(TreeId::kPostings, &sum);
  }
  std::unique_ptr<Transaction> Begin(IsolationLevel isolation = IsolationLevel::kSerializable) {
    return BeginOn(engine.get(), isolation);
  }
  std::unique_ptr<Transaction> Closure() { return BeginOn(engine.get(), IsolationLevel::kSerializable, true); }
  MemEnv env;
  SumOperator sum;
  std::unique_ptr<Engine> engine;
};

}  // namespace sochdb::test
