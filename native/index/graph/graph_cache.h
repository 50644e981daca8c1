// GraphCache: nodes and their edges in memory, as walks want them, so that what is walked often touches no tree.
//
// It is derived: readers put in what they have read, and the cache is the engine's commit listener, which takes out what a
// commit changes before that commit can be seen. So whatever is in it is what the newest state says, and has been since
// `from`, the last change that the cache knows of: any view from then on may use it. An older view reads the trees. What a
// reader brings is refused when something was committed that its view did not see: changes are noted by slots of many nodes,
// so a refusal may be for nothing, but what should be refused always is.
//
// Parts of a node are kept apart, each read as one: its record, and its edges by direction and kind. Edges that arrive are kept
// twice, with and without the properties, which lie with the edges that leave and cost a read each.
//
// A transaction's own writes are not here: who has some does not ask (GraphReader).
//
// Thread safety: any thread. Changes come in commit order.
// Limits: max_bytes, over all graphs of the engine; SIEVE (Zhang et al., NSDI 2024) says what goes. A part of more than
// max_entry_bytes() is not kept. When memory runs out nothing is kept.
// Lifetime: made after the engine is open, destroyed before it is closed.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "engine/engine.h"
#include "env/sync.h"
#include "index/graph/graph_keys.h"
#include "txn/commit_listener.h"

namespace sochdb {

enum class GraphPart : uint8_t {
  kRecord,   // the node's value in kNodes; empty: there is none
  kOut,      // PackedEdges, as all that follow
  kIn,       // without properties
  kInWhole,  // with them
  kTemporalOut,
  kTemporalIn,
  kTemporalInWhole,
  kHasTemporal,  // of the empty id: "y" when the graph has temporal edges, else empty
};
inline constexpr size_t kGraphParts = 8;

class GraphCache : private CommitListener {
 public:
  struct Key {
    std::string_view prefix;  // of the namespace
    std::string_view node;
    uint64_t hash;  // GraphCache::HashOf(node)
  };
  struct Stats {
    uint64_t capacity_bytes = 0;
    uint64_t used_bytes = 0;
    uint64_t entries = 0;
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t evictions = 0;
  };

  GraphCache(Engine* engine, uint64_t max_bytes);
  ~GraphCache() override;
  GraphCache(const GraphCache&) = delete;
  GraphCache& operator=(const GraphCache&) = delete;

  static uint64_t HashOf(std::string_view node);

  // Appends a part of a node, as a view at read_ts sees it. False: that has to be read.
  bool Find(GraphPart part, const Key& key, Timestamp read_ts, std::string* value);
  // What Find did not know, as a view at read_ts has read it.
  void Keep(GraphPart part, const Key& key, Timestamp read_ts, std::string_view value) noexcept;

  [[nodiscard]] uint64_t max_entry_bytes() const { return max_entry_bytes_; }
  [[nodiscard]] Stats stats() const;

 private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kSlots = 1024;  // of a shard
  struct Entry;
  struct Shard;
  // Where a part of a node is looked for.
  struct Place {
    Shard* shard;
    size_t bucket;
    size_t slot;
    uint64_t hash;
  };

  [[nodiscard]] uint64_t tree_mask() const override;
  void OnCommit(Timestamp commit_ts, std::span<const CommittedWrite> writes) noexcept override;
  void NoteEdge(Timestamp ts, std::string_view prefix, std::string_view rest, bool temporal, bool out) noexcept;
  void Note(Timestamp ts, std::string_view prefix, std::string_view node, std::initializer_list<GraphPart> parts) noexcept;

  [[nodiscard]] Place PlaceOf(GraphPart part, const Key& key) const;
  // REQUIRES for all: the shard's mutex is held.
  static Entry** Look(const Place& place, GraphPart part, const Key& key);
  static void Remove(Shard* shard, Entry** link);
  static void MakeRoom(Shard* shard, uint64_t max_bytes);

  Engine* const engine_;
  const uint64_t max_bytes_;
  const uint64_t max_entry_bytes_;
  const size_t bucket_mask_;
  std::array<std::unique_ptr<Shard>, kShards> shards_;
  Timestamp since_ = 0;  // every later commit is heard of
  // Of OnCommit, which must not allocate.
  const std::string node_kind_ = NodeKey({}, {});  // how the keys of nodes begin
  const char temporal_out_kind_ = TemporalPrefix({}, EdgeWay::kOut)[0];
  std::string from_scratch_;
  std::string rest_scratch_;
};

}  // namespace sochdb
