// From a pattern to a program: a parser by descent, a tree, instructions.

#include "exec/functions/regexp.h"

#include <algorithm>
#include <array>

#include "exec/functions/regexp_parser.h"

namespace sochdb {

uint32_t FoldPatternCase(uint32_t code) {
  static constexpr uint32_t kFolded = 0x180;
  static const auto kTable = [] {
    std::array<uint16_t, kFolded> table{};
    for (uint32_t c = 0; c < kFolded; ++c) {
      std::string letter;
      std::string lower;
      AppendCodePoint(c, &letter);
      AppendLower(letter, &lower);
      table[c] = static_cast<uint16_t>(CodePointAt(lower, 0));
    }
    return table;
  }();
  return code < kFolded ? kTable[code] : code;
}

bool Regexp::SetHas(uint32_t set, uint32_t code) const {
  const std::vector<RegexpRange>& ranges = sets_[set];
  const auto behind =
      std::upper_bound(ranges.begin(), ranges.end(), code, [](uint32_t c, const RegexpRange& range) { return c < range.low; });
  return behind != ranges.begin() && code <= std::prev(behind)->high;
}

class RegexpCompiler {
 public:
  RegexpCompiler(const RegexpTree& tree, Regexp* out) : tree_(tree), out_(out) {}

  // False when the program would be too large.
  bool Run() {
    out_->groups_ = tree_.groups;
    out_->sets_ = tree_.sets;
    Put(Op::kSave, 0);
    Emit(tree_.root);
    Put(Op::kSave, 1);
    Put(Op::kMatch);
    // What a search keeps: offsets of every group for every instruction.
    return !full_ && out_->program_.size() * tree_.groups <= kRegexpSizeMax * 10;
  }

 private:
  using Op = RegexpInstruction::Op;

  uint32_t here() const { return static_cast<uint32_t>(out_->program_.size()); }
  uint32_t Put(Op op, uint32_t x = 0, uint32_t y = 0) {
    out_->program_.push_back({op, x, y});
    full_ |= out_->program_.size() > kRegexpSizeMax;
    return here() - 1;
  }
  // The two ways of a split that is there already: into what follows it, or to `exit`.
  void Aim(uint32_t split, bool lazy, uint32_t exit) {
    RegexpInstruction& instruction = out_->program_[split];
    instruction.x = lazy ? exit : split + 1;
    instruction.y = lazy ? split + 1 : exit;
  }

  void Emit(uint32_t at) {
    // Counts what puts down nothing as well: repetitions of it would take time all the same.
    full_ |= ++emitted_ > kRegexpSizeMax;
    if (full_) return;
    const RegexpNode& node = tree_.nodes[at];
    switch (node.kind) {
      case RegexpNode::kEmpty:
        return;
      case RegexpNode::kLeaf:
        Put(node.op, node.x);
        return;
      case RegexpNode::kSequence:
        for (const uint32_t child : node.children) Emit(child);
        return;
      case RegexpNode::kChoice:
        return EmitChoice(node);
      case RegexpNode::kGroup:
        Put(Op::kSave, 2 * node.x);
        Emit(node.children[0]);
        Put(Op::kSave, 2 * node.x + 1);
        return;
      case RegexpNode::kRepeat:
        return EmitRepeat(node);
    }
  }

  void EmitChoice(const RegexpNode& node) {
    std::vector<uint32_t> jumps;
    for (size_t i = 0; i < node.children.size() && !full_; ++i) {
      if (i + 1 == node.children.size()) {
        Emit(node.children[i]);
        break;
      }
      const uint32_t split = Put(Op::kSplit);
      Emit(node.children[i]);
      jumps.push_back(Put(Op::kJump));
      Aim(split, false, here());
    }
    for (const uint32_t jump : jumps) out_->program_[jump].x = here();
  }

  void EmitRepeat(const RegexpNode& node) {
    const uint32_t child = node.children[0];
    const bool endless = node.max == kRegexpEndless;
    // Where the body takes at least one code point, its last copy can be the loop.
    const bool looped = endless && node.min > 0 && !tree_.nodes[child].nullable;
    for (uint32_t i = looped ? 1 : 0; i < node.min && !full_; ++i) Emit(child);
    if (looped) {
      const uint32_t start = here();
      Emit(child);
      const uint32_t split = Put(Op::kSplit, start, here() + 1);
      if (node.lazy) out_->program_[split] = {Op::kSplit, split + 1, start};
    } else if (endless) {
      const uint32_t split = Put(Op::kSplit);
      Emit(child);
      Put(Op::kJump, split);
      Aim(split, node.lazy, here());
    } else {
      std::vector<uint32_t> splits;
      for (uint32_t i = node.min; i < node.max && !full_; ++i) {
        splits.push_back(Put(Op::kSplit));
        Emit(child);
      }
      for (const uint32_t split : splits) Aim(split, node.lazy, here());
    }
  }

  const RegexpTree& tree_;
  Regexp* out_;
  size_t emitted_ = 0;
  bool full_ = false;
};

Status Regexp::Compile(std::string_view pattern, RegexpFlags flags, Regexp* out) {
  *out = Regexp();
  RegexpTree tree;
  tree.flags = flags;
  std::string problem;
  if (!ParseRegexp(pattern, &tree, &problem)) return {Code::kInvalidArgument, problem};
  out->ignore_case_ = tree.flags.ignore_case;
  if (RegexpCompiler(tree, out).Run()) return {};
  return {Code::kInvalidArgument, "the pattern is too large with its repetitions written out; ask for fewer of them"};
}

}  // namespace sochdb
