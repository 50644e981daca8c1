#include "binding/exec_exchange.h"

#include <span>

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

Status ExchangeHandle::Parameters(size_t length, std::string_view* out) const {
  const std::span<char> block = writer_.block();
  if (length > block.size() - kParametersAt) return {Code::kInvalidArgument, "There are not that many bytes of parameters."};
  *out = {block.data() + kParametersAt, length};
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
