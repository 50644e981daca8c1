// DistinctStages: a graph search that goes on until its pool holds so many documents, however many vectors each of them has.
//
// It begins with as many places as a search among documents of one vector; what part of them other vectors of the same
// documents took says how many more there have to be. It ends, too, where there is nothing left to be met, or where it would
// have more places than it may.
//
// Thread safety: belongs to one search.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "index/vector/hnsw_graph.h"

namespace sochdb {

template <typename CountDocuments>
class DistinctStages final : public SearchStages {
 public:
  // count(pool): the documents in it that may be shown.
  DistinctStages(size_t places, size_t most_places, size_t wanted, CountDocuments count)
      : places_(places), most_places_(most_places), wanted_(wanted), count_(std::move(count)) {}

  [[nodiscard]] size_t Usual() const override { return places_; }
  size_t Next(const CandidatePool& pool, uint64_t /*evaluations*/) override {
    if (!begun_) {
      begun_ = true;
      return places_;
    }
    if (!pool.full() || places_ >= most_places_) return 0;
    const size_t found = count_(pool);
    if (found >= wanted_) return 0;
    const double missing = kSpare * static_cast<double>(wanted_) / static_cast<double>(std::max<size_t>(1, found));
    const double wider = static_cast<double>(places_) * std::clamp(missing, kLeastWidening, kMostWidening);
    places_ = std::min(most_places_, static_cast<size_t>(wider));
    return places_;
  }

 private:
  static constexpr double kSpare = 1.1;
  static constexpr double kLeastWidening = 1.25;
  static constexpr double kMostWidening = 4;

  size_t places_;
  const size_t most_places_;
  const size_t wanted_;
  CountDocuments count_;
  bool begun_ = false;
};

}  // namespace sochdb
