#include "sst/table.h"

#include <algorithm>
#include <utility>

#include "sst/block_cursor.h"
#include "sst/data_block.h"
#include "sst/table_core.h"
#include "sst/table_cursor.h"
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
    return VerifyTable(*core_, visit, blocks);
  }
  Status Salvage(const SalvageVisit& visit, const LossVisit& lost) const override { return SalvageTable(*core_, visit, lost); }
  [[nodiscard]] uint64_t ApproximateBytes(std::string_view lo, std::string_view hi) const override;
  [[nodiscard]] const TableProperties& properties() const override { return core_->properties; }
  [[nodiscard]] uint64_t file_number() const override { return core_->name.number; }
  [[nodiscard]] const std::string& path() const override { return core_->name.path; }
  [[nodiscard]] uint64_t memory_bytes() const override {
    return sizeof(TableCore) + core_->index.memory_bytes() + core_->filter.memory_bytes();
  }

 private:
  // Whether what follows block i may hold more versions of the key.
  [[nodiscard]] bool GoesOn(uint32_t i, std::string_view key) const {
    return core_->index.block(i).goes_on && core_->index.separator(i) == key;
  }
  // Looks at one block for NewestTimestampInRange.
  Status NewestInBlock(uint32_t i, std::string_view lo, std::string_view hi, Timestamp above, Timestamp* newest) const;

  const std::unique_ptr<TableCore> core_;
};

Status TableImpl::Get(std::string_view key, uint64_t hash, Timestamp read_ts, VersionView* out, BlockRef* pin,
                      bool* found) const {
  *found = false;
  if (!core_->filter.MayContain(hash)) return {};
  const TableIndex& index = core_->index;
  for (uint32_t i = index.Seek(key); i < index.size(); ++i) {
    if (index.block(i).min_ts <= read_ts) {
      BlockRef block;
      SOCHDB_TRY(core_->LoadDataBlock(i, true, &block));
      BlockEntry entry;
      const DataBlock::Outcome outcome = DataBlock(block.data()).Find(key, read_ts, &entry);
      if (outcome == DataBlock::Outcome::kFound) {
        entry.FillView(out);
        *pin = std::move(block);
        *found = true;
      }
      if (outcome != DataBlock::Outcome::kGoOn) return {};
    }
    if (!GoesOn(i, key)) return {};
  }
  return {};
}

Status TableImpl::VisitVersions(std::string_view key, uint64_t hash, Timestamp read_ts, const Visit& visit,
                                bool* stopped) const {
  *stopped = false;
  if (!core_->filter.MayContain(hash)) return {};
  const TableIndex& index = core_->index;
  for (uint32_t i = index.Seek(key); i < index.size(); ++i) {
    if (index.block(i).min_ts <= read_ts) {
      BlockRef ref;
      SOCHDB_TRY(core_->LoadDataBlock(i, true, &ref));
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
  SOCHDB_TRY(core_->LoadDataBlock(i, true, &ref));
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
  const TableIndex& index = core_->index;
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
  const TableIndex& index = core_->index;
  const uint32_t first = index.Seek(lo);
  const uint32_t last = hi.empty() ? index.size() : index.Seek(hi);
  if ((!hi.empty() && lo >= hi) || first == index.size()) return 0;
  // Of the blocks at the ends, half.
  if (first == last) return hi <= core_->properties.smallest_key ? 0 : index.block(first).stored / 2;
  const uint64_t begin = index.block(first).offset + (lo <= core_->properties.smallest_key ? 0 : index.block(first).stored / 2);
  const uint64_t end = last == index.size() ? core_->footer.data_end : index.block(last).offset + index.block(last).stored / 2;
  return end - begin;
}

// What footer, index and properties say of the same thing must agree.
Status CheckProperties(const TableCore& core) {
  const TableProperties& p = core.properties;
  const TableFooter& footer = core.footer;
  if (p.file_bytes == footer.file_bytes && p.data_bytes == footer.data_end && p.entries == footer.entries &&
      p.blocks == footer.blocks && p.keys <= p.entries && p.min_ts <= p.max_ts && p.smallest_key <= p.largest_key &&
      core.index.separator(core.index.size() - 1) == p.largest_key) {
    return {};
  }
  return TableCorruption(core.name, core.properties_handle().offset, "its properties do not fit the rest of it",
                         "those of the footer and the index", "others");
}

Status OpenCore(Env* env, TableCore* core) {
  SOCHDB_ASSIGN(file, env->OpenFile(core->name.path, OpenMode::kReadOnly));
  core->file = std::move(file);
  SOCHDB_ASSIGN(file_bytes, core->file->Size());
  if (file_bytes < kTableFooterBytes) {
    return TableCorruption(core->name, 0, "it is too short for a table",
                           "at least " + std::to_string(kTableFooterBytes) + " bytes", std::to_string(file_bytes) + " bytes");
  }
  char footer[kTableFooterBytes];
  SOCHDB_TRY(core->ReadFully(file_bytes - kTableFooterBytes, kTableFooterBytes, footer));
  SOCHDB_TRY(DecodeTableFooter(core->name, {footer, kTableFooterBytes}, file_bytes, &core->footer));

  std::unique_ptr<char[]> bytes;
  size_t size = 0;
  SOCHDB_TRY(core->ReadMetaBlock(core->properties_handle(), &bytes, &size));
  std::string_view rest(bytes.get(), size);
  if (!TableProperties::Decode(&rest, &core->properties) || !rest.empty()) {
    return TableCorruption(core->name, core->properties_handle().offset, "its properties are malformed", "properties",
                           "others");
  }
  SOCHDB_TRY(core->ReadMetaBlock(core->index_handle(), &bytes, &size));
  if (!TableIndex::Parse({bytes.get(), size}, core->footer.blocks, core->footer.data_end, &core->index)) {
    return TableCorruption(core->name, core->index_handle().offset, "its index is malformed", "an index", "other bytes");
  }
  SOCHDB_TRY(CheckProperties(*core));
  if (core->footer.filter_bytes == 0) return {};
  SOCHDB_TRY(core->ReadMetaBlock(core->filter_handle(), &bytes, &size));
  if (BloomFilter::Parse({bytes.get(), size}, &core->filter)) return {};
  return TableCorruption(core->name, core->filter_handle().offset, "its filter is malformed", "a filter", "other bytes");
}

}  // namespace

Result<std::unique_ptr<Table>> Table::Open(Env* env, const std::string& path, uint64_t file_number,
                                           const OpenOptions& options) {
  auto core = std::make_unique<TableCore>();
  core->name = {path, file_number};
  SOCHDB_TRY(OpenCore(env, core.get()));
  if (options.check_all) {
    Status bad;
    uint64_t blocks = 0;
    SOCHDB_TRY(VerifyTable(
        *core,
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
