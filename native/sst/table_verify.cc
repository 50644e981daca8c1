#include "sst/table_verify.h"

#include <algorithm>
#include <memory>
#include <string>

#include "sst/block_cursor.h"
#include "sst/data_block.h"

namespace sochdb {

namespace {

// What the blocks of a table hold together, to be compared with its properties.
struct Totals {
  uint64_t entries = 0;
  uint64_t keys = 0;
  uint64_t deletes = 0;
  uint64_t merges = 0;
  uint64_t expiring = 0;
  Timestamp min_ts = kMaxTimestamp;
  Timestamp max_ts = 0;
};

class Verifier {
 public:
  Verifier(const TableCore& core, const TableMeta& meta, const std::function<bool(const Table::BadBlock&)>& visit,
           uint64_t* blocks)
      : core_(core), meta_(meta), visit_(visit), blocks_(blocks) {}

  Status Run() {
    for (uint32_t i = 0; i < meta_.index.size() && !stopped_; ++i) SOCHDB_TRY(CheckData(i));
    SOCHDB_TRY(CheckFilter());
    SOCHDB_TRY(CheckMeta(meta_.index_handle()));
    SOCHDB_TRY(CheckMeta(meta_.properties_handle()));
    SOCHDB_TRY(CheckFooter());
    const TableProperties& p = core_.properties;
    if (!any_bad_ &&
        (totals_.entries != p.entries || totals_.keys != p.keys || totals_.deletes != p.deletes || totals_.merges != p.merges ||
         totals_.expiring != p.expiring || totals_.min_ts != p.min_ts || totals_.max_ts != p.max_ts)) {
      Report({.offset = meta_.properties_handle().offset, .fault = "its properties count other entries than it holds"});
    }
    return {};
  }

 private:
  void Report(const Table::BadBlock& bad) {
    any_bad_ = true;
    if (!stopped_) stopped_ = !visit_(bad);
  }
  // Reads a block and checks it on its own; null when it is bad.
  Status Load(BlockHandle handle, std::unique_ptr<char[]>* out, BlockTrailer* trailer) {
    std::unique_ptr<char[]> stored;
    out->reset();
    SOCHDB_TRY(core_.ReadStored(handle, &stored));
    ++*blocks_;
    Status status = CheckBlock(core_.name, handle, stored.get(), trailer);
    if (status.ok()) {
      *out = std::make_unique_for_overwrite<char[]>(trailer->raw_bytes);
      status = ExpandBlock(core_.name, handle, stored.get(), *trailer, out->get());
    }
    if (status.ok()) return {};
    out->reset();
    if (status.code() != Code::kCorruption) return status;
    Report({handle.offset, trailer->expected_crc, trailer->actual_crc,
            trailer->crc_ok() ? status.message() : std::string("a block's checksum is wrong")});
    return {};
  }
  Status CheckMeta(BlockHandle handle) {
    std::unique_ptr<char[]> bytes;
    BlockTrailer trailer;
    return stopped_ ? Status() : Load(handle, &bytes, &trailer);
  }
  Status CheckFilter() {
    if (stopped_ || meta_.footer.filter_bytes == 0) return {};
    std::unique_ptr<char[]> bytes;
    BlockTrailer trailer;
    SOCHDB_TRY(Load(meta_.filter_handle(), &bytes, &trailer));
    BloomFilter filter;
    if (bytes != nullptr && !BloomFilter::Parse({bytes.get(), trailer.raw_bytes}, &filter)) {
      Report({.offset = meta_.filter_handle().offset, .fault = "its filter is malformed"});
    }
    return {};
  }
  Status CheckData(uint32_t i) {
    const BlockHandle handle = meta_.index.block(i).handle();
    std::unique_ptr<char[]> bytes;
    BlockTrailer trailer;
    SOCHDB_TRY(Load(handle, &bytes, &trailer));
    if (bytes == nullptr) return {};
    std::string_view fault = CheckDataBlock({bytes.get(), trailer.raw_bytes});
    if (fault.empty()) fault = CheckContents(i, {bytes.get(), trailer.raw_bytes});
    if (!fault.empty()) Report({handle.offset, trailer.expected_crc, trailer.actual_crc, std::string(fault)});
    return {};
  }
  // Order of keys and versions, against the index and among each other.
  std::string_view CheckContents(uint32_t i, std::string_view bytes);
  Status CheckFooter() {
    if (stopped_) return {};
    char bytes[kTableFooterBytes];
    const uint64_t offset = meta_.footer.file_bytes - kTableFooterBytes;
    SOCHDB_TRY(core_.ReadFully(offset, kTableFooterBytes, bytes));
    ++*blocks_;
    TableFooter footer;
    const Status status = DecodeTableFooter(core_.name, {bytes, kTableFooterBytes}, meta_.footer.file_bytes, &footer);
    if (!status.ok()) Report({.offset = offset, .fault = status.message()});
    return {};
  }

  const TableCore& core_;
  const TableMeta& meta_;
  const std::function<bool(const Table::BadBlock&)>& visit_;
  uint64_t* const blocks_;
  Totals totals_;
  bool any_bad_ = false;
  bool stopped_ = false;
};

std::string_view Verifier::CheckContents(uint32_t i, std::string_view bytes) {
  const TableIndex::BlockInfo& info = meta_.index.block(i);
  const bool continued = i != 0 && meta_.index.block(i - 1).goes_on;
  std::string last_key(i == 0 ? std::string_view() : meta_.index.separator(i - 1));
  Timestamp last_ts = kMaxTimestamp;
  Timestamp min_ts = kMaxTimestamp;
  Timestamp max_ts = 0;
  bool first = true;
  BlockCursor cursor;
  cursor.Reset(DataBlock(bytes));
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
    const bool older = cursor.older();
    const int order = cursor.key().compare(last_key);
    if (first && older != continued) return "a block does not go on where the one before ended";
    const bool first_of_table = first && i == 0;
    if (!first_of_table && (older ? order != 0 : order <= 0)) return "keys of a block are out of order";
    if (!first && older && cursor.ts() >= last_ts) return "versions of a key are out of order";
    if (first_of_table && cursor.key() != core_.properties.smallest_key) return "the first key is not the one stated";
    const auto kind = static_cast<ValueKind>(cursor.entry().flags & kEntryKindMask);
    ++totals_.entries;
    totals_.keys += older ? 0 : 1;
    totals_.deletes += kind == ValueKind::kDelete ? 1 : 0;
    totals_.merges += kind == ValueKind::kMerge ? 1 : 0;
    if (cursor.entry().expiry_ms != kNeverExpires) ++totals_.expiring;
    last_key.assign(cursor.key());
    last_ts = cursor.ts();
    min_ts = std::min(min_ts, last_ts);
    max_ts = std::max(max_ts, last_ts);
    first = false;
  }
  const int end = meta_.index.separator(i).compare(last_key);
  if (info.goes_on ? end != 0 : end < 0) return "the last key of a block lies behind its separator";
  if (min_ts != info.min_ts || max_ts != info.max_ts) return "a block holds other timestamps than the index states";
  totals_.min_ts = std::min(totals_.min_ts, min_ts);
  totals_.max_ts = std::max(totals_.max_ts, max_ts);
  return {};
}

}  // namespace

Status VerifyTable(const TableCore& core, const TableMeta& meta, const std::function<bool(const Table::BadBlock&)>& visit,
                   uint64_t* blocks) {
  *blocks = 0;
  return Verifier(core, meta, visit, blocks).Run();
}

}  // namespace sochdb
