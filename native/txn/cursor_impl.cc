#include "txn/cursor_impl.h"

#include <new>
#include <utility>

namespace sochdb {

CursorImpl::CursorImpl(const TransactionContext* context, CursorOwner* owner, Range range, const ScanOptions& options,
                       const ReadPoint& at, SuperVersionRef data)
    : context_(context), owner_(owner), range_(std::move(range)), options_(options), at_(at), hold_(context->snapshots, at.ts) {
  if (data) tree_ = std::make_unique<TreeIterator>(std::move(data), at_.ts);
  if (owner_ != nullptr) {
    WriteSet* const writes = owner_->write_set();
    own_ = writes;
    rollbacks_ = writes->rollbacks();
    own_position_ = writes->end();
    pin_ = writes->Pin();
  }
}

CursorImpl::~CursorImpl() {
  if (memory_rows_ != 0) context_->trees->Find(range_.tree)->NoteScan(memory_rows_);
  if (owner_ == nullptr) return;
  RegisterProgress();
  CursorOwner* const owner = owner_;
  Detach();
  owner->Forget(this);
}

void CursorImpl::Detach() noexcept {
  if (owner_ == nullptr) return;
  try {
    KeepCurrent();
  } catch (const std::bad_alloc&) {  // nobody was promised the entry beyond the transaction
    key_ = {};
    value_.data = {};
  }
  owner_->write_set()->Unpin(pin_);
  own_ = nullptr;
  own_version_ = nullptr;
  owner_ = nullptr;
  state_ = State::kDone;
  detached_ = true;
}

void CursorImpl::KeepCurrent() {
  if (state_ != State::kOnEntry || !on_own_) return;
  if (key_.data() != kept_key_.data()) {
    kept_key_.assign(key_);
    key_ = kept_key_;
  }
  if (value_.data.data() != value_.owned.data()) {
    value_.owned.assign(value_.data);
    value_.data = value_.owned;
  }
}

void CursorImpl::RegisterProgress() {
  if (owner_ == nullptr || state_ == State::kFresh) return;
  const bool done = state_ == State::kDone;
  if (!options_.reverse) {
    const std::string_view lo = segment_is_edge_ ? std::string_view(range_.lo) : std::string_view(segment_);
    if (done) owner_->RegisterScan(range_.tree, lo, range_.hi, false, at_.ts);
    else owner_->RegisterScan(range_.tree, lo, key_, true, at_.ts);
  } else {
    const std::string_view hi = segment_is_edge_ ? std::string_view(range_.hi) : std::string_view(segment_);
    owner_->RegisterScan(range_.tree, done ? std::string_view(range_.lo) : key_, hi, false, at_.ts);
  }
}

Status CursorImpl::CheckUsable() const {
  if (detached_) return {Code::kTransaction, "The transaction of this cursor has ended."};
  if (owner_ != nullptr) return owner_->CheckUsable();
  return context_->pipeline->closed() ? Status(Code::kClosed, "The database is closed.") : Status();
}

Status CursorImpl::Next(bool* found) {
  *found = false;
  SOCHDB_TRY(CheckUsable());
  if (state_ == State::kDone) return failure_;
  context_->stats->reads.Add(1);
  const LatencyTimer timer(context_->env, context_->Sampled<&Latencies::scan>());
  if (state_ == State::kFresh) Start();
  else Advance();
  return Settle(found);
}

Status CursorImpl::NextRun(uint32_t want, EntryRun* run, bool* found) {
  *found = false;
  run->Clear();
  SOCHDB_TRY(CheckUsable());
  if (state_ == State::kDone) return failure_;
  const LatencyTimer timer(context_->env, context_->Sampled<&Latencies::scan>());
  if (state_ == State::kFresh) Start();
  else Advance();
  while (run->rows == 0 && RunBound(&run->bound)) {
    run->Clear();
    run->room = want;
    tree_->TakeRun(run);
    if (run->passed == 0) break;
  }
  if (run->rows == 0) {
    context_->stats->reads.Add(1);
    run->Clear();
    SOCHDB_TRY(Settle(found));
    if (*found) run->Add(key_, value_.data);
    return {};
  }
  // Both sources stand behind the run.
  on_tree_ = on_own_ = false;
  std::swap(kept_key_, run->last_key);
  key_ = kept_key_;
  value_.data = {};
  if (run->stable && !run->pin) memory_rows_ += run->rows;
  context_->stats->reads.Add(run->rows);
  context_->stats->bytes_read.Add(run->bytes);
  *found = true;
  return {};
}

// Where a run from the tree would have to end: before the next own entry, and the range's end. False when the next entry is
// none of the tree, or not of the tree alone.
bool CursorImpl::RunBound(std::string_view* bound) const {
  if (options_.reverse || tree_ == nullptr || !tree_->Valid() || !InRange(tree_->key())) return false;
  *bound = range_.hi;
  if (own_version_ == nullptr) return true;
  *bound = own_position_->first.key;
  return tree_->key() < *bound;
}

Status CursorImpl::SeekNext(std::string_view key, bool* found) {
  *found = false;
  const bool beyond = state_ == State::kFresh ? InRangeStart(key) : Precedes(key_, key);
  if (detached_ || state_ == State::kDone || !beyond) return Next(found);
  SOCHDB_TRY(CheckUsable());
  context_->stats->reads.Add(1);
  const LatencyTimer timer(context_->env, context_->Sampled<&Latencies::scan>());
  RegisterProgress();
  segment_is_edge_ = false;
  segment_.assign(key);
  if (options_.reverse) segment_.push_back('\0');  // the key itself is included
  const std::string target = segment_;
  if (tree_ != nullptr) options_.reverse ? tree_->SeekForPrev(target) : tree_->Seek(target);
  if (own_ != nullptr) SeekOwn(target);
  state_ = State::kOnEntry;
  return Settle(found);
}

// Whether a skip to key leaves out a part of the range's beginning.
bool CursorImpl::InRangeStart(std::string_view key) const {
  return options_.reverse ? (range_.hi.empty() || key < range_.hi) : range_.lo < key;
}

void CursorImpl::Start() {
  state_ = State::kOnEntry;
  if (tree_ != nullptr) {
    if (!options_.reverse) tree_->Seek(range_.lo);
    else if (range_.hi.empty()) tree_->SeekToLast();
    else tree_->SeekForPrev(range_.hi);
  }
  if (own_ == nullptr) return;
  rollbacks_ = own_->rollbacks();
  if (options_.reverse && range_.hi.empty()) {
    own_position_ = own_->TreeEnd(range_.tree);
    OwnBack();
  } else {
    SeekOwn(options_.reverse ? range_.hi : range_.lo);
  }
}

// Forward: the first own entry >= bound. Reverse: the last one < bound.
void CursorImpl::SeekOwn(std::string_view bound) {
  rollbacks_ = own_->rollbacks();
  own_position_ = own_->LowerBound(range_.tree, bound);
  if (options_.reverse) OwnBack();
  else SettleOwn();
}

void CursorImpl::OwnBack() {
  own_version_ = nullptr;
  while (own_position_ != own_->begin()) {
    --own_position_;
    if (own_position_->first.tree != range_.tree || !InRange(own_position_->first.key)) return;
    own_version_ = WriteSet::VersionAt(own_position_->second, pin_);
    if (own_version_ != nullptr) return;
  }
}

void CursorImpl::SettleOwn() {
  for (own_version_ = nullptr; own_position_ != own_->end(); ++own_position_) {
    if (own_position_->first.tree != range_.tree || !InRange(own_position_->first.key)) return;
    own_version_ = WriteSet::VersionAt(own_position_->second, pin_);
    if (own_version_ != nullptr) return;
  }
}

// Leaves the current entry.
void CursorImpl::Advance() {
  const bool own_moved = own_ != nullptr && rollbacks_ != own_->rollbacks();
  std::string after;
  if (own_moved) {
    after.assign(key_);  // the key goes when the tree moves
    if (!options_.reverse) after.push_back('\0');
  }
  if (on_tree_) {
    if (options_.reverse) tree_->Prev();
    else tree_->Next();
  }
  if (own_moved) {
    SeekOwn(after);
  } else if (own_ != nullptr && on_own_) {
    if (options_.reverse) {
      OwnBack();
    } else {
      ++own_position_;
      SettleOwn();
    }
  }
}

// Goes on from where both sources stand to the first entry that is alive.
Status CursorImpl::Settle(bool* found) {
  for (;;) {
    bool tree = tree_ != nullptr && tree_->Valid();
    if (!tree && tree_ != nullptr) {
      if (Status status = tree_->status(); !status.ok()) return End(std::move(status));
    }
    tree = tree && InRange(tree_->key());
    const bool own = own_version_ != nullptr;
    if (!tree && !own) break;
    on_tree_ = tree && (!own || !Precedes(own_position_->first.key, tree_->key()));
    on_own_ = own && (!tree || !Precedes(tree_->key(), own_position_->first.key));
    if (!on_own_ && !tree_->ShowVersion()) continue;  // the tree has ended, and says why
    key_ = on_own_ ? own_position_->first.key : tree_->key();
    if (Status status = Show(found); !status.ok()) return End(std::move(status));
    if (*found) {
      context_->stats->bytes_read.Add(key_.size() + value_.data.size());
      return {};
    }
    Advance();
  }
  return End({});
}

// Ends the walk, with an error or (OK) since there is no more. Either way all of the range counts as read.
Status CursorImpl::End(Status status) {
  state_ = State::kDone;
  key_ = {};
  value_.data = {};
  failure_ = status;
  return status;
}

Status CursorImpl::Show(bool* live) {
  const bool committed = !on_own_ || own_version_->kind == ValueKind::kMerge;
  if (on_own_) {
    SOCHDB_TRY(context_->reader->ResolveOwn(data(), range_.tree, key_, own_version_, at_, options_.keys_only, &value_, live));
  } else {
    SOCHDB_TRY(context_->reader->Resolve(data(), range_.tree, key_, tree_->version(), at_, options_.keys_only, &value_, live));
  }
  if (*live && committed && value_.expiry_ms != kNeverExpires && owner_ != nullptr) owner_->RegisterExpiry(value_.expiry_ms);
  return {};
}

}  // namespace sochdb
