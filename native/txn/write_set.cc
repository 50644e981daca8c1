#include "txn/write_set.h"

#include <algorithm>
#include <iterator>
#include <new>

namespace sochdb {

const OwnVersion* WriteSet::VersionAt(const OwnVersion* newest, WriteSequence at) {
  while (newest != nullptr && newest->sequence > at) newest = newest->older;
  return newest;
}

WriteSet::Map::iterator WriteSet::Place(const OwnKey& key) const {
  const Newest& newest = NewestOf(key.tree);
  if (newest.known && newest.tree == key.tree) {
    const int order = newest.position->first.key.compare(key.key);
    if (order == 0) return newest.position;
    if (order < 0) {
      const auto next = std::next(newest.position);
      if (next == map_->end() || !(next->first < key)) return next;
    }
  }
  return map_->lower_bound(key);
}

const OwnVersion* WriteSet::Find(TreeId tree, std::string_view key, WriteSequence at) const {
  if (!Wrote(tree)) return nullptr;
  const OwnKey wanted{tree, key};
  const auto found = Place(wanted);
  return found == map_->end() || wanted < found->first ? nullptr : VersionAt(found->second, at);
}

bool WriteSet::HasAny(TreeId tree, std::string_view lo, std::string_view hi) const {
  if (!Wrote(tree)) return false;
  const Position first = LowerBound(tree, lo);
  return first != map_->end() && first->first.tree == tree && (hi.empty() || first->first.key < hi);
}

WriteSet::Position WriteSet::TreeEnd(TreeId tree) const {
  const auto next = static_cast<TreeId>(static_cast<uint8_t>(tree) + 1);
  return map_->lower_bound(OwnKey{next, {}});
}

// Whether a savepoint or a pinned cursor stands at a sequence in [from, until).
bool WriteSet::NeededBetween(WriteSequence from, WriteSequence until) const {
  const auto savepoint = std::lower_bound(savepoints_.begin(), savepoints_.end(), from,
                                          [](const Savepoint& s, WriteSequence sequence) { return s.sequence < sequence; });
  if (savepoint != savepoints_.end() && savepoint->sequence < until) return true;
  const auto pin = std::lower_bound(pins_.begin(), pins_.end(), from);
  return pin != pins_.end() && *pin < until;
}

WriteSequence WriteSet::NewestFence() const {
  const WriteSequence savepoint = savepoints_.empty() ? 0 : savepoints_.back().sequence;
  const WriteSequence pin = pins_.empty() ? 0 : pins_.back();
  return std::max(savepoint, pin);
}

// Takes versions out of the chain that the new version makes invisible to everyone; returns one of them to reuse, or null.
// *popped: at least one of them was above every fence, so the journal already holds this entry.
OwnVersion* WriteSet::TakeUnneeded(OwnVersion** newest, ValueKind kind, bool* popped) {
  *popped = false;
  if (kind == ValueKind::kMerge) return nullptr;  // an operand needs all that is below it
  OwnVersion* reusable = nullptr;
  const WriteSequence fence = NewestFence();
  while (*newest != nullptr && (*newest)->sequence > fence) {
    reusable = *newest;
    *newest = reusable->older;
    *popped = true;
  }
  OwnVersion* const top = *newest;
  if (reusable == nullptr && top != nullptr && top->kind != ValueKind::kMerge && top->older != nullptr) {
    OwnVersion* const second = top->older;
    if (!NeededBetween(second->sequence, top->sequence)) {
      top->older = second->older;
      reusable = second;
    }
  }
  return reusable;
}

void WriteSet::Fill(OwnVersion* version, ValueKind kind, std::string_view value, ExpiryMs expiry_ms,
                    const AssignedField* assigned) {
  if (version->capacity < value.size()) {
    version->data = static_cast<char*>(arena_.Allocate(value.size(), 1));
    version->capacity = value.size();
  }
  if (!value.empty()) std::memmove(version->data, value.data(), value.size());
  version->size = value.size();
  version->kind = kind;
  version->expiry_ms = expiry_ms;
  version->assigned = nullptr;
  if (assigned != nullptr) {
    version->assigned = new (arena_.Allocate(sizeof(AssignedField), alignof(AssignedField)))
        AssignedField{assigned->offset, arena_.Copy(assigned->sequence_key)};
  }
  version->sequence = ++sequence_;
}

void WriteSet::Add(TreeId tree, std::string_view key, ValueKind kind, std::string_view value, ExpiryMs expiry_ms,
                   const AssignedField* assigned) {
  Map::iterator position = Place({tree, key});
  if (position == map_->end() || position->first.tree != tree || position->first.key != key) {
    position = map_->emplace_hint(position, OwnKey{tree, arena_.Copy(key)}, nullptr);
    newest_[static_cast<size_t>(tree) % kNewest] = {tree, true, position};
    trees_ |= uint64_t{1} << static_cast<uint8_t>(tree);
  }
  bool popped = false;
  OwnVersion* version = TakeUnneeded(&position->second, kind, &popped);
  if (version == nullptr) version = new (arena_.Allocate(sizeof(OwnVersion), alignof(OwnVersion))) OwnVersion;
  Fill(version, kind, value, expiry_ms, assigned);
  version->older = position->second;
  position->second = version;
  if (!popped) journal_.push_back(position);
}

SavepointId WriteSet::SetSavepoint() {
  savepoints_.push_back({next_savepoint_, sequence_, journal_.size(), arena_.mark()});
  return next_savepoint_++;
}

size_t WriteSet::FindSavepoint(SavepointId id) const {
  const auto found = std::lower_bound(savepoints_.begin(), savepoints_.end(), id,
                                      [](const Savepoint& s, SavepointId wanted) { return s.id < wanted; });
  if (found == savepoints_.end() || found->id != id) return savepoints_.size();
  return static_cast<size_t>(found - savepoints_.begin());
}

Status WriteSet::RollbackTo(SavepointId id) {
  const size_t index = FindSavepoint(id);
  if (index == savepoints_.size()) {
    return {Code::kTransaction, "The savepoint does not exist: it was released, or rolled back with an earlier one."};
  }
  savepoints_.resize(index + 1);
  const Savepoint& savepoint = savepoints_.back();
  if (journal_.size() > savepoint.journal) ++rollbacks_;
  std::vector<Map::iterator> emptied;
  for (size_t i = savepoint.journal; i < journal_.size(); ++i) {
    OwnVersion*& newest = journal_[i]->second;
    if (newest == nullptr) continue;  // an earlier record of this entry has emptied it
    while (newest != nullptr && newest->sequence > savepoint.sequence) newest = newest->older;
    if (newest == nullptr) emptied.push_back(journal_[i]);
  }
  journal_.resize(savepoint.journal);
  if (!emptied.empty()) newest_ = {};
  for (const Map::iterator position : emptied) map_->erase(position);
  arena_.Release(savepoint.mark);
  return {};
}

Status WriteSet::Release(SavepointId id) {
  const size_t index = FindSavepoint(id);
  if (index == savepoints_.size()) {
    return {Code::kTransaction, "The savepoint does not exist: it was released, or rolled back with an earlier one."};
  }
  savepoints_.resize(index);
  return {};
}

void WriteSet::Clear() {
  SOCHDB_DCHECK(pins_.empty());
  Renew();
  trees_ = 0;
  newest_ = {};
  journal_ = {};
  savepoints_ = {};
  arena_ = ScratchArena();
}

WriteSequence WriteSet::Pin() {
  pins_.push_back(sequence_);
  return sequence_;
}

void WriteSet::Unpin(WriteSequence sequence) {
  const auto found = std::lower_bound(pins_.begin(), pins_.end(), sequence);
  SOCHDB_CHECK(found != pins_.end() && *found == sequence);
  pins_.erase(found);
}

}  // namespace sochdb
