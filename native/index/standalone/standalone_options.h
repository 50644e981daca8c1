// What a StandaloneIndex is: fixed when it is made, and kept in its files.

#pragma once

#include <cstdint>

#include "base/status.h"
#include "index/vector/metric.h"

namespace sochdb {

struct StandaloneOptions {
  static constexpr uint32_t kMinEfConstruction = 4;
  static constexpr uint32_t kMaxEfConstruction = 4000;
  static constexpr uint32_t kMaxEf = 10'000;

  uint32_t dimension = 0;
  Metric metric = Metric::kCosine;
  uint32_t m = 16;
  uint32_t ef_construction = 100;
  uint32_t ef_search = 50;
  uint64_t max_elements = 0;  // 0: as many as there is memory for
};

// kInvalidArgument, with the name of the option in its details.
Status CheckStandaloneOptions(const StandaloneOptions& options);

}  // namespace sochdb
