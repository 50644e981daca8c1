// The world of the isolation tests: a store with two keys, and transactions at the level under test.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "env/mem_env.h"
#include "test/harness.h"
#include "test/store_fixture.h"

namespace sochdb::test {

inline constexpr IsolationLevel kReadCommitted = IsolationLevel::kReadCommitted;
inline constexpr IsolationLevel kSnapshot = IsolationLevel::kSnapshot;
inline constexpr IsolationLevel kSerializable = IsolationLevel::kSerializable;
inline constexpr IsolationLevel kLevels[] = {kReadCommitted, kSnapshot, kSerializable};

using TxnPtr = std::unique_ptr<Transaction>;

// A store with x=10 and y=20, and something to commit beside every history: what happens to a transaction must not
// depend on whether validation walks the ring or asks the trees.
class World {
 public:
  World(IsolationLevel level, int noise) : level_(level), noise_(noise), engine_(OpenAt(&env_)) {
    PutOne(engine_.get(), "x", "10");
    PutOne(engine_.get(), "y", "20");
  }
  TxnPtr Begin() { return BeginOn(engine_.get(), level_); }
  TxnPtr Begin(IsolationLevel level) { return BeginOn(engine_.get(), level); }
  // Commits, after the noise; false on conflict.
  bool Commit(const TxnPtr& txn) {
    MakeNoise();
    const Status status = txn->Commit().status();
    EXPECT(status.ok() || status.code() == Code::kConflict);
    return status.ok();
  }
  std::string State() { return ScanAll(engine_->NewSnapshot().value().get()); }
  Engine* engine() { return engine_.get(); }

 private:
  void MakeNoise() {
    constexpr int kAtOnce = 100;
    for (int done = 0; done < noise_; done += kAtOnce) {
      TxnPtr noise = BeginOn(engine_.get(), kReadCommitted);
      for (int i = 0; i < kAtOnce; ++i) {
        EXPECT_OK(noise->Put(TreeId::kMetadata, "noise" + std::to_string(i), "n"));
      }
      EXPECT_OK(noise->Commit().status());
    }
  }
  MemEnv env_;
  const IsolationLevel level_;
  const int noise_;
  std::unique_ptr<Engine> engine_;
};

inline void Put(const TxnPtr& txn, std::string_view key, std::string_view value) {
  EXPECT_OK(txn->Put(TreeId::kKeys, key, value));
}
inline std::string Get(const TxnPtr& txn, std::string_view key) { return GetOr(txn.get(), key); }
// What stands between k and l: the predicate of the histories.
inline std::string Scan(const TxnPtr& txn) { return ScanAll(txn.get(), "k", "l"); }

}  // namespace sochdb::test
