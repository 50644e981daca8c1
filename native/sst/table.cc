#include "sst/table.h"

#include <algorithm>
#include <utility>

#include "sst/block_cursor.h"
#include "sst/data_block.h"
#include "sst/table_core.h"
#include "sst/table_cursor.h"
#include "sst/table_reads.h"
#include "sst/table_salvage.h"
#include "sst/table_verify.h"

namespace sochdb {

namespace {

class TableImpl final : public Table {
 public:
  explicit TableImpl(std::unique_ptr<TableCore> core) : core_(std::move(core)) {}
  ~TableImpl() override {
    if (core_->cache != nullptr) core_->cache->EraseTable(core_->cache_id);
  }

  Status Get(std::string_view key, uint64_t hash, Timestamp read_ts, VersionView* out, BlockRef* pin,
             bool* found) const override;
  Status GetMany(std::span<PointRead* const> reads, Timestamp read_ts, BlockPins* pins) const override;
  Status VisitVersions(std::string_view key, uint64_t hash, Timestamp read_ts, const Visit& visit,
                       bool* stopped) const override;
  Status NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above, Timestamp* newest) const override;
  std::unique_ptr<SnapshotIterator> NewIterator(Timestamp read_ts, bool fill_cache) const override {
    return NewTableIterator(core_.get(), read_ts, fill_cache);
  }
  std::unique_ptr<VersionStream> NewVersionStream(bool fill_cache) const override {
    return NewTableStream(core_.get(), fill_cache);
  }
  Status Verify(const std::function<bool(const BadBlock&)>& visit, uint64_t* blocks) const override {
    *blocks = 0;
    if (core_->ready()) return VerifyTable(*core_, core_->meta(), visit, blocks);
    TableMeta meta;  // of its own: what is looked at once need not stay in memory
    SOCHDB_TRY(core_->ReadKnownMeta(false, &meta));
    return VerifyTable(*core_, meta, visit, blocks);
  }
  Status Salvage(const SalvageVisit& visit, const LossVisit& lost) const override {
    TableMeta meta;  // whatever has become of the filter
    SOCHDB_TRY(core_->ReadKnownMeta(false, &meta));
    return SalvageTable(*core_, meta, visit, lost);
  }
  [[nodiscard]] uint64_t ApproximateBytes(std::string_view lo, std::string_view hi) const override;
  [[nodiscard]] const TableProperties& properties() const override { return core_->properties; }
  [[nodiscard]] uint64_t file_number() const override { return core_->name.number; }
  [[nodiscard]] const std::string& path() const override { return core_->name.path; }
  [[nodiscard]] uint64_t memory_bytes() const override {
    return sizeof(TableCore) + (core_->ready() ? core_->meta().memory_bytes() : 0);
  }

 private:
  // Whether what follows block i may hold more versions of the key.
  [[nodiscard]] bool GoesOn(uint32_t i, std::string_view key) const {
    return core_->meta().index.block(i).goes_on && core_->meta().index.separator(i) == key;
  }
  // Looks at one block for NewestTimestampInRange.
  Status NewestInBlock(uint32_t i, std::string_view lo, std::string_view hi, Timestamp above, Timestamp* newest) const;

  const std::unique_ptr<TableCore> core_;
};

Status TableImpl::Get(std::string_view key, uint64_t hash, Timestamp read_ts, VersionView* out, BlockRef* pin,
                      bool* found) const {
  *found = false;
  SOCHDB_TRY(core_->Ready());
  if (!core_->meta().filter.MayContain(hash)) return {};
  return GetFromBlock(*core_, core_->meta().index.Seek(key), key, read_ts, out, pin, found);
}

Status TableImpl::GetMany(std::span<PointRead* const> reads, Timestamp read_ts, BlockPins* pins) const {
  SOCHDB_TRY(core_->Ready());
  return GetManyOf(*core_, reads, read_ts, pins);
}

Status TableImpl::VisitVersions(std::string_view key, uint64_t hash, Timestamp read_ts, const Visit& visit,
                                bool* stopped) const {
  *stopped = false;
  SOCHDB_TRY(core_->Ready());
  if (!core_->meta().filter.MayContain(hash)) return {};
  const TableIndex& index = core_->meta().index;
  for (uint32_t i = index.Seek(key); i < index.size(); ++i) {
    if (index.block(i).min_ts <= read_ts) {
      BlockRef ref;
      SOCHDB_TRY(core_->LoadDataBlock(index.block(i).handle(), true, &ref));
      const DataBlock block(ref.data());
      BlockEntry entry;
      if (block.Find(key, read_ts, &entry) == DataBlock::Outcome::kFound) {
        VersionView view;
        while (true) {
          entry.FillView(&view);
          if (!visit(view)) {
            *stopped = true;
            return {};
          }
          if (entry.end == block.end()) break;
          block.Decode(entry.end, &entry);
          if (!entry.older()) return {};
        }
      }
    }
    if (!GoesOn(i, key)) return {};
  }
  return {};
}

Status TableImpl::NewestInBlock(uint32_t i, std::string_view lo, std::string_view hi, Timestamp above,
                                Timestamp* newest) const {
  BlockRef ref;
  SOCHDB_TRY(core_->LoadDataBlock(core_->meta().index.block(i).handle(), true, &ref));
  BlockCursor cursor;
  cursor.Reset(DataBlock(ref.data()));
  for (cursor.Seek(lo, kMaxTimestamp); cursor.Valid(); cursor.Next()) {
    if (!hi.empty() && cursor.key() >= hi) break;
    if (cursor.ts() <= above) continue;
    *newest = cursor.ts();
    break;
  }
  return {};
}

Status TableImpl::NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above, Timestamp* newest) const {
  *newest = 0;
  if (core_->properties.max_ts <= above || (!hi.empty() && lo >= hi)) return {};
  SOCHDB_TRY(core_->Ready());
  const TableIndex& index = core_->meta().index;
  const uint32_t first = index.Seek(lo);
  for (uint32_t i = first; i < index.size() && *newest == 0; ++i) {
    if (i != first && !hi.empty() && index.separator(i - 1) >= hi) break;
    if (index.block(i).max_ts <= above) continue;
    // A block that lies in the range as a whole need not be read.
    const bool behind_lo = i != first || lo <= core_->properties.smallest_key;
    const bool before_hi = hi.empty() || index.separator(i) < hi;
    if (behind_lo && before_hi) *newest = index.block(i).max_ts;
    else SOCHDB_TRY(NewestInBlock(i, lo, hi, above, newest));
  }
  return {};
}

uint64_t TableImpl::ApproximateBytes(std::string_view lo, std::string_view hi) const {
  const TableProperties& properties = core_->properties;
  if (!hi.empty() && lo >= hi) return 0;
  if (lo <= properties.smallest_key && (hi.empty() || hi > properties.largest_key)) return properties.data_bytes;
  if (!core_->Ready().ok()) return properties.data_bytes / 2;  // whoever reads it will hear why
  const TableIndex& index = core_->meta().index;
  const uint32_t first = index.Seek(lo);
  const uint32_t last = hi.empty() ? index.size() : index.Seek(hi);
  if (first == index.size()) return 0;
  // Of the blocks at the ends, half.
  if (first == last) return hi <= properties.smallest_key ? 0 : index.block(first).stored / 2;
  const uint64_t begin = index.block(first).offset + (lo <= properties.smallest_key ? 0 : index.block(first).stored / 2);
  const uint64_t end = last == index.size() ? properties.data_bytes : index.block(last).offset + index.block(last).stored / 2;
  return end - begin;
}

}  // namespace

Result<std::unique_ptr<Table>> Table::Open(Env* env, const std::string& path, uint64_t file_number,
                                           const OpenOptions& options) {
  auto core = std::make_unique<TableCore>(env, TableName{path, file_number});
  SOCHDB_TRY(options.known == nullptr ? core->OpenAndLoad(env) : core->OpenKnown(env, *options.known));
  if (options.check_all) {
    Status bad;
    uint64_t blocks = 0;
    SOCHDB_TRY(core->Ready());
    SOCHDB_TRY(VerifyTable(
        *core, core->meta(),
        [&](const BadBlock& block) {
          bad = TableCorruption(core->name, block.offset, block.fault, CrcText(block.expected), CrcText(block.actual));
          return false;
        },
        &blocks));
    if (!bad.ok()) return bad;
  }
  core->cache = options.cache;
  if (options.cache != nullptr) core->cache_id = options.cache->NewTableId();
  return std::unique_ptr<Table>(std::make_unique<TableImpl>(std::move(core)));
}

}  // namespace sochdb
