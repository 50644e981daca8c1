// Answers from the rows alone, for snapshots that an index does not cover: the same results, one document after another.
//
// Thread safety: the reader's thread.

#pragma once

#include <cstdint>
#include <vector>

#include "base/cancel_token.h"
#include "index/document/collection.h"

namespace sochdb {

// prepared: the request's vector (metric.h). REQUIRES: the request was checked.
Status SearchRows(const CollectionConfig& config, Reader* reader, const SearchRequest& request,
                  const std::vector<float>& prepared, std::vector<SearchResult>* results);

// filter may be null.
Result<uint64_t> CountRows(const CollectionConfig& config, Reader* reader, const MetadataFilter* filter,
                           const CancelToken* cancel);

}  // namespace sochdb
