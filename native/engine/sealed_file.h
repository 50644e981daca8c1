// SealedFile: a file of sections that is written once, checked as a whole, and replaced as a whole: derived data beside a
// store.
//
//   0      magic (8 bytes) | version u32 | sections u32 | offset of the checksums u64 | file size u64 | zeros to 64
//   64     offset u64, bytes u64 of each section | zeros to 4096
//   4096   sections, each at a multiple of 4096, zeros between them
//   …      one masked CRC-32C (u32) for every 64 KiB before this place | masked CRC-32C of these checksums
//
// Little-endian. Sections begin at page boundaries, so that a mapping of the file can be used as it is.
//
// A writer writes `<path>.tmp`; Commit syncs it, renames it over `path` and syncs the directory: whoever reads finds the old
// file, the new one, or none. Files like these hold nothing that cannot be made again: one that is missing, cut or changed is
// told by kCorruption and thrown away.
//
// Thread safety: a writer belongs to one thread. Limits: kMaxSealedSections sections.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "env/env.h"

namespace sochdb {

inline constexpr uint64_t kSealedPage = 4096;
inline constexpr uint64_t kSealedChunk = 64 * 1024;
inline constexpr size_t kMaxSealedSections = 64;
inline constexpr size_t kSealedMagicBytes = 8;

struct SealedSection {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

class SealedFileWriter {
 public:
  // magic: kSealedMagicBytes of them. section_bytes: of each section, in order.
  static Result<std::unique_ptr<SealedFileWriter>> Create(Env* env, const std::string& dir, const std::string& name,
                                                          std::string_view magic, uint32_t version,
                                                          const std::vector<uint64_t>& section_bytes);
  ~SealedFileWriter();  // deletes what was not committed
  SealedFileWriter(const SealedFileWriter&) = delete;
  SealedFileWriter& operator=(const SealedFileWriter&) = delete;

  // The next bytes of the section that is being written.
  Status Append(std::string_view bytes);
  // REQUIRES: so much was appended as was said beforehand.
  Status EndSection();
  // REQUIRES: every section has ended.
  Status Commit();

 private:
  SealedFileWriter(Env* env, std::string dir, std::string name, std::unique_ptr<File> file);
  Status Pad(uint64_t to);
  Status FlushBuffer();

  Env* const env_;
  const std::string dir_;
  const std::string path_;
  std::unique_ptr<File> file_;
  std::vector<SealedSection> sections_;
  size_t section_ = 0;
  uint64_t checksums_at_ = 0;
  uint64_t flushed_ = 0;
  std::string buffer_;
  std::string checksums_;
  bool committed_ = false;
};

// What a head says, before its checksum is looked at: sections lie within the file. kCorruption.
struct SealedHead {
  uint32_t version = 0;
  uint64_t checksums_at = 0;
  uint64_t file_bytes = 0;
  std::vector<SealedSection> sections;
};
Status DecodeSealedHead(const std::string& path, std::string_view page, SealedHead* head);
// Whether the first page of a file begins with this magic.
inline bool HasSealedMagic(std::string_view page, std::string_view magic) { return page.substr(0, magic.size()) == magic; }

// Checks every byte of a file that lies in memory. kCorruption with details {file, offset}.
Status CheckSealedBytes(const std::string& path, std::string_view whole, SealedHead* head);
// The same of a file on disk, a chunk at a time.
Status VerifySealedFile(Env* env, const std::string& path, const CancelToken* cancel, uint64_t* bytes);

// A name that only a file being written has.
inline bool IsTemporaryName(std::string_view name) { return name.size() > 4 && name.substr(name.size() - 4) == ".tmp"; }

}  // namespace sochdb
