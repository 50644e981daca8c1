// TextReader: posting lists as one view sees them: from the cache where it reaches, from the store where it does not, with
// the transaction's own writes. Whichever it is, the postings are the same.
//
// Documents are named by numbers: those of the vector index below known(), and above them numbers of this reader's own for
// documents that the index does not know (own writes; every document, where the index does not cover the view).
//
// Thread safety: the view's thread. Lifetime: until the transaction's next write.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/document/document_key.h"
#include "index/text/bm25.h"
#include "index/text/posting.h"
#include "index/text/posting_cache.h"
#include "index/text/posting_list.h"
#include "index/vector/vector_index.h"
#include "txn/transaction.h"

namespace sochdb {

// What a view sees of a list: the base without what is hidden, and the extra; no document is in both.
struct ListView {
  std::shared_ptr<const PostingList> base;   // null: nothing
  std::vector<uint32_t> hidden;              // documents of the base, ascending
  std::shared_ptr<const PostingList> extra;  // null: nothing

  [[nodiscard]] uint64_t size() const {
    return (base == nullptr ? 0 : base->size()) - hidden.size() + (extra == nullptr ? 0 : extra->size());
  }
};

class TextReader {
 public:
  // index: null when it does not cover the view. transaction: null for a snapshot.
  TextReader(CollectionId collection, const VectorIndex* index, Reader* reader, Transaction* transaction,
             const CancelToken* cancel);

  Status ReadStats(uint32_t field, FieldStats* stats);
  // stats: of the field.
  Status ReadList(uint32_t field, std::string_view term, const FieldStats& stats, ListView* view);
  // Of the documents that have a term which begins so: how many such words.
  Status ReadPrefix(uint32_t field, std::string_view prefix, const FieldStats& stats, ListView* view);
  // Where a document has a term; nothing when it has not.
  Status ReadPositions(uint32_t field, std::string_view term, uint32_t document, std::vector<uint32_t>* positions);

  [[nodiscard]] uint32_t known() const { return known_; }
  [[nodiscard]] std::string_view IdOf(uint32_t document) const {
    return document < known_ ? index_->IdOf(document) : std::string_view(own_ids_[document - known_]);
  }
  // One past the greatest number there is.
  [[nodiscard]] uint32_t documents() const { return known_ + static_cast<uint32_t>(own_ids_.size()); }
  [[nodiscard]] Reader* reader() const { return reader_; }
  [[nodiscard]] const CancelToken* cancel() const { return cancel_; }

 private:
  struct OwnChange {
    uint32_t document;
    Posting posting;  // frequency 0 and length 0: deleted
  };

  uint32_t NumberOf(std::string_view id);
  // Every posting of the keys [lo, hi): the document's number, and the posting.
  template <typename Visit>
  Status Scan(std::string_view lo, std::string_view hi, Visit visit);
  Status ReadPostings(const std::string& list, bool lengths, std::vector<ListedPosting>* postings, bool* may_keep);
  Status ReadOwnChanges(const std::string& list, std::vector<OwnChange>* changes);
  Status ReadListFromStore(const std::string& list, const FieldStats& stats, ListView* view);
  // *known false: the cache does not know enough any more.
  Status AddOwnToStats(uint32_t field, const std::string& list, FieldStats* stats, bool* known);
  [[nodiscard]] std::string KeyOf(std::string_view list) const;
  [[nodiscard]] static std::string After(std::string_view prefix);

  const CollectionId collection_;
  const VectorIndex* const index_;
  Reader* const reader_;
  Transaction* const transaction_;
  const CancelToken* const cancel_;
  const uint32_t known_;
  const bool has_own_;  // writes that are not committed
  std::vector<std::string> own_ids_;
  std::unordered_map<std::string, uint32_t> own_numbers_;
};

}  // namespace sochdb
