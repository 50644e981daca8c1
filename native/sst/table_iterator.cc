// The iterator of readers over a table.
//
// It stands at an entry of a block, or, once a walk forward has proven long, at a key of a group of blocks (entry_group.h), of
// which it hands out runs without looking at rows. From there it goes back to the entries of a block only where somebody wants
// a version, or goes backward.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "sst/entry_group.h"
#include "sst/table_cursor.h"

namespace sochdb {
namespace {

constexpr uint32_t kRowsBeforeGroups = 1024;  // a walk takes so many before groups are made for it
constexpr uint32_t kLeastOfGroup = 32;        // fewer rows are not worth going over to a group for

class TableIterator final : public SnapshotIterator {
 public:
  TableIterator(const TableCore* core, Timestamp read_ts, bool fill_cache)
      : core_(core),
        cursor_(core, read_ts, fill_cache, false),
        read_ts_(read_ts),
        groups_(fill_cache && core->cache != nullptr) {}

  bool Valid() const override { return group_ != nullptr || cursor_.Valid(); }
  void SeekToFirst() override {
    group_.reset();
    cursor_.SeekToFirst();
    ShowForward();
  }
  void SeekToLast() override {
    group_.reset();
    cursor_.SeekToLast();
    ShowBackward();
  }
  void Seek(std::string_view target) override {
    group_.reset();
    cursor_.Seek(target);
    ShowForward();
  }
  void SeekForPrev(std::string_view target) override {
    cursor_.SeekForPrev(target);
    group_.reset();  // not before: the target may be its key
    ShowBackward();
  }
  void Next() override {
    SOCHDB_DCHECK(Valid());
    if (group_ != nullptr) return GoTo(at_ + 1);
    // Past the older versions of the key. Behind a gap another key begins: what the gap hides is newer than what was shown.
    const uint64_t gaps = cursor_.gaps();
    do {
      cursor_.Next();
      if (!cursor_.Valid()) return;
    } while (cursor_.at().older() && cursor_.gaps() == gaps);
    ShowForward();
  }
  void Prev() override {
    SOCHDB_DCHECK(Valid());
    if (group_ != nullptr) return SeekForPrev(key_);
    cursor_.Prev();
    ShowBackward();
  }
  std::string_view key() const override { return group_ != nullptr ? std::string_view(key_) : cursor_.at().key(); }
  const VersionView& version() const override {
    SOCHDB_DCHECK(group_ == nullptr);
    return version_;
  }
  Status status() const override { return cursor_.status(); }

  void TakeRun(EntryRun* run) override {
    if (group_ != nullptr || GoOverToGroup(*run)) TakeOfGroup(run);
    else TakeOfBlock(run);
    taken_ += run->rows;
  }
  bool ShowVersion() override {
    if (group_ != nullptr) Seek(key_);
    return cursor_.Valid();
  }

 private:
  // Goes on to the first entry that the snapshot sees. REQUIRES: not behind a shown entry of the same key.
  void ShowForward() {
    while (cursor_.Valid() && cursor_.at().ts() > read_ts_) cursor_.Next();
    if (cursor_.Valid()) cursor_.at().entry().FillView(&version_);
  }
  // Goes back to the newest version that the snapshot sees, of the last key that has one. The entries of a key that it does
  // not see are the newer ones: they come later on the way back, and are passed like any other.
  void ShowBackward() {
    while (cursor_.Valid() && cursor_.at().ts() > read_ts_) cursor_.Prev();
    while (cursor_.Valid() && cursor_.at().older()) {
      const uint64_t gaps = cursor_.gaps();
      cursor_.Prev();
      const bool same_and_seen = cursor_.Valid() && cursor_.at().ts() <= read_ts_ && cursor_.gaps() == gaps;
      if (same_and_seen) continue;
      // A version too new, or a gap full of them: it was the one before.
      if (cursor_.status().ok()) StepBack();
      break;
    }
    if (cursor_.Valid()) cursor_.at().entry().FillView(&version_);
  }
  // Undoes the last Prev.
  void StepBack() {
    if (cursor_.Valid()) cursor_.Next();
    else cursor_.SeekToFirst();
  }

  // Entries of the block it stands in. The last one is taken only when the block stays when the cursor leaves it.
  void TakeOfBlock(EntryRun* run) {
    const uint32_t block = cursor_.block();
    const BlockRef pin = cursor_.pin();
    const bool all_below = run->bound.empty() || core_->meta().index.separator(block) < run->bound;
    while (run->rows < run->room && TakesPart(version_) && (pin || !cursor_.at().is_last())) {
      const std::string_view key = cursor_.at().key();
      if (!all_below && key >= run->bound) break;
      if (version_.kind == ValueKind::kDelete) {
        ++run->passed;
      } else {
        run->Add(key, version_.value);
        run->last_key.assign(key);
      }
      Next();
      if (!cursor_.Valid() || cursor_.block() != block) break;
    }
    if (!pin || run->rows == 0) return;
    run->stable = true;
    run->pin = std::make_shared<BlockRef>(pin);
  }

  // Whether what follows can be taken from the group of the current block; if so, it stands there.
  bool GoOverToGroup(const EntryRun& run) {
    if (!groups_ || run.room < kLeastOfGroup) return false;
    const bool build = taken_ >= kRowsBeforeGroups;
    const uint32_t number = EntryGroup::Of(*core_, cursor_.block());
    if (number == refused_ && build == refused_build_) return false;
    auto group = std::make_shared<EntryGroup>(core_, number);
    if (group->FitsReader(read_ts_) && group->Load(build)) {
      const uint32_t at = group->LowerBound(0, cursor_.at().key());
      const uint32_t end = run.bound.empty() ? group->keys() : group->LowerBound(at, run.bound);
      if (end - at >= kLeastOfGroup) {
        group_ = std::move(group);
        at_ = at;
        key_.assign(cursor_.at().key());
        return true;
      }
    }
    refused_ = number;
    refused_build_ = build;
    return false;
  }

  void TakeOfGroup(EntryRun* run) {
    const EntryGroup& group = *group_;
    const uint32_t first = group.RowOf(at_);
    uint32_t end = run->bound.empty() ? group.keys() : group.LowerBound(at_, run->bound);
    uint32_t rows = group.RowOf(end) - first;
    if (rows > run->room) {
      rows = run->room;
      end = group.KeysUpTo(first + rows);
    }
    run->passed = end - at_;
    run->rows = rows;
    if (rows != 0) {
      run->group = group_;
      run->first = first;
      run->bytes = group.BytesOf(first, rows);
      group.KeyAt(group.KeysUpTo(first + rows) - 1, &run->last_key);
    }
    if (run->passed != 0) GoTo(end);
  }

  // To this key of the group; behind its last, to what follows.
  void GoTo(uint32_t at) {
    at_ = at;
    if (at_ < group_->keys()) return group_->KeyAt(at_, &key_);
    const uint32_t next = group_->end_block();
    if (next < core_->meta().index.size()) {
      auto group = std::make_shared<EntryGroup>(core_, group_->number() + 1);
      if (group->FitsReader(read_ts_) && group->Load(true)) {
        group_ = std::move(group);
        return GoTo(0);
      }
    }
    group_.reset();
    // What was shown may have older versions in the blocks that follow.
    const uint64_t gaps = cursor_.gaps();
    cursor_.EnterForward(next);
    while (cursor_.Valid() && cursor_.at().older() && cursor_.gaps() == gaps) cursor_.Next();
    ShowForward();
  }

  const TableCore* const core_;
  TableCursor cursor_;
  const Timestamp read_ts_;
  const bool groups_;
  VersionView version_;

  std::shared_ptr<EntryGroup> group_;  // null: it stands where cursor_ does
  uint32_t at_ = 0;                    // a key of the group,
  std::string key_;                    // which is this one
  uint64_t taken_ = 0;                 // in runs
  uint32_t refused_ = UINT32_MAX;      // a group that was not to be had,
  bool refused_build_ = false;         // made for it or not
};

}  // namespace

std::unique_ptr<SnapshotIterator> NewTableIterator(const TableCore* core, Timestamp read_ts, bool fill_cache) {
  return std::make_unique<TableIterator>(core, read_ts, fill_cache);
}

}  // namespace sochdb
