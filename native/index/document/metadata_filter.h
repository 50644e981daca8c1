// MetadataFilter: a conjunction of equality tests on a document's metadata, checked and taken apart once.
//
// A test names a dotted path and a scalar. It holds when the path reaches that scalar: the value itself or an element of an
// array (on the way, an array stands for each object in it). A missing field equals nothing; null equals an explicit null
// alone. Numbers compare as numbers, strings by bytes, unlike kinds are unequal.
//
// Thread safety: immutable; any thread. Limits: kMaxTests tests, paths of at most kMaxPathBytes bytes.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace sochdb {

struct EqualityTest {
  std::string path;
  JsonScalar value;
};

class MetadataFilter {
 public:
  static constexpr size_t kMaxTests = 64;
  static constexpr size_t kMaxPathBytes = 1024;

  struct Test {
    std::string path;
    std::vector<std::string> segments;
    JsonScalar value;
  };

  // No tests: matches everything. kInvalidArgument for an empty path or segment, a number that is NaN or infinite, or too much.
  static Result<MetadataFilter> Compile(std::vector<EqualityTest> tests);

  [[nodiscard]] bool Matches(std::string_view metadata) const;
  [[nodiscard]] static bool Matches(std::span<const Test> tests, std::string_view metadata);
  [[nodiscard]] const std::vector<Test>& tests() const { return tests_; }

 private:
  std::vector<Test> tests_;
};

// The segments of a dotted path; kInvalidArgument when one is empty.
Result<std::vector<std::string>> SplitMetadataPath(std::string_view path);

}  // namespace sochdb
