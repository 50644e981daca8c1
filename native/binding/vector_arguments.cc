#include "binding/vector_arguments.h"

#include "binding/slab.h"

namespace sochdb::binding {

namespace {

template <typename Results>
napi_value Deliver(Call& call, Results* results, size_t buffer_argument) {
  std::span<char> buffer;
  uint32_t offset = 0;
  Status status = ReadArrayBuffer(call.env(), call[buffer_argument], "buffer", &buffer);
  if (status.ok()) status = ReadUint32(call.env(), call[buffer_argument + 1], "offset", 0, UINT32_MAX, &offset);
  if (!status.ok()) return call.Throw(status);
  return results->Deliver(call.env(), buffer, offset);
}

}  // namespace

napi_value DeliverResults(Call& call, VectorResults* results, size_t buffer_argument) {
  return Deliver(call, results, buffer_argument);
}
napi_value DeliverResults(Call& call, ManyResults* results, size_t buffer_argument) {
  return Deliver(call, results, buffer_argument);
}

napi_value StartOn(Call& call, const CollectionUse& use, AsyncEnvironment::Options options, AsyncOperationPtr operation) {
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  options.first_pin = use.target.handle;
  options.second_pin = use.handle;
  return async->Start(std::move(operation), options);
}

}  // namespace sochdb::binding
