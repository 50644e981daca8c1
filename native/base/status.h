// Status and Result: how every operation of the engine that can fail says so.
//
// Our code throws nothing. A Status is one pointer wide; OK costs a null check. A failed Status owns its
// code, message and named details; the binding turns them into a JavaScript error of the matching class.
//
// Thread safety: a Status is a value; share it as you would share a std::string.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sochdb {

// Stable: the binding hands these numbers to JavaScript, which maps them to error classes (errors/native.ts).
enum class Code : int32_t {
  kOk = 0,
  kNotFound = 1,
  kInvalidArgument = 2,
  kConflict = 3,  // validation failed at commit; retrying the transaction may succeed
  kTimeout = 4,
  kCancelled = 5,
  kCorruption = 6,  // details: file, offset, expected, actual
  kIoError = 7,     // details: file, operation, errno
  kDiskFull = 8,
  kLocked = 9,     // another process holds the store; details: pid, file
  kReadOnly = 10,  // opened read-only, or poisoned by a failed sync
  kClosed = 11,
  kTransaction = 12,    // the transaction is finished, or may not do this now
  kLimit = 13,          // a documented bound was passed; details: limit
  kSchemaChanged = 14,  // the plan was bound against an older catalog: bind again
  kUnique = 15,         // details: table, index
  kForeignKey = 16,
  kNotNull = 17,  // details: table, column
  kCheck = 18,
  kUnsupported = 19,
  kInternal = 20,  // an invariant of ours does not hold
  kOutOfMemory = 21,
  kFormatVersion = 22,  // the store was written by a newer or incompatible version
  kWouldBlock = 23,     // base/cached_only.h; never reaches JavaScript
};

class [[nodiscard]] Status {
 public:
  using Details = std::vector<std::pair<std::string, std::string>>;

  Status() noexcept = default;
  Status(Code code, std::string message, Details details = {})
      : state_(std::make_unique<State>(State{code, std::move(message), std::move(details)})) {}
  Status(const Status& other) : state_(other.state_ ? std::make_unique<State>(*other.state_) : nullptr) {}
  Status(Status&&) noexcept = default;
  Status& operator=(const Status& other) {
    if (this != &other) state_ = other.state_ ? std::make_unique<State>(*other.state_) : nullptr;
    return *this;
  }
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  static Status Ok() { return {}; }

  [[nodiscard]] bool ok() const { return state_ == nullptr; }
  [[nodiscard]] Code code() const { return state_ ? state_->code : Code::kOk; }
  [[nodiscard]] const std::string& message() const;
  [[nodiscard]] const Details& details() const;
  // Adds a named detail; a no-op on OK. Returns itself, for chaining at the place that knows the name.
  Status& With(std::string name, std::string value);

 private:
  struct State {
    Code code;
    std::string message;
    Details details;
  };
  std::unique_ptr<State> state_;
};

// Either a value or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: implicit by design; REQUIRES: not OK

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  [[nodiscard]] const Status& status() const { return status_; }
  // REQUIRES: ok().
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }
  T& operator*() & { return *value_; }
  T* operator->() { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

// Ends the process with file, line and the condition: for invariants of ours, never for input.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace sochdb

// Returns the failed Status of `expr` from the enclosing function.
#define SOCHDB_TRY(expr)                                                              \
  do {                                                                                \
    if (::sochdb::Status try_status_ = (expr); !try_status_.ok()) return try_status_; \
  } while (false)

// Declares `var` with the value of the Result `expr`, or returns its Status.
#define SOCHDB_ASSIGN(var, expr)                          \
  auto var##_result_ = (expr);                            \
  if (!var##_result_.ok()) return var##_result_.status(); \
  auto var = std::move(var##_result_).value()

// Always on: what must hold of our own state, or continuing would corrupt data.
#define SOCHDB_CHECK(condition) (static_cast<bool>(condition) ? void(0) : ::sochdb::CheckFailed(__FILE__, __LINE__, #condition))
// On in debug and sanitizer builds: what we hold to be true.
#ifdef NDEBUG
#define SOCHDB_DCHECK(condition) static_cast<void>(sizeof(static_cast<bool>(condition)))  // compiled, not run
#else
#define SOCHDB_DCHECK(condition) SOCHDB_CHECK(condition)
#endif
