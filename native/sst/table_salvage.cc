#include "sst/table_salvage.h"

#include "sst/block_cursor.h"
#include "sst/data_block.h"

namespace sochdb {

Status SalvageTable(const TableCore& core, const TableMeta& meta, const Table::SalvageVisit& visit,
                    const Table::LossVisit& lost) {
  BlockCursor cursor;
  for (uint32_t i = 0; i < meta.index.size(); ++i) {
    BlockRef block;
    const Status status = core.LoadDataBlock(meta.index.block(i).handle(), false, &block);
    if (status.code() == Code::kCorruption) {
      const std::string_view from = i == 0 ? std::string_view(core.properties.smallest_key) : meta.index.separator(i - 1);
      lost(meta.index.block(i).offset, from, meta.index.separator(i));
      continue;
    }
    SOCHDB_TRY(status);
    cursor.Reset(DataBlock(block.data()));
    for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
      VersionView version;
      cursor.entry().FillView(&version);
      SOCHDB_TRY(visit(cursor.key(), version));
    }
    cursor.Clear();
  }
  return {};
}

}  // namespace sochdb
