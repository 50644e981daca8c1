// FakeTransaction: a Transaction over ordered maps in memory, for tests of what is built on transactions.
//
// It is alone in its world: commits always succeed. It records what was read, as points and as ranges grown by the cursors,
// so that a test can say which predicate a statement registers.
//
// Thread safety: one thread.

#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "txn/transaction.h"

namespace sochdb::test {

class FakeTransaction : public Transaction {
 public:
  struct Entry {
    std::string value;
    Timestamp ts = 0;
  };
  using Tree = std::map<std::string, Entry, std::less<>>;

  struct RangeRead {
    TreeId tree;
    std::string lo;
    std::string hi;      // exclusive when `whole`, otherwise the last key returned (empty: none yet)
    bool whole = false;  // read to the end
    bool reverse = false;
  };
  struct PointRead {
    TreeId tree;
    std::string key;
    bool constraint = false;
  };

  std::vector<RangeRead> ranges;
  std::vector<PointRead> points;
  Timestamp write_ts = 0;  // given to what is written: 0 as for own writes
  uint64_t puts = 0;

  Tree& tree(TreeId id) { return trees_[static_cast<size_t>(id)]; }
  void ForgetReads() {
    ranges.clear();
    points.clear();
  }

  Status Get(TreeId id, std::string_view key, ReadValue* out, bool* found) override { return Read(id, key, false, out, found); }
  Status GetForConstraint(TreeId id, std::string_view key, ReadValue* out, bool* found) override {
    return Read(id, key, true, out, found);
  }
  Result<std::unique_ptr<Cursor>> NewCursor(TreeId id, std::string_view lo, std::string_view hi,
                                            const ScanOptions& options) override {
    ranges.push_back({id, std::string(lo), std::string(hi), false, options.reverse});
    return std::unique_ptr<Cursor>(new FakeCursor(this, ranges.size() - 1));
  }
  Timestamp read_ts() const override { return 1000; }
  uint64_t now_ms() const override { return 0; }

  Status Put(TreeId id, std::string_view key, std::string_view value, ExpiryMs) override {
    ++puts;
    if (key.size() > kMaxKeyBytes) return {Code::kInvalidArgument, "The key is too long."};
    tree(id)[std::string(key)] = {std::string(value), write_ts};
    return {};
  }
  Status Delete(TreeId id, std::string_view key) override {
    const auto it = tree(id).find(key);
    if (it != tree(id).end()) tree(id).erase(it);
    return {};
  }
  Status Merge(TreeId, std::string_view, std::string_view) override { return Unsupported(); }
  Status PutAssigned(TreeId, std::string_view, std::string_view, uint32_t, std::string_view) override { return Unsupported(); }
  void RegisterRangeRead(TreeId id, std::string_view lo, std::string_view hi) override {
    ranges.push_back({id, std::string(lo), std::string(hi), true, false});
  }
  void RegisterConstraintRange(TreeId id, std::string_view lo, std::string_view hi) override { RegisterRangeRead(id, lo, hi); }
  void RegisterReplacement(TreeId, std::string_view) override {}
  bool HasOwnWrites(TreeId, std::string_view, std::string_view) const override { return false; }
  Status VisitOwnWrites(TreeId, std::string_view, std::string_view, const OwnWriteVisitor&) const override { return {}; }

  SavepointId BeginStatement() override { return SetSavepoint(); }
  SavepointId SetSavepoint() override {
    savepoints_.push_back(trees_);
    return static_cast<SavepointId>(savepoints_.size() - 1);
  }
  Status RollbackTo(SavepointId savepoint) override {
    trees_ = savepoints_[savepoint];
    savepoints_.resize(savepoint + 1);
    return {};
  }
  Status Release(SavepointId) override { return {}; }
  Result<Timestamp> Commit() override { return Timestamp{1}; }
  void Abort() override {}
  uint64_t id() const override { return 1; }
  IsolationLevel isolation() const override { return IsolationLevel::kSerializable; }
  bool finished() const override { return false; }
  bool holds_writer() const override { return true; }
  uint64_t write_bytes() const override { return 0; }

 private:
  // Walks a copy of the range, made when it was opened: later writes do not show.
  class FakeCursor : public Cursor {
   public:
    FakeCursor(FakeTransaction* owner, size_t range) : owner_(owner), range_(range) {
      const RangeRead& read = owner->ranges[range];
      Tree& tree = owner->tree(read.tree);
      const auto end = read.hi.empty() ? tree.end() : tree.lower_bound(read.hi);
      for (auto it = tree.lower_bound(read.lo); it != end && (read.hi.empty() || it->first < read.hi); ++it)
        entries_.push_back(*it);
      if (read.reverse) std::reverse(entries_.begin(), entries_.end());
    }
    Status Next(bool* found) override {
      *found = next_ < entries_.size();
      if (*found) {
        ++next_;
        last_ = entries_[next_ - 1].first;
      } else {
        Registered().whole = true;
      }
      return {};
    }
    Status SeekNext(std::string_view key, bool* found) override {
      while (next_ < entries_.size() && entries_[next_].first < key) ++next_;
      return Next(found);
    }
    std::string_view key() const override { return entries_[next_ - 1].first; }
    std::string_view value() const override { return entries_[next_ - 1].second.value; }
    Timestamp timestamp() const override { return entries_[next_ - 1].second.ts; }
    ~FakeCursor() override {
      if (range_ < owner_->ranges.size() && !Registered().whole) Registered().hi = last_;
    }

   private:
    RangeRead& Registered() { return owner_->ranges[range_]; }
    FakeTransaction* owner_;
    size_t range_;
    size_t next_ = 0;
    std::string last_;
    std::vector<std::pair<std::string, Entry>> entries_;
  };

  static Status Unsupported() { return {Code::kUnsupported, "Not in the fake."}; }
  Status Read(TreeId id, std::string_view key, bool constraint, ReadValue* out, bool* found) {
    points.push_back({id, std::string(key), constraint});
    const auto it = tree(id).find(key);
    *found = it != tree(id).end();
    if (*found) {
      out->data = it->second.value;
      out->ts = it->second.ts;
    }
    return {};
  }

  std::array<Tree, kTreeCount> trees_;
  std::vector<std::array<Tree, kTreeCount>> savepoints_;
};

}  // namespace sochdb::test
