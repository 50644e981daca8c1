// Asking an engine to move what it holds into tables, so that the harnesses see every way in which data can lie.
//
// Thread safety: as the engine's.

#pragma once

#include "engine/engine.h"

namespace sochdb::test {

// An engine without tables has nothing to do.
template <typename AnyEngine>
Status FlushTables(AnyEngine* engine) {
  if constexpr (requires { engine->Flush(nullptr); }) return engine->Flush(nullptr);
  else return {};
}

template <typename AnyEngine>
Status CompactTables(AnyEngine* engine) {
  if constexpr (requires { engine->Compact(nullptr, {}); }) return engine->Compact(nullptr, {});
  else return {};
}

}  // namespace sochdb::test
