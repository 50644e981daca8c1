// Functions of regular expressions.

#include <algorithm>
#include <array>

#include "exec/functions/function.h"
#include "exec/functions/regexp.h"
#include "exec/functions/text_parts.h"

namespace sochdb {
namespace regexp_functions {

struct Flags {
  RegexpFlags pattern;
  bool global = false;
};

// Patterns of late: one when it is a constant.
struct State : FunctionState {
  struct Entry {
    std::string pattern;
    std::string flags;
    Flags read;
    Regexp regexp;
  };
  static constexpr size_t kEntries = 8;
  std::vector<std::unique_ptr<Entry>> entries;
  size_t oldest = 0;
  RegexpMatcher matcher;
  std::vector<size_t> spans;
};

State* StateOf(FunctionCall* call) {
  if (*call->state == nullptr) *call->state = std::make_unique<State>();
  return static_cast<State*>(call->state->get());
}

Status ReadFlags(FunctionCall* call, std::string_view text, Flags* out) {
  for (const char flag : text) {
    if (flag == 'i' || flag == 'c') out->pattern.ignore_case = flag == 'i';
    else if (flag == 'm') out->pattern.multiline = true;
    else if (flag == 's') out->pattern.dot_all = true;
    else if (flag == 'g') out->global = true;
    else return call->Fail(std::string("there is no flag '") + flag + "'. There are i, c, m, s and g.");
  }
  return {};
}

Status Get(FunctionCall* call, const Value& pattern, std::span<const Value> flags, const State::Entry** out) {
  State* state = StateOf(call);
  const std::string_view flag_text = flags.empty() ? std::string_view() : flags[0].bytes;
  for (const auto& entry : state->entries) {
    if (entry->pattern != pattern.bytes || entry->flags != flag_text) continue;
    *out = entry.get();
    return {};
  }
  auto made = std::make_unique<State::Entry>();
  made->pattern = pattern.bytes;
  made->flags = flag_text;
  SOCHDB_TRY(ReadFlags(call, flag_text, &made->read));
  const Status compiled = Regexp::Compile(made->pattern, made->read.pattern, &made->regexp);
  if (!compiled.ok()) return call->Fail(compiled.message());
  *out = made.get();
  if (state->entries.size() < State::kEntries) {
    state->entries.push_back(std::move(made));
  } else {
    state->entries[state->oldest] = std::move(made);
    state->oldest = (state->oldest + 1) % State::kEntries;
  }
  return {};
}

Status Matches(FunctionCall* call, const Value& text, const Value& pattern, std::span<const Value> flags, Value* out) {
  const State::Entry* entry = nullptr;
  SOCHDB_TRY(Get(call, pattern, flags, &entry));
  bool found = false;
  SOCHDB_TRY(StateOf(call)->matcher.Search(entry->regexp, text.bytes, 0, call->context, &found, nullptr));
  *out = Value::Boolean(found);
  return {};
}

Status PatternFirst(FunctionCall* call, std::span<const Value> args, Value* out) {
  return Matches(call, args[1], args[0], args.subspan(2), out);
}

Status TextFirst(FunctionCall* call, std::span<const Value> args, Value* out) {
  return Matches(call, args[0], args[1], args.subspan(2), out);
}

// Calls `each` with the spans of every match from `from` on until it returns false. Behind an empty match the search goes on
// one character further.
template <typename Each>
Status ForMatches(FunctionCall* call, const Regexp& regexp, std::string_view text, size_t from, const Each& each) {
  State* state = StateOf(call);
  while (from <= text.size()) {
    bool found = false;
    SOCHDB_TRY(state->matcher.Search(regexp, text, from, call->context, &found, &state->spans));
    if (!found || !each(state->spans)) return {};
    const size_t end = state->spans[1];
    from = end;
    if (state->spans[0] == end) from += end < text.size() ? std::min(CodePointBytes(text[end]), text.size() - end) : 1;
  }
  return {};
}

// What \1 to \9 and \0 or \& of a replacement stand for.
void AppendReplacement(std::string_view replacement, std::string_view text, const std::vector<size_t>& spans,
                       std::string* out) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    const char next = i + 1 < replacement.size() ? replacement[i + 1] : '\0';
    const bool group = (next >= '0' && next <= '9') || next == '&';
    if (c != '\\' || !(group || next == '\\')) {
      out->push_back(c);
      continue;
    }
    ++i;
    if (!group) {
      out->push_back('\\');
      continue;
    }
    const size_t n = next == '&' ? 0 : static_cast<size_t>(next - '0');
    if (2 * n + 1 >= spans.size() || spans[2 * n + 1] == RegexpMatcher::kNoSpan) continue;
    out->append(text.substr(spans[2 * n], spans[2 * n + 1] - spans[2 * n]));
  }
}

// The first match is replaced, with the flag g all of them.
Status Replace(FunctionCall* call, std::span<const Value> args, Value* out) {
  const State::Entry* entry = nullptr;
  SOCHDB_TRY(Get(call, args[1], args.subspan(3), &entry));
  const std::string_view text = args[0].bytes;
  std::string built;
  size_t copied = 0;
  const auto replace = [&](const std::vector<size_t>& spans) {
    built.append(text.substr(copied, spans[0] - copied));
    AppendReplacement(args[2].bytes, text, spans, &built);
    copied = spans[1];
    return entry->read.global && built.size() <= kMaxValueBytes;
  };
  SOCHDB_TRY(ForMatches(call, entry->regexp, text, 0, replace));
  built.append(text.substr(copied));
  return call->KeepText(built, out);
}

// The n-th match from a position on, both counted from 1.
Status FindNth(FunctionCall* call, std::span<const Value> args, std::span<const Value> flags, bool* found) {
  const State::Entry* entry = nullptr;
  SOCHDB_TRY(Get(call, args[1], flags, &entry));
  const int64_t position = args.size() > 2 ? args[2].i64 : 1;
  int64_t nth = args.size() > 3 ? args[3].i64 : 1;
  if (position < 1 || nth < 1) return call->Fail("positions and matches count from 1");
  const size_t from = SkipCodePoints(args[0].bytes, static_cast<uint64_t>(position - 1));
  *found = false;
  return ForMatches(call, entry->regexp, args[0].bytes, from,
                    [&](const std::vector<size_t>&) { return !(*found = --nth == 0); });
}

Status Substr(FunctionCall* call, std::span<const Value> args, Value* out) {
  bool found = false;
  SOCHDB_TRY(FindNth(call, args, args.subspan(std::min<size_t>(args.size(), 4)), &found));
  const std::vector<size_t>& spans = StateOf(call)->spans;
  if (found) *out = Value::Text(args[0].bytes.substr(spans[0], spans[1] - spans[0]));
  return {};
}

// Where the match starts, from 1; 0 when there is none.
Status Instr(FunctionCall* call, std::span<const Value> args, Value* out) {
  bool found = false;
  SOCHDB_TRY(FindNth(call, args, {}, &found));
  const std::string_view text = args[0].bytes;
  *out = Value::Integer(found ? static_cast<int64_t>(CodePointCount(text.substr(0, StateOf(call)->spans[0]))) + 1 : 0);
  return {};
}

Status Count(FunctionCall* call, std::span<const Value> args, Value* out) {
  const State::Entry* entry = nullptr;
  SOCHDB_TRY(Get(call, args[1], args.subspan(std::min<size_t>(args.size(), 3)), &entry));
  const int64_t position = args.size() > 2 ? args[2].i64 : 1;
  if (position < 1) return call->Fail("positions count from 1");
  int64_t count = 0;
  const size_t from = SkipCodePoints(args[0].bytes, static_cast<uint64_t>(position - 1));
  SOCHDB_TRY(ForMatches(call, entry->regexp, args[0].bytes, from, [&](const std::vector<size_t>&) { return ++count, true; }));
  *out = Value::Integer(count);
  return {};
}

constexpr Function kTable[] = {
    {350, "regexp", "TT[T]:O", kStrict, &PatternFirst},     {351, "regexp_like", "TT[T]:O", kStrict, &TextFirst},
    {352, "regexp_replace", "TTT[T]:T", kStrict, &Replace}, {353, "regexp_substr", "TT[IIT]:T", kStrict, &Substr},
    {354, "regexp_instr", "TT[II]:I", kStrict, &Instr},     {355, "regexp_count", "TT[IT]:I", kStrict, &Count},
};

}  // namespace regexp_functions

std::span<const Function> RegexpFunctions() { return regexp_functions::kTable; }

}  // namespace sochdb
