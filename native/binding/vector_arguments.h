// What reads of collections take and give beside the collection itself: what is to come along, results, promises.
//
// Thread safety: the environment's thread, but for what a promise's work does.

#pragma once

#include <memory>
#include <string_view>

#include "binding/async_environment.h"
#include "binding/vector_collection.h"

namespace sochdb::binding {

// Of searches up to so many hits, documents come with the hits; of larger ones, one after the other, under the limits of
// VectorResults.
inline constexpr uint32_t kHitsAtOnce = 256;

// What searches and lists bring along, and how a search goes about it.
inline constexpr uint32_t kWithMetadata = 1;
inline constexpr uint32_t kWithVectors = 2;
inline constexpr uint32_t kExact = 4;
inline constexpr uint32_t kExplain = 8;
inline constexpr uint32_t kEverything = 15;

// The last two arguments of a read: a buffer, and where in it to begin.
napi_value DeliverResults(Call& call, VectorResults* results, size_t buffer_argument);
napi_value DeliverResults(Call& call, ManyResults* results, size_t buffer_argument);

// Starts an operation that pins what it is used on.
napi_value StartOn(Call& call, const CollectionUse& use, AsyncEnvironment::Options options, AsyncOperationPtr operation);

// Reads documents one after the other into the results.
class DocumentLoader {
 public:
  DocumentLoader(const CollectionHandle& handle, ReadView view, uint32_t what) : handle_(handle), view_(view), what_(what) {}

  Status Load(std::string_view id, Document** document, bool* found) {
    document_.vector.clear();
    SOCHDB_TRY(handle_.collection->Get(view_, id, &document_, found));
    if ((what_ & kWithMetadata) == 0) {
      document_.metadata.clear();
      document_.texts.clear();
    }
    if ((what_ & kWithVectors) == 0) document_.vector.clear();
    *document = &document_;
    return {};
  }
  // Of a document in chunks, what belongs to the one that was found.
  Status LoadHit(const SearchResult& hit, Document** document, bool* found) {
    SOCHDB_TRY(Load(hit.document.id, document, found));
    const size_t dimension = handle_.collection->config().dimension;
    const size_t chunk = hit.chunk.value_or(0);
    if (!document_.vector.empty()) {
      const auto begin = document_.vector.begin() + static_cast<ptrdiff_t>(chunk * dimension);
      document_.vector = std::vector<float>(begin, begin + static_cast<ptrdiff_t>(dimension));
    }
    if (hit.chunk.has_value() && !document_.texts.empty()) document_.texts = {document_.texts[chunk]};
    else document_.texts.clear();
    return {};
  }

 private:
  const CollectionHandle& handle_;
  const ReadView view_;
  const uint32_t what_;
  Document document_;
};

inline uint32_t DimensionOf(const CollectionHandle& handle, uint32_t what) {
  return (what & kWithVectors) != 0 ? handle.collection->config().dimension : 0;
}

// A read whose results are kept until JavaScript fetches them.
class ReadOperation : public AsyncOperation {
 public:
  CollectionUse use;
  napi_value Deliver(Environment& environment) override {
    const Result<HandleId> id = environment.handles().Add(std::move(kept_), nullptr);
    if (!id.ok()) return ThrowStatus(environment.env(), id.status());
    return FromDouble(environment.env(), static_cast<double>(id.value()));
  }

 protected:
  VectorResults* results() { return &kept_->results; }
  ManyResults* many() { return &kept_->many; }

 private:
  std::unique_ptr<VectorResultsHandle> kept_ = std::make_unique<VectorResultsHandle>();
};

}  // namespace sochdb::binding
