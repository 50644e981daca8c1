// MetadataFilter: which documents, by what their metadata holds: a tree of tests, checked and taken apart once.
//
// A test names a dotted path and holds when any value that the path reaches passes it: the value itself or a scalar
// element of an array (metadata_paths.h). Numbers compare as numbers, strings by bytes; unlike kinds are neither equal nor
// greater nor less. Where the path reaches nothing no test holds, so `not` of a test does.
//
// As JSON text:
//   ["and", filter, …]  ["or", filter, …]  ["not", filter]                none of `and` is everything, none of `or` nothing
//   ["eq", path, scalar]  ["in", path, scalar, …]
//   ["lt" | "lte" | "gt" | "gte", path, number or string]
//   ["contains" | "startsWith" | "endsWith", path, string]
//   ["exists", path]                                                      objects and arrays count, empty or not
//
// Thread safety: immutable; any thread.
// Limits: kMaxTests tests, kMaxValues values and kMaxBytes of text in all, nested as deep as JSON may be (kJsonMaxDepth),
// paths of at most kMaxPathBytes bytes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "index/document/metadata_paths.h"

namespace sochdb {

// A scalar, of which text belongs to somebody else.
struct ScalarView {
  JsonScalar::Kind kind = JsonScalar::Kind::kNull;
  bool boolean = false;
  double number = 0;
  std::string_view text = {};

  static ScalarView Text(std::string_view text) { return {.kind = JsonScalar::Kind::kString, .text = text}; }
  static ScalarView Of(const JsonScalar& scalar) { return {scalar.kind, scalar.boolean, scalar.number, scalar.string}; }
  // What a reader stands on; scratch holds its text when the spelling has escapes.
  static ScalarView Read(const JsonReader& reader, JsonToken token, std::string* scratch);
};

enum class MetadataTestKind : uint8_t {
  kIn,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kContains,
  kStartsWith,
  kEndsWith,
  kExists,
};

struct MetadataTest {
  MetadataTestKind kind = MetadataTestKind::kIn;
  std::string path;
  std::vector<std::string> segments;
  std::vector<JsonScalar> values;  // of kIn: sorted, each once; of kExists: none; else one

  // Whether a scalar passes.
  [[nodiscard]] bool Passes(const ScalarView& value) const;
};

// Equality, as tests of the engine write it.
struct EqualityTest {
  std::string path;
  JsonScalar value;
};

class MetadataFilter {
 public:
  static constexpr size_t kMaxTests = 1024;
  static constexpr size_t kMaxValues = 16 * 1024;
  static constexpr size_t kMaxBytes = 1024 * 1024;
  static constexpr size_t kMaxPathBytes = 1024;

  enum class Operator : uint8_t { kAnd, kOr, kNot, kTest };
  struct Node {
    Operator op = Operator::kAnd;
    uint32_t test = 0;  // kTest: in tests()
    std::vector<Node> children;
  };

  // kInvalidArgument says what is wrong with the text.
  static Result<MetadataFilter> Parse(std::string_view json);
  // All of them must hold.
  static Result<MetadataFilter> Compile(const std::vector<EqualityTest>& tests);

  [[nodiscard]] bool Matches(std::string_view metadata) const;
  // One test alone.
  [[nodiscard]] static bool Passes(const MetadataTest& test, std::string_view metadata);
  [[nodiscard]] const Node& root() const { return root_; }
  [[nodiscard]] const std::vector<MetadataTest>& tests() const { return tests_; }
  // The text it was parsed from.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  friend class MetadataFilterParser;

  Status AddTest(MetadataTest test, Node* node);
  Node root_;
  std::vector<MetadataTest> tests_;
  size_t values_ = 0;  // of all tests
  std::string text_;
  MetadataPaths paths_;  // numbered as tests_
};

// The segments of a dotted path; kInvalidArgument when one is empty.
Result<std::vector<std::string>> SplitMetadataPath(std::string_view path);

}  // namespace sochdb
