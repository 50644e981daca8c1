#include "index/graph/graph_candidates.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "codec/key_codec.h"
#include "index/graph/graph_index.h"

namespace sochdb {
namespace {

constexpr size_t kFirstTurn = 16;
constexpr size_t kLongestTurn = 1024;
// Where so many entries were walked and only some nodes are wanted, these may be found sooner by looking at nodes.
constexpr size_t kEntriesBeforeScan = 2048;
// Looking at a node costs about as much as walking over so many entries.
constexpr size_t kEntriesForOneNode = 4;
constexpr size_t kMostAlternatives = 8;
// More types than that are not looked up one by one.
constexpr size_t kMostTypes = 64;
constexpr size_t kMostBounds = 32;

// Keys of kNodes that end with ids.
struct Span {
  std::string lo;
  std::string hi;
  size_t before_value;                  // bytes of a key before its value
  bool has_value = true;                // else the id follows them
  const MetadataTest* check = nullptr;  // which the value has to pass
};

// One way to find all candidates.
struct Alternative {
  std::vector<Span> spans;
  int rank = 0;             // how many nodes it is likely to have, compared with others
  bool in_order = false;    // of their ids
  bool of_any_type = true;  // entries of nodes of other types than those asked for may be among them
};

using Alternatives = std::vector<Alternative>;

class Planner {
 public:
  Planner(const GraphIndexes& indexes, const NodeTest& test, std::string_view prefix)
      : indexes_(indexes), test_(test), prefix_(prefix), entries_(IndexEntryPrefix(prefix)) {}

  Alternatives Plan() {
    Alternatives found = PlanAll({&test_.filter->root()});
    if (found.size() > kMostAlternatives) found.resize(kMostAlternatives);
    const bool has_types = !test_.types.empty() && test_.types.size() <= kMostTypes;
    const auto of_any = [](const Alternative& each) { return each.of_any_type; };
    if (has_types && !found.empty() && std::all_of(found.begin(), found.end(), of_any)) found.push_back(OfTypes());
    return found;
  }

 private:
  using Node = MetadataFilter::Node;
  using Kind = MetadataTestKind;

  // The properties that have the entries of a path; none: not all of the nodes asked for have such entries.
  [[nodiscard]] std::vector<uint32_t> PropertiesOf(const std::string& path, bool* of_any_type) const {
    const auto declared = [&](std::string_view type) -> std::optional<uint32_t> {
      for (const IndexedProperty& each : indexes_.properties) {
        if (each.path == path && each.node_type == type) return each.number;
      }
      return std::nullopt;
    };
    std::vector<uint32_t> numbers;
    for (const std::string& type : test_.types) {
      if (test_.types.size() > kMostTypes) break;
      const std::optional<uint32_t> number = declared(type);
      if (!number.has_value()) break;
      numbers.push_back(*number);
    }
    *of_any_type = test_.types.empty() || numbers.size() < test_.types.size();
    if (!*of_any_type) return numbers;
    const std::optional<uint32_t> any = declared({});
    return any.has_value() ? std::vector<uint32_t>{*any} : std::vector<uint32_t>();
  }

  [[nodiscard]] Span SpanOf(const EntryRange& range) const {
    return {entries_ + range.lo, range.hi.empty() ? PrefixEnd(entries_) : entries_ + range.hi,
            entries_.size() + sizeof(uint32_t)};
  }

  static int RankOf(const MetadataTest& test) {
    if (test.kind == Kind::kIn) return test.values.size() <= 1 ? 0 : 1;
    return test.kind == Kind::kStartsWith ? 2 : test.kind == Kind::kExists ? 6 : 4;
  }

  void PlanTest(const MetadataTest& test, Alternatives* found) const {
    Alternative made;
    const std::vector<uint32_t> numbers = PropertiesOf(test.path, &made.of_any_type);
    if (numbers.empty()) return;
    made.rank = RankOf(test);
    for (const uint32_t number : numbers) {
      const EntryRanges ranges = RangesOfTest(number, test);
      for (const EntryRange& range : ranges.ranges) {
        made.spans.push_back(SpanOf(range));
        if (ranges.check_values) made.spans.back().check = &test;
      }
      if (ranges.longs.has_value()) made.spans.push_back(SpanOf(*ranges.longs));
    }
    made.in_order = test.kind == Kind::kIn && made.spans.size() == 1;
    found->push_back(std::move(made));
  }

  static bool IsLower(const MetadataTest& test) { return test.kind == Kind::kGreater || test.kind == Kind::kGreaterEqual; }
  static bool IsUpper(const MetadataTest& test) { return test.kind == Kind::kLess || test.kind == Kind::kLessEqual; }

  void PlanBetween(const MetadataTest& above, const MetadataTest& below, Alternatives* found) const {
    Alternative made;
    const std::vector<uint32_t> numbers = PropertiesOf(above.path, &made.of_any_type);
    if (numbers.empty()) return;
    made.rank = 3;
    for (const uint32_t number : numbers) {
      EntryRanges lower = RangesOfTest(number, above);
      const EntryRanges upper = RangesOfTest(number, below);
      lower.ranges.front().hi = upper.ranges.front().hi;
      if (lower.ranges.front().lo < lower.ranges.front().hi) made.spans.push_back(SpanOf(lower.ranges.front()));
      if (lower.longs.has_value()) made.spans.push_back(SpanOf(*lower.longs));
      made.spans.push_back(SpanOf(RangeOfSeveral(number)));
    }
    found->push_back(std::move(made));
  }

  // The alternatives where all of the nodes must hold, the likeliest first.
  [[nodiscard]] Alternatives PlanAll(const std::vector<const Node*>& nodes) const {
    Alternatives found;
    std::vector<const MetadataTest*> bounds;
    std::vector<const Node*> open(nodes.rbegin(), nodes.rend());
    while (!open.empty()) {
      const Node* const node = open.back();
      open.pop_back();
      if (node->op == MetadataFilter::Operator::kAnd) {
        for (auto child = node->children.rbegin(); child != node->children.rend(); ++child) open.push_back(&*child);
      } else if (node->op == MetadataFilter::Operator::kOr) {
        PlanAny(node->children, &found);
      } else if (node->op == MetadataFilter::Operator::kTest) {
        const MetadataTest& test = test_.filter->tests()[node->test];
        PlanTest(test, &found);
        if ((IsLower(test) || IsUpper(test)) && bounds.size() < kMostBounds) bounds.push_back(&test);
      }
    }
    for (const MetadataTest* above : bounds) {
      if (!IsLower(*above)) continue;
      for (const MetadataTest* below : bounds) {
        const bool is_pair =
            IsUpper(*below) && below->path == above->path && below->values.front().kind == above->values.front().kind;
        if (is_pair) PlanBetween(*above, *below, &found);
      }
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
    return found;
  }

  void PlanAny(const std::vector<Node>& nodes, Alternatives* found) const {
    Alternative made;
    made.of_any_type = false;
    made.rank = 5;
    for (const Node& node : nodes) {
      Alternatives of_node = PlanAll({&node});
      if (of_node.empty()) return;
      Alternative& best = of_node.front();
      made.of_any_type = made.of_any_type || best.of_any_type;
      std::move(best.spans.begin(), best.spans.end(), std::back_inserter(made.spans));
    }
    found->push_back(std::move(made));
  }

  [[nodiscard]] Alternative OfTypes() const {
    Alternative made;
    for (const std::string& type : test_.types) {
      const std::string range = NodeTypePrefix(prefix_, type);
      made.spans.push_back({range, PrefixEnd(range), range.size(), false});
    }
    return made;
  }

  const GraphIndexes& indexes_;
  const NodeTest& test_;
  const std::string_view prefix_;
  const std::string entries_;
};

// Walks over the spans of an alternative, some entries at a time.
class Walk {
 public:
  using Visit = std::function<Status(std::string_view id, bool* more)>;

  Walk(GraphReader* reader, Alternative alternative) : reader_(reader), alternative_(std::move(alternative)) {}

  // *done: there are no more, or no more are wanted.
  Status Advance(size_t entries, bool* done, const Visit& visit) {
    bool more = true;
    for (; entries > 0 && more; --entries) {
      SOCHDB_TRY(Open(done));
      if (*done) return {};
      bool found = false;
      SOCHDB_TRY(cursor_->Next(&found));
      if (!found) {
        cursor_.reset();
        ++at_;
        continue;
      }
      SOCHDB_TRY(VisitEntry(&more, visit));
    }
    *done = !more;
    return {};
  }

 private:
  Status Open(bool* done) {
    *done = at_ == alternative_.spans.size();
    if (*done || cursor_ != nullptr) return {};
    const Span& span = alternative_.spans[at_];
    SOCHDB_ASSIGN(cursor, reader_->OpenNodes(span.lo, span.hi));
    cursor_ = std::move(cursor);
    return {};
  }

  Status VisitEntry(bool* more, const Visit& visit) {
    const Span& span = alternative_.spans[at_];
    std::string_view rest = cursor_->key().substr(span.before_value);
    if (span.check != nullptr) {
      Value value;
      scratch_.clear();
      if (!DecodeKeyValue(&rest, false, &scratch_, &value)) return DamagedGraph(TreeId::kNodes);
      if (value.tag != ValueTag::kText || !span.check->Passes(ScalarView::Text(value.bytes))) return {};
    } else if (span.has_value && !SkipKeyValue(&rest, false)) {
      return DamagedGraph(TreeId::kNodes);
    }
    return rest.empty() ? DamagedGraph(TreeId::kNodes) : visit(rest, more);
  }

  GraphReader* const reader_;
  const Alternative alternative_;
  size_t at_ = 0;
  std::unique_ptr<Cursor> cursor_;
  std::string scratch_;
};

// Looks at nodes in the order of their ids, some at a time, until it has found as many as are wanted.
class Scan {
 public:
  Scan(GraphReader* reader, const NodeTest& test, std::string_view after, uint64_t limit)
      : reader_(reader), test_(test), after_(after), limit_(limit) {
    range_ = test.types.size() == 1 ? NodeTypePrefix(reader->prefix(), test.types[0]) : NodeKey(reader->prefix(), {});
  }

  Status Advance(size_t nodes, bool* done) {
    if (cursor_ == nullptr) {
      std::string lo = range_;
      if (!after_.empty()) lo.append(after_).push_back('\0');
      SOCHDB_ASSIGN(cursor, reader_->OpenNodes(lo, PrefixEnd(range_)));
      cursor_ = std::move(cursor);
    }
    std::vector<std::string> ids;
    bool found = true;
    for (; nodes > 0 && found; --nodes) {
      SOCHDB_TRY(cursor_->Next(&found));
      if (found) ids.emplace_back(cursor_->key().substr(range_.size()));
    }
    const std::vector<std::string_view> views(ids.begin(), ids.end());
    NodeRecords records;
    SOCHDB_TRY(reader_->GetNodes(views, &records, true));
    for (size_t i = 0; i < ids.size(); ++i) {
      if (test_.Passes(records[i].type, records[i].properties)) found_.push_back(std::move(ids[i]));
    }
    *done = !found || found_.size() >= limit_;
    return {};
  }
  [[nodiscard]] std::vector<std::string>* found() { return &found_; }

 private:
  GraphReader* const reader_;
  const NodeTest& test_;
  const std::string_view after_;
  const uint64_t limit_;
  std::string range_;
  std::unique_ptr<Cursor> cursor_;
  std::vector<std::string> found_;
};

// All of the alternative that ends first; or what a scan has found, if that has all that are wanted before.
Status CollectFewest(GraphReader* reader, Alternatives* alternatives, Scan* scan, std::string_view after,
                     std::vector<std::string>* ids) {
  std::vector<Walk> walks;
  std::vector<std::vector<std::string>> found(alternatives->size());
  for (Alternative& alternative : *alternatives) walks.emplace_back(reader, std::move(alternative));
  size_t walked = 0;
  for (size_t turn = kFirstTurn;; turn = std::min(2 * turn, kLongestTurn)) {
    SOCHDB_TRY(reader->CheckCancelled());
    if (scan != nullptr && walked >= kEntriesBeforeScan) {
      bool done = false;
      SOCHDB_TRY(scan->Advance(turn / kEntriesForOneNode, &done));
      if (done) {
        *ids = std::move(*scan->found());
        return {};
      }
    }
    walked += turn;
    for (size_t i = 0; i < walks.size(); ++i) {
      bool done = false;
      const auto keep = [&](std::string_view id, bool*) {
        if (id > after) found[i].emplace_back(id);
        return Status();
      };
      SOCHDB_TRY(walks[i].Advance(turn, &done, keep));
      if (!done) continue;
      *ids = std::move(found[i]);
      std::sort(ids->begin(), ids->end());
      ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
      return {};
    }
  }
}

}  // namespace

Status VisitCandidates(GraphReader* reader, const NodeTest& test, std::string_view after, uint64_t limit,
                       const std::function<Status(std::string_view id, bool* more)>& visit, bool* indexed) {
  *indexed = false;
  if (test.filter == nullptr) return {};
  GraphIndexes indexes;
  SOCHDB_TRY(reader->GetIndexes(&indexes));
  if (indexes.properties.empty()) return {};
  Alternatives alternatives = Planner(indexes, test, reader->prefix()).Plan();
  if (alternatives.empty()) return {};
  *indexed = true;
  if (alternatives.size() == 1 && alternatives.front().in_order) {
    Alternative only = std::move(alternatives.front());
    // The least id behind it.
    if (!after.empty()) only.spans.front().lo.append(after).push_back('\0');
    Walk walk(reader, std::move(only));
    for (bool done = false; !done;) {
      SOCHDB_TRY(reader->CheckCancelled());
      SOCHDB_TRY(walk.Advance(kLongestTurn, &done, visit));
    }
    return {};
  }
  std::vector<std::string> ids;
  Scan scan(reader, test, after, limit);
  SOCHDB_TRY(CollectFewest(reader, &alternatives, limit == UINT64_MAX ? nullptr : &scan, after, &ids));
  bool more = true;
  for (size_t i = 0; i < ids.size() && more; ++i) SOCHDB_TRY(visit(ids[i], &more));
  return {};
}

}  // namespace sochdb
