#include "sst/table_builder.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "mem/key_head.h"
#include "sst/block_builder.h"
#include "sst/block_helper.h"
#include "sst/bloom_filter.h"
#include "sst/sst_format.h"
#include "sst/table.h"
#include "sst/table_index.h"
#include "wal/blob_store.h"

namespace sochdb {

namespace {
constexpr size_t kWriteBytes = 256 * 1024;  // collected before they are written
constexpr uint32_t kMinBlockBytes = 64;
constexpr uint32_t kMaxTargetBlockBytes = 16 * 1024 * 1024;
constexpr uint64_t kHelpFromBytes = 1024 * 1024;  // a smaller table is written before a thread has begun
}  // namespace

struct TableBuilder::Impl {
  Impl(std::unique_ptr<File> new_file, std::string new_path, uint64_t file_number, const TableOptions& table_options,
       Env* env_of_helper)
      : file(std::move(new_file)),
        path(std::move(new_path)),
        number(file_number),
        helper_env(env_of_helper),
        options(table_options),
        block(table_options.restart_interval) {
    options.block_bytes = std::clamp(options.block_bytes, kMinBlockBytes, kMaxTargetBlockBytes);
    properties.block_bytes = options.block_bytes;
    properties.compression = options.compression;
  }

  Status Add(std::string_view key, const VersionView& version);
  Status CheckEntry(std::string_view key, const VersionView& version, bool older) const;
  void Count(std::string_view key, const VersionView& version, bool older);
  // Ends the current block, whose successor begins with next_key; null: it is the last.
  Status EndBlock(const std::string_view* next_key);
  void CallHelper();
  Status WriteBlock(const FilledBlock& filled);
  Status Append(std::string_view payload, CompressionType compression, uint64_t* stored);
  Status AppendStored(const StoredBlock& compressed, uint64_t* stored);
  Status WriteOut();
  Status Finish(TableProperties* out);
  Status WriteTail(TableFooter* footer);

  [[nodiscard]] uint64_t offset() const { return written + pending.size(); }

  const std::unique_ptr<File> file;
  const std::string path;
  const uint64_t number;
  Env* helper_env;  // null: nobody helps
  TableOptions options;

  BlockBuilder block;
  TableProperties properties;
  std::vector<uint64_t> hashes;  // of distinct keys
  std::string last_key;
  Timestamp last_ts = 0;
  Timestamp block_min_ts = kMaxTimestamp;
  Timestamp block_max_ts = 0;

  // The helper's, while there is one.
  TableIndexBuilder index;
  uint64_t written = 0;
  std::string pending;  // stands at `written`
  std::string scratch;

  std::atomic<uint64_t> blocks_bytes = 0;  // of the blocks so far; of those that are not written yet, uncompressed
  std::string own_scratch;                 // for what the helper cannot keep up with
  Status failed;                           // the first failure: kept for every later call
  bool finished = false;
  std::unique_ptr<BlockHelper> helper;  // its thread uses what stands above
};

Status TableBuilder::Impl::CheckEntry(std::string_view key, const VersionView& version, bool older) const {
  if (finished) return {Code::kInternal, "An entry was added to a table that is finished."};
  if (key.size() > kMaxTableKeyBytes || version.value.size() > kMaxTableValueBytes) {
    return {Code::kLimit,
            "A key of " + std::to_string(key.size()) + " bytes with a value of " + std::to_string(version.value.size()) +
                " bytes does not fit into a table.",
            {{"limit", std::to_string(kMaxTableKeyBytes) + ", " + std::to_string(kMaxTableValueBytes)}}};
  }
  if (properties.entries == 0 || (older ? version.ts < last_ts : key > last_key)) return {};
  return {Code::kInternal, "An entry was added to table " + path + " out of order.", {{"file", path}}};
}

void TableBuilder::Impl::Count(std::string_view key, const VersionView& version, bool older) {
  TableProperties& p = properties;
  if (p.entries == 0) p.min_ts = kMaxTimestamp;
  ++p.entries;
  p.raw_bytes += key.size() + version.value.size();
  p.min_ts = std::min(p.min_ts, version.ts);
  p.max_ts = std::max(p.max_ts, version.ts);
  block_min_ts = std::min(block_min_ts, version.ts);
  block_max_ts = std::max(block_max_ts, version.ts);
  if (version.kind == ValueKind::kDelete) ++p.deletes;
  if (version.kind == ValueKind::kMerge) ++p.merges;
  if (version.expiry_ms != kNeverExpires) {
    p.min_expiry_ms = p.expiring == 0 ? version.expiry_ms : std::min(p.min_expiry_ms, version.expiry_ms);
    p.max_expiry_ms = std::max(p.max_expiry_ms, version.expiry_ms);
    ++p.expiring;
  }
  if (older) return;
  if (++p.keys == 1) p.smallest_key = key;
  if (options.bloom_bits_per_key != 0) hashes.push_back(Table::FilterHash(key));
}

Status TableBuilder::Impl::Add(std::string_view key, const VersionView& version) {
  const size_t shared = CommonPrefix(last_key, key);
  const bool older = properties.entries != 0 && shared == key.size() && shared == last_key.size();
  SOCHDB_TRY(CheckEntry(key, version, older));
  if (version.kind == ValueKind::kBlob) {
    BlobRef blob;
    if (!BlobRef::Decode(version.value, &blob)) return {Code::kInternal, "A blob's reference is malformed."};
    if (properties.blobs.empty() || properties.blobs.back() != blob.file_number) properties.blobs.push_back(blob.file_number);
  }
  if (!block.empty() &&
      block.bytes() + BlockBuilder::EntryBytes(key.size() - shared, version.value.size()) > options.block_bytes) {
    SOCHDB_TRY(EndBlock(&key));
  }
  block.Add(key, shared, older, version);
  Count(key, version, older);
  if (!older) last_key.replace(shared, std::string::npos, key.substr(shared));
  last_ts = version.ts;
  return {};
}

Status TableBuilder::Impl::EndBlock(const std::string_view* next_key) {
  FilledBlock filled;
  filled.payload = block.Finish();
  filled.min_ts = block_min_ts;
  filled.max_ts = block_max_ts;
  filled.last_key = last_key;
  filled.last = next_key == nullptr;
  if (next_key != nullptr) filled.next_key = *next_key;
  block_min_ts = kMaxTimestamp;
  block_max_ts = 0;
  blocks_bytes.fetch_add(filled.payload.size(), std::memory_order_relaxed);
  CallHelper();
  if (helper == nullptr) return WriteBlock(filled);
  if (helper->Behind()) {
    filled.compressed = true;
    SOCHDB_TRY(CompressBlock(filled.payload, options.compression, options.compression_level, &own_scratch, &filled.stored));
  }
  return helper->Put(filled);
}

void TableBuilder::Impl::CallHelper() {
  if (helper != nullptr || helper_env == nullptr) return;
  if (properties.raw_bytes < kHelpFromBytes && !helper_env->Buggify("sst.help-early")) return;
  helper = BlockHelper::Start(helper_env, [this](const FilledBlock& filled) { return WriteBlock(filled); });
  if (helper == nullptr) helper_env = nullptr;
}

// On the helper's thread, if there is one.
Status TableBuilder::Impl::WriteBlock(const FilledBlock& filled) {
  TableIndexBuilder::BlockRange range{0, filled.min_ts, filled.max_ts};
  if (filled.compressed) SOCHDB_TRY(AppendStored(filled.stored, &range.stored));
  else SOCHDB_TRY(Append(filled.payload, options.compression, &range.stored));
  const uint64_t raw_bytes = filled.compressed ? filled.stored.raw_bytes : filled.payload.size();
  blocks_bytes.fetch_sub(raw_bytes - range.stored, std::memory_order_relaxed);  // or adds what a trailer adds
  if (filled.last) index.AddLast(range, filled.last_key);
  else index.Add(range, filled.last_key, filled.next_key);
  return {};
}

Status TableBuilder::Impl::Append(std::string_view payload, CompressionType compression, uint64_t* stored) {
  StoredBlock compressed;
  SOCHDB_TRY(CompressBlock(payload, compression, options.compression_level, &scratch, &compressed));
  return AppendStored(compressed, stored);
}

Status TableBuilder::Impl::AppendStored(const StoredBlock& compressed, uint64_t* stored) {
  const size_t before = pending.size();
  AppendBlock(number, offset(), compressed, &pending);
  *stored = pending.size() - before;
  return pending.size() >= kWriteBytes ? WriteOut() : Status();
}

Status TableBuilder::Impl::WriteOut() {
  SOCHDB_TRY(file->Write(written, pending));
  written += pending.size();
  pending.clear();
  return {};
}

Status TableBuilder::Impl::WriteTail(TableFooter* footer) {
  std::string bytes;
  uint64_t stored = 0;
  BuildBloomFilter(hashes, options.bloom_bits_per_key, &bytes);
  if (!bytes.empty()) {
    SOCHDB_TRY(Append(bytes, CompressionType::kNone, &stored));
    footer->filter_bytes = static_cast<uint32_t>(stored);
  }
  bytes.clear();
  index.EncodeTo(properties.max_ts, &bytes);
  SOCHDB_TRY(Append(bytes, options.compression, &stored));
  footer->index_bytes = static_cast<uint32_t>(stored);
  // The size of the properties does not depend on their numbers.
  bytes.clear();
  properties.EncodeTo(&bytes);
  properties.file_bytes = offset() + bytes.size() + kBlockTrailerBytes + kTableFooterBytes;
  bytes.clear();
  properties.EncodeTo(&bytes);
  SOCHDB_TRY(Append(bytes, CompressionType::kNone, &stored));
  footer->properties_bytes = static_cast<uint32_t>(stored);
  return {};
}

Status TableBuilder::Impl::Finish(TableProperties* out) {
  if (finished || properties.entries == 0)
    return {Code::kInternal, "A table without entries, or one that is finished, was ended."};
  finished = true;
  SOCHDB_TRY(EndBlock(nullptr));
  if (helper != nullptr) SOCHDB_TRY(helper->End());
  properties.largest_key = last_key;
  properties.blocks = index.blocks();
  properties.data_bytes = offset();
  std::sort(properties.blobs.begin(), properties.blobs.end());
  properties.blobs.erase(std::unique(properties.blobs.begin(), properties.blobs.end()), properties.blobs.end());
  if (properties.blocks > UINT32_MAX)
    return {Code::kLimit, "A table has too many blocks.", {{"limit", std::to_string(UINT32_MAX)}}};

  TableFooter footer{.file_number = number, .data_end = offset(), .blocks = static_cast<uint32_t>(properties.blocks)};
  SOCHDB_TRY(WriteTail(&footer));
  footer.file_bytes = properties.file_bytes;
  footer.entries = properties.entries;
  SOCHDB_CHECK(offset() + kTableFooterBytes == footer.file_bytes);
  footer.EncodeTo(&pending);
  SOCHDB_TRY(WriteOut());
  SOCHDB_TRY(file->Sync());
  *out = properties;
  return {};
}

TableBuilder::TableBuilder(std::unique_ptr<File> file, std::string path, uint64_t file_number, const TableOptions& options,
                           Env* helper_env)
    : impl_(std::make_unique<Impl>(std::move(file), std::move(path), file_number, options, helper_env)) {}

TableBuilder::~TableBuilder() = default;

Status TableBuilder::Add(std::string_view key, const VersionView& version) {
  if (!impl_->failed.ok()) return impl_->failed;
  Status status = impl_->Add(key, version);
  if (!status.ok()) impl_->failed = status;
  return status;
}

Status TableBuilder::Finish(TableProperties* out) {
  if (!impl_->failed.ok()) return impl_->failed;
  Status status = impl_->Finish(out);
  if (!status.ok()) impl_->failed = status;
  return status;
}

uint64_t TableBuilder::file_bytes() const { return impl_->blocks_bytes.load(std::memory_order_relaxed) + impl_->block.bytes(); }
uint64_t TableBuilder::entries() const { return impl_->properties.entries; }

}  // namespace sochdb
