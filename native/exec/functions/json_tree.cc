#include "exec/functions/json_tree.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "codec/decimal.h"
#include "exec/functions/text_parts.h"

namespace sochdb {

class JsonTree::Reader {
 public:
  Reader(JsonTree* tree, std::string_view text) : tree_(tree), text_(text) {}

  bool Document(int32_t* root) {
    if (!Read(0, root)) return false;
    Space();
    return at_ == text_.size();
  }

 private:
  [[nodiscard]] char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void Space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }
  bool Digits() {
    const size_t start = at_;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    return at_ > start;
  }
  bool Number() {
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (!Take('e') && !Take('E')) return true;
    if (!Take('+')) Take('-');
    return Digits();
  }
  bool String(std::string_view* raw) {
    const size_t start = at_;
    if (!Take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') {
        *raw = text_.substr(start, at_ - start);
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') continue;
      const char escaped = Peek();
      ++at_;
      if (escaped == 'u') {
        if (text_.size() - std::min(at_, text_.size()) < 4) return false;
        if (text_.substr(at_, 4).find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) return false;
        at_ += 4;
      } else if (escaped == '\0' || std::string_view("\"\\/bfnrt").find(escaped) == std::string_view::npos) {
        return false;
      }
    }
    return false;
  }
  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  // The children of an array or an object, behind its bracket.
  bool Children(int depth, int32_t parent, bool object) {
    const char end = object ? '}' : ']';
    if (Space(), Take(end)) return true;
    int32_t last = -1;
    do {
      std::string_view key;
      Space();
      if (object && (!String(&key) || (Space(), !Take(':')))) return false;
      int32_t child = -1;
      if (!Read(depth + 1, &child)) return false;
      tree_->at(child).key = key;
      (last < 0 ? tree_->at(parent).child : tree_->at(last).next) = child;
      last = child;
      Space();
    } while (Take(','));
    return Take(end);
  }
  bool Read(int depth, int32_t* out) {
    if (depth > kJsonDepthMax) return false;
    Space();
    const int32_t node = tree_->Add({});
    *out = node;
    const size_t start = at_;
    if (Take('{') || Take('[')) {
      const bool object = text_[start] == '{';
      tree_->at(node).kind = object ? JsonKind::kObject : JsonKind::kArray;
      return Children(depth, node, object);
    }
    std::string_view raw;
    JsonKind kind = JsonKind::kNumber;
    if (Peek() == '"') {
      kind = JsonKind::kString;
      if (!String(&raw)) return false;
    } else if (Word("true")) {
      kind = JsonKind::kTrue;
    } else if (Word("false")) {
      kind = JsonKind::kFalse;
    } else if (Word("null")) {
      kind = JsonKind::kNull;
    } else if (!Number()) {
      return false;
    }
    tree_->at(node).kind = kind;
    tree_->at(node).raw = text_.substr(start, at_ - start);
    return true;
  }

  JsonTree* tree_;
  std::string_view text_;
  size_t at_ = 0;
};

bool JsonTree::Parse(std::string_view text, int32_t* root) { return Reader(this, text).Document(root); }

int32_t JsonTree::Member(int32_t object, std::string_view key) const {
  for (int32_t child = at(object).child; child >= 0; child = at(child).next)
    if (JsonStringIs(at(child).key, key)) return child;
  return -1;
}

int32_t JsonTree::Element(int32_t array, int64_t index) const {
  int32_t child = index < 0 ? -1 : at(array).child;
  for (; child >= 0 && index > 0; --index) child = at(child).next;
  return child;
}

int64_t JsonTree::Count(int32_t parent) const {
  int64_t count = 0;
  for (int32_t child = at(parent).child; child >= 0; child = at(child).next) ++count;
  return count;
}

void JsonTree::Append(int32_t parent, int32_t child) {
  at(child).next = -1;
  if (at(parent).child < 0) {
    at(parent).child = child;
    return;
  }
  int32_t last = at(parent).child;
  while (at(last).next >= 0) last = at(last).next;
  at(last).next = child;
}

void JsonTree::Remove(int32_t parent, int32_t child) {
  if (at(parent).child == child) {
    at(parent).child = at(child).next;
    return;
  }
  for (int32_t before = at(parent).child; before >= 0; before = at(before).next)
    if (at(before).next == child) at(before).next = at(child).next;
}

void JsonTree::Assign(int32_t node, int32_t from) {
  at(node).kind = at(from).kind;
  at(node).raw = at(from).raw;
  at(node).child = at(from).child;
}

int32_t JsonTree::Copy(int32_t node) {
  JsonNode copied = at(node);
  copied.child = copied.next = -1;
  const int32_t copy = Add(copied);
  int32_t last = -1;
  for (int32_t child = at(node).child; child >= 0; child = at(child).next) {
    const int32_t below = Copy(child);
    (last < 0 ? at(copy).child : at(last).next) = below;
    last = below;
  }
  return copy;
}

void JsonTree::Write(int32_t node, std::string* out) const {
  const JsonNode& n = at(node);
  if (n.kind != JsonKind::kArray && n.kind != JsonKind::kObject) {
    out->append(n.raw);
    return;
  }
  const bool object = n.kind == JsonKind::kObject;
  *out += object ? '{' : '[';
  for (int32_t child = n.child; child >= 0; child = at(child).next) {
    if (child != n.child) *out += ',';
    if (object) out->append(at(child).key).push_back(':');
    Write(child, out);
  }
  *out += object ? '}' : ']';
}

Value JsonTree::ToValue(int32_t node, std::string* scratch) const {
  const JsonNode& n = at(node);
  const size_t start = scratch->size();
  switch (n.kind) {
    case JsonKind::kNull:
      return {};
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      return Value::Boolean(n.kind == JsonKind::kTrue);
    case JsonKind::kNumber: {
      int64_t integer = 0;
      const auto whole = std::from_chars(n.raw.data(), n.raw.data() + n.raw.size(), integer);
      if (whole.ec == std::errc() && whole.ptr == n.raw.data() + n.raw.size()) return Value::Integer(integer);
      double real = 0;
      const auto result = std::from_chars(n.raw.data(), n.raw.data() + n.raw.size(), real);
      if (result.ec == std::errc::result_out_of_range) {
        const bool tiny = n.raw.find("e-") != std::string_view::npos || n.raw.find("E-") != std::string_view::npos;
        real = tiny ? 0 : (n.raw[0] == '-' ? -HUGE_VAL : HUGE_VAL);
      }
      return Value::Real(real);
    }
    case JsonKind::kString:
      if (n.raw.find('\\') == std::string_view::npos) return Value::Text(n.raw.substr(1, n.raw.size() - 2));
      AppendJsonDecoded(n.raw, scratch);
      return Value::Text(std::string_view(*scratch).substr(start));
    default:
      Write(node, scratch);
      return Value::Bytes(ValueTag::kJson, std::string_view(*scratch).substr(start));
  }
}

void AppendJsonDecoded(std::string_view raw, std::string* out) {
  const auto unit = [&](size_t i) {
    uint32_t code = 0;
    std::from_chars(raw.data() + i, raw.data() + std::min(i + 4, raw.size()), code, 16);
    return code;
  };
  for (size_t i = 1; i + 1 < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out->push_back(raw[i]);
      continue;
    }
    const char c = raw[++i];
    if (c != 'u') {
      static constexpr std::string_view kFrom = "bfnrt";
      const size_t which = kFrom.find(c);
      out->push_back(which == std::string_view::npos ? c : "\b\f\n\r\t"[which]);
      continue;
    }
    uint32_t code = unit(i + 1);
    i += 4;
    if (code >= 0xd800 && code < 0xdc00 && raw.substr(i + 1, 2) == "\\u" && unit(i + 3) >= 0xdc00 && unit(i + 3) < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (unit(i + 3) - 0xdc00);
      i += 6;
    }
    AppendCodePoint(code >= 0xd800 && code < 0xe000 ? 0xfffd : code, out);
  }
}

void AppendJsonQuoted(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') {
      out->push_back(c);
      continue;
    }
    out->push_back('\\');
    switch (c) {
      case '\b':
        out->push_back('b');
        break;
      case '\f':
        out->push_back('f');
        break;
      case '\n':
        out->push_back('n');
        break;
      case '\r':
        out->push_back('r');
        break;
      case '\t':
        out->push_back('t');
        break;
      case '"':
      case '\\':
        out->push_back(c);
        break;
      default:
        out->append("u00");
        out->push_back(kHex[byte >> 4]);
        out->push_back(kHex[byte & 15]);
    }
  }
  out->push_back('"');
}

bool JsonStringIs(std::string_view raw, std::string_view text) {
  if (raw.size() < 2) return false;
  if (raw.find('\\') == std::string_view::npos) return raw.substr(1, raw.size() - 2) == text;
  std::string decoded;
  AppendJsonDecoded(raw, &decoded);
  return decoded == text;
}

}  // namespace sochdb
