// FlushJob: writes one memtable into tables of a new run.
//
// Thread safety: one thread.
// Ownership: the tables are deleted with the job, unless Keep was called.

#pragma once

#include <vector>

#include "lsm/keep_rule.h"
#include "lsm/lsm_store.h"
#include "lsm/output_writer.h"

namespace sochdb {

class FlushJob {
 public:
  // levels: of the unit's tree. oldest: no older memtable of the tree is being flushed with it.
  FlushJob(const FlushUnit& unit, const KeepRule& rule, const LevelState& levels, bool oldest, OutputOptions output);

  // Tables and names are durable when it returns.
  Status Run();
  void Keep() { writer_.Keep(); }

  [[nodiscard]] const FlushUnit& unit() const { return unit_; }
  [[nodiscard]] const std::vector<OutputFile>& files() const { return writer_.files(); }
  [[nodiscard]] uint64_t bytes() const { return writer_.bytes(); }
  [[nodiscard]] const KeepStats& kept() const { return kept_; }
  // Blobs that the memtable names and no table of it does.
  [[nodiscard]] const std::vector<uint64_t>& dropped_blobs() const { return dropped_blobs_; }

 private:
  const FlushUnit unit_;
  KeepRule rule_;
  OutputWriter writer_;
  KeepStats kept_;
  std::vector<uint64_t> dropped_blobs_;
};

}  // namespace sochdb
