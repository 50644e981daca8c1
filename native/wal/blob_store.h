// BlobStore: values larger than kBlobThresholdBytes, each in a file of its own that the log refers to.
//
// A blob file is written, synced and its name made durable before the log names it, so a reference that recovery finds always
// has its file; a file without a reference is left over from a crash or an aborted transaction, and is deleted at
// the next open.
//
//   NNNNNNNNNN.blob                          BlobRef, 20 bytes
//   +0   8  magic "SochBlb\x01"              +0   8  file number
//   +8   4  masked CRC-32C of bytes 12..39   +8   8  value size
//   +12  4  format version                   +16  4  CRC-32C of the value
//   +16  8  file number
//   +24  8  value size
//   +32  4  CRC-32C of the value
//   +36  4  zero
//   +40     the value
//
// Thread safety: any thread. A blob must not be deleted while it may be read.
// Limits: values of at most kMaxValueBytes.

#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/types.h"
#include "env/env.h"

namespace sochdb {

struct BlobRef {
  static constexpr size_t kEncodedBytes = 20;

  uint64_t file_number = 0;
  uint64_t size = 0;
  uint32_t crc = 0;

  void EncodeTo(std::string* out) const;
  // False when the bytes are no reference.
  static bool Decode(std::string_view bytes, BlobRef* out);
  friend bool operator==(const BlobRef&, const BlobRef&) = default;
};

class BlobStore {
 public:
  // Makes the directory if need be. Numbers go on above the highest file there.
  static Result<std::unique_ptr<BlobStore>> Open(Env* env, const std::string& dir);

  // Durable when it returns. On failure nothing is left behind.
  Result<BlobRef> Write(std::string_view value);
  // kCorruption (details: file, offset, expected, actual) when the file is missing or its bytes are not those written.
  Status Read(const BlobRef& ref, std::string* value) const;
  // Reads and checks a whole file, whatever refers to it; *bytes is its size.
  Status Check(uint64_t file_number, uint64_t* bytes) const;
  Status Delete(uint64_t file_number);
  // How many files there are, and their bytes, by looking at each; what cannot be looked at counts for nothing.
  void Usage(uint64_t* files, uint64_t* bytes) const;
  // The numbers of all blob files there.
  Result<std::vector<uint64_t>> List() const;
  [[nodiscard]] std::string PathOf(uint64_t number) const;
  // Deletes every blob file whose number is not in `live`; *deleted counts them.
  Status DeleteUnreferenced(const std::unordered_set<uint64_t>& live, uint64_t* deleted);

 private:
  BlobStore(Env* env, std::string dir, uint64_t next_number) : env_(env), dir_(std::move(dir)), next_number_(next_number) {}
  Status WriteFile(const std::string& path, const BlobRef& ref, std::string_view value);

  Env* const env_;
  const std::string dir_;
  std::atomic<uint64_t> next_number_;
};

}  // namespace sochdb
