// Reading many keys at once: transaction.h, version_reader.h.

#include <algorithm>
#include <array>
#include <utility>

#include "txn/transaction_impl.h"

namespace sochdb {
namespace {

// The earlier of two moments at which something expires.
ExpiryMs Earlier(ExpiryMs a, ExpiryMs b) {
  if (a == kNeverExpires || b == kNeverExpires) return a == kNeverExpires ? b : a;
  return std::min(a, b);
}

void Ask(std::string_view key, size_t place, PointRead* read) {
  read->key = key;
  read->place = static_cast<uint32_t>(place);
  read->found = false;
}

}  // namespace

void ReadValues::Take(size_t i, ReadValue* value, bool found) {
  items[i].found = found;
  if (!found) return;
  const bool is_own = value->data.data() == value->owned.data();
  items[i].data = is_own ? std::string_view(owned.emplace_back(std::move(value->owned))) : value->data;
  if (value->pin) pins.push_back(std::move(value->pin));
}

Status Reader::GetMany(TreeId tree, std::span<const std::string_view> keys, ReadValues* out) {
  out->Reset(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    ReadValue value;
    bool found = false;
    SOCHDB_TRY(Get(tree, keys[i], &value, &found));
    out->Take(i, &value, found);
  }
  return {};
}

Status VersionReader::GetMany(const SuperVersion* data, TreeId tree, std::span<PointRead> reads, const ReadPoint& at,
                              ReadValues* out, ExpiryMs* first_expiry) const {
  if (data == nullptr) return {};
  SOCHDB_TRY(data->GetMany(reads, at.ts, &out->pins));
  for (const PointRead& read : reads) {
    if (!read.found) continue;
    ReadValues::Item& item = out->items[read.place];
    if (read.version.kind == ValueKind::kValue && read.version.expiry_ms == kNeverExpires) [[likely]] {
      item = {true, read.version.value};
      continue;
    }
    ReadValue value;
    bool found = false;
    SOCHDB_TRY(Resolve(data, tree, read.key, read.version, at, false, &value, &found));
    if (found) *first_expiry = Earlier(*first_expiry, value.expiry_ms);
    out->Take(read.place, &value, found);
  }
  return {};
}

Status SnapshotImpl::GetMany(TreeId tree, std::span<const std::string_view> keys, ReadValues* out) {
  if (context_->pipeline->closed()) return {Code::kClosed, "The database is closed."};
  out->Reset(keys.size());
  const SuperVersion* const data = views_.Of(*context_->trees, tree);
  std::array<PointRead, PointRead::kAtOnce> reads;
  for (size_t begin = 0; begin < keys.size(); begin += reads.size()) {
    const size_t count = std::min(reads.size(), keys.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      SOCHDB_TRY(CheckKey(tree, keys[begin + i]));
      Ask(keys[begin + i], begin + i, &reads[i]);
    }
    ExpiryMs expiry = kNeverExpires;
    const Status status = context_->reader->GetMany(data, tree, std::span(reads).first(count), at_, out, &expiry);
    if (status.code() != Code::kWouldBlock) context_->stats->reads.Add(count);
    SOCHDB_TRY(status);
  }
  context_->stats->CountBytes(keys, *out);
  return {};
}

Status TransactionImpl::GetMany(TreeId tree, std::span<const std::string_view> keys, ReadValues* out) {
  SOCHDB_TRY(CheckUsable());
  out->Reset(keys.size());
  RefreshOutsideStatement();
  std::array<PointRead, PointRead::kAtOnce> reads;
  for (size_t begin = 0; begin < keys.size(); begin += reads.size()) {
    const size_t end = std::min(begin + reads.size(), keys.size());
    size_t count = 0;
    for (size_t i = begin; i < end; ++i) {
      SOCHDB_TRY(CheckKey(tree, keys[i]));
      const OwnVersion* const own = writes_.empty() ? nullptr : writes_.Find(tree, keys[i], kLatestSequence);
      if (tracks_reads() && (own == nullptr || own->kind == ValueKind::kMerge)) reads_.AddPoint(tree, keys[i], at_.ts);
      if (own == nullptr) Ask(keys[i], i, &reads[count++]);
      else SOCHDB_TRY(ReadOwn(tree, keys[i], i, own, out));
    }
    ExpiryMs expiry = kNeverExpires;
    const SuperVersion* const data = views_.Of(*context_->trees, tree);
    const Status status = context_->reader->GetMany(data, tree, std::span(reads).first(count), at_, out, &expiry);
    if (status.code() != Code::kWouldBlock) context_->stats->reads.Add(end - begin);
    SOCHDB_TRY(status);
    if (expiry != kNeverExpires) RegisterExpiry(expiry);
  }
  context_->stats->CountBytes(keys, *out);
  return {};
}

Status TransactionImpl::ReadOwn(TreeId tree, std::string_view key, size_t i, const OwnVersion* own, ReadValues* out) {
  const bool committed = own->kind == ValueKind::kMerge;
  const SuperVersion* const data = committed ? views_.Of(*context_->trees, tree) : nullptr;
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(context_->reader->ResolveOwn(data, tree, key, own, at_, false, &value, &found));
  if (found && committed && value.expiry_ms != kNeverExpires) RegisterExpiry(value.expiry_ms);
  out->Take(i, &value, found);
  return {};
}

}  // namespace sochdb
