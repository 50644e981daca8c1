#include "binding/kv_scan.h"

#include <algorithm>
#include <utility>

#include "binding/slab.h"

namespace sochdb::binding {

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

Result<KeyScan> KeyScan::Open(const Target& target, const Range& range) {
  ScanOptions options;
  options.reverse = range.reverse;
  options.keys_only = range.keys_only;
  std::string past_end;
  std::string_view hi = range.hi;
  if (range.is_prefix || hi.size() <= target.prefix.size()) {
    past_end = PrefixEnd(range.is_prefix ? range.lo : target.prefix);
    hi = past_end;
  }
  KeyScan scan;
  SOCHDB_TRY(scan.view_.Open(target));
  SOCHDB_ASSIGN(cursor, scan.view_->NewCursor(TreeId::kKeys, range.lo, hi, options));
  scan.cursor_ = std::move(cursor);
  scan.keys_only_ = range.keys_only;
  return scan;
}

Status KeyScan::Next(uint32_t max_rows, std::span<char> buffer, Batch* out) {
  PackedWriter rows(buffer);
  for (uint32_t row = 0; row < max_rows; ++row) {
    bool found = pending_;
    if (!found) SOCHDB_TRY(cursor_->Next(&found));
    if (!found) {
      *out = {State::kDone, rows.size(), row};
      return {};
    }
    const std::string_view key = cursor_->key().substr(kNamespaceIdBytes);
    const std::string_view value = keys_only_ ? std::string_view() : cursor_->value();
    const size_t needed = PadTo4(2 * sizeof(uint32_t) + key.size() + value.size());
    pending_ = needed > rows.room();
    if (pending_) {
      *out = row == 0 ? Batch{State::kNeedsRoom, needed, 0} : Batch{State::kMore, rows.size(), row};
      return {};
    }
    rows.Word(static_cast<uint32_t>(key.size()));
    rows.Word(static_cast<uint32_t>(value.size()));
    rows.Bytes(key);
    rows.Bytes(value);
    rows.Pad();
  }
  *out = {State::kMore, rows.size(), max_rows};
  return {};
}

Status ListChildren(const Target& target, std::string_view directory, const CancelToken* cancel,
                    std::vector<std::string>* names) {
  constexpr char kAfterSlash = '/' + 1;
  KeyView view;
  SOCHDB_TRY(view.Open(target));
  ScanOptions options;
  options.keys_only = true;
  SOCHDB_ASSIGN(cursor, view->NewCursor(TreeId::kKeys, directory, PrefixEnd(directory), options));
  std::string next;  // where the children go on
  bool found = false;
  SOCHDB_TRY(cursor->Next(&found));
  for (uint32_t steps = 0; found; ++steps) {
    if (cancel != nullptr && steps % kRowsBetweenChecks == 0) SOCHDB_TRY(cancel->Check());
    const std::string_view rest = cursor->key().substr(directory.size());
    const size_t slash = rest.find('/');
    if (!rest.empty()) names->emplace_back(rest.substr(0, slash));
    if (names->size() > kMaxChildren) {
      return {Code::kLimit,
              "The path has more children than listPath returns: scan below it instead.",
              {{"limit", std::to_string(kMaxChildren)}}};
    }
    if (slash == std::string_view::npos) {
      SOCHDB_TRY(cursor->Next(&found));
      continue;
    }
    next.assign(cursor->key().substr(0, directory.size() + slash)).push_back(kAfterSlash);
    SOCHDB_TRY(cursor->SeekNext(next, &found));
  }
  // In key order "a" and "a/b" may have "a-b" between them.
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
  return {};
}

}  // namespace sochdb::binding
