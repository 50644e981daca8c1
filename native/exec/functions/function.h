// Scalar functions: what plans call by number (ExprOp::kCall), one row at a time.
//
// The tables are in functions/*.cc, one file per area; packages/sochdb/src/sql/binder/functions/ mirrors number, name and
// signature, and a test compares the two. Numbers are part of the plan format: none is used for another function.
//
// Signature: a letter for each argument, ':' and the result. [..] may be missing, the letter before '*' repeats any number of
// times (also none).
//   T text   B text or blob   X blob   I integer, bigint   R real   N integer, bigint, real or decimal   O boolean
//   D timestamp   M timestamp, text, integer, real or any (what the date functions read)   J json, text or any   U uuid
//   V vector   S the type of the first argument   A anything   0 to 9 (results): the type of that argument
// NULL may stand for any of them, typed or not.
//
// Thread safety: kernels are functions of their arguments and of the state in the call, which belongs to one evaluator.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/value.h"
#include "exec/exec_context.h"
#include "exec/memory.h"

namespace sochdb {

struct FunctionCall;
using FunctionKernel = Status (*)(FunctionCall* call, std::span<const Value> args, Value* out);

enum FunctionFlag : uint8_t {
  kStrict = 1,    // NULL as soon as one argument is; the kernel sees none
  kVolatile = 2,  // another value for every row
};

struct Function {
  int32_t number;
  const char* name;
  const char* signature;
  uint8_t flags;
  FunctionKernel kernel;
};

// What a kernel keeps from row to row: compiled patterns.
struct FunctionState {
  FunctionState() = default;
  virtual ~FunctionState() = default;
  FunctionState(const FunctionState&) = delete;
  FunctionState& operator=(const FunctionState&) = delete;
};

struct FunctionCall {
  const Function* function = nullptr;
  ColumnType type = ColumnType::kNull;  // of the result
  ExecContext* context = nullptr;
  BatchArena* arena = nullptr;
  std::unique_ptr<FunctionState>* state = nullptr;

  // "substr(): …": the statement cannot go on.
  [[nodiscard]] Status Fail(const std::string& what) const {
    return {Code::kInvalidArgument, std::string(function->name) + "(): " + what, {{"function", function->name}}};
  }
  // The bytes as a value of the given type, kept for the batch. kLimit when they are too many.
  [[nodiscard]] Status Keep(std::string_view bytes, ValueTag tag, Value* out) const;
  [[nodiscard]] Status KeepText(std::string_view text, Value* out) const { return Keep(text, ValueTag::kText, out); }
  // Room for n bytes that the kernel fills itself; as Keep otherwise.
  [[nodiscard]] Status Room(uint64_t n, char** out) const;
};

// Of those that fold texts for a collation.
inline constexpr int32_t kTrimEndFunction = 5;
inline constexpr int32_t kNoCaseFunction = 22;

// The function with that number, or null.
const Function* FindFunction(int32_t number);
// Whether arguments of these types can be given, and yield that result; *why says what is wrong.
bool FunctionTakes(const Function& function, std::span<const ColumnType> args, ColumnType result, std::string* why);

// The tables, one per area.
std::span<const Function> TextFunctions();
std::span<const Function> MathFunctions();
std::span<const Function> OtherFunctions();
std::span<const Function> DateFunctions();
std::span<const Function> JsonFunctions();
std::span<const Function> RegexpFunctions();
std::span<const Function> FormatFunctions();

}  // namespace sochdb
