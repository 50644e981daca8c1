// CommitScript: a fixed sequence of commits over several trees, and what is known of it after any number of them: the
// world of the tests that crash the store or make its disk fail.
//
// After a restart the state must be the model's after some commit p: not before the last one that was acknowledged as
// durable, not after the last one attempted, and of each transaction all or nothing, across trees.
//
// Thread safety: one thread. A script may be run in many worlds, one after the other.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "test/sim_env.h"
#include "test/store_fixture.h"

namespace sochdb::test {

inline constexpr SyncMode kSyncModes[] = {SyncMode::kOff, SyncMode::kNormal, SyncMode::kFull};

// Small buffers, segments and records, so that a short script fills several of each.
EngineOptions SmallOptions(SyncMode mode, bool wal_enabled = true);

// Everything in the store as text; "!" and the message when it cannot be read. Blobs are named, and read only when asked.
std::string StateOf(Reader* reader, bool read_blobs = true);
std::string StateOf(Engine* engine, bool read_blobs = true);

// Commit number i of the script. Every sixth is a blob, every sixth a closure; most touch several trees.
Status OneCommit(Engine* engine, int i);

// The same commits on a map, for histories in which some of them failed.
class ScriptModel {
 public:
  void Apply(int i);
  [[nodiscard]] std::string Show() const;

 private:
  std::map<std::string, std::string> entries_;
  int counted_ = 0;
};

class CommitScript {
 public:
  // What a run knew when it ended.
  struct Outcome {
    int acknowledged = 0;  // commits that returned OK
    int attempted = 0;
    int durable = 0;  // of the acknowledged, those a power loss may not take
    bool closed = false;
  };

  using Commit = Status (*)(Engine* engine, int i);
  // sync_after: the script asks for a sync after this commit; -1: never. commit: commit number i, from 0.
  CommitScript(const EngineOptions& options, int commits, int sync_after, Commit commit = OneCommit);

  Result<std::unique_ptr<Engine>> Open(Env* env);
  // Runs until something fails.
  Outcome RunUntilFailure(Env* env);
  // The commits that `state` holds, or -1.
  [[nodiscard]] int CommitsIn(const std::string& state) const;
  // Opens after a restart, and expects the state of a commit in [low, high]; then uses the store once more.
  void CheckAfterRestart(SimEnv* env, int low, int high, const std::string& what);

  // Of a run that nothing disturbs.
  [[nodiscard]] uint64_t io_count() const { return io_count_; }
  [[nodiscard]] const EngineOptions& options() const { return options_; }
  [[nodiscard]] int commits() const { return commits_; }

 private:
  [[nodiscard]] bool HasUpkeepAfter(int commit) const;
  Status Upkeep(Engine* engine, int commit) const;

  const EngineOptions options_;
  const int commits_;
  const int sync_after_;
  const Commit commit_;
  SumOperator sum_;
  std::vector<std::string> states_;  // after 0, 1, … commits
  uint64_t io_count_ = 0;
};

// "what at operation at, mode m"
std::string Named(const char* what, SyncMode mode, uint64_t at);

}  // namespace sochdb::test
