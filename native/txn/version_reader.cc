#include "txn/version_reader.h"

#include <algorithm>
#include <utility>

#include "txn/scratch_arena.h"
#include "txn/write_batch.h"

namespace sochdb {

// What was found on the way down from the newest version of a key: operands, newest first, and the value below them. What comes
// from the store is copied: a version in a table is there only while it is visited.
struct VersionReader::Chain {
  struct Operand {
    Timestamp ts;
    std::string_view bytes;
  };
  std::vector<Operand> operands;
  bool has_base = false;  // false: nothing, or a delete
  ValueKind base_kind = ValueKind::kValue;
  ExpiryMs base_expiry_ms = kNeverExpires;
  std::string_view base;
  Timestamp ts = 0;  // of the newest version
  bool malformed = false;
  ScratchArena copies;

  void SetBase(ValueKind kind, ExpiryMs expiry_ms, std::string_view value) {
    has_base = kind != ValueKind::kDelete;
    base_kind = kind;
    base_expiry_ms = expiry_ms;
    base = value;
  }
  // A committed version; false when it ends the chain.
  bool Add(const VersionView& version) {
    if (version.kind != ValueKind::kMerge) {
      SetBase(version.kind, version.expiry_ms, copies.Copy(version.value));
      return false;
    }
    const size_t first = operands.size();
    std::string_view list = copies.Copy(version.value);
    while (!list.empty()) {
      std::string_view operand;
      if (!TakeOperand(&list, &operand)) {
        malformed = true;
        return false;
      }
      operands.push_back({version.ts, operand});
    }
    std::reverse(operands.begin() + static_cast<std::ptrdiff_t>(first), operands.end());
    return true;
  }
};

Status VersionReader::ReadBlob(std::string_view ref, std::string* out) const {
  BlobRef blob;
  if (!BlobRef::Decode(ref, &blob)) {
    return {Code::kCorruption, "A reference to a blob file is malformed. Restore a backup and report this."};
  }
  return blobs_->Read(blob, out);
}

Status VersionReader::Get(const SuperVersion* data, TreeId tree, std::string_view key, const ReadPoint& at, ReadValue* out,
                          bool* found) const {
  *found = false;
  if (data == nullptr) return {};
  VersionView newest;
  BlockRef pin;
  SOCHDB_TRY(data->Get(key, at.ts, &newest, &pin, found));
  if (!*found) return {};
  SOCHDB_TRY(Resolve(data, tree, key, newest, at, false, out, found));
  out->pin = std::move(pin);  // not before: the key may be a view of what `out` held
  return {};
}

Status VersionReader::Resolve(const SuperVersion* data, TreeId tree, std::string_view key, const VersionView& newest,
                              const ReadPoint& at, bool keys_only, ReadValue* out, bool* found) const {
  if (newest.kind == ValueKind::kMerge) {
    Chain chain;
    SOCHDB_TRY(Descend(data, key, at, &chain));
    return Combine(tree, key, at, &chain, out, found);
  }
  *found = newest.LiveAt(at.now_ms);
  if (!*found) return {};
  out->ts = newest.ts;
  out->expiry_ms = newest.expiry_ms;
  out->data = newest.value;
  if (newest.kind == ValueKind::kBlob && !keys_only) {
    SOCHDB_TRY(ReadBlob(newest.value, &out->owned));
    out->data = out->owned;
  }
  return {};
}

Status VersionReader::ResolveOwn(const SuperVersion* data, TreeId tree, std::string_view key, const OwnVersion* newest,
                                 const ReadPoint& at, bool keys_only, ReadValue* out, bool* found) const {
  SOCHDB_DCHECK(newest != nullptr);
  if (newest->kind != ValueKind::kMerge) {
    const VersionView own{0, newest->kind, newest->expiry_ms, newest->value()};
    return Resolve(data, tree, key, own, at, keys_only, out, found);
  }
  Chain chain;
  const OwnVersion* own = newest;
  for (; own != nullptr && own->kind == ValueKind::kMerge; own = own->older) {
    chain.operands.push_back({kMaxTimestamp, own->value()});
  }
  if (own != nullptr) {
    chain.SetBase(own->kind, own->expiry_ms, own->value());
    for (Chain::Operand& operand : chain.operands) operand.ts = 0;  // they will be logged as one put, and expire with it
  } else {
    SOCHDB_TRY(Descend(data, key, at, &chain));
  }
  chain.ts = 0;
  return Combine(tree, key, at, &chain, out, found);
}

Status VersionReader::Descend(const SuperVersion* data, std::string_view key, const ReadPoint& at, Chain* chain) {
  if (data == nullptr) return {};
  bool first = true;
  SOCHDB_TRY(data->VisitVersions(key, at.ts, [&](const VersionView& version) {
    if (first) chain->ts = version.ts;
    first = false;
    return chain->Add(version);
  }));
  if (chain->malformed) return {Code::kCorruption, "A list of merge operands is malformed. Restore a backup and report this."};
  return {};
}

Status VersionReader::Combine(TreeId tree, std::string_view key, const ReadPoint& at, Chain* chain, ReadValue* out,
                              bool* found) const {
  std::optional<std::string_view> base;
  std::string blob;
  ExpiryMs expiry_ms = kNeverExpires;
  if (chain->has_base) {
    const VersionView version{0, chain->base_kind, chain->base_expiry_ms, chain->base};
    if (version.LiveAt(at.now_ms)) {
      expiry_ms = chain->base_expiry_ms;
      base = chain->base;
      if (chain->base_kind == ValueKind::kBlob) {
        SOCHDB_TRY(ReadBlob(chain->base, &blob));
        base = blob;
      }
    } else {
      std::erase_if(chain->operands,
                    [&](const Chain::Operand& operand) { return HlcMillis(operand.ts) < chain->base_expiry_ms; });
    }
  }
  *found = base.has_value() || !chain->operands.empty();
  if (!*found) return {};
  const MergeOperator* const op = merge_operator(tree);
  if (op == nullptr) {
    return Status(Code::kUnsupported, "The tree holds merge operands, and no merge operator is registered for it.")
        .With("tree", std::to_string(static_cast<int>(tree)));
  }
  std::vector<std::string_view> operands;
  operands.reserve(chain->operands.size());
  for (auto it = chain->operands.rbegin(); it != chain->operands.rend(); ++it) operands.push_back(it->bytes);
  std::string merged;  // not straight into `owned`: a view of it may be among the operands
  SOCHDB_TRY(op->Merge(key, base, operands, &merged));
  out->owned = std::move(merged);
  out->data = out->owned;
  out->ts = chain->ts;
  out->expiry_ms = expiry_ms;
  return {};
}

Status VersionReader::Fold(TreeId tree, std::string_view key, const OwnVersion* newest, ValueKind* kind, ExpiryMs* expiry_ms,
                           std::string* storage) const {
  SOCHDB_DCHECK(newest != nullptr && newest->kind == ValueKind::kMerge);
  Chain chain;
  const OwnVersion* own = newest;
  for (; own != nullptr && own->kind == ValueKind::kMerge; own = own->older) {
    chain.operands.push_back({kMaxTimestamp, own->value()});
  }
  storage->clear();
  if (own == nullptr) {
    *kind = ValueKind::kMerge;
    *expiry_ms = kNeverExpires;
    for (auto it = chain.operands.rbegin(); it != chain.operands.rend(); ++it) AppendOperand(storage, it->bytes);
    return {};
  }
  // An expired base would be judged by a reader's clock; here it is kept, so that every reader judges by its own.
  chain.SetBase(own->kind, kNeverExpires, own->value());
  *kind = ValueKind::kValue;
  *expiry_ms = own->kind == ValueKind::kDelete ? kNeverExpires : own->expiry_ms;
  ReadValue merged;
  bool found = false;
  SOCHDB_TRY(Combine(tree, key, ReadPoint{}, &chain, &merged, &found));
  *storage = std::move(merged.owned);
  return {};
}

}  // namespace sochdb
