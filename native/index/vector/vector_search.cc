#include "index/vector/vector_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/vector/distinct_stages.h"
#include "index/vector/nearest_slots.h"

namespace sochdb {
namespace {

constexpr uint32_t kSlotsBetweenChecks = 4096;
constexpr uint32_t kSampledSlots = 64;
constexpr size_t kHeadersAhead = 12;
constexpr int kGraphAttempts = 3;
constexpr double kMostWidening = 64;
// A scan by codes has so many times more of the nearest compared again than a graph search: it is asked where others fail,
// often far from the query, where distances lie close together.
constexpr size_t kScannedBeyond = 4;

// What things cost, in rows of a sequential scan by codes (16 ns). Measured at 100 dimensions, M 16: a graph search computes
// about 20 distances for each of its ef places, each of a row fetched at random, from farther away the more rows there are: 15
// rows at 5,000, 38 at 100,000.
constexpr double kCostOfSearch = 600;
constexpr double kLeastPerPlace = 13;
constexpr double kMostPerPlace = 60;
constexpr double kSlotsPerCost = 4000;
// A row of a filter's documents; and where their slots are too many to be kept (listed_slots.h), finding each.
constexpr double kCostPerListedRow = 1.2;
constexpr double kCostPerFoundRow = 3;
// Among the slots that pass alone, where this part or less of all does: a place takes more distances, and tests of neighbours,
// more of them the fewer pass.
constexpr double kMostPassing = 0.3;
constexpr double kCostPerPassingPlace = 230;
constexpr double kCostOfTests = 21;
// It needs more places than a search among all, for the same recall; and more again where few pass around the query.
constexpr double kPassingPlaces = 1.5;
constexpr double kRareHere = 4;
constexpr double kPlacesElsewhere = 4;
constexpr double kMostPlacesOfEach = 16;
constexpr uint32_t kSampledSeeds = 128;
constexpr size_t kSeeds = 8;
// Of a document with several vectors so many are compared again: which of them is the nearest, codes may mistake.
constexpr size_t kOfEachDocument = 2;
// A navigator has seen searches of which everything could be shown.
constexpr double kMostLedWidening = 2;

// Slots that a search may show.
class ShownSlots final : public SlotTest {
 public:
  ShownSlots(const VectorQuery& query, PagedRows<SlotHeader>::View headers, uint32_t limit)
      : query_(query), headers_(headers), limit_(limit) {}
  [[nodiscard]] bool Passes(uint32_t slot) const override { return slot < limit_ && Shows(headers_[slot]); }
  void Prefetch(uint32_t slot) const override {
    if (slot < limit_) __builtin_prefetch(headers_[slot]);
  }
  [[nodiscard]] bool Shows(const SlotHeader* header) const {
    return header->VisibleAt(query_.read_ts, query_.now_ms) &&
           (query_.only == nullptr || query_.only->Contains(header->document())) &&
           (query_.hidden == nullptr || !query_.hidden->Contains(header->document()));
  }

 private:
  const VectorQuery& query_;
  const PagedRows<SlotHeader>::View headers_;
  const uint32_t limit_;
};

class Searcher {
 public:
  Searcher(const VectorSlots& slots, const SearchPlanInput& input, const VectorQuery& query, SearchScratch* scratch)
      : slots_(slots),
        input_(input),
        query_(query),
        scratch_(scratch),
        limit_(slots.published()),
        used_(limit_ - std::min(limit_, slots.unused())),
        headers_(slots.headers()),
        codes_(query.exact ? nullptr : slots.vectors().codes()),
        of_each_(slots.any_multiple() ? kOfEachDocument : 0),
        ef_(std::max(query.ef, query.k) * (codes_ != nullptr ? codes_->codec().widening() : 1)),
        wanted_(codes_ != nullptr ? codes_->codec().Compared(query.k, ef_) : query.k + kMeasuredBeyond),
        shown_(query, headers_, limit_),
        nearest_(Nearest(wanted_)) {}

  Status Run(std::vector<VectorHit>* hits) {
    scratch_->query.Begin(slots_.vectors(), codes_, query_.vector);
    bool found = false;
    const uint64_t before = scratch_->evaluations;
    if (!query_.exact && slots_.live_vectors() > input_.exact_below) SOCHDB_TRY(SearchGraph(&found));
    if (!found) {
      plan_ = query_.only != nullptr ? SearchPlan::kScanListed : SearchPlan::kScanAll;
      nearest_ = Nearest(codes_ != nullptr ? kScannedBeyond * wanted_ : wanted_);
      SOCHDB_TRY(query_.only != nullptr ? ScanListed() : ScanSlots(0, false));
    }
    if (codes_ != nullptr) CompareAgain();
    MeasureAll(hits);
    if (query_.report != nullptr) *query_.report = {plan_, scratch_->evaluations - before, navigation_};
    return {};
  }

 private:
  [[nodiscard]] bool Passes(const SlotHeader* header) const { return shown_.Shows(header); }
  // The nearest so many documents.
  [[nodiscard]] NearestSlots Nearest(size_t documents) const {
    return {of_each_ != 0 ? of_each_ * documents : documents, slots_, headers_, of_each_};
  }

  // Which part of all slots this search may return, about.
  [[nodiscard]] double EstimatePassing() const {
    if (used_ == 0) return 0;
    if (query_.only != nullptr) return std::min(1.0, ListedVectors() / used_);
    if (slots_.last_change() <= query_.read_ts) return std::min(1.0, static_cast<double>(slots_.live_vectors()) / used_);
    uint32_t passing = 0;
    uint32_t sampled = 0;
    for (uint32_t i = 0; i < kSampledSlots; ++i) {
      const auto slot = static_cast<uint32_t>(static_cast<uint64_t>(limit_) * i / kSampledSlots);
      if (headers_[slot]->unused()) continue;
      ++sampled;
      if (Passes(headers_[slot])) ++passing;
    }
    return static_cast<double>(passing) / std::max(1u, sampled);
  }

  // Vectors of the filter's documents, about.
  [[nodiscard]] double ListedVectors() const {
    const auto documents = static_cast<double>(query_.only->count());
    if (!slots_.any_multiple()) return documents;
    return documents * static_cast<double>(slots_.live_vectors()) / static_cast<double>(std::max<uint64_t>(1, slots_.live()));
  }

  // *found false: the scan is cheaper, or needed.
  Status SearchGraph(bool* found) {
    const double scan_cost = query_.only != nullptr ? CostOfListed() : limit_;
    const double unlinked = (limit_ > input_.linked ? limit_ - input_.linked : 0) + static_cast<double>(input_.unlinked.size());
    const double passing = EstimatePassing();
    if (query_.only != nullptr && passing > 0 && passing < kMostPassing)
      return SearchPassing(passing, scan_cost - unlinked, found);
    if (passing * kMostWidening < 1) return {};
    const double cost_per_place = std::min(kMostPerPlace, kLeastPerPlace + limit_ / kSlotsPerCost);
    double width = static_cast<double>(ef_) / passing;
    for (int attempt = 0; attempt < kGraphAttempts; ++attempt) {
      if (kCostOfSearch + width * cost_per_place + unlinked >= scan_cost) return {};
      if (attempt == 0 && query_.navigator != nullptr) {
        SOCHDB_TRY(SearchLed(1 / passing, found));
        if (*found) return {};
      }
      const auto places = static_cast<size_t>(std::ceil(width));
      const size_t enough = Enough();
      if (of_each_ != 0) SOCHDB_TRY(SearchDistinct(places, scan_cost - unlinked - kCostOfSearch, cost_per_place));
      else SOCHDB_TRY(slots_.graph().Search(places, limit_, query_.cancel, scratch_));
      const size_t passed = TakePool(enough);
      if (passed >= enough) {
        *found = true;
        return ScanUnlinked();
      }
      width *= passed == 0 ? 4 : std::min(4.0, 1.2 * static_cast<double>(ef_) / static_cast<double>(passed));
    }
    return {};
  }

  // So many documents that may be shown make a search complete.
  [[nodiscard]] size_t Enough() const {
    const size_t enough = std::max(query_.k, ef_ / 2);
    return of_each_ != 0 ? std::min<size_t>(enough, std::max<uint64_t>(1, slots_.live())) : enough;
  }

  // Until as many documents are met as a search among documents of one vector would have places for.
  Status SearchDistinct(size_t places, double most_cost, double cost_per_place) {
    const auto most = static_cast<size_t>(std::max(0.0, most_cost / cost_per_place));
    DistinctStages stages(places, std::max(most, places), std::max(query_.k, ef_),
                          [this](const CandidatePool& pool) { return CountDocuments(pool); });
    return slots_.graph().SearchStaged(&stages, kNoSlot, limit_, query_.cancel, scratch_);
  }

  [[nodiscard]] size_t CountDocuments(const CandidatePool& pool) const {
    scratch_->documents.Begin(slots_.documents().count());
    size_t count = 0;
    for (size_t i = 0; i < pool.size(); ++i) {
      PrefetchHeader(pool, i + kHeadersAhead);
      const uint32_t slot = pool[i].slot();
      if (slot < limit_ && Passes(headers_[slot])) {
        count += static_cast<size_t>(scratch_->documents.Visit(headers_[slot]->document()));
      }
    }
    return count;
  }

  void PrefetchHeader(const CandidatePool& pool, size_t i) const {
    if (i < pool.size() && pool[i].slot() < limit_) __builtin_prefetch(headers_[pool[i].slot()]);
  }

  // As the navigator leads. *found false: it does not lead this search, or it led nowhere, and the plain search decides.
  Status SearchLed(double widening, bool* found) {
    Navigator& navigator = *query_.navigator;
    const bool leads = query_.only == nullptr && widening <= kMostLedWidening;
    if (!leads || !navigator.Leads(query_.k, query_.ef, codes_ != nullptr)) return {};
    NavigatedSearch led(navigator.model(), query_.vector, slots_.vectors().full().padded(), widening,
                        static_cast<size_t>(std::ceil(static_cast<double>(ef_) * widening)));
    SOCHDB_TRY(slots_.graph().SearchStaged(&led, kNoSlot, limit_, query_.cancel, scratch_));
    navigator.NoteSearch(led.outside());
    navigation_ = Navigation::kFellBack;
    const size_t enough = std::max(query_.k, led.places() / 2);
    if (led.outside() || TakePool(enough) < enough) return {};
    navigation_ = Navigation::kLed;
    *found = true;
    return ScanUnlinked();
  }

  [[nodiscard]] double CostOfListed() const {
    const double count = ListedVectors();
    return (count <= ListedSlots::kMaxSlots ? kCostPerListedRow : kCostPerFoundRow) * count;
  }

  // Among the slots of the filter's documents. *found false: the scan is cheaper, or it found too few, or looked at too many.
  Status SearchPassing(double passing, double scan_cost, bool* found) {
    const double cost_per_place = kCostPerPassingPlace + kCostOfTests / passing;
    double places = kPassingPlaces * static_cast<double>(ef_);
    if (places * cost_per_place >= scan_cost) return {};
    const std::vector<uint32_t> seeds = ChooseSeeds();
    const auto most_evaluations = static_cast<uint64_t>(ListedVectors() / 2);
    const uint64_t most = scratch_->evaluations + most_evaluations;
    bool rare_here = false;
    PassingSearch how{.test = &shown_,
                      .seeds = seeds,
                      .most_evaluations = most_evaluations,
                      .least_part = passing / kRareHere,
                      .rare_here = &rare_here};
    SOCHDB_TRY(SearchAmong(how, places));
    if (rare_here) {
      // What passes lies elsewhere, and the nearest of it in many directions: that takes more of them, or all.
      places *= kPlacesElsewhere;
      if (places * cost_per_place >= scan_cost) return {};
      how.least_part = 0;
      SOCHDB_TRY(SearchAmong(how, places));
    }
    if (of_each_ != 0) {
      // So many vectors of the same documents are in the way.
      const double documents = std::max<double>(1, static_cast<double>(CountDocuments(scratch_->pool)));
      const double wider = std::min(kMostPlacesOfEach, kPassingPlaces * static_cast<double>(ef_) / documents);
      if (wider > 1 && scratch_->pool.full()) {
        places *= wider;
        if (places * cost_per_place >= scan_cost) return {};
        how.least_part = 0;
        SOCHDB_TRY(SearchAmong(how, places));
      }
    }
    const size_t enough = Enough();
    if (scratch_->evaluations > most || TakePool(enough) < enough) return {};
    *found = true;
    plan_ = SearchPlan::kPassing;
    return ScanUnlinked();
  }
  Status SearchAmong(const PassingSearch& how, double places) {
    return slots_.graph().SearchPassing(static_cast<size_t>(places), limit_, how, query_.cancel, scratch_);
  }

  // Linked slots that pass: the nearest of some.
  std::vector<uint32_t> ChooseSeeds() {
    std::vector<std::pair<float, uint32_t>> sampled;
    query_.only->ForEachSampled(kSampledSeeds, [&](uint32_t document) {
      const uint32_t slot = slots_.VisibleSlot(document, query_.read_ts, query_.now_ms);
      if (slot >= input_.linked || slot >= limit_ || !Passes(headers_[slot])) return;
      sampled.emplace_back(scratch_->query.One(slot), slot);
    });
    const size_t kept = std::min(sampled.size(), kSeeds);
    std::partial_sort(sampled.begin(), sampled.begin() + static_cast<ptrdiff_t>(kept), sampled.end());
    std::vector<uint32_t> seeds;
    for (size_t i = 0; i < kept; ++i) seeds.push_back(sampled[i].second);
    return seeds;
  }

  // What of the pool may be returned, nearest first; returns how many documents, or enough.
  size_t TakePool(size_t enough) {
    nearest_.Clear();
    if (of_each_ != 0) scratch_->documents.Begin(slots_.documents().count());
    size_t passed = 0;
    const CandidatePool& pool = scratch_->pool;
    for (size_t i = 0; i < pool.size() && (passed < enough || passed < wanted_); ++i) {
      PrefetchHeader(pool, i + kHeadersAhead);
      const uint32_t slot = pool[i].slot();
      if (slot >= limit_ || !Passes(headers_[slot])) continue;
      if (of_each_ == 0 || scratch_->documents.Visit(headers_[slot]->document())) ++passed;
      nearest_.Add(pool[i].distance, slot);
    }
    return passed;
  }

  // What is not in the graph, as far as the graph search has not compared it.
  Status ScanUnlinked() {
    for (const uint32_t slot : input_.unlinked) {
      if (slot < std::min(input_.linked, limit_) && scratch_->visited.Visit(slot) && Passes(headers_[slot])) Compare(slot);
    }
    return ScanSlots(input_.linked, true);
  }

  // Every slot from this one on, or those the graph search has not compared.
  Status ScanSlots(uint32_t from, bool unvisited_only) {
    for (uint32_t slot = from; slot < limit_; ++slot) {
      if (slot % kSlotsBetweenChecks == 0 && query_.cancel != nullptr) SOCHDB_TRY(query_.cancel->Check());
      if (unvisited_only && scratch_->visited.visited(slot)) continue;
      if (Passes(headers_[slot])) Compare(slot);
    }
    CompareRest();
    return {};
  }

  // The visible slots of the filter's documents.
  Status ScanListed() {
    const std::shared_ptr<const ListedSlots::List> kept = query_.only->listed().Kept();
    if (kept != nullptr && SeesNewest(kept->ts)) return CompareListed(kept->slots);
    const Timestamp before = slots_.last_change();
    std::vector<uint32_t> listed;
    SOCHDB_TRY(ListSlots(&listed));
    if (listed.size() > ListedSlots::kMaxSlots || !SeesNewest(before)) return CompareListed(listed);
    const auto list = std::make_shared<const ListedSlots::List>(ListedSlots::List{before, std::move(listed)});
    query_.only->listed().Keep(list);
    return CompareListed(list->slots);
  }

  // Whether this search shows the state that the commit of `ts` left, and that is still the newest.
  [[nodiscard]] bool SeesNewest(Timestamp ts) const {
    return ts <= query_.read_ts && slots_.last_change() == ts && !slots_.any_expiry() && query_.hidden == nullptr;
  }

  // A document, then its slot's header: reads that wait for one another, each at a place of its own. They are begun some
  // documents ahead.
  Status ListSlots(std::vector<uint32_t>* listed) const {
    std::vector<uint32_t> documents;
    documents.reserve(query_.only->count());
    query_.only->ForEach([&](uint32_t document) {
      if (query_.hidden == nullptr || !query_.hidden->Contains(document)) documents.push_back(document);
    });
    listed->reserve(documents.size());
    for (size_t i = 0; i < documents.size(); ++i) {
      if (i % kSlotsBetweenChecks == 0 && query_.cancel != nullptr) SOCHDB_TRY(query_.cancel->Check());
      if (i + 2 * kHeadersAhead < documents.size()) slots_.PrefetchDocument(documents[i + 2 * kHeadersAhead]);
      if (i + kHeadersAhead < documents.size()) slots_.PrefetchNewest(documents[i + kHeadersAhead]);
      uint32_t slot = slots_.VisibleSlot(documents[i], query_.read_ts, query_.now_ms);
      if (slot == kNoSlot) continue;
      listed->push_back(slot);
      const PagedRows<SlotHeader>::View headers = slots_.headers();  // after the slot was read, so it covers it
      for (; headers[slot]->is_further_chunk(); listed->push_back(slot)) slot = headers[slot]->slot_before();
    }
    return {};
  }

  Status CompareListed(const std::vector<uint32_t>& listed) {
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
    scratch_->query.Many(scratch_->slots, gathered_, scratch_->distances);
    scratch_->evaluations += gathered_;
    for (size_t i = 0; i < gathered_; ++i) nearest_.Add(scratch_->distances[i], scratch_->slots[i]);
    gathered_ = 0;
  }

  // The nearest by code, by their vectors.
  void CompareAgain() {
    NearestSlots by_code = std::exchange(nearest_, Nearest(query_.k + kMeasuredBeyond));
    scratch_->query.Begin(slots_.vectors(), nullptr, query_.vector);
    for (const auto& [distance, slot] : by_code.Kept()) Compare(slot);
    CompareRest();
  }

  void MeasureAll(std::vector<VectorHit>* hits) {
    hits->clear();
    const std::vector<std::pair<float, uint32_t>>& nearest = nearest_.Kept();
    hits->reserve(nearest.size());
    const FullVectors& full = slots_.vectors().full();
    const Measure measure(full.metric(), query_.vector, full.padded());
    const FullVectors::View vectors = full.view();
    for (const auto& [distance, slot] : nearest) {
      const uint32_t document = headers_[slot]->document();
      hits->push_back({document, slots_.documents().id(document), measure.To(vectors[slot])});
    }
    std::sort(hits->begin(), hits->end(), [](const VectorHit& a, const VectorHit& b) {
      if (a.nearness.distance != b.nearness.distance) return a.nearness.distance < b.nearness.distance;
      return a.id < b.id;
    });
    if (of_each_ != 0) {
      // Of a document with several vectors the nearest stands for it.
      scratch_->documents.Begin(slots_.documents().count());
      std::erase_if(*hits, [&](const VectorHit& hit) { return !scratch_->documents.Visit(hit.document); });
    }
    if (hits->size() > query_.k) hits->resize(query_.k);
  }

  const VectorSlots& slots_;
  const SearchPlanInput input_;
  const VectorQuery& query_;
  SearchScratch* const scratch_;
  const uint32_t limit_;
  const uint32_t used_;  // of these slots, about
  const PagedRows<SlotHeader>::View headers_;
  const VectorCodes* const codes_;  // asked for after the count
  const size_t of_each_;            // how many vectors of a document are looked at in the end; 0: each has one
  const size_t ef_;
  const size_t wanted_;  // documents
  const ShownSlots shown_;
  NearestSlots nearest_;
  SearchPlan plan_ = SearchPlan::kGraph;
  Navigation navigation_ = Navigation::kPlain;
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
