// AdyaChecker: which of Adya's phenomena a recorded history shows.
//
// Unlike the serial checker it takes nobody's word for the order of transactions: from what was read and written it builds the
// direct serialization graph (Adya 1999; generalised isolation levels) and looks for cycles:
//
//   ww   T2 overwrote what T1 had written         wr   T2 read what T1 had written
//   rw   T2 overwrote what T1 had read (an anti-dependency); of a single item, or of a predicate (a range, absences included)
//
//   G0        a cycle of ww                        G1c       a cycle of ww and wr
//   G1a       a read of an aborted write           G1b       a read of what its writer overwrote itself
//   G-single  a cycle with exactly one rw          G2-item   a cycle with rw of items         G2   with rw of predicates
//
// In a mix of levels a phenomenon counts against a transaction by the level it asked for: G-single against the reader
// of its only rw; and the graph in which only serializable transactions have rw edges must have no cycle at all
// ("mixing-correct").
//
// Values are unique, so a value read names its writer. The order of a key's versions is that of their commit timestamps; of a
// read that found nothing, the snapshot says which absence it saw.
//
// Thread safety: Add from any thread; Check when all have finished.

#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "base/types.h"
#include "env/sync.h"

namespace sochdb::test {

// What was read or written under one key.
struct AdyaItem {
  std::string key;
  std::string value;  // empty: nothing was there; a delete
};

struct AdyaOp {
  enum class Kind : uint8_t { kRead, kScan, kWrite };
  Kind kind = Kind::kRead;
  Timestamp read_ts = 0;  // of the snapshot it was answered from
  AdyaItem item;          // of a read or a write
  std::string lo;         // of a scan: [lo, hi), as far as it has gone
  std::string hi;
  std::vector<AdyaItem> found;  // by a scan, own writes left out
};

struct AdyaTransaction {
  std::string name;
  IsolationLevel level = IsolationLevel::kSerializable;
  bool committed = false;
  Timestamp commit_ts = 0;
  std::vector<AdyaOp> ops;
};

enum class Phenomenon : uint8_t { kG0, kG1a, kG1b, kG1c, kGSingle, kG2Item, kG2, kMixed, kWrongRead, kCount };
const char* NameOf(Phenomenon phenomenon);

class AdyaChecker {
 public:
  explicit AdyaChecker(Env* env) : mutex_(env) {}
  void Add(AdyaTransaction transaction);
  void Check();
  // How many were found, and an example of each.
  [[nodiscard]] int count(Phenomenon phenomenon) const { return counts_[static_cast<size_t>(phenomenon)]; }
  // Of G-single: against readers of this level.
  [[nodiscard]] int single_of(IsolationLevel level) const { return single_[static_cast<size_t>(level)]; }
  [[nodiscard]] const std::string& example(Phenomenon phenomenon) const { return examples_[static_cast<size_t>(phenomenon)]; }
  [[nodiscard]] size_t size() const { return history_.size(); }

 private:
  enum EdgeKind : uint8_t { kWW = 1, kWR = 2, kItemRW = 4, kPredicateRW = 8 };
  struct Edge {
    size_t to;
    uint8_t kind;
    std::string key;
  };
  struct Version {
    Timestamp ts;
    size_t writer;
    std::string value;  // empty: a delete
  };
  struct Write {
    size_t writer;
    bool last;  // its writer's last to this key
  };

  void CollectWrites();
  void AddReads(size_t reader);
  void AddRead(size_t reader, const AdyaOp& op, const AdyaItem& item, bool predicate);
  void AddEdge(size_t from, size_t to, EdgeKind kind, const std::string& key);
  void FindCycles();
  void FindSingles();
  // The strongly connected component of every transaction, over edges of these kinds.
  std::vector<size_t> Components(uint8_t kinds, bool rw_of_serializable_only) const;
  [[nodiscard]] bool Uses(size_t from, const Edge& edge, uint8_t kinds, bool rw_of_serializable_only) const;
  void Found(Phenomenon phenomenon, const std::string& example);
  [[nodiscard]] std::string Show(size_t from, const Edge& edge) const;

  Mutex mutex_;  // guards history_
  std::vector<AdyaTransaction> history_;
  std::map<std::string, std::vector<Version>> versions_;  // by key, in commit order
  std::map<std::string, Write> writes_;                   // by value
  std::vector<std::vector<Edge>> edges_;
  std::array<int, static_cast<size_t>(Phenomenon::kCount)> counts_{};
  std::array<std::string, static_cast<size_t>(Phenomenon::kCount)> examples_;
  std::array<int, 3> single_{};
};

}  // namespace sochdb::test
