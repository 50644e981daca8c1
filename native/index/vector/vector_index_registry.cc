#include "index/vector/vector_index_registry.h"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/sealed_file.h"
#include "engine/store_format.h"
#include "env/path.h"

namespace sochdb {

VectorIndexRegistry::VectorIndexRegistry(Engine* engine, const VectorIndexOptions& options)
    : engine_(engine),
      options_(options),
      checkpoint_dir_(JoinPath(engine->path(), kDerivedDirName)),
      builder_(engine->env(), options.build_threads),
      mutex_(engine->env()),
      opened_(engine->env()) {
  const Timestamp since = engine->AddListener(this);
  MutexLock lock(&mutex_);
  heard_ts_ = std::max(heard_ts_, since);
  if (options_.checkpoints) ReadRecord(since);
}

VectorIndexRegistry::~VectorIndexRegistry() {
  engine_->RemoveListener(this);
  for (auto& [id, entry] : entries_) {
    entry.index->Detach(heard_ts_);
    builder_.Remove(entry.place);
  }
  if (options_.checkpoints && !engine_->options().read_only) WriteCheckpoints();
}

uint64_t VectorIndexRegistry::tree_mask() const {
  const auto bit = [](TreeId tree) { return uint64_t{1} << static_cast<int>(tree); };
  return bit(TreeId::kVectors) | bit(TreeId::kMetadata) | bit(TreeId::kPostings);
}

void VectorIndexRegistry::OnCommit(Timestamp commit_ts, std::span<const CommittedWrite> writes) noexcept {
  MutexLock lock(&mutex_);
  heard_ts_ = commit_ts;
  const auto vectors = [](TreeId tree) { return tree == TreeId::kVectors; };
  const auto others = [](TreeId tree) { return tree == TreeId::kMetadata || tree == TreeId::kPostings; };
  NoteChanges(commit_ts, writes);
  // Postings ask for numbers that documents have only then.
  PassOn(commit_ts, writes, vectors);
  PassOn(commit_ts, writes, others);
}

void VectorIndexRegistry::NoteChanges(Timestamp commit_ts, std::span<const CommittedWrite> writes) noexcept {
  if (!options_.checkpoints) return;
  uint64_t last = 0;
  bool any = false;
  for (const CommittedWrite& write : writes) {
    if (write.tree != TreeId::kVectors) continue;
    record_.newest = commit_ts;
    if (write.key.size() <= kCollectionPrefixBytes) continue;
    const uint64_t id = CollectionId::FromKey(write.key).packed();
    if (any && id == last) continue;
    any = true;
    last = id;
    // A collection of which nothing is known stays so until it is opened.
    if (const auto found = record_.unchanged_since.find(id); found != record_.unchanged_since.end()) found->second = commit_ts;
  }
}

template <typename Wanted>
void VectorIndexRegistry::PassOn(Timestamp commit_ts, std::span<const CommittedWrite> writes, Wanted wanted) noexcept {
  Entry* entry = nullptr;
  uint64_t entry_id = 0;
  bool looked_up = false;
  for (const CommittedWrite& write : writes) {
    if (!wanted(write.tree) || write.key.size() <= kCollectionPrefixBytes) continue;
    const uint64_t id = CollectionId::FromKey(write.key).packed();
    if (!looked_up || id != entry_id) {
      const auto found = entries_.find(id);
      entry = found == entries_.end() ? nullptr : &found->second;
      entry_id = id;
      looked_up = true;
    }
    if (entry == nullptr) continue;
    if (write.tree == TreeId::kMetadata) entry->index->NoteMetadata(commit_ts, write.key);
    else if (write.tree == TreeId::kPostings) entry->index->NotePosting(commit_ts, write);
    else if (entry->index->Apply(commit_ts, write)) builder_.Schedule(entry->place);
  }
}

Result<std::shared_ptr<VectorIndex>> VectorIndexRegistry::Enter(const VectorIndexConfig& config, Timestamp* since,
                                                                std::optional<Timestamp>* unchanged_since) {
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
  Entry entry{.index = std::make_shared<VectorIndex>(engine_->env(), engine_->path(), config)};
  entry.place = builder_.Add(entry.index.get());
  *since = heard_ts_;
  if (options_.checkpoints) {
    entry.index->KeepCheckpoints(engine_, checkpoint_dir_, engine_->options().read_only, options_.checkpoint_after);
    if (const auto known = record_.unchanged_since.find(id); known != record_.unchanged_since.end()) {
      *unchanged_since = known->second;
    }
  }
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
    std::optional<Timestamp> unchanged_since;
    SOCHDB_ASSIGN(index, Enter(config, &since, &unchanged_since));
    if (since == kMaxTimestamp) return index;
    if (Status status = index->Load(engine_, since, unchanged_since, cancel); !status.ok()) {
      Erase(config.id);
      return status;
    }
    MutexLock lock(&mutex_);
    Entry& entry = entries_.at(config.id.packed());
    entry.ready = true;
    opened_.SignalAll();
    if (options_.checkpoints && !unchanged_since.has_value()) RecordOpened(*index);
    if (index->HasWork()) builder_.Schedule(entry.place);
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
  if (!options_.checkpoints || engine_->options().read_only) return;
  const std::string file = JoinPath(checkpoint_dir_, CheckpointFileName(id));
  if (engine_->env()->FileExists(file)) (void)engine_->env()->DeleteFile(file);
  MutexLock lock(&mutex_);
  record_.unchanged_since.erase(id.packed());
}

void VectorIndexRegistry::Reclaim(CollectionId id) {
  MutexLock lock(&mutex_);
  const auto found = entries_.find(id.packed());
  if (found == entries_.end() || !found->second.ready) return;
  found->second.index->RequestReclaim();
  builder_.Schedule(found->second.place);
}

// --- Checkpoints

void VectorIndexRegistry::RecordOpened(const VectorIndex& index) {
  try {
    record_.unchanged_since[index.config().id.packed()] = index.unchanged_since();
  } catch (const std::bad_alloc&) {
    // Then nothing is known of it.
  }
}

void VectorIndexRegistry::ReadRecord(Timestamp since) {
  CheckpointRecord record;
  const Timestamp newest = engine_->LastWrite(TreeId::kVectors);
  record_.newest = newest;
  // What is not published yet would be missing in that number.
  if (engine_->visible_ts() < since) return;
  try {
    const Status status = ReadCheckpointRecord(engine_->env(), checkpoint_dir_, &record);
    if (status.ok() && record.newest == newest) record_ = std::move(record);
  } catch (const std::bad_alloc&) {
    // Then nothing is known.
  }
}

void VectorIndexRegistry::WriteCheckpoints() {
  for (auto& [id, entry] : entries_) {
    if (entry.ready) entry.index->CheckpointAtEnd();
  }
  try {
    Env* const env = engine_->env();
    if (!env->FileExists(checkpoint_dir_)) return;  // there is no checkpoint
    (void)DeleteOrphans();
    CheckpointRecord written;
    if (ReadCheckpointRecord(env, checkpoint_dir_, &written).ok() && written.newest == record_.newest &&
        written.unchanged_since == record_.unchanged_since) {
      return;
    }
    (void)WriteCheckpointRecord(env, checkpoint_dir_, record_);
  } catch (const std::bad_alloc&) {
    // The next opening compares rows.
  }
}

// A dropped collection's rows go as tables are compacted, and then its file, if the collection was not open when it was
// dropped.
Status VectorIndexRegistry::DeleteOrphans() {
  Env* const env = engine_->env();
  SOCHDB_ASSIGN(names, env->ListDir(checkpoint_dir_));
  SOCHDB_ASSIGN(snapshot, engine_->NewSnapshot());
  for (const std::string& name : names) {
    if (IsTemporaryName(name)) SOCHDB_TRY(env->DeleteFile(JoinPath(checkpoint_dir_, name)));  // of a crash
    const std::optional<CollectionId> id = ParseCheckpointFileName(name);
    if (!id.has_value() || entries_.count(id->packed()) != 0) continue;
    SOCHDB_ASSIGN(cursor, snapshot->NewCursor(TreeId::kVectors, id->Prefix(), id->End(), ScanOptions{}));
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (found) continue;
    SOCHDB_TRY(env->DeleteFile(JoinPath(checkpoint_dir_, name)));
    record_.unchanged_since.erase(id->packed());
  }
  return {};
}

uint64_t VectorIndexRegistry::memory_bytes() const {
  MutexLock lock(&mutex_);
  uint64_t bytes = 0;
  for (const auto& [id, entry] : entries_) bytes += entry.index->stats().memory_bytes;
  return bytes;
}

}  // namespace sochdb
