// The parts of InitExec (init.h).

#pragma once

#include <node_api.h>

namespace sochdb::binding {

class Environment;

// Each returns false with a JavaScript exception pending.
[[nodiscard]] bool InitCatalog(Environment* environment, napi_value exports);
[[nodiscard]] bool InitTableMoves(Environment* environment, napi_value exports);
[[nodiscard]] bool InitIndexes(Environment* environment, napi_value exports);
[[nodiscard]] bool InitStatements(Environment* environment, napi_value exports);
[[nodiscard]] bool InitAsyncStatements(Environment* environment, napi_value exports);

}  // namespace sochdb::binding
