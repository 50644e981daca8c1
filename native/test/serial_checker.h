// SerialChecker: is what concurrent transactions saw what they would have seen one after the other?
//
// We claim a particular serial order: commits by their timestamps, and a transaction that wrote nothing right after
// the commit it read at. So no search is needed: the checker replays the history in that order against a map and compares
// every recorded read and scan. Transactions of weaker levels take part with their writes; their reads are not compared.
//
// Thread safety: Add from any thread; Check when all have finished.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "env/sync.h"

namespace sochdb::test {

struct RecordedOp {
  enum class Kind : uint8_t { kGet, kScan, kPut, kDelete, kMerge, kSavepoint, kRollback };
  Kind kind = Kind::kGet;
  std::string key;    // of a scan: the lower bound
  std::string value;  // written; of a read: what it answered ("-" for nothing; scans as "k=v k=v ")
  std::string hi;     // of a scan; empty: open
  bool reverse = false;
  size_t limit = SIZE_MAX;
};

struct RecordedTransaction {
  std::string name;  // for the message
  Timestamp at = 0;  // its commit timestamp; of a transaction that wrote nothing, its read timestamp
  bool wrote = false;
  bool compare = true;  // its reads
  std::vector<RecordedOp> ops;
};

class SerialChecker {
 public:
  using State = std::map<std::string, std::string>;

  explicit SerialChecker(Env* env) : mutex_(env) {}
  void Add(RecordedTransaction transaction);
  // The first difference, or nothing. Afterwards state() is what the replay came to.
  std::optional<std::string> Check(State initial);
  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] size_t size() const { return history_.size(); }

  static std::string Scan(const State& state, const RecordedOp& scan);

 private:
  std::optional<std::string> Replay(const RecordedTransaction& transaction);

  Mutex mutex_;  // guards history_
  std::vector<RecordedTransaction> history_;
  State state_;
};

}  // namespace sochdb::test
