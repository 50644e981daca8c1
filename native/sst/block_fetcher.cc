#include "sst/block_fetcher.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/cached_only.h"
#include "sst/data_block.h"

namespace sochdb {

Status BlockFetcher::Fetch(uint32_t i, std::string_view* bytes) {
  Note(i);
  return cached_ ? FetchCached(i, bytes) : FetchPrivate(i, bytes);
}

void BlockFetcher::Note(uint32_t i) {
  // Blocks may be passed over, so a walk need not meet each.
  const bool near = last_ != UINT32_MAX && (i > last_ ? i - last_ : last_ - i) <= 4;
  if (near && i != last_) backward_ = i < last_;
  if (!near && last_ != UINT32_MAX) {
    misses_in_row_ = 0;
    chunk_bytes_ = kMinChunkBytes;
    backward_ = false;
  }
  last_ = i;
}

Status BlockFetcher::FetchCached(uint32_t i, std::string_view* bytes) {
  const BlockHandle handle = core_->meta().index.block(i).handle();
  held_ = core_->cache->Find(core_->cache_id, handle.offset, !CachedOnly::OnThisThread());
  if (held_) {
    misses_in_row_ = 0;
  } else if (misses_in_row_++ < kMissesBeforeReadAhead) {
    std::unique_ptr<char[]> stored;
    SOCHDB_TRY(core_->ReadStored(handle, &stored));
    SOCHDB_TRY(core_->MakeDataBlock(handle, std::move(stored), &held_));
    core_->cache->Insert(core_->cache_id, handle.offset, held_);
  } else {
    const char* ahead = nullptr;
    SOCHDB_TRY(Chunk(i, &ahead));
    auto stored = std::make_unique_for_overwrite<char[]>(static_cast<size_t>(handle.stored));
    std::memcpy(stored.get(), ahead, static_cast<size_t>(handle.stored));
    SOCHDB_TRY(core_->MakeDataBlock(handle, std::move(stored), &held_));
    core_->cache->Insert(core_->cache_id, handle.offset, held_);
  }
  *bytes = held_.data();
  return {};
}

Status BlockFetcher::FetchPrivate(uint32_t i, std::string_view* bytes) {
  const BlockHandle handle = core_->meta().index.block(i).handle();
  const char* stored = nullptr;
  SOCHDB_TRY(Chunk(i, &stored));
  BlockTrailer trailer;
  SOCHDB_TRY(CheckBlock(core_->name, handle, stored, &trailer));
  if (trailer.type == CompressionType::kNone) {
    *bytes = {stored, trailer.raw_bytes};
  } else {
    if (trailer.raw_bytes > raw_capacity_) {
      raw_ = std::make_unique_for_overwrite<char[]>(trailer.raw_bytes);
      raw_capacity_ = trailer.raw_bytes;
    }
    SOCHDB_TRY(ExpandBlock(core_->name, handle, stored, trailer, raw_.get()));
    *bytes = {raw_.get(), trailer.raw_bytes};
  }
  const std::string_view fault = CheckDataBlock(*bytes);
  if (!fault.empty()) return TableCorruption(core_->name, handle.offset, fault, "a sound block", "a malformed one");
  return {};
}

Status BlockFetcher::Chunk(uint32_t i, const char** stored) {
  const TableIndex::BlockInfo& block = core_->meta().index.block(i);
  if (block.offset < chunk_begin_ || block.end() > chunk_end_) {
    const uint64_t length = std::max<uint64_t>(block.stored, chunk_bytes_);
    const uint64_t begin = backward_ ? block.end() - std::min(block.end(), length) : block.offset;
    const uint64_t end = backward_ ? block.end() : std::min(block.offset + length, core_->meta().footer.data_end);
    const auto bytes = static_cast<size_t>(end - begin);
    if (bytes > chunk_capacity_) {
      chunk_ = std::make_unique_for_overwrite<char[]>(bytes);
      chunk_capacity_ = bytes;
    }
    chunk_begin_ = chunk_end_ = 0;  // nothing, should the read fail
    SOCHDB_TRY(core_->ReadFully(begin, bytes, chunk_.get()));
    chunk_begin_ = begin;
    chunk_end_ = end;
    chunk_bytes_ = std::min(chunk_bytes_ * 2, kMaxChunkBytes);
  }
  *stored = chunk_.get() + (block.offset - chunk_begin_);
  return {};
}

}  // namespace sochdb
