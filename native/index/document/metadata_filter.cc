#include "index/document/metadata_filter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sochdb {

Result<std::vector<std::string>> SplitMetadataPath(std::string_view path) {
  if (path.size() > MetadataFilter::kMaxPathBytes) {
    return Status(Code::kInvalidArgument, "A path into metadata has at most 1024 bytes.")
        .With("actual", std::to_string(path.size()));
  }
  std::vector<std::string> segments;
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('.', start), path.size());
    if (end == start) {
      return Status(Code::kInvalidArgument, "A path into metadata has names between its dots.").With("path", std::string(path));
    }
    segments.emplace_back(path.substr(start, end - start));
    start = end + 1;
  }
  return segments;
}

Result<MetadataFilter> MetadataFilter::Compile(std::vector<EqualityTest> tests) {
  if (tests.size() > kMaxTests) {
    return Status(Code::kInvalidArgument, "A filter has at most 64 tests.").With("actual", std::to_string(tests.size()));
  }
  MetadataFilter filter;
  for (EqualityTest& test : tests) {
    if (test.value.kind == JsonScalar::Kind::kNumber && !std::isfinite(test.value.number)) {
      return Status(Code::kInvalidArgument, "A filter compares with finite numbers.").With("path", test.path);
    }
    SOCHDB_ASSIGN(segments, SplitMetadataPath(test.path));
    filter.tests_.push_back({std::move(test.path), std::move(segments), std::move(test.value)});
  }
  return filter;
}

bool MetadataFilter::Matches(std::span<const Test> tests, std::string_view metadata) {
  return std::all_of(tests.begin(), tests.end(), [metadata](const Test& test) {
    bool found = false;
    VisitJsonPath(metadata, test.segments, [&](const JsonReader& reader, JsonToken token) {
      found = JsonScalarEquals(reader, token, test.value);
      return !found;
    });
    return found;
  });
}

bool MetadataFilter::Matches(std::string_view metadata) const { return Matches(tests_, metadata); }

}  // namespace sochdb
