// KeepFilter: versions above the floor pass as they come. Those of a key up to the floor are gathered (the ones that a read
// point or a merge needs), settled together, and given out newest first.

#include <algorithm>
#include <deque>

#include "lsm/keep_rule.h"

namespace sochdb {
namespace {

class KeepFilter final : public VersionStream {
 public:
  KeepFilter(std::unique_ptr<VersionStream> input, TreeId tree, const KeepRule& rule, KeepStats* stats)
      : input_(std::move(input)), tree_(tree), rule_(rule), stats_(stats), floor_(rule.floor()), oldest_(rule.oldest_reader()) {
    for (const Timestamp point : rule_.read_points) {
      if (point < floor_) points_.push_back(point);
    }
    points_.push_back(floor_);
    std::sort(points_.begin(), points_.end());
  }

  bool Valid() const override { return valid_; }
  void SeekToFirst() override {
    input_->SeekToFirst();
    Restart();
  }
  void Seek(std::string_view target) override {
    input_->Seek(target);
    Restart();
  }
  void Next() override {
    SOCHDB_DCHECK(valid_);
    if (passing_) input_->Next();
    else ++given_;
    Advance();
  }
  std::string_view key() const override { return key_; }
  const VersionView& version() const override { return current_; }
  Status status() const override { return status_; }

 private:
  static constexpr size_t kNoStripe = static_cast<size_t>(-1);

  // A version up to the floor.
  struct Held {
    VersionView view;  // its value at `offset` of bytes_, until views are set; or in folded_
    size_t offset = 0;
    bool own = true;        // the value is in bytes_
    bool selected = false;  // the newest at a read point
    bool pinned = false;    // only for readers older than the floor
    bool expired = false;   // for every reader
  };

  void Restart() {
    in_key_ = false;
    Forget();
    status_ = {};
    Advance();
  }

  void Forget() {
    held_.clear();
    bytes_.clear();
    folded_.clear();
    given_ = 0;
  }

  bool AtKey() const { return in_key_ && input_->Valid() && input_->key() == key_; }

  // To the next version that is kept.
  void Advance() {
    passing_ = false;
    for (;;) {
      if (given_ < held_.size()) {
        current_ = held_[given_].view;
        valid_ = true;
        return;
      }
      Forget();
      if (!AtKey() && !BeginKey()) {
        valid_ = false;
        status_ = input_->status();
        return;
      }
      if (input_->version().ts > floor_) {
        Pass();
        return;
      }
      Gather();
    }
  }

  // Takes up the next key that is not dead; false at the end of the input.
  bool BeginKey() {
    while (input_->Valid()) {
      key_.assign(input_->key());
      in_key_ = true;
      stripe_ = kNoStripe;
      pulls_ = false;
      newest_ = true;
      if (!rule_.is_dead || !rule_.is_dead(tree_, key_)) return true;
      for (; AtKey(); input_->Next()) {
        ++stats_->read;
        ++stats_->dead;
      }
    }
    in_key_ = false;
    return false;
  }

  void Pass() {
    current_ = input_->version();
    ++stats_->read;
    ++stats_->kept;
    pulls_ = current_.kind == ValueKind::kMerge;
    above_ts_ = current_.ts;
    newest_ = false;
    passing_ = true;
    valid_ = true;
  }

  // REQUIRES: the input is at a version of the key up to the floor.
  void Gather() {
    const bool pulled = pulls_;  // by an operand that has been given out
    for (; AtKey(); input_->Next()) {
      ++stats_->read;
      const VersionView& version = input_->version();
      const auto stripe = static_cast<size_t>(std::lower_bound(points_.begin(), points_.end(), version.ts) - points_.begin());
      const bool selected = stripe != stripe_;
      const bool pinned = selected && !pulls_ && stripe_ != kNoStripe;  // the floor sees a newer one
      stripe_ = stripe;
      if (!selected && !pulls_) {
        ++stats_->superseded;
        continue;
      }
      pulls_ = version.kind == ValueKind::kMerge;
      Hold(version, selected, pinned);
      if (bytes_.size() > kMaxHeldBytes) {
        input_->Next();
        GiveUp();
        return;
      }
    }
    if (!input_->status().ok()) {  // what was gathered may lack its base
      held_.clear();
      return;
    }
    Settle(pulled);
  }

  void Hold(const VersionView& version, bool selected, bool pinned) {
    Held held;
    held.view = version;
    held.offset = bytes_.size();
    held.selected = selected;
    held.pinned = pinned;
    bytes_.append(version.value);
    held_.push_back(held);
  }

  // Too much for one key: as it is, and on.
  void GiveUp() {
    SetViews();
    stats_->kept += held_.size();
    above_ts_ = held_.back().view.ts;
    newest_ = false;
  }

  void SetViews() {
    for (Held& held : held_) {
      if (held.own) held.view.value = {bytes_.data() + held.offset, held.view.value.size()};
    }
  }

  void Settle(bool pulled) {
    SetViews();
    MarkExpired();
    Select(pulled);
    if (rule_.fold) {
      Fold();
      Select(pulled);
    }
    Bury(pulled);
    if (rule_.bottom) DropDeletesAtTheEnd();
    stats_->kept += held_.size();
    for (const Held& held : held_) {
      if (held.pinned) stats_->pinned_bytes += key_.size() + held.view.value.size();
    }
  }

  // Values that are expired for everyone, and the operands that went with them.
  void MarkExpired() {
    ExpiryMs expired = kNeverExpires;  // when the chain that ends in the version below did
    for (size_t i = held_.size(); i-- > 0;) {
      VersionView& view = held_[i].view;
      if (view.kind == ValueKind::kValue || view.kind == ValueKind::kBlob) {
        const bool passed = view.expiry_ms != kNeverExpires && view.expiry_ms <= rule_.expired_before_ms;
        expired = passed ? view.expiry_ms : kNeverExpires;
      } else if (view.kind != ValueKind::kMerge || HlcMillis(view.ts) >= expired) {
        expired = kNeverExpires;
      }
      if (expired == kNeverExpires) continue;
      held_[i].expired = true;
      view.kind = ValueKind::kValue;
      view.expiry_ms = expired;
      view.value = {};
    }
  }

  // Lets go of what neither a read point nor a merge above needs. pulled: an operand stands above the first.
  void Select(bool pulled) {
    bool pulls = pulled;
    size_t kept = 0;
    for (size_t i = 0; i < held_.size(); ++i) {
      const bool needed = held_[i].selected || pulls;
      pulls = needed && held_[i].view.kind == ValueKind::kMerge;
      if (!needed) {
        ++(held_[i].expired ? stats_->expired : stats_->superseded);
        continue;
      }
      if (kept != i) held_[kept] = held_[i];
      ++kept;
    }
    held_.resize(kept);
  }

  // Oldest first, so that a folded value is the base of what comes above it.
  void Fold() {
    for (size_t i = held_.size(); i-- > 0;) {
      const bool saves = i + 1 < held_.size() && !held_[i + 1].selected;
      if (held_[i].view.kind == ValueKind::kMerge && held_[i].selected && saves) FoldAt(i);
    }
  }

  void FoldAt(size_t top) {
    size_t base = top + 1;
    while (base < held_.size() && held_[base].view.kind == ValueKind::kMerge) ++base;
    if (base == held_.size() && !rule_.bottom) return;
    std::optional<std::string_view> value;
    ExpiryMs expiry_ms = kNeverExpires;
    if (base < held_.size() && !held_[base].expired && held_[base].view.kind != ValueKind::kDelete) {
      const VersionView& view = held_[base].view;
      if (view.kind == ValueKind::kBlob) return;
      if (view.expiry_ms != kNeverExpires && HlcMillis(held_[top].view.ts) >= view.expiry_ms) return;
      value = view.value;
      expiry_ms = view.expiry_ms;
    }
    std::vector<std::string_view> operands;
    operands.reserve(base - top);
    for (size_t i = base; i-- > top;) operands.push_back(held_[i].view.value);
    std::string merged;
    if (!rule_.fold(tree_, key_, value, operands, &merged).ok() || merged.size() > kBlobThresholdBytes) return;
    stats_->folded += operands.size();
    folded_.push_back(std::move(merged));
    held_[top].view.kind = ValueKind::kValue;
    held_[top].view.expiry_ms = expiry_ms;
    held_[top].view.value = folded_.back();
    held_[top].own = false;
  }

  // Expired values become deletes, where no operand above could have gone with them.
  void Bury(bool pulled) {
    for (size_t i = 0; i < held_.size(); ++i) {
      if (!held_[i].expired) continue;
      VersionView& view = held_[i].view;
      const bool unseen = newest_ && HlcMillis(rule_.unseen_operands_from) < view.expiry_ms;
      const bool operand = pulled && HlcMillis(above_ts_) < view.expiry_ms;
      if (i == 0 && (unseen || operand)) continue;
      view.kind = ValueKind::kDelete;
      view.expiry_ms = kNeverExpires;
    }
  }

  void DropDeletesAtTheEnd() {
    while (!held_.empty() && held_.back().view.kind == ValueKind::kDelete && held_.back().view.ts <= oldest_) {
      ++(held_.back().expired ? stats_->expired : stats_->deletes_dropped);
      held_.pop_back();
    }
  }

  const std::unique_ptr<VersionStream> input_;
  const TreeId tree_;
  const KeepRule rule_;
  KeepStats* const stats_;
  const Timestamp floor_;
  const Timestamp oldest_;
  std::vector<Timestamp> points_;  // ascending, the last is the floor

  std::string key_;
  bool in_key_ = false;
  size_t stripe_ = kNoStripe;  // of the version before: the position of the first read point that sees it
  bool pulls_ = false;         // the version before is a needed operand
  bool newest_ = true;         // no version of the key has been given out
  Timestamp above_ts_ = 0;     // of the version given out last

  std::vector<Held> held_;  // newest first
  std::string bytes_;       // their values
  std::deque<std::string> folded_;
  size_t given_ = 0;

  VersionView current_;
  bool passing_ = false;  // the current version is the input's
  bool valid_ = false;
  Status status_;
};

}  // namespace

std::unique_ptr<VersionStream> NewKeepFilter(std::unique_ptr<VersionStream> input, TreeId tree, const KeepRule& rule,
                                             KeepStats* stats) {
  return std::make_unique<KeepFilter>(std::move(input), tree, rule, stats);
}

}  // namespace sochdb
