// WalSegmentReader: one segment file, read record by record or searched for whatever valid records it holds.
//
// It knows what makes a record valid inside its segment (wal_format.h); what an invalid one means is for wal_reader.h
// to judge.
//
// Thread safety: one thread. Ownership: payloads point into the reader's window and are valid until its next call.
// Limits: a window of 1 MiB, or of the longest record met; lengths are checked against the file before use.

#pragma once

#include <memory>
#include <string>

#include "env/env.h"
#include "wal/wal_format.h"

namespace sochdb {

enum class WalRecordState : uint8_t {
  kValid,
  kBlank,    // the end of the file, or a header of zeros: nothing was written here
  kInvalid,  // anything else
};

struct WalRecordRead {
  WalRecordState state = WalRecordState::kBlank;
  WalRecordHeader header;    // when valid
  std::string_view payload;  // when valid
  WalRecordCheck check;      // when invalid: the checksums, both 0 when the record ends before one could be computed
  std::string expected;      // when invalid: what was wrong, for people
  std::string actual;
};

class WalSegmentReader {
 public:
  // Opens the file and reads its header; a damaged one is told by header_status, not by failing.
  static Result<std::unique_ptr<WalSegmentReader>> Open(Env* env, const std::string& path, uint64_t number);

  [[nodiscard]] const Status& header_status() const { return header_status_; }
  // REQUIRES: header_status().ok().
  [[nodiscard]] const WalSegmentHeader& header() const { return header_; }
  // A released segment's file that took this name and was not begun: its header is that of its earlier life.
  [[nodiscard]] bool is_spare() const { return is_spare_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] uint64_t number() const { return number_; }
  [[nodiscard]] uint64_t file_bytes() const { return file_bytes_; }
  [[nodiscard]] Lsn LsnAt(uint64_t offset) const { return header_.start_lsn + offset; }

  // Reads the record at offset; one that reaches beyond end_offset is invalid. Fails only when the file cannot be read.
  Status ReadRecord(uint64_t offset, uint64_t end_offset, WalRecordRead* out);

  // Looks at every byte from offset on for the next valid record of this segment; *found is its offset, or file_bytes().
  // A segment whose header is damaged takes salt and LSN from the sound records that begin a sector: of the youngest life.
  Status FindRecord(uint64_t offset, uint64_t* found, WalRecordHeader* header);

  // Closes the file and frees the window; the next read opens it again and sees what was written since.
  void Forget();

  // One past the last byte from offset on that this segment seems to have been given; offset when there is none. In a new file
  // that is the last byte that is not zero; in one with an earlier life, the end of the last record that claims to belong
  // here.
  Status EndOfContent(uint64_t offset, uint64_t* end);

 private:
  WalSegmentReader(Env* env, std::string path, uint64_t number);

  // Bytes [offset, offset + n), fewer at the end of the file.
  Status Peek(uint64_t offset, size_t n, std::string_view* out);
  Status TryRecord(uint64_t offset, bool* valid, WalRecordHeader* header);
  Status AdoptIdentity(uint64_t offset, uint64_t* found);
  // The next place from offset on with this segment's salt and the LSN that belongs there; file_bytes() when there is none.
  Status FindClaim(uint64_t offset, uint64_t* found);
  Status EndOfClaims(uint64_t offset, uint64_t* end);

  Env* const env_;
  const std::string path_;
  const uint64_t number_;
  std::unique_ptr<File> file_;  // null until read
  uint64_t file_bytes_ = 0;
  Status header_status_;
  WalSegmentHeader header_;
  bool identity_known_ = false;  // salt and start LSN can be trusted
  bool is_spare_ = false;
  std::string window_;
  uint64_t window_offset_ = 0;
};

}  // namespace sochdb
