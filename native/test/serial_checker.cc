#include "test/serial_checker.h"

#include <algorithm>

namespace sochdb::test {
namespace {

std::string Show(const RecordedOp& op) {
  if (op.kind != RecordedOp::Kind::kScan) return "get " + op.key;
  return std::string(op.reverse ? "reverse " : "") + "scan [" + op.key + ", " + op.hi + ")" +
         (op.limit == SIZE_MAX ? "" : " limit " + std::to_string(op.limit));
}

}  // namespace

void SerialChecker::Add(RecordedTransaction transaction) {
  MutexLock lock(&mutex_);
  history_.push_back(std::move(transaction));
}

std::string SerialChecker::Scan(const State& state, const RecordedOp& scan) {
  if (!scan.hi.empty() && scan.hi <= scan.key) return "";
  const auto begin = state.lower_bound(scan.key);
  const auto end = scan.hi.empty() ? state.end() : state.lower_bound(scan.hi);
  std::vector<std::string> entries;
  for (auto it = begin; it != end; ++it) entries.push_back(it->first + "=" + it->second + " ");
  if (scan.reverse) std::reverse(entries.begin(), entries.end());
  std::string out;
  for (size_t i = 0; i < entries.size() && i < scan.limit; ++i) out += entries[i];
  return out;
}

std::optional<std::string> SerialChecker::Check(State initial) {
  state_ = std::move(initial);
  // Of equal timestamps one is the commit, which comes first: the others have read it.
  std::stable_sort(history_.begin(), history_.end(), [](const RecordedTransaction& a, const RecordedTransaction& b) {
    return a.at != b.at ? a.at < b.at : a.wrote > b.wrote;
  });
  for (size_t i = 0; i < history_.size(); ++i) {
    if (i > 0 && history_[i].wrote && history_[i].at == history_[i - 1].at) {
      return "two commits have the timestamp " + std::to_string(history_[i].at);
    }
    if (std::optional<std::string> difference = Replay(history_[i])) return difference;
  }
  return std::nullopt;
}

std::optional<std::string> SerialChecker::Replay(const RecordedTransaction& transaction) {
  State own = state_;  // with the transaction's writes so far
  std::vector<State> savepoints;
  for (const RecordedOp& op : transaction.ops) {
    std::string expected;
    switch (op.kind) {
      case RecordedOp::Kind::kPut:
        own[op.key] = op.value;
        continue;
      case RecordedOp::Kind::kDelete:
        own.erase(op.key);
        continue;
      case RecordedOp::Kind::kMerge: {
        std::string& sum = own[op.key];
        sum = std::to_string((sum.empty() ? 0 : std::stoll(sum)) + std::stoll(op.value));
        continue;
      }
      case RecordedOp::Kind::kSavepoint:
        savepoints.push_back(own);
        continue;
      case RecordedOp::Kind::kRollback:
        own = savepoints.back();
        continue;
      case RecordedOp::Kind::kGet: {
        const auto found = own.find(op.key);
        expected = found == own.end() ? "-" : found->second;
        break;
      }
      case RecordedOp::Kind::kScan:
        expected = Scan(own, op);
        break;
    }
    if (transaction.compare && op.value != expected) {
      return transaction.name + " at " + std::to_string(transaction.at) + ": " + Show(op) + " answered '" + op.value +
             "', serially it is '" + expected + "'";
    }
  }
  if (transaction.wrote) state_ = std::move(own);
  return std::nullopt;
}

}  // namespace sochdb::test
