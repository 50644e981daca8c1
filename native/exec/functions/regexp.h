// Regular expressions that take time in proportion to text times pattern, whatever they say: the pattern becomes a program,
// and all ways through it are followed at once (Pike's simulation of Thompson's automaton). Over code points.
//
// Syntax: . [a-z] [^…] [[:alpha:]] \d \D \w \W \s \S \b \B ^ $ \A \z (…) (?:…) (?<name>…) | * + ? {n} {n,} {n,m}, lazy forms of
// these, \t \n \r \f \v \0 \xHH \uHHHH \u{H…}, (?i) (?m) (?s) at the start. Classes are ASCII's; \s also knows Unicode's
// spaces. There are no references to groups and no look at what stands around: those take more than linear time.
//
// Thread safety: a Regexp is immutable; a matcher belongs to one thread. Limits: kRegexpSizeMax instructions,
// kRegexpRepeatMax repetitions, kRegexpDepthMax levels of groups, kRegexpGroupsMax groups that are captured.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "exec/exec_context.h"

namespace sochdb {

inline constexpr size_t kRegexpSizeMax = 20000;
inline constexpr uint32_t kRegexpRepeatMax = 1000;
inline constexpr int kRegexpDepthMax = 200;
inline constexpr uint32_t kRegexpGroupsMax = 100;

struct RegexpFlags {
  bool ignore_case = false;
  bool multiline = false;  // ^ and $ at every line
  bool dot_all = false;    // . takes line ends too
};

// Code points from `low` to `high`.
struct RegexpRange {
  uint32_t low;
  uint32_t high;
};

struct RegexpInstruction {
  enum Op : uint8_t {
    kChar,   // x: a code point
    kAny,    // any code point but line ends
    kAll,    // any code point
    kSet,    // x: the set
    kSplit,  // x, then y
    kJump,   // x
    kSave,   // x: which position
    kStart,  // of the text
    kEnd,    // of the text
    kLineStart,
    kLineEnd,
    kWord,  // a border of a word
    kNotWord,
    kMatch,
  } op;
  uint32_t x = 0;
  uint32_t y = 0;
};

class Regexp {
 public:
  // kInvalidArgument with what is wrong and where.
  static Status Compile(std::string_view pattern, RegexpFlags flags, Regexp* out);

  [[nodiscard]] const std::vector<RegexpInstruction>& program() const { return program_; }
  [[nodiscard]] uint32_t groups() const { return groups_; }  // with the whole match
  [[nodiscard]] bool ignore_case() const { return ignore_case_; }
  [[nodiscard]] bool SetHas(uint32_t set, uint32_t code) const;

 private:
  friend class RegexpCompiler;
  std::vector<RegexpInstruction> program_;
  std::vector<std::vector<RegexpRange>> sets_;  // sorted, apart
  uint32_t groups_ = 1;
  bool ignore_case_ = false;
};

// What two code points that differ in case alone have in common: ASCII, Latin-1 and Latin Extended-A.
uint32_t FoldPatternCase(uint32_t code);

// The room that a search takes, to be used again.
class RegexpMatcher {
 public:
  // The leftmost match at or behind `from`, by the order of preference that backtracking has. *found says whether there is
  // one; `spans` are then 2 * groups() offsets, kNoSpan where a group took no part. Without spans, any match will do.
  Status Search(const Regexp& regexp, std::string_view text, size_t from, ExecContext* context, bool* found,
                std::vector<size_t>* spans);
  // Instructions looked at since the matcher was made: what a search costs.
  [[nodiscard]] uint64_t steps() const { return steps_; }

  static constexpr size_t kNoSpan = ~size_t{0};

 private:
  struct Threads {
    std::vector<uint32_t> order;  // instructions, preferred first
    std::vector<uint32_t> place;  // of an instruction in `order`: valid if it points back
    std::vector<size_t> spans;    // for each of `order`
  };
  struct Pending {
    uint32_t pc;
    uint32_t slot;  // to restore when pc is kRestore
    size_t value;
  };
  void Prepare(const Regexp& regexp, bool spans);
  void Add(const Regexp& regexp, uint32_t pc, std::string_view text, size_t at, Threads* to);

  Threads now_;
  Threads next_;
  std::vector<Pending> pending_;
  std::vector<size_t> current_;
  size_t width_ = 0;  // offsets kept for each thread
  uint64_t steps_ = 0;
};

}  // namespace sochdb
