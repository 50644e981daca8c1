// The parts of the addon: each defines its functions on `exports` when the addon is loaded into an environment.
//
// Thread safety: runs on the environment's thread, once per environment.

#pragma once

#include <node_api.h>

namespace sochdb::binding {

class Environment;

// Each returns false with a JavaScript exception pending.
[[nodiscard]] bool InitKv(Environment* environment, napi_value exports);
[[nodiscard]] bool InitExec(Environment* environment, napi_value exports);
[[nodiscard]] bool InitVector(Environment* environment, napi_value exports);
[[nodiscard]] bool InitStandalone(Environment* environment, napi_value exports);
[[nodiscard]] bool InitGraph(Environment* environment, napi_value exports);
[[nodiscard]] bool InitAsync(Environment* environment, napi_value exports);

}  // namespace sochdb::binding
