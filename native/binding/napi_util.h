// Node-API in the vocabulary of the engine: a call with its arguments, arguments as C++ values, Status as exception.
//
// Every function that the addon exports has the shape `napi_value F(Call& call)` and is put on `exports` with
// Define<F, argument count>. Arguments that the caller left out read as undefined. A function that fails returns
// call.Throw(status): a plain JavaScript Error with { nativeCode, message, details }, which errors/native.ts turns
// into the error class of the public API. Nothing here runs user code: options objects, iterables and getters are the
// business of TypeScript, which hands over plain numbers, strings and bytes.
//
// Thread safety: everything belongs to the environment's thread. Views of argument bytes end with the call.

#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/types.h"

namespace sochdb::binding {

class Environment;

// Limits of arguments that several functions take.
inline constexpr uint64_t kMaxSafeInteger = (uint64_t{1} << 53) - 1;  // JavaScript's
inline constexpr uint64_t kMaxTimeoutMs = 31ull * 24 * 3600 * 1000;
inline constexpr size_t kMaxPathBytes = 4096;

// Throws { nativeCode, message, details } and returns nullptr. REQUIRES: status is not OK.
napi_value ThrowStatus(napi_env env, const Status& status);

// One call from JavaScript.
class Call {
 public:
  Call(napi_env env, Environment* environment, std::span<const napi_value> arguments)
      : env_(env), environment_(environment), arguments_(arguments) {}

  [[nodiscard]] napi_env env() const { return env_; }
  [[nodiscard]] Environment& environment() const { return *environment_; }
  // REQUIRES: i is below the count given to Define.
  [[nodiscard]] napi_value operator[](size_t i) const { return arguments_[i]; }

  napi_value Throw(const Status& status) const { return ThrowStatus(env_, status); }

 private:
  napi_env env_;
  Environment* environment_;
  std::span<const napi_value> arguments_;
};

// --- arguments: each names the argument in its error: "limit must be a whole number from 0 to 10; this one is 'x'." ---

Status ReadUint32(napi_env env, napi_value value, const char* name, uint32_t min, uint32_t max, uint32_t* out);
// Whole numbers up to 2^53 - 1.
Status ReadUint64(napi_env env, napi_value value, const char* name, uint64_t max, uint64_t* out);
Status ReadDouble(napi_env env, napi_value value, const char* name, double* out);
Status ReadBool(napi_env env, napi_value value, const char* name, bool* out);
// A string, as UTF-8 (lone surrogates become U+FFFD), of at most max_bytes.
Status ReadString(napi_env env, napi_value value, const char* name, size_t max_bytes, std::string* out);
// A Uint8Array (Buffer included), not detached. The view ends with the call; the memory may be shared with other threads.
Status ReadBytes(napi_env env, napi_value value, const char* name, std::string_view* out);
// An ArrayBuffer that the call may write to, not detached.
Status ReadArrayBuffer(napi_env env, napi_value value, const char* name, std::span<char>* out);

// "a number", "undefined", "an array": for messages about arguments of the wrong type.
const char* DescribeType(napi_env env, napi_value value);

// A string or a Uint8Array as bytes, after a prefix of the binding's own: keys and values. Short ones need no allocation.
// Bytes are always copied: other threads may write to a SharedArrayBuffer while the engine reads. Only a value longer
// than kBorrowBytes in unshared memory is borrowed, until the end of the call.
class BytesArgument {
 public:
  static constexpr size_t kBorrowBytes = 64 * 1024;

  BytesArgument() = default;
  BytesArgument(const BytesArgument&) = delete;
  BytesArgument& operator=(const BytesArgument&) = delete;

  // `prefix` of at most 16 bytes goes before. kInvalidArgument when longer than max_bytes (without the prefix).
  Status Read(napi_env env, napi_value value, const char* name, std::string_view prefix, uint64_t max_bytes);
  [[nodiscard]] std::string_view view() const { return view_; }

 private:
  static constexpr size_t kInlineBytes = 512;

  Status ReadLongString(napi_env env, napi_value value, const char* name, std::string_view prefix, uint64_t max_bytes);
  Status ReadView(napi_env env, napi_value value, const char* name, std::string_view prefix, uint64_t max_bytes);

  std::string_view view_;
  std::string heap_;
  char inline_[kInlineBytes];
};

// --- results: nullptr with an exception pending when V8 refuses ---

napi_value Undefined(napi_env env);
napi_value FromBool(napi_env env, bool value);
napi_value FromDouble(napi_env env, double value);
napi_value FromInt32(napi_env env, int32_t value);
napi_value FromUint64(napi_env env, uint64_t value);  // a bigint
napi_value FromUtf8(napi_env env, std::string_view text);
// There is no function that makes an ArrayBuffer: V8 ends the process when it has no room for one. Results of unbounded
// size go into a buffer that JavaScript allocated, where failing is a RangeError (slab.h).

// A plain object under construction. Properties are defined, not assigned: no setter of a prototype runs.
class ObjectBuilder {
 public:
  explicit ObjectBuilder(napi_env env);
  ObjectBuilder& Set(const char* name, napi_value value);
  ObjectBuilder& Number(const char* name, double value) { return Set(name, FromDouble(env_, value)); }
  ObjectBuilder& Count(const char* name, uint64_t n) { return Number(name, static_cast<double>(n)); }
  ObjectBuilder& Bool(const char* name, bool value) { return Set(name, FromBool(env_, value)); }
  ObjectBuilder& BigInt(const char* name, uint64_t value) { return Set(name, FromUint64(env_, value)); }
  ObjectBuilder& Text(const char* name, std::string_view value) { return Set(name, FromUtf8(env_, value)); }
  [[nodiscard]] napi_value value() const { return object_; }

 private:
  napi_env env_;
  napi_value object_ = nullptr;
};

// --- definition ---

using Function = napi_value (*)(Call&);

// Runs the call and turns whatever the standard library throws (out of memory) into a JavaScript exception.
napi_value Invoke(napi_env env, napi_callback_info info, Function function, std::span<napi_value> arguments) noexcept;

template <Function F, size_t kArguments>
napi_value Entry(napi_env env, napi_callback_info info) noexcept {
  napi_value arguments[kArguments == 0 ? 1 : kArguments];
  return Invoke(env, info, F, std::span<napi_value>(arguments, kArguments));
}

// Defines the function on `exports`; false with an exception pending.
[[nodiscard]] bool DefineFunction(Environment* environment, napi_value exports, const char* name, napi_callback callback);

template <Function F, size_t kArguments>
[[nodiscard]] bool Define(Environment* environment, napi_value exports, const char* name) {
  return DefineFunction(environment, exports, name, Entry<F, kArguments>);
}

}  // namespace sochdb::binding
