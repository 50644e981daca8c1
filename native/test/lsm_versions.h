// What the tests of lsm/ share about versions: a history of keys as plain data, a stream over it, and what a reader sees in it.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/types.h"
#include "lsm/keep_rule.h"
#include "mem/snapshot_iterator.h"
#include "mem/version.h"
#include "test/harness.h"

namespace sochdb::test {

struct PlainVersion {
  Timestamp ts = 0;
  ValueKind kind = ValueKind::kValue;
  ExpiryMs expiry_ms = kNeverExpires;
  std::string value;

  [[nodiscard]] VersionView view() const { return {ts, kind, expiry_ms, value}; }
  friend bool operator==(const PlainVersion&, const PlainVersion&) = default;
};
using Chain = std::vector<PlainVersion>;  // of one key, newest first
using History = std::map<std::string, Chain, std::less<>>;

class HistoryStream final : public VersionStream {
 public:
  explicit HistoryStream(const History* history) : history_(history), at_(history->end()) {}
  bool Valid() const override { return at_ != history_->end(); }
  void SeekToFirst() override {
    at_ = history_->begin();
    Begin();
  }
  void Seek(std::string_view target) override {
    at_ = history_->lower_bound(target);
    Begin();
  }
  void Next() override {
    if (++position_ < at_->second.size()) return Show();
    ++at_;
    Begin();
  }
  std::string_view key() const override { return at_->first; }
  const VersionView& version() const override { return version_; }

 private:
  void Begin() {
    position_ = 0;
    while (Valid() && at_->second.empty()) ++at_;
    if (Valid()) Show();
  }
  void Show() { version_ = at_->second[position_].view(); }

  const History* const history_;
  History::const_iterator at_;
  size_t position_ = 0;
  VersionView version_;
};

inline History Drain(VersionStream* stream) {
  History out;
  std::string last;
  for (stream->SeekToFirst(); stream->Valid(); stream->Next()) {
    const std::string key(stream->key());
    EXPECT(key >= last);
    last = key;
    const VersionView& version = stream->version();
    Chain& chain = out[key];
    if (!chain.empty()) EXPECT(chain.back().ts > version.ts);
    chain.push_back({version.ts, version.kind, version.expiry_ms, std::string(version.value)});
  }
  EXPECT_OK(stream->status());
  return out;
}

// The merge operator of these tests: operands are appended, each behind a '+'. Stored operands are lists already.
inline std::string Appended(std::optional<std::string_view> base, const std::vector<std::string_view>& operands) {
  std::string out(base.value_or(""));
  for (const std::string_view operand : operands) out += '+' + std::string(operand);
  return out;
}
inline Status FoldByAppending(TreeId, std::string_view, std::optional<std::string_view> base,
                              const std::vector<std::string_view>& operands, std::string* out) {
  *out = Appended(base, operands);
  return {};
}

struct Seen {
  std::string value;
  Timestamp ts = 0;
  ExpiryMs expiry_ms = kNeverExpires;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// What a reader at (read_ts, now_ms) sees of a key: the rules of txn/version_reader.h, in the plainest words.
inline std::optional<Seen> Read(const Chain& chain, Timestamp read_ts, uint64_t now_ms) {
  size_t at = 0;
  while (at < chain.size() && chain[at].ts > read_ts) ++at;
  if (at == chain.size()) return std::nullopt;
  const Timestamp ts = chain[at].ts;
  std::vector<const PlainVersion*> operands;  // newest first
  while (at < chain.size() && chain[at].kind == ValueKind::kMerge) operands.push_back(&chain[at++]);
  const PlainVersion* base = at < chain.size() && chain[at].kind != ValueKind::kDelete ? &chain[at] : nullptr;
  if (base != nullptr && !base->view().LiveAt(now_ms)) {
    const ExpiryMs expired = base->expiry_ms;
    std::erase_if(operands, [&](const PlainVersion* operand) { return HlcMillis(operand->ts) < expired; });
    base = nullptr;
  }
  if (base == nullptr && operands.empty()) return std::nullopt;
  std::vector<std::string_view> views;
  for (auto it = operands.rbegin(); it != operands.rend(); ++it) views.push_back((*it)->value);
  Seen seen{Appended(base == nullptr ? std::nullopt : std::optional<std::string_view>(base->value), views), ts,
            base == nullptr ? kNeverExpires : base->expiry_ms};
  return seen;
}

inline std::ostream& operator<<(std::ostream& out, const PlainVersion& version) {
  const char* const kinds[] = {"value", "delete", "merge", "blob"};
  out << kinds[static_cast<size_t>(version.kind)] << '@' << HlcMillis(version.ts) << '.' << (version.ts & 0xffff);
  if (version.expiry_ms != kNeverExpires) out << " until " << version.expiry_ms;
  return out << " '" << version.value << '\'';
}
inline std::ostream& operator<<(std::ostream& out, const Chain& chain) {
  for (const PlainVersion& version : chain) out << '[' << version << "] ";
  return out;
}

}  // namespace sochdb::test
