// PostingList: the documents that have a term, with how often and how long they are, in memory, by document number.
//
// Nine bytes a posting, of which one is a bound of its impact. Blocks of kBlockPostings know the largest impact in them, so
// that a search may leave out those that cannot bring a document among the best. Lists that are long beside the collection have
// a bitmap too.
//
// An impact is BM25's part that depends on the document alone (bm25.h). Bounds were computed for the average length
// that fields had then, and are carried to another one by ImpactGrowth.
//
// Thread safety: immutable once made; any thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "index/text/bm25.h"

namespace sochdb {

struct ListedPosting {
  uint32_t document = 0;
  uint32_t frequency = 0;
  uint32_t length = 0;
};

class PostingList {
 public:
  static constexpr size_t kBlockPostings = 128;
  // Limits on what is packed: a row is below 1 MiB, so a text has fewer words.
  static constexpr uint32_t kMaxLength = (1u << 20) - 1;

  // Postings in any order, each document once. average_length: what bounds are computed for.
  PostingList(std::vector<ListedPosting> postings, double average_length);

  [[nodiscard]] size_t size() const { return documents_.size(); }
  [[nodiscard]] uint32_t document(size_t i) const { return documents_[i]; }
  [[nodiscard]] uint32_t length(size_t i) const { return packed_[i] >> kFrequencyBits; }
  [[nodiscard]] uint32_t frequency(size_t i) const {
    const uint32_t frequency = packed_[i] & kManyFrequency;
    return frequency != kManyFrequency ? frequency : ManyFrequency(i);
  }
  // The place of the first document at or above `document`, searched from `from` on.
  [[nodiscard]] size_t Seek(size_t from, uint32_t document) const;
  // size() when it is not there.
  [[nodiscard]] size_t Find(uint32_t document) const;

  [[nodiscard]] const uint32_t* documents() const { return documents_.data(); }
  // A posting's impact is at most so many steps.
  [[nodiscard]] const uint8_t* impact_bounds() const { return bounds_.data(); }
  [[nodiscard]] double impact_step() const { return impact_step_; }
  // What the posting of the rank-th greatest impact has at least; 0: not known.
  [[nodiscard]] double ImpactOfRank(size_t rank) const;
  [[nodiscard]] double block_impact(size_t block) const { return block_impacts_[block]; }
  [[nodiscard]] double max_impact() const { return max_impact_; }
  [[nodiscard]] double average_length() const { return average_length_; }
  // Bit d of the words: whether document d is in the list. Empty for short lists.
  [[nodiscard]] const std::vector<uint64_t>& bitmap() const { return bitmap_; }
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  static constexpr unsigned kFrequencyBits = 12;
  static constexpr uint32_t kManyFrequency = (1u << kFrequencyBits) - 1;  // and more: in many_

  [[nodiscard]] uint32_t ManyFrequency(size_t i) const;
  void RankImpacts(std::vector<float> impacts);

  const double average_length_;
  double max_impact_ = 0;
  double impact_step_ = 0;
  std::vector<uint32_t> documents_;
  std::vector<uint32_t> packed_;                     // length | frequency
  std::vector<std::pair<uint32_t, uint32_t>> many_;  // place, frequency
  std::vector<uint8_t> bounds_;                      // of impacts, in steps
  std::vector<float> block_impacts_;
  std::array<float, 6> ranked_impacts_{};
  std::vector<uint64_t> bitmap_;
};

}  // namespace sochdb
