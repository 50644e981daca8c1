// The searches of collections as the addon takes them: their arguments, and running them.
//
// Thread safety: arguments are read by the environment's thread; Run may be called by any thread after Settle.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "binding/vector_arguments.h"

namespace sochdb::binding {

// How the hits of a search are shaped; undefined, or JSON: [group path | null, hits of a group, lambda | null, fetch,
// aggregate | null].
class ShapeArgument {
 public:
  Status Read(napi_env env, napi_value value);
  // REQUIRES: this does not move while the request is used.
  void Give(SearchRequest* request) const;

 private:
  std::optional<GroupBy> group_;
  std::optional<Diversity> diversity_;
  std::optional<Aggregate> aggregate_;
};

// A search by a vector (arguments 2 to 8: vector, k, efSearch or 0, what, minScore or NaN, filter, shape).
struct SearchArguments {
  static constexpr size_t kCount = 9;  // with the target and the collection

  SearchRequest request;
  std::vector<float> vector;
  FilterArgument filter;
  ShapeArgument shape;
  uint32_t what = 0;

  Status Read(Call& call, const CollectionUse& use);
  // Where this lies for good, the request may refer to it.
  void Settle(const CancelToken* cancel);
  Status Run(const CollectionUse& use, ReadView view, VectorResults* out) const;
};

// A search by words (arguments 2 to 11: words, vector or undefined, k, efSearch or 0, what, minScore or NaN, filter, alpha,
// rrfK, shape).
struct TextArguments {
  static constexpr size_t kCount = 12;

  TextRequest request;
  std::string text;
  std::vector<float> vector;
  FilterArgument filter;
  ShapeArgument shape;
  uint32_t what = 0;

  Status Read(Call& call, const CollectionUse& use);
  void Settle(const CancelToken* cancel);
  Status Run(const CollectionUse& use, ReadView view, VectorResults* out) const;
};

// The same on a view of its own, with the time it takes.
template <typename Arguments>
Status RunAlone(const CollectionUse& use, const Arguments& arguments, VectorResults* out) {
  const uint64_t begin_micros = use.target.engine->env()->MonotonicMicros();
  CollectionView view;
  SOCHDB_TRY(view.Open(use));
  SOCHDB_TRY(arguments.Run(use, view.get(), out));
  out->set_micros(use.target.engine->env()->MonotonicMicros() - begin_micros);
  return {};
}

}  // namespace sochdb::binding
