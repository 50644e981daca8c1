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
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "engine/engine.h"
#include "env/sync.h"
#include "index/vector/checkpoint_record.h"
#include "index/vector/graph_builder.h"
#include "index/vector/vector_index.h"
#include "txn/commit_listener.h"

namespace sochdb {

struct VectorIndexOptions {
  uint32_t build_threads = 1;  // of which all but one help where much is to be done, or somebody waits for it
  // Whether indexes are opened from checkpoints, and written to them: beside the work, and at the registry's end.
  bool checkpoints = false;
  // Beside the work when so many documents were written since the last one, and a quarter of all.
  uint64_t checkpoint_after = 10'000;
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
  // Lets go of an index and its checkpoint, after its collection was dropped. Harmless when it is not open.
  void Close(CollectionId id);
  // Has the builders reclaim, in a collection's index, whatever no snapshot sees. Harmless when it is not open.
  void Reclaim(CollectionId id);
  // Waits until every graph is built as far as it goes, and reclaimed is what was to be.
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

  // Into the record. REQUIRES: mutex_ is held.
  void NoteChanges(Timestamp commit_ts, std::span<const CommittedWrite> writes) noexcept;
  // Gives writes to the trees that are wanted to their indexes. REQUIRES: mutex_ is held.
  template <typename Wanted>
  void PassOn(Timestamp commit_ts, std::span<const CommittedWrite> writes, Wanted wanted) noexcept;
  // Enters a new, loading index; *since is the newest commit that it will not hear of.
  Result<std::shared_ptr<VectorIndex>> Enter(const VectorIndexConfig& config, Timestamp* since,
                                             std::optional<Timestamp>* unchanged_since);
  void Erase(CollectionId id);

  // Which collections have changed since when, as far as the last end knew it. REQUIRES: the listener is added, since then.
  void ReadRecord(Timestamp since);
  // From now on it is known when it changes. REQUIRES: mutex_ is held.
  void RecordOpened(const VectorIndex& index);
  // Writes what indexes have new, and the record; takes away files of collections that are gone.
  void WriteCheckpoints();
  Status DeleteOrphans();

  Engine* const engine_;
  const VectorIndexOptions options_;
  const std::string checkpoint_dir_;
  GraphBuilder builder_;
  mutable Mutex mutex_;  // guards what follows; taken in commit order before an index's own
  CondVar opened_;
  std::unordered_map<uint64_t, Entry> entries_;  // by CollectionId::packed
  Timestamp heard_ts_ = 0;                       // the newest commit that was passed on
  CheckpointRecord record_;                      // as of heard_ts_
};

}  // namespace sochdb
