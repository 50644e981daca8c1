#include "index/text/document_text.h"

#include <algorithm>

#include "base/json.h"

namespace sochdb {
namespace {

// < 0, 0 or > 0: where an entry of one text stands beside one of another.
int Compare(const DocumentText& a, const DocumentText::Entry& of_a, const DocumentText& b, const DocumentText::Entry& of_b) {
  if (of_a.field != of_b.field) return of_a.field < of_b.field ? -1 : 1;
  return a.TermOf(of_a).compare(b.TermOf(of_b));
}

}  // namespace

void VisitTexts(const TextConfig& config, std::string_view metadata, std::span<const std::string_view> chunk_texts,
                const std::function<void(const TextField& field, const std::string& text)>& visit) {
  const auto for_chunks = std::ranges::min_element(config.fields, {}, &TextField::weight);
  for (const TextField& field : config.fields) {
    VisitJsonPath(metadata, field.segments, [&](const JsonReader& reader, JsonToken token) {
      if (token == JsonToken::kString) visit(field, reader.Text());
      return true;
    });
    if (&field != &*for_chunks) continue;
    for (const std::string_view text : chunk_texts) visit(field, std::string(text));
  }
}

void DocumentText::Read(const TextConfig& config, const Analyzer& analyzer, std::string_view metadata,
                        std::span<const std::string_view> chunk_texts) {
  terms_.clear();
  positions_.clear();
  entries_.clear();
  const TextField* current = nullptr;
  VisitTexts(config, metadata, chunk_texts, [&](const TextField& field, const std::string& text) {
    if (current != &field) {
      if (current != nullptr) AddField(*current);
      current = &field;
    }
    const uint32_t begin = next_position_;
    next_position_ = analyzer.Analyze(text, Analyzer::Mode::kDocument, begin, [this](const Term& term) {
      occurrences_.push_back({static_cast<uint32_t>(terms_.size()), static_cast<uint32_t>(term.text.size()), term.position});
      terms_.append(term.text);
      if (term.counts) ++length_;
    });
    if (next_position_ != begin) next_position_ += kPositionsBetweenTexts;
  });
  if (current != nullptr) AddField(*current);
}

void DocumentText::AddField(const TextField& field) {
  const auto term_of = [this](const Occurrence& each) {
    return std::string_view(terms_).substr(each.term_at, each.term_bytes);
  };
  std::sort(occurrences_.begin(), occurrences_.end(), [&](const Occurrence& a, const Occurrence& b) {
    const int order = term_of(a).compare(term_of(b));
    return order != 0 ? order < 0 : a.position < b.position;
  });
  if (length_ > 0) entries_.push_back({field.number, length_, 0, 0, 0, 0});
  for (size_t i = 0; i < occurrences_.size();) {
    const auto first = static_cast<uint32_t>(positions_.size());
    const std::string_view term = term_of(occurrences_[i]);
    const Occurrence& of = occurrences_[i];
    for (; i < occurrences_.size() && term_of(occurrences_[i]) == term; ++i) positions_.push_back(occurrences_[i].position);
    const auto frequency = static_cast<uint32_t>(positions_.size()) - first;
    entries_.push_back({field.number, length_, of.term_at, of.term_bytes, first, frequency});
  }
  occurrences_.clear();
  length_ = 0;
  next_position_ = 0;
}

Status WriteTextEntries(Transaction* transaction, CollectionId collection, std::string_view document_id,
                        const DocumentText& old_text, const DocumentText& new_text, bool kept, ExpiryMs expires_ms,
                        PostingBatch* batch) {
  std::string key = collection.Prefix();
  const auto key_of = [&](const DocumentText& text, const DocumentText::Entry& entry) -> const std::string& {
    key.resize(kCollectionPrefixBytes);
    AppendList(entry.field, text.TermOf(entry), &key);
    key.append(document_id);
    return key;
  };
  auto old_entry = old_text.entries().begin();
  const auto old_end = old_text.entries().end();
  const auto delete_old = [&]() -> Status {
    const std::string& old_key = key_of(old_text, *old_entry++);
    if (batch == nullptr) return transaction->Delete(TreeId::kPostings, old_key);
    batch->Delete(old_key);
    return {};
  };
  for (const DocumentText::Entry& entry : new_text.entries()) {
    const auto order = [&] { return old_entry == old_end ? 1 : Compare(old_text, *old_entry, new_text, entry); };
    while (order() < 0) SOCHDB_TRY(delete_old());
    const std::span<const uint32_t> positions = new_text.PositionsOf(entry);
    if (order() == 0) {
      const bool same =
          kept && old_entry->length == entry.length && std::ranges::equal(old_text.PositionsOf(*old_entry), positions);
      ++old_entry;
      if (same) continue;
    }
    const std::string value = EncodePosting(entry.length, expires_ms != kNeverExpires, positions);
    if (batch != nullptr) batch->Put(key_of(new_text, entry), value, expires_ms);
    else SOCHDB_TRY(transaction->Put(TreeId::kPostings, key_of(new_text, entry), value, expires_ms));
  }
  while (old_entry != old_end) SOCHDB_TRY(delete_old());
  return {};
}

}  // namespace sochdb
