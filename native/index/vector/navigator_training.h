// TrainNavigator: learns a collection's navigator from its own vectors or from given queries, and decides whether it may be
// used.
//
// Half of the queries are learned from: each is searched through all stages, with what could be seen and what was found after
// each, and a ridge regression a stage says how much the next two stages gained. The least gain that a search goes on for is
// then the one with which these queries take the fewest distances while they find what plain searches find, all together and
// the worst of them. The other half decides: these are the acceptance checks.
//
// A stored vector stands for a query like it: the search steps around it, and it does not count among its own neighbours. It
// has to be one of the bottom layer alone, where nothing else leads to it (15 of 16 are).
//
// Fewer distances are not less time by themselves. So the searches of that half are timed too, led and plain ones in turn, and
// of each the least of some rounds counts: what else the machine does only adds to it.
//
// The same slots, graph, queries and seed give the same model, though time may refuse it once and not another time.
// Thread safety: as a search. Bounded: kMostNavigatorQueries queries, of each kMostStages records of 112 bytes; one pass over
// the vectors.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/vector/navigator_model.h"
#include "index/vector/search_scratch.h"
#include "index/vector/vector_slots.h"

namespace sochdb {

inline constexpr uint32_t kLeastNavigatorQueries = 100;
inline constexpr uint32_t kMostNavigatorQueries = 10'000;

// What a held-out half has to show.
inline constexpr double kMostRecallLost = 0.005;
inline constexpr double kMostWorstRecallLost = 0.03;
inline constexpr double kMostEvaluationsPart = 0.95;
inline constexpr double kMostTimePart = 0.97;

struct NavigatorTraining {
  uint32_t k = 10;
  uint32_t ef = 64;
  uint32_t sample = 1000;               // stored vectors to learn from, where there are no queries
  std::span<const float> queries = {};  // prepared, one after the other
  double min_recall = 0;
  uint64_t seed = 0;
  uint32_t linked = 0;  // slots below are in the graph
  Timestamp read_ts = 0;
  uint64_t now_ms = 0;
  // Nanoseconds of this thread's work so far: searches are timed by it. Without it, time does not matter.
  std::function<uint64_t()> clock = {};
  const CancelToken* cancel = nullptr;
  std::function<void(uint64_t done, uint64_t total)> progress = {};
};

struct NavigatorCheck {
  const char* name;  // recall, worstRecall, distances, time (microseconds a search), minRecall
  bool passed;
  double measured;
  double limit;
};

struct NavigatorReport {
  bool accepted = false;
  std::vector<NavigatorCheck> checks;
  NavigatorModel model;
};

// kInvalidArgument where there is nothing to learn: too few queries, or vectors.
Status TrainNavigator(const VectorSlots& slots, const NavigatorTraining& training, SearchScratch* scratch,
                      NavigatorReport* report);

}  // namespace sochdb
