// VectorIndexRegistry: the vector indexes of one open engine, by collection. It is the engine's commit listener and
// passes every commit on to the indexes it concerns.
//
// Thread safety: any thread. Opening one collection twice at once opens it once.
// Lifetime: made after the engine is open; destroyed before it is closed (destruction stops the graph builder's threads and
// takes the listener away). An index that a caller still holds after Close learns of no commit any more; what it does not
// know is read from the rows (VectorIndex::Covers).

#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "engine/engine.h"
#include "env/sync.h"
#include "index/vector/graph_builder.h"
#include "index/vector/vector_index.h"
#include "txn/commit_listener.h"

namespace sochdb {

struct VectorIndexOptions {
  uint32_t build_threads = 1;
};

class VectorIndexRegistry : private CommitListener {
 public:
  explicit VectorIndexRegistry(Engine* engine, const VectorIndexOptions& options = {});
  ~VectorIndexRegistry() override;
  VectorIndexRegistry(const VectorIndexRegistry&) = delete;
  VectorIndexRegistry& operator=(const VectorIndexRegistry&) = delete;

  // The index of config.id, filled from its rows if it is not open yet. kInvalidArgument when it is open with another
  // configuration. An index that is incomplete (it ran out of memory) is replaced by a new one.
  Result<std::shared_ptr<VectorIndex>> Open(const VectorIndexConfig& config, const CancelToken* cancel);
  // Lets go of an index: after its collection was dropped, or to give memory back. Harmless when it is not open.
  void Close(CollectionId id);
  // Waits until every graph is built as far as it goes.
  Status WaitUntilLinked(const CancelToken* cancel) { return builder_.WaitUntilLinked(cancel); }

  [[nodiscard]] Engine* engine() const { return engine_; }
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  struct Entry {
    std::shared_ptr<VectorIndex> index;
    GraphBuilder::Place* place = nullptr;
    bool ready = false;  // false: being loaded
  };

  [[nodiscard]] uint64_t tree_mask() const override;
  void OnCommit(Timestamp commit_ts, std::span<const CommittedWrite> writes) noexcept override;

  // Enters a new, loading index; *since is the newest commit that it will not hear of.
  Result<std::shared_ptr<VectorIndex>> Enter(const VectorIndexConfig& config, Timestamp* since);
  void Erase(CollectionId id);

  Engine* const engine_;
  GraphBuilder builder_;
  mutable Mutex mutex_;  // guards what follows; taken in commit order before an index's own
  CondVar opened_;
  std::unordered_map<uint64_t, Entry> entries_;  // by CollectionId::packed
  Timestamp heard_ts_ = 0;                       // the newest commit that was passed on
};

}  // namespace sochdb
