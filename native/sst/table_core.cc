#include "sst/table_core.h"

#include <utility>

#include "base/cached_only.h"
#include "sst/data_block.h"

namespace sochdb {

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

Status TableCore::LoadDataBlock(uint32_t i, bool fill_cache, BlockRef* out) const {
  const BlockHandle handle = index.block(i).handle();
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
