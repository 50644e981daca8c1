// VectorIndex: the searchable form of one collection's vectors, derived from its rows and fed by commits.
//
// Life: created loading, buffering the commits it hears of; filled from a snapshot's scan of the rows; brought up to date with
// what it buffered; from then on every commit is applied as it happens. It answers for snapshots from base_ts, the snapshot it
// was filled from, onwards; for older ones, from a commit on whose application ran out of memory, and once the index is closed,
// Covers is false and the caller reads the rows instead. Linking new slots into the graph is done by a GraphBuilder's threads;
// until then searches scan them. They also take out of it what no snapshot sees any more, so that its slots can be used again
// (vector_reclaim.cc); what lies before is read from the rows from then on.
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
#include "index/text/posting_cache.h"
#include "index/vector/filter_cache.h"
#include "index/vector/navigator.h"
#include "index/vector/navigator_training.h"
#include "index/vector/relink_queue.h"
#include "index/vector/vector_checkpoint.h"
#include "index/vector/vector_config.h"
#include "index/vector/vector_search.h"
#include "index/vector/vector_slots.h"
#include "txn/commit_listener.h"

namespace sochdb {

struct VectorIndexStats {
  uint64_t live = 0;       // vectors of the newest state
  uint64_t slots = 0;      // versions held
  uint64_t dead = 0;       // of these, replaced or deleted
  uint64_t unused = 0;     // slots beside them, for versions to come
  uint64_t reclaimed = 0;  // dead versions whose slots became such, since it was opened
  uint64_t linked = 0;     // in the graph
  uint64_t unlinked = 0;   // scanned by every search
  uint64_t memory_bytes = 0;
  uint64_t vector_bytes = 0;  // of these: vectors and their codes
  uint64_t mapped_bytes = 0;  // vectors that lie in a file, and in memory as far as there is room
  bool coded = false;         // searches go by codes
  Timestamp base_ts = 0;
  Timestamp applied_ts = 0;
  Timestamp checkpoint_ts = 0;      // of the checkpoint it was opened from, or that was written since; 0: of none
  bool checkpoint_refused = false;  // there was one when it was opened, which could not be used
  bool complete = true;             // false: from some commit on, the rows are read instead
};

class VectorIndex {
 public:
  // Collections of up to so many live vectors are scanned, and have no graph.
  static constexpr uint32_t kExactBelow = 2000;

  // dir: where vectors of quantized collections may lie on disk.
  VectorIndex(Env* env, const std::string& dir, const VectorIndexConfig& config);
  VectorIndex(const VectorIndex&) = delete;
  VectorIndex& operator=(const VectorIndex&) = delete;

  [[nodiscard]] const VectorIndexConfig& config() const { return config_; }
  [[nodiscard]] bool Covers(Timestamp read_ts) const {
    return base_ts_.load(std::memory_order_acquire) <= read_ts && read_ts < incomplete_from_.load(std::memory_order_acquire);
  }
  // REQUIRES for these: Covers(read_ts).
  Status Search(const VectorQuery& query, std::vector<VectorHit>* hits) const;
  [[nodiscard]] uint64_t CountVisible(Timestamp read_ts, uint64_t now_ms) const {
    const ScratchPool::Hold hold(&scratches_);
    return slots_.CountVisible(read_ts, now_ms);
  }
  // Asked one by one whether a snapshot sees documents, and no longer than needed: slots are not used again meanwhile.
  class Looking {
   public:
    Looking(const VectorIndex& index, Timestamp read_ts, uint64_t now_ms)
        : index_(index), hold_(&index.scratches_), read_ts_(read_ts), now_ms_(now_ms) {}
    [[nodiscard]] bool Sees(uint32_t document) const {
      return index_.slots_.VisibleSlot(document, read_ts_, now_ms_) != kNoSlot;
    }

   private:
    const VectorIndex& index_;
    const ScratchPool::Hold hold_;
    const Timestamp read_ts_;
    const uint64_t now_ms_;
  };

  // The index's private number of a document it has ever seen, and back.
  [[nodiscard]] std::optional<uint32_t> FindDocument(std::string_view id) const { return slots_.documents().Find(id); }
  [[nodiscard]] std::string_view IdOf(uint32_t document) const { return slots_.documents().id(document); }
  // Numbers below this one have been given out.
  [[nodiscard]] uint32_t document_count() const { return slots_.documents().count(); }
  // Whether a document was ever stored with an expiry: what is in a set may have expired since.
  [[nodiscard]] bool any_expiry() const { return slots_.any_expiry(); }
  [[nodiscard]] uint64_t live() const { return slots_.live(); }
  // vector_slots.h
  [[nodiscard]] bool any_chunked() const { return slots_.any_chunked(); }
  [[nodiscard]] bool any_aggregated() const { return slots_.any_aggregated(); }
  // One past the greatest of these numbers.
  [[nodiscard]] uint32_t documents() const { return slots_.documents().count(); }
  [[nodiscard]] FilterCache* filters() const { return &filters_; }
  [[nodiscard]] PostingCache* postings() const { return &postings_; }
  [[nodiscard]] Timestamp applied_ts() const { return applied_ts_.load(std::memory_order_acquire); }
  [[nodiscard]] VectorIndexStats stats() const;

  // Null: there is none.
  [[nodiscard]] std::shared_ptr<Navigator> navigator() const { return navigator_.Get(); }
  // --- The learned navigator (vector_navigator.cc)

  // What is learned is not used yet. kInvalidArgument where there is no graph, or documents are in chunks. REQUIRES:
  // Covers(training.read_ts).
  Status TrainNavigator(NavigatorTraining training, NavigatorReport* report) const;
  // Makes a model this index's, unless there is one and `replace` is false; nothing: it has none from now on.
  void UseNavigator(std::optional<NavigatorModel> model, bool replace);

  // A write to kVectors under this collection. True when there is work for a builder.
  bool Apply(Timestamp ts, const CommittedWrite& write) noexcept;
  // A write to kMetadata under this collection.
  void NoteMetadata(Timestamp ts, std::string_view key) noexcept;
  // A write to kPostings under this collection, after the same commit's writes to kVectors.
  void NotePosting(Timestamp ts, const CommittedWrite& write) noexcept;
  // Commits after `heard` will not be given to Apply any more: the rows answer for them.
  void Detach(Timestamp heard);
  // Where checkpoints lie, and after how many writes one is due; before Load. Without it there are none. read_only: none is
  // written.
  void KeepCheckpoints(Engine* engine, std::string dir, bool read_only, uint64_t after);
  // Fills the index from its checkpoint and the rows. Commits after `since` have been given to Apply; unchanged_since, where it
  // is known: no commit from there to `since` wrote to the collection.
  Status Load(Engine* engine, Timestamp since, std::optional<Timestamp> unchanged_since, const CancelToken* cancel);
  // Every commit up to this one is in the index. Once it is loaded.
  [[nodiscard]] Timestamp complete_to() const { return std::max(applied_ts(), base_ts_.load(std::memory_order_acquire)); }
  // No commit from this one to complete_to() wrote to the collection.
  [[nodiscard]] Timestamp unchanged_since() const {
    const bool as_checkpoint = changes_.load(std::memory_order_relaxed) == 0;
    const Timestamp checkpoint_ts = checkpoint_ts_.load(std::memory_order_acquire);
    return as_checkpoint && checkpoint_ts != 0 ? checkpoint_ts : complete_to();
  }

  // There are slots to link or to reclaim, or enough has changed for a checkpoint to be written.
  [[nodiscard]] bool HasWork() const { return HasUnlinked() || ReclaimIsDue() || ReturnIsDue() || CheckpointIsDue(); }
  // A part of it.
  void WorkSome(SearchScratch* scratch, const std::atomic<bool>& stop) noexcept;
  // Writes what changed since the last checkpoint, where opening would gain by it: at the end.
  void CheckpointAtEnd() noexcept;

  [[nodiscard]] bool HasUnlinked() const;
  // Slots to link, about.
  [[nodiscard]] uint64_t Backlog() const {
    return slots_.published() - std::min(slots_.published(), linked_.load(std::memory_order_relaxed)) + relinks_.size();
  }
  // Links a few slots, and makes codes when there are vectors enough; `stop` ends it early. Running out of memory ends linking
  // for good: searches scan what is not linked.
  void LinkSome(SearchScratch* scratch, const std::atomic<bool>& stop) noexcept;
  // Whatever no snapshot sees is reclaimed, however little it is, and memory that is free then given back: work for a builder.
  void RequestReclaim() {
    return_requested_.store(true);
    reclaim_requested_.store(true);
  }

 private:
  // Nobody links while it lives. It is made with mutex_ held, and waits.
  class NobodyLinks;
  struct Retired {
    uint64_t epoch;  // of scratches_, when nothing led to them any more
    std::vector<uint32_t> slots;
  };
  struct PendingWrite {
    Timestamp ts;
    ValueKind kind;
    std::string id;
    std::string value;
  };

  // REQUIRES: mutex_ is held, or nobody else can write (loading).
  Status ApplyNow(Timestamp ts, ValueKind kind, std::string_view id, std::string_view value);
  Status LoadRows(Snapshot* snapshot, const CancelToken* cancel);
  // False: there is no checkpoint, or none that can be used.
  bool LoadCheckpoint(Timestamp visible_ts);
  // Brings what a checkpoint holds to what the rows say.
  Status CompareRows(Snapshot* snapshot, const CancelToken* cancel);
  [[nodiscard]] bool CheckpointIsDue() const;
  Status WriteCheckpoint(const std::atomic<bool>* stop);
  Status TakeCheckpointExtent(CheckpointExtent* extent);
  Status CatchUp(Timestamp loaded_ts);
  void MarkIncomplete(Timestamp from);
  // The next slots to link, which are on relinks_ until they are; false when this is not the time.
  bool TakeBatch(std::vector<uint32_t>* batch);
  void EndBatch(const std::vector<uint32_t>& batch) noexcept;

  // Slots are no one else's as long as one is pinned. False when some are about to change hands.
  bool PinSlots();
  void UnpinSlots();
  [[nodiscard]] bool ReclaimIsDue() const;
  void ReclaimSome(SearchScratch* scratch, const std::atomic<bool>& stop) noexcept;
  void BeginReclaim();
  // Reclaiming was asked for, and is done: what is free then goes back to the system.
  [[nodiscard]] bool ReturnIsDue() const;
  void ReturnMemory() noexcept;
  void FinishReclaim(SearchScratch* scratch, const std::atomic<bool>& stop);
  void RetireLeaving();
  // To the free ones, what was retired and nobody looks at any more. REQUIRES: mutex_ is held.
  void FreeRetired();
  [[nodiscard]] uint64_t CountDead() const;
  [[nodiscard]] bool WantsCodes() const;
  // Learns from the vectors there are, makes a code of each, and gives them to the slots.
  void TrainCodes(const std::atomic<bool>& stop);
  [[nodiscard]] std::unique_ptr<VectorCodec> TrainCodec(const std::atomic<bool>& stop) const;

  const VectorIndexConfig config_;
  Env* const env_;
  AlignedBlock checkpoint_;  // in which slots lie that were read from one
  VectorSlots slots_;
  mutable FilterCache filters_;
  mutable PostingCache postings_;
  mutable ScratchPool scratches_;
  NavigatorPlace navigator_;
  std::atomic<Timestamp> base_ts_{kMaxTimestamp};
  std::atomic<Timestamp> incomplete_from_{kMaxTimestamp};
  std::atomic<Timestamp> applied_ts_{0};

  std::atomic<uint32_t> linked_{0};  // every slot below is in the graph, on relinks_, or nobody's
  RelinkQueue relinks_;
  std::atomic<uint64_t> linked_count_{0};  // slots in the graph
  std::atomic<bool> linking_failed_{false};
  std::atomic<bool> wants_graph_{false};
  std::atomic<bool> training_{false};  // begun, once

  // Reclaiming: one thread at a time, in turns. Null before it is loaded.
  Engine* snapshots_of_ = nullptr;
  std::atomic<bool> reclaim_requested_{false};
  std::atomic<bool> return_requested_{false};
  std::atomic<bool> reclaim_turn_{false};  // a thread is at it
  std::atomic<bool> unlinking_{false};     // the graph mends rows
  std::atomic<bool> reclaim_failed_{false};
  std::atomic<uint64_t> held_dead_{0};  // dead slots that the last pass had to leave
  std::atomic<uint64_t> reclaimed_{0};
  std::vector<uint32_t> leaving_;  // ascending
  uint32_t next_to_mend_ = 0;
  uint32_t mend_below_ = 0;
  std::atomic<bool> connecting_{false};  // the graph looks for slots that searches do not find
  ConnectPass connect_;

  // Checkpoints. The engine is null where there are none.
  Engine* engine_ = nullptr;
  std::string checkpoint_dir_;
  bool read_only_ = false;
  std::atomic<uint64_t> changes_{0};         // writes since the last one
  std::atomic<uint64_t> checkpoint_due_{0};  // when there were so many
  uint64_t checkpoint_after_ = 0;
  std::atomic<bool> checkpointing_{false};
  std::atomic<Timestamp> checkpoint_ts_{0};
  std::atomic<bool> checkpoint_refused_{false};

  Mutex mutex_;  // guards what follows; its holder is the slots' writer
  bool loading_ = true;
  std::vector<PendingWrite> pending_;
  uint32_t linking_ = 0;                // threads that have a batch
  std::atomic<bool> exclusive_{false};  // no batch is given out; changed under the mutex
  std::atomic<uint32_t> pins_{0};       // likewise
  bool retiring_ = false;
  CondVar batches_done_;
  std::vector<uint32_t> linked_since_;  // linked since unlinking began
  std::vector<Retired> retired_;        // oldest first
};

}  // namespace sochdb
