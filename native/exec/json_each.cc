// json_each and json_tree: the members and elements of a JSON value as rows; json_tree gives the value itself too, and all
// below. Columns are SQLite's. `id` is the place of the node in the order of the text, which its parent's children name as
// `parent`.

#include <algorithm>

#include "exec/coerce.h"
#include "exec/functions/json_path.h"
#include "exec/functions/json_tree.h"
#include "exec/table_function.h"

namespace sochdb {
namespace json_rows {

constexpr ColumnType kColumns[] = {ColumnType::kAny,     ColumnType::kAny,     ColumnType::kText, ColumnType::kAny,
                                   ColumnType::kInteger, ColumnType::kInteger, ColumnType::kText, ColumnType::kText};

std::string_view TypeName(const JsonNode& node) {
  static constexpr std::string_view kNames[] = {"null", "true", "false", "", "text", "array", "object"};
  if (node.kind != JsonKind::kNumber) return kNames[static_cast<size_t>(node.kind)];
  return node.raw.find_first_of(".eE") == std::string_view::npos ? "integer" : "real";
}

bool IsContainer(const JsonNode& node) { return node.kind == JsonKind::kArray || node.kind == JsonKind::kObject; }

// ".key", with quotes around what is no plain word.
void AppendMember(std::string_view raw, std::string* path) {
  const std::string_view key = raw.substr(1, raw.size() - 2);
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_word = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  const bool plain = !key.empty() && is_letter(key[0]) && std::all_of(key.begin(), key.end(), is_word);
  path->push_back('.');
  path->append(plain ? key : raw);
}

// What the rows below one container have in common, and where among them the walk is.
struct Level {
  int32_t container;
  int32_t next;   // the child whose row comes next, or -1
  int64_t index;  // of that child
  size_t path;    // length of the container's path
};

template <bool kTree>
class JsonRows : public TableFunction {
 public:
  explicit JsonRows(ExecContext* context) : context_(context) {}

  Status Open(std::span<const Value> args) override {
    tree_.Clear();
    levels_.clear();
    start_ = -1;
    for (const Value& arg : args)
      if (arg.is_null()) return {};
    int32_t root = -1;
    SOCHDB_TRY(Read(args[0], &root));
    path_ = args.size() > 1 ? args[1].bytes : "$";
    std::vector<JsonStep> steps;
    if (!ReadJsonPath(path_, &steps)) return Fail("bad JSON path: '" + path_ + "'");
    start_ = FindJsonPath(tree_, root, steps);
    if (start_ < 0) return {};
    outside_ = kTree && !steps.empty() ? steps.back().at : path_.size();
    start_key_ = {};
    if (kTree && !steps.empty()) SetStartKey(root, steps);
    if (!kTree && IsContainer(tree_.at(start_))) {
      Enter(start_);
      start_ = -1;
    }
    return {};
  }

  Status Next(uint32_t want, BatchStorage* out, uint32_t* rows) override {
    *rows = 0;
    if (start_ >= 0) {
      const int32_t node = start_;
      start_ = -1;
      SOCHDB_TRY(Row(0, node, start_key_, -1, std::string_view(path_).substr(0, outside_), out));
      ++*rows;
      if (kTree && IsContainer(tree_.at(node))) Enter(node);
    }
    while (*rows < want && !levels_.empty()) {
      if (levels_.back().next < 0) {
        levels_.pop_back();
        continue;
      }
      SOCHDB_TRY(context_->Tick());
      SOCHDB_TRY(Child((*rows)++, out));
    }
    return {};
  }

 private:
  static Status Fail(const std::string& what) {
    const char* name = kTree ? "json_tree" : "json_each";
    return {Code::kInvalidArgument, std::string(name) + "(): " + what, {{"function", name}}};
  }

  Status Read(const Value& value, int32_t* root) {
    if (value.tag == ValueTag::kBlob || value.tag == ValueTag::kVector) return Fail("a blob is no JSON");
    std::string_view given = value.bytes;
    if (value.tag != ValueTag::kText && value.tag != ValueTag::kJson) {
      std::string spelt;
      AppendText(value, &spelt);
      given = tree_.Keep(std::move(spelt));
    }
    return tree_.Parse(given, root) ? Status() : Fail("malformed JSON");
  }

  void SetStartKey(int32_t root, const std::vector<JsonStep>& steps) {
    const JsonStep& last = steps.back();
    if (last.kind == JsonStep::kMember) {
      start_name_ = last.key;
      start_key_ = Value::Text(start_name_);
      return;
    }
    const int32_t parent = FindJsonPath(tree_, root, {steps.begin(), steps.end() - 1});
    start_key_ = Value::Integer(last.kind == JsonStep::kFromEnd ? tree_.Count(parent) - last.index : last.index);
  }

  void Enter(int32_t container) { levels_.push_back({container, tree_.at(container).child, 0, path_.size()}); }

  Status Child(uint32_t row, BatchStorage* out) {
    Level& level = levels_.back();
    const int32_t node = level.next;
    const int64_t index = level.index++;
    level.next = tree_.at(node).next;
    path_.resize(level.path);
    scratch_.clear();
    Value key;
    if (tree_.at(level.container).kind == JsonKind::kObject) {
      AppendMember(tree_.at(node).key, &path_);
      AppendJsonDecoded(tree_.at(node).key, &scratch_);
      key = Value::Text(scratch_);
    } else {
      path_.append("[").append(std::to_string(index)).append("]");
      key = Value::Integer(index);
    }
    SOCHDB_TRY(Row(row, node, key, kTree ? level.container : -1, std::string_view(path_).substr(0, level.path), out));
    if (kTree && IsContainer(tree_.at(node))) Enter(node);
    return {};
  }

  // The row of a node; path_ is its own, `outside` that of its container.
  Status Row(uint32_t row, int32_t node, const Value& key, int64_t parent, std::string_view outside, BatchStorage* out) {
    const JsonNode& found = tree_.at(node);
    std::string text;
    const Value value = tree_.ToValue(node, &text);
    const Value parent_id = parent < 0 ? Value() : Value::Integer(parent);
    const Value cells[] = {key,
                           value,
                           Value::Text(TypeName(found)),
                           IsContainer(found) ? Value() : value,
                           Value::Integer(node),
                           parent_id,
                           Value::Text(path_),
                           Value::Text(outside)};
    for (size_t i = 0; i < std::size(cells); ++i) SOCHDB_TRY(out->Set(i, row, cells[i]));
    return {};
  }

  ExecContext* context_;
  JsonTree tree_;
  std::vector<Level> levels_;
  std::string path_;     // of the node at hand
  std::string scratch_;  // its key
  int32_t start_ = -1;   // a value that has a row of its own, before all others
  Value start_key_;
  std::string start_name_;
  size_t outside_ = 0;  // length of the path of what holds it
};

// unnest(json): the elements of an array.
class Elements : public TableFunction {
 public:
  explicit Elements(ExecContext* context) : context_(context) {}

  Status Open(std::span<const Value> args) override {
    next_ = -1;
    tree_.Clear();
    if (args[0].is_null()) return {};
    int32_t root = -1;
    if ((args[0].tag != ValueTag::kText && args[0].tag != ValueTag::kJson) || !tree_.Parse(args[0].bytes, &root) ||
        tree_.at(root).kind != JsonKind::kArray) {
      return {Code::kInvalidArgument, "unnest(): the value is no JSON array", {{"function", "unnest"}}};
    }
    next_ = tree_.at(root).child;
    return {};
  }

  Status Next(uint32_t want, BatchStorage* out, uint32_t* rows) override {
    for (*rows = 0; *rows < want && next_ >= 0; ++*rows) {
      SOCHDB_TRY(context_->Tick());
      std::string text;
      const Value value = tree_.ToValue(next_, &text);
      SOCHDB_TRY(out->Set(0, *rows, value));
      next_ = tree_.at(next_).next;
    }
    return {};
  }

 private:
  ExecContext* context_;
  JsonTree tree_;
  int32_t next_ = -1;
};

const char* CheckElements(std::span<const ColumnType> args, std::span<const ColumnType> columns) {
  const bool json = args.size() == 1 && (args[0] == ColumnType::kJson || args[0] == ColumnType::kText ||
                                         args[0] == ColumnType::kAny || args[0] == ColumnType::kNull);
  if (!json) return "unnest takes a JSON array";
  return columns.size() == 1 && columns[0] == ColumnType::kAny ? nullptr : "unnest yields a value";
}

std::unique_ptr<TableFunction> MakeElements(ExecContext* context) { return std::make_unique<Elements>(context); }

const char* Check(std::span<const ColumnType> args, std::span<const ColumnType> columns) {
  const auto is_json = [](ColumnType type) {
    return type == ColumnType::kJson || type == ColumnType::kText || type == ColumnType::kAny || type == ColumnType::kNull;
  };
  if (args.empty() || args.size() > 2) return "json_each and json_tree take JSON and perhaps a path";
  if (!is_json(args[0])) return "json_each and json_tree take JSON or text";
  if (args.size() > 1 && args[1] != ColumnType::kText && args[1] != ColumnType::kNull) return "a path is text";
  if (!std::equal(columns.begin(), columns.end(), std::begin(kColumns), std::end(kColumns), SameClass))
    return "json_each and json_tree yield key, value, type, atom, id, parent, fullkey and path";
  return nullptr;
}

template <bool kTree>
std::unique_ptr<TableFunction> Make(ExecContext* context) {
  return std::make_unique<JsonRows<kTree>>(context);
}

}  // namespace json_rows

const TableFunctionInfo kJsonEach{2, json_rows::Check, json_rows::Make<false>};
const TableFunctionInfo kJsonTree{3, json_rows::Check, json_rows::Make<true>};
const TableFunctionInfo kUnnest{5, json_rows::CheckElements, json_rows::MakeElements};

}  // namespace sochdb
