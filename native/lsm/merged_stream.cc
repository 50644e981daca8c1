// A heap of streams, the one with the smallest key and newest version at the top.

#include "lsm/keep_rule.h"

namespace sochdb {
namespace {

class MergedStream final : public VersionStream {
 public:
  explicit MergedStream(std::vector<std::unique_ptr<VersionStream>> inputs) : inputs_(std::move(inputs)) {
    heap_.reserve(inputs_.size());
  }

  bool Valid() const override { return status_.ok() && !heap_.empty(); }
  void SeekToFirst() override {
    for (const auto& input : inputs_) input->SeekToFirst();
    Rebuild();
  }
  void Seek(std::string_view target) override {
    for (const auto& input : inputs_) input->Seek(target);
    Rebuild();
  }
  void Next() override {
    SOCHDB_DCHECK(Valid());
    last_key_.assign(key());
    const Timestamp ts = version().ts;
    do AdvanceTop();
    while (Valid() && version().ts == ts && key() == last_key_);  // hidden by a newer input's
  }
  std::string_view key() const override { return inputs_[heap_.front()]->key(); }
  const VersionView& version() const override { return inputs_[heap_.front()]->version(); }
  Status status() const override { return status_; }

 private:
  bool Precedes(size_t a, size_t b) const {
    const int order = inputs_[a]->key().compare(inputs_[b]->key());
    if (order != 0) return order < 0;
    const Timestamp a_ts = inputs_[a]->version().ts;
    const Timestamp b_ts = inputs_[b]->version().ts;
    return a_ts != b_ts ? a_ts > b_ts : a < b;
  }

  void Rebuild() {
    status_ = {};
    heap_.clear();
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i]->Valid()) heap_.push_back(i);
      else if (status_.ok()) status_ = inputs_[i]->status();
    }
    for (size_t i = heap_.size() / 2; i-- > 0;) SiftDown(i);
  }

  void AdvanceTop() {
    VersionStream* const top = inputs_[heap_.front()].get();
    top->Next();
    if (!top->Valid()) {
      status_ = top->status();
      heap_.front() = heap_.back();
      heap_.pop_back();
      if (heap_.empty() || !status_.ok()) return;
    }
    SiftDown(0);
  }

  void SiftDown(size_t at) {
    const size_t input = heap_[at];
    for (size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && Precedes(heap_[child + 1], heap_[child])) ++child;
      if (!Precedes(heap_[child], input)) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = input;
  }

  std::vector<std::unique_ptr<VersionStream>> inputs_;  // newest first
  std::vector<size_t> heap_;                            // of positions in inputs_
  std::string last_key_;
  Status status_;
};

}  // namespace

std::unique_ptr<VersionStream> NewMergedStream(std::vector<std::unique_ptr<VersionStream>> inputs) {
  if (inputs.size() == 1) return std::move(inputs.front());
  return std::make_unique<MergedStream>(std::move(inputs));
}

}  // namespace sochdb
