#include "index/standalone/block_file.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace sochdb {
namespace {

constexpr size_t kHeaderBytes = 16;
constexpr size_t kMagicBytes = 8;
constexpr size_t kChecksumBytes = 4;

uint32_t BlockChecksum(uint64_t number, std::string_view bytes) {
  char encoded[8];
  EncodeFixed64(encoded, number);
  return MaskCrc(Crc32cExtend(Crc32c({encoded, sizeof(encoded)}), bytes));
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

BlockWriter::~BlockWriter() {
  if (file_ == nullptr || finished_) return;
  file_.reset();
  (void)env_->DeleteFile(temporary_);
}

Status BlockWriter::Begin(std::string_view magic, uint32_t version) {
  SOCHDB_CHECK(magic.size() == kMagicBytes);
  SOCHDB_ASSIGN(file, env_->OpenFile(temporary_, OpenMode::kCreate));
  file_ = std::move(file);
  SOCHDB_TRY(file_->Truncate(0));  // what an earlier writer left
  std::string header(magic);
  PutFixed32(&header, version);
  PutFixed32(&header, MaskCrc(Crc32c(header)));
  offset_ = header.size();
  block_.reserve(kFileBlockBytes);
  return file_->Write(0, header);
}

Status BlockWriter::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t part = std::min(bytes.size(), kFileBlockBytes - block_.size());
    block_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (block_.size() == kFileBlockBytes) SOCHDB_TRY(WriteBlock());
  }
  return {};
}

Status BlockWriter::WriteWords(const void* words, size_t count) {
  const char* at = static_cast<const char*>(words);
  if constexpr (std::endian::native == std::endian::little) return Write({at, count * sizeof(uint32_t)});
  for (size_t i = 0; i < count; ++i) {
    uint32_t word = 0;
    std::memcpy(&word, at + i * sizeof(word), sizeof(word));
    char encoded[sizeof(word)];
    EncodeFixed32(encoded, word);
    SOCHDB_TRY(Write({encoded, sizeof(encoded)}));
  }
  return {};
}

Status BlockWriter::WriteBlock() {
  if (cancel_ != nullptr) SOCHDB_TRY(cancel_->Check());
  char checksum[kChecksumBytes];
  EncodeFixed32(checksum, BlockChecksum(number_++, block_));
  SOCHDB_TRY(file_->Write(offset_, {checksum, sizeof(checksum)}));
  SOCHDB_TRY(file_->Write(offset_ + kChecksumBytes, block_));
  offset_ += kChecksumBytes + block_.size();
  block_.clear();
  return {};
}

Status BlockWriter::Finish() {
  if (!block_.empty()) SOCHDB_TRY(WriteBlock());
  SOCHDB_TRY(file_->Sync());
  file_.reset();
  Status named = env_->RenameFile(temporary_, path_);
  if (!named.ok()) {
    (void)env_->DeleteFile(temporary_);
    return named;
  }
  finished_ = true;
  return env_->SyncDir(DirectoryOf(path_));
}

Status BlockReader::Damaged(const std::string& what) const {
  return {Code::kCorruption, path_ + ": " + what, {{"file", path_}, {"offset", std::to_string(offset_)}}};
}

Status BlockReader::Begin(std::string_view magic, uint32_t version) {
  SOCHDB_ASSIGN(file, env_->OpenFile(path_, OpenMode::kReadOnly));
  file_ = std::move(file);
  SOCHDB_ASSIGN(size, file_->Size());
  file_bytes_ = size;
  char header[kHeaderBytes];
  size_t got = 0;
  SOCHDB_TRY(file_->Read(0, kHeaderBytes, header, &got));
  const std::string_view begin(header, got);
  if (got < kHeaderBytes || begin.substr(0, kMagicBytes) != magic) {
    return Damaged("this is not a file that VectorIndex.save wrote. Files of hnswlib are read by VectorIndex.importHnswlib.");
  }
  if (MaskCrc(Crc32c(begin.substr(0, 12))) != DecodeFixed32(header + 12)) return Damaged("the header is damaged.");
  if (const uint32_t written = DecodeFixed32(header + kMagicBytes); written != version) {
    return {Code::kFormatVersion,
            path_ + " has version " + std::to_string(written) + " of the format; this version reads " +
                std::to_string(version) + ".",
            {{"file", path_}}};
  }
  offset_ = kHeaderBytes;
  const uint64_t bytes = size - kHeaderBytes;
  const uint64_t blocks = (bytes + kFileBlockBytes + kChecksumBytes - 1) / (kFileBlockBytes + kChecksumBytes);
  if (bytes < blocks * kChecksumBytes) return Damaged("the file is cut short.");
  stream_bytes_ = bytes - blocks * kChecksumBytes;
  return {};
}

Status BlockReader::ReadBlock() {
  if (cancel_ != nullptr) SOCHDB_TRY(cancel_->Check());
  if (offset_ + kChecksumBytes >= file_bytes_) return Damaged("the file ends before what it holds.");
  const uint64_t bytes = std::min<uint64_t>(kFileBlockBytes, file_bytes_ - offset_ - kChecksumBytes);
  char checksum[kChecksumBytes];
  size_t got = 0;
  SOCHDB_TRY(file_->Read(offset_, kChecksumBytes, checksum, &got));
  block_.resize(bytes);
  size_t read = 0;
  SOCHDB_TRY(file_->Read(offset_ + kChecksumBytes, bytes, block_.data(), &read));
  if (got != kChecksumBytes || read != bytes) return Damaged("the file became shorter while it was read.");
  if (BlockChecksum(number_, block_) != DecodeFixed32(checksum)) return Damaged("a block is damaged: its checksum is another.");
  ++number_;
  offset_ += kChecksumBytes + bytes;
  at_ = 0;
  return {};
}

Status BlockReader::Read(char* out, size_t count) {
  while (count > 0) {
    if (at_ == block_.size()) SOCHDB_TRY(ReadBlock());
    const size_t part = std::min(count, block_.size() - at_);
    std::memcpy(out, block_.data() + at_, part);
    at_ += part;
    out += part;
    count -= part;
  }
  return {};
}

Status BlockReader::ReadWords(void* words, size_t count) {
  SOCHDB_TRY(Read(static_cast<char*>(words), count * sizeof(uint32_t)));
  if constexpr (std::endian::native == std::endian::big) {
    for (size_t i = 0; i < count; ++i) {
      char* at = static_cast<char*>(words) + i * sizeof(uint32_t);
      const uint32_t word = DecodeFixed32(at);
      std::memcpy(at, &word, sizeof(word));
    }
  }
  return {};
}

}  // namespace sochdb
