#include "index/document/metadata_paths.h"

#include <algorithm>

namespace sochdb {
namespace {

bool IsScalarToken(JsonToken token) { return token >= JsonToken::kString && token <= JsonToken::kNull; }

}  // namespace

void MetadataPaths::Add(std::span<const std::string> segments, uint32_t number) {
  uint32_t at = 0;
  for (const std::string& segment : segments) {
    const auto less = [this](uint32_t name, const std::string& text) { return names_[name].text < text; };
    const std::vector<uint32_t>& next = names_[at].next;
    const auto place = std::lower_bound(next.begin(), next.end(), segment, less);
    if (place != next.end() && names_[*place].text == segment) {
      at = *place;
      continue;
    }
    const auto added = static_cast<uint32_t>(names_.size());
    const auto index = place - next.begin();
    names_.push_back({segment, {}, {}});
    names_[at].next.insert(names_[at].next.begin() + index, added);
    at = added;
  }
  names_[at].numbers.push_back(number);
}

// Where a key leads; null when no path goes there.
const MetadataPaths::Name* MetadataPaths::Follow(const Name& from, const JsonReader& reader) const {
  const bool plain = reader.raw().find('\\') == std::string_view::npos;
  const std::string unescaped = plain ? std::string() : reader.Text();
  const std::string_view key = plain ? reader.raw() : std::string_view(unescaped);
  const auto less = [this](uint32_t name, std::string_view text) { return names_[name].text < text; };
  const auto place = std::lower_bound(from.next.begin(), from.next.end(), key, less);
  return place != from.next.end() && names_[*place].text == key ? &names_[*place] : nullptr;
}

bool MetadataPaths::Reach(const JsonReader& reader, JsonToken token, const Name& at, const Visitor& visit) {
  return std::all_of(at.numbers.begin(), at.numbers.end(), [&](uint32_t number) { return visit(number, reader, token); });
}

bool MetadataPaths::WalkObject(JsonReader* reader, const Name& at, const Visitor& visit) const {
  for (JsonToken token = reader->Next(); token != JsonToken::kEndObject; token = reader->Next()) {
    if (token == JsonToken::kError) return false;
    const Name* next = Follow(at, *reader);
    token = reader->Next();
    const bool goes_on = next != nullptr ? WalkValue(reader, token, *next, visit) : reader->Skip(token) != JsonToken::kError;
    if (!goes_on) return false;
  }
  return true;
}

bool MetadataPaths::WalkArray(JsonReader* reader, const Name& at, const Visitor& visit) const {
  for (JsonToken token = reader->Next(); token != JsonToken::kEndArray; token = reader->Next()) {
    bool goes_on = token != JsonToken::kError;
    if (IsScalarToken(token)) goes_on = Reach(*reader, token, at, visit);
    else if (token == JsonToken::kBeginObject && !at.next.empty()) goes_on = WalkObject(reader, at, visit);
    else if (goes_on) goes_on = reader->Skip(token) != JsonToken::kError;
    if (!goes_on) return false;
  }
  return true;
}

// The value that began with `token`, which is that of the name `at`.
bool MetadataPaths::WalkValue(JsonReader* reader, JsonToken token, const Name& at, const Visitor& visit) const {
  if (token == JsonToken::kError || !Reach(*reader, token, at, visit)) return false;
  if (token == JsonToken::kBeginArray) return WalkArray(reader, at, visit);
  if (token != JsonToken::kBeginObject) return true;
  return at.next.empty() ? reader->Skip(token) != JsonToken::kError : WalkObject(reader, at, visit);
}

void MetadataPaths::Visit(std::string_view json, const Visitor& visit) const {
  JsonReader reader(json);
  if (reader.Next() == JsonToken::kBeginObject) WalkObject(&reader, names_.front(), visit);
}

}  // namespace sochdb
