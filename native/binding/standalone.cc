#include "binding/standalone.h"

#include "binding/init.h"

namespace sochdb::binding {

bool InitStandalone(Environment* environment, napi_value exports) {
  return InitStandaloneSums(environment, exports) && InitStandaloneIndexes(environment, exports) &&
         InitStandaloneAsync(environment, exports);
}

}  // namespace sochdb::binding
