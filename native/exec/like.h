// LIKE: '%' stands for any text, '_' for one character, an escape character takes the meaning from what follows it.
//
// Thread safety: Like is a function of its arguments, a LikePattern belongs to one thread. Time: at worst text times pattern;
// steps are counted so that a caller's token is asked.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "exec/exec_context.h"

namespace sochdb {

// escape is empty or one character; case_insensitive folds ASCII letters. kInvalidArgument for a pattern that ends in its
// escape.
Status Like(std::string_view text, std::string_view pattern, std::string_view escape, bool case_insensitive,
            ExecContext* context, bool* matches);

// A pattern that is the same for many texts, looked at once. Where it has no '_', what stands between its '%' is searched for
// as it is; otherwise Like decides.
class LikePattern {
 public:
  // Both outlive it.
  LikePattern(std::string_view pattern, std::string_view escape, bool case_insensitive)
      : pattern_(pattern), escape_(escape), fold_(case_insensitive) {}

  // As Like.
  Status Matches(std::string_view text, ExecContext* context, bool* matches);

 private:
  void Split();
  [[nodiscard]] bool MatchesPieces(std::string_view text) const;

  std::string_view pattern_;
  std::string_view escape_;
  bool fold_;
  bool split_ = false;
  bool plain_ = false;       // has no '_', and its pieces are short
  bool open_start_ = false;  // begins with '%'
  bool open_end_ = false;
  std::vector<std::string> pieces_;  // between '%', folded; none is empty
};

}  // namespace sochdb
