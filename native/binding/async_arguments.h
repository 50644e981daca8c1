// What the functions that work on keys by promise read: the target, keys and values of their own, how the operation is stopped.
//
// Thread safety: the environment's thread.

#pragma once

#include <memory>
#include <string>
#include <utility>

#include "binding/async_environment.h"
#include "binding/kv.h"

namespace sochdb::binding {

struct AsyncArguments {
  Target target;
  AsyncEnvironment::Options options;

  // Argument 0.
  Status ReadTargetOf(Call& call) {
    SOCHDB_TRY(ReadTarget(call, &target));
    options.first_pin = target.handle;
    return {};
  }
  // `first` of the last two arguments: the operation's number and the time limit.
  Status ReadFor(Call& call, bool writes, size_t first) {
    SOCHDB_TRY(writes ? ReadWritable(call, &target) : ReadTarget(call, &target));
    SOCHDB_TRY(ReadNumber(call, first, &options));
    SOCHDB_TRY(ReadTimeLimit(call, first + 1, &options));
    options.first_pin = target.handle;
    return {};
  }
  Status ReadKeyOf(Call& call, std::string* out) {
    BytesArgument key;
    SOCHDB_TRY(ReadKey(call.env(), call[1], target, &key));
    out->assign(key.view());
    options.bytes += out->size();
    return {};
  }
  Status ReadValueOf(Call& call, size_t argument, std::string* out) {
    BytesArgument value;
    SOCHDB_TRY(ReadValueArgument(call.env(), call[argument], &value));
    out->assign(value.view());
    options.bytes += out->size();
    return {};
  }
};

template <typename Operation>
napi_value StartOn(Call& call, const AsyncArguments& arguments, std::unique_ptr<Operation> operation) {
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  return async == nullptr ? nullptr : async->Start(std::move(operation), arguments.options);
}

}  // namespace sochdb::binding
