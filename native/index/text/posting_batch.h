// PostingBatch: entries of the keyword index that many documents write together, on their way into a transaction.
//
// A document's entries lie all over the index: written one document after the other, each has its place among those of the
// transaction to find. Collected and sorted first, they are written in the order of their keys, each beside the one before.
//
// Nobody may read the entries of these documents from the transaction in between.
//
// Thread safety: none.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "txn/transaction.h"

namespace sochdb {

class PostingBatch {
 public:
  // What is collected at most, but for the entries of one document.
  static constexpr size_t kMaxBytes = 4 * 1024 * 1024;

  void Put(std::string_view key, std::string_view value, ExpiryMs expires_ms) { Add(key, value, expires_ms, false); }
  void Delete(std::string_view key) { Add(key, {}, kNeverExpires, true); }
  [[nodiscard]] bool full() const { return bytes_.size() >= kMaxBytes; }

  // Writes what was collected: of one key in the order of the calls. Then the batch is empty.
  Status Write(Transaction* transaction);

 private:
  struct Entry {
    size_t key_at;
    uint32_t key_bytes;
    uint32_t value_bytes;  // behind the key
    ExpiryMs expires_ms;
    bool deletes;
  };
  struct Place {
    uint64_t head;  // of the key behind what all keys have in common
    uint32_t entry;
  };

  void Add(std::string_view key, std::string_view value, ExpiryMs expires_ms, bool deletes);
  [[nodiscard]] std::string_view KeyOf(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.key_at, entry.key_bytes);
  }

  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<Place> places_;
  size_t common_ = 0;  // bytes that all keys begin with
};

}  // namespace sochdb
