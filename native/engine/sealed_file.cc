#include "engine/sealed_file.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "engine/store_dir.h"
#include "env/path.h"

namespace sochdb {
namespace {

constexpr uint64_t kSectionsAt = 64;
constexpr uint64_t kBufferBytes = 16 * kSealedChunk;
constexpr uint64_t kLeastFile = kSealedPage + 2 * sizeof(uint32_t);

uint64_t UpToPage(uint64_t offset) { return (offset + kSealedPage - 1) / kSealedPage * kSealedPage; }
uint64_t ChunksBefore(uint64_t offset) { return (offset + kSealedChunk - 1) / kSealedChunk; }

Status SealedDamage(const std::string& path, uint64_t offset, const std::string& what) {
  return Status(Code::kCorruption, "The file " + path + " is not as it was written: " + what +
                                       ". It holds derived data, which is made again without it; delete it.")
      .With("file", path)
      .With("offset", std::to_string(offset));
}

Status ChecksumFault(const std::string& path, uint64_t offset, uint32_t expected, uint32_t actual) {
  return SealedDamage(path, offset, "a checksum is wrong")
      .With("expected", std::to_string(expected))
      .With("actual", std::to_string(actual));
}

}  // namespace

// --- Writing

SealedFileWriter::SealedFileWriter(Env* env, std::string dir, std::string name, std::unique_ptr<File> file)
    : env_(env), dir_(std::move(dir)), path_(JoinPath(dir_, name)), file_(std::move(file)) {}

Result<std::unique_ptr<SealedFileWriter>> SealedFileWriter::Create(Env* env, const std::string& dir, const std::string& name,
                                                                   std::string_view magic, uint32_t version,
                                                                   const std::vector<uint64_t>& section_bytes) {
  SOCHDB_CHECK(magic.size() == kSealedMagicBytes && section_bytes.size() <= kMaxSealedSections);
  SOCHDB_TRY(MakeDirs(env, dir));
  const std::string temporary = JoinPath(dir, name) + ".tmp";
  if (env->FileExists(temporary)) SOCHDB_TRY(env->DeleteFile(temporary));  // of a crash
  SOCHDB_ASSIGN(file, env->OpenFile(temporary, OpenMode::kCreateExclusive));
  std::unique_ptr<SealedFileWriter> writer(new SealedFileWriter(env, dir, name, std::move(file)));
  uint64_t at = kSealedPage;
  for (const uint64_t bytes : section_bytes) {
    writer->sections_.push_back({at, bytes});
    at = UpToPage(at + bytes);
  }
  writer->checksums_at_ = at;
  std::string head(magic);
  PutFixed32(&head, version);
  PutFixed32(&head, static_cast<uint32_t>(section_bytes.size()));
  PutFixed64(&head, at);
  PutFixed64(&head, at + (ChunksBefore(at) + 1) * sizeof(uint32_t));
  head.resize(kSectionsAt, '\0');
  for (const SealedSection& section : writer->sections_) {
    PutFixed64(&head, section.offset);
    PutFixed64(&head, section.bytes);
  }
  head.resize(kSealedPage, '\0');
  writer->buffer_.reserve(kBufferBytes);
  SOCHDB_TRY(writer->Append(head));
  return writer;
}

SealedFileWriter::~SealedFileWriter() {
  if (committed_) return;
  file_.reset();
  (void)env_->DeleteFile(path_ + ".tmp");
}

Status SealedFileWriter::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t taken = std::min<size_t>(bytes.size(), kBufferBytes - buffer_.size());
    buffer_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (buffer_.size() == kBufferBytes) SOCHDB_TRY(FlushBuffer());
  }
  return {};
}

Status SealedFileWriter::FlushBuffer() {
  for (size_t at = 0; at < buffer_.size(); at += kSealedChunk) {
    PutFixed32(&checksums_, MaskCrc(Crc32c(std::string_view(buffer_).substr(at, kSealedChunk))));
  }
  SOCHDB_TRY(file_->Write(flushed_, buffer_));
  flushed_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status SealedFileWriter::Pad(uint64_t to) {
  const uint64_t at = flushed_ + buffer_.size();
  SOCHDB_CHECK(at <= to && to - at < kSealedPage);
  return Append(std::string(to - at, '\0'));
}

Status SealedFileWriter::EndSection() {
  const SealedSection& section = sections_[section_++];
  SOCHDB_CHECK(flushed_ + buffer_.size() == section.offset + section.bytes);
  return Pad(UpToPage(section.offset + section.bytes));
}

Status SealedFileWriter::Commit() {
  SOCHDB_CHECK(section_ == sections_.size() && flushed_ + buffer_.size() == checksums_at_);
  SOCHDB_TRY(FlushBuffer());
  PutFixed32(&checksums_, MaskCrc(Crc32c(checksums_)));
  SOCHDB_TRY(file_->Write(checksums_at_, checksums_));
  SOCHDB_TRY(file_->Sync());
  file_.reset();
  SOCHDB_TRY(env_->RenameFile(path_ + ".tmp", path_));
  committed_ = true;
  return env_->SyncDir(dir_);
}

// --- Reading

Status DecodeSealedHead(const std::string& path, std::string_view page, SealedHead* head) {
  if (page.size() < kSealedPage) return SealedDamage(path, 0, "it is cut");
  head->version = DecodeFixed32(page.data() + 8);
  const uint32_t count = DecodeFixed32(page.data() + 12);
  head->checksums_at = DecodeFixed64(page.data() + 16);
  head->file_bytes = DecodeFixed64(page.data() + 24);
  const uint64_t most = UINT64_MAX / 4;
  if (count > kMaxSealedSections || head->checksums_at > most || head->checksums_at % kSealedPage != 0 ||
      head->checksums_at < kSealedPage ||
      head->file_bytes != head->checksums_at + (ChunksBefore(head->checksums_at) + 1) * sizeof(uint32_t)) {
    return SealedDamage(path, 0, "its head makes no sense");
  }
  head->sections.clear();
  for (uint32_t i = 0; i < count; ++i) {
    const char* at = page.data() + kSectionsAt + i * 16;
    const SealedSection section{DecodeFixed64(at), DecodeFixed64(at + 8)};
    if (section.offset % kSealedPage != 0 || section.offset > head->checksums_at ||
        section.bytes > head->checksums_at - section.offset) {
      return SealedDamage(path, kSectionsAt, "its head makes no sense");
    }
    head->sections.push_back(section);
  }
  return {};
}

Status CheckSealedBytes(const std::string& path, std::string_view whole, SealedHead* head) {
  SOCHDB_TRY(DecodeSealedHead(path, whole.substr(0, kSealedPage), head));
  if (whole.size() != head->file_bytes) return SealedDamage(path, whole.size(), "it is cut");
  const std::string_view checksums = whole.substr(head->checksums_at, whole.size() - head->checksums_at - sizeof(uint32_t));
  const uint32_t of_checksums = DecodeFixed32(whole.data() + whole.size() - sizeof(uint32_t));
  if (const uint32_t actual = MaskCrc(Crc32c(checksums)); actual != of_checksums) {
    return ChecksumFault(path, head->checksums_at, of_checksums, actual);
  }
  const std::string_view covered = whole.substr(0, head->checksums_at);
  for (uint64_t at = 0; at < covered.size(); at += kSealedChunk) {
    const uint32_t expected = DecodeFixed32(checksums.data() + at / kSealedChunk * sizeof(uint32_t));
    const uint32_t actual = MaskCrc(Crc32c(covered.substr(at, kSealedChunk)));
    if (actual != expected) return ChecksumFault(path, at, expected, actual);
  }
  return {};
}

Status VerifySealedFile(Env* env, const std::string& path, const CancelToken* cancel, uint64_t* bytes) {
  SOCHDB_ASSIGN(file, env->OpenFile(path, OpenMode::kReadOnly));
  SOCHDB_ASSIGN(size, file->Size());
  *bytes = size;
  if (size < kLeastFile) return SealedDamage(path, 0, "it is cut");
  std::string chunk(kSealedChunk, '\0');
  size_t got = 0;
  SOCHDB_TRY(file->Read(0, kSealedPage, chunk.data(), &got));
  SealedHead head;
  SOCHDB_TRY(DecodeSealedHead(path, {chunk.data(), got}, &head));
  if (size != head.file_bytes) return SealedDamage(path, size, "it is cut");
  std::string checksums(size - head.checksums_at, '\0');
  SOCHDB_TRY(file->Read(head.checksums_at, checksums.size(), checksums.data(), &got));
  if (got != checksums.size()) return SealedDamage(path, head.checksums_at, "it is cut");
  const uint32_t of_checksums = DecodeFixed32(checksums.data() + checksums.size() - sizeof(uint32_t));
  checksums.resize(checksums.size() - sizeof(uint32_t));
  if (const uint32_t actual = MaskCrc(Crc32c(checksums)); actual != of_checksums) {
    return ChecksumFault(path, head.checksums_at, of_checksums, actual);
  }
  for (uint64_t at = 0; at < head.checksums_at; at += kSealedChunk) {
    if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
    const auto wanted = static_cast<size_t>(std::min(kSealedChunk, head.checksums_at - at));
    SOCHDB_TRY(file->Read(at, wanted, chunk.data(), &got));
    const uint32_t expected = DecodeFixed32(checksums.data() + at / kSealedChunk * sizeof(uint32_t));
    const uint32_t actual = MaskCrc(Crc32c(std::string_view(chunk).substr(0, got)));
    if (got != wanted || actual != expected) return ChecksumFault(path, at, expected, actual);
  }
  return {};
}

}  // namespace sochdb
