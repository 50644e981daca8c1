// Repair: for a store that does not open, or that verification finds faults in: what it is, and making it open again with
// everything in it that is sound.
//
// A repair keeps every sound block of every table, every transaction in the log that is whole, and every sound blob. It
// reports what it could not keep: which tables, which keys lie in the gaps, how much of the log. Files that it replaces are
// copied into lost/<n>/ first and stay there; nothing is thrown away. Transactions behind damage in the log are kept too: each
// of them is whole, but what the damaged ones wrote is missing before them.
//
// The log's sound part goes into tables, and a new log begins above everything that the old one had. A crash in the middle of
// a repair leaves a store that can be repaired again.
//
// Thread safety: any thread; the store's lock is held meanwhile.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "engine/verify.h"
#include "env/env.h"

namespace sochdb {

struct StoreInspection {
  bool is_store = false;  // there is a FORMAT file, sound or not
  bool locked = false;    // a process has it open: nothing below is known then
  uint64_t holder_pid = 0;
  uint32_t format_version = 0;  // 0: FORMAT cannot be read
  std::array<uint8_t, 16> uuid{};
  bool was_clean = false;
  uint64_t tables = 0;
  uint64_t table_bytes = 0;
  WalReport wal;        // errors are listed
  std::string refusal;  // why it would not open; empty: it would, as far as could be seen without reading every block
};
// Looks without changing anything.
Status InspectStore(Env* env, const std::string& path, StoreInspection* out);

struct RepairReport {
  static constexpr size_t kMaxLosses = 10'000;

  // What is missing now. Keys are as they are stored.
  struct Loss {
    std::string part;  // "table", "log", "manifest", "blob", "format"
    std::string file;
    uint64_t offset = 0;
    uint64_t entries = 0;  // at most; 0: not known
    std::string from_key;  // versions of keys in [from, through] may be missing
    std::string through_key;
    std::string reason;
  };
  bool changed = false;  // false: there was nothing to do
  std::vector<Loss> losses;
  bool losses_truncated = false;
  std::vector<std::string> moved;  // where the originals of what was replaced are now
  uint64_t tables_kept = 0;
  uint64_t tables_rewritten = 0;
  uint64_t tables_lost = 0;
  uint64_t log_entries_kept = 0;
  uint64_t log_bytes_lost = 0;
};
Status RepairStore(Env* env, const std::string& path, const CancelToken* cancel, const ProgressFn& progress,
                   RepairReport* report);

}  // namespace sochdb
