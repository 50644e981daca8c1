#include "exec/functions/function.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/types.h"

namespace sochdb {
namespace functions {

constexpr size_t kNumbersMax = 512;

using Table = std::array<const Function*, kNumbersMax>;

Table MakeTable() {
  Table table{};
  for (const auto area : {TextFunctions(), MathFunctions(), OtherFunctions(), DateFunctions(), JsonFunctions(),
                          RegexpFunctions(), FormatFunctions()}) {
    for (const Function& function : area) {
      const auto number = static_cast<size_t>(function.number);
      SOCHDB_CHECK(number < kNumbersMax && table[number] == nullptr);
      table[number] = &function;
    }
  }
  return table;
}

bool IsOneOf(ColumnType type, std::initializer_list<ColumnType> types) {
  return std::any_of(types.begin(), types.end(), [&](ColumnType t) { return SameClass(t, type); });
}

bool Fits(char letter, ColumnType type, ColumnType first) {
  using T = ColumnType;
  if (type == T::kNull) return true;
  switch (letter) {
    case 'T':
      return type == T::kText;
    case 'B':
      return IsOneOf(type, {T::kText, T::kBlob});
    case 'X':
      return type == T::kBlob;
    case 'I':
      return SameClass(type, T::kInteger);
    case 'R':
      return type == T::kReal;
    case 'N':
      return IsOneOf(type, {T::kInteger, T::kReal, T::kDecimal});
    case 'O':
      return type == T::kBoolean;
    case 'D':
      return type == T::kTimestamp;
    case 'M':
      return IsOneOf(type, {T::kTimestamp, T::kText, T::kInteger, T::kReal, T::kAny});
    case 'J':
      return IsOneOf(type, {T::kJson, T::kText, T::kAny});
    case 'U':
      return type == T::kUuid;
    case 'S':
      return first == T::kNull || SameClass(type, first);
    case 'V':
      return type == T::kVector;
    default:
      return letter == 'A';
  }
}

bool ResultFits(char letter, std::span<const ColumnType> args, ColumnType type) {
  if (letter == 'A') return type == ColumnType::kAny;
  if (letter < '0' || letter > '9') return type != ColumnType::kNull && Fits(letter, type, type);
  // An argument that is the literal NULL leaves the type open.
  const auto i = static_cast<size_t>(letter - '0');
  return i < args.size() && (args[i] == ColumnType::kNull || SameClass(args[i], type));
}

}  // namespace functions

const Function* FindFunction(int32_t number) {
  static const functions::Table kTable = functions::MakeTable();
  if (number < 0 || static_cast<size_t>(number) >= kTable.size()) return nullptr;
  return kTable[static_cast<size_t>(number)];
}

bool FunctionTakes(const Function& function, std::span<const ColumnType> args, ColumnType result, std::string* why) {
  size_t taken = 0;
  bool optional = false;
  char repeated = 0;
  const char* at = function.signature;
  for (; *at != ':'; ++at) {
    if (*at == '[') {
      optional = true;
    } else if (*at == ']') {
      optional = false;
    } else if (at[1] == '*') {
      repeated = *at++;
    } else if (taken < args.size()) {
      if (!functions::Fits(*at, args[taken++], args[0])) {
        *why = std::string(function.name) + "() does not take a " + ColumnTypeName(args[taken - 1]) + " there";
        return false;
      }
    } else if (!optional) {
      *why = std::string(function.name) + "() lacks an argument";
      return false;
    }
  }
  for (; taken < args.size(); ++taken) {
    if (repeated != 0 && functions::Fits(repeated, args[taken], args[0])) continue;
    *why = std::string(function.name) + (repeated == 0 ? "() has too many arguments" : "() does not take that argument");
    return false;
  }
  if (functions::ResultFits(at[1], args, result)) return true;
  *why = std::string(function.name) + "() does not yield " + ColumnTypeName(result);
  return false;
}

Status FunctionCall::Room(uint64_t n, char** out) const {
  if (n > kMaxValueBytes)
    return {Code::kLimit, std::string(function->name) + "() would yield more than 512 MiB.", {{"limit", "kMaxValueBytes"}}};
  *out = arena->Allocate(static_cast<size_t>(n));
  return *out == nullptr ? arena->memory()->LimitError() : Status();
}

Status FunctionCall::Keep(std::string_view bytes, ValueTag tag, Value* out) const {
  char* to = nullptr;
  SOCHDB_TRY(Room(bytes.size(), &to));
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  *out = Value::Bytes(tag, {to, bytes.size()});
  return {};
}

}  // namespace sochdb
