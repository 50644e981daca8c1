#include "binding/exec_exchange.h"

#include <cstring>
#include <span>
#include <string>

#include "binding/napi_util.h"

namespace sochdb::binding {

ExchangeHandle::~ExchangeHandle() {
  if (reference_ != nullptr) napi_delete_reference(env_, reference_);
}

Status ExchangeHandle::Attach(napi_value buffer) {
  std::span<char> bytes;
  SOCHDB_TRY(ReadArrayBuffer(env_, buffer, "buffer", &bytes));
  if (bytes.size() < 2 * kParametersAt || bytes.size() % 8 != 0) {
    return {Code::kInvalidArgument, "The exchange buffer is too small, or no multiple of 8 bytes."};
  }
  napi_ref reference = nullptr;
  if (napi_create_reference(env_, buffer, 1, &reference) != napi_ok) {
    return {Code::kInternal, "The exchange buffer could not be referenced."};
  }
  if (reference_ != nullptr) napi_delete_reference(env_, reference_);
  reference_ = reference;
  writer_.Attach(bytes);
  return {};
}

Status ExchangeHandle::Parameters(std::string_view* out, uint64_t* timeout_ms) const {
  const std::span<char> block = writer_.block();
  int32_t length = 0;
  double timeout = 0;
  std::memcpy(&length, block.data(), sizeof(length));
  std::memcpy(&timeout, block.data() + sizeof(timeout), sizeof(timeout));
  if (length < 0 || static_cast<size_t>(length) > block.size() - kParametersAt) {
    return {Code::kInvalidArgument, "There are not that many bytes of parameters."};
  }
  if (!(timeout >= 0 && timeout <= static_cast<double>(kMaxTimeoutMs))) {
    return {Code::kInvalidArgument, "timeoutMs must be a whole number from 0 to " + std::to_string(kMaxTimeoutMs) + "."};
  }
  *out = {block.data() + kParametersAt, static_cast<size_t>(length)};
  *timeout_ms = static_cast<uint64_t>(timeout);
  return {};
}

napi_value ExchangeHandle::Text(napi_env env) const {
  if (!writer_.has_text()) return Undefined(env);
  const TextRun& run = writer_.text();
  napi_value text = nullptr;
  const napi_status status = run.ascii ? napi_create_string_latin1(env, run.bytes.data(), run.bytes.size(), &text)
                                       : napi_create_string_utf8(env, run.bytes.data(), run.bytes.size(), &text);
  return status == napi_ok ? text : nullptr;
}

}  // namespace sochdb::binding
