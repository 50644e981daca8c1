#include "wal/wal_segment.h"

#include <algorithm>

namespace sochdb {
namespace {
constexpr size_t kWindowBytes = 1024 * 1024;

bool AllZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}
}  // namespace

WalSegmentReader::WalSegmentReader(Env* env, std::string path, uint64_t number)
    : env_(env), path_(std::move(path)), number_(number) {}

Result<std::unique_ptr<WalSegmentReader>> WalSegmentReader::Open(Env* env, const std::string& path, uint64_t number) {
  std::unique_ptr<WalSegmentReader> reader(new WalSegmentReader(env, path, number));
  SOCHDB_ASSIGN(file, env->OpenFile(path, OpenMode::kReadOnly));
  SOCHDB_ASSIGN(size, file->Size());
  reader->file_bytes_ = std::min(size, kMaxWalSegmentBytes);
  char head[kWalSegmentHeaderBytes];
  size_t got = 0;
  SOCHDB_TRY(file->Read(0, sizeof(head), head, &got));
  Status& status = reader->header_status_;
  status = DecodeWalSegmentHeader({head, got}, &reader->header_);
  if (status.ok() && reader->header_.number != number) {
    reader->is_spare_ = reader->header_.number < number;
    status = Status(Code::kCorruption, "A log segment's header names another segment.",
                    {{"expected", std::to_string(number)}, {"actual", std::to_string(reader->header_.number)}});
  }
  (void)status.With("file", path).With("offset", "0");
  reader->identity_known_ = status.ok();
  return reader;
}

void WalSegmentReader::Forget() {
  file_.reset();
  window_ = {};
  window_offset_ = 0;
}

Status WalSegmentReader::Peek(uint64_t offset, size_t n, std::string_view* out) {
  const uint64_t end = std::min(offset + n, file_bytes_);
  if (offset >= end) {
    *out = {};
    return {};
  }
  if (offset < window_offset_ || end > window_offset_ + window_.size()) {
    if (file_ == nullptr) {
      SOCHDB_ASSIGN(file, env_->OpenFile(path_, OpenMode::kReadOnly));
      file_ = std::move(file);
    }
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(std::max(n, kWindowBytes), file_bytes_ - offset));
    window_.resize(wanted);
    size_t got = 0;
    const Status read = file_->Read(offset, wanted, window_.data(), &got);
    window_.resize(read.ok() ? got : 0);
    window_offset_ = offset;
    SOCHDB_TRY(read);
  }
  const auto at = static_cast<size_t>(offset - window_offset_);
  *out = std::string_view(window_).substr(at, static_cast<size_t>(end - offset));
  return {};
}

Status WalSegmentReader::ReadRecord(uint64_t offset, uint64_t end_offset, WalRecordRead* out) {
  *out = {};
  std::string_view bytes;
  SOCHDB_TRY(Peek(offset, kWalRecordHeaderBytes, &bytes));
  if (AllZero(bytes)) return {};
  const auto invalid = [out](std::string expected, std::string actual) {
    out->state = WalRecordState::kInvalid;
    out->expected = std::move(expected);
    out->actual = std::move(actual);
    return Status();
  };
  if (bytes.size() < kWalRecordHeaderBytes) return invalid("a record header", std::to_string(bytes.size()) + " bytes");
  const uint32_t length = PeekWalRecordLength(bytes.data());
  const uint64_t room = std::min(end_offset, file_bytes_) - std::min(offset + kWalRecordHeaderBytes, end_offset);
  if (length > kMaxWalRecordPayload || length > room || offset + kWalRecordHeaderBytes > end_offset) {
    return invalid("a length of at most " + std::to_string(std::min(room, kMaxWalRecordPayload)), std::to_string(length));
  }
  SOCHDB_TRY(Peek(offset, kWalRecordHeaderBytes + length, &bytes));
  if (bytes.size() < kWalRecordHeaderBytes + length) return invalid("the whole record", "a file that shrinks");
  if (!DecodeWalRecord(bytes, &out->header, &out->check)) {
    return invalid("checksum " + std::to_string(out->check.stored_crc), std::to_string(out->check.computed_crc));
  }
  if (out->header.lsn != LsnAt(offset)) {
    return invalid("LSN " + std::to_string(LsnAt(offset)), std::to_string(out->header.lsn));
  }
  if (out->header.salt != header_.salt) {
    return invalid("salt " + std::to_string(header_.salt), std::to_string(out->header.salt));
  }
  out->state = WalRecordState::kValid;
  out->payload = bytes.substr(kWalRecordHeaderBytes);
  return {};
}

Status WalSegmentReader::TryRecord(uint64_t offset, bool* valid, WalRecordHeader* header) {
  *valid = false;
  std::string_view bytes;
  SOCHDB_TRY(Peek(offset, kWalRecordHeaderBytes, &bytes));
  if (bytes.size() < kWalRecordHeaderBytes || !LooksLikeWalRecord(bytes.data())) return {};
  const uint32_t length = PeekWalRecordLength(bytes.data());
  if (length > kMaxWalRecordPayload || length > file_bytes_ - offset - kWalRecordHeaderBytes) return {};
  SOCHDB_TRY(Peek(offset, kWalRecordHeaderBytes + length, &bytes));
  WalRecordCheck check;
  *valid = bytes.size() == kWalRecordHeaderBytes + length && DecodeWalRecord(bytes, header, &check);
  return {};
}

// Synced groups begin at sectors, so a record that proves something is found by looking at those alone. A file may hold records
// of earlier lives behind the end of this one; their LSNs are lower.
Status WalSegmentReader::AdoptIdentity(uint64_t offset, uint64_t* found) {
  offset = (offset + kWalSectorBytes - 1) / kWalSectorBytes * kWalSectorBytes;
  Lsn youngest = is_spare_ ? header_.start_lsn + 1 : 0;
  *found = file_bytes_;
  for (; offset + kWalRecordHeaderBytes <= file_bytes_; offset += kWalSectorBytes) {
    bool valid = false;
    WalRecordHeader record;
    SOCHDB_TRY(TryRecord(offset, &valid, &record));
    if (!valid || record.lsn < offset || record.lsn - offset < youngest) continue;
    header_.salt = record.salt;
    header_.start_lsn = record.lsn - offset;
    youngest = header_.start_lsn + 1;
    identity_known_ = true;
    *found = offset;
  }
  return {};
}

Status WalSegmentReader::FindClaim(uint64_t offset, uint64_t* found) {
  *found = file_bytes_;
  while (offset + kWalRecordHeaderBytes <= file_bytes_) {
    std::string_view bytes;
    SOCHDB_TRY(Peek(offset, std::min<uint64_t>(kWindowBytes, file_bytes_ - offset), &bytes));
    if (bytes.size() < kWalRecordHeaderBytes) break;
    const size_t last = bytes.size() - kWalRecordHeaderBytes;
    size_t i = 0;
    while (i <= last &&
           (PeekWalRecordSalt(bytes.data() + i) != header_.salt || PeekWalRecordLsn(bytes.data() + i) != LsnAt(offset + i))) {
      ++i;
    }
    offset += i;
    if (i > last) continue;
    *found = offset;
    break;
  }
  return {};
}

// Salt and LSN are twelve bytes that hardly ever stand somewhere by chance, so checksums are computed only where they do.
Status WalSegmentReader::FindRecord(uint64_t offset, uint64_t* found, WalRecordHeader* header) {
  if (!identity_known_) SOCHDB_TRY(AdoptIdentity(std::max<uint64_t>(offset, kWalSegmentHeaderBytes), &offset));
  for (;; ++offset) {
    SOCHDB_TRY(FindClaim(offset, &offset));
    *found = offset;
    if (offset == file_bytes_) return {};
    bool valid = false;
    SOCHDB_TRY(TryRecord(offset, &valid, header));
    if (valid) return {};
  }
}

Status WalSegmentReader::EndOfClaims(uint64_t offset, uint64_t* end) {
  if (!identity_known_) SOCHDB_TRY(AdoptIdentity(kWalSegmentHeaderBytes, end));
  *end = offset;
  if (!identity_known_) return {};
  for (;; ++offset) {
    SOCHDB_TRY(FindClaim(offset, &offset));
    if (offset == file_bytes_) return {};
    std::string_view bytes;
    SOCHDB_TRY(Peek(offset, kWalRecordHeaderBytes, &bytes));
    *end = std::min(file_bytes_, offset + kWalRecordHeaderBytes + PeekWalRecordLength(bytes.data()));
  }
}

Status WalSegmentReader::EndOfContent(uint64_t offset, uint64_t* end) {
  if (is_spare_ || (header_status_.ok() && header_.stale_bytes != 0)) return EndOfClaims(offset, end);
  *end = offset;
  while (offset < file_bytes_) {
    std::string_view bytes;
    SOCHDB_TRY(Peek(offset, std::min<uint64_t>(kWindowBytes, file_bytes_ - offset), &bytes));
    if (bytes.empty()) break;
    const size_t last = bytes.find_last_not_of('\0');
    if (last != std::string_view::npos) *end = offset + last + 1;
    offset += bytes.size();
  }
  return {};
}

}  // namespace sochdb
