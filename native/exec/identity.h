// IdentityCounters: the numbers that tables give to their rows (INTEGER PRIMARY KEY, IDENTITY, SERIAL, AUTO_INCREMENT).
//
// A counter lies outside of transactions: whoever takes a number waits for nobody, and one that is not used leaves a gap. A
// value that a row brings along moves it. What is stored is above every number that was handed out, as far as that can be seen
// later: a transaction that is alone stores the counter as it is with its rows; others reserve a block first, in a commit of
// its own, so that opening the store again may leave a gap of a block. Numbers come again only when nothing of their
// transaction was kept.
//
// The counter of a table that the transaction itself created or changed is read and written in that transaction.
//
//   kSequences   namespace u32 | table u32 | 'i'   ->   the next number, i64, little-endian
//
// Thread safety: any thread. One for each engine.

#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>

#include "env/sync.h"
#include "exec/exec_context.h"

namespace sochdb {

inline constexpr int64_t kIdentityBlock = 32;

class IdentityCounters {
 public:
  explicit IdentityCounters(Env* env = Env::Posix()) : mutex_(env), reserve_(env) {}

  // The next number of the table. kLimit when there is none left.
  Status Next(ExecContext* context, const TableInfo& table, int64_t* out);
  // No number up to `value` comes from now on.
  Status Note(ExecContext* context, const TableInfo& table, int64_t value);
  // Stores with the transaction what its statement took.
  Status EndStatement(ExecContext* context);

  // What the last statement that wrote did, whoever ran it: changes(), total_changes(), last_insert_rowid().
  void Wrote(uint64_t rows, const std::optional<int64_t>& key) {
    changes_.store(rows, std::memory_order_relaxed);
    if (rows != 0) total_changes_.fetch_add(rows, std::memory_order_relaxed);
    if (key.has_value()) last_key_.store(*key, std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t changes() const { return changes_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t total_changes() const { return total_changes_.load(std::memory_order_relaxed); }
  [[nodiscard]] int64_t last_key() const { return last_key_.load(std::memory_order_relaxed); }

 private:
  struct Counter {
    int64_t next = 1;
    int64_t reserved = 1;  // what is stored
  };
  // The counter with at least one number that may be handed out. REQUIRES: `lock` holds mutex_, and does so afterwards.
  Status Ready(ExecContext* context, const TableInfo& table, int64_t least, MutexHold* lock, Counter** out);
  Status NextOfOwn(ExecContext* context, const TableInfo& table, int64_t least, int64_t* out);

  Mutex mutex_;    // not held while anything waits
  Mutex reserve_;  // held by one who stores a block; never by a transaction that is alone
  std::map<uint64_t, Counter> counters_;
  std::atomic<uint64_t> changes_{0};
  std::atomic<uint64_t> total_changes_{0};
  std::atomic<int64_t> last_key_{0};
};

}  // namespace sochdb
