#include "txn/prepared_commit.h"

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/epoch.h"

namespace sochdb {
namespace {

constexpr size_t kNumberBytes = 8;

Status BadSequence(std::string_view what) {
  return {Code::kCorruption,
          "The counter of a sequence is malformed: " + std::string(what) + ". Restore a backup and report this."};
}

bool KeyOrder(const CommittedWrite& a, const CommittedWrite& b) { return OwnKey{a.tree, a.key} < OwnKey{b.tree, b.key}; }

}  // namespace

Status PreparedCommit::Prepare(const WriteSet& writes, const VersionReader& reader, BlobStore* blobs,
                               std::vector<BlobRef>* made) {
  writes_.reserve(writes.size());
  for (WriteSet::Position it = writes.begin(); it != writes.end(); ++it) {
    const auto& [tree, key] = it->first;
    OwnVersion* const newest = WriteSet::MutableNewest(it);
    if (newest->kind != ValueKind::kMerge) {
      if (newest->assigned != nullptr) assigned_.push_back({newest->sequence, newest});
      writes_.push_back({tree, newest->kind, newest->expiry_ms, key, newest->value()});
      continue;
    }
    CommittedWrite write{tree, ValueKind::kValue, kNeverExpires, key, {}};
    std::string& value = storage_.emplace_front();
    SOCHDB_TRY(reader.Fold(tree, key, newest, &write.kind, &write.expiry_ms, &value));
    if (value.size() > kBlobThresholdBytes) {
      if (write.kind == ValueKind::kMerge) {
        return Status(Code::kLimit,
                      "The operands that one transaction merged into a key exceed 1 MiB. Merge in smaller transactions.")
            .With("limit", std::to_string(kBlobThresholdBytes));
      }
      SOCHDB_ASSIGN(ref, blobs->Write(value));
      made->push_back(ref);
      write.kind = ValueKind::kBlob;
      value.clear();
      ref.EncodeTo(&value);
    }
    write.value = value;
    writes_.push_back(write);
  }
  std::sort(assigned_.begin(), assigned_.end(), [](const Assigned& a, const Assigned& b) { return a.sequence < b.sequence; });
  return {};
}

// The number a sequence stands at: of this transaction's own write to it, or the newest committed one.
Status PreparedCommit::Number(const Trees& trees, std::string_view sequence_key, uint64_t* number) {
  *number = 0;
  const CommittedWrite wanted{TreeId::kSequences, ValueKind::kValue, kNeverExpires, sequence_key, {}};
  const auto own = std::lower_bound(writes_.begin(), writes_.end(), wanted, KeyOrder);
  VersionView version;
  BlockRef pin;
  const EpochGuard guard;  // keeps what is found
  bool found = own != writes_.end() && own->tree == TreeId::kSequences && own->key == sequence_key;
  if (found) {
    version = {0, own->kind, own->expiry_ms, own->value};
  } else if (const Tree* tree = trees.Find(TreeId::kSequences); tree != nullptr) {
    SOCHDB_TRY(tree->Get(sequence_key, kMaxTimestamp, &version, &pin, &found));
  }
  if (!found || version.kind == ValueKind::kDelete) return {};
  if (version.kind != ValueKind::kValue || version.value.size() != kNumberBytes)
    return BadSequence("it is not a number of 8 bytes");
  *number = DecodeFixed64(version.value.data());
  return {};
}

Status PreparedCommit::AssignSequences(const Trees& trees) {
  if (assigned_.empty()) return {};
  std::map<std::string_view, uint64_t> numbers;
  for (const Assigned& field : assigned_) {
    const AssignedField& assigned = *field.version->assigned;
    const auto [number, is_new] = numbers.try_emplace(assigned.sequence_key, 0);
    if (is_new) SOCHDB_TRY(Number(trees, assigned.sequence_key, &number->second));
    if (number->second == UINT64_MAX) return BadSequence("it has run out of numbers");
    EncodeFixed64(field.version->data + assigned.offset, ++number->second);
  }
  const size_t others = writes_.size();
  for (const auto& [key, number] : numbers) {
    std::string& value = storage_.emplace_front();
    PutFixed64(&value, number);
    const CommittedWrite write{TreeId::kSequences, ValueKind::kValue, kNeverExpires, key, value};
    const auto end = writes_.begin() + static_cast<std::ptrdiff_t>(others);
    const auto own = std::lower_bound(writes_.begin(), end, write, KeyOrder);
    if (own != end && own->tree == TreeId::kSequences && own->key == key) *own = write;
    else writes_.push_back(write);
  }
  std::inplace_merge(writes_.begin(), writes_.begin() + static_cast<std::ptrdiff_t>(others), writes_.end(), KeyOrder);
  return {};
}

}  // namespace sochdb
