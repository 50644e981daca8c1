#include "index/vector/vector_index.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/hash.h"
#include "codec/key_codec.h"
#include "index/vector/document_groups.h"
#include "index/vector/product_codec.h"

namespace sochdb {
namespace {

constexpr uint32_t kLinksPerTurn = 64;
constexpr uint64_t kPublishPollMicros = 50;
constexpr uint64_t kPublishWaitMicros = 5'000'000;

Status OutOfRange(const char* option, const std::string& expected, uint64_t actual) {
  return Status(Code::kInvalidArgument, std::string(option) + " is " + expected + ".")
      .With("option", option)
      .With("expected", expected)
      .With("actual", std::to_string(actual));
}

}  // namespace

Status VectorIndexConfig::Check() const {
  if (dimension < 1 || dimension > kMaxDimension) return OutOfRange("dimension", "1 to 16384", dimension);
  if (hnsw.m < HnswOptions::kMinM || hnsw.m > HnswOptions::kMaxM) return OutOfRange("m", "2 to 64", hnsw.m);
  if (hnsw.ef_construction < 4 || hnsw.ef_construction > 4000) {
    return OutOfRange("efConstruction", "4 to 4000", hnsw.ef_construction);
  }
  if (quantization > Quantization::kBinary) {
    return OutOfRange("quantization", "none, scalar, pq or binary", static_cast<uint64_t>(quantization));
  }
  if (pq_subvectors > dimension) {
    return OutOfRange("pqNumSubvectors", "1 to the dimension, " + std::to_string(dimension), pq_subvectors);
  }
  if (pq_centroids < 2 || pq_centroids > ProductCodec::kMaxCentroids)
    return OutOfRange("pqNumCentroids", "2 to 256", pq_centroids);
  if (metric > Metric::kEuclidean) return OutOfRange("metric", "cosine, dot or euclidean", static_cast<uint64_t>(metric));
  return {};
}

VectorIndex::VectorIndex(Env* env, const std::string& dir, const VectorIndexConfig& config)
    : config_(config),
      env_(env),
      slots_(env, config.metric, config.dimension, config.hnsw,
             config.quantization == Quantization::kNone ? ScratchPlace{} : ScratchPlace{env, dir}),
      filters_(env),
      postings_(env),
      scratches_(env),
      navigator_(env),
      relinks_(env),
      mutex_(env),
      batches_done_(env) {}

Status VectorIndex::Search(const VectorQuery& query, std::vector<VectorHit>* hits) const {
  const ScratchPool::Lease scratch = scratches_.Take();
  const uint32_t linked = linked_.load(std::memory_order_acquire);
  relinks_.CopyTo(&scratch->unlinked);  // afterwards: what goes below `linked` without being linked was there before
  const SearchPlanInput input{linked, scratch->unlinked, kExactBelow};
  return SearchVectors(slots_, input, query, scratch.get(), hits);
}

VectorIndexStats VectorIndex::stats() const {
  VectorIndexStats stats;
  stats.unused = slots_.unused();
  stats.slots = slots_.published() - stats.unused;
  stats.live = std::min<uint64_t>(slots_.live_vectors(), stats.slots);
  stats.dead = stats.slots - stats.live;
  stats.reclaimed = reclaimed_.load(std::memory_order_relaxed);
  stats.linked = std::min(stats.slots, linked_count_.load(std::memory_order_acquire));
  stats.unlinked = stats.slots - stats.linked;
  stats.memory_bytes = slots_.memory_bytes() + scratches_.memory_bytes() + filters_.memory_bytes() + postings_.memory_bytes();
  stats.vector_bytes = slots_.vectors().memory_bytes();
  stats.mapped_bytes = slots_.vectors().full().mapped_bytes();
  stats.coded = slots_.vectors().codes() != nullptr;
  stats.base_ts = base_ts_.load(std::memory_order_acquire);
  stats.applied_ts = applied_ts();
  stats.checkpoint_ts = checkpoint_ts_.load(std::memory_order_acquire);
  stats.checkpoint_refused = checkpoint_refused_.load(std::memory_order_relaxed);
  stats.complete = incomplete_from_.load(std::memory_order_acquire) == kMaxTimestamp;
  return stats;
}

// --- Feeding

bool VectorIndex::Apply(Timestamp ts, const CommittedWrite& write) noexcept {
  const std::string_view id = DocumentIdOfKey(write.key);
  MutexLock lock(&mutex_);
  if (incomplete_from_.load(std::memory_order_relaxed) != kMaxTimestamp) return false;
  try {
    if (loading_) pending_.push_back({ts, write.kind, std::string(id), std::string(write.value)});
    else if (!ApplyNow(ts, write.kind, id, write.value).ok()) MarkIncomplete(ts);
    if (const auto navigator = navigator_.Get(); navigator != nullptr && slots_.last_change() == ts) navigator->NoteChanges(1);
  } catch (const std::bad_alloc&) {
    MarkIncomplete(ts);
  }
  filters_.NoteDocument(ts, FindDocument(id));
  applied_ts_.store(ts, std::memory_order_release);
  changes_.fetch_add(1, std::memory_order_relaxed);
  return !loading_ && HasWork();
}

Status VectorIndex::ApplyNow(Timestamp ts, ValueKind kind, std::string_view id, std::string_view value) {
  if (kind == ValueKind::kDelete) {
    slots_.Delete(ts, id);
    return {};
  }
  if (kind != ValueKind::kValue) return {Code::kInternal, "A document's row is neither a value nor a delete."};
  DocumentRow row;
  SOCHDB_TRY(DecodeDocumentRow(value, config_.dimension, &row));
  if (slots_.free_count() < row.count()) FreeRetired();
  const uint32_t linked = linked_.load(std::memory_order_relaxed);
  for (const uint32_t slot : slots_.Put(ts, id, row, pins_.load(std::memory_order_relaxed) == 0)) {
    if (slot < linked) relinks_.Add(slot);
  }
  return {};
}

void VectorIndex::MarkIncomplete(Timestamp from) {
  incomplete_from_.store(std::min(from, incomplete_from_.load(std::memory_order_relaxed)), std::memory_order_release);
  pending_.clear();
}

void VectorIndex::NoteMetadata(Timestamp ts, std::string_view key) noexcept {
  std::string_view rest = key.substr(kCollectionPrefixBytes);
  if (rest.size() < sizeof(uint32_t)) return;
  std::string_view value_and_id = rest.substr(sizeof(uint32_t));
  if (!SkipKeyValue(&value_and_id, false)) return;
  const std::string_view entry = rest.substr(0, rest.size() - value_and_id.size());
  filters_.NoteEntry(ts, DecodeBigEndian32(rest.data()), entry, FindDocument(value_and_id));
}

void VectorIndex::NotePosting(Timestamp ts, const CommittedWrite& write) noexcept {
  postings_.Note(ts, write, [this](std::string_view id) { return FindDocument(id); });
}

void VectorIndex::Detach(Timestamp heard) {
  MutexLock lock(&mutex_);
  MarkIncomplete(heard + 1);
}

Status VectorIndex::Load(Engine* engine, Timestamp since, std::optional<Timestamp> unchanged_since, const CancelToken* cancel) {
  snapshots_of_ = engine;
  // A snapshot that sees every commit this index was not told of: publication is under way, and needs nothing from here.
  const uint64_t start_micros = env_->MonotonicMicros();
  while (engine->visible_ts() < since && env_->MonotonicMicros() - start_micros < kPublishWaitMicros) {
    if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
    env_->SleepMicros(kPublishPollMicros);
  }
  try {
    const bool from_checkpoint = LoadCheckpoint(engine->visible_ts());
    const Timestamp checkpoint_ts = checkpoint_ts_.load(std::memory_order_relaxed);
    if (from_checkpoint && unchanged_since.has_value() && *unchanged_since <= checkpoint_ts) {
      return CatchUp(std::min(since, checkpoint_ts));
    }
    SOCHDB_ASSIGN(snapshot, engine->NewSnapshot());
    SOCHDB_TRY(from_checkpoint ? CompareRows(snapshot.get(), cancel) : LoadRows(snapshot.get(), cancel));
    if (!from_checkpoint) changes_.fetch_add(slots_.published(), std::memory_order_relaxed);  // none is in a checkpoint
    SOCHDB_TRY(CatchUp(snapshot->read_ts()));
    // Commits that are still not published (the log has failed, or is very slow) are missing here.
    if (snapshot->read_ts() < since) Detach(snapshot->read_ts());
    return {};
  } catch (const std::bad_alloc&) {
    return {Code::kOutOfMemory, "There is no memory for the vector index."};
  }
}

Status VectorIndex::LoadRows(Snapshot* snapshot, const CancelToken* cancel) {
  SOCHDB_ASSIGN(cursor, snapshot->NewCursor(TreeId::kVectors, config_.id.Prefix(), config_.id.End(), ScanOptions{}));
  bool found = false;
  for (uint32_t rows = 0;; ++rows) {
    if (rows % kRowsBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    SOCHDB_TRY(ApplyNow(cursor->timestamp(), ValueKind::kValue, DocumentIdOfKey(cursor->key()), cursor->value()));
  }
}

// What was heard of while loading, in commit order; the scan has seen the commits up to loaded_ts.
Status VectorIndex::CatchUp(Timestamp loaded_ts) {
  std::vector<PendingWrite> batch;
  for (;;) {
    {
      MutexLock lock(&mutex_);
      if (incomplete_from_.load(std::memory_order_relaxed) != kMaxTimestamp) {
        return {Code::kOutOfMemory, "There is no memory for the vector index."};
      }
      batch.clear();
      std::swap(batch, pending_);
      if (batch.empty()) {
        loading_ = false;
        base_ts_.store(loaded_ts, std::memory_order_release);
        return {};
      }
    }
    for (const PendingWrite& write : batch) {
      if (write.ts > loaded_ts) SOCHDB_TRY(ApplyNow(write.ts, write.kind, write.id, write.value));
    }
  }
}

// --- Linking

bool VectorIndex::HasUnlinked() const {
  return !linking_failed_.load(std::memory_order_relaxed) && !exclusive_.load(std::memory_order_relaxed) &&
         (wants_graph_.load(std::memory_order_relaxed) || slots_.live_vectors() > kExactBelow) &&
         (linked_.load(std::memory_order_relaxed) < slots_.published() || relinks_.any_waiting());
}

bool VectorIndex::TakeBatch(std::vector<uint32_t>* batch) {
  batch->reserve(kLinksPerTurn);
  MutexLock lock(&mutex_);
  if (exclusive_.load(std::memory_order_relaxed) || linking_failed_.load(std::memory_order_relaxed)) return false;
  if (unlinking_.load(std::memory_order_relaxed)) {
    linked_since_.reserve(linked_since_.size() + (linking_ + 1) * size_t{kLinksPerTurn});
  }
  relinks_.Take(kLinksPerTurn, batch);
  ++linking_;
  const uint32_t published = slots_.published();
  const PagedRows<SlotHeader>::View headers = slots_.headers();
  uint32_t slot = linked_.load(std::memory_order_relaxed);
  try {
    for (; batch->size() < kLinksPerTurn && slot < published; ++slot) {
      // What nobody sees is not linked. When it is used again, it gets onto the list.
      if (headers[slot]->unused() || slots_.graph().leaving(slot)) continue;
      relinks_.Begin(slot);
      batch->push_back(slot);
    }
  } catch (const std::bad_alloc&) {
    linking_failed_.store(true, std::memory_order_relaxed);
  }
  linked_.store(slot, std::memory_order_release);
  return true;
}

void VectorIndex::EndBatch(const std::vector<uint32_t>& batch) noexcept {
  MutexLock lock(&mutex_);
  if (unlinking_.load(std::memory_order_relaxed)) linked_since_.insert(linked_since_.end(), batch.begin(), batch.end());
  if (--linking_ == 0) batches_done_.SignalAll();
}

void VectorIndex::LinkSome(SearchScratch* scratch, const std::atomic<bool>& stop) noexcept {
  wants_graph_.store(true, std::memory_order_relaxed);  // a graph once begun is kept up, whatever is deleted
  try {
    if (WantsCodes()) TrainCodes(stop);
  } catch (const std::bad_alloc&) {
    // Searches go on without codes.
  }
  std::vector<uint32_t> batch;
  try {
    if (!TakeBatch(&batch)) return;
  } catch (const std::bad_alloc&) {
    linking_failed_.store(true, std::memory_order_relaxed);
    return;
  }
  DocumentGroups documents(&slots_);
  for (const uint32_t slot : batch) {
    if (stop.load(std::memory_order_relaxed) || linking_failed_.load(std::memory_order_relaxed)) {
      relinks_.PutBack(slot);
      continue;
    }
    try {
      slots_.mutable_graph()->Link(slot, HnswGraph::LevelHash(slot), scratch, slots_.any_multiple() ? &documents : nullptr);
      linked_count_.fetch_add(1, std::memory_order_acq_rel);
      relinks_.Finish(slot);
    } catch (const std::bad_alloc&) {
      linking_failed_.store(true, std::memory_order_relaxed);
      relinks_.PutBack(slot);
    }
  }
  EndBatch(batch);
}

}  // namespace sochdb
