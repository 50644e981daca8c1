#include "index/text/posting_cache.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/bytes.h"
#include "index/document/document_key.h"
#include "index/text/posting.h"

namespace sochdb {
namespace {

constexpr size_t kMostLengthChanges = 65'536;
// A reader folds changes when there are so many; what nobody reads is given up when there are more.
constexpr size_t FoldAt(size_t postings) { return 64 + postings / 32; }
constexpr size_t GiveUpAt(size_t postings) { return 4096 + postings / 4; }

// About what an entry takes beside its list.
constexpr uint64_t kEntryBytes = 256;

uint32_t FieldOf(std::string_view list) { return DecodeBigEndian32(list.data()); }

}  // namespace

// --- Lengths

void PostingCache::Lengths::Set(uint32_t document, uint32_t length) {
  if (document >= of.size()) of.resize(std::max<size_t>(document + 1, of.size() + of.size() / 2));
  const uint32_t before = std::exchange(of[document], length);
  stats.words += length;
  stats.words -= before;
  stats.documents += length != 0 ? 1 : 0;
  stats.documents -= before != 0 ? 1 : 0;
}

void PostingCache::Lengths::Apply(const Change& change) {
  const uint32_t before = change.document < of.size() ? of[change.document] : 0;
  changes.push_back({change.ts, change.document, before, stats});
  Set(change.document, change.length);
  if (changes.size() <= kMostLengthChanges) return;
  base_ts = changes.front().ts;
  changes.pop_front();
}

uint64_t PostingCache::Lengths::memory_bytes() const {
  return of.capacity() * sizeof(of[0]) + changes.size() * sizeof(LengthChange) + heard.capacity() * sizeof(Change);
}

uint64_t PostingCache::LengthsBytes() const {
  uint64_t bytes = 0;
  for (const auto& [field, lengths] : lengths_) bytes += lengths.memory_bytes();
  return bytes;
}

void PostingCache::NoteLength(uint32_t field, const Change& change) {
  const auto found = lengths_.find(field);
  if (found == lengths_.end()) return;
  Lengths& lengths = found->second;
  if (lengths.loading) lengths.heard.push_back(change);
  else lengths.Apply(change);
}

bool PostingCache::FindStats(uint32_t field, Timestamp read_ts, FieldStats* stats) {
  MutexLock lock(&mutex_);
  const auto found = lengths_.find(field);
  if (found == lengths_.end() || found->second.loading || read_ts < found->second.base_ts) return false;
  const Lengths& lengths = found->second;
  const auto later = std::upper_bound(lengths.changes.begin(), lengths.changes.end(), read_ts,
                                      [](Timestamp ts, const LengthChange& each) { return ts < each.ts; });
  *stats = later == lengths.changes.end() ? lengths.stats : later->stats;
  return true;
}

std::optional<uint32_t> PostingCache::LengthAt(uint32_t field, uint32_t document, Timestamp read_ts) {
  MutexLock lock(&mutex_);
  const auto found = lengths_.find(field);
  if (found == lengths_.end() || found->second.loading || read_ts < found->second.base_ts) return std::nullopt;
  const Lengths& lengths = found->second;
  uint32_t length = document < lengths.of.size() ? lengths.of[document] : 0;
  for (auto change = lengths.changes.rbegin(); change != lengths.changes.rend() && change->ts > read_ts; ++change) {
    if (change->document == document) length = change->length;
  }
  return length;
}

std::optional<uint64_t> PostingCache::BeginLengths(uint32_t field, Timestamp read_ts) {
  MutexLock lock(&mutex_);
  const auto found = lengths_.find(field);
  if (read_ts < heard_ts_ || (found != lengths_.end() && found->second.loading)) return std::nullopt;
  Lengths& lengths = lengths_[field];
  lengths = Lengths{};
  lengths.ticket = ++last_ticket_;
  return lengths.ticket;
}

void PostingCache::KeepLengths(uint32_t field, uint64_t ticket, Timestamp read_ts, const std::vector<ListedPosting>* all) {
  MutexLock lock(&mutex_);
  const auto found = lengths_.find(field);
  if (found == lengths_.end() || found->second.ticket != ticket) return;
  Lengths& lengths = found->second;
  if (all == nullptr || all->size() * sizeof(uint32_t) > max_bytes_ / 2) {
    lengths_.erase(found);
    return;
  }
  for (const ListedPosting& each : *all) lengths.Set(each.document, each.length);
  lengths.base_ts = read_ts;
  lengths.loading = false;
  for (const Change& change : std::exchange(lengths.heard, {})) lengths.Apply(change);
  Shrink();
}

// --- Lists

void PostingCache::Note(Timestamp ts, const CommittedWrite& write, const FindDocument& find) noexcept {
  MutexLock lock(&mutex_);
  heard_ts_ = ts;
  if (entries_.empty() && lengths_.empty()) return;
  try {
    NoteNow(ts, write, find);
  } catch (const std::bad_alloc&) {
    // Nothing is known any more.
    entries_.clear();
    used_.clear();
    lengths_.clear();
    list_bytes_ = 0;
  }
}

void PostingCache::NoteNow(Timestamp ts, const CommittedWrite& write, const FindDocument& find) {
  std::string_view list;
  std::string_view id;
  if (!SplitPostingKey(write.key.substr(kCollectionPrefixBytes), &list, &id)) return;
  const bool is_length = IsLengthList(list);
  const auto entry = is_length ? entries_.end() : entries_.find(list);
  if (!is_length && entry == entries_.end()) return;
  Posting posting;
  const bool is_put = write.kind == ValueKind::kValue;
  const std::optional<uint32_t> document = find(id);
  if (!document.has_value() || write.expiry_ms != kNeverExpires || (is_put && !DecodePosting(write.value, &posting))) {
    if (is_length) lengths_.erase(FieldOf(list));
    else Erase(entry);
    return;
  }
  const Change change{ts, *document, posting.frequency, posting.length};
  if (is_length) {
    NoteLength(FieldOf(list), change);
    return;
  }
  std::vector<Change>& changes = entry->second.changes;
  changes.push_back(change);
  if (changes.size() > GiveUpAt(entry->second.base == nullptr ? 0 : entry->second.base->size())) Erase(entry);
}

void PostingCache::Erase(Entries::iterator entry) {
  list_bytes_ -= entry->second.bytes;
  used_.erase(entry->second.used);
  entries_.erase(entry);
}

bool PostingCache::Find(std::string_view list, Timestamp read_ts, View* view) {
  MutexLock lock(&mutex_);
  const auto found = entries_.find(list);
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  if (entry.base == nullptr || read_ts < entry.base_ts) return false;
  used_.splice(used_.begin(), used_, entry.used);
  view->base = entry.base;
  view->should_fold = entry.changes.size() > FoldAt(entry.base->size());
  const auto end = std::upper_bound(entry.changes.begin(), entry.changes.end(), read_ts,
                                    [](Timestamp ts, const Change& each) { return ts < each.ts; });
  view->changes.assign(entry.changes.begin(), end);
  return true;
}

std::optional<uint64_t> PostingCache::Begin(std::string_view list, Timestamp read_ts) {
  MutexLock lock(&mutex_);
  if (read_ts < heard_ts_ || max_bytes_ == 0) return std::nullopt;
  const auto found = entries_.find(list);
  if (found != entries_.end()) {
    if (found->second.base == nullptr) return std::nullopt;
    Erase(found);
  }
  const auto entry = entries_.emplace(list, Entry{}).first;
  entry->second.used = used_.insert(used_.begin(), &entry->first);
  entry->second.ticket = ++last_ticket_;
  return entry->second.ticket;
}

void PostingCache::Keep(std::string_view list, uint64_t ticket, Timestamp read_ts, std::shared_ptr<const PostingList> made) {
  MutexLock lock(&mutex_);
  const auto found = entries_.find(list);
  if (found == entries_.end() || found->second.ticket != ticket) return;
  if (made == nullptr || made->memory_bytes() > max_bytes_ / 2) {
    Erase(found);
    return;
  }
  Entry& entry = found->second;
  entry.bytes = made->memory_bytes() + list.size() + kEntryBytes;
  entry.base = std::move(made);
  entry.base_ts = read_ts;
  list_bytes_ += entry.bytes;
  Shrink();
}

void PostingCache::Fold(std::string_view list, const PostingList* base, Timestamp read_ts,
                        std::shared_ptr<const PostingList> folded) {
  MutexLock lock(&mutex_);
  const auto found = entries_.find(list);
  if (found == entries_.end() || found->second.base.get() != base) return;
  Entry& entry = found->second;
  std::erase_if(entry.changes, [read_ts](const Change& change) { return change.ts <= read_ts; });
  list_bytes_ -= entry.bytes;
  entry.bytes = folded->memory_bytes() + list.size() + kEntryBytes;
  list_bytes_ += entry.bytes;
  entry.base = std::move(folded);
  entry.base_ts = read_ts;
  Shrink();
}

void PostingCache::Shrink() {
  const uint64_t lengths = LengthsBytes();
  for (auto last = used_.end(); list_bytes_ + lengths > max_bytes_ && last != used_.begin();) {
    const auto found = entries_.find(**--last);
    if (found->second.base == nullptr) continue;  // it is being read, and weighs nothing yet
    ++last;
    Erase(found);
  }
}

void PostingCache::set_max_bytes(uint64_t bytes) {
  MutexLock lock(&mutex_);
  max_bytes_ = bytes;
  if (LengthsBytes() > max_bytes_ / 2) std::erase_if(lengths_, [](const auto& each) { return !each.second.loading; });
  Shrink();
}

uint64_t PostingCache::memory_bytes() const {
  MutexLock lock(&mutex_);
  return list_bytes_ + LengthsBytes() + entries_.size() * kEntryBytes;
}

}  // namespace sochdb
