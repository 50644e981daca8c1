#include "exec/functions/json_path.h"

#include <algorithm>
#include <charconv>

namespace sochdb {
namespace json_paths {

// Takes one step off the front. In a quoted name a backslash stands before a quote or a backslash of its own.
bool TakeStep(std::string_view* path, JsonStep* step) {
  if ((*path)[0] == '.') {
    path->remove_prefix(1);
    step->kind = JsonStep::kMember;
    if (!path->empty() && (*path)[0] == '"') {
      size_t end = 1;
      for (; end < path->size() && (*path)[end] != '"'; ++end) {
        if ((*path)[end] == '\\') ++end;
        if (end < path->size()) step->key += (*path)[end];
      }
      if (end >= path->size()) return false;
      path->remove_prefix(end + 1);
      return true;
    }
    const size_t end = std::min(path->find_first_of(".["), path->size());
    step->key = path->substr(0, end);
    path->remove_prefix(end);
    return end > 0;
  }
  const size_t end = path->find(']');
  if ((*path)[0] != '[' || end == std::string_view::npos) return false;
  std::string_view inside = path->substr(1, end - 1);
  path->remove_prefix(end + 1);
  step->kind = JsonStep::kIndex;
  if (!inside.empty() && inside[0] == '#') {
    inside.remove_prefix(1);
    step->kind = inside.empty() ? JsonStep::kAppend : JsonStep::kFromEnd;
    if (inside.empty()) return true;
    if (inside[0] != '-') return false;
    inside.remove_prefix(1);
  }
  return ReadJsonIndex(inside, &step->index);
}

}  // namespace json_paths

bool ReadJsonIndex(std::string_view text, int64_t* out) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *out);
  return !text.empty() && text[0] != '-' && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool ReadJsonPath(std::string_view text, std::vector<JsonStep>* steps) {
  std::string_view rest = text;
  if (rest.empty() || rest[0] != '$') return false;
  rest.remove_prefix(1);
  while (!rest.empty()) {
    JsonStep& step = steps->emplace_back();
    step.at = text.size() - rest.size();
    if (!json_paths::TakeStep(&rest, &step)) return false;
  }
  return true;
}

int32_t JsonStepDown(const JsonTree& tree, int32_t node, const JsonStep& step) {
  const JsonKind kind = tree.at(node).kind;
  if (step.kind == JsonStep::kMember) return kind == JsonKind::kObject ? tree.Member(node, step.key) : -1;
  if (kind != JsonKind::kArray) return -1;
  if (step.kind == JsonStep::kIndex) return tree.Element(node, step.index);
  return step.kind == JsonStep::kFromEnd ? tree.Element(node, tree.Count(node) - step.index) : -1;
}

int32_t FindJsonPath(const JsonTree& tree, int32_t root, const std::vector<JsonStep>& steps) {
  for (const JsonStep& step : steps)
    if (root >= 0) root = JsonStepDown(tree, root, step);
  return root;
}

}  // namespace sochdb
