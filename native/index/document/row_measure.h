// RowMeasure: how near documents are to a query, by their rows.
//
// Of a document in chunks, distances are put together as the search says or, where it says nothing, the document: the least of
// them (kMax: of the scores), their mean, or the first. The score follows. The chunk is the nearest; with kFirst the first.
//
// Thread safety: belongs to one thread.

#pragma once

#include <optional>
#include <vector>

#include "index/document/document_row.h"
#include "index/vector/metric.h"

namespace sochdb {

class RowMeasure {
 public:
  struct Found {
    Nearness nearness;
    uint32_t chunk = 0;
  };

  // prepared: the query (metric.h), which outlives this.
  RowMeasure(Metric metric, const std::vector<float>& prepared, std::optional<Aggregate> aggregate)
      : metric_(metric), measure_(metric, prepared.data(), prepared.size()), aggregate_(aggregate), stored_(prepared.size()) {}

  Found To(const DocumentRow& row) { return To(row, aggregate_.value_or(row.aggregate)); }
  // Its nearest vector.
  Found Nearest(const DocumentRow& row) { return To(row, Aggregate::kMax); }

 private:
  Found To(const DocumentRow& row, Aggregate aggregate);

  const Metric metric_;
  const Measure measure_;
  const std::optional<Aggregate> aggregate_;
  std::vector<float> stored_;
};

}  // namespace sochdb
