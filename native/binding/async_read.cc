// Single reads by promise: what the calling thread could not answer from memory (getCached in kv_read.cc), and lists.

#include <string>
#include <utility>
#include <vector>

#include "binding/async_arguments.h"
#include "binding/kv_scan.h"
#include "binding/kv_view.h"

namespace sochdb::binding {
namespace {

enum class Answer : uint8_t { kBytes = 0, kString = 1, kExists = 2 };

class GetOperation : public AsyncOperation {
 public:
  GetOperation(Target target, std::string key, Answer answer)
      : target_(std::move(target)), key_(std::move(key)), answer_(answer) {}

  Status Run() override {
    KeyView view;
    SOCHDB_TRY(view.Open(target_));
    ReadValue value;
    SOCHDB_TRY(view->Get(TreeId::kKeys, key_, &value, &found_));
    if (found_ && answer_ != Answer::kExists) payload_.assign(value.data);
    return {};
  }
  napi_value Deliver(Environment& environment) override {
    if (answer_ == Answer::kExists) return FromBool(environment.env(), found_);
    if (!found_) return nullptr;
    return answer_ == Answer::kString ? FromUtf8(environment.env(), payload_) : DeliverPayload(environment).value();
  }

 private:
  const Target target_;
  const std::string key_;
  const Answer answer_;
  bool found_ = false;
};

// asyncGet(target, key, 0: bytes | 1: a string | 2: whether it exists): { payload, bytes } or a string, or undefined; a
// boolean.
napi_value AsyncGet(Call& call) {
  AsyncArguments arguments;
  std::string key;
  uint32_t answer = 0;
  Status status = arguments.ReadTargetOf(call);
  if (status.ok()) status = arguments.ReadKeyOf(call, &key);
  if (status.ok()) status = ReadUint32(call.env(), call[2], "answer", 0, 2, &answer);
  if (!status.ok()) return call.Throw(status);
  return StartOn(call, arguments,
                 std::make_unique<GetOperation>(arguments.target, std::move(key), static_cast<Answer>(answer)));
}

class ListChildrenOperation : public AsyncOperation {
 public:
  ListChildrenOperation(Target target, std::string directory) : target_(std::move(target)), directory_(std::move(directory)) {}
  Status Run() override { return ListChildren(target_, directory_, &cancel, &names_); }
  napi_value Deliver(Environment& environment) override { return FromTexts(environment.env(), names_); }

 private:
  const Target target_;
  const std::string directory_;
  std::vector<std::string> names_;
};

// asyncListChildren(target, directory that ends in '/', or ''): what listChildren returns.
napi_value AsyncListChildren(Call& call) {
  AsyncArguments arguments;
  std::string directory;
  Status status = arguments.ReadTargetOf(call);
  if (status.ok()) status = arguments.ReadKeyOf(call, &directory);
  if (!status.ok()) return call.Throw(status);
  return StartOn(call, arguments, std::make_unique<ListChildrenOperation>(arguments.target, std::move(directory)));
}

}  // namespace

bool InitAsyncReads(Environment* environment, napi_value exports) {
  return Define<AsyncGet, 3>(environment, exports, "asyncGet") &&
         Define<AsyncListChildren, 2>(environment, exports, "asyncListChildren");
}

}  // namespace sochdb::binding
