#include "test/adya_checker.h"

#include <algorithm>
#include <set>

namespace sochdb::test {

const char* NameOf(Phenomenon phenomenon) {
  constexpr const char* kNames[] = {"G0", "G1a", "G1b", "G1c", "G-single", "G2-item", "G2", "mixed cycle", "wrong read"};
  return kNames[static_cast<size_t>(phenomenon)];
}

void AdyaChecker::Add(AdyaTransaction transaction) {
  MutexLock lock(&mutex_);
  history_.push_back(std::move(transaction));
}

void AdyaChecker::Found(Phenomenon phenomenon, const std::string& example) {
  const auto i = static_cast<size_t>(phenomenon);
  if (counts_[i]++ == 0) examples_[i] = example;
}

std::string AdyaChecker::Show(size_t from, const Edge& edge) const {
  const char* kind = edge.kind == kWW ? "ww" : edge.kind == kWR ? "wr" : edge.kind == kItemRW ? "rw" : "predicate rw";
  return history_[from].name + " -" + kind + "(" + edge.key + ")-> " + history_[edge.to].name;
}

void AdyaChecker::Check() {
  std::sort(history_.begin(), history_.end(),
            [](const AdyaTransaction& a, const AdyaTransaction& b) { return a.name < b.name; });
  edges_.resize(history_.size());
  CollectWrites();
  for (size_t i = 0; i < history_.size(); ++i) AddReads(i);
  FindCycles();
  FindSingles();
}

void AdyaChecker::CollectWrites() {
  for (size_t i = 0; i < history_.size(); ++i) {
    std::map<std::string, std::string> last;
    for (const AdyaOp& op : history_[i].ops) {
      if (op.kind != AdyaOp::Kind::kWrite) continue;
      last[op.item.key] = op.item.value;
      if (!op.item.value.empty()) writes_[op.item.value] = {i, false};
    }
    for (const auto& [key, value] : last) {
      if (!value.empty()) writes_[value].last = true;
      if (history_[i].committed) versions_[key].push_back({history_[i].commit_ts, i, value});
    }
  }
  for (auto& [key, versions] : versions_) {
    std::sort(versions.begin(), versions.end(), [](const Version& a, const Version& b) { return a.ts < b.ts; });
    for (size_t i = 1; i < versions.size(); ++i) AddEdge(versions[i - 1].writer, versions[i].writer, kWW, key);
  }
}

void AdyaChecker::AddReads(size_t reader) {
  if (!history_[reader].committed) return;  // what an aborted transaction saw is nobody's promise
  std::set<std::string> own;
  for (const AdyaOp& op : history_[reader].ops) {
    if (op.kind == AdyaOp::Kind::kWrite) {
      own.insert(op.item.key);
    } else if (op.kind == AdyaOp::Kind::kRead) {
      if (own.count(op.item.key) == 0) AddRead(reader, op, op.item, false);
    } else {
      std::map<std::string, std::string> found;
      for (const AdyaItem& item : op.found) found[item.key] = item.value;
      for (const auto& [key, versions] : versions_) {
        if (key < op.lo || (!op.hi.empty() && key >= op.hi) || own.count(key) != 0) continue;
        const auto item = found.find(key);
        if (item != found.end()) AddRead(reader, op, {key, item->second}, false);
        else AddRead(reader, op, {key, ""}, true);
      }
      for (const auto& [key, value] : found) {  // what nobody committed
        if (versions_.count(key) == 0 && own.count(key) == 0) AddRead(reader, op, {key, value}, false);
      }
    }
  }
}

void AdyaChecker::AddRead(size_t reader, const AdyaOp& op, const AdyaItem& item, bool predicate) {
  const std::string what = history_[reader].name + " read " + item.key + "=" + item.value;
  const auto known = versions_.find(item.key);
  static const std::vector<Version> kNone;
  const std::vector<Version>& versions = known == versions_.end() ? kNone : known->second;
  size_t next = 0;  // the version that follows the one that was read
  if (item.value.empty()) {
    while (next < versions.size() && versions[next].ts <= op.read_ts) ++next;
    if (next > 0 && !versions[next - 1].value.empty()) return Found(Phenomenon::kWrongRead, what + " where there was a value");
  } else {
    const auto write = writes_.find(item.value);
    if (write == writes_.end()) return Found(Phenomenon::kWrongRead, what + ", which nobody wrote");
    const size_t writer = write->second.writer;
    if (!history_[writer].committed) return Found(Phenomenon::kG1a, what + " of " + history_[writer].name + ", which aborted");
    if (!write->second.last) return Found(Phenomenon::kG1b, what + ", which " + history_[writer].name + " overwrote itself");
    while (next < versions.size() && versions[next].value != item.value) ++next;
    if (next++ == versions.size()) return Found(Phenomenon::kWrongRead, what + " under another key");
    AddEdge(writer, reader, kWR, item.key);
  }
  // To remove what is not there changes no predicate.
  while (predicate && next < versions.size() && versions[next].value.empty()) ++next;
  if (next < versions.size()) AddEdge(reader, versions[next].writer, predicate ? kPredicateRW : kItemRW, item.key);
}

void AdyaChecker::AddEdge(size_t from, size_t to, EdgeKind kind, const std::string& key) {
  if (from != to) edges_[from].push_back({to, kind, key});
}

bool AdyaChecker::Uses(size_t from, const Edge& edge, uint8_t kinds, bool rw_of_serializable_only) const {
  if ((edge.kind & kinds) == 0) return false;
  const bool is_rw = (edge.kind & (kItemRW | kPredicateRW)) != 0;
  return !is_rw || !rw_of_serializable_only || history_[from].level == IsolationLevel::kSerializable;
}

// Tarjan's algorithm, with a stack of its own: histories are long.
std::vector<size_t> AdyaChecker::Components(uint8_t kinds, bool rw_of_serializable_only) const {
  const size_t n = edges_.size();
  constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<size_t> component(n, kNone);
  std::vector<size_t> order(n, kNone);
  std::vector<size_t> low(n, 0);
  std::vector<size_t> path;
  std::vector<std::pair<size_t, size_t>> calls;  // a transaction, and the edge to go on with
  size_t visited = 0;
  for (size_t root = 0; root < n; ++root) {
    if (order[root] != kNone) continue;
    calls.emplace_back(root, 0);
    while (!calls.empty()) {
      auto& [at, edge] = calls.back();
      if (edge == 0) {
        order[at] = low[at] = visited++;
        path.push_back(at);
      }
      bool descended = false;
      while (edge < edges_[at].size()) {
        const Edge& e = edges_[at][edge++];
        if (!Uses(at, e, kinds, rw_of_serializable_only)) continue;
        if (order[e.to] == kNone) {
          calls.emplace_back(e.to, 0);
          descended = true;
          break;
        }
        if (component[e.to] == kNone) low[at] = std::min(low[at], order[e.to]);
      }
      if (descended) continue;
      const size_t done = at;
      if (low[done] == order[done]) {
        for (;;) {
          const size_t member = path.back();
          path.pop_back();
          component[member] = done;
          if (member == done) break;
        }
      }
      calls.pop_back();
      if (!calls.empty()) low[calls.back().first] = std::min(low[calls.back().first], low[done]);
    }
  }
  return component;
}

void AdyaChecker::FindCycles() {
  const struct {
    Phenomenon phenomenon;
    uint8_t kinds;
    uint8_t one_of;  // an edge of these lies on the cycle
    bool serializable_only;
  } kSearches[] = {
      {Phenomenon::kG0, kWW, kWW, false},
      {Phenomenon::kG1c, kWW | kWR, kWW | kWR, false},
      {Phenomenon::kG2Item, kWW | kWR | kItemRW, kItemRW, false},
      {Phenomenon::kG2, kWW | kWR | kItemRW | kPredicateRW, kPredicateRW, false},
      {Phenomenon::kMixed, kWW | kWR | kItemRW | kPredicateRW, kWW | kWR | kItemRW | kPredicateRW, true},
  };
  for (const auto& search : kSearches) {
    const std::vector<size_t> component = Components(search.kinds, search.serializable_only);
    for (size_t from = 0; from < edges_.size(); ++from) {
      for (const Edge& edge : edges_[from]) {
        if ((edge.kind & search.one_of) == 0 || !Uses(from, edge, search.kinds, search.serializable_only)) continue;
        if (component[from] == component[edge.to]) Found(search.phenomenon, Show(from, edge));
      }
    }
  }
}

// From the target of each rw edge: does ww and wr lead back?
void AdyaChecker::FindSingles() {
  for (size_t reader = 0; reader < edges_.size(); ++reader) {
    for (const Edge& rw : edges_[reader]) {
      if ((rw.kind & (kItemRW | kPredicateRW)) == 0) continue;
      std::vector<bool> seen(edges_.size(), false);
      std::vector<size_t> open = {rw.to};
      seen[rw.to] = true;
      while (!open.empty() && !seen[reader]) {
        const size_t at = open.back();
        open.pop_back();
        for (const Edge& edge : edges_[at]) {
          if ((edge.kind & (kWW | kWR)) == 0 || seen[edge.to]) continue;
          seen[edge.to] = true;
          open.push_back(edge.to);
        }
      }
      if (!seen[reader]) continue;
      Found(Phenomenon::kGSingle, Show(reader, rw));
      ++single_[static_cast<size_t>(history_[reader].level)];
    }
  }
}

}  // namespace sochdb::test
