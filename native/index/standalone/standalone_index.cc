#include "index/standalone/standalone_index.h"

#include <new>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "index/standalone/graph_access.h"

namespace sochdb {
namespace {

// Fewer slots than this are not worth a thread of their own.
constexpr uint32_t kSlotsPerThread = 64;
// Dead slots that there may be whatever the number of the others.
constexpr uint32_t kSpareDead = 1024;
constexpr uint32_t kLinkedBetweenReports = 64;

Status NoRoom(uint64_t max_elements) {
  return {Code::kLimit,
          "The index is full: it was made for at most " + std::to_string(max_elements) + " vectors (maxElements).",
          {{"limit", "maxElements"}, {"expected", std::to_string(max_elements)}}};
}

// Says which of several vectors it was.
Status InBatch(const Status& status, uint32_t position, size_t count) {
  if (count == 1) return status;
  const std::string number = std::to_string(position);
  return Status(status.code(), "vectors[" + number + "]: " + status.message(), status.details()).With("vector", number);
}

}  // namespace

StandaloneIndex::StandaloneIndex(Env* env, const StandaloneOptions& options)
    : StandaloneIndex(env, options, std::make_unique<StandaloneRows>(env, options)) {}

StandaloneIndex::StandaloneIndex(Env* env, const StandaloneOptions& options, std::unique_ptr<StandaloneRows> rows)
    : env_(env), options_(options), scratches_(env), writer_mutex_(env), current_mutex_(env), current_(std::move(rows)) {}

uint64_t StandaloneIndex::memory_bytes() const { return sizeof(*this) + Current()->memory_bytes() + scratches_.memory_bytes(); }

Status StandaloneIndex::Choose(const StandaloneBatch& batch, const StandaloneRows& rows, std::vector<uint32_t>* chosen) const {
  const size_t dimension = options_.dimension;
  if (batch.vectors.size() != batch.ids.size() * dimension) {
    return {Code::kInvalidArgument, "There are " + std::to_string(batch.ids.size()) + " ids and " +
                                        std::to_string(batch.vectors.size()) + " values, which is not " +
                                        std::to_string(dimension) + " for each."};
  }
  for (uint32_t i = 0; i < batch.ids.size(); ++i) {
    Status status = CheckVector(options_.metric, dimension, batch.vectors.data() + i * dimension, dimension);
    if (status.ok()) chosen->push_back(i);
    else if (!batch.skip_refused) return InBatch(status, i, batch.ids.size());
  }
  return CheckRoom(batch, rows, chosen);
}

Status StandaloneIndex::CheckRoom(const StandaloneBatch& batch, const StandaloneRows& rows,
                                  std::vector<uint32_t>* chosen) const {
  if (uint64_t{rows.count()} + chosen->size() > StandaloneRows::kMaxSlots) return NoRoom(StandaloneRows::kMaxSlots);
  if (options_.max_elements == 0 || rows.live() + chosen->size() <= options_.max_elements) return {};
  std::unordered_set<uint64_t> fresh;
  size_t kept = 0;
  for (const uint32_t i : *chosen) {
    const uint64_t id = batch.ids[i];
    if (!rows.Contains(id) && !fresh.contains(id)) {
      if (rows.live() + fresh.size() >= options_.max_elements) {
        if (!batch.skip_refused) return NoRoom(options_.max_elements);
        continue;
      }
      fresh.insert(id);
    }
    (*chosen)[kept++] = i;
  }
  chosen->resize(kept);
  return {};
}

Status StandaloneIndex::AppendAll(const StandaloneBatch& batch, const std::vector<uint32_t>& chosen,
                                  StandaloneRows* rows) const {
  rows->Reserve(static_cast<uint32_t>(chosen.size()));
  std::vector<float> prepared(PaddedDimension(options_.dimension));
  for (const uint32_t i : chosen) {
    if (i % kRowsBetweenChecks == 0 && batch.cancel != nullptr) SOCHDB_TRY(batch.cancel->Check());
    PrepareVector(options_.metric, batch.vectors.data() + size_t{i} * options_.dimension, options_.dimension, prepared.data());
    const uint32_t level = GraphAccess::LevelOf(rows->graph(), HashNumber(rows->count()));
    rows->Append(batch.ids[i], level, prepared.data());
  }
  rows->MakeCodes();
  return {};
}

Status StandaloneIndex::Insert(const StandaloneBatch& batch, StandaloneInserted* out) {
  MutexLock lock(&writer_mutex_);
  SOCHDB_TRY(Compact(batch));
  StandaloneRows* rows = Current().get();  // nobody else replaces it
  std::vector<uint32_t> chosen;
  SOCHDB_TRY(Choose(batch, *rows, &chosen));
  const uint32_t from = rows->count();
  SOCHDB_TRY(AppendAll(batch, chosen, rows));
  SOCHDB_TRY(LinkAll(rows, from, batch));
  rows->Show(from);
  *out = {.inserted = chosen.size(), .refused = batch.ids.size() - chosen.size()};
  return {};
}

Status StandaloneIndex::Delete(uint64_t id, bool* existed) {
  MutexLock lock(&writer_mutex_);
  *existed = Current()->Hide(id);
  return {};
}

// Slots that several threads link, each the next one.
struct StandaloneIndex::Linking {
  StandaloneRows* rows;
  uint32_t from;
  const StandaloneBatch& batch;
  std::atomic<uint32_t> next{from};
  std::atomic<bool> failed{false};
};

void StandaloneIndex::LinkSome(Linking* linking, bool reports) {
  const uint32_t count = linking->rows->count();
  const StandaloneBatch& batch = linking->batch;
  try {
    const ScratchPool::Lease scratch = scratches_.Take();
    for (uint32_t done = 0; !linking->failed.load(std::memory_order_relaxed); ++done) {
      const uint32_t slot = linking->next.fetch_add(1, std::memory_order_relaxed);
      if (slot >= count) return;
      if (batch.cancel != nullptr && !batch.cancel->Check().ok()) break;
      linking->rows->mutable_graph()->Link(slot, HashNumber(slot), scratch.get());
      if (reports && done % kLinkedBetweenReports == 0) batch.progress(slot - linking->from, count - linking->from);
    }
  } catch (const std::bad_alloc&) {
    // Whoever waits for this thread asks what happened.
  }
  linking->failed.store(true, std::memory_order_relaxed);
}

Status StandaloneIndex::LinkAll(StandaloneRows* rows, uint32_t from, const StandaloneBatch& batch) {
  const uint32_t wanted = std::min(batch.threads, (rows->count() - from) / kSlotsPerThread);
  std::vector<std::unique_ptr<Thread>> threads;
  threads.reserve(wanted);
  rows->mutable_graph()->Publish(rows->count());
  Linking linking{.rows = rows, .from = from, .batch = batch};
  try {
    for (uint32_t i = 1; i < wanted; ++i) {
      threads.push_back(env_->StartThread("sochdb-link", [this, &linking] { LinkSome(&linking, false); }));
    }
  } catch (const std::exception&) {
    // There are no more threads to be had: those that there are do the work.
  }
  LinkSome(&linking, batch.progress != nullptr);
  for (const auto& thread : threads) thread->Join();
  if (!linking.failed.load(std::memory_order_relaxed)) return {};
  if (batch.cancel != nullptr) SOCHDB_TRY(batch.cancel->Check());
  return {Code::kOutOfMemory, "There is no memory for more vectors."};
}

Status StandaloneIndex::Compact(const StandaloneBatch& batch) {
  const StandaloneRows& old = *Current();
  if (old.dead() <= old.live() + kSpareDead) return {};
  auto rows = std::make_shared<StandaloneRows>(env_, options_);
  rows->Reserve(old.live());
  const PagedRows<StandaloneSlot>::View slots = old.slots();
  for (uint32_t slot = 0; slot < old.count(); ++slot) {
    if (!slots[slot]->VisibleAt(old.version())) continue;
    const uint32_t level = GraphAccess::LevelOf(rows->graph(), HashNumber(rows->count()));
    rows->Append(slots[slot]->id, level, old.vectors().full().view()[slot]);
  }
  rows->MakeCodes();
  SOCHDB_TRY(
      LinkAll(rows.get(), 0, {.ids = {}, .vectors = {}, .threads = batch.threads, .cancel = batch.cancel, .progress = {}}));
  rows->Show(0);
  MutexLock lock(&current_mutex_);
  current_ = std::move(rows);  // searches that run keep what they have
  return {};
}

}  // namespace sochdb
