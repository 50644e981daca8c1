#include "wal/wal_reader.h"

#include <algorithm>

#include "base/bytes.h"
#include "env/path.h"

namespace sochdb {
namespace {
constexpr size_t kMaxReportedErrors = 1000;
constexpr uint64_t kBytesBetweenLooks = 256 * 1024;

// What n compressed bytes can stand for at most: LZ4's lengths add 255 a byte, a ZSTD block of a few bytes stands for 128 KiB.
uint64_t MaxExpanded(CompressionType type, uint64_t n) {
  const uint64_t factor = type == CompressionType::kZstd ? 64 * 1024 : 256;
  return std::min(kMaxWalTransactionBytes, (n + 16) * factor);
}
}  // namespace

WalReader::WalReader(Env* env, std::string dir, Lsn first_lsn, Lsn synced_end_lsn)
    : env_(env),
      dir_(std::move(dir)),
      first_lsn_(first_lsn),
      position_(first_lsn),
      proven_lsn_(std::max(first_lsn, synced_end_lsn)) {}

std::string WalReader::PathOf(uint64_t number) const { return JoinPath(dir_, NumberedFileName(number, kWalExtension)); }

Result<WalContents> WalReader::Recover(const Visit& visit) {
  SOCHDB_TRY(LoadSegments());
  SOCHDB_TRY(Run(visit));
  return std::move(contents_);
}

Result<WalReport> WalReader::Verify() {
  return Salvage([](const WalEntry&) { return Status(); });
}

Result<WalReport> WalReader::Salvage(const Visit& visit) {
  verify_ = true;
  SOCHDB_TRY(LoadSegments());
  SOCHDB_TRY(Run(visit));
  return std::move(contents_.report);
}

// From the last to the first: a log that is being written while it is verified has then, in every segment, all that
// stands below the next one's start.
Status WalReader::LoadSegments() {
  SOCHDB_ASSIGN(names, env_->ListDir(dir_));
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const auto number = ParseNumberedFileName(*name, kWalExtension);
    if (!number) continue;
    SOCHDB_ASSIGN(segment, WalSegmentReader::Open(env_, PathOf(*number), *number));
    if (segment->header_status().code() == Code::kFormatVersion) return segment->header_status();
    total_bytes_ += segment->file_bytes();
    segments_.push_back(std::move(segment));
  }
  std::reverse(segments_.begin(), segments_.end());
  return {};
}

Status WalReader::Run(const Visit& visit) {
  bool end = false;
  for (size_t i = 0; i < segments_.size() && !end; ++i) {
    SOCHDB_TRY(EnterSegment(i, &end));
    if (!end && segments_[i]->header_status().ok()) SOCHDB_TRY(ReadSegment(i, visit, &end));
    segments_[i]->Forget();
    passed_bytes_ += segments_[i]->file_bytes();
  }
  if (segments_.empty()) {
    bool damaged = false;
    Break nothing{dir_, 0, {}, "a log up to LSN " + std::to_string(proven_lsn_), "none"};
    SOCHDB_TRY(Judge(segments_.size(), nothing, &damaged));
  }
  if (progress_) progress_(total_bytes_, total_bytes_);
  return Finish();
}

// Asked before each record of the current segment.
Status WalReader::Look(uint64_t offset) {
  const uint64_t at = passed_bytes_ + offset;
  if (at < next_look_) return {};
  next_look_ = at + kBytesBetweenLooks;
  if (progress_) progress_(std::min(at, total_bytes_), total_bytes_);
  return cancel_ == nullptr ? Status() : cancel_->Check();
}

bool WalReader::Follows(size_t index) const {
  const WalSegmentHeader& header = segments_[index]->header();
  if (index == 0) return header.start_lsn <= first_lsn_;
  if (!segments_[index - 1]->header_status().ok()) return false;
  const WalSegmentHeader& previous = segments_[index - 1]->header();
  return header.number == previous.number + 1 && header.previous_salt == previous.salt && header.start_lsn == position_;
}

bool WalReader::EndOffset(size_t index, uint64_t* end) const {
  if (index + 1 >= segments_.size() || !segments_[index + 1]->header_status().ok()) return false;
  const WalSegmentHeader& header = segments_[index]->header();
  const WalSegmentHeader& next = segments_[index + 1]->header();
  if (next.number != header.number + 1 || next.previous_salt != header.salt) return false;
  if (next.start_lsn < header.start_lsn + kWalSegmentHeaderBytes) return false;
  *end = next.start_lsn - header.start_lsn;
  return true;
}

Status WalReader::EnterSegment(size_t index, bool* end) {
  const WalSegmentReader& segment = *segments_[index];
  if (segment.header_status().ok() && (Follows(index) || resyncing_)) {
    position_ = segment.header().start_lsn;
    return {};
  }
  Break found{segment.path(), 0, {}, "a segment that continues at LSN " + std::to_string(position_), "a damaged header"};
  if (segment.header_status().ok()) {
    found.actual = "segment " + std::to_string(segment.number()) + " from LSN " + std::to_string(segment.header().start_lsn);
    // It could not be here otherwise: see the tail rule.
    if (index == 0 || IsMisplaced(index)) proven_lsn_ = std::max(proven_lsn_, position_ + 1);
  }
  bool damaged = false;
  SOCHDB_TRY(Judge(index, found, &damaged));
  *end = !damaged;
  if (damaged && segment.header_status().ok()) position_ = segment.header().start_lsn;
  return {};
}

Status WalReader::ReadSegment(size_t index, const Visit& visit, bool* end) {
  const WalSegmentReader& segment = *segments_[index];
  const WalSegmentHeader& header = segment.header();
  if (!contents_.segments.empty()) contents_.segments.back().end_lsn = header.start_lsn;
  contents_.segments.push_back(
      {segment.number(), header.salt, header.start_lsn, header.start_lsn, segment.file_bytes(), header.segment_bytes});
  proven_lsn_ = std::max(proven_lsn_, header.synced_lsn);
  uint64_t limit = segment.file_bytes();
  const bool bounded = EndOffset(index, &limit);
  uint64_t offset = kWalSegmentHeaderBytes;
  SOCHDB_TRY(SkipToNeeded(index, limit, &offset));
  for (;;) {
    position_ = segment.LsnAt(offset);
    SOCHDB_TRY(Look(offset));
    // Without a successor that fits, the end of the file may be the end of the segment: EnterSegment judges the successor.
    if (offset >= limit && (bounded || index + 1 < segments_.size())) return {};
    SOCHDB_TRY(ReadOne(index, limit, visit, &offset, end));
    if (*end || (!bounded && offset >= limit && resyncing_)) return {};
  }
}

// What lies below first_lsn_ is in tables, and so nobody's loss; and it is no evidence either, since what it states to be
// synced lies below itself. So it need not be read, if first_lsn_ stands where the log can go on: at the end of the segment, or
// at a record that begins something. Where it does not look like that, everything is read and judged.
Status WalReader::SkipToNeeded(size_t index, uint64_t limit, uint64_t* offset) {
  WalSegmentReader& segment = *segments_[index];
  if (verify_ || first_lsn_ <= segment.LsnAt(*offset)) return {};
  SOCHDB_DCHECK(!open_.active);  // the segments before were skipped as a whole
  const uint64_t needed = first_lsn_ - segment.LsnAt(0);
  if (needed >= limit) {  // where a next segment must begin, or the log end
    *offset = limit;
    return {};
  }
  WalRecordRead record;
  SOCHDB_TRY(segment.ReadRecord(needed, limit, &record));
  const bool begins = record.state == WalRecordState::kValid && record.header.type != WalRecordType::kMiddle &&
                      record.header.type != WalRecordType::kLast;
  if (begins) *offset = needed;
  return {};
}

Status WalReader::ReadOne(size_t index, uint64_t limit, const Visit& visit, uint64_t* offset, bool* end) {
  WalSegmentReader& segment = *segments_[index];
  WalRecordRead record;
  SOCHDB_TRY(segment.ReadRecord(*offset, limit, &record));
  bool accepted = false;
  if (record.state == WalRecordState::kValid) SOCHDB_TRY(Accept(index, record, visit, &accepted));
  if (accepted) {
    *offset += kWalRecordHeaderBytes + record.header.length;
    return {};
  }
  Break found{segment.path(), *offset, record.check, std::move(record.expected), std::move(record.actual)};
  if (record.state == WalRecordState::kBlank) {
    found.expected = "a record at LSN " + std::to_string(position_);
    found.actual = "nothing";
  } else if (record.state == WalRecordState::kValid) {
    found.expected = open_.active ? "a record that continues its transaction" : "a record that begins a transaction";
    found.actual = "record type " + std::to_string(static_cast<int>(record.header.type));
  }
  if (verify_ && record.state != WalRecordState::kValid) {
    // A log that is being written may have been read in mid-write: look again, behind the proof.
    SOCHDB_TRY(Prove(index, *offset + 1));
    segment.Forget();
    SOCHDB_TRY(segment.ReadRecord(*offset, limit, &record));
    if (record.state == WalRecordState::kValid) return {};
  }
  bool damaged = false;
  SOCHDB_TRY(Judge(index, found, &damaged));
  *end = !damaged;
  if (*end) return {};
  WalRecordHeader next;
  SOCHDB_TRY(segment.FindRecord(*offset + 1, offset, &next));
  // A file that was cut short may end before its segment does: nothing more is to be found in it then.
  *offset = *offset >= segment.file_bytes() ? limit : std::min(*offset, limit);
  return {};
}

bool WalReader::FitsTransaction(const WalRecordHeader& record) const {
  switch (record.type) {
    case WalRecordType::kFull:
    case WalRecordType::kFirst:
    case WalRecordType::kPad:
      return !open_.active;
    case WalRecordType::kMiddle:
    case WalRecordType::kLast:
      break;
  }
  return open_.active && record.commit_ts == open_.commit_ts && record.compression == open_.compression &&
         open_.payload.size() + record.length <= kMaxWalTransactionBytes;
}

Status WalReader::Accept(size_t index, const WalRecordRead& record, const Visit& visit, bool* accepted) {
  const WalRecordHeader& header = record.header;
  const bool continues = header.type == WalRecordType::kMiddle || header.type == WalRecordType::kLast;
  const bool beheaded = continues && !open_.active && (resyncing_ || header.lsn < first_lsn_);
  *accepted = beheaded || FitsTransaction(header);
  if (!*accepted) return {};
  proven_lsn_ = std::max(proven_lsn_, header.synced_lsn);
  if (header.type == WalRecordType::kPad) {
    ++contents_.report.records;
    return {};
  }
  if (beheaded) return {};  // its beginning was released, or is lost in damage that was noted
  if (!continues) {
    open_.active = true;
    open_.first_lsn = header.lsn;
    open_.commit_ts = header.commit_ts;
    open_.compression = header.compression;
    open_.records = 0;
    open_.payload.clear();
    resyncing_ = false;
  }
  ++open_.records;
  if (header.type == WalRecordType::kFull) return Deliver(index, record, record.payload, visit);
  open_.payload.append(record.payload);
  if (header.type == WalRecordType::kLast) return Deliver(index, record, open_.payload, visit);
  return {};
}

Status WalReader::Expand(std::string_view payload, std::string_view* raw) {
  ByteReader reader(payload);
  uint64_t raw_bytes = 0;
  if (!reader.ReadVarint64(&raw_bytes) || raw_bytes > MaxExpanded(open_.compression, reader.remaining())) {
    return {Code::kCorruption, "A compressed transaction's size cannot be."};
  }
  expanded_.resize(static_cast<size_t>(raw_bytes));
  SOCHDB_TRY(Decompress(open_.compression, reader.rest(), expanded_.data(), expanded_.size()));
  *raw = expanded_;
  return {};
}

// Its checksums are right, so it was written like that: no torn tail.
Status WalReader::NotExpanded(size_t index, const WalRecordRead& record, Status why) {
  open_.active = false;
  const std::string& file = segments_[index]->path();
  const uint64_t offset = record.header.lsn - segments_[index]->header().start_lsn;
  if (!verify_) {
    return {why.code(),
            "The log's transaction at LSN " + std::to_string(open_.first_lsn) + " cannot be decompressed. " + why.message(),
            {{"file", file},
             {"offset", std::to_string(offset)},
             {"expected", "a transaction compressed with " + std::string(CompressionName(open_.compression))},
             {"actual", why.code() == Code::kUnsupported ? "no decompressor" : "other bytes"}}};
  }
  if (why.code() == Code::kUnsupported) return {};  // what can be verified without it, was
  if (contents_.report.errors.size() < kMaxReportedErrors) {
    contents_.report.errors.push_back({open_.first_lsn, 0, 0, file, offset});
  }
  return {};
}

Status WalReader::Deliver(size_t index, const WalRecordRead& record, std::string_view payload, const Visit& visit) {
  if (open_.compression != CompressionType::kNone) {
    Status expanded = Expand(payload, &payload);
    if (!expanded.ok()) return NotExpanded(index, record, std::move(expanded));
  }
  WalEntry entry;
  entry.lsn = open_.first_lsn;
  entry.end_lsn = record.header.lsn + kWalRecordHeaderBytes + record.header.length;
  entry.commit_ts = open_.commit_ts;
  entry.payload = payload;
  SOCHDB_TRY(visit(entry));
  WalReport& report = contents_.report;
  ++report.entries;
  report.records += open_.records;
  report.last_commit_ts = std::max(report.last_commit_ts, entry.commit_ts);
  open_.active = false;
  return {};
}

bool WalReader::IsMisplaced(size_t index) const {
  return segments_[index]->header_status().ok() && segments_[index]->number() != segments_[index - 1]->number() + 1;
}

Status WalReader::ProveByRecords(WalSegmentReader* segment, uint64_t offset) {
  Lsn proven = 0;
  for (;;) {
    WalRecordHeader record;
    SOCHDB_TRY(segment->FindRecord(offset, &offset, &record));
    if (offset >= segment->file_bytes()) break;
    proven = std::max(proven, record.synced_lsn);
    offset += kWalRecordHeaderBytes + record.length;
  }
  if (verify_ && !segment->header_status().ok()) {
    // A log that is being written may have begun it since it was looked at: it is then no matter of this verification.
    SOCHDB_ASSIGN(now, WalSegmentReader::Open(env_, segment->path(), segment->number()));
    if (now->header_status().ok()) return {};
  }
  proven_lsn_ = std::max(proven_lsn_, proven);
  return {};
}

// Takes in every synced LSN that stands behind the break: in the rest of its segment, and in all later ones.
Status WalReader::Prove(size_t index, uint64_t offset) {
  if (proof_sought_) return {};
  proof_sought_ = true;
  for (size_t i = index; i < segments_.size(); ++i) {
    WalSegmentReader& segment = *segments_[i];
    if (segment.header_status().ok()) proven_lsn_ = std::max(proven_lsn_, segment.header().synced_lsn);
    if (i > index && IsMisplaced(i)) proven_lsn_ = std::max({proven_lsn_, segment.header().start_lsn, position_ + 1});
    if (cancel_ != nullptr) SOCHDB_TRY(cancel_->Check());
    SOCHDB_TRY(ProveByRecords(&segment, i == index ? offset : kWalSegmentHeaderBytes));
    if (i != index) segment.Forget();
  }
  return {};
}

Status WalReader::Judge(size_t index, const Break& found, bool* damaged) {
  SOCHDB_TRY(Prove(index, found.offset + 1));
  *damaged = proven_lsn_ > Cut();
  if (!*damaged) return {};
  if (verify_) {
    auto& errors = contents_.report.errors;
    if (errors.size() < kMaxReportedErrors) {
      errors.push_back({position_, found.check.stored_crc, found.check.computed_crc, found.file, found.offset});
    }
    open_.active = false;
    resyncing_ = true;
    return {};
  }
  return {Code::kCorruption,
          "The log is damaged at LSN " + std::to_string(position_) + " (" + found.file + ", offset " +
              std::to_string(found.offset) + "): expected " + found.expected + ", found " + found.actual +
              ". Everything up to LSN " + std::to_string(proven_lsn_) +
              " had been acknowledged as durable, so this is no torn tail. Nothing was changed; restore a backup or repair the "
              "store.",
          {{"file", found.file},
           {"offset", std::to_string(found.offset)},
           {"expected", found.expected},
           {"actual", found.actual},
           {"lsn", std::to_string(position_)}}};
}

// Settles where the log ends, which segments are part of it, and what is lost behind the end.
Status WalReader::Finish() {
  WalReport& report = contents_.report;
  const Lsn cut = Cut();
  auto& kept = contents_.segments;
  while (!kept.empty() && kept.back().start_lsn + kWalSegmentHeaderBytes > cut) kept.pop_back();
  if (!kept.empty()) kept.back().end_lsn = cut;
  uint64_t lost = 0;
  for (const auto& segment : segments_) {
    uint64_t from = 0;
    if (!kept.empty() && segment->number() < kept.back().number) continue;
    const bool is_last = !kept.empty() && segment->number() == kept.back().number;
    if (is_last) from = cut - kept.back().start_lsn;
    else contents_.dropped.push_back(segment->number());
    uint64_t end = from;
    if (!verify_ || !segment->is_spare()) SOCHDB_TRY(segment->EndOfContent(from, &end));
    lost += end - from;
    segment->Forget();
  }
  report.end_lsn = cut;
  report.oldest_lsn = kept.empty() ? cut : kept.front().start_lsn;
  report.bytes = cut - report.oldest_lsn;
  report.torn = lost > 0;
  report.torn_bytes = lost;
  report.torn_lsn = lost > 0 ? cut : 0;
  contents_.synced_lsn = std::min(proven_lsn_, cut);
  return {};
}

}  // namespace sochdb
