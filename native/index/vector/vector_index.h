// VectorIndex: the searchable form of one collection's vectors, derived from its rows and fed by commits.
//
// Life: created loading, buffering the commits it hears of; filled from a snapshot's scan of the rows; brought up to date with
// what it buffered; from then on every commit is applied as it happens. It answers for snapshots from base_ts, the snapshot it
// was filled from, onwards; for older ones, from a commit on whose application ran out of memory, and once the index is closed,
// Covers is false and the caller reads the rows instead. Linking new slots into the graph is done by a GraphBuilder's threads;
// until then searches scan them.
//
// Thread safety: any thread searches and asks. Apply and NoteMetadata belong to the registry (commit order), Load to the thread
// that opens, LinkSome to builders (several at once).

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "base/types.h"
#include "engine/engine.h"
#include "env/sync.h"
#include "index/document/document_key.h"
#include "index/vector/filter_cache.h"
#include "index/vector/vector_search.h"
#include "index/vector/vector_slots.h"
#include "txn/commit_listener.h"

namespace sochdb {

struct VectorIndexConfig {
  CollectionId id;
  uint32_t dimension = 0;
  Metric metric = Metric::kCosine;
  HnswOptions hnsw;

  bool operator==(const VectorIndexConfig& other) const {
    return id == other.id && dimension == other.dimension && metric == other.metric && hnsw.m == other.hnsw.m &&
           hnsw.ef_construction == other.hnsw.ef_construction;
  }
  // kInvalidArgument that names the option and its range.
  [[nodiscard]] Status Check() const;
};

struct VectorIndexStats {
  uint64_t live = 0;      // vectors of the newest state
  uint64_t slots = 0;     // versions held
  uint64_t dead = 0;      // of these, replaced or deleted
  uint64_t linked = 0;    // in the graph
  uint64_t unlinked = 0;  // scanned by every search
  uint64_t memory_bytes = 0;
  Timestamp base_ts = 0;
  Timestamp applied_ts = 0;
  bool complete = true;  // false: from some commit on, the rows are read instead
};

class VectorIndex {
 public:
  // Collections of up to so many live vectors are scanned, and have no graph.
  static constexpr uint32_t kExactBelow = 2000;

  VectorIndex(Env* env, const VectorIndexConfig& config);
  VectorIndex(const VectorIndex&) = delete;
  VectorIndex& operator=(const VectorIndex&) = delete;

  [[nodiscard]] const VectorIndexConfig& config() const { return config_; }
  [[nodiscard]] bool Covers(Timestamp read_ts) const {
    return base_ts_.load(std::memory_order_acquire) <= read_ts && read_ts < incomplete_from_.load(std::memory_order_acquire);
  }
  // REQUIRES for these: Covers(read_ts).
  Status Search(const VectorQuery& query, std::vector<VectorHit>* hits) const;
  [[nodiscard]] uint64_t CountVisible(Timestamp read_ts, uint64_t now_ms) const { return slots_.CountVisible(read_ts, now_ms); }
  [[nodiscard]] bool SeesDocument(uint32_t document, Timestamp read_ts, uint64_t now_ms) const {
    return slots_.VisibleSlot(document, read_ts, now_ms) != kNoSlot;
  }

  // The index's private number of a document it has ever seen, and back.
  [[nodiscard]] std::optional<uint32_t> FindDocument(std::string_view id) const { return slots_.documents().Find(id); }
  [[nodiscard]] std::string_view IdOf(uint32_t document) const { return slots_.documents().id(document); }
  [[nodiscard]] uint64_t live() const { return slots_.live(); }
  [[nodiscard]] FilterCache* filters() const { return &filters_; }
  [[nodiscard]] Timestamp applied_ts() const { return applied_ts_.load(std::memory_order_acquire); }
  [[nodiscard]] VectorIndexStats stats() const;
  [[nodiscard]] uint64_t CountReclaimable(Timestamp oldest_snapshot) const { return slots_.CountReclaimable(oldest_snapshot); }

  // A write to kVectors under this collection. True when there is work for a builder.
  bool Apply(Timestamp ts, const CommittedWrite& write) noexcept;
  // A write to kMetadata under this collection.
  void NoteMetadata(Timestamp ts, std::string_view key) noexcept;
  // Commits after `heard` will not be given to Apply any more: the rows answer for them.
  void Detach(Timestamp heard);
  // Fills the index from the rows. Commits after `since` have been given to Apply.
  Status Load(Engine* engine, Timestamp since, const CancelToken* cancel);

  [[nodiscard]] bool HasUnlinked() const;
  // Links a few slots; `stop` ends it early. Running out of memory ends linking for good: searches scan what is not linked.
  void LinkSome(SearchScratch* scratch, const std::atomic<bool>& stop) noexcept;

 private:
  struct PendingWrite {
    Timestamp ts;
    ValueKind kind;
    std::string id;
    std::string value;
  };

  // REQUIRES: mutex_ is held, or nobody else can write (loading).
  Status ApplyNow(Timestamp ts, ValueKind kind, std::string_view id, std::string_view value);
  Status LoadRows(Snapshot* snapshot, const CancelToken* cancel);
  Status CatchUp(Timestamp loaded_ts);
  void MarkIncomplete(Timestamp from);
  void MarkLinked(uint32_t slot);

  const VectorIndexConfig config_;
  Env* const env_;
  VectorSlots slots_;
  mutable FilterCache filters_;
  mutable ScratchPool scratches_;
  std::atomic<Timestamp> base_ts_{kMaxTimestamp};
  std::atomic<Timestamp> incomplete_from_{kMaxTimestamp};
  std::atomic<Timestamp> applied_ts_{0};

  PagedRows<std::atomic<bool>> linked_flags_;
  std::atomic<uint32_t> next_to_link_{0};
  std::atomic<uint32_t> linked_{0};  // every slot below is linked
  std::atomic<bool> linking_failed_{false};
  std::atomic<bool> wants_graph_{false};

  Mutex mutex_;  // guards what follows; its holder is the slots' writer
  bool loading_ = true;
  std::vector<PendingWrite> pending_;
};

}  // namespace sochdb
