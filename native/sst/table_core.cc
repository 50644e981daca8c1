#include "sst/table_core.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/cached_only.h"
#include "sst/data_block.h"

namespace sochdb {

namespace {

// What footer, index and properties say of the same thing must agree.
Status CheckProperties(const TableName& name, const TableMeta& meta, const TableProperties& p) {
  const TableFooter& footer = meta.footer;
  if (p.file_bytes == footer.file_bytes && p.data_bytes == footer.data_end && p.entries == footer.entries &&
      p.blocks == footer.blocks && p.keys <= p.entries && p.min_ts <= p.max_ts && p.smallest_key <= p.largest_key &&
      meta.index.separator(meta.index.size() - 1) == p.largest_key) {
    return {};
  }
  return TableCorruption(name, meta.properties_handle().offset, "its properties do not fit the rest of it",
                         "those of the footer and the index", "others");
}

bool SameProperties(const TableProperties& a, const TableProperties& b) {
  std::string of_a;
  std::string of_b;
  a.EncodeTo(&of_a);
  b.EncodeTo(&of_b);
  return of_a == of_b;
}

}  // namespace

Status TableCore::OpenFile(Env* env, uint64_t* file_bytes) {
  SOCHDB_ASSIGN(opened, env->OpenFile(name.path, OpenMode::kReadOnly));
  file = std::move(opened);
  SOCHDB_ASSIGN(size, file->Size());
  *file_bytes = size;
  return {};
}

Status TableCore::OpenAndLoad(Env* env) {
  uint64_t file_bytes = 0;
  SOCHDB_TRY(OpenFile(env, &file_bytes));
  SOCHDB_TRY(ReadMeta(file_bytes, true, &meta_, &properties));
  ready_.store(true, std::memory_order_release);
  return {};
}

Status TableCore::OpenKnown(Env* env, const TableProperties& known) {
  uint64_t file_bytes = 0;
  SOCHDB_TRY(OpenFile(env, &file_bytes));
  properties = known;
  if (file_bytes == known.file_bytes) return {};
  return TableCorruption(name, std::min(file_bytes, known.file_bytes), "it has another length than the manifest states",
                         std::to_string(known.file_bytes) + " bytes", std::to_string(file_bytes) + " bytes");
}

Status TableCore::Load() const {
  SOCHDB_TRY(CachedOnly::MayRead());  // nor may such a thread wait for one that reads
  MutexLock lock(&load_mutex_);
  if (ready()) return {};
  TableMeta meta;
  SOCHDB_TRY(ReadKnownMeta(true, &meta));
  meta_ = std::move(meta);
  ready_.store(true, std::memory_order_release);
  return {};
}

Status TableCore::ReadKnownMeta(bool with_filter, TableMeta* out) const {
  TableProperties found;
  SOCHDB_TRY(ReadMeta(properties.file_bytes, with_filter, out, &found));
  if (SameProperties(found, properties)) return {};
  return TableCorruption(name, out->properties_handle().offset, "it is not the one that the manifest names",
                         std::to_string(properties.entries) + " entries, and all else that the manifest states",
                         std::to_string(found.entries) + " entries");
}

Status TableCore::ReadMeta(uint64_t file_bytes, bool with_filter, TableMeta* meta, TableProperties* found) const {
  if (file_bytes < kTableFooterBytes) {
    return TableCorruption(name, 0, "it is too short for a table", "at least " + std::to_string(kTableFooterBytes) + " bytes",
                           std::to_string(file_bytes) + " bytes");
  }
  char footer[kTableFooterBytes];
  SOCHDB_TRY(ReadFully(file_bytes - kTableFooterBytes, kTableFooterBytes, footer));
  SOCHDB_TRY(DecodeTableFooter(name, {footer, kTableFooterBytes}, file_bytes, &meta->footer));

  std::unique_ptr<char[]> bytes;
  size_t size = 0;
  SOCHDB_TRY(ReadMetaBlock(meta->properties_handle(), &bytes, &size));
  std::string_view rest(bytes.get(), size);
  if (!TableProperties::Decode(&rest, found) || !rest.empty()) {
    return TableCorruption(name, meta->properties_handle().offset, "its properties are malformed", "properties", "others");
  }
  SOCHDB_TRY(ReadMetaBlock(meta->index_handle(), &bytes, &size));
  if (!TableIndex::Parse({bytes.get(), size}, meta->footer.blocks, meta->footer.data_end, &meta->index)) {
    return TableCorruption(name, meta->index_handle().offset, "its index is malformed", "an index", "other bytes");
  }
  SOCHDB_TRY(CheckProperties(name, *meta, *found));
  if (!with_filter || meta->footer.filter_bytes == 0) return {};
  SOCHDB_TRY(ReadMetaBlock(meta->filter_handle(), &bytes, &size));
  if (BloomFilter::Parse({bytes.get(), size}, &meta->filter)) return {};
  return TableCorruption(name, meta->filter_handle().offset, "its filter is malformed", "a filter", "other bytes");
}

Status TableCore::ReadFully(uint64_t offset, size_t n, char* out) const {
  SOCHDB_TRY(CachedOnly::MayRead());
  size_t got = 0;
  SOCHDB_TRY(file->Read(offset, n, out, &got));
  if (got == n) return {};
  return TableCorruption(name, offset, "the file ends too early", std::to_string(n) + " bytes", std::to_string(got) + " bytes");
}

Status TableCore::ReadStored(BlockHandle handle, std::unique_ptr<char[]>* out) const {
  *out = std::make_unique_for_overwrite<char[]>(static_cast<size_t>(handle.stored));
  return ReadFully(handle.offset, static_cast<size_t>(handle.stored), out->get());
}

Status TableCore::ReadMetaBlock(BlockHandle handle, std::unique_ptr<char[]>* out, size_t* size) const {
  std::unique_ptr<char[]> stored;
  SOCHDB_TRY(ReadStored(handle, &stored));
  BlockTrailer trailer;
  SOCHDB_TRY(CheckBlock(name, handle, stored.get(), &trailer));
  *size = trailer.raw_bytes;
  *out = std::make_unique_for_overwrite<char[]>(trailer.raw_bytes);
  return ExpandBlock(name, handle, stored.get(), trailer, out->get());
}

Status TableCore::MakeDataBlock(BlockHandle handle, std::unique_ptr<char[]> stored, BlockRef* out) const {
  BlockTrailer trailer;
  SOCHDB_TRY(CheckBlock(name, handle, stored.get(), &trailer));
  if (trailer.type != CompressionType::kNone) {
    auto raw = std::make_unique_for_overwrite<char[]>(trailer.raw_bytes);
    SOCHDB_TRY(ExpandBlock(name, handle, stored.get(), trailer, raw.get()));
    stored = std::move(raw);
  }
  const std::string_view fault = CheckDataBlock({stored.get(), trailer.raw_bytes});
  if (!fault.empty()) return TableCorruption(name, handle.offset, fault, "a sound block", "a malformed one");
  *out = BlockRef(Block::New(std::move(stored), trailer.raw_bytes));
  return {};
}

Status TableCore::LoadDataBlock(BlockHandle handle, bool fill_cache, BlockRef* out) const {
  if (cache != nullptr) {
    *out = cache->Find(cache_id, handle.offset, !CachedOnly::OnThisThread());
    if (*out) return {};
  }
  std::unique_ptr<char[]> stored;
  SOCHDB_TRY(ReadStored(handle, &stored));
  SOCHDB_TRY(MakeDataBlock(handle, std::move(stored), out));
  if (cache != nullptr && fill_cache) cache->Insert(cache_id, handle.offset, *out);
  return {};
}

}  // namespace sochdb
