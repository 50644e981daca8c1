#include "index/standalone/standalone_rows.h"

#include <cstring>
#include <new>
#include <string>

#include "base/hash.h"
#include "index/vector/code_trial.h"
#include "index/vector/scalar_codec.h"

namespace sochdb {
namespace {

constexpr size_t kLeastPlaces = 16;

Status CheckRange(const char* name, uint64_t value, uint64_t min, uint64_t max) {
  if (value >= min && value <= max) return {};
  return {Code::kInvalidArgument,
          std::string(name) + " must be a whole number from " + std::to_string(min) + " to " + std::to_string(max) +
              "; this one is " + std::to_string(value) + ".",
          {{"option", name}}};
}

}  // namespace

Status CheckStandaloneOptions(const StandaloneOptions& options) {
  SOCHDB_TRY(CheckRange("dimension", options.dimension, 1, kMaxDimension));
  SOCHDB_TRY(CheckRange("metric", static_cast<uint64_t>(options.metric), 0, static_cast<uint64_t>(Metric::kEuclidean)));
  SOCHDB_TRY(CheckRange("m", options.m, HnswOptions::kMinM, HnswOptions::kMaxM));
  SOCHDB_TRY(CheckRange("efConstruction", options.ef_construction, StandaloneOptions::kMinEfConstruction,
                        StandaloneOptions::kMaxEfConstruction));
  SOCHDB_TRY(CheckRange("efSearch", options.ef_search, 1, StandaloneOptions::kMaxEf));
  return CheckRange("maxElements", options.max_elements, 0, StandaloneRows::kMaxSlots);
}

StandaloneRows::StandaloneRows(Env* env, const StandaloneOptions& options)
    : vectors_(options.metric, options.dimension),
      graph_(env, {.m = options.m, .ef_construction = options.ef_construction}, &vectors_) {}

uint64_t StandaloneRows::memory_bytes() const {
  return sizeof(*this) + slots_.memory_bytes() + vectors_.memory_bytes() + graph_.memory_bytes() +
         newest_.capacity() * sizeof(newest_[0]);
}

size_t StandaloneRows::PlaceOf(uint64_t id) const {
  const PagedRows<StandaloneSlot>::View slots = slots_.view();
  size_t place = HashNumber(id) & (newest_.size() - 1);
  while (newest_[place] != kNoSlot && slots[newest_[place]]->id != id) place = (place + 1) & (newest_.size() - 1);
  return place;
}

void StandaloneRows::Reserve(uint32_t more) {
  const uint32_t slots = count_ + more;
  slots_.Reserve(slots);
  vectors_.Reserve(slots);
  size_t places = std::max(newest_.size(), kLeastPlaces);
  while (places < 2 * (size_t{ids_} + more)) places *= 2;
  if (places == newest_.size()) return;
  std::vector<uint32_t> old(places, kNoSlot);
  old.swap(newest_);
  for (const uint32_t slot : old) {
    if (slot != kNoSlot) newest_[PlaceOf(slots_.view()[slot]->id)] = slot;
  }
}

void StandaloneRows::Append(uint64_t id, uint32_t level, const float* prepared) {
  graph_.AddSlot(count_);
  auto* slot = new (slots_.view()[count_]) StandaloneSlot();
  slot->id = id;
  slot->level = level;
  std::memcpy(vectors_.full().view()[count_], prepared, vectors_.full().padded() * sizeof(float));
  vectors_.Encode(count_);
  ++count_;
}

void StandaloneRows::MakeCodes() {
  if (codes_tried_ || count_ <= kExactBelow) return;
  const FullVectors& full = vectors_.full();
  auto codec = std::make_unique<ScalarCodec>(full.metric(), full.dimension(), SampleVectors(full, count_, kMeanSample));
  auto codes = std::make_unique<VectorCodes>(std::move(codec));
  CodeQuery scratch;
  EncodeSlots(full, 0, count_, &scratch, codes.get());
  if (CodesTellApart(vectors_, *codes, count_)) vectors_.Install(std::move(codes));
  codes_tried_ = true;
}

bool StandaloneRows::Contains(uint64_t id) const {
  if (newest_.empty()) return false;
  const uint32_t slot = newest_[PlaceOf(id)];
  return slot != kNoSlot && slots_.view()[slot]->until.load(std::memory_order_relaxed) == StandaloneSlot::kNever;
}

void StandaloneRows::Show(uint32_t from, const std::vector<bool>* hidden) {
  const PagedRows<StandaloneSlot>::View slots = slots_.view();
  const uint64_t version = version_.load(std::memory_order_relaxed) + 1;
  uint32_t live = live_.load(std::memory_order_relaxed);
  for (uint32_t slot = from; slot < count_; ++slot) {
    if (hidden != nullptr && (*hidden)[slot - from]) continue;
    const size_t place = PlaceOf(slots[slot]->id);
    if (newest_[place] == kNoSlot) {
      ++ids_;
    } else {
      auto& until = slots[newest_[place]]->until;
      if (until.load(std::memory_order_relaxed) == StandaloneSlot::kNever) {
        until.store(version, std::memory_order_release);
        --live;
      }
    }
    newest_[place] = slot;
    slots[slot]->from.store(version, std::memory_order_release);
    ++live;
  }
  live_.store(live, std::memory_order_relaxed);
  version_.store(version, std::memory_order_release);
}

bool StandaloneRows::Hide(uint64_t id) {
  if (!Contains(id)) return false;
  const uint64_t version = version_.load(std::memory_order_relaxed) + 1;
  slots_.view()[newest_[PlaceOf(id)]]->until.store(version, std::memory_order_release);
  live_.fetch_sub(1, std::memory_order_relaxed);
  version_.store(version, std::memory_order_release);
  return true;
}

}  // namespace sochdb
