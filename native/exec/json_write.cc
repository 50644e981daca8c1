#include "exec/json_write.h"

#include <cmath>

#include "exec/coerce.h"

namespace sochdb {

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t plain = 0;  // where the run of characters that stay as they are begins
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text, plain, i - plain);
    plain = i + 1;
    out->push_back('\\');
    switch (c) {
      case '\b':
        out->push_back('b');
        break;
      case '\t':
        out->push_back('t');
        break;
      case '\n':
        out->push_back('n');
        break;
      case '\f':
        out->push_back('f');
        break;
      case '\r':
        out->push_back('r');
        break;
      case '"':
      case '\\':
        out->push_back(static_cast<char>(c));
        break;
      default:
        out->append("u00");
        out->push_back(kHex[c >> 4]);
        out->push_back(kHex[c & 15]);
    }
  }
  out->append(text, plain, text.size() - plain);
  out->push_back('"');
}

Status AppendJson(const Value& value, std::string* out) {
  switch (value.tag) {
    case ValueTag::kNull:
      out->append("null");
      return {};
    case ValueTag::kBlob:
    case ValueTag::kVector:
      return {Code::kInvalidArgument, std::string("JSON cannot hold a value of type ") + ColumnTypeName(value.tag) + "."};
    case ValueTag::kReal:
      if (!std::isfinite(value.f64)) {
        out->append(value.f64 < 0 ? "-9e999" : "9e999");
        return {};
      }
      AppendText(value, out);
      return {};
    case ValueTag::kBoolean:
      out->append(value.i64 != 0 ? "true" : "false");
      return {};
    case ValueTag::kInteger:
    case ValueTag::kDecimal:
      AppendText(value, out);
      return {};
    case ValueTag::kJson:
      out->append(value.bytes);
      return {};
    case ValueTag::kText:
      AppendJsonString(value.bytes, out);
      return {};
    default: {
      std::string text;
      AppendText(value, &text);
      AppendJsonString(text, out);
      return {};
    }
  }
}

}  // namespace sochdb
