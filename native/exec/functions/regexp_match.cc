// The simulation.

#include <algorithm>

#include "exec/functions/regexp.h"
#include "exec/functions/text_parts.h"

namespace sochdb {
namespace regexp_match {

constexpr uint32_t kRestore = ~0u;

bool IsLineEnd(uint32_t c) { return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029; }
bool IsWord(uint8_t c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Whether the text around the offset is what an instruction without width asks for.
bool Holds(RegexpInstruction::Op op, std::string_view text, size_t at) {
  using Op = RegexpInstruction::Op;
  switch (op) {
    case Op::kStart:
      return at == 0;
    case Op::kEnd:
      return at == text.size();
    case Op::kLineStart:
      return at == 0 || IsLineEnd(CodePointAt(text, LastCodePoint(text.substr(0, at))));
    case Op::kLineEnd:
      return at == text.size() || IsLineEnd(CodePointAt(text, at));
    default: {
      const bool before = at > 0 && IsWord(static_cast<uint8_t>(text[at - 1]));
      const bool behind = at < text.size() && IsWord(static_cast<uint8_t>(text[at]));
      return (before != behind) == (op == Op::kWord);
    }
  }
}

bool Takes(const Regexp& regexp, const RegexpInstruction& instruction, uint32_t code, uint32_t folded) {
  switch (instruction.op) {
    case RegexpInstruction::kChar:
      return instruction.x == folded;
    case RegexpInstruction::kAny:
      return !IsLineEnd(code);
    case RegexpInstruction::kAll:
      return true;
    default:
      return regexp.SetHas(instruction.x, code);
  }
}

}  // namespace regexp_match

void RegexpMatcher::Prepare(const Regexp& regexp, bool spans) {
  width_ = spans ? size_t{2} * regexp.groups() : 0;
  const size_t size = regexp.program().size();
  for (Threads* threads : {&now_, &next_}) {
    threads->order.clear();
    threads->spans.clear();
    if (threads->place.size() < size) threads->place.resize(size);
  }
  current_.assign(width_, kNoSpan);
}

// Puts the instructions that can be reached from pc without reading on, in the order of preference.
void RegexpMatcher::Add(const Regexp& regexp, uint32_t pc, std::string_view text, size_t at, Threads* to) {
  const std::vector<RegexpInstruction>& program = regexp.program();
  pending_.push_back({pc, 0, 0});
  while (!pending_.empty()) {
    const Pending next = pending_.back();
    pending_.pop_back();
    if (next.pc == regexp_match::kRestore) {
      current_[next.slot] = next.value;
      continue;
    }
    const uint32_t place = to->place[next.pc];
    ++steps_;
    if (place < to->order.size() && to->order[place] == next.pc) continue;
    to->place[next.pc] = static_cast<uint32_t>(to->order.size());
    to->order.push_back(next.pc);
    to->spans.insert(to->spans.end(), current_.begin(), current_.end());
    const RegexpInstruction& instruction = program[next.pc];
    switch (instruction.op) {
      case RegexpInstruction::kJump:
        pending_.push_back({instruction.x, 0, 0});
        break;
      case RegexpInstruction::kSplit:
        pending_.push_back({instruction.y, 0, 0});
        pending_.push_back({instruction.x, 0, 0});
        break;
      case RegexpInstruction::kSave:
        if (instruction.x < width_) {
          pending_.push_back({regexp_match::kRestore, instruction.x, current_[instruction.x]});
          current_[instruction.x] = at;
        }
        pending_.push_back({next.pc + 1, 0, 0});
        break;
      case RegexpInstruction::kStart:
      case RegexpInstruction::kEnd:
      case RegexpInstruction::kLineStart:
      case RegexpInstruction::kLineEnd:
      case RegexpInstruction::kWord:
      case RegexpInstruction::kNotWord:
        if (regexp_match::Holds(instruction.op, text, at)) pending_.push_back({next.pc + 1, 0, 0});
        break;
      default:
        break;
    }
  }
}

Status RegexpMatcher::Search(const Regexp& regexp, std::string_view text, size_t from, ExecContext* context, bool* found,
                             std::vector<size_t>* spans) {
  const std::vector<RegexpInstruction>& program = regexp.program();
  Prepare(regexp, spans != nullptr);
  *found = false;
  const RegexpInstruction& first = program[1];
  const bool anchored = first.op == RegexpInstruction::kStart;
  const bool starts_plain = first.op == RegexpInstruction::kChar && first.x < 0x80 && !regexp.ignore_case();
  for (size_t at = from;;) {
    if (starts_plain && !*found && now_.order.empty()) {
      at = text.find(static_cast<char>(first.x), at);
      if (at == std::string_view::npos) return {};
    }
    // A new thread starts at every place, less preferred than those there are, until one has matched.
    if (!*found && !(anchored && at > 0)) {
      std::fill(current_.begin(), current_.end(), kNoSpan);
      Add(regexp, 0, text, at, &now_);
    }
    if (now_.order.empty()) return {};
    SOCHDB_TRY(context->Tick(1 + static_cast<uint32_t>(now_.order.size() / 16)));
    const bool end = at >= text.size();
    const uint32_t code = end ? 0 : CodePointAt(text, at);
    const uint32_t folded = regexp.ignore_case() ? FoldPatternCase(code) : code;
    const size_t after = end ? at : std::min(at + CodePointBytes(text[at]), text.size());
    next_.order.clear();
    next_.spans.clear();
    for (size_t i = 0; i < now_.order.size(); ++i) {
      const uint32_t pc = now_.order[i];
      const RegexpInstruction& instruction = program[pc];
      ++steps_;
      if (instruction.op == RegexpInstruction::kMatch) {
        *found = true;
        if (spans == nullptr) return {};
        spans->assign(now_.spans.begin() + static_cast<std::ptrdiff_t>(i * width_),
                      now_.spans.begin() + static_cast<std::ptrdiff_t>((i + 1) * width_));
        break;  // what is left is less preferred
      }
      if (end || instruction.op > RegexpInstruction::kSet || !regexp_match::Takes(regexp, instruction, code, folded)) continue;
      std::copy_n(now_.spans.begin() + static_cast<std::ptrdiff_t>(i * width_), width_, current_.begin());
      Add(regexp, pc + 1, text, after, &next_);
    }
    std::swap(now_, next_);
    if (end) return {};
    at = after;
  }
}

}  // namespace sochdb
