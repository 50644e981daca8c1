// What the vector functions of the addon share: an open collection, and what a call reads or writes it through.
//
// A collection is known by its entry in the catalog. Every operation looks at the entry in the view it works on: a
// collection that was dropped, or replaced by another of its name, is never read or written by mistake.
//
// A collection that only its own transaction sees yet has indexes of its own, which end with that transaction: the id that
// it was given is free again when the transaction aborts.
//
// Thread safety: the environment's thread.
// Limits: ids and metadata as in index/document/collection.h; kMaxResultTextBytes in what one read returns.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "binding/environment.h"
#include "binding/handles.h"
#include "binding/napi_util.h"
#include "binding/vector_results.h"
#include "index/document/collection.h"

namespace sochdb::binding {

inline constexpr uint64_t kMaxVectorTimeoutMs = 31ull * 24 * 3600 * 1000;

struct CollectionHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kCollection;
  CollectionHandle() : Handle(kKind) {}

  // kSchemaChanged unless the view sees this collection under its name.
  Status CheckCurrent(ReadView view) const;

  Engine* engine = nullptr;
  bool opening = false;  // by promise: there is no collection yet
  std::string catalog_key;
  std::string catalog_entry;
  std::unique_ptr<VectorIndexRegistry> own_indexes;  // of a collection that only its transaction sees
  VectorIndexRegistry* indexes = nullptr;            // those, or the engine's
  std::unique_ptr<Collection> collection;            // after its indexes: ends before them
  VectorResults results;
  ManyResults many;  // of the last searchMany, until they have been delivered
  std::vector<float> query;
};

// Results of a read by promise, until vectorFetch has delivered them.
struct VectorResultsHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kVectorResults;
  VectorResultsHandle() : Handle(kKind) {}
  VectorResults results;
  ManyResults many;
};

// A call's first two arguments: a database, transaction or snapshot, and a collection of the same store.
struct CollectionUse {
  Target target;
  CollectionHandle* handle = nullptr;

  Status Read(Call& call);
  // The same, and the target may write.
  Status ReadWritable(Call& call);
};

// What a read sees: the transaction, the snapshot, or of a database a snapshot of this moment.
class CollectionView {
 public:
  // Checks that the collection is still there.
  Status Open(const CollectionUse& use);
  [[nodiscard]] ReadView get() const { return *view_; }

 private:
  std::unique_ptr<Snapshot> fresh_;
  std::optional<ReadView> view_;
};

// A time limit in milliseconds as an argument; 0 is none.
class TimeLimit {
 public:
  Status Read(Call& call, size_t argument, const Engine* engine);
  [[nodiscard]] const CancelToken* token() const { return token_.has_value() ? &*token_ : nullptr; }

 private:
  std::optional<CancelToken> token_;
};

// A filter as an argument: undefined, or its JSON text (index/document/metadata_filter.h).
class FilterArgument {
 public:
  Status Read(napi_env env, napi_value value);
  [[nodiscard]] const MetadataFilter* get() const { return filter_.has_value() ? &*filter_ : nullptr; }

 private:
  std::optional<MetadataFilter> filter_;
};

// A copy of a Float32Array of exactly `count` values: other threads may write to a SharedArrayBuffer.
Status ReadVector(napi_env env, napi_value value, const char* name, size_t count, std::vector<float>* out);
// The values of a Float32Array, where they lie. They may change while they are read.
Status ViewFloats(napi_env env, napi_value value, const char* name, std::span<const float>* out);

// The parts of InitVector (init.h): each returns false with a JavaScript exception pending.
[[nodiscard]] bool InitCollections(Environment* environment, napi_value exports);
[[nodiscard]] bool InitVectorReads(Environment* environment, napi_value exports);
[[nodiscard]] bool InitVectorWrites(Environment* environment, napi_value exports);
[[nodiscard]] bool InitTextReads(Environment* environment, napi_value exports);
[[nodiscard]] bool InitNavigators(Environment* environment, napi_value exports);
[[nodiscard]] bool InitSearchMany(Environment* environment, napi_value exports);

}  // namespace sochdb::binding
