// WriteBatch: what one transaction wrote, as the payload of one log entry.
//
//   payload := version (1 byte, 1) | flags (1 byte, 0) | operations (varint) | operation*
//   operation := head (1 byte) | tree (1 byte) | key length (varint) | key
//                | expiry, 8 bytes, only with kHasExpiry | value length (varint) | value, both absent for deletes
//   head := ValueKind in bits 0..2 | kHasExpiry (0x08); the other bits are 0
//
// Integers are little-endian. At most one operation names a key of a tree: operands of one transaction for one key
// travel together (OperandList). The commit timestamp stands in the log's own record.
//
// Thread safety: none; a builder belongs to the holder of the commit mutex.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "base/types.h"
#include "mem/version.h"

namespace sochdb {

class WriteBatchBuilder {
 public:
  // Empties the batch and keeps its memory (up to 1 MiB of it). The number of operations must be known.
  void Start(uint64_t operations);
  void Add(TreeId tree, ValueKind kind, std::string_view key, std::string_view value, ExpiryMs expiry_ms);
  [[nodiscard]] std::string_view payload() const { return {buffer_.data(), size_}; }

 private:
  char* Grow(size_t bytes);

  std::string buffer_;  // its size is the capacity; size_ bytes are used
  size_t size_ = 0;
};

struct BatchOperation {
  TreeId tree = TreeId::kKeys;
  ValueKind kind = ValueKind::kValue;
  ExpiryMs expiry_ms = kNeverExpires;
  std::string_view key;
  std::string_view value;
};

class WriteBatchReader {
 public:
  explicit WriteBatchReader(std::string_view payload) : reader_(payload) {}
  // kCorruption when the payload does not start as a batch does, kFormatVersion when a newer version wrote it.
  Status Start();
  // *found false after the last operation, which must end the payload; kCorruption on anything malformed.
  Status Next(BatchOperation* out, bool* found);

 private:
  ByteReader reader_;
  uint64_t remaining_ = 0;
};

// The value of a kMerge version: the operands one transaction wrote to a key, oldest first, each as length (varint) | bytes.
void AppendOperand(std::string* list, std::string_view operand);
// Takes the first operand off *list; false when the list is malformed.
bool TakeOperand(std::string_view* list, std::string_view* operand);

}  // namespace sochdb
