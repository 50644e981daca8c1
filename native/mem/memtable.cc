#include "mem/memtable.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <string>

#include "base/arena.h"
#include "mem/hash_index.h"
#include "mem/key_record.h"
#include "mem/ordered_index.h"
#include "mem/run_index.h"

namespace sochdb {
namespace {

constexpr uint64_t kMaxSizeBytes = uint64_t{1} << 24;
// What an entry costs beside its key and value: record, version, links and padding.
constexpr uint64_t kEntryOverheadBytes = sizeof(KeyRecord) + sizeof(Version::Links) + sizeof(Version) + Arena::kAlignment;
// Keeps the sums below from overflowing.
constexpr uint64_t kMaxReserveBytes = uint64_t{1} << 38;
// What the indexes take for an entry on average, doubled.
constexpr uint64_t kIndexBytesPerEntry = 256;

template <typename Index>
class MemtableIterator final : public SnapshotIterator {
 public:
  MemtableIterator(const Index* index, Timestamp read_ts) : cursor_(index), read_ts_(read_ts) {}

  bool Valid() const override { return valid_; }
  void SeekToFirst() override {
    cursor_.SeekToFirst();
    SettleForward();
  }
  void SeekToLast() override {
    cursor_.SeekToLast();
    SettleBackward();
  }
  void Seek(std::string_view target) override {
    cursor_.Seek(target);
    SettleForward();
  }
  void SeekForPrev(std::string_view target) override {
    cursor_.SeekForPrev(target);
    SettleBackward();
  }
  void Next() override {
    SOCHDB_DCHECK(valid_);
    cursor_.Next();
    SettleForward();
  }
  void Prev() override {
    SOCHDB_DCHECK(valid_);
    cursor_.Prev();
    SettleBackward();
  }
  std::string_view key() const override { return cursor_.record()->key(); }
  const VersionView& version() const override { return version_; }
  void TakeRun(EntryRun* run) override {
    run->values.reserve(run->room);
    run->stable = true;
    std::string_view last;
    uint32_t below = 0;  // so many from here on are below the bound: their keys need not be compared
    while (valid_ && run->rows < run->room && TakesPart(version_)) {
      if (below == 0) below = cursor_.CountBelow(run->bound);
      if (below == 0) break;
      if (version_.kind == ValueKind::kDelete) {
        ++run->passed;
      } else {
        last = key();
        run->Add(last, version_.value);
      }
      do {
        cursor_.Next();
        if (below > 0) --below;
      } while (cursor_.Valid() && !Show());
      valid_ = cursor_.Valid();
    }
    if (run->rows != 0) run->last_key.assign(last);
  }

 private:
  bool Show() {
    const Version* version = cursor_.record()->NewestAt(read_ts_);
    if (version == nullptr) return false;
    version_ = version->view();
    return true;
  }
  void SettleForward() {
    while (cursor_.Valid() && !Show()) cursor_.Next();
    valid_ = cursor_.Valid();
  }
  void SettleBackward() {
    while (cursor_.Valid() && !Show()) cursor_.Prev();
    valid_ = cursor_.Valid();
  }

  typename Index::Cursor cursor_;
  const Timestamp read_ts_;
  VersionView version_;
  bool valid_ = false;
};

// The next older version of another timestamp: of several with one timestamp the last to be added is the one that counts.
const Version* OlderThan(const Version* version) {
  const Timestamp ts = version->ts;
  do version = version->next();
  while (version != nullptr && version->ts == ts);
  return version;
}

template <typename Index>
class MemtableStream final : public VersionStream {
 public:
  explicit MemtableStream(const Index* index) : cursor_(index) {}

  bool Valid() const override { return at_ != nullptr; }
  void SeekToFirst() override {
    cursor_.SeekToFirst();
    ShowNewest();
  }
  void Seek(std::string_view target) override {
    cursor_.Seek(target);
    ShowNewest();
  }
  void Next() override {
    SOCHDB_DCHECK(Valid());
    if (const Version* older = OlderThan(at_); older != nullptr) return Show(older);
    cursor_.Next();
    ShowNewest();
  }
  std::string_view key() const override { return cursor_.record()->key(); }
  const VersionView& version() const override { return version_; }

 private:
  void ShowNewest() {
    at_ = nullptr;
    if (cursor_.Valid()) Show(cursor_.record()->newest());
  }
  void Show(const Version* version) {
    at_ = version;
    version_ = version->view();
  }

  typename Index::Cursor cursor_;
  const Version* at_ = nullptr;
  VersionView version_;
};

// Index: OrderedIndex or RunIndex.
template <typename Index>
class IndexedMemtable final : public Memtable {
 public:
  explicit IndexedMemtable(const Options& options)
      : arena_(options.block_bytes), hash_(&arena_, options.hash_seed), index_(&arena_) {}

  const KeyRecord* Add(std::string_view key, Timestamp ts, ValueKind kind, std::string_view value,
                       ExpiryMs expiry_ms) override {
    SOCHDB_CHECK(key.size() < kMaxSizeBytes && value.size() < kMaxSizeBytes);
    const uint64_t hash = hash_.HashOf(key);
    const KeyRecord* record = hash_.Find(key, hash);
    if (record != nullptr) {
      AddVersion(const_cast<KeyRecord*>(record), ts, kind, value, expiry_ms);
    } else {
      hash_.MakeRoom(hash);
      record = NewRecord(key, static_cast<uint32_t>(hash), ts, kind, value, expiry_ms);
      index_.Insert(record);
      hash_.Insert(record, hash);
      key_count_.store(key_count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    if (ts > newest_ts_.load(std::memory_order_relaxed)) newest_ts_.store(ts, std::memory_order_release);
    return record;
  }

  Status Reserve(uint64_t entries, uint64_t bytes) override {
    constexpr uint64_t kPerEntry = kEntryOverheadBytes + kIndexBytesPerEntry;
    if (bytes > kMaxReserveBytes || entries > kMaxReserveBytes / kPerEntry) {
      return {Code::kOutOfMemory, "A reservation of " + std::to_string(entries) + " entries with " + std::to_string(bytes) +
                                      " bytes is more than any memory holds. Write in smaller transactions."};
    }
    return arena_.Reserve(bytes + entries * kPerEntry);
  }

  bool Get(std::string_view key, Timestamp read_ts, VersionView* out) const override {
    const KeyRecord* record = hash_.Find(key, hash_.HashOf(key));
    if (record == nullptr) return false;
    const Version* version = record->NewestAt(read_ts);
    if (version == nullptr) return false;
    *out = version->view();
    return true;
  }

  void Prefetch(std::string_view key) const override { hash_.Prefetch(hash_.HashOf(key)); }

  void VisitVersions(std::string_view key, Timestamp read_ts, bool (*visit)(void* context, const VersionView&),
                     void* context) const override {
    const KeyRecord* record = hash_.Find(key, hash_.HashOf(key));
    if (record == nullptr) return;
    const Version* version = record->NewestAt(read_ts);
    while (version != nullptr && visit(context, version->view())) version = OlderThan(version);
  }

  Timestamp NewestTimestamp(std::string_view key) const override {
    const KeyRecord* record = hash_.Find(key, hash_.HashOf(key));
    return record == nullptr ? 0 : record->newest()->ts;
  }

  Timestamp NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above) const override {
    if (newest_ts_.load(std::memory_order_acquire) <= above) return 0;
    Timestamp found = 0;
    index_.VisitRange(lo, hi, [&](const KeyRecord& record) {
      const Timestamp ts = record.newest()->ts;
      if (ts > above) found = ts;
      return found == 0;
    });
    return found;
  }

  std::unique_ptr<SnapshotIterator> NewIterator(Timestamp read_ts) const override {
    return std::make_unique<MemtableIterator<Index>>(&index_, read_ts);
  }

  std::unique_ptr<VersionStream> NewVersionStream() const override { return std::make_unique<MemtableStream<Index>>(&index_); }

  uint64_t memory_bytes() const override { return arena_.memory_bytes(); }
  uint64_t key_count() const override { return key_count_.load(std::memory_order_relaxed); }
  Timestamp newest_ts() const override { return newest_ts_.load(std::memory_order_acquire); }

 private:
  static Version* PlaceVersion(char* at, uint32_t depth, Timestamp ts, ValueKind kind, std::string_view value,
                               ExpiryMs expiry_ms) {
    const uint32_t size_and_kind = static_cast<uint32_t>(value.size()) << 8 | static_cast<uint32_t>(kind);
    auto* version = new (at) Version{ts, expiry_ms, size_and_kind, depth};
    if (!value.empty()) std::memcpy(at + sizeof(Version), value.data(), value.size());
    return version;
  }

  const KeyRecord* NewRecord(std::string_view key, uint32_t hash, Timestamp ts, ValueKind kind, std::string_view value,
                             ExpiryMs expiry_ms) {
    const size_t version_at = sizeof(KeyRecord) + (key.size() + 7) / 8 * 8;
    char* bytes = arena_.AllocateAligned(version_at + sizeof(Version) + value.size());
    if (!key.empty()) std::memcpy(bytes + sizeof(KeyRecord), key.data(), key.size());
    const Version* version = PlaceVersion(bytes + version_at, 0, ts, kind, value, expiry_ms);
    return new (bytes) KeyRecord{version, static_cast<uint32_t>(key.size()), hash};
  }

  void AddVersion(KeyRecord* record, Timestamp ts, ValueKind kind, std::string_view value, ExpiryMs expiry_ms) {
    const Version* below = record->head.load(std::memory_order_relaxed);
    SOCHDB_DCHECK(ts >= below->ts);
    char* bytes = arena_.AllocateAligned(sizeof(Version::Links) + sizeof(Version) + value.size());
    // Two jumps of one length below each other become one of twice the length and one more.
    const Version* jump = below->jump();
    const bool doubles = below->depth - jump->depth == jump->depth - jump->jump()->depth;
    new (bytes) Version::Links{below, doubles ? jump->jump() : below};
    const Version* version = PlaceVersion(bytes + sizeof(Version::Links), below->depth + 1, ts, kind, value, expiry_ms);
    record->head.store(version, std::memory_order_release);
  }

  Arena arena_;
  HashIndex hash_;
  Index index_;
  std::atomic<uint64_t> key_count_{0};
  std::atomic<Timestamp> newest_ts_{0};
};

}  // namespace

std::unique_ptr<Memtable> Memtable::Create(const Options& options) {
  if (options.ordered) return std::make_unique<IndexedMemtable<OrderedIndex>>(options);
  return std::make_unique<IndexedMemtable<RunIndex>>(options);
}

}  // namespace sochdb
