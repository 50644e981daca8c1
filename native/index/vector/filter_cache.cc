#include "index/vector/filter_cache.h"

#include <algorithm>
#include <new>
#include <utility>

namespace sochdb {
namespace {

// Of one part of a filter: for the newest snapshots, and for an older one that goes on being used.
constexpr size_t kSetsOfKey = 2;

}  // namespace

FilterCache::Dependence FilterCache::DependenceOf(const Key& key) {
  if (!key.entry.has_value()) return {FieldHash(key.field), key.field, std::nullopt};
  const uint64_t hash = Hash64(*key.entry);
  return {hash, key.field, hash};
}

// --- changes

void FilterCache::NoteEntry(Timestamp ts, uint32_t field, std::string_view entry, std::optional<uint32_t> document) noexcept {
  const uint64_t hash = Hash64(entry);
  NewestChange(hash).store(ts, std::memory_order_release);
  NewestChange(FieldHash(field)).store(ts, std::memory_order_release);
  MutexLock lock(&mutex_);
  Log({ts, hash, field, document.value_or(0)}, document.has_value());
}

void FilterCache::NoteDocument(Timestamp ts, std::optional<uint32_t> document) noexcept {
  NewestChange(FieldHash(kAnyField)).store(ts, std::memory_order_release);
  MutexLock lock(&mutex_);
  Log({ts, 0, kAnyField, document.value_or(0)}, document.has_value());
}

void FilterCache::Log(const Change& change, bool known) noexcept {
  // Where nothing is kept nothing has to be brought up to date.
  if (entries_.empty() || !known) {
    log_.clear();
    log_complete_ = change.ts;
    return;
  }
  if (log_.size() == kMaxLogged) {
    log_complete_ = log_.front().ts;
    log_.pop_front();
  }
  try {
    log_.push_back(change);
  } catch (const std::bad_alloc&) {
    log_.clear();
    log_complete_ = change.ts;
  }
}

// False: they are not all known, or too many.
bool FilterCache::CollectChanged(const Dependence& on, Timestamp after, Timestamp up_to, std::vector<uint32_t>* changed) const {
  if (after < log_complete_) return false;
  changed->clear();
  auto change = std::partition_point(log_.begin(), log_.end(), [after](const Change& each) { return each.ts <= after; });
  for (; change != log_.end() && change->ts <= up_to; ++change) {
    if (change->field != on.field || (on.entry_hash.has_value() && change->entry_hash != *on.entry_hash)) continue;
    if (changed->size() == kMostChanged) return false;
    changed->push_back(change->document);
  }
  std::sort(changed->begin(), changed->end());
  changed->erase(std::unique(changed->begin(), changed->end()), changed->end());
  return true;
}

// --- sets

FilterCache::Found FilterCache::Find(const Key& key, Timestamp read_ts, uint64_t now_ms) {
  const Dependence on = DependenceOf(key);
  // Commits that are noted from here on are newer than read_ts: they were not published when it was taken.
  const Timestamp newest = NewestChange(on.hash).load(std::memory_order_acquire);
  Found found;
  MutexLock lock(&mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->bytes != key.bytes || now_ms < entry->now_ms) continue;
    const bool unchanged = newest <= std::min(read_ts, entry->read_ts);
    if (!unchanged && (read_ts < entry->read_ts || !CollectChanged(on, entry->read_ts, read_ts, &found.changed))) continue;
    found.set = entry->set;
    entries_.splice(entries_.begin(), entries_, entry);
    return found;
  }
  found.changed.clear();
  return found;
}

void FilterCache::DropOld(const std::string& bytes) {
  size_t kept = 0;
  entries_.remove_if([&](const Entry& entry) {
    if (entry.bytes != bytes || ++kept < kSetsOfKey) return false;
    bytes_ -= entry.set->memory_bytes();
    return true;
  });
}

void FilterCache::Keep(const Key& key, Timestamp read_ts, uint64_t now_ms, std::shared_ptr<const DocumentSet> set) {
  if (set->memory_bytes() > kMaxBytes / 4 || key.bytes.size() > kMaxKeyBytes) return;
  MutexLock lock(&mutex_);
  DropOld(key.bytes);
  bytes_ += set->memory_bytes();
  entries_.push_front({key.bytes, read_ts, now_ms, std::move(set)});
  while (bytes_ > kMaxBytes || entries_.size() > kMaxSets) {
    bytes_ -= entries_.back().set->memory_bytes();
    entries_.pop_back();
  }
}

uint64_t FilterCache::memory_bytes() const {
  MutexLock lock(&mutex_);
  return bytes_ + log_.size() * sizeof(Change) + sizeof(*this);
}

}  // namespace sochdb
