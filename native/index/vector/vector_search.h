// SearchVectors: the nearest vectors that a snapshot sees, by the graph or by looking at all of them, whichever is cheaper.
//
// The plan follows from counts (docs/internals/vector-index.md): a small collection, a small filter and an exact search are
// scanned; else the graph is searched, as much wider as slots that may not be shown are frequent, and slots that are not
// linked yet are scanned beside it. A graph search that brings fewer than it should is widened, and in the end replaced by the
// scan: a search never returns fewer than k while k visible matches exist.
//
// Where there are codes (slot_vectors.h) they lead the search, and so many of the nearest by code as their codec asks for are
// compared again by their vectors. Results are ordered by distance, measured in double precision, ties by id. Whether a slot is
// admitted to them depends on f32 distances with kMeasuredBeyond slots to spare.
//
// Thread safety: any thread, each with its own scratch.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/types.h"
#include "index/vector/document_set.h"
#include "index/vector/navigator.h"
#include "index/vector/search_scratch.h"
#include "index/vector/vector_slots.h"

namespace sochdb {

inline constexpr size_t kMeasuredBeyond = 16;

enum class SearchPlan : uint8_t {
  kScanAll,
  kScanListed,  // the filter's documents, one by one
  kGraph,       // among all, of which what passes is taken
  kPassing,     // by the graph among the filter's documents
};

enum class Navigation : uint8_t {
  kPlain,     // no navigator was asked
  kLed,       // the navigator said how far to search
  kFellBack,  // it did not know the query, or found too little: searched plainly
};

// How a search went about it.
struct SearchReport {
  SearchPlan plan = SearchPlan::kScanAll;
  uint64_t evaluations = 0;  // distances computed
  Navigation navigation = Navigation::kPlain;
};

struct VectorQuery {
  const float* vector = nullptr;  // prepared
  size_t k = 10;
  size_t ef = 64;
  Timestamp read_ts = 0;
  uint64_t now_ms = 0;
  const DocumentSet* only = nullptr;    // what the filter admits; null: everything
  const DocumentSet* hidden = nullptr;  // what is to be left out; null: nothing
  bool exact = false;                   // compare with every vector, by no code
  Navigator* navigator = nullptr;       // asked first where all is searched by the graph; null: none
  const CancelToken* cancel = nullptr;
  SearchReport* report = nullptr;  // filled in, if there is one
};

struct VectorHit {
  uint32_t document = 0;
  std::string_view id;  // lives as long as the index
  Nearness nearness;
};

// How the index stands when a search begins.
struct SearchPlanInput {
  uint32_t linked = 0;  // every slot below is in the graph, but for these, and such as are nobody's
  std::span<const uint32_t> unlinked;
  uint32_t exact_below = 0;  // up to so many live documents are scanned
};

Status SearchVectors(const VectorSlots& slots, const SearchPlanInput& input, const VectorQuery& query, SearchScratch* scratch,
                     std::vector<VectorHit>* hits);

}  // namespace sochdb
