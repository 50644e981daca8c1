#include "index/vector/vector_index_registry.h"

#include <algorithm>
#include <new>

namespace sochdb {

VectorIndexRegistry::VectorIndexRegistry(Engine* engine, const VectorIndexOptions& options)
    : engine_(engine), builder_(engine->env(), options.build_threads), mutex_(engine->env()), opened_(engine->env()) {
  const Timestamp since = engine->AddListener(this);
  MutexLock lock(&mutex_);
  heard_ts_ = std::max(heard_ts_, since);
}

VectorIndexRegistry::~VectorIndexRegistry() {
  engine_->RemoveListener(this);
  for (auto& [id, entry] : entries_) {
    entry.index->Detach(heard_ts_);
    builder_.Remove(entry.place);
  }
}

uint64_t VectorIndexRegistry::tree_mask() const {
  return (uint64_t{1} << static_cast<int>(TreeId::kVectors)) | (uint64_t{1} << static_cast<int>(TreeId::kMetadata));
}

void VectorIndexRegistry::OnCommit(Timestamp commit_ts, std::span<const CommittedWrite> writes) noexcept {
  MutexLock lock(&mutex_);
  heard_ts_ = commit_ts;
  Entry* entry = nullptr;
  uint64_t entry_id = 0;
  bool looked_up = false;
  for (const CommittedWrite& write : writes) {
    if (write.tree != TreeId::kVectors && write.tree != TreeId::kMetadata) continue;
    if (write.key.size() <= kCollectionPrefixBytes) continue;
    const uint64_t id = CollectionId::FromKey(write.key).packed();
    if (!looked_up || id != entry_id) {
      const auto found = entries_.find(id);
      entry = found == entries_.end() ? nullptr : &found->second;
      entry_id = id;
      looked_up = true;
    }
    if (entry == nullptr) continue;
    if (write.tree == TreeId::kMetadata) entry->index->NoteMetadata(commit_ts, write.key);
    else if (entry->index->Apply(commit_ts, write)) builder_.Schedule(entry->place);
  }
}

Result<std::shared_ptr<VectorIndex>> VectorIndexRegistry::Enter(const VectorIndexConfig& config, Timestamp* since) {
  const uint64_t id = config.id.packed();
  MutexLock lock(&mutex_);
  for (;;) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) break;
    if (!(found->second.index->config() == config)) {
      return Status(Code::kInvalidArgument, "The collection's vector index is open with another configuration.");
    }
    if (!found->second.ready) {
      opened_.Wait(&mutex_);
      continue;
    }
    if (found->second.index->stats().complete) {
      *since = kMaxTimestamp;  // nothing to load
      return found->second.index;
    }
    builder_.Remove(found->second.place);
    entries_.erase(found);
  }
  Entry entry{.index = std::make_shared<VectorIndex>(engine_->env(), config)};
  entry.place = builder_.Add(entry.index.get());
  *since = heard_ts_;
  std::shared_ptr<VectorIndex> index = entry.index;
  entries_.emplace(id, std::move(entry));
  return index;
}

void VectorIndexRegistry::Erase(CollectionId id) {
  Entry entry;
  {
    MutexLock lock(&mutex_);
    const auto found = entries_.find(id.packed());
    if (found == entries_.end()) return;
    entry = std::move(found->second);
    entry.index->Detach(heard_ts_);
    entries_.erase(found);
    opened_.SignalAll();
  }
  builder_.Remove(entry.place);
}

Result<std::shared_ptr<VectorIndex>> VectorIndexRegistry::Open(const VectorIndexConfig& config, const CancelToken* cancel) {
  SOCHDB_TRY(config.Check());
  try {
    Timestamp since = 0;
    SOCHDB_ASSIGN(index, Enter(config, &since));
    if (since == kMaxTimestamp) return index;
    if (Status status = index->Load(engine_, since, cancel); !status.ok()) {
      Erase(config.id);
      return status;
    }
    MutexLock lock(&mutex_);
    Entry& entry = entries_.at(config.id.packed());
    entry.ready = true;
    opened_.SignalAll();
    if (index->HasUnlinked()) builder_.Schedule(entry.place);
    return index;
  } catch (const std::bad_alloc&) {
    return Status(Code::kOutOfMemory, "There is no memory for the vector index.");
  }
}

void VectorIndexRegistry::Close(CollectionId id) {
  {
    MutexLock lock(&mutex_);
    for (;;) {
      const auto found = entries_.find(id.packed());
      if (found == entries_.end()) return;
      if (found->second.ready) break;
      opened_.Wait(&mutex_);
    }
  }
  Erase(id);
}

uint64_t VectorIndexRegistry::memory_bytes() const {
  MutexLock lock(&mutex_);
  uint64_t bytes = 0;
  for (const auto& [id, entry] : entries_) bytes += entry.index->stats().memory_bytes;
  return bytes;
}

}  // namespace sochdb
