#include "exec/json_check.h"

#include <cstddef>

namespace sochdb {
namespace {

class Checker {
 public:
  explicit Checker(std::string_view text) : rest_(text) {}
  bool Document() { return Value(0) && (Space(), rest_.empty()); }

 private:
  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Word(std::string_view word) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void Space() {
    size_t n = 0;
    while (n < rest_.size() && (rest_[n] == ' ' || rest_[n] == '\t' || rest_[n] == '\n' || rest_[n] == '\r')) ++n;
    rest_.remove_prefix(n);
  }
  bool Digits() {
    size_t n = 0;
    while (n < rest_.size() && rest_[n] >= '0' && rest_[n] <= '9') ++n;
    rest_.remove_prefix(n);
    return n > 0;
  }
  bool Number() {
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (!Take('e') && !Take('E')) return true;
    if (!Take('+')) Take('-');
    return Digits();
  }
  bool Escape() {
    if (rest_.empty()) return false;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    if (rest_.size() < 4 || rest_.substr(0, 4).find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
      return false;
    rest_.remove_prefix(4);
    return true;
  }
  bool String() {
    if (!Take('"')) return false;
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20 || (c == '\\' && !Escape())) return false;
    }
    return false;
  }
  bool Object(int depth) {
    if (Space(), Take('}')) return true;
    do {
      Space();
      if (!String()) return false;
      Space();
      if (!Take(':') || !Value(depth + 1)) return false;
      Space();
    } while (Take(','));
    return Take('}');
  }
  bool Array(int depth) {
    if (Space(), Take(']')) return true;
    do {
      if (!Value(depth + 1)) return false;
      Space();
    } while (Take(','));
    return Take(']');
  }
  bool Value(int depth) {
    if (depth > kJsonDepthMax) return false;
    Space();
    if (Take('{')) return Object(depth);
    if (Take('[')) return Array(depth);
    if (rest_.empty()) return false;
    if (rest_[0] == '"') return String();
    return Word("true") || Word("false") || Word("null") || Number();
  }

  std::string_view rest_;
};

}  // namespace

bool IsValidJson(std::string_view text) { return Checker(text).Document(); }

}  // namespace sochdb
