#include "sst/table_reads.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sst/data_block.h"

namespace sochdb {
namespace {

constexpr size_t kLineBytes = 64;
constexpr size_t kPrefetchBytes = 32 * kLineBytes;
constexpr size_t kPlacesAhead = 2;    // while one is searched, the entries of the next but one are asked for
constexpr unsigned kNearEntries = 4;  // further ones are found faster from a restart

// Where a key may be.
struct KeyPlace {
  PointRead* read;
  uint32_t block;
  const Block* bytes;   // null: it is looked up alone
  const char* restart;  // null: not looked for
  const char* restart_end;
};
using KeyPlaces = std::array<KeyPlace, PointRead::kAtOnce>;

size_t FindBlocks(const TableMeta& meta, std::span<PointRead* const> reads, KeyPlaces* places) {
  for (const PointRead* read : reads) meta.filter.Prefetch(read->hash);
  size_t count = 0;
  uint32_t block = meta.index.size();
  for (PointRead* read : reads) {
    if (!meta.filter.MayContain(read->hash)) continue;
    if (block == meta.index.size() || !meta.index.BelongsTo(block, read->key)) block = meta.index.Seek(read->key);
    if (block != meta.index.size()) (*places)[count++] = {read, block, nullptr, nullptr, nullptr};
  }
  return count;
}

Status LoadBlocks(const TableCore& core, std::span<KeyPlace> places, Timestamp read_ts, BlockPins* pins) {
  const TableIndex& index = core.meta().index;
  const KeyPlace* before = nullptr;
  if (core.cache != nullptr && places.size() > 1) {
    std::array<uint64_t, PointRead::kAtOnce> offsets;
    size_t count = 0;
    for (const KeyPlace& place : places) {
      if (before == nullptr || before->block != place.block) offsets[count++] = index.block(place.block).offset;
      before = &place;
    }
    if (count > 1) core.cache->Prefetch(core.cache_id, std::span(offsets).first(count));
    before = nullptr;
  }
  for (KeyPlace& place : places) {
    if (before != nullptr && before->block == place.block) {
      place.bytes = before->bytes;
    } else if (index.block(place.block).min_ts <= read_ts) {
      SOCHDB_TRY(core.LoadDataBlock(index.block(place.block).handle(), true, &pins->emplace_back()));
      place.bytes = pins->back().get();
    }
    before = &place;
  }
  return {};
}

// Of what lies near the key before, the restart is left open: it is looked for behind that key first.
void FindRestarts(std::span<KeyPlace> places, Timestamp read_ts) {
  const KeyPlace* before = nullptr;
  for (KeyPlace& place : places) {
    const bool near = before != nullptr && before->bytes == place.bytes && before->read->key < place.read->key;
    before = &place;
    if (near || place.bytes == nullptr) continue;
    const DataBlock block(place.bytes->data());
    const uint32_t restart = block.SeekRestart(place.read->key, read_ts);
    place.restart = block.restart(restart);
    place.restart_end = block.restart_end(restart);
  }
}

void PrefetchEntries(const KeyPlace& place) {
  if (place.restart == nullptr) return;
  const char* const end = std::min(place.restart_end, place.restart + kPrefetchBytes);
  for (const char* at = place.restart; at < end; at += kLineBytes) __builtin_prefetch(at);
}

// Looks at some entries behind *entry, which is of the key `before`. False when that does not decide.
bool FindBehind(std::string_view before, const KeyPlace& place, Timestamp read_ts, BlockEntry* entry,
                DataBlock::Outcome* outcome) {
  const DataBlock block(place.bytes->data());
  TargetMatch match(place.read->key, before);
  const char* at = entry->end;
  for (unsigned i = 0; i < kNearEntries && at != block.end(); ++i, at = entry->end) {
    block.Decode(at, entry);
    const int order = match.Feed(*entry);
    *outcome = order > 0 ? DataBlock::Outcome::kAbsent : DataBlock::Outcome::kFound;
    if (order > 0 || (order == 0 && entry->ts <= read_ts)) return true;
  }
  return false;
}

}  // namespace

Status GetFromBlock(const TableCore& core, uint32_t i, std::string_view key, Timestamp read_ts, VersionView* out, BlockRef* pin,
                    bool* found) {
  const TableIndex& index = core.meta().index;
  for (; i < index.size(); ++i) {
    if (index.block(i).min_ts <= read_ts) {
      BlockRef block;
      SOCHDB_TRY(core.LoadDataBlock(index.block(i).handle(), true, &block));
      BlockEntry entry;
      const DataBlock::Outcome outcome = DataBlock(block.data()).Find(key, read_ts, &entry);
      if (outcome == DataBlock::Outcome::kFound) {
        entry.FillView(out);
        *pin = std::move(block);
        *found = true;
      }
      if (outcome != DataBlock::Outcome::kGoOn) return {};
    }
    if (!index.block(i).goes_on || index.separator(i) != key) return {};
  }
  return {};
}

Status GetManyOf(const TableCore& core, std::span<PointRead* const> reads, Timestamp read_ts, BlockPins* pins) {
  KeyPlaces all;
  const std::span<KeyPlace> places(all.data(), FindBlocks(core.meta(), reads, &all));
  SOCHDB_TRY(LoadBlocks(core, places, read_ts, pins));
  FindRestarts(places, read_ts);
  BlockEntry entry;
  const KeyPlace* before = nullptr;  // the place of `entry`
  for (size_t i = 0; i < places.size(); ++i) {
    const KeyPlace& place = places[i];
    PointRead* const read = place.read;
    if (i + kPlacesAhead < places.size()) PrefetchEntries(places[i + kPlacesAhead]);
    DataBlock::Outcome outcome = DataBlock::Outcome::kGoOn;
    if (place.bytes != nullptr) {
      const bool near = place.restart == nullptr;
      const bool behind = near && before != nullptr && before->bytes == place.bytes;
      if (!behind || !FindBehind(before->read->key, place, read_ts, &entry, &outcome)) {
        const DataBlock block(place.bytes->data());
        outcome = near ? block.Find(read->key, read_ts, &entry) : block.FindFrom(place.restart, read->key, read_ts, &entry);
      }
      read->found = outcome == DataBlock::Outcome::kFound;
      before = read->found ? &place : nullptr;
      if (read->found) entry.FillView(&read->version);
    }
    if (outcome == DataBlock::Outcome::kGoOn) {
      SOCHDB_TRY(GetFromBlock(core, place.block, read->key, read_ts, &read->version, &pins->emplace_back(), &read->found));
    }
  }
  return {};
}

}  // namespace sochdb
