#include "index/vector/vector_search.h"

#include <algorithm>
#include <cmath>

namespace sochdb {
namespace {

constexpr uint32_t kSlotsBetweenChecks = 4096;
constexpr uint32_t kSampledSlots = 64;
constexpr size_t kHeadersAhead = 8;
constexpr int kGraphAttempts = 3;
constexpr double kMostWidening = 64;

// What things cost, in rows of a sequential scan. Measured at 100 dimensions, M 16: a graph search computes about 20 distances
// for each of its ef places, each of a row fetched at random.
constexpr double kCostPerPlace = 40;
constexpr double kCostPerListedRow = 1.5;

// The nearest so many slots, as a heap with the farthest on top; equal distances are ordered by id.
class NearestSlots {
 public:
  NearestSlots(size_t capacity, const VectorSlots& slots, PagedRows<SlotHeader>::View headers)
      : capacity_(capacity), slots_(slots), headers_(headers) {}

  struct Order {
    const NearestSlots* of;
    bool operator()(const std::pair<float, uint32_t>& a, const std::pair<float, uint32_t>& b) const { return of->Nearer(a, b); }
  };

  void Add(float distance, uint32_t slot) {
    const std::pair<float, uint32_t> entry(distance, slot);
    if (heap_.size() == capacity_) {
      if (distance > heap_.front().first || !Nearer(entry, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), Order{this});
      heap_.pop_back();
    }
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), Order{this});
  }
  void Clear() { heap_.clear(); }
  [[nodiscard]] const std::vector<std::pair<float, uint32_t>>& unordered() const { return heap_; }

 private:
  using Entry = std::pair<float, uint32_t>;
  [[nodiscard]] bool Nearer(const Entry& a, const Entry& b) const {
    if (a.first != b.first) return a.first < b.first;
    return slots_.documents().id(headers_[a.second]->document) < slots_.documents().id(headers_[b.second]->document);
  }

  const size_t capacity_;
  const VectorSlots& slots_;
  const PagedRows<SlotHeader>::View headers_;
  std::vector<Entry> heap_;
};

class Searcher {
 public:
  Searcher(const VectorSlots& slots, const SearchPlanInput& input, const VectorQuery& query, SearchScratch* scratch)
      : slots_(slots),
        input_(input),
        query_(query),
        scratch_(scratch),
        distance_(slots.metric(), slots.padded()),
        ef_(std::max(query.ef, query.k)),
        limit_(slots.published()),
        headers_(slots.headers()),
        nearest_(query.k + kMeasuredBeyond, slots, headers_) {}

  Status Run(std::vector<VectorHit>* hits) {
    bool found = false;
    if (!query_.exact && slots_.live() > input_.exact_below) SOCHDB_TRY(SearchGraph(&found));
    if (!found) {
      nearest_.Clear();
      SOCHDB_TRY(query_.only != nullptr ? ScanListed() : ScanSlots(0, limit_, false));
    }
    MeasureAll(hits);
    return {};
  }

 private:
  [[nodiscard]] bool Passes(const SlotHeader* header) const {
    return header->VisibleAt(query_.read_ts, query_.now_ms) &&
           (query_.only == nullptr || query_.only->Contains(header->document)) &&
           (query_.hidden == nullptr || !query_.hidden->Contains(header->document));
  }

  // Which part of all slots this search may return, about.
  [[nodiscard]] double EstimatePassing() const {
    if (limit_ == 0) return 0;
    if (query_.only != nullptr) return std::min(1.0, static_cast<double>(query_.only->count()) / limit_);
    if (slots_.last_change() <= query_.read_ts) return std::min(1.0, static_cast<double>(slots_.live()) / limit_);
    uint32_t passing = 0;
    for (uint32_t i = 0; i < kSampledSlots; ++i) {
      const auto slot = static_cast<uint32_t>(static_cast<uint64_t>(limit_) * i / kSampledSlots);
      if (Passes(headers_[slot])) ++passing;
    }
    return static_cast<double>(passing) / kSampledSlots;
  }

  // *found false: the scan is cheaper, or needed.
  Status SearchGraph(bool* found) {
    const double scan_cost = query_.only != nullptr ? kCostPerListedRow * query_.only->count() : limit_;
    const double unlinked = limit_ > input_.linked ? limit_ - input_.linked : 0;
    const double passing = EstimatePassing();
    if (passing * kMostWidening < 1) return {};
    double width = static_cast<double>(ef_) / passing;
    for (int attempt = 0; attempt < kGraphAttempts; ++attempt) {
      if (width * kCostPerPlace + unlinked >= scan_cost) return {};
      const auto places = static_cast<size_t>(std::ceil(width));
      SOCHDB_TRY(slots_.graph().Search(query_.vector, places, limit_, query_.cancel, scratch_));
      const size_t enough = std::max(query_.k, ef_ / 2);
      const size_t passed = TakePool(enough);
      if (passed >= enough) {
        *found = true;
        return ScanSlots(input_.linked, limit_, true);
      }
      width *= passed == 0 ? 4 : std::min(4.0, 1.2 * static_cast<double>(ef_) / static_cast<double>(passed));
    }
    return {};
  }

  // What of the pool may be returned, nearest first; returns how many, or enough.
  size_t TakePool(size_t enough) {
    nearest_.Clear();
    size_t passed = 0;
    const CandidatePool& pool = scratch_->pool;
    for (size_t i = 0; i < pool.size() && (passed < enough || passed < query_.k + kMeasuredBeyond); ++i) {
      if (i + kHeadersAhead < pool.size() && pool[i + kHeadersAhead].slot() < limit_) {
        __builtin_prefetch(headers_[pool[i + kHeadersAhead].slot()]);
      }
      const uint32_t slot = pool[i].slot();
      if (slot >= limit_ || !Passes(headers_[slot])) continue;
      ++passed;
      nearest_.Add(pool[i].distance, slot);
    }
    return passed;
  }

  // Every slot of [from, to), or those the graph search has not compared.
  Status ScanSlots(uint32_t from, uint32_t to, bool unvisited_only) {
    for (uint32_t slot = from; slot < to; ++slot) {
      if (slot % kSlotsBetweenChecks == 0 && query_.cancel != nullptr) SOCHDB_TRY(query_.cancel->Check());
      if (unvisited_only && scratch_->visited.visited(slot)) continue;
      if (Passes(headers_[slot])) Compare(slot);
    }
    CompareRest();
    return {};
  }

  // The visible slots of the filter's documents.
  Status ScanListed() {
    std::vector<uint32_t> listed;
    listed.reserve(query_.only->count());
    query_.only->ForEach([&](uint32_t document) {
      if (query_.hidden != nullptr && query_.hidden->Contains(document)) return;
      const uint32_t slot = slots_.VisibleSlot(document, query_.read_ts, query_.now_ms);
      if (slot != kNoSlot) listed.push_back(slot);
    });
    for (size_t i = 0; i < listed.size(); ++i) {
      if (i % kSlotsBetweenChecks == 0 && query_.cancel != nullptr) SOCHDB_TRY(query_.cancel->Check());
      Compare(listed[i]);
    }
    CompareRest();
    return {};
  }

  // Gathers slots and compares a scratch full at once.
  void Compare(uint32_t slot) {
    scratch_->slots[gathered_++] = slot;
    if (gathered_ == SearchScratch::kMaxRow) CompareRest();
  }
  void CompareRest() {
    const PagedRows<float>::View vectors = slots_.vectors();
    for (size_t i = 0; i < gathered_; ++i) scratch_->rows[i] = vectors[scratch_->slots[i]];
    distance_.Many(query_.vector, scratch_->rows, gathered_, scratch_->distances);
    scratch_->evaluations += gathered_;
    for (size_t i = 0; i < gathered_; ++i) nearest_.Add(scratch_->distances[i], scratch_->slots[i]);
    gathered_ = 0;
  }

  void MeasureAll(std::vector<VectorHit>* hits) const {
    hits->clear();
    hits->reserve(nearest_.unordered().size());
    const Measure measure(slots_.metric(), query_.vector, slots_.padded());
    const PagedRows<float>::View vectors = slots_.vectors();
    for (const auto& [distance, slot] : nearest_.unordered()) {
      const uint32_t document = headers_[slot]->document;
      hits->push_back({document, slots_.documents().id(document), measure.To(vectors[slot])});
    }
    std::sort(hits->begin(), hits->end(), [](const VectorHit& a, const VectorHit& b) {
      if (a.nearness.distance != b.nearness.distance) return a.nearness.distance < b.nearness.distance;
      return a.id < b.id;
    });
    if (hits->size() > query_.k) hits->resize(query_.k);
  }

  const VectorSlots& slots_;
  const SearchPlanInput input_;
  const VectorQuery& query_;
  SearchScratch* const scratch_;
  const RowDistance distance_;
  const size_t ef_;
  const uint32_t limit_;
  const PagedRows<SlotHeader>::View headers_;
  NearestSlots nearest_;
  size_t gathered_ = 0;
};

}  // namespace

Status SearchVectors(const VectorSlots& slots, const SearchPlanInput& input, const VectorQuery& query, SearchScratch* scratch,
                     std::vector<VectorHit>* hits) {
  hits->clear();
  if (query.k == 0) return {};
  return Searcher(slots, input, query, scratch).Run(hits);
}

}  // namespace sochdb
