// BlockHelper: a thread that compresses and writes the blocks of a table, while whoever builds it fills the next ones; and
// compresses some, when the helper cannot keep up.
//
// Thread safety: one thread gives blocks; `write` runs on the helper's alone, in the order in which they were given, and what
// it touches is the helper's until End.

#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/types.h"
#include "env/env.h"
#include "env/sync.h"
#include "sst/sst_format.h"

namespace sochdb {

// A block that is filled, and what the index says of it.
struct FilledBlock {
  std::string_view payload;
  StoredBlock stored;  // where it is compressed already
  bool compressed = false;
  Timestamp min_ts = 0;
  Timestamp max_ts = 0;
  std::string_view last_key;
  std::string_view next_key;  // that the next block begins with
  bool last = false;          // there is no next one
};

class BlockHelper {
 public:
  using Write = std::function<Status(const FilledBlock&)>;
  // Null where there is no thread to be had.
  static std::unique_ptr<BlockHelper> Start(Env* env, Write write);
  ~BlockHelper();
  BlockHelper(const BlockHelper&) = delete;
  BlockHelper& operator=(const BlockHelper&) = delete;

  // So many are under way that Put would wait.
  [[nodiscard]] bool Behind();
  // Takes a copy, and waits while too many are under way. The failure of an earlier one; throws bad_alloc where that did.
  Status Put(const FilledBlock& block);
  // Waits until all are written, and ends the thread.
  Status End();

 private:
  static constexpr size_t kBlocksAhead = 4;
  struct Slot {
    std::string bytes;
    std::string last_key;
    std::string next_key;
    FilledBlock block;
  };

  BlockHelper(Env* env, Write write) : write_(std::move(write)), mutex_(env), changed_(env) {}
  void Run();
  // REQUIRES: mutex_.
  Status Failure() const;

  const Write write_;
  std::array<Slot, kBlocksAhead> slots_;  // those between written_ and put_ are the helper's
  Mutex mutex_;                           // guards all below
  CondVar changed_;
  size_t put_ = 0;
  size_t written_ = 0;
  bool ended_ = false;
  bool out_of_memory_ = false;
  Status failed_;  // the first failure: nothing is written behind it
  std::unique_ptr<Thread> thread_;
};

}  // namespace sochdb
