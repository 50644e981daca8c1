#include "txn/write_batch.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace sochdb {
namespace {

constexpr char kBatchVersion = 1;
constexpr uint8_t kKindMask = 0x07;
constexpr uint8_t kHasExpiry = 0x08;
// Far above what is admitted today; a longer one is damage.
constexpr size_t kMaxLoggedKeyBytes = 1024 * 1024;
constexpr size_t kKeptBytes = 1024 * 1024;

Status Malformed(const char* what) {
  return {Code::kCorruption,
          std::string("A logged transaction is malformed: ") + what +
              ". Its checksum holds, so a fault of the software wrote it. Restore a backup and report this."};
}

}  // namespace

char* WriteBatchBuilder::Grow(size_t bytes) {
  if (buffer_.size() - size_ < bytes) buffer_.resize(std::max(buffer_.size() * 2, size_ + bytes));
  return buffer_.data() + size_;
}

void WriteBatchBuilder::Start(uint64_t operations) {
  size_ = 0;
  if (buffer_.size() > kKeptBytes) {
    buffer_.resize(kKeptBytes);
    buffer_.shrink_to_fit();
  }
  char* const begin = Grow(2 + kMaxVarint64Bytes);
  begin[0] = kBatchVersion;
  begin[1] = 0;
  size_ = static_cast<size_t>(EncodeVarint64(begin + 2, operations) - buffer_.data());
}

void WriteBatchBuilder::Add(TreeId tree, ValueKind kind, std::string_view key, std::string_view value, ExpiryMs expiry_ms) {
  char* out = Grow(2 + 3 * kMaxVarint64Bytes + key.size() + value.size());
  *out++ = static_cast<char>(static_cast<uint8_t>(kind) | (expiry_ms != kNeverExpires ? kHasExpiry : 0));
  *out++ = static_cast<char>(tree);
  out = EncodeVarint64(out, key.size());
  if (!key.empty()) std::memcpy(out, key.data(), key.size());
  out += key.size();
  if (expiry_ms != kNeverExpires) {
    EncodeFixed64(out, expiry_ms);
    out += sizeof(expiry_ms);
  }
  if (kind != ValueKind::kDelete) {
    out = EncodeVarint64(out, value.size());
    if (!value.empty()) std::memcpy(out, value.data(), value.size());
    out += value.size();
  }
  size_ = static_cast<size_t>(out - buffer_.data());
}

Status WriteBatchReader::Start() {
  uint8_t version = 0;
  uint8_t flags = 0;
  if (!reader_.ReadByte(&version) || !reader_.ReadByte(&flags)) return Malformed("it is too short");
  if (version != kBatchVersion || flags != 0) {
    return {Code::kFormatVersion,
            "The log holds a transaction in a format of a newer version. Open the store with that version."};
  }
  if (!reader_.ReadVarint64(&remaining_)) return Malformed("the number of operations");
  return {};
}

Status WriteBatchReader::Next(BatchOperation* out, bool* found) {
  *found = false;
  if (remaining_ == 0) return reader_.empty() ? Status() : Malformed("bytes follow the last operation");
  uint8_t head = 0;
  uint8_t tree = 0;
  if (!reader_.ReadByte(&head) || !reader_.ReadByte(&tree)) return Malformed("an operation is missing");
  if ((head & ~(kKindMask | kHasExpiry)) != 0 || (head & kKindMask) > static_cast<uint8_t>(ValueKind::kBlob)) {
    return Malformed("the kind of an operation");
  }
  if (tree >= kTreeCount) return Malformed("the tree of an operation");
  out->kind = static_cast<ValueKind>(head & kKindMask);
  out->tree = static_cast<TreeId>(tree);
  out->expiry_ms = kNeverExpires;
  out->value = {};
  if (!reader_.ReadLengthPrefixed(&out->key) || out->key.size() > kMaxLoggedKeyBytes) return Malformed("a key");
  if ((head & kHasExpiry) != 0 && !reader_.ReadFixed64(&out->expiry_ms)) return Malformed("an expiry");
  if (out->kind != ValueKind::kDelete) {
    if (!reader_.ReadLengthPrefixed(&out->value) || out->value.size() > kBlobThresholdBytes) return Malformed("a value");
  }
  --remaining_;
  *found = true;
  return {};
}

void AppendOperand(std::string* list, std::string_view operand) { PutLengthPrefixed(list, operand); }

bool TakeOperand(std::string_view* list, std::string_view* operand) {
  ByteReader reader(*list);
  if (!reader.ReadLengthPrefixed(operand)) return false;
  *list = reader.rest();
  return true;
}

}  // namespace sochdb
