#include "binding/kv_ops.h"

#include <charconv>
#include <limits>
#include <string>

#include "binding/atomically.h"
#include "binding/kv_view.h"

namespace sochdb::binding {
namespace {

constexpr uint32_t kDeleteMark = kMissing;

constexpr size_t kMaxNumberBytes = std::numeric_limits<int64_t>::digits10 + 2;  // a sign, and one digit more

std::string_view FormatNumber(int64_t number, std::span<char, kMaxNumberBytes> to) {
  const auto [end, error] = std::to_chars(to.data(), to.data() + to.size(), number);
  SOCHDB_DCHECK(error == std::errc());
  return {to.data(), static_cast<size_t>(end - to.data())};
}

// As FormatNumber writes it, and no other way: what was put as "007" is text.
bool ParseNumber(std::string_view text, int64_t* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  char again[kMaxNumberBytes];
  return error == std::errc() && end == text.data() + text.size() && FormatNumber(*out, again) == text;
}

Status NotANumber() {
  return {Code::kInvalidArgument,
          "increment counts values that are whole numbers in decimal, from -2^63 to 2^63 - 1; the value of this key is none.",
          {{"argument", "key"}, {"reason", "notANumber"}}};
}

Status Overflow() {
  return {Code::kInvalidArgument,
          "increment would pass the numbers it counts with, -2^63 to 2^63 - 1; the value is as it was.",
          {{"argument", "by"}, {"reason", "overflow"}}};
}

Status Damaged(const char* of) {
  return {Code::kInvalidArgument,
          std::string("A packed batch of ") + of + " is damaged: an offset or a length points outside."};
}

Status ApplyPacked(Transaction* transaction, std::string_view prefix, std::string_view packed, ExpiryMs expiry_ms) {
  ByteReader records(packed);
  std::string key(prefix);
  while (!records.empty()) {
    uint32_t key_length = 0;
    uint32_t value_length = 0;
    std::string_view user_key;
    std::string_view value;
    if (!records.ReadFixed32(&key_length) || !records.ReadFixed32(&value_length)) return Damaged("writes");
    const bool is_delete = value_length == kDeleteMark;
    const uint64_t length = uint64_t{key_length} + (is_delete ? 0 : value_length);
    if (key_length > kMaxUserKeyBytes || (!is_delete && value_length > kMaxValueBytes)) return Damaged("writes");
    if (!records.ReadBytes(key_length, &user_key) || !records.ReadBytes(length - key_length, &value) ||
        !records.Skip(PadTo4(length) - length)) {
      return Damaged("writes");
    }
    key.replace(prefix.size(), std::string::npos, user_key);
    SOCHDB_TRY(is_delete ? transaction->Delete(TreeId::kKeys, key) : transaction->Put(TreeId::kKeys, key, value, expiry_ms));
  }
  return {};
}

}  // namespace

Status GetKey(const Target& target, std::string_view key, ReadValue* out, bool* found) {
  if (target.reader == nullptr) return target.engine->Get(TreeId::kKeys, key, out, found);
  BeginRead(target);
  return target.reader->Get(TreeId::kKeys, key, out, found);
}

Status PutKey(const Target& target, std::string_view key, std::string_view value, ExpiryMs expiry_ms) {
  if (target.transaction != nullptr) return target.transaction->Put(TreeId::kKeys, key, value, expiry_ms);
  return target.engine->Put(TreeId::kKeys, key, value, expiry_ms).status();
}

Status DeleteKey(const Target& target, std::string_view key) {
  if (target.transaction != nullptr) return target.transaction->Delete(TreeId::kKeys, key);
  return target.engine->Delete(TreeId::kKeys, key).status();
}

Status PutKeyIfAbsent(const Target& target, std::string_view key, std::string_view value, ExpiryMs expiry_ms, bool* stored) {
  return CompareAndSetKey(target, key, std::nullopt, value, expiry_ms, nullptr, stored);
}

Status CompareAndSetKey(const Target& target, std::string_view key, std::optional<std::string_view> expected,
                        std::string_view value, ExpiryMs expiry_ms, Timestamp* unpublished, bool* stored) {
  return Atomically(target, unpublished, [&](Transaction* transaction) -> Status {
    ReadValue held;
    bool found = false;
    SOCHDB_TRY(transaction->GetForConstraint(TreeId::kKeys, key, &held, &found));
    *stored = found == expected.has_value() && (!found || held.data == *expected);
    return *stored ? transaction->Put(TreeId::kKeys, key, value, expiry_ms) : Status();
  });
}

Status IncrementKey(const Target& target, std::string_view key, int64_t by, ExpiryMs expiry_ms, Timestamp* unpublished,
                    int64_t* result) {
  return Atomically(target, unpublished, [&](Transaction* transaction) -> Status {
    ReadValue held;
    bool found = false;
    SOCHDB_TRY(transaction->GetForConstraint(TreeId::kKeys, key, &held, &found));
    int64_t number = 0;
    if (found && !ParseNumber(held.data, &number)) return NotANumber();
    if (__builtin_add_overflow(number, by, &number)) return Overflow();
    char text[kMaxNumberBytes];
    *result = number;
    return transaction->Put(TreeId::kKeys, key, FormatNumber(number, text), found ? held.expiry_ms : expiry_ms);
  });
}

Status GetKeys(const Target& target, std::string_view packed_keys, PackedWriter* out) {
  KeyView view;
  SOCHDB_TRY(view.Open(target));
  ByteReader keys(packed_keys);
  std::string key(target.prefix);
  while (!keys.empty()) {
    uint32_t length = 0;
    std::string_view user_key;
    if (!keys.ReadFixed32(&length) || !keys.ReadBytes(length, &user_key) || !keys.Skip(PadTo4(length) - length) ||
        length > kMaxUserKeyBytes) {
      return Damaged("keys");
    }
    key.replace(target.prefix.size(), std::string::npos, user_key);
    ReadValue value;
    bool found = false;
    SOCHDB_TRY(view->Get(TreeId::kKeys, key, &value, &found));
    out->Word(found ? static_cast<uint32_t>(value.data.size()) : kMissing);
    if (found) out->Bytes(value.data);
    out->Pad();
  }
  return {};
}

Status WriteKeys(const Target& target, std::string_view packed, ExpiryMs expiry_ms) {
  return Atomically(target, nullptr,
                    [&](Transaction* transaction) { return ApplyPacked(transaction, target.prefix, packed, expiry_ms); });
}

ExpiryMs ExpiryIn(const Target& target, double ttl_ms) {
  const auto whole_ms = static_cast<uint64_t>(ttl_ms);
  return target.engine->env()->NowMillis() + whole_ms + (ttl_ms > static_cast<double>(whole_ms) ? 1 : 0);
}

}  // namespace sochdb::binding
