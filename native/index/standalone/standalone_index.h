// StandaloneIndex: nearest vectors by numeric id, in memory, without a database; saved to a file when asked.
//
// A vector is checked and prepared as those of collections are (metric.h), compared by the same kernels and linked into the
// same graph. What is inserted in one call becomes visible at once. Replaced and deleted vectors stay in the graph, unseen,
// until there are more of them than of the others; then the graph is built anew, so that memory follows what is there.
//
// As in collections without quantization, codes of a byte a value lead searches and linking where they tell vectors apart;
// what they find is compared and measured by the vectors themselves.
//
// Thread safety: any thread. Searches take no lock that a writer holds for long; writers wait for each other.
// Limits: 2^31 vectors, dead ones included; options as standalone_options.h says.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/cancel_token.h"
#include "env/env.h"
#include "env/sync.h"
#include "index/standalone/standalone_rows.h"
#include "index/vector/search_scratch.h"

namespace sochdb {

struct StandaloneHit {
  uint64_t id;
  double distance;  // lower is nearer: 1 - cosine, L2, negated dot product
};

struct StandaloneBatch {
  std::span<const uint64_t> ids;
  std::span<const float> vectors;  // one after the other: ids.size() x dimension
  uint32_t threads = 1;            // that link, at most; with one, the same batches build the same graph
  // Whether vectors that are refused (not finite, too long, beyond max_elements) are left out; else they fail the batch.
  bool skip_refused = false;
  const CancelToken* cancel = nullptr;
  std::function<void(uint64_t done, uint64_t total)> progress;  // on the calling thread; may be empty
};

struct StandaloneInserted {
  uint64_t inserted = 0;
  uint64_t refused = 0;
};

class StandaloneIndex {
 public:
  // As many or fewer live vectors are compared one by one.
  static constexpr uint32_t kExactBelow = StandaloneRows::kExactBelow;

  // REQUIRES: CheckStandaloneOptions is OK. env outlives this.
  StandaloneIndex(Env* env, const StandaloneOptions& options);
  StandaloneIndex(Env* env, const StandaloneOptions& options, std::unique_ptr<StandaloneRows> rows);
  StandaloneIndex(const StandaloneIndex&) = delete;
  StandaloneIndex& operator=(const StandaloneIndex&) = delete;

  [[nodiscard]] const StandaloneOptions& options() const { return options_; }
  [[nodiscard]] uint64_t size() const { return Current()->live(); }
  [[nodiscard]] uint64_t memory_bytes() const;

  // An id that is there gets the new vector; of an id that is given twice, the last vector stays. On failure nothing has
  // changed.
  Status Insert(const StandaloneBatch& batch, StandaloneInserted* out);
  // *existed: whether there was such an id.
  Status Delete(uint64_t id, bool* existed);
  // The k nearest, nearest first, equal ones by id. ef 0: the index's own.
  Status Search(std::span<const float> query, size_t k, size_t ef, const CancelToken* cancel, std::vector<StandaloneHit>* hits);

  // Writes a file that Load reads; whatever happens, `path` names the old file or the new one.
  Status Save(const std::string& path, const CancelToken* cancel);
  static Result<std::unique_ptr<StandaloneIndex>> Load(Env* env, const std::string& path, const CancelToken* cancel);

 private:
  [[nodiscard]] std::shared_ptr<StandaloneRows> Current() const {
    MutexLock lock(&current_mutex_);
    return current_;
  }
  // Which vectors of the batch go in; fails where one may not.
  Status Choose(const StandaloneBatch& batch, const StandaloneRows& rows, std::vector<uint32_t>* chosen) const;
  Status CheckRoom(const StandaloneBatch& batch, const StandaloneRows& rows, std::vector<uint32_t>* chosen) const;
  Status AppendAll(const StandaloneBatch& batch, const std::vector<uint32_t>& chosen, StandaloneRows* rows) const;
  // Links the slots [from, rows->count()).
  Status LinkAll(StandaloneRows* rows, uint32_t from, const StandaloneBatch& batch);
  struct Linking;
  void LinkSome(Linking* linking, bool reports);
  // Where most slots are dead: new rows with those that are not.
  Status Compact(const StandaloneBatch& batch);

  Env* const env_;
  const StandaloneOptions options_;
  ScratchPool scratches_;
  Mutex writer_mutex_;           // who changes rows
  mutable Mutex current_mutex_;  // guards current_
  std::shared_ptr<StandaloneRows> current_;
};

}  // namespace sochdb
