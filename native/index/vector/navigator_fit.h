// FitNavigator: from records of searches to a model, and what it is worth on those that it did not see.
//
// Thread safety: functions of their arguments, which they change alone.

#pragma once

#include <cstddef>
#include <vector>

#include "index/vector/navigator_model.h"

namespace sochdb {

// What could be seen at the end of a stage, and what was found by then.
struct NavigatorRecord {
  NavigatorFeatures features;
  double nearest;
  double kth;
  double recall;
  double evaluations;
  double places = 0;
};

struct NavigatorRecords {
  size_t stages = 0;
  size_t plain = 0;                  // the stage that is the plain search
  std::vector<NavigatorRecord> all;  // of each query as many as there are stages

  void Add(const std::vector<NavigatorRecord>& of_query) { all.insert(all.end(), of_query.begin(), of_query.end()); }
  [[nodiscard]] size_t count() const { return stages == 0 ? 0 : all.size() / stages; }
  [[nodiscard]] const NavigatorRecord& at(size_t query, size_t stage) const { return all[query * stages + stage]; }
};

// Fills in weights, bounds and the least gain from the even queries, and the measures from the odd ones. REQUIRES: the model
// has as many stages; there are queries of both.
void FitNavigator(const NavigatorRecords& records, NavigatorModel* model);

}  // namespace sochdb
