// Searching collections by words, or by words and a vector.

#include "binding/search_arguments.h"
#include "binding/slab.h"
#include "index/text/highlight.h"

namespace sochdb::binding {
namespace {

constexpr size_t kMaxHighlightedBytes = 4 * 1024 * 1024;
constexpr uint32_t kMaxHighlightUnits = 1'000'000;

// textSearch(target, collection, words, vector or undefined, k, efSearch or 0, what, minScore or NaN, filter, alpha, rrfK,
// shape, timeout, buffer, offset): the hits, best first, and the lists they come from.
napi_value TextSearch(Call& call) {
  CollectionUse use;
  TextArguments arguments;
  TimeLimit limit;
  Status status = use.Read(call);
  if (status.ok()) status = arguments.Read(call, use);
  if (status.ok()) status = limit.Read(call, 12, use.target.engine);
  if (status.ok()) {
    arguments.Settle(limit.token());
    status = RunAlone(use, arguments, &use.handle->results);
  }
  return status.ok() ? DeliverResults(call, &use.handle->results, 13) : call.Throw(status);
}

class TextSearchOperation : public ReadOperation {
 public:
  TextArguments arguments;
  void Settle() { arguments.Settle(&cancel); }
  Status Run() override { return RunAlone(use, arguments, results()); }
};

// asyncTextSearch(the first thirteen arguments of textSearch, operation): results, for vectorFetch.
napi_value AsyncTextSearch(Call& call) {
  auto operation = std::make_unique<TextSearchOperation>();
  AsyncEnvironment::Options options;
  Status status = operation->use.Read(call);
  if (status.ok()) status = operation->arguments.Read(call, operation->use);
  if (status.ok()) status = ReadTimeLimit(call, 12, &options);
  if (status.ok()) status = ReadNumber(call, 13, &options);
  if (!status.ok()) return call.Throw(status);
  operation->Settle();
  const CollectionUse use = operation->use;
  return StartOn(call, use, options, std::move(operation));
}

// textHighlight(collection, words, text, length, before, after): the best part of the text, with `before` and `after` around
// what the words match; undefined when that is nothing.
napi_value TextHighlight(Call& call) {
  napi_env env = call.env();
  auto* handle = call.environment().handles().Find<CollectionHandle>(ReadHandleId(env, call[0]));
  if (handle == nullptr || handle->opening) return call.Throw({Code::kClosed, "The collection is closed."});
  std::string words;
  std::string text;
  HighlightOptions options;
  uint32_t length = 0;
  Status status = ReadString(env, call[1], "textQuery", kMaxQueryBytes, &words);
  if (status.ok()) status = ReadString(env, call[2], "text", kMaxHighlightedBytes, &text);
  if (status.ok()) status = ReadUint32(env, call[3], "maxLength", 1, kMaxHighlightUnits, &length);
  if (status.ok()) status = ReadString(env, call[4], "before", kMaxQueryBytes, &options.before);
  if (status.ok()) status = ReadString(env, call[5], "after", kMaxQueryBytes, &options.after);
  if (!status.ok()) return call.Throw(status);
  options.max_characters = length;
  std::string highlighted;
  const Analyzer& analyzer = handle->collection->analyzer();
  const Result<TextQuery> query = TextQuery::Parse(words, analyzer);
  if (!query.ok()) return call.Throw(query.status());
  if (!HighlightText(analyzer, query.value(), text, options, &highlighted)) return nullptr;
  return FromUtf8(env, highlighted);
}

// textCacheLimit(collection, bytes): what its posting lists may take in memory.
napi_value TextCacheLimit(Call& call) {
  auto* handle = call.environment().handles().Find<CollectionHandle>(ReadHandleId(call.env(), call[0]));
  if (handle == nullptr || handle->opening) return call.Throw({Code::kClosed, "The collection is closed."});
  uint64_t bytes = 0;
  const Status status = ReadUint64(call.env(), call[1], "bytes", uint64_t{1} << 40, &bytes);
  if (!status.ok()) return call.Throw(status);
  handle->collection->index().postings()->set_max_bytes(bytes);
  return nullptr;
}

}  // namespace

bool InitTextReads(Environment* environment, napi_value exports) {
  return Define<TextSearch, 15>(environment, exports, "textSearch") &&
         Define<AsyncTextSearch, 14>(environment, exports, "asyncTextSearch") &&
         Define<TextHighlight, 6>(environment, exports, "textHighlight") &&
         Define<TextCacheLimit, 2>(environment, exports, "textCacheLimit");
}

}  // namespace sochdb::binding
