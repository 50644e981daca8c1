// DocumentText: what a document's text means for the keyword index: its terms, each with its places.
//
// The strings that a field's path reaches, the elements of an array too, are one text; between two of them lies a gap that no
// phrase reaches over. The texts of chunks belong to the field with the least weight, of several to
// the first.
//
// Thread safety: a DocumentText belongs to one thread at a time.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "index/document/document_key.h"
#include "index/text/analyzer.h"
#include "index/text/posting.h"
#include "index/text/posting_batch.h"
#include "txn/transaction.h"

namespace sochdb {

inline constexpr uint32_t kPositionsBetweenTexts = 100;

// Calls visit(const TextField&, string) for every string that is searched.
void VisitTexts(const TextConfig& config, std::string_view metadata, std::span<const std::string_view> chunk_texts,
                const std::function<void(const TextField& field, const std::string& text)>& visit);

class DocumentText {
 public:
  struct Entry {
    uint32_t field;
    uint32_t length;  // of the field
    uint32_t term_at;
    uint32_t term_bytes;  // 0: the length entry
    uint32_t first_position;
    uint32_t frequency;
  };

  // Reads a document's metadata, and the texts of its chunks.
  void Read(const TextConfig& config, const Analyzer& analyzer, std::string_view metadata,
            std::span<const std::string_view> chunk_texts);

  // In order of field and term.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::string_view TermOf(const Entry& entry) const {
    return std::string_view(terms_).substr(entry.term_at, entry.term_bytes);
  }
  [[nodiscard]] std::span<const uint32_t> PositionsOf(const Entry& entry) const {
    return std::span<const uint32_t>(positions_).subspan(entry.first_position, entry.frequency);
  }

 private:
  struct Occurrence {
    uint32_t term_at;
    uint32_t term_bytes;
    uint32_t position;
  };
  void AddField(const TextField& field);

  std::string terms_;
  std::vector<Occurrence> occurrences_;  // of the field that is being read
  uint32_t length_ = 0;
  uint32_t next_position_ = 0;
  std::vector<uint32_t> positions_;
  std::vector<Entry> entries_;
};

// Writes the entries of a new version, and deletes those of the replaced one that it does not have. `kept`: entries that are
// the same stand as they are (their expiry is the same). They go to `batch`; null: into the transaction at once.
Status WriteTextEntries(Transaction* transaction, CollectionId collection, std::string_view document_id,
                        const DocumentText& old_text, const DocumentText& new_text, bool kept, ExpiryMs expires_ms,
                        PostingBatch* batch);

}  // namespace sochdb
