// The handle of a StandaloneIndex, and how functions find it.
//
// Thread safety: the environment's thread; what works on other threads keeps a share of the index, and pins the handle.

#pragma once

#include <memory>
#include <vector>

#include "binding/environment.h"
#include "binding/handles.h"
#include "binding/napi_util.h"
#include "index/standalone/hnswlib_import.h"
#include "index/standalone/standalone_index.h"

namespace sochdb::binding {

struct StandaloneHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kVectorIndex;
  StandaloneHandle(napi_env env_, std::shared_ptr<StandaloneIndex> index_);
  ~StandaloneHandle() override;

  // Tells the garbage collector how much memory the index takes now: an index that nobody has any more is small to it
  // otherwise.
  void ReportMemory();

  const napi_env env;
  const std::shared_ptr<StandaloneIndex> index;
  std::vector<StandaloneHit> hits;  // of the latest search
  std::vector<float> query;

 private:
  int64_t reported_ = 0;
};

// kClosed when the index is closed.
Status FindStandalone(Call& call, StandaloneHandle** handle);
// The new handle's id, for JavaScript; null with an exception pending.
napi_value AddStandalone(Environment& environment, std::shared_ptr<StandaloneIndex> index);

// Ids as a Uint8Array of little-endian u64, and vectors as a Float32Array, one after the other: copies.
struct StandaloneVectors {
  std::vector<uint64_t> ids;
  std::vector<float> values;

  Status Read(Call& call, size_t first);
  [[nodiscard]] uint64_t bytes() const { return ids.size() * sizeof(uint64_t) + values.size() * sizeof(float); }
};

// The arguments path, dimension, metric, efSearch, maxElements.
Status ReadImport(Call& call, std::string* path, HnswlibImport* how);

}  // namespace sochdb::binding
