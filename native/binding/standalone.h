// The parts of InitStandalone (init.h): vector utilities, and indexes that belong to no database.

#pragma once

#include <node_api.h>

namespace sochdb::binding {

class Environment;

// Each returns false with a JavaScript exception pending.
[[nodiscard]] bool InitStandaloneSums(Environment* environment, napi_value exports);
[[nodiscard]] bool InitStandaloneIndexes(Environment* environment, napi_value exports);
[[nodiscard]] bool InitStandaloneAsync(Environment* environment, napi_value exports);

}  // namespace sochdb::binding
