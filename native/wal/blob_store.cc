#include "wal/blob_store.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/cached_only.h"
#include "base/crc32c.h"
#include "env/path.h"

namespace sochdb {
namespace {

constexpr std::string_view kExtension = "blob";
constexpr std::string_view kBlobMagic("SochBlb\x01", 8);
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 40;

void EncodeHeader(const BlobRef& ref, char* to) {
  std::memset(to, 0, kHeaderBytes);
  std::memcpy(to, kBlobMagic.data(), kBlobMagic.size());
  EncodeFixed32(to + 12, kVersion);
  EncodeFixed64(to + 16, ref.file_number);
  EncodeFixed64(to + 24, ref.size);
  EncodeFixed32(to + 32, ref.crc);
  EncodeFixed32(to + 8, MaskCrc(Crc32c({to + 12, kHeaderBytes - 12})));
}

Status Damaged(const std::string& path, uint64_t offset, std::string what, std::string expected, std::string actual) {
  return {
      Code::kCorruption,
      "The blob file " + path + " is damaged: " + what + ".",
      {{"file", path}, {"offset", std::to_string(offset)}, {"expected", std::move(expected)}, {"actual", std::move(actual)}}};
}

}  // namespace

void BlobRef::EncodeTo(std::string* out) const {
  PutFixed64(out, file_number);
  PutFixed64(out, size);
  PutFixed32(out, crc);
}

bool BlobRef::Decode(std::string_view bytes, BlobRef* out) {
  ByteReader reader(bytes);
  return reader.ReadFixed64(&out->file_number) && reader.ReadFixed64(&out->size) && reader.ReadFixed32(&out->crc) &&
         reader.empty() && out->size <= kMaxValueBytes;
}

Result<std::unique_ptr<BlobStore>> BlobStore::Open(Env* env, const std::string& dir) {
  if (!env->FileExists(dir)) {
    SOCHDB_TRY(env->CreateDir(dir));
    SOCHDB_TRY(env->SyncDir(ParentPath(dir)));
  }
  SOCHDB_ASSIGN(names, env->ListDir(dir));
  uint64_t highest = 0;
  for (const std::string& name : names) highest = std::max(highest, ParseNumberedFileName(name, kExtension).value_or(0));
  return std::unique_ptr<BlobStore>(new BlobStore(env, dir, highest + 1));
}

std::string BlobStore::PathOf(uint64_t number) const { return JoinPath(dir_, NumberedFileName(number, kExtension)); }

Status BlobStore::WriteFile(const std::string& path, const BlobRef& ref, std::string_view value) {
  SOCHDB_ASSIGN(file, env_->OpenFile(path, OpenMode::kCreateExclusive));
  SOCHDB_TRY(file->Allocate(0, kHeaderBytes + value.size()));
  char header[kHeaderBytes];
  EncodeHeader(ref, header);
  SOCHDB_TRY(file->Write(0, {header, kHeaderBytes}));
  SOCHDB_TRY(file->Write(kHeaderBytes, value));
  SOCHDB_TRY(file->Sync());
  return env_->SyncDir(dir_);
}

Result<BlobRef> BlobStore::Write(std::string_view value) {
  if (value.size() > kMaxValueBytes) {
    return Status(Code::kLimit, "A value of " + std::to_string(value.size()) + " bytes is too large to store.",
                  {{"limit", std::to_string(kMaxValueBytes)}});
  }
  BlobRef ref;
  ref.file_number = next_number_.fetch_add(1, std::memory_order_relaxed);
  ref.size = value.size();
  ref.crc = Crc32c(value);
  const std::string path = PathOf(ref.file_number);
  Status written = WriteFile(path, ref, value);
  if (!written.ok()) {
    (void)env_->DeleteFile(path);
    return written;
  }
  return ref;
}

Status BlobStore::Read(const BlobRef& ref, std::string* value) const {
  SOCHDB_TRY(CachedOnly::MayRead());
  const std::string path = PathOf(ref.file_number);
  auto opened = env_->OpenFile(path, OpenMode::kReadOnly);
  if (opened.status().code() == Code::kNotFound) return Damaged(path, 0, "it is missing", "a file", "none");
  if (!opened.ok()) return opened.status();
  const File& file = **opened;
  char expected[kHeaderBytes];
  char header[kHeaderBytes];
  EncodeHeader(ref, expected);
  size_t got = 0;
  SOCHDB_TRY(file.Read(0, kHeaderBytes, header, &got));
  if (got != kHeaderBytes || std::memcmp(header, expected, kHeaderBytes) != 0) {
    return Damaged(path, 0, "its header is not the one its reference names", "size " + std::to_string(ref.size), "another");
  }
  SOCHDB_ASSIGN(size, file.Size());
  if (size != kHeaderBytes + ref.size) {
    return Damaged(path, kHeaderBytes, "it has the wrong size", std::to_string(kHeaderBytes + ref.size), std::to_string(size));
  }
  value->resize(ref.size);
  SOCHDB_TRY(file.Read(kHeaderBytes, ref.size, value->data(), &got));
  const uint32_t crc = Crc32c(std::string_view(*value).substr(0, got));
  if (got != ref.size || crc != ref.crc) {
    value->clear();
    return Damaged(path, kHeaderBytes, "wrong checksum", std::to_string(ref.crc), std::to_string(crc));
  }
  return {};
}

Status BlobStore::Check(uint64_t file_number, uint64_t* bytes) const {
  constexpr size_t kChunkBytes = 256 * 1024;
  const std::string path = PathOf(file_number);
  auto opened = env_->OpenFile(path, OpenMode::kReadOnly);
  if (opened.status().code() == Code::kNotFound) return Damaged(path, 0, "it is missing", "a file", "none");
  if (!opened.ok()) return opened.status();
  const File& file = **opened;
  SOCHDB_ASSIGN(size, file.Size());
  *bytes = size;
  char header[kHeaderBytes] = {};
  size_t got = 0;
  SOCHDB_TRY(file.Read(0, kHeaderBytes, header, &got));
  const BlobRef ref{file_number, DecodeFixed64(header + 24), DecodeFixed32(header + 32)};
  char expected[kHeaderBytes];
  EncodeHeader(ref, expected);
  if (got != kHeaderBytes || std::memcmp(header, expected, kHeaderBytes) != 0) {
    return Damaged(path, 0, "its header is not sound", "the header of blob " + std::to_string(file_number), "another");
  }
  if (size != kHeaderBytes + ref.size) {
    return Damaged(path, kHeaderBytes, "it has the wrong size", std::to_string(kHeaderBytes + ref.size), std::to_string(size));
  }
  std::string chunk(kChunkBytes, '\0');
  uint32_t crc = 0;
  for (uint64_t at = kHeaderBytes; at < size; at += got) {
    SOCHDB_TRY(file.Read(at, kChunkBytes, chunk.data(), &got));
    if (got == 0) break;
    crc = Crc32cExtend(crc, {chunk.data(), got});
  }
  if (crc == ref.crc) return {};
  return Damaged(path, kHeaderBytes, "wrong checksum", std::to_string(ref.crc), std::to_string(crc));
}

Result<std::vector<uint64_t>> BlobStore::List() const {
  SOCHDB_ASSIGN(names, env_->ListDir(dir_));
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = ParseNumberedFileName(name, kExtension)) numbers.push_back(*number);
  }
  return numbers;
}

void BlobStore::Usage(uint64_t* files, uint64_t* bytes) const {
  *files = 0;
  *bytes = 0;
  const Result<std::vector<uint64_t>> numbers = List();
  if (!numbers.ok()) return;
  for (const uint64_t number : numbers.value()) {
    Result<std::unique_ptr<File>> file = env_->OpenFile(PathOf(number), OpenMode::kReadOnly);
    if (!file.ok()) continue;  // deleted meanwhile
    const Result<uint64_t> size = (*file)->Size();
    if (!size.ok()) continue;
    ++*files;
    *bytes += size.value();
  }
}

Status BlobStore::Delete(uint64_t file_number) { return env_->DeleteFile(PathOf(file_number)); }

Status BlobStore::DeleteUnreferenced(const std::unordered_set<uint64_t>& live, uint64_t* deleted) {
  *deleted = 0;
  SOCHDB_ASSIGN(names, env_->ListDir(dir_));
  for (const std::string& name : names) {
    const auto number = ParseNumberedFileName(name, kExtension);
    if (!number || live.count(*number) != 0) continue;
    SOCHDB_TRY(env_->DeleteFile(JoinPath(dir_, name)));
    ++*deleted;
  }
  return *deleted == 0 ? Status() : env_->SyncDir(dir_);
}

}  // namespace sochdb
