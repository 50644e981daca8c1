// Blocks: a file as a stream of bytes in which damage is found when it is read.
//
//   0   magic, 8 bytes     8   version u32     12   checksum u32 of these 12 bytes
//   16  blocks of 64 KiB, the last one shorter:  checksum u32 | bytes
//
// A block's checksum (CRC-32C, masked) covers its number too, so that no block can stand in another's place. The end of the
// file is the end of the last block: what is in the stream has to say how long it is.
//
// Thread safety: one thread at a time. Everything is little-endian.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/cancel_token.h"
#include "env/env.h"

namespace sochdb {

inline constexpr size_t kFileBlockBytes = 64 * 1024;

class BlockWriter {
 public:
  // env and cancel (which may be null) outlive this.
  BlockWriter(Env* env, std::string path, const CancelToken* cancel)
      : env_(env), path_(std::move(path)), temporary_(path_ + ".tmp"), cancel_(cancel) {}
  ~BlockWriter();  // leaves no file of its own unless Finish succeeded
  BlockWriter(const BlockWriter&) = delete;
  BlockWriter& operator=(const BlockWriter&) = delete;

  Status Begin(std::string_view magic, uint32_t version);
  Status Write(std::string_view bytes);
  // Words of a machine, written little-endian.
  Status WriteWords(const void* words, size_t count);
  // Makes the file durable, and gives it its name.
  Status Finish();

 private:
  Status WriteBlock();

  Env* const env_;
  const std::string path_;
  const std::string temporary_;
  const CancelToken* const cancel_;
  std::unique_ptr<File> file_;
  std::string block_;
  uint64_t number_ = 0;
  uint64_t offset_ = 0;
  bool finished_ = false;
};

class BlockReader {
 public:
  BlockReader(Env* env, std::string path, const CancelToken* cancel) : env_(env), path_(std::move(path)), cancel_(cancel) {}

  // kCorruption for another magic, kFormatVersion for another version.
  Status Begin(std::string_view magic, uint32_t version);
  // Of the whole stream, which nobody has checked yet.
  [[nodiscard]] uint64_t stream_bytes() const { return stream_bytes_; }
  // kCorruption where the stream ends before, or a checksum does not fit.
  Status Read(char* out, size_t count);
  Status ReadWords(void* words, size_t count);
  // kCorruption, with the file and about where reading is.
  [[nodiscard]] Status Damaged(const std::string& what) const;

 private:
  Status ReadBlock();

  Env* const env_;
  const std::string path_;
  const CancelToken* const cancel_;
  std::unique_ptr<File> file_;
  std::string block_;
  size_t at_ = 0;  // in block_
  uint64_t number_ = 0;
  uint64_t offset_ = 0;
  uint64_t file_bytes_ = 0;
  uint64_t stream_bytes_ = 0;
};

}  // namespace sochdb
