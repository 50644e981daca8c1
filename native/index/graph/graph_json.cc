#include "index/graph/graph_json.h"

#include <cstdint>

namespace sochdb {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void AppendEscape(std::string* json, char c) {
  const auto byte = static_cast<uint8_t>(c);
  if (c == '"' || c == '\\') {
    json->push_back('\\');
    json->push_back(c);
    return;
  }
  json->append("\\u00");
  json->push_back(kHex[byte >> 4]);
  json->push_back(kHex[byte & 15]);
}

}  // namespace

void AppendJsonText(std::string* json, std::string_view text) {
  json->push_back('"');
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<uint8_t>(c) >= 0x20 && c != '"' && c != '\\') continue;
    json->append(text.substr(plain, i - plain));
    AppendEscape(json, c);
    plain = i + 1;
  }
  json->append(text.substr(plain));
  json->push_back('"');
}

void AppendOpenNode(std::string* json, std::string_view id, std::string_view type, std::string_view properties) {
  json->append("{\"id\":");
  AppendJsonText(json, id);
  json->append(",\"nodeType\":");
  AppendJsonText(json, type);
  json->append(",\"properties\":");
  json->append(properties.empty() ? std::string_view("{}") : properties);
}

void AppendEdge(std::string* json, const EdgeText& edge) {
  json->append("{\"fromId\":");
  AppendJsonText(json, edge.name.from);
  json->append(",\"edgeType\":");
  AppendJsonText(json, edge.name.type);
  json->append(",\"toId\":");
  AppendJsonText(json, edge.name.to);
  json->append(",\"properties\":");
  json->append(edge.properties.empty() ? std::string_view("{}") : edge.properties);
  if (edge.temporal) {
    json->append(",\"validFrom\":").append(std::to_string(edge.validity.from));
    json->append(",\"validUntil\":").append(std::to_string(edge.validity.until));
  }
  json->push_back('}');
}

}  // namespace sochdb
