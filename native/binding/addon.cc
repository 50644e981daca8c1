// The addon's entry: one Environment for each JavaScript environment that loads it (the main thread, every worker).

#include <node_api.h>

#include <memory>
#include <new>

#include "binding/environment.h"
#include "binding/init.h"

namespace sochdb::binding {

extern const char* const kVersion;  // Of the package: sources.mjs writes its definition.

namespace {

// Runs before the environment ends: open transactions abort, engines that nobody else uses close cleanly.
void CloseHandles(void* environment) { static_cast<Environment*>(environment)->handles().CloseAll(); }

void DeleteEnvironment(napi_env /*env*/, void* environment, void* /*hint*/) { delete static_cast<Environment*>(environment); }

bool DefineVersion(napi_env env, napi_value exports) {
  napi_value version = nullptr;
  return napi_create_string_utf8(env, kVersion, NAPI_AUTO_LENGTH, &version) == napi_ok &&
         napi_set_named_property(env, exports, "version", version) == napi_ok;
}

napi_value Init(napi_env env, napi_value exports) {
  auto environment = std::unique_ptr<Environment>(new (std::nothrow) Environment(env));
  if (environment == nullptr || napi_set_instance_data(env, environment.get(), DeleteEnvironment, nullptr) != napi_ok) {
    napi_throw_error(env, nullptr, "The SochDB addon cannot start: the process is out of memory.");
    return nullptr;
  }
  Environment* owned = environment.release();
  napi_add_env_cleanup_hook(env, CloseHandles, owned);
  return DefineVersion(env, exports) && InitKv(owned, exports) && InitExec(owned, exports) && InitVector(owned, exports) &&
                 InitStandalone(owned, exports) && InitGraph(owned, exports) && InitAsync(owned, exports)
             ? exports
             : nullptr;
}

}  // namespace
}  // namespace sochdb::binding

NAPI_MODULE_INIT() { return sochdb::binding::Init(env, exports); }
