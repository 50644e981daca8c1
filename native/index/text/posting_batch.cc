#include "index/text/posting_batch.h"

#include <algorithm>

#include "mem/key_head.h"

namespace sochdb {

void PostingBatch::Add(std::string_view key, std::string_view value, ExpiryMs expires_ms, bool deletes) {
  common_ = entries_.empty() ? key.size() : std::min(common_, CommonPrefix(KeyOf(entries_.front()), key));
  entries_.push_back(
      {bytes_.size(), static_cast<uint32_t>(key.size()), static_cast<uint32_t>(value.size()), expires_ms, deletes});
  bytes_.append(key).append(value);
}

Status PostingBatch::Write(Transaction* transaction) {
  places_.clear();
  places_.reserve(entries_.size());
  for (uint32_t i = 0; i < entries_.size(); ++i) places_.push_back({KeyHead(KeyOf(entries_[i]), common_), i});
  std::sort(places_.begin(), places_.end(), [this](const Place& a, const Place& b) {
    if (a.head != b.head) return a.head < b.head;
    const int order = KeyOf(entries_[a.entry]).substr(common_).compare(KeyOf(entries_[b.entry]).substr(common_));
    return order != 0 ? order < 0 : a.entry < b.entry;
  });
  for (const Place& place : places_) {
    const Entry& entry = entries_[place.entry];
    const std::string_view key = KeyOf(entry);
    if (entry.deletes) {
      SOCHDB_TRY(transaction->Delete(TreeId::kPostings, key));
    } else {
      const std::string_view value = std::string_view(bytes_).substr(entry.key_at + entry.key_bytes, entry.value_bytes);
      SOCHDB_TRY(transaction->Put(TreeId::kPostings, key, value, entry.expires_ms));
    }
  }
  bytes_.clear();
  entries_.clear();
  return {};
}

}  // namespace sochdb
