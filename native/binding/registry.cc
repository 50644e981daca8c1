#include "binding/registry.h"

#include <atomic>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/store_dir.h"
#include "engine/store_format.h"
#include "env/mem_env.h"
#include "env/path.h"
#include "env/sync.h"
#include "exec/identity.h"
#include "index/graph/graph_cache.h"
#include "index/vector/vector_index_registry.h"

namespace sochdb::binding {

class RegistryEntry {
 public:
  enum class State { kBusy /* opening or closing */, kOpen };

  std::string key;  // canonical path; empty for a private engine, which is not in the map
  State state = State::kBusy;
  uint64_t shares = 0;
  EngineOptions options;
  std::unique_ptr<MemEnv> memory;  // outlives the engine
  std::unique_ptr<Engine> engine;
  Mutex derived_mutex{Env::Posix()};  // guards the making of:
  std::unique_ptr<VectorIndexRegistry> vectors;
  std::unique_ptr<GraphCache> graphs;
  std::atomic<GraphCache*> graph_cache{nullptr};  // the same, for who finds it made
  IdentityCounters identities;
};

namespace {

struct Registry {
  Mutex mutex{Env::Posix()};  // guards everything below, and state and shares of every entry in the map
  CondVar changed{Env::Posix()};
  std::map<std::string, std::unique_ptr<RegistryEntry>> entries;
};

Registry& TheRegistry() {
  static Registry* registry = new Registry;  // outlives static destructors: environments may end after them
  return *registry;
}

std::vector<std::pair<const char*, uint64_t>> Named(const EngineOptions& options) {
  return {{"syncMode", static_cast<uint64_t>(options.sync_mode)},
          {"walEnabled", options.wal_enabled},
          {"groupCommit", options.group_commit},
          {"maxTransactionBytes", options.max_transaction_bytes},
          {"transactionTimeoutMs", options.transaction_timeout_ms},
          {"writerTimeoutMs", options.writer_timeout_ms},
          {"memoryLimitBytes", options.memory_limit_bytes},
          {"memtableSizeBytes", options.memtable_bytes},
          {"blockCacheSizeBytes", options.block_cache_bytes},
          {"graphCacheSizeBytes", options.graph_cache_bytes},
          {"compression", static_cast<uint64_t>(options.compression)},
          {"compressionLevel", static_cast<uint64_t>(options.compression_level)},
          {"walCompression", static_cast<uint64_t>(options.wal.compression)},
          {"compactionThreads", options.compaction_threads},
          {"flushThreads", options.flush_threads},
          {"retentionMs", options.retention_ms}};
}

Status CheckSameOptions(const RegistryEntry& entry, const EngineOptions& wanted) {
  if (entry.options.read_only && !wanted.read_only) {
    return {Code::kInvalidArgument,
            "\"" + entry.key + "\" is already open in this process, for reading only: close it before it is opened to write.",
            {{"option", "readOnly"}, {"file", entry.key}}};
  }
  const auto open = Named(entry.options);
  const auto asked = Named(wanted);
  for (size_t i = 0; i < open.size(); ++i) {
    if (open[i].second == asked[i].second) continue;
    return {Code::kInvalidArgument,
            "\"" + entry.key + "\" is already open in this process with another " + open[i].first +
                ": openings that share a store take the same options.",
            {{"option", open[i].first}, {"file", entry.key}}};
  }
  return {};
}

Status CheckSamePolicy(const RegistryEntry& entry, const EngineOptions& wanted) {
  if (!wanted.index_policy) return {};
  SOCHDB_ASSIGN(policy, entry.engine->GetIndexPolicy(TreeId::kKeys));
  if (policy == *wanted.index_policy) return {};
  return {Code::kInvalidArgument,
          "\"" + entry.key + "\" is already open in this process with another indexPolicy: openings that share a store take " +
              "the same options.",
          {{"option", "indexPolicy"}, {"file", entry.key}}};
}

Result<EngineRef> OpenPrivate(const EngineOptions& options) {
  auto entry = std::make_unique<RegistryEntry>();
  entry->memory = std::make_unique<MemEnv>();
  entry->shares = 1;
  EngineOptions fresh = options;
  fresh.create_if_missing = true;  // there is nothing yet, read-only or not
  fresh.read_only = false;         // the handle refuses writes
  SOCHDB_ASSIGN(engine, Engine::Open(entry->memory.get(), "/memory", fresh));
  entry->engine = std::move(engine);
  return EngineRef(entry.release());
}

// The name by which two openings of one store are recognised. Creates the directory, so that it has one.
Result<std::string> CanonicalPath(const std::string& path, const EngineOptions& options) {
  SOCHDB_TRY(OpenDirectory(Env::Posix(), path, options.create_if_missing));
  return Env::Posix()->RealPath(path);
}

// An engine whose directory was deleted is no store to share: what it took would be lost.
Status CheckStillThere(const RegistryEntry& entry) {
  if (Env::Posix()->FileExists(JoinPath(entry.key, kFormatFileName))) return {};
  return {
      Code::kIoError,
      "\"" + entry.key +
          "\" is open in this process, and its directory was deleted or replaced meanwhile: close every database on it, then "
          "open it again.",
      {{"file", entry.key}}};
}

}  // namespace

Result<EngineRef> OpenShared(const std::string& path, const EngineOptions& options) {
  if (path == kMemoryPath) return OpenPrivate(options);
  SOCHDB_ASSIGN(key, CanonicalPath(path, options));
  Registry& registry = TheRegistry();
  RegistryEntry* entry = nullptr;
  {
    const MutexLock lock(&registry.mutex);
    for (;;) {
      const auto found = registry.entries.find(key);
      if (found == registry.entries.end()) break;
      RegistryEntry* existing = found->second.get();
      if (existing->state == RegistryEntry::State::kOpen) {
        SOCHDB_TRY(CheckStillThere(*existing));
        SOCHDB_TRY(CheckSameOptions(*existing, options));
        SOCHDB_TRY(CheckSamePolicy(*existing, options));
        ++existing->shares;
        return EngineRef(existing);
      }
      registry.changed.Wait(&registry.mutex);
    }
    auto fresh = std::make_unique<RegistryEntry>();
    entry = fresh.get();
    entry->key = key;
    entry->options = options;
    registry.entries.emplace(key, std::move(fresh));
  }
  Result<std::unique_ptr<Engine>> engine = Engine::Open(Env::Posix(), key, options);
  const MutexLock lock(&registry.mutex);
  registry.changed.SignalAll();
  if (!engine.ok()) {
    registry.entries.erase(key);
    return engine.status();
  }
  entry->engine = std::move(engine).value();
  entry->state = RegistryEntry::State::kOpen;
  entry->shares = 1;
  return EngineRef(entry);
}

Engine* EngineRef::get() const { return entry_ == nullptr ? nullptr : entry_->engine.get(); }

VectorIndexRegistry* EngineRef::vector_indexes() const {
  const MutexLock lock(&entry_->derived_mutex);
  if (entry_->vectors == nullptr)
    entry_->vectors = std::make_unique<VectorIndexRegistry>(
        entry_->engine.get(), VectorIndexOptions{.build_threads = 2, .checkpoints = !entry_->key.empty()});
  return entry_->vectors.get();
}

GraphCache* EngineRef::graph_cache() const {
  const uint64_t bytes = entry_->engine->options().graph_cache_bytes;
  if (bytes == 0) return nullptr;
  if (GraphCache* const made = entry_->graph_cache.load(std::memory_order_acquire); made != nullptr) return made;
  const MutexLock lock(&entry_->derived_mutex);
  if (entry_->graphs == nullptr) {
    entry_->graphs = std::make_unique<GraphCache>(entry_->engine.get(), bytes);
    entry_->graph_cache.store(entry_->graphs.get(), std::memory_order_release);
  }
  return entry_->graphs.get();
}

IdentityCounters* EngineRef::identities() const { return &entry_->identities; }

Status EngineRef::Release() {
  RegistryEntry* entry = std::exchange(entry_, nullptr);
  if (entry == nullptr) return {};
  if (entry->key.empty()) {
    const std::unique_ptr<RegistryEntry> owned(entry);
    owned->vectors.reset();
    owned->graphs.reset();
    return owned->engine->Close();
  }
  Registry& registry = TheRegistry();
  {
    const MutexLock lock(&registry.mutex);
    if (--entry->shares > 0) return {};
    entry->state = RegistryEntry::State::kBusy;
  }
  // Nobody else reaches the entry now: openers of this path wait for it to go.
  entry->vectors.reset();
  entry->graphs.reset();
  const Status closed = entry->engine->Close();
  entry->engine.reset();
  const MutexLock lock(&registry.mutex);
  registry.entries.erase(std::string(entry->key));
  registry.changed.SignalAll();
  return closed;
}

EngineRef::~EngineRef() { static_cast<void>(Release()); }

}  // namespace sochdb::binding
