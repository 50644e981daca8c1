// PostingCache: posting lists and lengths of a collection in memory, kept up to date by commits, so that frequent queries
// touch no store.
//
// A list is read from the store at a snapshot and kept with that snapshot's timestamp; commits after it are noted as changes.
// The view of a snapshot is the list with the changes up to it. A snapshot older than a list, a list that was never read, was
// evicted, has entries that expire, or changed too much: there the reader reads the store, and the answer is the same.
//
// Loading: Begin says which list is to be read, from then on its changes are noted; it refuses a snapshot that does not see
// everything heard so far. Keep puts the list into its place. Changes that have become many are put into a list of their own
// making by a reader (Fold); a snapshot older than that reads the store.
//
// Lengths of fields are kept by document number, with the last changes, so that the number of documents and of words is known
// for every snapshot these reach back to.
//
// Thread safety: any thread; Note comes in commit order.
// Limits: max_bytes (kDefaultMaxBytes) of lists and lengths; the lists least recently used go first.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/types.h"
#include "env/sync.h"
#include "index/text/posting_list.h"
#include "txn/commit_listener.h"

namespace sochdb {

class PostingCache {
 public:
  static constexpr uint64_t kDefaultMaxBytes = 64u << 20;

  struct Change {
    Timestamp ts;
    uint32_t document;
    uint32_t frequency;  // 0: the document does not have the term any more
    uint32_t length;
  };
  // What a snapshot sees of a list: the base, and changes to it in their order.
  struct View {
    std::shared_ptr<const PostingList> base;
    std::vector<Change> changes;
    bool should_fold = false;
  };
  using FindDocument = std::function<std::optional<uint32_t>(std::string_view id)>;

  explicit PostingCache(Env* env) : mutex_(env) {}

  // A write to kPostings under this collection. `find` gives a document's number.
  void Note(Timestamp ts, const CommittedWrite& write, const FindDocument& find) noexcept;

  // False: it has to be read from the store.
  bool Find(std::string_view list, Timestamp read_ts, View* view);
  // Nothing when the snapshot is too old, or somebody else is reading this list.
  std::optional<uint64_t> Begin(std::string_view list, Timestamp read_ts);
  // Ends what Begin began. Null: it could not be read, or must not be kept.
  void Keep(std::string_view list, uint64_t ticket, Timestamp read_ts, std::shared_ptr<const PostingList> made);
  // `folded` is `base` with every change up to read_ts.
  void Fold(std::string_view list, const PostingList* base, Timestamp read_ts, std::shared_ptr<const PostingList> folded);

  // The same for the lengths of a field.
  bool FindStats(uint32_t field, Timestamp read_ts, FieldStats* stats);
  std::optional<uint64_t> BeginLengths(uint32_t field, Timestamp read_ts);
  void KeepLengths(uint32_t field, uint64_t ticket, Timestamp read_ts, const std::vector<ListedPosting>* lengths);
  // The length of a document that a snapshot sees; 0: it has no words. Nothing where FindStats knows nothing.
  std::optional<uint32_t> LengthAt(uint32_t field, uint32_t document, Timestamp read_ts);

  // Gives up what is above.
  void set_max_bytes(uint64_t bytes);
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  struct Entry {
    std::shared_ptr<const PostingList> base;  // null: it is being read
    Timestamp base_ts = 0;
    uint64_t ticket = 0;
    uint64_t bytes = 0;
    std::vector<Change> changes;
    std::list<const std::string*>::iterator used;
  };
  struct LengthChange {
    Timestamp ts;
    uint32_t document;
    uint32_t length;   // before
    FieldStats stats;  // before
  };
  struct Lengths {
    bool loading = true;
    uint64_t ticket = 0;
    Timestamp base_ts = 0;
    std::vector<uint32_t> of;  // by document number; 0: none
    FieldStats stats;
    std::deque<LengthChange> changes;
    std::vector<Change> heard;  // while loading

    void Set(uint32_t document, uint32_t length);
    void Apply(const Change& change);
    [[nodiscard]] uint64_t memory_bytes() const;
  };
  struct HashList {
    using is_transparent = void;
    size_t operator()(std::string_view list) const { return Hash64(list); }
  };
  using Entries = std::unordered_map<std::string, Entry, HashList, std::equal_to<>>;

  void NoteNow(Timestamp ts, const CommittedWrite& write, const FindDocument& find);
  void NoteLength(uint32_t field, const Change& change);
  void Erase(Entries::iterator entry);
  void Shrink();
  [[nodiscard]] uint64_t LengthsBytes() const;

  mutable Mutex mutex_;  // guards what follows
  uint64_t max_bytes_ = kDefaultMaxBytes;
  uint64_t list_bytes_ = 0;
  uint64_t last_ticket_ = 0;
  Timestamp heard_ts_ = 0;
  Entries entries_;
  std::list<const std::string*> used_;  // keys of entries, most recently used first
  std::unordered_map<uint32_t, Lengths> lengths_;
};

}  // namespace sochdb
