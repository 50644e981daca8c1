#include "sst/entry_group.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "mem/entry_run.h"
#include "mem/key_head.h"
#include "sst/block_cursor.h"

namespace sochdb {
namespace {

constexpr size_t kDirectoryHeaderNumbers = 3;

BlockRef MakeBlock(std::unique_ptr<char[]> bytes, size_t size) {
  return BlockRef(Block::New(std::move(bytes), static_cast<uint32_t>(size)));
}

// What a directory is made of, while the entries of a group go by.
struct DirectoryBuilder {
  std::string keys;  // whole ones
  std::vector<uint32_t> key_ends;
  std::vector<uint32_t> rows_before;
  std::vector<uint32_t> bytes_before;
  uint64_t bytes = 0;

  void Add(std::string_view key, bool live, size_t value_bytes) {
    rows_before.push_back(static_cast<uint32_t>(bytes_before.size()));
    keys.append(key);
    key_ends.push_back(static_cast<uint32_t>(keys.size()));
    if (!live) return;
    bytes_before.push_back(static_cast<uint32_t>(bytes));
    bytes += key.size() + value_bytes;
  }

  [[nodiscard]] std::string_view KeyAt(size_t i) const {
    const uint32_t begin = i == 0 ? 0 : key_ends[i - 1];
    return std::string_view(keys).substr(begin, key_ends[i] - begin);
  }

  // REQUIRES: a key was added.
  BlockRef Finish() {
    const size_t n = key_ends.size();
    const size_t rows = bytes_before.size();
    bytes_before.push_back(static_cast<uint32_t>(bytes));
    rows_before.push_back(static_cast<uint32_t>(rows));
    const size_t prefix = n == 1 ? key_ends[0] : CommonPrefix(KeyAt(0), KeyAt(n - 1));
    const size_t numbers = kDirectoryHeaderNumbers + n + rows + 1 + (rows == n ? 0 : n + 1);
    const size_t size = numbers * sizeof(uint32_t) + prefix + (keys.size() - n * prefix);
    auto made = std::make_unique_for_overwrite<char[]>(size);
    char* at = made.get();
    const auto put = [&at](uint32_t number) {
      std::memcpy(at, &number, sizeof(number));
      at += sizeof(number);
    };
    put(static_cast<uint32_t>(n));
    put(static_cast<uint32_t>(rows));
    put(static_cast<uint32_t>(prefix));
    for (size_t i = 0; i < n; ++i) put(key_ends[i] - static_cast<uint32_t>((i + 1) * prefix));
    for (const uint32_t number : bytes_before) put(number);
    if (rows != n) {
      for (const uint32_t number : rows_before) put(number);
    }
    at = std::copy_n(keys.data(), prefix, at);
    for (size_t i = 0; i < n; ++i) {
      const std::string_view rest = KeyAt(i).substr(prefix);
      at = std::copy_n(rest.data(), rest.size(), at);
    }
    return MakeBlock(std::move(made), size);
  }
};

BlockRef NoDirectory() {
  auto made = std::make_unique<char[]>(sizeof(uint32_t));
  return MakeBlock(std::move(made), sizeof(uint32_t));
}

}  // namespace

uint32_t EntryGroup::BlocksOf(const TableCore& core) {
  return static_cast<uint32_t>(std::max<uint64_t>(kBytes / std::max(core.properties.block_bytes, 1u), 1));
}

uint32_t EntryGroup::end_block() const { return std::min(first_block() + BlocksOf(*core_), core_->meta().index.size()); }

bool EntryGroup::FitsReader(Timestamp read_ts) const {
  const TableIndex& index = core_->meta().index;
  if (first_block() != 0 && index.block(first_block() - 1).goes_on) return false;
  for (uint32_t i = first_block(); i < end_block(); ++i) {
    if (index.block(i).max_ts > read_ts) return false;
  }
  return true;
}

bool EntryGroup::Load(bool build) {
  BlockRef directory = core_->cache->Find(core_->cache_id, directory_tag(), build);
  return directory ? Open(std::move(directory)) : build && Build();
}

bool EntryGroup::Open(BlockRef directory) {
  const auto* const numbers = reinterpret_cast<const uint32_t*>(directory.data().data());
  directory_ = std::move(directory);
  keys_ = numbers[0];
  if (keys_ == 0) return false;
  rows_ = numbers[1];
  key_ends_ = numbers + kDirectoryHeaderNumbers;
  bytes_before_ = key_ends_ + keys_;
  const uint32_t* const behind = bytes_before_ + rows_ + 1;
  rows_before_ = any_deleted() ? behind : nullptr;
  const char* const bytes = reinterpret_cast<const char*>(any_deleted() ? behind + keys_ + 1 : behind);
  prefix_ = {bytes, numbers[2]};
  rests_ = bytes + numbers[2];
  return true;
}

// Reads what blocks are not in memory, past the cache: of what is made of them, nothing is wanted twice.
Status EntryGroup::ReadBlocks() const {
  if (!blocks_.empty()) return {};
  const TableIndex& index = core_->meta().index;
  const uint32_t first = first_block();
  std::vector<BlockRef> blocks(end_block() - first);
  uint64_t raw_bytes = 0;
  uint32_t missing = 0;
  uint32_t end = 0;  // of those that are missing
  for (uint32_t i = 0; i < blocks.size(); ++i) {
    blocks[i] = core_->cache->Find(core_->cache_id, index.block(first + i).offset, false);
    if (blocks[i]) {
      raw_bytes += blocks[i].data().size();
      continue;
    }
    if (end == 0) missing = i;
    end = i + 1;
  }
  if (end != 0) {
    const uint64_t begin = index.block(first + missing).offset;
    const auto bytes = static_cast<size_t>(index.block(first + end - 1).end() - begin);
    const auto chunk = std::make_unique_for_overwrite<char[]>(bytes);
    SOCHDB_TRY(core_->ReadFully(begin, bytes, chunk.get()));
    for (uint32_t i = missing; i < end; ++i) {
      if (blocks[i]) continue;
      const BlockHandle handle = index.block(first + i).handle();
      auto stored = std::make_unique_for_overwrite<char[]>(static_cast<size_t>(handle.stored));
      std::memcpy(stored.get(), chunk.get() + (handle.offset - begin), static_cast<size_t>(handle.stored));
      SOCHDB_TRY(core_->MakeDataBlock(handle, std::move(stored), &blocks[i]));
      raw_bytes += blocks[i].data().size();
      if (raw_bytes > kMaxBytes) break;
    }
  }
  // Whatever the cache holds: of a group that has a directory they never do.
  if (raw_bytes > kMaxBytes) return {Code::kLimit, "The blocks of a group hold too much to be looked at together."};
  blocks_ = std::move(blocks);
  return {};
}

// Calls visit(key, entry) for the newest version of each key until it returns false.
template <typename Visit>
Status EntryGroup::VisitNewest(Visit visit) const {
  SOCHDB_TRY(ReadBlocks());
  BlockCursor cursor;
  for (const BlockRef& block : blocks_) {
    cursor.Reset(DataBlock(block.data()));
    for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
      if (!cursor.older() && !visit(cursor.key(), cursor.entry())) return {};
    }
  }
  return {};
}

bool EntryGroup::Build() {
  const TableIndex& index = core_->meta().index;
  bool plain = index.block(end_block() - 1).end() - index.block(first_block()).offset <= kMaxBytes;
  DirectoryBuilder builder;
  if (plain) {
    const Status status = VisitNewest([&](std::string_view key, const BlockEntry& entry) {
      VersionView version;
      entry.FillView(&version);
      plain = TakesPart(version) && builder.keys.size() + key.size() <= kMaxBytes;
      if (!plain) return false;
      const bool live = version.kind == ValueKind::kValue;
      builder.Add(key, live, version.value.size());
      if (live) values_.push_back(version.value);
      return true;
    });
    if (!status.ok() && status.code() != Code::kLimit) return false;
    plain = plain && status.ok();
  }
  plain = plain && !builder.key_ends.empty();
  BlockRef directory = plain ? builder.Finish() : NoDirectory();
  core_->cache->Insert(core_->cache_id, directory_tag(), directory);
  return Open(std::move(directory));
}

Status EntryGroup::Values(const std::vector<std::string_view>** out) const {
  if (values_.size() != rows_) {
    values_.clear();
    values_.reserve(rows_);
    SOCHDB_TRY(VisitNewest([&](std::string_view, const BlockEntry& entry) {
      if ((entry.flags & kEntryKindMask) == static_cast<unsigned>(ValueKind::kValue)) {
        values_.emplace_back(entry.value, entry.value_bytes);
      }
      return true;
    }));
  }
  *out = &values_;
  return {};
}

void EntryGroup::KeyAt(uint32_t i, std::string* out) const {
  out->assign(prefix_);
  out->append(Rest(i));
}

uint32_t EntryGroup::LowerBound(uint32_t from, std::string_view target) const {
  const int order = target.substr(0, prefix_.size()).compare(prefix_);
  if (order != 0) return order < 0 ? from : keys_;
  const std::string_view rest = target.substr(prefix_.size());
  // What is sought is often near: the steps double until they have passed it.
  uint32_t low = from;
  uint32_t step = 1;
  while (low + step <= keys_ && Rest(low + step - 1) < rest) {
    low += step;
    step *= 2;
  }
  uint32_t high = std::min(low + step - 1, keys_);
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (Rest(middle) < rest) low = middle + 1;
    else high = middle;
  }
  return low;
}

uint32_t EntryGroup::RowOf(uint32_t i) const { return rows_before_ == nullptr ? i : rows_before_[i]; }

uint32_t EntryGroup::KeysUpTo(uint32_t rows) const {
  if (rows_before_ == nullptr) return rows;
  return static_cast<uint32_t>(std::lower_bound(rows_before_, rows_before_ + keys_ + 1, rows) - rows_before_);
}

uint64_t EntryGroup::BytesOf(uint32_t first, uint32_t rows) const { return bytes_before_[first + rows] - bytes_before_[first]; }

}  // namespace sochdb
