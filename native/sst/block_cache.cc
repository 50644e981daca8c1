#include "sst/block_cache.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "base/hash.h"
#include "env/sync.h"

namespace sochdb {

Block* Block::New(std::unique_ptr<char[]> bytes, uint32_t size) { return new Block(std::move(bytes), size); }

namespace {

constexpr uint64_t kMinShardBytes = 4ull * 1024 * 1024;
constexpr uint64_t kMaxShards = 64;

struct Node {
  uint64_t table_id;
  uint64_t offset;
  BlockRef block;
  const char* data;  // the block's first bytes
  uint64_t charge;   // of the budget
  bool visited = false;
  Node* newer = nullptr;
  Node* older = nullptr;
};

// What keeping a block costs: its bytes, and what stands around them.
uint64_t ChargeOf(const BlockRef& block) { return block.data().size() + sizeof(Block) + sizeof(Node) + 2 * sizeof(Node*); }

uint64_t HashOf(uint64_t table_id, uint64_t offset) { return HashNumber(offset, table_id); }

// A part of the cache. Open addressing over pointers; a slot's chain is closed again when one is taken out.
class alignas(64) Shard {
 public:
  Shard(Env* env, uint64_t capacity) : mutex_(env), capacity_(capacity) { UseSlots(kFirstSlotsLog2); }
  ~Shard() {
    for (Node* node = newest_; node != nullptr;) delete std::exchange(node, node->older);
  }
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Without the lock: the slots are there as long as the shard, and a node that is gone is not looked at.
  void PrefetchSlot(uint64_t hash) const { __builtin_prefetch(HomeOf(hash)); }
  void PrefetchNode(uint64_t hash) const { __builtin_prefetch(HomeOf(hash)->load(std::memory_order_relaxed)); }

  BlockRef Find(uint64_t hash, uint64_t table_id, uint64_t offset, bool count_miss) {
    const MutexLock lock(&mutex_);
    Node* node = slot(SlotOf(hash, table_id, offset));
    if (node == nullptr) {
      if (count_miss) ++misses_;
      return {};
    }
    __builtin_prefetch(node->data);
    __builtin_prefetch(node->data + 64);  // most of the restart table
    ++hits_;
    node->visited = true;
    return node->block;
  }

  void Insert(uint64_t hash, uint64_t table_id, uint64_t offset, const BlockRef& block) {
    const uint64_t charge = ChargeOf(block);
    if (charge > capacity_) return;
    auto node = std::unique_ptr<Node>(new Node{table_id, offset, block, block.data().data(), charge});
    Node* gone = nullptr;  // freed without the lock
    {
      const MutexLock lock(&mutex_);
      if (slot(SlotOf(hash, table_id, offset)) != nullptr) return;
      if ((blocks_ + 1) * 2 > mask_ + 1) Grow();
      while (used_ + charge > capacity_) gone = EvictOne(gone);
      SetSlot(SlotOf(hash, table_id, offset), node.get());
      Link(node.release());
    }
    while (gone != nullptr) delete std::exchange(gone, gone->older);
  }

  void EraseTable(uint64_t table_id) {
    Node* gone = nullptr;
    {
      const MutexLock lock(&mutex_);
      for (Node* node = newest_; node != nullptr;) {
        Node* next = node->older;
        if (node->table_id == table_id) gone = TakeOut(node, gone);
        node = next;
      }
    }
    while (gone != nullptr) delete std::exchange(gone, gone->older);
  }

  void AddTo(BlockCache::Stats* stats) {
    const MutexLock lock(&mutex_);
    stats->capacity_bytes += capacity_;
    stats->used_bytes += used_;
    stats->blocks += blocks_;
    stats->hits += hits_;
    stats->misses += misses_;
    stats->evictions += evictions_;
  }

 private:
  static constexpr unsigned kFirstSlotsLog2 = 4;
  static constexpr int kAddressBits = 48;
  static constexpr uint64_t kAddressMask = (uint64_t{1} << kAddressBits) - 1;

  [[nodiscard]] Node* slot(size_t i) const { return slots_[i].load(std::memory_order_relaxed); }
  void SetSlot(size_t i, Node* node) { slots_[i].store(node, std::memory_order_relaxed); }
  void UseSlots(unsigned log2) {
    tables_.push_back(std::make_unique<std::atomic<Node*>[]>(size_t{1} << log2));
    slots_ = tables_.back().get();
    mask_ = (size_t{1} << log2) - 1;
    packed_.store(static_cast<uint64_t>(log2) << kAddressBits | reinterpret_cast<uint64_t>(slots_), std::memory_order_release);
  }
  // The home slot of a block, for those without the lock.
  [[nodiscard]] const std::atomic<Node*>* HomeOf(uint64_t hash) const {
    const uint64_t packed = packed_.load(std::memory_order_acquire);
    const uint64_t mask = (uint64_t{1} << (packed >> kAddressBits)) - 1;
    return reinterpret_cast<const std::atomic<Node*>*>(packed & kAddressMask) + (hash & mask);
  }

  // The slot of the block, or the empty one where it would go.
  size_t SlotOf(uint64_t hash, uint64_t table_id, uint64_t offset) const {
    size_t at = hash & mask_;
    for (const Node* node = slot(at); node != nullptr && (node->offset != offset || node->table_id != table_id);) {
      at = (at + 1) & mask_;
      node = slot(at);
    }
    return at;
  }
  void Grow() {
    const std::atomic<Node*>* const old = slots_;
    const size_t count = mask_ + 1;
    UseSlots(static_cast<unsigned>(std::countr_zero(count)) + 1);
    for (size_t i = 0; i < count; ++i) {
      Node* const node = old[i].load(std::memory_order_relaxed);
      if (node != nullptr) SetSlot(SlotOf(HashOf(node->table_id, node->offset), node->table_id, node->offset), node);
    }
  }
  void EmptySlot(const Node* node) {
    size_t hole = SlotOf(HashOf(node->table_id, node->offset), node->table_id, node->offset);
    for (size_t at = (hole + 1) & mask_; slot(at) != nullptr; at = (at + 1) & mask_) {
      const size_t home = HashOf(slot(at)->table_id, slot(at)->offset) & mask_;
      if (((at - home) & mask_) < ((at - hole) & mask_)) continue;  // its chain does not pass the hole
      SetSlot(hole, slot(at));
      hole = at;
    }
    SetSlot(hole, nullptr);
  }
  void Link(Node* node) {
    node->older = newest_;
    if (newest_ != nullptr) newest_->newer = node;
    newest_ = node;
    if (oldest_ == nullptr) oldest_ = node;
    used_ += node->charge;
    ++blocks_;
  }
  // Unlinks a node and hangs it before `gone`.
  Node* TakeOut(Node* node, Node* gone) {
    EmptySlot(node);
    if (hand_ == node) hand_ = node->newer;
    (node->newer != nullptr ? node->newer->older : newest_) = node->older;
    (node->older != nullptr ? node->older->newer : oldest_) = node->newer;
    used_ -= node->charge;
    --blocks_;
    node->older = gone;
    return node;
  }
  // SIEVE: the hand moves from the oldest to the newest, clears the marks it passes, and takes the first without one.
  Node* EvictOne(Node* gone) {
    SOCHDB_CHECK(oldest_ != nullptr);
    Node* node = hand_ != nullptr ? hand_ : oldest_;
    while (node->visited) {
      node->visited = false;
      node = node->newer != nullptr ? node->newer : oldest_;
    }
    hand_ = node;
    ++evictions_;
    return TakeOut(node, gone);
  }

  Mutex mutex_;  // guards everything below
  const uint64_t capacity_;
  std::atomic<Node*>* slots_ = nullptr;  // a power of two of them, at most half in use
  size_t mask_ = 0;
  // Every array of slots that there was: prefetches look at one without the lock, log2 of its size << 48 | its address.
  std::vector<std::unique_ptr<std::atomic<Node*>[]>> tables_;
  std::atomic<uint64_t> packed_{0};
  Node* newest_ = nullptr;
  Node* oldest_ = nullptr;
  Node* hand_ = nullptr;  // null: at the oldest
  uint64_t used_ = 0;
  uint64_t blocks_ = 0;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
  uint64_t evictions_ = 0;
};

class ShardedCache final : public BlockCache {
 public:
  ShardedCache(Env* env, uint64_t capacity_bytes) {
    uint64_t shards = 1;
    while (shards < kMaxShards && shards * 2 * kMinShardBytes <= capacity_bytes) shards *= 2;
    shards_.reserve(shards);
    for (uint64_t i = 0; i < shards; ++i) {
      const uint64_t extra = i == 0 ? capacity_bytes % shards : 0;
      shards_.push_back(std::make_unique<Shard>(env, capacity_bytes / shards + extra));
    }
  }

  uint64_t NewTableId() override { return next_id_.fetch_add(1, std::memory_order_relaxed); }
  void Prefetch(uint64_t table_id, std::span<const uint64_t> offsets) const override {
    for (const uint64_t offset : offsets) {
      const uint64_t hash = HashOf(table_id, offset);
      ShardOf(hash).PrefetchSlot(hash);
    }
    for (const uint64_t offset : offsets) {
      const uint64_t hash = HashOf(table_id, offset);
      ShardOf(hash).PrefetchNode(hash);
    }
  }
  BlockRef Find(uint64_t table_id, uint64_t offset, bool count_miss) override {
    const uint64_t hash = HashOf(table_id, offset);
    return ShardOf(hash).Find(hash, table_id, offset, count_miss);
  }
  void Insert(uint64_t table_id, uint64_t offset, const BlockRef& block) override {
    const uint64_t hash = HashOf(table_id, offset);
    ShardOf(hash).Insert(hash, table_id, offset, block);
  }
  void EraseTable(uint64_t table_id) override {
    for (const auto& shard : shards_) shard->EraseTable(table_id);
  }
  [[nodiscard]] Stats stats() const override {
    Stats stats;
    for (const auto& shard : shards_) shard->AddTo(&stats);
    return stats;
  }

 private:
  [[nodiscard]] Shard& ShardOf(uint64_t hash) const { return *shards_[(hash >> 48) & (shards_.size() - 1)]; }

  std::vector<std::unique_ptr<Shard>> shards_;  // a power of two of them
  std::atomic<uint64_t> next_id_{1};
};

}  // namespace

std::unique_ptr<BlockCache> BlockCache::Create(Env* env, uint64_t capacity_bytes) {
  return std::make_unique<ShardedCache>(env, capacity_bytes);
}

}  // namespace sochdb
