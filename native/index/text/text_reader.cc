#include "index/text/text_reader.h"

#include <algorithm>
#include <utility>

#include "codec/key_codec.h"

namespace sochdb {
namespace {

constexpr uint32_t kPostingsBetweenChecks = 4096;

bool HasOwnWrites(const Transaction* transaction, CollectionId collection) {
  return transaction != nullptr && transaction->HasOwnWrites(TreeId::kPostings, collection.Prefix(), collection.End());
}

// Puts changes, of which later ones count, over a list.
class Overlay {
 public:
  explicit Overlay(const PostingList& base) : base_(base) {}
  void Change(const ListedPosting& posting) { changes_.push_back(posting); }

  // Changed documents of the base, and the postings that stand.
  void Finish(std::vector<uint32_t>* hidden, std::vector<ListedPosting>* extra) {
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const ListedPosting& a, const ListedPosting& b) { return a.document < b.document; });
    for (size_t i = 0; i < changes_.size(); ++i) {
      const ListedPosting& change = changes_[i];
      if (i + 1 < changes_.size() && changes_[i + 1].document == change.document) continue;
      if (base_.Find(change.document) != base_.size()) hidden->push_back(change.document);
      if (change.frequency != 0) extra->push_back(change);
    }
  }

 private:
  const PostingList& base_;
  std::vector<ListedPosting> changes_;
};

std::shared_ptr<const PostingList> Merged(const PostingList& base, const std::vector<uint32_t>& hidden,
                                          const std::vector<ListedPosting>& extra, double average_length) {
  std::vector<ListedPosting> all;
  all.reserve(base.size() + extra.size());
  auto skip = hidden.begin();
  for (size_t i = 0; i < base.size(); ++i) {
    const uint32_t document = base.document(i);
    if (skip != hidden.end() && *skip == document) {
      ++skip;
      continue;
    }
    all.push_back({document, base.frequency(i), base.length(i)});
  }
  all.insert(all.end(), extra.begin(), extra.end());
  return std::make_shared<PostingList>(std::move(all), average_length);
}

}  // namespace

TextReader::TextReader(CollectionId collection, const VectorIndex* index, Reader* reader, Transaction* transaction,
                       const CancelToken* cancel)
    : collection_(collection),
      index_(index),
      reader_(reader),
      transaction_(transaction),
      cancel_(cancel),
      known_(index == nullptr ? 0 : index->documents()),
      has_own_(HasOwnWrites(transaction, collection)) {}

std::string TextReader::KeyOf(std::string_view list) const {
  std::string key = collection_.Prefix();
  key.append(list);
  return key;
}

std::string TextReader::After(std::string_view prefix) {
  KeyBuffer end;
  end.append(prefix);
  MakePrefixSuccessor(&end);
  return std::string(end.view());
}

uint32_t TextReader::NumberOf(std::string_view id) {
  if (index_ != nullptr) {
    const std::optional<uint32_t> number = index_->FindDocument(id);
    // Numbers that were given out since belong to commits that the view does not see.
    if (number.has_value() && *number < known_) return *number;
  }
  const auto [entry, added] = own_numbers_.try_emplace(std::string(id), documents());
  if (added) own_ids_.emplace_back(id);
  return entry->second;
}

// --- The store

template <typename Visit>
Status TextReader::Scan(std::string_view lo, std::string_view hi, Visit visit) {
  SOCHDB_ASSIGN(cursor, reader_->NewCursor(TreeId::kPostings, lo, hi, ScanOptions{}));
  bool found = false;
  for (uint32_t postings = 0;; ++postings) {
    if (postings % kPostingsBetweenChecks == 0 && cancel_ != nullptr) SOCHDB_TRY(cancel_->Check());
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    std::string_view list;
    std::string_view id;
    Posting posting;
    if (!SplitPostingKey(cursor->key().substr(kCollectionPrefixBytes), &list, &id) ||
        !DecodePosting(cursor->value(), &posting)) {
      return DamagedPosting();
    }
    visit(NumberOf(id), posting);
  }
}

Status TextReader::ReadPostings(const std::string& list, bool lengths, std::vector<ListedPosting>* postings, bool* may_keep) {
  const std::string lo = KeyOf(list);
  return Scan(lo, After(lo), [&](uint32_t document, const Posting& posting) {
    if (posting.expires) *may_keep = false;
    if ((posting.frequency == 0) == lengths) postings->push_back({document, posting.frequency, posting.length});
  });
}

Status TextReader::ReadOwnChanges(const std::string& list, std::vector<OwnChange>* changes) {
  if (!has_own_) return {};
  const std::string lo = KeyOf(list);
  return transaction_->VisitOwnWrites(TreeId::kPostings, lo, After(lo),
                                      [&](std::string_view key, std::optional<std::string_view> value) -> Status {
                                        OwnChange change{NumberOf(key.substr(lo.size())), {}};
                                        if (value.has_value() && !DecodePosting(*value, &change.posting))
                                          return DamagedPosting();
                                        changes->push_back(change);
                                        return {};
                                      });
}

// --- Statistics

Status TextReader::AddOwnToStats(uint32_t field, const std::string& list, FieldStats* stats, bool* known) {
  std::vector<OwnChange> own;
  SOCHDB_TRY(ReadOwnChanges(list, &own));
  for (const OwnChange& change : own) {
    uint32_t before = 0;
    if (change.document < known_) {
      const std::optional<uint32_t> length = index_->postings()->LengthAt(field, change.document, reader_->read_ts());
      *known = *known && length.has_value();
      before = length.value_or(0);
    }
    stats->words += change.posting.length;
    stats->words -= before;
    stats->documents += change.posting.length != 0 ? 1 : 0;
    stats->documents -= before != 0 ? 1 : 0;
  }
  return {};
}

Status TextReader::ReadStats(uint32_t field, FieldStats* stats) {
  std::string list;
  AppendList(field, {}, &list);
  if (index_ != nullptr && index_->postings()->FindStats(field, reader_->read_ts(), stats)) {
    bool known = true;
    SOCHDB_TRY(AddOwnToStats(field, list, stats, &known));
    if (known) return {};
  }
  std::optional<uint64_t> ticket;
  if (index_ != nullptr && !has_own_) ticket = index_->postings()->BeginLengths(field, reader_->read_ts());
  std::vector<ListedPosting> lengths;
  bool may_keep = true;
  const Status status = ReadPostings(list, true, &lengths, &may_keep);
  if (ticket.has_value()) {
    const bool keep = status.ok() && may_keep;
    index_->postings()->KeepLengths(field, *ticket, reader_->read_ts(), keep ? &lengths : nullptr);
  }
  SOCHDB_TRY(status);
  *stats = {};
  stats->documents = lengths.size();
  for (const ListedPosting& each : lengths) stats->words += each.length;
  return {};
}

// --- Lists

Status TextReader::ReadListFromStore(const std::string& list, const FieldStats& stats, ListView* view) {
  std::optional<uint64_t> ticket;
  if (index_ != nullptr && !has_own_) ticket = index_->postings()->Begin(list, reader_->read_ts());
  std::vector<ListedPosting> postings;
  bool may_keep = true;
  const Status status = ReadPostings(list, false, &postings, &may_keep);
  if (status.ok()) view->base = std::make_shared<PostingList>(std::move(postings), stats.average_length());
  if (ticket.has_value()) {
    index_->postings()->Keep(list, *ticket, reader_->read_ts(), status.ok() && may_keep ? view->base : nullptr);
  }
  return status;
}

Status TextReader::ReadList(uint32_t field, std::string_view term, const FieldStats& stats, ListView* view) {
  *view = {};
  std::string list;
  AppendList(field, term, &list);
  PostingCache::View cached;
  if (index_ == nullptr || !index_->postings()->Find(list, reader_->read_ts(), &cached)) {
    return ReadListFromStore(list, stats, view);
  }
  view->base = cached.base;
  if (cached.changes.empty() && !has_own_) return {};
  const auto overlay = [&](Overlay* changes) {
    for (const PostingCache::Change& change : cached.changes) {
      changes->Change({change.document, change.frequency, change.length});
    }
  };
  std::vector<ListedPosting> extra;
  if (cached.should_fold) {
    Overlay committed(*cached.base);
    overlay(&committed);
    committed.Finish(&view->hidden, &extra);
    view->base = Merged(*cached.base, view->hidden, extra, stats.average_length());
    index_->postings()->Fold(list, cached.base.get(), reader_->read_ts(), view->base);
    cached.changes.clear();
    view->hidden.clear();
    extra.clear();
  }
  std::vector<OwnChange> own;
  SOCHDB_TRY(ReadOwnChanges(list, &own));
  Overlay all(*view->base);
  overlay(&all);
  for (const OwnChange& change : own) all.Change({change.document, change.posting.frequency, change.posting.length});
  all.Finish(&view->hidden, &extra);
  if (!extra.empty()) view->extra = std::make_shared<PostingList>(std::move(extra), stats.average_length());
  return {};
}

Status TextReader::ReadPrefix(uint32_t field, std::string_view prefix, const FieldStats& stats, ListView* view) {
  *view = {};
  std::string lo = collection_.Prefix();
  AppendListPrefix(field, prefix, &lo);
  std::vector<ListedPosting> postings;
  SOCHDB_TRY(Scan(lo, After(lo), [&](uint32_t document, const Posting& posting) {
    postings.push_back({document, posting.frequency, posting.length});
  }));
  const auto by_document = [](const ListedPosting& a, const ListedPosting& b) { return a.document < b.document; };
  std::sort(postings.begin(), postings.end(), by_document);
  size_t kept = 0;
  for (size_t i = 0; i < postings.size(); ++i) {
    if (kept > 0 && postings[kept - 1].document == postings[i].document) postings[kept - 1].frequency += postings[i].frequency;
    else postings[kept++] = postings[i];
  }
  postings.resize(kept);
  view->base = std::make_shared<PostingList>(std::move(postings), stats.average_length());
  return {};
}

Status TextReader::ReadPositions(uint32_t field, std::string_view term, uint32_t document, std::vector<uint32_t>* positions) {
  positions->clear();
  std::string key = collection_.Prefix();
  AppendList(field, term, &key);
  key.append(IdOf(document));
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(reader_->Get(TreeId::kPostings, key, &value, &found));
  if (!found) return {};
  Posting posting;
  if (!DecodePosting(value.data, &posting) || !DecodePositions(posting, positions)) return DamagedPosting();
  return {};
}

}  // namespace sochdb
