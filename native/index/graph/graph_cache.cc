#include "index/graph/graph_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "base/catalog_key.h"
#include "base/hash.h"
#include "index/graph/graph_keys.h"

namespace sochdb {
namespace {

// About what an entry takes on average; of the buckets each has one or two then.
constexpr uint64_t kTypicalBytes = 256;
constexpr uint64_t kAllocatorBytes = 16;
constexpr uint64_t kHashSeed = 0x5bd1e995a1f3c7b9ull;
constexpr uint64_t kMostEntryBytes = 256 * 1024;

}  // namespace

// One allocation, with the node and the value behind it.
struct GraphCache::Entry {
  Entry* next;   // of its bucket
  Entry* newer;  // in the order of eviction
  Entry* older;
  uint64_t hash;
  Timestamp from;
  uint32_t value_bytes;
  uint16_t node_bytes;
  GraphPart part;
  bool used;  // since eviction last came by
  char prefix[kNamespaceIdBytes];

  [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] std::string_view node() { return {bytes(), node_bytes}; }
  [[nodiscard]] std::string_view value() { return {bytes() + node_bytes, value_bytes}; }
  [[nodiscard]] uint64_t memory_bytes() const { return sizeof(Entry) + node_bytes + value_bytes + kAllocatorBytes; }
};

struct GraphCache::Shard {
  Shard(Env* env, size_t bucket_count) : mutex(env), buckets(bucket_count) {}

  mutable Mutex mutex;  // guards what follows
  std::vector<Entry*> buckets;
  std::array<Timestamp, kSlots> changed{};  // the last change of a node of the slot
  Entry* newest = nullptr;
  Entry* oldest = nullptr;
  Entry* hand = nullptr;  // where eviction goes on; null: at the oldest
  uint64_t bytes = 0;
  uint64_t entries = 0;
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t evictions = 0;
};

GraphCache::GraphCache(Engine* engine, uint64_t max_bytes)
    : engine_(engine),
      max_bytes_(max_bytes),
      max_entry_bytes_(std::min(kMostEntryBytes, max_bytes / kShards / 4)),
      bucket_mask_(std::bit_ceil(std::clamp<uint64_t>(max_bytes / kShards / kTypicalBytes, 64, 1u << 20)) - 1) {
  for (auto& shard : shards_) shard = std::make_unique<Shard>(engine->env(), bucket_mask_ + 1);
  // Room for whatever a key may hold.
  from_scratch_.reserve(kMaxKeyBytes);
  rest_scratch_.reserve(kMaxKeyBytes);
  const Timestamp since = engine->AddListener(this);
  since_ = since;
}

GraphCache::~GraphCache() {
  engine_->RemoveListener(this);
  for (const auto& shard : shards_) {
    for (Entry* entry = shard->newest; entry != nullptr;) {
      Entry* const gone = entry;
      entry = entry->older;
      ::operator delete(gone);
    }
  }
}

uint64_t GraphCache::HashOf(std::string_view node) { return Hash64(node, kHashSeed); }

GraphCache::Place GraphCache::PlaceOf(GraphPart part, const Key& key) const {
  SOCHDB_DCHECK(key.prefix.size() == kNamespaceIdBytes);
  // The namespaces' nodes of one id lie apart; a node's parts lie in one shard, in buckets of their own.
  const uint64_t hash = (key.hash ^ DecodeBigEndian32(key.prefix.data())) * 0x9e3779b97f4a7c15ull;
  const uint64_t spread = hash + static_cast<uint64_t>(part) * 0xd6e8feb86659fd93ull;
  return {shards_[hash >> 60].get(), (spread >> 24) & bucket_mask_, (hash >> 46) % kSlots, hash};
}

GraphCache::Entry** GraphCache::Look(const Place& place, GraphPart part, const Key& key) {
  Entry** link = &place.shard->buckets[place.bucket];
  for (; *link != nullptr; link = &(*link)->next) {
    Entry* const entry = *link;
    if (entry->hash == place.hash && entry->part == part && entry->node() == key.node &&
        std::memcmp(entry->prefix, key.prefix.data(), kNamespaceIdBytes) == 0) {
      break;
    }
  }
  return link;
}

void GraphCache::Remove(Shard* shard, Entry** link) {
  Entry* const entry = *link;
  *link = entry->next;
  (entry->newer == nullptr ? shard->newest : entry->newer->older) = entry->older;
  (entry->older == nullptr ? shard->oldest : entry->older->newer) = entry->newer;
  if (shard->hand == entry) shard->hand = entry->newer;
  shard->bytes -= entry->memory_bytes();
  --shard->entries;
  ::operator delete(entry);
}

void GraphCache::MakeRoom(Shard* shard, uint64_t max_bytes) {
  while (shard->bytes > max_bytes) {
    Entry* entry = shard->hand == nullptr ? shard->oldest : shard->hand;
    while (entry->used) {
      entry->used = false;
      entry = entry->newer == nullptr ? shard->oldest : entry->newer;
    }
    shard->hand = entry;
    const size_t buckets = shard->buckets.size();
    const uint64_t spread = entry->hash + static_cast<uint64_t>(entry->part) * 0xd6e8feb86659fd93ull;
    Entry** link = &shard->buckets[(spread >> 24) & (buckets - 1)];
    while (*link != entry) link = &(*link)->next;
    Remove(shard, link);
    ++shard->evictions;
  }
}

bool GraphCache::Find(GraphPart part, const Key& key, Timestamp read_ts, std::string* value) {
  const Place place = PlaceOf(part, key);
  MutexLock lock(&place.shard->mutex);
  Entry* const entry = *Look(place, part, key);
  if (entry == nullptr || entry->from > read_ts) {
    ++place.shard->misses;
    return false;
  }
  ++place.shard->hits;
  if (!entry->used) entry->used = true;
  value->append(entry->value());
  return true;
}

void GraphCache::Keep(GraphPart part, const Key& key, Timestamp read_ts, std::string_view value) noexcept {
  const uint64_t bytes = sizeof(Entry) + key.node.size() + value.size();
  if (read_ts < since_ || bytes > max_entry_bytes_ || key.node.size() > kMaxGraphTextBytes) return;
  void* const memory = ::operator new(bytes, std::nothrow);
  if (memory == nullptr) return;
  const Place place = PlaceOf(part, key);
  Shard* const shard = place.shard;
  MutexLock lock(&shard->mutex);
  const Timestamp changed = shard->changed[place.slot];
  Entry** const link = &shard->buckets[place.bucket];
  if (changed > read_ts || *Look(place, part, key) != nullptr) {
    ::operator delete(memory);
    return;
  }
  auto* const entry = new (memory) Entry{.next = *link,
                                         .newer = nullptr,
                                         .older = shard->newest,
                                         .hash = place.hash,
                                         .from = std::max(changed, since_),
                                         .value_bytes = static_cast<uint32_t>(value.size()),
                                         .node_bytes = static_cast<uint16_t>(key.node.size()),
                                         .part = part,
                                         .used = false,
                                         .prefix = {}};
  std::memcpy(entry->prefix, key.prefix.data(), kNamespaceIdBytes);
  std::copy(key.node.begin(), key.node.end(), entry->bytes());
  std::copy(value.begin(), value.end(), entry->bytes() + key.node.size());
  *link = entry;
  (shard->newest == nullptr ? shard->oldest : shard->newest->newer) = entry;
  shard->newest = entry;
  shard->bytes += entry->memory_bytes();
  ++shard->entries;
  MakeRoom(shard, max_bytes_ / kShards);
}

// --- what commits change

uint64_t GraphCache::tree_mask() const {
  const auto bit = [](TreeId tree) { return uint64_t{1} << static_cast<int>(tree); };
  return bit(TreeId::kNodes) | bit(TreeId::kEdgesOut) | bit(TreeId::kEdgesIn) | bit(TreeId::kTemporalEdges);
}

void GraphCache::OnCommit(Timestamp commit_ts, std::span<const CommittedWrite> writes) noexcept {
  for (const CommittedWrite& write : writes) {
    if (write.key.size() <= kNamespaceIdBytes) continue;
    const std::string_view prefix = write.key.substr(0, kNamespaceIdBytes);
    const std::string_view rest = write.key.substr(kNamespaceIdBytes);
    switch (write.tree) {
      case TreeId::kNodes:
        if (rest.starts_with(node_kind_)) {
          Note(commit_ts, prefix, rest.substr(node_kind_.size()), {GraphPart::kRecord});
        }
        break;
      case TreeId::kEdgesOut:
        NoteEdge(commit_ts, prefix, rest, false, true);
        break;
      case TreeId::kEdgesIn:
        NoteEdge(commit_ts, prefix, rest, false, false);
        break;
      case TreeId::kTemporalEdges:
        NoteEdge(commit_ts, prefix, rest.substr(1), true, rest[0] == temporal_out_kind_);
        Note(commit_ts, prefix, {}, {GraphPart::kHasTemporal});
        break;
      default:
        break;
    }
  }
}

// rest: what follows the namespace, and the way of a temporal edge.
void GraphCache::NoteEdge(Timestamp ts, std::string_view prefix, std::string_view rest, bool temporal, bool out) noexcept {
  std::string_view node;
  from_scratch_.clear();
  if (!TakeGraphText(&rest, &from_scratch_, &node)) return;  // no node's
  if (!out) {
    if (temporal) Note(ts, prefix, node, {GraphPart::kTemporalIn, GraphPart::kTemporalInWhole});
    else Note(ts, prefix, node, {GraphPart::kIn, GraphPart::kInWhole});
    return;
  }
  Note(ts, prefix, node, {temporal ? GraphPart::kTemporalOut : GraphPart::kOut});
  // The properties are part of what arrives at its other end.
  std::string_view type;
  std::string_view other;
  int64_t valid_from = 0;
  if (!ReadEdgeRest(rest, temporal, &rest_scratch_, &type, &other, &valid_from)) return;
  Note(ts, prefix, other, {temporal ? GraphPart::kTemporalInWhole : GraphPart::kInWhole});
}

void GraphCache::Note(Timestamp ts, std::string_view prefix, std::string_view node,
                      std::initializer_list<GraphPart> parts) noexcept {
  const Key key{prefix, node, HashOf(node)};
  const Place first = PlaceOf(GraphPart::kRecord, key);
  MutexLock lock(&first.shard->mutex);
  first.shard->changed[first.slot] = ts;
  if (first.shard->entries == 0) return;
  for (const GraphPart part : parts) {
    Entry** const link = Look(PlaceOf(part, key), part, key);
    if (*link != nullptr) Remove(first.shard, link);
  }
}

GraphCache::Stats GraphCache::stats() const {
  Stats stats;
  stats.capacity_bytes = max_bytes_;
  for (const auto& shard : shards_) {
    MutexLock lock(&shard->mutex);
    stats.used_bytes += shard->bytes;
    stats.entries += shard->entries;
    stats.hits += shard->hits;
    stats.misses += shard->misses;
    stats.evictions += shard->evictions;
  }
  return stats;
}

}  // namespace sochdb
