// The exchange: the one buffer through which parameters reach statements and batches of rows reach JavaScript, laid out as
// batch_writer.h says (packages/sochdb/src/sql/result/exchange.ts reads what is written here).
//
// Thread safety: the environment's thread. Ownership: JavaScript owns the buffer, a strong reference here keeps it where it is.

#pragma once

#include <node_api.h>

#include <string_view>

#include "binding/batch_writer.h"
#include "binding/handles.h"

namespace sochdb::binding {

class ExchangeHandle : public Handle {
 public:
  static constexpr HandleKind kKind = HandleKind::kExchange;
  explicit ExchangeHandle(napi_env env) : Handle(kKind), env_(env) {}
  ~ExchangeHandle() override;

  // Takes the buffer in place of the one before.
  Status Attach(napi_value buffer);
  // What JavaScript left in it before a call (exchange.ts): parameters, and the timeout (0: none). kInvalidArgument for what
  // cannot be.
  Status Parameters(std::string_view* out, uint64_t* timeout_ms) const;

  [[nodiscard]] BatchWriter& writer() { return writer_; }
  // The string of the rows written, undefined when they have no text.
  napi_value Text(napi_env env) const;

 private:
  napi_env env_;
  napi_ref reference_ = nullptr;
  BatchWriter writer_;
};

}  // namespace sochdb::binding
