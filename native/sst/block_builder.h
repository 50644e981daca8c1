// BlockBuilder: puts one data block together (data_block.h has the bytes).
//
// Thread safety: one thread.
// Limits: what data_block.h says; the caller checks keys and values against them.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mem/version.h"

namespace sochdb {

class BlockBuilder {
 public:
  // restart_interval: 1 to kMaxRestartInterval.
  explicit BlockBuilder(uint32_t restart_interval);

  // shared: how many bytes the key has in common with that of the Add before, which is in this block or the one before. older:
  // it is the same key.
  void Add(std::string_view key, size_t shared, bool older, const VersionView& version);
  // The block's bytes, until the next call. REQUIRES: !empty(). The builder is empty then.
  std::string_view Finish();

  [[nodiscard]] bool empty() const { return entries_ == 0 || finished_; }
  [[nodiscard]] size_t bytes() const;  // that Finish would give now
  // At most what an entry adds to bytes().
  static size_t EntryBytes(size_t key_bytes, size_t value_bytes) { return key_bytes + value_bytes + kMaxEntryOverhead; }

 private:
  static constexpr size_t kMaxEntryOverhead = 48;

  void Reserve(size_t more);
  [[nodiscard]] std::string_view RestartKey(uint32_t offset) const;

  const uint32_t restart_interval_;
  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t size_ = 0;
  uint32_t entries_ = 0;
  uint32_t since_restart_ = 0;
  Timestamp base_ts_ = 0;
  size_t prefix_bytes_ = 0;  // of all keys so far
  bool finished_ = false;
  std::vector<uint32_t> restarts_;  // offsets from the first entry
  std::string restart_table_;
};

}  // namespace sochdb
