#include "exec/functions/regexp_parser.h"

#include <algorithm>

namespace sochdb {
namespace regexp_parser {

using Op = RegexpInstruction::Op;
using Ranges = std::vector<RegexpRange>;

constexpr uint32_t kLastCode = 0x10ffff;

Ranges ClassOf(char letter) {
  switch (letter) {
    case 'd':
      return {{'0', '9'}};
    case 'w':
      return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    default:
      return {{'\t', '\r'},     {' ', ' '},       {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
              {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
  }
}

struct NamedClass {
  std::string_view name;
  Ranges ranges;
};

const Ranges* FindNamed(std::string_view name) {
  static const NamedClass kNamed[] = {
      {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
      {"digit", {{'0', '9'}}},
      {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
      {"upper", {{'A', 'Z'}}},
      {"lower", {{'a', 'z'}}},
      {"space", {{'\t', '\r'}, {' ', ' '}}},
      {"blank", {{'\t', '\t'}, {' ', ' '}}},
      {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
      {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
      {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
      {"cntrl", {{0, 0x1f}, {0x7f, 0x7f}}},
      {"print", {{' ', '~'}}},
      {"graph", {{'!', '~'}}},
  };
  for (const NamedClass& named : kNamed)
    if (named.name == name) return &named.ranges;
  return nullptr;
}

void Sort(Ranges* ranges) {
  std::sort(ranges->begin(), ranges->end(), [](const RegexpRange& a, const RegexpRange& b) { return a.low < b.low; });
  Ranges merged;
  for (const RegexpRange& range : *ranges) {
    if (!merged.empty() && range.low <= merged.back().high + 1) merged.back().high = std::max(merged.back().high, range.high);
    else merged.push_back(range);
  }
  *ranges = std::move(merged);
}

// REQUIRES: sorted.
Ranges Inverse(const Ranges& ranges) {
  Ranges inverse;
  uint32_t low = 0;
  for (const RegexpRange& range : ranges) {
    if (range.low > low) inverse.push_back({low, range.low - 1});
    low = range.high + 1;
  }
  if (low <= kLastCode) inverse.push_back({low, kLastCode});
  return inverse;
}

// Adds the other case of all that is there.
void AddCases(Ranges* ranges) {
  constexpr uint32_t kCased = 0x180;
  const auto has = [&](uint32_t code) {
    return std::any_of(ranges->begin(), ranges->end(),
                       [&](const RegexpRange& range) { return code >= range.low && code <= range.high; });
  };
  bool folded[kCased] = {};
  for (uint32_t code = 0; code < kCased; ++code)
    if (has(code)) folded[FoldPatternCase(code)] = true;
  for (uint32_t code = 0; code < kCased; ++code)
    if (folded[FoldPatternCase(code)]) ranges->push_back({code, code});
}

class Parser {
 public:
  Parser(std::string_view pattern, RegexpTree* tree) : text_(pattern), tree_(tree) {}

  bool Run(std::string* problem) {
    bool parsed = ReadFlags() && Choice(0, &tree_->root);
    if (parsed && at_ < text_.size()) parsed = Fail("a ) without its (");
    if (parsed) return true;
    const size_t place = CodePointCount(text_.substr(0, std::min(at_, text_.size()))) + 1;
    *problem =
        problem_ + ", at character " + std::to_string(place) + " of the pattern '" + std::string(text_.substr(0, 100)) + "'";
    return false;
  }

 private:
  bool Fail(std::string_view what) {
    if (problem_.empty()) problem_ = what;
    return false;
  }
  [[nodiscard]] char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(std::string_view what) {
    if (text_.substr(at_, what.size()) != what) return false;
    at_ += what.size();
    return true;
  }
  uint32_t TakeCode() {
    const uint32_t code = CodePointAt(text_, at_);
    at_ = std::min(at_ + CodePointBytes(text_[at_]), text_.size());
    return code;
  }
  uint32_t Add(RegexpNode node) {
    tree_->nodes.push_back(std::move(node));
    return static_cast<uint32_t>(tree_->nodes.size() - 1);
  }
  uint32_t Leaf(Op op, uint32_t x = 0) {
    RegexpNode node;
    node.kind = RegexpNode::kLeaf;
    node.op = op;
    node.x = x;
    node.nullable = op > Op::kSet;
    return Add(std::move(node));
  }
  uint32_t Char(uint32_t code) { return Leaf(Op::kChar, tree_->flags.ignore_case ? FoldPatternCase(code) : code); }
  uint32_t Set(Ranges ranges, bool inverted) {
    if (tree_->flags.ignore_case) AddCases(&ranges);
    Sort(&ranges);
    tree_->sets.push_back(inverted ? Inverse(ranges) : std::move(ranges));
    return Leaf(Op::kSet, static_cast<uint32_t>(tree_->sets.size() - 1));
  }

  // (?ims) in front of all.
  bool ReadFlags() {
    const size_t end = text_.substr(0, 2) == "(?" ? text_.find_first_not_of("ims", 2) : 0;
    if (end <= 2 || end == std::string_view::npos || text_[end] != ')') return true;
    for (const char flag : text_.substr(2, end - 2)) {
      if (flag == 'i') tree_->flags.ignore_case = true;
      else (flag == 'm' ? tree_->flags.multiline : tree_->flags.dot_all) = true;
    }
    at_ = end + 1;
    return true;
  }

  bool Choice(int depth, uint32_t* out) {
    if (depth > kRegexpDepthMax) return Fail("groups nest too deep");
    RegexpNode node;
    node.kind = RegexpNode::kChoice;
    node.nullable = false;
    do {
      uint32_t branch = 0;
      if (!Sequence(depth, &branch)) return false;
      node.nullable |= tree_->nodes[branch].nullable;
      node.children.push_back(branch);
    } while (Take("|"));
    *out = node.children.size() == 1 ? node.children[0] : Add(std::move(node));
    return true;
  }

  bool Sequence(int depth, uint32_t* out) {
    RegexpNode node;
    node.kind = RegexpNode::kSequence;
    while (at_ < text_.size() && Peek() != '|' && Peek() != ')') {
      uint32_t item = 0;
      if (!Atom(depth, &item) || !Repeat(&item)) return false;
      node.nullable &= tree_->nodes[item].nullable;
      node.children.push_back(item);
      if (tree_->nodes.size() > kRegexpSizeMax) return Fail("the pattern is too large");
    }
    if (node.children.empty()) node.kind = RegexpNode::kEmpty;
    *out = node.children.size() == 1 ? node.children[0] : Add(std::move(node));
    return true;
  }

  bool Atom(int depth, uint32_t* out) {
    const auto one = [&](Op op) { return ++at_, *out = Leaf(op), true; };
    switch (Peek()) {
      case '.':
        return one(tree_->flags.dot_all ? Op::kAll : Op::kAny);
      case '^':
        return one(tree_->flags.multiline ? Op::kLineStart : Op::kStart);
      case '$':
        return one(tree_->flags.multiline ? Op::kLineEnd : Op::kEnd);
      case '*':
      case '+':
      case '?':
        return Fail("there is nothing to repeat");
      case '(':
        return Group(depth, out);
      case '[':
        return Brackets(out);
      case '\\':
        return Escape(out);
      default:
        *out = Char(TakeCode());
        return true;
    }
  }

  bool Group(int depth, uint32_t* out) {
    ++at_;
    bool captured = true;
    if (Peek() == '?') {
      const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      if (Take("?:")) captured = false;
      else if (Take("?=") || Take("?!") || Take("?<=") || Take("?<!"))
        return Fail("no pattern can look at what stands around it");
      else if (kind == '<' || Take("?P<")) {
        const size_t end = text_.find('>', at_);
        if (end == std::string_view::npos) return Fail("the name of a group has no >");
        at_ = end + 1;
      } else {
        return Fail("there is no such kind of group");
      }
    }
    const uint32_t number = captured ? tree_->groups++ : 0;
    if (number >= kRegexpGroupsMax)
      return Fail("there are too many groups; write (?:…) where the text of one is not asked for");
    uint32_t inside = 0;
    if (!Choice(depth + 1, &inside)) return false;
    if (!Take(")")) return Fail("a ( without its )");
    *out = inside;
    if (!captured) return true;
    RegexpNode node;
    node.kind = RegexpNode::kGroup;
    node.x = number;
    node.nullable = tree_->nodes[inside].nullable;
    node.children = {inside};
    *out = Add(std::move(node));
    return true;
  }

  bool Number(uint32_t* out) {
    const size_t start = at_;
    *out = 0;
    for (; Peek() >= '0' && Peek() <= '9'; ++at_) *out = std::min(*out * 10 + static_cast<uint32_t>(Peek() - '0'), 100000u);
    return at_ > start;
  }

  // Behind an item: how often it may stand. Braces that hold no count stand for themselves.
  bool Count(uint32_t* min, uint32_t* max) {
    if (Take("*")) return *min = 0, *max = kRegexpEndless, true;
    if (Take("+")) return *min = 1, *max = kRegexpEndless, true;
    if (Take("?")) return *min = 0, *max = 1, true;
    const size_t start = at_;
    if (Take("{") && Number(min)) {
      *max = *min;
      if (Take(",") && !Number(max)) *max = kRegexpEndless;
      if (Take("}")) return true;
    }
    at_ = start;
    return false;
  }

  bool Repeat(uint32_t* item) {
    RegexpNode node;
    node.kind = RegexpNode::kRepeat;
    const size_t start = at_;
    if (!Count(&node.min, &node.max)) return true;
    const RegexpNode& repeated = tree_->nodes[*item];
    if (repeated.kind == RegexpNode::kLeaf && repeated.op > Op::kSet) return at_ = start, Fail("there is nothing to repeat");
    const uint32_t most = node.max == kRegexpEndless ? node.min : node.max;
    if (most > kRegexpRepeatMax) return at_ = start, Fail("an item repeats at most 1000 times");
    if (node.min > node.max) return at_ = start, Fail("the counts of a repetition are out of order");
    node.lazy = Take("?");
    if (Peek() == '*' || Peek() == '+' || Peek() == '?') return Fail("there is nothing to repeat");
    node.nullable = node.min == 0 || repeated.nullable;
    node.children = {*item};
    *item = Add(std::move(node));
    return true;
  }

  bool Hex(size_t digits, uint32_t* code) {
    *code = 0;
    for (size_t i = 0; i < digits; ++i, ++at_) {
      const char c = Peek();
      const auto lower = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9') *code = *code * 16 + static_cast<uint32_t>(c - '0');
      else if (lower >= 'a' && lower <= 'f') *code = *code * 16 + static_cast<uint32_t>(lower - 'a' + 10);
      else return Fail("a hexadecimal digit is missing");
    }
    return true;
  }

  // A code point behind a backslash.
  bool EscapedCode(uint32_t* code) {
    static constexpr std::string_view kLetters = "tnrfv0ae";
    static constexpr uint32_t kCodes[] = {'\t', '\n', '\r', '\f', '\v', 0, 7, 27};
    if (at_ >= text_.size()) return Fail("the pattern ends in a backslash");
    const char c = Peek();
    const size_t known = kLetters.find(c);
    if (known != std::string_view::npos) return ++at_, *code = kCodes[known], true;
    if (Take("x")) return Hex(2, code);
    if (Take("u{")) {
      const size_t end = text_.find('}', at_);
      if (end == std::string_view::npos || end == at_ || end - at_ > 6) return Fail("\\u{…} takes 1 to 6 digits");
      return Hex(end - at_, code) && (++at_, *code <= kLastCode || Fail("there is no such character"));
    }
    if (Take("u")) return Hex(4, code);
    if ((c >= '1' && c <= '9') || c == 'k') return Fail("no pattern can refer back to a group");
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter) return Fail(std::string("there is no escape \\") + c);
    *code = TakeCode();
    return true;
  }

  bool Escape(uint32_t* out) {
    ++at_;
    const char c = Peek();
    const auto one = [&](Op op) { return ++at_, *out = Leaf(op), true; };
    switch (c) {
      case 'd':
      case 'w':
      case 's':
        return ++at_, *out = Set(ClassOf(c), false), true;
      case 'D':
      case 'W':
      case 'S':
        return ++at_, *out = Set(ClassOf(static_cast<char>(c | 0x20)), true), true;
      case 'b':
      case 'y':
        return one(Op::kWord);
      case 'B':
      case 'Y':
        return one(Op::kNotWord);
      case 'A':
        return one(Op::kStart);
      case 'z':
      case 'Z':
        return one(Op::kEnd);
      default: {
        uint32_t code = 0;
        if (!EscapedCode(&code)) return false;
        *out = Char(code);
        return true;
      }
    }
  }

  // One item of a set: a code point, or a class, whose ranges are added.
  bool Item(Ranges* ranges, uint32_t* code, bool* is_class) {
    *is_class = true;
    if (Take("[:")) {
      const size_t end = text_.find(":]", at_);
      const Ranges* named = end == std::string_view::npos ? nullptr : FindNamed(text_.substr(at_, end - at_));
      if (named == nullptr) return Fail("there is no such class");
      at_ = end + 2;
      ranges->insert(ranges->end(), named->begin(), named->end());
      return true;
    }
    if (Peek() != '\\') return *is_class = false, *code = TakeCode(), true;
    ++at_;
    const char c = Peek();
    if (std::string_view("dwsDWS").find(c) != std::string_view::npos && at_ < text_.size()) {
      ++at_;
      Ranges named = ClassOf(static_cast<char>(c | 0x20));
      if (c < 'a') named = Inverse(named);
      ranges->insert(ranges->end(), named.begin(), named.end());
      return true;
    }
    *is_class = false;
    if (c == 'b') return ++at_, *code = 8, true;
    return EscapedCode(code);
  }

  bool Brackets(uint32_t* out) {
    ++at_;
    const bool inverted = Take("^");
    Ranges ranges;
    for (bool first = true; first || Peek() != ']'; first = false) {
      if (at_ >= text_.size()) return Fail("a [ without its ]");
      uint32_t low = 0;
      bool is_class = false;
      if (!Item(&ranges, &low, &is_class)) return false;
      if (is_class) continue;
      uint32_t high = low;
      const size_t dash = at_;
      if (at_ + 1 < text_.size() && text_[at_ + 1] != ']' && Take("-")) {
        bool high_class = false;
        const size_t count = ranges.size();
        if (!Item(&ranges, &high, &high_class)) return false;
        if (high_class) {
          ranges.resize(count);
          at_ = dash;
          high = low;
        }
      }
      if (high < low) return Fail("a range is out of order");
      ranges.push_back({low, high});
    }
    ++at_;
    *out = Set(std::move(ranges), inverted);
    return true;
  }

  std::string_view text_;
  RegexpTree* tree_;
  size_t at_ = 0;
  std::string problem_;
};

}  // namespace regexp_parser

bool ParseRegexp(std::string_view pattern, RegexpTree* tree, std::string* problem) {
  return regexp_parser::Parser(pattern, tree).Run(problem);
}

}  // namespace sochdb
