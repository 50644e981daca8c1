#include "index/vector/vector_index.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/hash.h"
#include "codec/key_codec.h"

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
  if (metric > Metric::kEuclidean) return OutOfRange("metric", "cosine, dot or euclidean", static_cast<uint64_t>(metric));
  return {};
}

VectorIndex::VectorIndex(Env* env, const VectorIndexConfig& config)
    : config_(config),
      env_(env),
      slots_(env, config.metric, config.dimension, config.hnsw),
      filters_(env),
      scratches_(env),
      linked_flags_(1),
      mutex_(env) {}

Status VectorIndex::Search(const VectorQuery& query, std::vector<VectorHit>* hits) const {
  const SearchPlanInput input{linked_.load(std::memory_order_acquire), kExactBelow};
  const ScratchPool::Lease scratch = scratches_.Take();
  return SearchVectors(slots_, input, query, scratch.get(), hits);
}

VectorIndexStats VectorIndex::stats() const {
  VectorIndexStats stats;
  stats.slots = slots_.published();
  stats.live = std::min<uint64_t>(slots_.live(), stats.slots);
  stats.dead = stats.slots - stats.live;
  stats.linked = linked_.load(std::memory_order_acquire);
  stats.unlinked = stats.slots - std::min(stats.slots, stats.linked);
  stats.memory_bytes =
      slots_.memory_bytes() + linked_flags_.memory_bytes() + scratches_.memory_bytes() + filters_.memory_bytes();
  stats.base_ts = base_ts_.load(std::memory_order_acquire);
  stats.applied_ts = applied_ts();
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
  } catch (const std::bad_alloc&) {
    MarkIncomplete(ts);
  }
  applied_ts_.store(ts, std::memory_order_release);
  return !loading_ && HasUnlinked();
}

Status VectorIndex::ApplyNow(Timestamp ts, ValueKind kind, std::string_view id, std::string_view value) {
  if (kind == ValueKind::kDelete) {
    slots_.Delete(ts, id);
    return {};
  }
  if (kind != ValueKind::kValue) return {Code::kInternal, "A document's row is neither a value nor a delete."};
  DocumentRow row;
  SOCHDB_TRY(DecodeDocumentRow(value, config_.dimension, &row));
  const uint32_t slot = slots_.published();
  linked_flags_.Reserve(slot + 1);
  new (linked_flags_.view()[slot]) std::atomic<bool>(false);
  slots_.Put(ts, id, row);
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
  filters_.NoteChange(rest.substr(0, rest.size() - value_and_id.size()), ts);
}

void VectorIndex::Detach(Timestamp heard) {
  MutexLock lock(&mutex_);
  MarkIncomplete(heard + 1);
}

Status VectorIndex::Load(Engine* engine, Timestamp since, const CancelToken* cancel) {
  // A snapshot that sees every commit this index was not told of: publication is under way, and needs nothing from here.
  const uint64_t start_micros = env_->MonotonicMicros();
  while (engine->visible_ts() < since && env_->MonotonicMicros() - start_micros < kPublishWaitMicros) {
    if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
    env_->SleepMicros(kPublishPollMicros);
  }
  SOCHDB_ASSIGN(snapshot, engine->NewSnapshot());
  try {
    SOCHDB_TRY(LoadRows(snapshot.get(), cancel));
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
  return !linking_failed_.load(std::memory_order_relaxed) &&
         (wants_graph_.load(std::memory_order_relaxed) || slots_.live() > kExactBelow) &&
         next_to_link_.load(std::memory_order_relaxed) < slots_.published();
}

void VectorIndex::LinkSome(SearchScratch* scratch, const std::atomic<bool>& stop) noexcept {
  wants_graph_.store(true, std::memory_order_relaxed);  // a graph once begun is kept up, whatever is deleted
  for (uint32_t i = 0; i < kLinksPerTurn && !stop.load(std::memory_order_relaxed); ++i) {
    uint32_t slot = next_to_link_.load(std::memory_order_relaxed);
    do {
      if (slot >= slots_.published() || linking_failed_.load(std::memory_order_relaxed)) return;
    } while (!next_to_link_.compare_exchange_weak(slot, slot + 1));
    try {
      slots_.mutable_graph()->Link(slot, HashNumber(slot), scratch);
    } catch (const std::bad_alloc&) {
      linking_failed_.store(true, std::memory_order_relaxed);
      return;
    }
    MarkLinked(slot);
  }
}

void VectorIndex::MarkLinked(uint32_t slot) {
  const PagedRows<std::atomic<bool>>::View flags = linked_flags_.view();
  flags[slot]->store(true);
  for (;;) {
    uint32_t first_unlinked = linked_.load();
    if (first_unlinked >= slots_.published() || !linked_flags_.view()[first_unlinked]->load()) return;
    linked_.compare_exchange_strong(first_unlinked, first_unlinked + 1);
  }
}

}  // namespace sochdb
