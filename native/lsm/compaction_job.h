// CompactionJob: merges the tables of a pick into new ones.
//
// Thread safety: one thread.
// Ownership: holds its inputs; the new tables are deleted with the job, unless Keep was called.

#pragma once

#include <vector>

#include "lsm/keep_rule.h"
#include "lsm/lsm_store.h"
#include "lsm/output_writer.h"

namespace sochdb {

class CompactionJob {
 public:
  // levels: of the pick's tree, now. in_memory_from: no version outside of its tables is older.
  CompactionJob(const CompactionPick& pick, const KeepRule& rule, const LevelState& levels, Timestamp in_memory_from,
                OutputOptions output);

  // Tables and names are durable when it returns.
  Status Run(const LsmStore::Progress& progress);
  void Keep() { writer_.Keep(); }

  [[nodiscard]] const std::vector<OutputFile>& files() const { return writer_.files(); }
  [[nodiscard]] uint64_t read_bytes() const { return input_bytes_; }
  [[nodiscard]] uint64_t written_bytes() const { return writer_.bytes(); }
  [[nodiscard]] const KeepStats& kept() const { return kept_; }

 private:
  const CompactionPick pick_;
  KeepRule rule_;
  const CancelToken* const cancel_;
  OutputWriter writer_;
  uint64_t input_bytes_ = 0;
  uint64_t input_entries_ = 0;
  KeepStats kept_;
};

// Where the tables that stay in the output's run begin: new tables must not reach over them.
std::vector<std::string> CutsOf(const CompactionPick& pick, const LevelState& levels);

}  // namespace sochdb
