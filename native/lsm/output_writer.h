// OutputWriter: puts a stream of versions into tables: those of one sorted run.
//
// A table is ended when it has reached its target size, at a boundary between containers (an object of a namespace) when it
// has a quarter of it, and before a key at which a neighbour in the run begins; never between the versions of one key.
//
// Thread safety: one thread.
// Ownership: files that were written are deleted with the writer, unless Keep was called.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "base/types.h"
#include "env/env.h"
#include "lsm/keep_rule.h"
#include "lsm/rate_limiter.h"
#include "mem/snapshot_iterator.h"
#include "sst/table_builder.h"

namespace sochdb {

struct OutputFile {
  uint64_t number = 0;
  std::string path;
  TableProperties properties;
  uint64_t pinned_bytes = 0;
};

struct OutputOptions {
  Env* env = nullptr;
  std::string dir;
  TreeId tree = TreeId::kKeys;
  TableOptions table;
  uint64_t target_file_bytes = 64ull * 1024 * 1024;
  std::vector<std::string> cuts;  // ascending keys that begin a table: what stays in the run lies between
  std::function<uint64_t()> new_file_number;
  bool help = false;                    // a second thread compresses and writes, once a table is large
  RateLimiter* limiter = nullptr;       // null: as fast as it goes
  const CancelToken* cancel = nullptr;  // null: cannot be stopped
  const KeepStats* kept = nullptr;      // of the filter that gives the input; null: there is none
};

inline OutputOptions Counting(OutputOptions options, const KeepStats* kept) {
  options.kept = kept;
  return options;
}

class OutputWriter {
 public:
  explicit OutputWriter(OutputOptions options) : options_(std::move(options)) {}
  ~OutputWriter();
  OutputWriter(const OutputWriter&) = delete;
  OutputWriter& operator=(const OutputWriter&) = delete;

  // Writes all that `input` gives, syncs every file and then the directory. progress (may be null) is called now and then.
  Status WriteAll(VersionStream* input, const std::function<void()>& progress);
  [[nodiscard]] const std::vector<OutputFile>& files() const { return files_; }
  [[nodiscard]] uint64_t bytes() const;
  // The files stay.
  void Keep() { keep_ = true; }

 private:
  Status Write(VersionStream* input, const std::function<void()>& progress);
  Status Open();
  Status Finish();
  [[nodiscard]] bool EndsBefore(std::string_view key);
  Status Breathe(const std::function<void()>& progress);

  OutputOptions options_;
  std::vector<OutputFile> files_;  // the last one may be unfinished
  std::unique_ptr<TableBuilder> builder_;
  std::string last_key_;
  size_t next_cut_ = 0;
  uint64_t paid_bytes_ = 0;     // of the current file
  uint64_t pinned_before_ = 0;  // in the files before it
  bool keep_ = false;
};

// How many of a key's first bytes name its container: a namespace, or an object in one.
size_t ContainerPrefixBytes(TreeId tree);

}  // namespace sochdb
