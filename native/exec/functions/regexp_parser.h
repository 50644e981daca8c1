// The pattern of a regular expression as a tree; regexp.h says what patterns hold.
//
// Thread safety: functions of their arguments.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exec/functions/regexp.h"
#include "exec/functions/text_parts.h"

namespace sochdb {

inline constexpr uint32_t kRegexpEndless = ~0u;

struct RegexpNode {
  enum Kind : uint8_t { kEmpty, kLeaf, kSequence, kChoice, kGroup, kRepeat } kind = kEmpty;
  RegexpInstruction::Op op = RegexpInstruction::kChar;  // of a leaf
  bool lazy = false;
  bool nullable = true;  // can match the empty text
  uint32_t x = 0;        // of a leaf its operand, of a group its number
  uint32_t min = 0;
  uint32_t max = 0;
  std::vector<uint32_t> children;
};

struct RegexpTree {
  RegexpFlags flags;  // those given, and those the pattern sets itself
  std::vector<RegexpNode> nodes;
  std::vector<std::vector<RegexpRange>> sets;
  uint32_t root = 0;
  uint32_t groups = 1;
};

// False with what is wrong, and where.
bool ParseRegexp(std::string_view pattern, RegexpTree* tree, std::string* problem);

}  // namespace sochdb
