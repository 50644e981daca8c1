// Registry: the engines that are open in this process, one per store, shared by all JavaScript environments.
//
// Two openings of one path (by whatever spelling: the canonical path decides) get the same engine; the last one to let
// go closes it. ':memory:' is always a new, private engine.
//
// Thread safety: any thread. Opening and closing one store excludes only others of the same store.
// Ownership: an EngineRef is a share; the engine closes when the last one is released, what is derived from it just before.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "engine/engine.h"

namespace sochdb {
class GraphCache;
class IdentityCounters;
class VectorIndexRegistry;
}  // namespace sochdb

namespace sochdb::binding {

inline constexpr std::string_view kMemoryPath = ":memory:";

class RegistryEntry;

class EngineRef {
 public:
  EngineRef() = default;
  explicit EngineRef(RegistryEntry* entry) : entry_(entry) {}
  EngineRef(EngineRef&& other) noexcept : entry_(other.entry_) { other.entry_ = nullptr; }
  EngineRef& operator=(EngineRef&&) = delete;
  EngineRef(const EngineRef&) = delete;
  ~EngineRef();  // as Release, when nobody is left to hear of an error

  [[nodiscard]] Engine* get() const;
  Engine* operator->() const { return get(); }
  // The vector indexes of this engine, for all who share it; made when first asked for.
  [[nodiscard]] VectorIndexRegistry* vector_indexes() const;
  // The counters of its tables.
  [[nodiscard]] IdentityCounters* identities() const;
  // What is kept of its graphs in memory, made when first asked for; null where the option says that nothing is.
  [[nodiscard]] GraphCache* graph_cache() const;
  // Gives the share back; the last one closes the engine and returns what closing said.
  Status Release();

 private:
  RegistryEntry* entry_ = nullptr;
};

// Opens the store at path, or joins the opening that this process already has: then the options must be the same
// (kInvalidArgument names the first that differs).
Result<EngineRef> OpenShared(const std::string& path, const EngineOptions& options);

}  // namespace sochdb::binding
