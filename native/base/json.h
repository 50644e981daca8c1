// A small JSON reader: tokens one by one, straight from the text, without building anything.
//
// It accepts exactly RFC 8259 (no comments, no trailing commas, one value), nested at most kJsonMaxDepth deep. It does not
// check that strings are UTF-8: whoever stores text does (codec/utf8.h).
//
//   JsonReader reader(text);
//   for (JsonToken token = reader.Next(); token != JsonToken::kEnd; token = reader.Next()) {
//     if (token == JsonToken::kError) return reader.status();
//     …
//   }
//
// Thread safety: a reader belongs to one thread. Ownership: it and the views it gives point into the text.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace sochdb {

inline constexpr unsigned kJsonMaxDepth = 64;

enum class JsonToken : uint8_t {
  kBeginObject,
  kEndObject,
  kBeginArray,
  kEndArray,
  kKey,
  kString,
  kNumber,
  kTrue,
  kFalse,
  kNull,
  kEnd,    // after the one value
  kError,  // from now on; status() says what is wrong
};

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  JsonToken Next();
  // Steps over the rest of the value that began with `token`; its last token, or kError.
  JsonToken Skip(JsonToken token);

  // The spelling of a key or string without its quotes (escapes and all), or of a number.
  [[nodiscard]] std::string_view raw() const { return raw_; }
  // A key or string as it is meant.
  [[nodiscard]] std::string Text() const;
  [[nodiscard]] bool TextEquals(std::string_view other) const;
  [[nodiscard]] double Number() const;  // out of a double's range: infinity, or 0
  [[nodiscard]] size_t position() const { return at_; }
  // kInvalidArgument with details {position}; OK before an error.
  [[nodiscard]] Status status() const;

 private:
  enum class Expect : uint8_t { kValue, kFirstKeyOrEnd, kKey, kColon, kFirstValueOrEnd, kCommaOrEnd, kNothing };

  JsonToken ReadValue();
  JsonToken ReadKey();
  JsonToken ReadNumber();
  JsonToken ReadWord(std::string_view word, JsonToken token);
  bool ReadString();
  bool ReadEscape();
  JsonToken Open(bool object);
  JsonToken Close(char bracket);
  void AfterValue();
  void SkipSpace();
  JsonToken Fail(const char* what);

  std::string_view text_;
  size_t at_ = 0;
  std::string_view raw_;
  bool escaped_ = false;
  Expect expect_ = Expect::kValue;
  unsigned depth_ = 0;
  uint64_t objects_ = 0;  // bit d: the container at depth d is an object
  const char* error_ = nullptr;
};

// A value without parts.
struct JsonScalar {
  enum class Kind : uint8_t { kNull, kBoolean, kNumber, kString };

  Kind kind = Kind::kNull;
  bool boolean = false;
  double number = 0;
  std::string string = {};

  static JsonScalar Null() { return {}; }
  static JsonScalar Boolean(bool value) { return {.kind = Kind::kBoolean, .boolean = value}; }
  static JsonScalar Number(double value) { return {.kind = Kind::kNumber, .number = value}; }
  static JsonScalar String(std::string value) { return {.kind = Kind::kString, .string = std::move(value)}; }

  // Numbers compare as numbers, strings by bytes; unlike kinds are unequal.
  bool operator==(const JsonScalar& other) const = default;
};

// Whether the whole text is one valid JSON value; an object, if asked.
Status CheckJson(std::string_view text, bool must_be_object);

// Calls visit for every scalar that a dotted path reaches: the value itself, or each scalar element of an array. On the way, an
// array stands for each object in it. Stops when visit returns false. The reader stands on the scalar: `token` is its kind.
// Malformed text ends the walk; CheckJson is the judge of that.
void VisitJsonPath(std::string_view text, std::span<const std::string> path,
                   const std::function<bool(const JsonReader& reader, JsonToken token)>& visit);

// The scalar a reader stands on.
JsonScalar ReadJsonScalar(const JsonReader& reader, JsonToken token);
// Without making one.
bool JsonScalarEquals(const JsonReader& reader, JsonToken token, const JsonScalar& scalar);

}  // namespace sochdb
