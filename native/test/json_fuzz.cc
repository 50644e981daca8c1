// libFuzzer target: JSON text. The reader ends, its tokens are balanced, skipping a value leads where reading it does, and what
// CheckJson accepts can be walked by any path.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"

namespace {

using namespace sochdb;

void Require(bool condition) {
  if (!condition) std::abort();
}

// Whether the text is read to its end.
bool ReadAll(std::string_view text) {
  JsonReader reader(text);
  int depth = 0;
  for (;;) {
    const JsonToken token = reader.Next();
    switch (token) {
      case JsonToken::kEnd:
        Require(depth == 0 && reader.status().ok());
        return true;
      case JsonToken::kError:
        Require(reader.status().code() == Code::kInvalidArgument);
        Require(reader.Next() == JsonToken::kError);  // from now on
        return false;
      case JsonToken::kBeginObject:
      case JsonToken::kBeginArray:
        Require(++depth <= static_cast<int>(kJsonMaxDepth));
        break;
      case JsonToken::kEndObject:
      case JsonToken::kEndArray:
        Require(--depth >= 0);
        break;
      case JsonToken::kKey:
      case JsonToken::kString:
        Require(reader.TextEquals(reader.Text()));
        break;
      case JsonToken::kNumber:
        (void)reader.Number();
        break;
      default:
        break;
    }
  }
}

bool SkipAll(std::string_view text) {
  JsonReader reader(text);
  const JsonToken first = reader.Next();
  if (first == JsonToken::kError || first == JsonToken::kEnd) return false;
  return reader.Skip(first) != JsonToken::kError && reader.Next() == JsonToken::kEnd;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const bool valid = ReadAll(text);
  Require(SkipAll(text) == valid);
  Require(CheckJson(text, false).ok() == valid);
  const std::string path[] = {"a", "b"};
  for (size_t length = 0; length <= 2; ++length) {
    int visited = 0;
    VisitJsonPath(text, std::span(path, length), [&](const JsonReader& reader, JsonToken token) {
      const JsonScalar scalar = ReadJsonScalar(reader, token);
      Require(JsonScalarEquals(reader, token, scalar) || scalar.number != scalar.number);
      return ++visited < 1000;
    });
  }
  return 0;
}
