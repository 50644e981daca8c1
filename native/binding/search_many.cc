// Many searches in one call, all of one snapshot.

#include <variant>

#include "binding/search_arguments.h"
#include "binding/slab.h"

namespace sochdb::binding {
namespace {

constexpr uint32_t kMaxSearches = 100'000;

class ManySearches {
 public:
  // requests: an array of arrays, each the arguments of vectorSearch or of textSearch from the third up to the shape.
  Status Read(Call& call, const CollectionUse& use, size_t argument);
  void Settle(const CancelToken* cancel) {
    for (auto& each : searches_) std::visit([&](auto& search) { search.Settle(cancel); }, each);
  }
  Status Run(const CollectionUse& use, ManyResults* out) const;

 private:
  std::vector<std::variant<SearchArguments, TextArguments>> searches_;
};

Status Damaged() { return {Code::kInvalidArgument, "The list of searches is damaged."}; }

// The arguments that all searches share, then those of one.
Status ReadOne(Call& call, napi_value request, std::vector<napi_value>* arguments) {
  uint32_t length = 0;
  if (napi_get_array_length(call.env(), request, &length) != napi_ok) return Damaged();
  if (length + 2 != SearchArguments::kCount && length + 2 != TextArguments::kCount) return Damaged();
  arguments->assign({call[0], call[1]});
  for (uint32_t i = 0; i < length; ++i) {
    napi_value value = nullptr;
    if (napi_get_element(call.env(), request, i, &value) != napi_ok) return Damaged();
    arguments->push_back(value);
  }
  return {};
}

Status ManySearches::Read(Call& call, const CollectionUse& use, size_t argument) {
  uint32_t count = 0;
  if (napi_get_array_length(call.env(), call[argument], &count) != napi_ok || count > kMaxSearches) return Damaged();
  searches_.reserve(count);
  std::vector<napi_value> arguments;
  for (uint32_t i = 0; i < count; ++i) {
    napi_handle_scope scope = nullptr;
    napi_value request = nullptr;
    if (napi_open_handle_scope(call.env(), &scope) != napi_ok) return Damaged();
    Status status = napi_get_element(call.env(), call[argument], i, &request) == napi_ok ? Status() : Damaged();
    if (status.ok()) status = ReadOne(call, request, &arguments);
    if (status.ok()) {
      Call one(call.env(), &call.environment(), arguments);
      if (arguments.size() == SearchArguments::kCount) searches_.emplace_back(std::in_place_type<SearchArguments>);
      else searches_.emplace_back(std::in_place_type<TextArguments>);
      status = std::visit([&](auto& search) { return search.Read(one, use); }, searches_.back());
    }
    napi_close_handle_scope(call.env(), scope);
    SOCHDB_TRY(status);
  }
  return {};
}

Status ManySearches::Run(const CollectionUse& use, ManyResults* out) const {
  Env* const env = use.target.engine->env();
  CollectionView view;
  SOCHDB_TRY(view.Open(use));
  out->Clear();
  const auto run = [&]() -> Status {
    size_t bytes = 0;
    for (const auto& each : searches_) {
      const uint64_t begin_micros = env->MonotonicMicros();
      VectorResults* const results = out->Add();
      SOCHDB_TRY(std::visit([&](const auto& search) { return search.Run(use, view.get(), results); }, each));
      results->set_micros(env->MonotonicMicros() - begin_micros);
      bytes += results->bytes();
      if (bytes > kMaxResultTextBytes) {
        return Status(Code::kLimit,
                      "The searches together bring more than 256 MiB: make fewer at once, or ask for less of each.")
            .With("limit", std::to_string(kMaxResultTextBytes));
      }
    }
    return {};
  };
  Status status = run();
  if (!status.ok()) out->Clear();
  return status;
}

// searchMany(target, collection, requests, timeout, buffer, offset): the results of all, an array of strings; a number when the
// buffer is too small.
napi_value SearchMany(Call& call) {
  CollectionUse use;
  ManySearches searches;
  TimeLimit limit;
  Status status = use.Read(call);
  if (status.ok()) status = searches.Read(call, use, 2);
  if (status.ok()) status = limit.Read(call, 3, use.target.engine);
  if (status.ok()) {
    searches.Settle(limit.token());
    status = searches.Run(use, &use.handle->many);
  }
  return status.ok() ? DeliverResults(call, &use.handle->many, 4) : call.Throw(status);
}

class SearchManyOperation : public ReadOperation {
 public:
  ManySearches searches;
  void Settle() { searches.Settle(&cancel); }
  Status Run() override { return searches.Run(use, many()); }
};

// asyncSearchMany(the first four arguments of searchMany, operation): results, for vectorFetch.
napi_value AsyncSearchMany(Call& call) {
  auto operation = std::make_unique<SearchManyOperation>();
  AsyncEnvironment::Options options;
  Status status = operation->use.Read(call);
  if (status.ok()) status = operation->searches.Read(call, operation->use, 2);
  if (status.ok()) status = ReadTimeLimit(call, 3, &options);
  if (status.ok()) status = ReadNumber(call, 4, &options);
  if (!status.ok()) return call.Throw(status);
  operation->Settle();
  const CollectionUse use = operation->use;
  return StartOn(call, use, options, std::move(operation));
}

}  // namespace

bool InitSearchMany(Environment* environment, napi_value exports) {
  return Define<SearchMany, 6>(environment, exports, "searchMany") &&
         Define<AsyncSearchMany, 5>(environment, exports, "asyncSearchMany");
}

}  // namespace sochdb::binding
