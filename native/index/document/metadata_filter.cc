#include "index/document/metadata_filter.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <utility>

namespace sochdb {
namespace {

using Kind = JsonScalar::Kind;

// Below, equal or above, over all kinds: what sorted lists of values are sorted by.
int CompareScalars(const ScalarView& a, const ScalarView& b) {
  if (a.kind != b.kind) return a.kind < b.kind ? -1 : 1;
  switch (a.kind) {
    case Kind::kNull:
      return 0;
    case Kind::kBoolean:
      return static_cast<int>(a.boolean) - static_cast<int>(b.boolean);
    case Kind::kNumber:
      return a.number < b.number ? -1 : static_cast<int>(a.number > b.number);
    case Kind::kString:
      break;
  }
  return a.text.compare(b.text);
}

bool Below(const JsonScalar& a, const JsonScalar& b) { return CompareScalars(ScalarView::Of(a), ScalarView::Of(b)) < 0; }

Status Damaged(const JsonReader& reader, const char* what) {
  if (Status status = reader.status(); !status.ok()) return status;
  return Status(Code::kInvalidArgument, std::string("A filter is damaged: ") + what + ".")
      .With("position", std::to_string(reader.position()));
}

bool EvaluateNode(const MetadataFilter::Node& node, const std::bitset<MetadataFilter::kMaxTests>& passed) {
  const auto holds = [&passed](const MetadataFilter::Node& child) { return EvaluateNode(child, passed); };
  switch (node.op) {
    case MetadataFilter::Operator::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case MetadataFilter::Operator::kOr:
      return std::any_of(node.children.begin(), node.children.end(), holds);
    case MetadataFilter::Operator::kNot:
      return !holds(node.children.front());
    case MetadataFilter::Operator::kTest:
      break;
  }
  return passed[node.test];
}

}  // namespace

ScalarView ScalarView::Read(const JsonReader& reader, JsonToken token, std::string* scratch) {
  switch (token) {
    case JsonToken::kTrue:
    case JsonToken::kFalse:
      return {.kind = Kind::kBoolean, .boolean = token == JsonToken::kTrue};
    case JsonToken::kNumber:
      return {.kind = Kind::kNumber, .number = reader.Number()};
    case JsonToken::kString:
      if (reader.raw().find('\\') == std::string_view::npos) return Text(reader.raw());
      *scratch = reader.Text();
      return Text(*scratch);
    default:
      return {};
  }
}

bool MetadataTest::Passes(const ScalarView& value) const {
  if (kind == MetadataTestKind::kExists) return true;
  if (kind == MetadataTestKind::kIn) {
    const auto below = [](const JsonScalar& a, const ScalarView& b) { return CompareScalars(ScalarView::Of(a), b) < 0; };
    const auto place = std::lower_bound(values.begin(), values.end(), value, below);
    return place != values.end() && CompareScalars(value, ScalarView::Of(*place)) == 0;
  }
  const ScalarView operand = ScalarView::Of(values.front());
  if (value.kind != operand.kind) return false;
  switch (kind) {
    case MetadataTestKind::kLess:
      return CompareScalars(value, operand) < 0;
    case MetadataTestKind::kLessEqual:
      return CompareScalars(value, operand) <= 0;
    case MetadataTestKind::kGreater:
      return CompareScalars(value, operand) > 0;
    case MetadataTestKind::kGreaterEqual:
      return CompareScalars(value, operand) >= 0;
    case MetadataTestKind::kContains:
      return value.text.find(operand.text) != std::string_view::npos;
    case MetadataTestKind::kStartsWith:
      return value.text.starts_with(operand.text);
    default:
      return value.text.ends_with(operand.text);
  }
}

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

// --- making one

Status MetadataFilter::AddTest(MetadataTest test, Node* node) {
  if (tests_.size() == kMaxTests) return {Code::kInvalidArgument, "A filter has at most 1024 tests."};
  values_ += test.values.size();
  if (values_ > kMaxValues) return {Code::kInvalidArgument, "A filter compares with at most 16384 values."};
  for (const JsonScalar& value : test.values) {
    if (value.kind != Kind::kNumber || std::isfinite(value.number)) continue;
    return Status(Code::kInvalidArgument, "A filter compares with finite numbers.").With("path", test.path);
  }
  SOCHDB_ASSIGN(segments, SplitMetadataPath(test.path));
  test.segments = std::move(segments);
  if (test.kind == MetadataTestKind::kIn) {
    std::sort(test.values.begin(), test.values.end(), Below);
    test.values.erase(std::unique(test.values.begin(), test.values.end()), test.values.end());
  }
  node->op = Operator::kTest;
  node->test = static_cast<uint32_t>(tests_.size());
  paths_.Add(test.segments, node->test);
  tests_.push_back(std::move(test));
  return {};
}

Result<MetadataFilter> MetadataFilter::Compile(const std::vector<EqualityTest>& tests) {
  MetadataFilter filter;
  for (const EqualityTest& test : tests) {
    SOCHDB_TRY(
        filter.AddTest({.path = test.path, .segments = {}, .values = {test.value}}, &filter.root_.children.emplace_back()));
  }
  return filter;
}

// Reads the text of a filter. The depth of its recursion is that of the JSON, which the reader limits.
class MetadataFilterParser {
 public:
  MetadataFilterParser(std::string_view json, MetadataFilter* filter) : reader_(json), filter_(filter) {}

  Status Parse() {
    SOCHDB_TRY(ParseNode(reader_.Next(), &filter_->root_));
    return reader_.Next() == JsonToken::kEnd ? Status() : Damaged(reader_, "more follows it");
  }

 private:
  using Node = MetadataFilter::Node;
  using Operator = MetadataFilter::Operator;

  struct TestName {
    std::string_view name;
    MetadataTestKind kind;
    size_t least;
    size_t most;
  };
  static constexpr std::array<TestName, 10> kTests = {{
      {"eq", MetadataTestKind::kIn, 1, 1},
      {"in", MetadataTestKind::kIn, 0, MetadataFilter::kMaxValues},
      {"lt", MetadataTestKind::kLess, 1, 1},
      {"lte", MetadataTestKind::kLessEqual, 1, 1},
      {"gt", MetadataTestKind::kGreater, 1, 1},
      {"gte", MetadataTestKind::kGreaterEqual, 1, 1},
      {"contains", MetadataTestKind::kContains, 1, 1},
      {"startsWith", MetadataTestKind::kStartsWith, 1, 1},
      {"endsWith", MetadataTestKind::kEndsWith, 1, 1},
      {"exists", MetadataTestKind::kExists, 0, 0},
  }};

  Status ParseNode(JsonToken token, Node* node) {
    if (token != JsonToken::kBeginArray) return Damaged(reader_, "it is made of arrays");
    if (reader_.Next() != JsonToken::kString) return Damaged(reader_, "an array of it begins with an operator");
    const std::string name = reader_.Text();
    for (const TestName& test : kTests) {
      if (test.name == name) return ParseTest(test, node);
    }
    node->op = name == "and" ? Operator::kAnd : name == "or" ? Operator::kOr : Operator::kNot;
    if (node->op == Operator::kNot && name != "not") return Damaged(reader_, "there is no such operator");
    for (token = reader_.Next(); token != JsonToken::kEndArray; token = reader_.Next()) {
      SOCHDB_TRY(ParseNode(token, &node->children.emplace_back()));
    }
    if (node->op != Operator::kNot || node->children.size() == 1) return {};
    return Damaged(reader_, "`not` is of one filter");
  }

  Status ParseTest(const TestName& name, Node* node) {
    MetadataTest test;
    test.kind = name.kind;
    if (reader_.Next() != JsonToken::kString) return Damaged(reader_, "an operator is followed by a path");
    test.path = reader_.Text();
    for (JsonToken token = reader_.Next(); token != JsonToken::kEndArray; token = reader_.Next()) {
      if (token < JsonToken::kString || token > JsonToken::kNull) return Damaged(reader_, "it compares with scalars");
      if (test.values.size() == name.most) return Damaged(reader_, "an operator has too many operands");
      test.values.push_back(ReadJsonScalar(reader_, token));
    }
    if (test.values.size() < name.least) return Damaged(reader_, "an operator lacks its operand");
    if (test.kind != MetadataTestKind::kIn && !test.values.empty()) {
      const Kind kind = test.values.front().kind;
      const bool takes_number = test.kind <= MetadataTestKind::kGreaterEqual;
      if (kind != Kind::kString && !(takes_number && kind == Kind::kNumber)) {
        return Damaged(reader_, "an operator's operand has the wrong type");
      }
    }
    return filter_->AddTest(std::move(test), node);
  }

  JsonReader reader_;
  MetadataFilter* const filter_;
};

Result<MetadataFilter> MetadataFilter::Parse(std::string_view json) {
  if (json.size() > kMaxBytes) {
    return Status(Code::kInvalidArgument, "A filter has at most 1 MiB of text.").With("actual", std::to_string(json.size()));
  }
  MetadataFilter filter;
  filter.text_ = json;
  SOCHDB_TRY(MetadataFilterParser(json, &filter).Parse());
  return filter;
}

// --- applying it

bool MetadataFilter::Matches(std::string_view metadata) const {
  std::bitset<kMaxTests> passed;
  size_t open = tests_.size();
  std::string scratch;
  if (!paths_.empty()) {
    paths_.Visit(metadata, [&](uint32_t test, const JsonReader& reader, JsonToken token) {
      if (passed[test]) return true;
      const bool exists = tests_[test].kind == MetadataTestKind::kExists;
      if (!exists && (token < JsonToken::kString || !tests_[test].Passes(ScalarView::Read(reader, token, &scratch))))
        return true;
      passed[test] = true;
      return --open > 0;
    });
  }
  return EvaluateNode(root_, passed);
}

bool MetadataFilter::Passes(const MetadataTest& test, std::string_view metadata) {
  MetadataPaths path;
  path.Add(test.segments, 0);
  bool passes = false;
  std::string scratch;
  path.Visit(metadata, [&](uint32_t, const JsonReader& reader, JsonToken token) {
    const bool is_scalar = token >= JsonToken::kString;
    passes = test.kind == MetadataTestKind::kExists || (is_scalar && test.Passes(ScalarView::Read(reader, token, &scratch)));
    return !passes;
  });
  return passes;
}

}  // namespace sochdb
