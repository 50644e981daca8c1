// WriteSet: the uncommitted writes of one transaction, ordered by (tree, key).
//
// Every write carries a sequence number. A cursor that opened at sequence s sees the newest write of a key with a sequence
// <= s and none made later (no Halloween updates); a savepoint is a sequence, and rolling back to it drops the writes above.
// A version that neither a savepoint, an open cursor nor the present can see is reused, so overwriting one key for ever
// needs no more memory than the savepoints ask for.
//
// Most transactions write the keys of a tree in order, or nearly so: where the newest write of a tree went is remembered, and
// looked at first.
//
// Thread safety: none; it belongs to its transaction.
// Ownership: keys, values and nodes live in an arena that a rollback winds back; views die with it, and with the next
// write to their key.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "mem/version.h"
#include "txn/scratch_arena.h"
#include "txn/transaction.h"

namespace sochdb {

using WriteSequence = uint64_t;
inline constexpr WriteSequence kLatestSequence = std::numeric_limits<WriteSequence>::max();

// Eight bytes of a value that the commit fills with the next number of a sequence.
struct AssignedField {
  uint32_t offset = 0;
  std::string_view sequence_key;
};

struct OwnVersion {
  WriteSequence sequence = 0;
  OwnVersion* older = nullptr;
  ValueKind kind = ValueKind::kValue;  // kMerge: one bare operand
  ExpiryMs expiry_ms = kNeverExpires;
  char* data = nullptr;
  size_t size = 0;
  size_t capacity = 0;
  const AssignedField* assigned = nullptr;

  [[nodiscard]] std::string_view value() const { return {data, size}; }
};

struct OwnKey {
  TreeId tree;
  std::string_view key;
  bool operator<(const OwnKey& other) const { return tree != other.tree ? tree < other.tree : key < other.key; }
};

static_assert(std::is_trivially_destructible_v<OwnKey> && kTreeCount <= 64);

class WriteSet {
 public:
  using Map = std::map<OwnKey, OwnVersion*, std::less<>, ScratchAllocator<std::pair<const OwnKey, OwnVersion*>>>;
  using Position = Map::const_iterator;

  WriteSet() { Renew(); }
  WriteSet(const WriteSet&) = delete;
  WriteSet& operator=(const WriteSet&) = delete;

  // `assigned` may be null; it and the key it names are copied.
  void Add(TreeId tree, std::string_view key, ValueKind kind, std::string_view value, ExpiryMs expiry_ms,
           const AssignedField* assigned);
  // About what Add will take of the memory that bytes() counts.
  [[nodiscard]] static uint64_t Cost(std::string_view key, std::string_view value) {
    return kEntryBytes + key.size() + value.size();
  }

  // The newest version with a sequence <= at; null when there is none.
  [[nodiscard]] const OwnVersion* Find(TreeId tree, std::string_view key, WriteSequence at) const;
  [[nodiscard]] static const OwnVersion* VersionAt(const OwnVersion* newest, WriteSequence at);
  [[nodiscard]] bool HasAny(TreeId tree, std::string_view lo, std::string_view hi) const;

  [[nodiscard]] Position begin() const { return map_->begin(); }
  [[nodiscard]] Position end() const { return map_->end(); }
  [[nodiscard]] Position LowerBound(TreeId tree, std::string_view key) const { return map_->lower_bound(OwnKey{tree, key}); }
  // One past the last entry of the tree.
  [[nodiscard]] Position TreeEnd(TreeId tree) const;

  // The newest version of an entry, to be filled in at commit.
  static OwnVersion* MutableNewest(Position position) { return position->second; }

  SavepointId SetSavepoint();
  Status RollbackTo(SavepointId id);
  Status Release(SavepointId id);
  [[nodiscard]] bool IsNewestSavepoint(SavepointId id) const { return !savepoints_.empty() && savepoints_.back().id == id; }
  // Changes whenever entries disappear: positions taken before are dead.
  [[nodiscard]] uint64_t rollbacks() const { return rollbacks_; }

  // Keeps what is visible at the present sequence, which it returns, until it is unpinned.
  WriteSequence Pin();
  void Unpin(WriteSequence sequence);

  // Frees everything. REQUIRES: nothing is pinned.
  void Clear();
  [[nodiscard]] bool empty() const { return map_->empty(); }
  [[nodiscard]] size_t size() const { return map_->size(); }
  [[nodiscard]] uint64_t bytes() const { return arena_.bytes(); }
  [[nodiscard]] ScratchArena* arena() { return &arena_; }

 private:
  static constexpr uint64_t kEntryBytes = 160;  // a map node and a version

  struct Savepoint {
    SavepointId id;
    WriteSequence sequence;
    size_t journal;
    ScratchArena::Mark mark;
  };

  // The place of the newest write to one tree.
  struct Newest {
    TreeId tree{};
    bool known = false;
    Map::iterator position;
  };
  static constexpr size_t kNewest = 4;
  [[nodiscard]] const Newest& NewestOf(TreeId tree) const { return newest_[static_cast<size_t>(tree) % kNewest]; }
  [[nodiscard]] bool Wrote(TreeId tree) const { return (trees_ >> static_cast<uint8_t>(tree) & 1) != 0; }

  // A map without entries.
  void Renew() { map_ = new (map_memory_) Map(Map::allocator_type(&arena_)); }
  // The first entry that is not below the key.
  [[nodiscard]] Map::iterator Place(const OwnKey& key) const;
  [[nodiscard]] bool NeededBetween(WriteSequence from, WriteSequence until) const;
  [[nodiscard]] WriteSequence NewestFence() const;
  OwnVersion* TakeUnneeded(OwnVersion** newest, ValueKind kind, bool* popped);
  void Fill(OwnVersion* version, ValueKind kind, std::string_view value, ExpiryMs expiry_ms, const AssignedField* assigned);
  size_t FindSavepoint(SavepointId id) const;

  ScratchArena arena_;
  // Never destroyed: its nodes own nothing, their memory is the arena's, and walking over all of them would cost as much as
  // writing them.
  alignas(Map) std::byte map_memory_[sizeof(Map)];
  Map* map_ = nullptr;
  uint64_t trees_ = 0;  // a bit for each tree that something was written to
  std::array<Newest, kNewest> newest_{};
  WriteSequence sequence_ = 0;          // of the newest write
  std::vector<Map::iterator> journal_;  // an entry for every version added, in order
  std::vector<Savepoint> savepoints_;
  std::vector<WriteSequence> pins_;  // ascending; open cursors
  SavepointId next_savepoint_ = 1;
  uint64_t rollbacks_ = 0;
};

}  // namespace sochdb
