// Checkpoints: when an index writes one, and how it is opened from one (vector_checkpoint.h has the file).

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "index/vector/vector_index.h"

namespace sochdb {
namespace {

constexpr uint64_t kChangedPart = 4;
// At the end, when a smaller part was: else comparing rows at the next opening costs less than writing all.
constexpr uint64_t kChangedPartAtEnd = 64;
// An index with a larger part of dead slots is made again of its rows, which has none.
constexpr uint32_t kMostDeadPart = 4;
// Likewise one with a larger part of slots that are nobody's: it gives their memory back.
constexpr uint32_t kMostUnusedPart = 2;
constexpr uint64_t kAlwaysBelowSlots = 100'000;

}  // namespace

void VectorIndex::KeepCheckpoints(Engine* engine, std::string dir, bool read_only, uint64_t after) {
  engine_ = engine;
  checkpoint_dir_ = std::move(dir);
  read_only_ = read_only;
  checkpoint_after_ = after;
  checkpoint_due_.store(after, std::memory_order_relaxed);
}

// --- Writing

bool VectorIndex::CheckpointIsDue() const {
  if (engine_ == nullptr || read_only_ || checkpointing_.load(std::memory_order_relaxed)) return false;
  const uint64_t changes = changes_.load(std::memory_order_relaxed);
  return changes >= checkpoint_due_.load(std::memory_order_relaxed) && changes >= slots_.published() / kChangedPart &&
         slots_.live() > kExactBelow;
}

void VectorIndex::WorkSome(SearchScratch* scratch, const std::atomic<bool>& stop) noexcept {
  if (ReclaimIsDue()) ReclaimSome(scratch, stop);
  if (HasUnlinked()) {
    LinkSome(scratch, stop);
    return;
  }
  if (ReturnIsDue()) ReturnMemory();
  if (!CheckpointIsDue()) return;
  // Where it cannot be written, that is tried again when as much has changed again.
  const bool written = WriteCheckpoint(&stop).ok();
  const uint64_t changes = changes_.load(std::memory_order_relaxed);
  checkpoint_due_.store(written ? checkpoint_after_ : changes + checkpoint_after_, std::memory_order_relaxed);
}

void VectorIndex::CheckpointAtEnd() noexcept {
  if (engine_ == nullptr || read_only_ || slots_.live() <= kExactBelow) return;
  const uint64_t changes = changes_.load(std::memory_order_relaxed);
  const uint32_t slots = slots_.published();
  if (changes == 0 || (slots > kAlwaysBelowSlots && changes < slots / kChangedPartAtEnd)) return;
  (void)WriteCheckpoint(nullptr);
}

Status VectorIndex::TakeCheckpointExtent(CheckpointExtent* extent) {
  const MutexLock lock(&mutex_);
  extent->ts = complete_to();
  // A commit is applied write by write, and published after the last of them: only then is all of it here.
  if (loading_ || incomplete_from_.load(std::memory_order_relaxed) <= extent->ts || engine_->visible_ts() < extent->ts) {
    return {Code::kUnsupported, "The index is not as it was after any commit."};
  }
  if (retiring_) return {Code::kUnsupported, "Slots are changing hands."};
  extent->slots = slots_.published();
  extent->documents = slots_.documents().count();
  extent->codes = slots_.vectors().codes();
  extent->trained = extent->codes != nullptr || training_.load(std::memory_order_relaxed);
  extent->any_expiry = slots_.any_expiry();
  extent->any_chunked = slots_.any_chunked();
  extent->any_multiple = slots_.any_multiple();
  extent->any_aggregated = slots_.any_aggregated();
  std::vector<uint32_t> absent;
  relinks_.CopyTo(&absent);
  std::sort(absent.begin(), absent.end());
  extent->graph = slots_.graph().TakeExtent(linked_.load(std::memory_order_relaxed), std::move(absent));
  pins_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

Status VectorIndex::WriteCheckpoint(const std::atomic<bool>* stop) {
  if (checkpointing_.exchange(true)) return {};
  Status status;
  bool pinned = false;
  try {
    CheckpointExtent extent;
    const uint64_t changes = changes_.load(std::memory_order_relaxed);
    status = TakeCheckpointExtent(&extent);
    pinned = status.ok();
    // The file must not know of commits that a crash takes back.
    if (status.ok()) status = engine_->Sync();
    if (status.ok()) status = WriteVectorCheckpoint(env_, checkpoint_dir_, config_, slots_, extent, stop);
    if (status.ok()) {
      checkpoint_ts_.store(extent.ts, std::memory_order_release);
      changes_.fetch_sub(changes, std::memory_order_relaxed);
    }
  } catch (const std::bad_alloc&) {
    status = Status(Code::kOutOfMemory, "There is no memory for a checkpoint.");
  }
  if (pinned) UnpinSlots();
  checkpointing_.store(false);
  return status;
}

// --- Opening

bool VectorIndex::LoadCheckpoint(Timestamp visible_ts) {
  if (engine_ == nullptr) return false;
  LoadedCheckpoint loaded;
  const Status status = ReadVectorCheckpoint(env_, checkpoint_dir_, config_, &loaded);
  // A store that is older than its checkpoint has lost commits, and may have had others at their time.
  if (!status.ok() || loaded.ts > visible_ts) {
    checkpoint_refused_.store(status.code() != Code::kNotFound, std::memory_order_relaxed);
    return false;
  }
  const uint32_t slots = loaded.parts.slots;
  if (loaded.dead > (slots - loaded.unused) / kMostDeadPart || loaded.unused > slots / kMostUnusedPart) return false;
  const uint32_t linked = loaded.parts.extent.linked;
  checkpoint_ = std::move(loaded.memory);
  slots_.Adopt(std::move(loaded.parts));
  uint64_t linked_count = 0;
  const PagedRows<SlotHeader>::View headers = slots_.headers();
  for (uint32_t slot = 0; slot < linked; ++slot) {
    if (headers[slot]->unused()) continue;
    if (slots_.graph().linked(slot)) ++linked_count;
    else relinks_.Add(slot);
  }
  linked_count_.store(linked_count, std::memory_order_relaxed);
  linked_.store(linked, std::memory_order_release);
  wants_graph_.store(linked > 0, std::memory_order_relaxed);
  training_.store(loaded.trained, std::memory_order_relaxed);
  checkpoint_ts_.store(loaded.ts, std::memory_order_release);
  return true;
}

Status VectorIndex::CompareRows(Snapshot* snapshot, const CancelToken* cancel) {
  const Timestamp checkpoint_ts = checkpoint_ts_.load(std::memory_order_relaxed);
  const uint32_t documents = slots_.documents().count();
  std::vector<bool> seen(documents);
  SOCHDB_ASSIGN(cursor, snapshot->NewCursor(TreeId::kVectors, config_.id.Prefix(), config_.id.End(), ScanOptions{}));
  bool found = false;
  for (uint32_t rows = 0;; ++rows) {
    if (rows % kRowsBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) break;
    const std::string_view id = DocumentIdOfKey(cursor->key());
    Timestamp ts = cursor->timestamp();
    const std::optional<uint32_t> document = FindDocument(id);
    if (document.has_value() && *document < documents) {
      seen[*document] = true;
      const uint32_t slot = slots_.documents().newest_slot(*document);
      const SlotHeader* header = slot == kNoSlot ? nullptr : slots_.headers()[slot];
      const bool live = header != nullptr && header->xmax() == kMaxTimestamp;
      // A row that is older than its slot, or that has none though the checkpoint is younger, is what a crash has left of
      // commits that the checkpoint knew of: it counts from now on.
      if (live && header->xmin() <= ts && ts <= checkpoint_ts) continue;
      if (ts <= checkpoint_ts) ts = snapshot->read_ts();
    }
    SOCHDB_TRY(ApplyNow(ts, ValueKind::kValue, id, cursor->value()));
    changes_.fetch_add(1, std::memory_order_relaxed);
  }
  for (uint32_t document = 0; document < documents; ++document) {
    if (seen[document]) continue;
    const uint64_t before = slots_.live();
    slots_.Delete(snapshot->read_ts(), slots_.documents().id(document));
    changes_.fetch_add(before - slots_.live(), std::memory_order_relaxed);
  }
  return {};
}

}  // namespace sochdb
