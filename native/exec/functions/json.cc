// Functions of JSON. Paths are SQLite's: $.member, $."any member", $[0], $[#-1], $[#]; -> and ->> also take a bare member or
// index.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/types.h"
#include "exec/coerce.h"
#include "exec/functions/function.h"
#include "exec/functions/json_path.h"
#include "exec/functions/json_tree.h"

namespace sochdb {
namespace json_functions {

struct State : FunctionState {
  JsonTree tree;
  std::string scratch;
};

// The tree of this evaluator, emptied.
JsonTree* Fresh(FunctionCall* call) {
  if (*call->state == nullptr) *call->state = std::make_unique<State>();
  auto* state = static_cast<State*>(call->state->get());
  state->tree.Clear();
  state->scratch.clear();
  return &state->tree;
}
std::string* Scratch(FunctionCall* call) { return &static_cast<State*>(call->state->get())->scratch; }

Status Read(FunctionCall* call, JsonTree* tree, const Value& value, int32_t* root) {
  if (value.tag == ValueTag::kBlob || value.tag == ValueTag::kVector) return call->Fail("a blob is no JSON");
  const bool text = value.tag == ValueTag::kText || value.tag == ValueTag::kJson;
  std::string_view given = value.bytes;
  if (!text) {
    std::string spelt;
    AppendText(value, &spelt);
    given = tree->Keep(std::move(spelt));
  }
  return tree->Parse(given, root) ? Status() : call->Fail("malformed JSON");
}

// The value as JSON text.
Status AppendJson(FunctionCall* call, const Value& value, std::string* out) {
  switch (value.tag) {
    case ValueTag::kNull:
      *out += "null";
      return {};
    case ValueTag::kBlob:
      return call->Fail("JSON cannot hold a blob");
    case ValueTag::kReal: {
      const size_t start = out->size();
      if (std::isinf(value.f64)) {
        *out += value.f64 < 0 ? "-9e999" : "9e999";
        return {};
      }
      AppendText(value, out);
      if (out->find('.', start) == std::string::npos) out->insert(std::min(out->find('e', start), out->size()), ".0");
      return {};
    }
    case ValueTag::kBoolean:
    case ValueTag::kInteger:
    case ValueTag::kDecimal:
    case ValueTag::kJson:
      AppendText(value, out);
      return {};
    case ValueTag::kVector:
      *out += '[';
      for (size_t i = 0; i + sizeof(float) <= value.bytes.size(); i += sizeof(float)) {
        float x = 0;
        char text[40];
        std::memcpy(&x, value.bytes.data() + i, sizeof x);
        if (i > 0) *out += ',';
        out->append(text, static_cast<size_t>(std::to_chars(text, text + sizeof text, x).ptr - text));
      }
      *out += ']';
      return {};
    default: {
      std::string text;
      AppendText(value, &text);
      AppendJsonQuoted(text, out);
      return {};
    }
  }
}

using Step = JsonStep;

Status ReadPath(FunctionCall* call, std::string_view text, std::vector<Step>* steps) {
  return ReadJsonPath(text, steps) ? Status() : call->Fail("bad JSON path: '" + std::string(text) + "'");
}

Status FindPath(FunctionCall* call, const JsonTree& tree, int32_t root, std::string_view path, int32_t* out) {
  std::vector<Step> steps;
  SOCHDB_TRY(ReadPath(call, path, &steps));
  *out = FindJsonPath(tree, root, steps);
  return {};
}

// What a node says, kept for the batch.
Status Yield(FunctionCall* call, const JsonTree& tree, int32_t node, Value* out) {
  const Value value = tree.ToValue(node, Scratch(call));
  if (PhysicalOf(value.tag) != Physical::kBytes) {
    *out = value;
    return {};
  }
  return call->Keep(value.bytes, value.tag, out);
}

Status YieldJson(FunctionCall* call, const JsonTree& tree, int32_t node, Value* out) {
  std::string text;
  tree.Write(node, &text);
  return call->Keep(text, ValueTag::kJson, out);
}

Status Json(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t root = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &root));
  return YieldJson(call, *tree, root, out);
}

Status JsonValid(FunctionCall*, std::span<const Value> args, Value* out) {
  const ValueTag tag = args[0].tag;
  const bool number = tag == ValueTag::kInteger || tag == ValueTag::kReal || tag == ValueTag::kDecimal;
  const bool text = tag == ValueTag::kText || tag == ValueTag::kJson;
  *out = Value::Boolean(number || tag == ValueTag::kBoolean || (text && IsValidJson(args[0].bytes)));
  return {};
}

Status JsonExtract(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t root = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &root));
  int32_t found = -1;
  if (args.size() == 2) {
    SOCHDB_TRY(FindPath(call, *tree, root, args[1].bytes, &found));
    return found < 0 ? Status() : Yield(call, *tree, found, out);
  }
  std::string list = "[";
  for (const Value& path : args.subspan(1)) {
    SOCHDB_TRY(FindPath(call, *tree, root, path.bytes, &found));
    if (list.size() > 1) list += ',';
    if (found < 0) list += "null";
    else tree->Write(found, &list);
  }
  return call->Keep(list += ']', ValueTag::kJson, out);
}

// The right side of -> and ->>: a path, a member or an index.
Status FindMember(FunctionCall* call, JsonTree* tree, std::span<const Value> args, int32_t* found) {
  int32_t root = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &root));
  Step step;
  const Value& key = args[1];
  if (key.tag == ValueTag::kInteger) {
    step.kind = key.i64 < 0 ? Step::kFromEnd : Step::kIndex;
    step.index = key.i64 < 0 ? -std::max(key.i64, -INT64_MAX) : key.i64;
  } else if (key.tag != ValueTag::kText) {
    return call->Fail("a member is named by text or by its number");
  } else if (!key.bytes.empty() && key.bytes[0] == '$') {
    return FindPath(call, *tree, root, key.bytes, found);
  } else if (key.bytes.size() > 1 && key.bytes.front() == '[' && key.bytes.back() == ']') {
    return FindPath(call, *tree, root, "$" + std::string(key.bytes), found);
  } else {
    step.key = key.bytes;
  }
  *found = JsonStepDown(*tree, root, step);
  return {};
}

Status MemberJson(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t found = -1;
  SOCHDB_TRY(FindMember(call, tree, args, &found));
  return found < 0 ? Status() : YieldJson(call, *tree, found, out);
}

Status MemberValue(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t found = -1;
  SOCHDB_TRY(FindMember(call, tree, args, &found));
  if (found < 0) return {};
  SOCHDB_TRY(Yield(call, *tree, found, out));
  if (out->tag == ValueTag::kJson) out->tag = ValueTag::kText;  // objects and arrays
  return {};
}

// Whether an object has a member of that name, an array a text among its elements, or the value is that text.
bool Has(FunctionCall* call, const JsonTree& tree, int32_t root, std::string_view key) {
  if (tree.at(root).kind == JsonKind::kObject) {
    Step step;
    step.key = key;
    return JsonStepDown(tree, root, step) >= 0;
  }
  const bool is_array = tree.at(root).kind == JsonKind::kArray;
  for (int32_t node = is_array ? tree.at(root).child : root; node >= 0; node = is_array ? tree.at(node).next : -1) {
    if (tree.at(node).kind == JsonKind::kString && tree.ToValue(node, Scratch(call)).bytes == key) return true;
  }
  return false;
}

Status HasKey(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t root = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &root));
  *out = Value::Boolean(Has(call, *tree, root, args[1].bytes));
  return {};
}

// The same of the texts in an array: of one of them, or of all. NULLs among them do not count; nothing else is a key.
template <bool kAll>
Status HasKeys(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t root = -1;
  int32_t keys = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &root));
  SOCHDB_TRY(Read(call, tree, args[1], &keys));
  if (tree->at(keys).kind != JsonKind::kArray) {
    return call->Fail("the keys to look for are an array of texts");
  }
  bool has = kAll;
  for (int32_t node = tree->at(keys).child; node >= 0 && has == kAll; node = tree->at(node).next) {
    if (tree->at(node).kind == JsonKind::kNull) continue;
    const bool is_text = tree->at(node).kind == JsonKind::kString;
    const std::string key(is_text ? tree->ToValue(node, Scratch(call)).bytes : "");
    has = is_text && Has(call, *tree, root, key);
  }
  *out = Value::Boolean(has);
  return {};
}

// json_extract_path(x, 'a', 'b'): by the names of members, or numbers of elements.
Status ExtractPath(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t node = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &node));
  for (const Value& key : args.subspan(1)) {
    Step step;
    step.key = key.bytes;
    if (tree->at(node).kind == JsonKind::kArray && ReadJsonIndex(key.bytes, &step.index)) step.kind = Step::kIndex;
    node = JsonStepDown(*tree, node, step);
    if (node < 0) return {};
  }
  return YieldJson(call, *tree, node, out);
}

// The node a second argument may name; -1 when there is none.
Status At(FunctionCall* call, JsonTree* tree, std::span<const Value> args, int32_t* out) {
  SOCHDB_TRY(Read(call, tree, args[0], out));
  return args.size() > 1 ? FindPath(call, *tree, *out, args[1].bytes, out) : Status();
}

Status JsonType(FunctionCall* call, std::span<const Value> args, Value* out) {
  static constexpr std::string_view kNames[] = {"null", "true", "false", "", "text", "array", "object"};
  JsonTree* tree = Fresh(call);
  int32_t node = -1;
  SOCHDB_TRY(At(call, tree, args, &node));
  if (node < 0) return {};
  const JsonNode& found = tree->at(node);
  std::string_view name = kNames[static_cast<size_t>(found.kind)];
  if (found.kind == JsonKind::kNumber) name = found.raw.find_first_of(".eE") == std::string_view::npos ? "integer" : "real";
  *out = Value::Text(name);
  return {};
}

Status JsonTypeOf(FunctionCall* call, std::span<const Value> args, Value* out) {
  static constexpr std::string_view kNames[] = {"null", "boolean", "boolean", "number", "string", "array", "object"};
  JsonTree* tree = Fresh(call);
  int32_t node = -1;
  SOCHDB_TRY(At(call, tree, args, &node));
  *out = Value::Text(kNames[static_cast<size_t>(tree->at(node).kind)]);
  return {};
}

Status JsonArrayLength(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t node = -1;
  SOCHDB_TRY(At(call, tree, args, &node));
  if (node >= 0) *out = Value::Integer(tree->at(node).kind == JsonKind::kArray ? tree->Count(node) : 0);
  return {};
}

// The elements from one place to another, counted from 1; what lies beyond the ends is left out.
Status ArraySlice(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t node = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &node));
  if (tree->at(node).kind != JsonKind::kArray) return {};
  const int64_t last = args.size() > 2 ? args[2].i64 : INT64_MAX;
  std::string text = "[";
  int64_t place = 1;
  for (int32_t child = tree->at(node).child; child >= 0 && place <= last; child = tree->at(child).next, ++place) {
    if (place < args[1].i64) continue;
    if (text.size() > 1) text += ',';
    tree->Write(child, &text);
  }
  return call->Keep(text += ']', ValueTag::kJson, out);
}

Status JsonKeys(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t node = -1;
  SOCHDB_TRY(At(call, tree, args, &node));
  if (node < 0 || tree->at(node).kind != JsonKind::kObject) return {};
  std::string text = "[";
  for (int32_t child = tree->at(node).child; child >= 0; child = tree->at(child).next)
    text.append(text.size() > 1 ? "," : "").append(tree->at(child).key);
  return call->Keep(text += ']', ValueTag::kJson, out);
}

Status JsonQuote(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string text;
  SOCHDB_TRY(AppendJson(call, args[0], &text));
  return call->Keep(text, ValueTag::kJson, out);
}

Status JsonArray(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string text = "[";
  for (const Value& value : args) {
    if (text.size() > 1) text += ',';
    SOCHDB_TRY(AppendJson(call, value, &text));
    if (text.size() > kMaxValueBytes) break;
  }
  return call->Keep(text += ']', ValueTag::kJson, out);
}

Status JsonObject(FunctionCall* call, std::span<const Value> args, Value* out) {
  if (args.size() % 2 != 0) return call->Fail("it takes names and values in turn");
  std::string text = "{";
  for (size_t i = 0; i < args.size(); i += 2) {
    if (args[i].tag != ValueTag::kText) return call->Fail("names must be text");
    if (i > 0) text += ',';
    AppendJsonQuoted(args[i].bytes, &text);
    text += ':';
    SOCHDB_TRY(AppendJson(call, args[i + 1], &text));
    if (text.size() > kMaxValueBytes) break;
  }
  return call->Keep(text += '}', ValueTag::kJson, out);
}

enum class Edit : uint8_t { kInsert = 1, kReplace = 2, kSet = 3 };

// Puts a value where the path leads; a part of the path that is not there is made, if the edit inserts.
void Put(JsonTree* tree, int32_t root, std::span<const Step> steps, Edit edit, int32_t value) {
  const bool inserts = edit != Edit::kReplace;
  int32_t node = root;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const int32_t next = JsonStepDown(*tree, node, step);
    if (next >= 0) {
      node = next;
      continue;
    }
    const JsonKind kind = tree->at(node).kind;
    if (!inserts || kind != (step.kind == Step::kMember ? JsonKind::kObject : JsonKind::kArray)) return;
    if (step.kind == Step::kFromEnd || (step.kind == Step::kIndex && step.index != tree->Count(node))) return;
    // Below what is made, only members and first elements can be.
    for (const Step& below : steps.subspan(i + 1)) {
      if (below.kind == Step::kFromEnd || (below.kind == Step::kIndex && below.index != 0)) return;
    }
    for (size_t k = i; k < steps.size(); ++k) {
      JsonNode made;
      if (k + 1 < steps.size()) made.kind = steps[k + 1].kind == Step::kMember ? JsonKind::kObject : JsonKind::kArray;
      const int32_t child = tree->Add(made);
      if (k + 1 == steps.size()) tree->Assign(child, value);
      if (steps[k].kind == Step::kMember) {
        std::string key;
        AppendJsonQuoted(steps[k].key, &key);
        tree->at(child).key = tree->Keep(std::move(key));
      }
      tree->Append(node, child);
      node = child;
    }
    return;
  }
  if (edit != Edit::kInsert) tree->Assign(node, value);
}

template <Edit edit>
Status JsonEdit(FunctionCall* call, std::span<const Value> args, Value* out) {
  if (args.size() % 2 == 0) return call->Fail("it takes JSON, then paths and values in turn");
  if (args[0].is_null()) return {};
  JsonTree* tree = Fresh(call);
  int32_t root = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &root));
  for (size_t i = 1; i < args.size(); i += 2) {
    if (args[i].is_null()) continue;
    if (args[i].tag != ValueTag::kText) return call->Fail("a path must be text");
    std::vector<Step> steps;
    SOCHDB_TRY(ReadPath(call, args[i].bytes, &steps));
    std::string text;
    SOCHDB_TRY(AppendJson(call, args[i + 1], &text));
    int32_t value = -1;
    if (!tree->Parse(tree->Keep(std::move(text)), &value)) return call->Fail("malformed JSON");
    Put(tree, root, steps, edit, value);
  }
  return YieldJson(call, *tree, root, out);
}

Status JsonRemove(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t root = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &root));
  for (const Value& path : args.subspan(1)) {
    std::vector<Step> steps;
    SOCHDB_TRY(ReadPath(call, path.bytes, &steps));
    if (steps.empty()) return {};
    const Step last = std::move(steps.back());
    steps.pop_back();
    const int32_t parent = FindJsonPath(*tree, root, steps);
    const int32_t child = parent < 0 ? -1 : JsonStepDown(*tree, parent, last);
    if (child >= 0) tree->Remove(parent, child);
  }
  return YieldJson(call, *tree, root, out);
}

// RFC 7396.
void Merge(JsonTree* tree, int32_t target, int32_t patch) {
  if (tree->at(patch).kind != JsonKind::kObject) {
    tree->Assign(target, patch);
    return;
  }
  if (tree->at(target).kind != JsonKind::kObject) {
    tree->at(target).kind = JsonKind::kObject;
    tree->at(target).child = -1;
  }
  for (int32_t member = tree->at(patch).child; member >= 0; member = tree->at(member).next) {
    std::string key;
    AppendJsonDecoded(tree->at(member).key, &key);
    int32_t existing = tree->Member(target, key);
    if (tree->at(member).kind == JsonKind::kNull) {
      if (existing >= 0) tree->Remove(target, existing);
      continue;
    }
    if (existing < 0) {
      JsonNode made;
      made.key = tree->at(member).key;
      existing = tree->Add(made);
      tree->Append(target, existing);
    }
    Merge(tree, existing, member);
  }
}

Status JsonPatch(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t target = -1;
  int32_t patch = -1;
  SOCHDB_TRY(Read(call, tree, args[0], &target));
  SOCHDB_TRY(Read(call, tree, args[1], &patch));
  Merge(tree, target, patch);
  return YieldJson(call, *tree, target, out);
}

bool SameScalar(const JsonTree& tree, int32_t a, int32_t b) {
  if (tree.at(a).kind != tree.at(b).kind) return false;
  std::string left;
  std::string right;
  const Value x = tree.ToValue(a, &left);
  const Value y = tree.ToValue(b, &right);
  return CompareValues(x, y) == 0;
}

// @>: every member and element of the part is somewhere in the whole. An array contains a scalar that is one of its elements.
Status Contains(FunctionCall* call, const JsonTree& tree, int32_t whole, int32_t part, bool top, bool* out) {
  SOCHDB_TRY(call->context->Tick());
  *out = false;
  const JsonKind kind = tree.at(whole).kind;
  const JsonKind wanted = tree.at(part).kind;
  const bool scalar = wanted != JsonKind::kArray && wanted != JsonKind::kObject;
  if (kind == JsonKind::kArray && (wanted == JsonKind::kArray || (scalar && top))) {
    int32_t item = scalar ? part : tree.at(part).child;
    for (; item >= 0; item = scalar ? -1 : tree.at(item).next) {
      bool found = false;
      for (int32_t child = tree.at(whole).child; child >= 0 && !found; child = tree.at(child).next)
        SOCHDB_TRY(Contains(call, tree, child, item, false, &found));
      if (!found) return {};
    }
    *out = true;
    return {};
  }
  if (kind != wanted) return {};
  if (scalar) {
    *out = SameScalar(tree, whole, part);
    return {};
  }
  for (int32_t member = tree.at(part).child; member >= 0; member = tree.at(member).next) {
    std::string key;
    AppendJsonDecoded(tree.at(member).key, &key);
    const int32_t other = tree.Member(whole, key);
    bool found = false;
    if (other >= 0) SOCHDB_TRY(Contains(call, tree, other, member, false, &found));
    if (!found) return {};
  }
  *out = true;
  return {};
}

Status JsonContains(FunctionCall* call, std::span<const Value> args, Value* out) {
  JsonTree* tree = Fresh(call);
  int32_t whole = -1;
  int32_t part = -1;
  bool contains = false;
  SOCHDB_TRY(Read(call, tree, args[0], &whole));
  SOCHDB_TRY(Read(call, tree, args[1], &part));
  SOCHDB_TRY(Contains(call, *tree, whole, part, true, &contains));
  *out = Value::Boolean(contains);
  return {};
}

constexpr Function kTable[] = {
    {300, "json", "J:J", kStrict, &Json},
    {301, "json_valid", "A:O", kStrict, &JsonValid},
    {302, "json_extract", "JTT*:A", kStrict, &JsonExtract},
    {303, "json_member", "JA:J", kStrict, &MemberJson},
    {304, "json_member_value", "JA:A", kStrict, &MemberValue},
    {305, "json_type", "J[T]:T", kStrict, &JsonType},
    {306, "json_typeof", "J:T", kStrict, &JsonTypeOf},
    {307, "json_array_length", "J[T]:I", kStrict, &JsonArrayLength},
    {308, "json_keys", "J[T]:J", kStrict, &JsonKeys},
    {309, "json_quote", "A:J", 0, &JsonQuote},
    {310, "json_array", "A*:J", 0, &JsonArray},
    {311, "json_object", "A*:J", 0, &JsonObject},
    {312, "json_insert", "JA*:J", 0, &JsonEdit<Edit::kInsert>},
    {313, "json_replace", "JA*:J", 0, &JsonEdit<Edit::kReplace>},
    {314, "json_set", "JA*:J", 0, &JsonEdit<Edit::kSet>},
    {315, "json_remove", "JT*:J", kStrict, &JsonRemove},
    {316, "json_patch", "JJ:J", kStrict, &JsonPatch},
    {317, "json_contains", "JJ:O", kStrict, &JsonContains},
    {318, "json_extract_path", "JT*:J", kStrict, &ExtractPath},
    {319, "json_has_key", "JT:O", kStrict, &HasKey},
    {320, "json_has_any_key", "JJ:O", kStrict, &HasKeys<false>},
    {321, "json_has_all_keys", "JJ:O", kStrict, &HasKeys<true>},
    {322, "array_slice", "JI[I]:J", kStrict, &ArraySlice},
};

}  // namespace json_functions

std::span<const Function> JsonFunctions() { return json_functions::kTable; }

}  // namespace sochdb
