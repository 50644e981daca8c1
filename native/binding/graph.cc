// Graphs: requests and changes as JSON text (index/graph/graph_request.h, graph_changes.h), answers as JSON text, or several
// (graph_answer.h).

#include <algorithm>
#include <string>
#include <utility>

#include "binding/async_arguments.h"
#include "binding/atomically.h"
#include "binding/kv_view.h"
#include "binding/vector_collection.h"
#include "index/graph/graph_changes.h"
#include "index/graph/graph_query.h"

namespace sochdb::binding {
namespace {

constexpr size_t kMaxRequestBytes = size_t{4} << 20;
constexpr size_t kMaxChangesBytes = size_t{256} << 20;
// V8's longest string has 2^29 - 24 characters.
constexpr size_t kMaxAnswerBytes = (size_t{1} << 29) - 64;

DatabaseHandle* DatabaseOfGraph(Handle* target) {
  Handle* database = target->kind() == HandleKind::kDatabase ? target : target->parent();
  SOCHDB_DCHECK(database != nullptr && database->kind() == HandleKind::kDatabase);
  return static_cast<DatabaseHandle*>(database);
}

Status ReadGraph(const Target& target, const GraphRequest& request, const CancelToken* cancel, GraphAnswer* answer) {
  KeyView view;
  SOCHDB_TRY(view.Open(target));
  const GraphSource source{view.get(), target.transaction, DatabaseOfGraph(target.handle)->engine.graph_cache()};
  SOCHDB_TRY(RunGraphQuery(source, target.prefix, request, view->now_ms(), cancel, answer));
  const size_t longest = std::max({answer->text.has_value() ? answer->text->size() : 0, answer->ids.size(),
                                   answer->properties.size(), answer->edges.size()});
  if (longest <= kMaxAnswerBytes) return {};
  return {Code::kLimit, "The answer takes more than 512 MiB: ask for less, with `limit`.", {{"limit", "536870848"}}};
}

Status WriteGraph(const Target& target, std::string_view changes, const CancelToken* cancel, Timestamp* unpublished,
                  std::string* answers) {
  return Atomically(target, unpublished, [&](Transaction* transaction) {
    GraphWriter writer(transaction, target.prefix);
    return ApplyGraphChanges(&writer, changes, cancel, answers);
  });
}

Status ReadRequest(Call& call, GraphRequest* request) {
  std::string json;
  SOCHDB_TRY(ReadString(call.env(), call[1], "request", kMaxRequestBytes, &json));
  SOCHDB_ASSIGN(parsed, GraphRequest::Parse(json));
  *request = std::move(parsed);
  return {};
}

napi_value DeliverAnswer(napi_env env, const GraphAnswer& answer) {
  if (!answer.text.has_value()) return nullptr;
  if (!answer.has_parts) return FromUtf8(env, *answer.text);
  napi_value parts = nullptr;
  if (napi_create_array_with_length(env, 4, &parts) != napi_ok) return nullptr;
  uint32_t count = 0;
  for (const std::string* part : {&*answer.text, &answer.ids, &answer.properties, &answer.edges}) {
    const napi_value text = FromUtf8(env, *part);
    if (text == nullptr || napi_set_element(env, parts, count++, text) != napi_ok) return nullptr;
  }
  return parts;
}

// graphRead(target, request, timeout in milliseconds or 0): JSON, an array of four of them, or undefined.
napi_value GraphRead(Call& call) {
  Target target;
  GraphRequest request;
  TimeLimit limit;
  GraphAnswer answer;
  Status status = ReadTarget(call, &target);
  if (status.ok()) status = ReadRequest(call, &request);
  if (status.ok()) status = limit.Read(call, 2, target.engine);
  if (status.ok()) status = ReadGraph(target, request, limit.token(), &answer);
  return status.ok() ? DeliverAnswer(call.env(), answer) : call.Throw(status);
}

// graphWrite(target, changes): the answers, JSON.
napi_value GraphWrite(Call& call) {
  Target target;
  std::string changes;
  std::string answers;
  Status status = ReadWritable(call, &target);
  if (status.ok()) status = ReadString(call.env(), call[1], "changes", kMaxChangesBytes, &changes);
  if (status.ok()) status = WriteGraph(target, changes, nullptr, nullptr, &answers);
  return status.ok() ? FromUtf8(call.env(), answers) : call.Throw(status);
}

class GraphReadOperation : public AsyncOperation {
 public:
  GraphReadOperation(Target target, GraphRequest request) : target_(std::move(target)), request_(std::move(request)) {}
  Status Run() override { return ReadGraph(target_, request_, &cancel, &answer_); }
  napi_value Deliver(Environment& environment) override { return DeliverAnswer(environment.env(), answer_); }

 private:
  const Target target_;
  const GraphRequest request_;
  GraphAnswer answer_;
};

class GraphWriteOperation : public AsyncOperation {
 public:
  GraphWriteOperation(Target target, std::string changes) : target_(std::move(target)), changes_(std::move(changes)) {}
  Status Run() override {
    if (target_.transaction != nullptr) return WriteGraph(target_, changes_, &cancel, nullptr, &answers_);
    Timestamp ts = 0;
    SOCHDB_TRY(WriteGraph(target_, changes_, &cancel, &ts, &answers_));
    PublishAt(target_.engine, ts);
    return {};
  }
  napi_value Deliver(Environment& environment) override { return FromUtf8(environment.env(), answers_); }

 private:
  const Target target_;
  const std::string changes_;
  std::string answers_;
};

// asyncGraphRead(target, request, operation, timeout): the same by promise.
napi_value AsyncGraphRead(Call& call) {
  AsyncArguments arguments;
  GraphRequest request;
  Status status = arguments.ReadFor(call, false, 2);
  if (status.ok()) status = ReadRequest(call, &request);
  if (!status.ok()) return call.Throw(status);
  return StartOn(call, arguments, std::make_unique<GraphReadOperation>(arguments.target, std::move(request)));
}

// asyncGraphWrite(target, changes, operation, timeout): the same by promise.
napi_value AsyncGraphWrite(Call& call) {
  AsyncArguments arguments;
  std::string changes;
  Status status = arguments.ReadFor(call, true, 2);
  if (status.ok()) status = ReadString(call.env(), call[1], "changes", kMaxChangesBytes, &changes);
  if (!status.ok()) return call.Throw(status);
  arguments.options.bytes = changes.size();
  return StartOn(call, arguments, std::make_unique<GraphWriteOperation>(arguments.target, std::move(changes)));
}

}  // namespace

bool InitGraph(Environment* environment, napi_value exports) {
  return Define<GraphRead, 3>(environment, exports, "graphRead") && Define<GraphWrite, 2>(environment, exports, "graphWrite") &&
         Define<AsyncGraphRead, 4>(environment, exports, "asyncGraphRead") &&
         Define<AsyncGraphWrite, 4>(environment, exports, "asyncGraphWrite");
}

}  // namespace sochdb::binding
