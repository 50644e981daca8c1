#include "lsm/merging_iterator.h"

#include <string>
#include <utility>

namespace sochdb {
namespace {

class EmptyIterator final : public SnapshotIterator {
 public:
  bool Valid() const override { return false; }
  void SeekToFirst() override {}
  void SeekToLast() override {}
  void Seek(std::string_view) override {}
  void SeekForPrev(std::string_view) override {}
  void Next() override { SOCHDB_DCHECK(false); }
  void Prev() override { SOCHDB_DCHECK(false); }
  std::string_view key() const override { return {}; }
  const VersionView& version() const override { return version_; }

 private:
  const VersionView version_{};
};

class MergingIterator final : public SnapshotIterator {
 public:
  explicit MergingIterator(std::vector<std::unique_ptr<SnapshotIterator>> sources) {
    sources_.reserve(sources.size());
    for (size_t i = 0; i < sources.size(); ++i) sources_.push_back({std::move(sources[i]), {}, static_cast<uint32_t>(i)});
    heap_.reserve(sources_.size());
  }

  bool Valid() const override { return !heap_.empty(); }
  void SeekToFirst() override {
    StartAll(true, [](SnapshotIterator* it) { it->SeekToFirst(); });
  }
  void SeekToLast() override {
    StartAll(false, [](SnapshotIterator* it) { it->SeekToLast(); });
  }
  void Seek(std::string_view target) override {
    StartAll(true, [target](SnapshotIterator* it) { it->Seek(target); });
  }
  void SeekForPrev(std::string_view target) override {
    StartAll(false, [target](SnapshotIterator* it) { it->SeekForPrev(target); });
  }
  void Next() override {
    SOCHDB_DCHECK(Valid());
    if (forward_) Step<true>();
    else TurnForward();
  }
  void Prev() override {
    SOCHDB_DCHECK(Valid());
    if (!forward_) Step<false>();
    else TurnBackward();
  }
  std::string_view key() const override { return heap_.front()->key; }
  const VersionView& version() const override { return heap_.front()->iterator->version(); }
  Status status() const override { return status_; }

  void TakeRun(EntryRun* run) override {
    if (!forward_) return;
    if (!PassHidden<true>()) return;
    const std::string_view asked = run->bound;
    for (size_t at = 1; at <= 2 && at < heap_.size(); ++at) {
      if (run->bound.empty() || heap_[at]->key < run->bound) run->bound = heap_[at]->key;
    }
    Source* const source = heap_.front();
    source->iterator->TakeRun(run);
    run->bound = asked;
    (void)Moved<true>(0);
  }
  bool ShowVersion() override {
    Source* const source = heap_.front();
    if (source->iterator->ShowVersion()) {
      source->key = source->iterator->key();
      return true;
    }
    status_ = source->iterator->status();
    heap_.clear();
    return false;
  }

 private:
  struct Source {
    std::unique_ptr<SnapshotIterator> iterator;
    std::string_view key;  // where it stands
    uint32_t age;          // 0: the newest
  };

  // Whether a comes before b in the direction of the walk; of equal keys the newest source's comes first.
  template <bool kForward>
  static bool Precedes(const Source& a, const Source& b) {
    const int order = a.key.compare(b.key);
    if (order == 0) return a.age < b.age;
    return kForward ? order < 0 : order > 0;
  }

  template <typename Move>
  void StartAll(bool forward, Move move) {
    forward_ = forward;
    status_ = {};
    heap_.clear();
    for (Source& source : sources_) {
      move(source.iterator.get());
      if (!Note(&source)) return;
    }
    forward ? BuildHeap<true>() : BuildHeap<false>();
  }

  // Adds a source that was moved to the heap's entries, unless it is at its end. False when it has failed.
  bool Note(Source* source) {
    if (source->iterator->Valid()) {
      source->key = source->iterator->key();
      heap_.push_back(source);
      return true;
    }
    return CheckEnd(*source);
  }
  bool CheckEnd(const Source& source) {
    status_ = source.iterator->status();
    if (status_.ok()) return true;
    heap_.clear();
    return false;
  }

  template <bool kForward>
  void BuildHeap() {
    for (size_t i = heap_.size() / 2; i > 0; --i) SiftDown<kForward>(i - 1);
  }
  template <bool kForward>
  void SiftDown(size_t at) {
    Source* const moved = heap_[at];
    for (;;) {
      size_t child = 2 * at + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && Precedes<kForward>(*heap_[child + 1], *heap_[child])) ++child;
      if (!Precedes<kForward>(*heap_[child], *moved)) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = moved;
  }

  // Moves the source at a place of the heap. REQUIRES: nothing above that place but what goes before whatever comes there.
  // False when the source has failed.
  template <bool kForward>
  bool MoveOn(size_t at) {
    if (kForward) heap_[at]->iterator->Next();
    else heap_[at]->iterator->Prev();
    return Moved<kForward>(at);
  }
  template <bool kForward>
  bool Moved(size_t at) {
    Source* const source = heap_[at];
    if (source->iterator->Valid()) [[likely]] {
      source->key = source->iterator->key();
    } else {
      if (!CheckEnd(*source)) return false;
      heap_[at] = heap_.back();
      heap_.pop_back();
      if (at == heap_.size()) return true;
    }
    SiftDown<kForward>(at);
    return true;
  }

  // Moves on the older sources that stand at the current key: they are right below the root, one after the other.
  template <bool kForward>
  bool PassHidden() {
    for (size_t at = 1; at <= 2;) {
      if (at < heap_.size() && heap_[at]->key == heap_.front()->key) {
        if (!MoveOn<kForward>(at)) return false;
      } else {
        ++at;
      }
    }
    return true;
  }
  template <bool kForward>
  void Step() {
    if (PassHidden<kForward>()) (void)MoveOn<kForward>(0);
  }

  // The sources stand at the last keys at or before the current one: all go to the first key behind it.
  void TurnForward() {
    turning_.assign(key());
    StartAll(true, [this](SnapshotIterator* it) {
      it->Seek(turning_);
      if (it->Valid() && it->key() == turning_) it->Next();
    });
  }
  void TurnBackward() {
    turning_.assign(key());
    StartAll(false, [this](SnapshotIterator* it) { it->SeekForPrev(turning_); });
  }

  std::vector<Source> sources_;
  std::vector<Source*> heap_;  // those that are not at their end, the one to show first
  bool forward_ = true;
  std::string turning_;
  Status status_;
};

}  // namespace

std::unique_ptr<SnapshotIterator> NewMergingIterator(std::vector<std::unique_ptr<SnapshotIterator>> sources) {
  if (sources.empty()) return std::make_unique<EmptyIterator>();
  if (sources.size() == 1) return std::move(sources.front());
  return std::make_unique<MergingIterator>(std::move(sources));
}

}  // namespace sochdb
