#include "base/json.h"

#include <charconv>
#include <cstdlib>

namespace sochdb {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// REQUIRES: four hexadecimal digits at `at`.
uint32_t HexUnit(std::string_view raw, size_t at) {
  uint32_t unit = 0;
  for (size_t i = at; i < at + 4; ++i) unit = unit * 16 + static_cast<uint32_t>(HexDigit(raw[i]));
  return unit;
}

void AppendUtf8(uint32_t point, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | (point >> 6));
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3f));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

// A lone surrogate becomes the three bytes its number would have: no text that JSON.stringify writes is refused.
std::string Unescape(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      text.push_back(raw[i]);
      continue;
    }
    switch (const char c = raw[++i]) {
      case 'b':
        text.push_back('\b');
        break;
      case 'f':
        text.push_back('\f');
        break;
      case 'n':
        text.push_back('\n');
        break;
      case 'r':
        text.push_back('\r');
        break;
      case 't':
        text.push_back('\t');
        break;
      case 'u': {
        uint32_t point = HexUnit(raw, i + 1);
        i += 4;
        const bool high = point >= 0xd800 && point < 0xdc00;
        if (high && i + 6 < raw.size() && raw[i + 1] == '\\' && raw[i + 2] == 'u') {
          const uint32_t low = HexUnit(raw, i + 3);
          if (low >= 0xdc00 && low < 0xe000) {
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
            i += 6;
          }
        }
        AppendUtf8(point, &text);
        break;
      }
      default:
        text.push_back(c);
    }
  }
  return text;
}

}  // namespace

JsonToken JsonReader::Fail(const char* what) {
  if (error_ == nullptr) error_ = what;
  return JsonToken::kError;
}

Status JsonReader::status() const {
  if (error_ == nullptr) return {};
  const std::string position = std::to_string(at_);
  return Status(Code::kInvalidArgument, std::string("The JSON is malformed at byte ") + position + ": " + error_ + ".")
      .With("position", position);
}

void JsonReader::SkipSpace() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
}

void JsonReader::AfterValue() { expect_ = depth_ == 0 ? Expect::kNothing : Expect::kCommaOrEnd; }

JsonToken JsonReader::Next() {
  if (error_ != nullptr) return JsonToken::kError;
  SkipSpace();
  if (at_ == text_.size()) return expect_ == Expect::kNothing ? JsonToken::kEnd : Fail("the text ends too early");
  const char c = text_[at_];
  const bool in_object = depth_ > 0 && ((objects_ >> (depth_ - 1)) & 1) != 0;
  switch (expect_) {
    case Expect::kNothing:
      return Fail("more follows the value");
    case Expect::kFirstKeyOrEnd:
      return c == '}' ? Close(c) : ReadKey();
    case Expect::kKey:
      return ReadKey();
    case Expect::kFirstValueOrEnd:
      return c == ']' ? Close(c) : ReadValue();
    case Expect::kValue:
      return ReadValue();
    case Expect::kColon:
      if (c != ':') return Fail("a colon is missing");
      ++at_;
      expect_ = Expect::kValue;
      return Next();
    case Expect::kCommaOrEnd:
      if (c == (in_object ? '}' : ']')) return Close(c);
      if (c != ',') return Fail("a comma or a closing bracket is missing");
      ++at_;
      expect_ = in_object ? Expect::kKey : Expect::kValue;
      return Next();
  }
  return Fail("internal");
}

JsonToken JsonReader::Skip(JsonToken token) {
  if (token != JsonToken::kBeginObject && token != JsonToken::kBeginArray) return token;
  const unsigned outside = depth_ - 1;
  do token = Next();
  while (token != JsonToken::kError && depth_ > outside);
  return token;
}

JsonToken JsonReader::Open(bool object) {
  if (depth_ == kJsonMaxDepth) return Fail("it is nested more than 64 deep");
  ++at_;
  const uint64_t bit = uint64_t{1} << depth_++;
  objects_ = object ? objects_ | bit : objects_ & ~bit;
  expect_ = object ? Expect::kFirstKeyOrEnd : Expect::kFirstValueOrEnd;
  return object ? JsonToken::kBeginObject : JsonToken::kBeginArray;
}

JsonToken JsonReader::Close(char bracket) {
  ++at_;
  --depth_;
  AfterValue();
  return bracket == '}' ? JsonToken::kEndObject : JsonToken::kEndArray;
}

JsonToken JsonReader::ReadKey() {
  if (text_[at_] != '"') return Fail("a key in quotes is missing");
  if (!ReadString()) return JsonToken::kError;
  expect_ = Expect::kColon;
  return JsonToken::kKey;
}

JsonToken JsonReader::ReadValue() {
  switch (text_[at_]) {
    case '{':
      return Open(true);
    case '[':
      return Open(false);
    case '"':
      if (!ReadString()) return JsonToken::kError;
      AfterValue();
      return JsonToken::kString;
    case 't':
      return ReadWord("true", JsonToken::kTrue);
    case 'f':
      return ReadWord("false", JsonToken::kFalse);
    case 'n':
      return ReadWord("null", JsonToken::kNull);
    default:
      return ReadNumber();
  }
}

JsonToken JsonReader::ReadWord(std::string_view word, JsonToken token) {
  if (text_.substr(at_, word.size()) != word) return Fail("a value is missing");
  at_ += word.size();
  AfterValue();
  return token;
}

JsonToken JsonReader::ReadNumber() {
  const size_t start = at_;
  const auto peek = [this] { return at_ < text_.size() ? text_[at_] : '\0'; };
  const auto digits = [&] {
    const size_t from = at_;
    while (IsDigit(peek())) ++at_;
    return at_ > from;
  };
  if (peek() == '-') ++at_;
  if (peek() == '0') ++at_;
  else if (!digits()) return Fail("a value is missing");
  if (peek() == '.') {
    ++at_;
    if (!digits()) return Fail("a digit is missing");
  }
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    if (!digits()) return Fail("a digit is missing");
  }
  raw_ = text_.substr(start, at_ - start);
  AfterValue();
  return JsonToken::kNumber;
}

bool JsonReader::ReadEscape() {
  const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  escaped_ = true;
  if (c == 'u') {
    for (size_t i = at_ + 2; i < at_ + 6; ++i) {
      if (i >= text_.size() || HexDigit(text_[i]) < 0) return false;
    }
    at_ += 6;
    return true;
  }
  at_ += 2;
  return c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
}

bool JsonReader::ReadString() {
  const size_t start = ++at_;
  escaped_ = false;
  while (at_ < text_.size() && text_[at_] != '"') {
    if (static_cast<unsigned char>(text_[at_]) < 0x20) {
      Fail("a string holds a control character");
      return false;
    }
    if (text_[at_] != '\\') {
      ++at_;
    } else if (!ReadEscape()) {
      Fail("an escape is not one of JSON's");
      return false;
    }
  }
  if (at_ >= text_.size()) {
    Fail("a string has no end");
    return false;
  }
  raw_ = text_.substr(start, at_ - start);
  ++at_;
  return true;
}

std::string JsonReader::Text() const { return escaped_ ? Unescape(raw_) : std::string(raw_); }

bool JsonReader::TextEquals(std::string_view other) const { return escaped_ ? Unescape(raw_) == other : raw_ == other; }

double JsonReader::Number() const {
#if defined(__cpp_lib_to_chars)
  double value = 0;
  const auto result = std::from_chars(raw_.data(), raw_.data() + raw_.size(), value);
  if (result.ec == std::errc()) return value;
#endif
  return std::strtod(std::string(raw_).c_str(), nullptr);
}

Status CheckJson(std::string_view text, bool must_be_object) {
  JsonReader reader(text);
  JsonToken token = reader.Next();
  if (must_be_object && token != JsonToken::kBeginObject && token != JsonToken::kError) {
    return {Code::kInvalidArgument, "The JSON must be an object."};
  }
  while (token != JsonToken::kEnd && token != JsonToken::kError) token = reader.Next();
  return reader.status();
}

namespace {

using Visitor = std::function<bool(const JsonReader& reader, JsonToken token)>;

bool IsScalar(JsonToken token) { return token >= JsonToken::kString && token <= JsonToken::kNull; }

// Walks the value that began with `token`. False: stop, the visitor has seen enough or the text is malformed.
bool Walk(JsonReader* reader, JsonToken token, std::span<const std::string> path, const Visitor& visit) {
  if (path.empty()) {
    if (IsScalar(token)) return visit(*reader, token);
    if (token != JsonToken::kBeginArray) return reader->Skip(token) != JsonToken::kError;
    for (token = reader->Next(); token != JsonToken::kEndArray; token = reader->Next()) {
      if (token == JsonToken::kError) return false;
      if (IsScalar(token) ? !visit(*reader, token) : reader->Skip(token) == JsonToken::kError) return false;
    }
    return true;
  }
  if (token == JsonToken::kBeginArray) {
    for (token = reader->Next(); token != JsonToken::kEndArray; token = reader->Next()) {
      if (token == JsonToken::kError) return false;
      const bool goes_on =
          token == JsonToken::kBeginObject ? Walk(reader, token, path, visit) : reader->Skip(token) != JsonToken::kError;
      if (!goes_on) return false;
    }
    return true;
  }
  if (token != JsonToken::kBeginObject) return token != JsonToken::kError;
  for (token = reader->Next(); token != JsonToken::kEndObject; token = reader->Next()) {
    if (token == JsonToken::kError) return false;
    const bool matches = reader->TextEquals(path.front());
    token = reader->Next();
    const bool goes_on = matches ? Walk(reader, token, path.subspan(1), visit) : reader->Skip(token) != JsonToken::kError;
    if (!goes_on) return false;
  }
  return true;
}

}  // namespace

void VisitJsonPath(std::string_view text, std::span<const std::string> path, const Visitor& visit) {
  JsonReader reader(text);
  const JsonToken token = reader.Next();
  if (token != JsonToken::kError) Walk(&reader, token, path, visit);
}

JsonScalar ReadJsonScalar(const JsonReader& reader, JsonToken token) {
  switch (token) {
    case JsonToken::kTrue:
      return JsonScalar::Boolean(true);
    case JsonToken::kFalse:
      return JsonScalar::Boolean(false);
    case JsonToken::kNumber:
      return JsonScalar::Number(reader.Number());
    case JsonToken::kString:
      return JsonScalar::String(reader.Text());
    default:
      return JsonScalar::Null();
  }
}

bool JsonScalarEquals(const JsonReader& reader, JsonToken token, const JsonScalar& scalar) {
  switch (scalar.kind) {
    case JsonScalar::Kind::kNull:
      return token == JsonToken::kNull;
    case JsonScalar::Kind::kBoolean:
      return token == (scalar.boolean ? JsonToken::kTrue : JsonToken::kFalse);
    case JsonScalar::Kind::kNumber:
      return token == JsonToken::kNumber && reader.Number() == scalar.number;
    case JsonScalar::Kind::kString:
      return token == JsonToken::kString && reader.TextEquals(scalar.string);
  }
  return false;
}

}  // namespace sochdb
