#include "index/document/hit_groups.h"

#include <iterator>
#include <utility>

#include "base/json.h"

namespace sochdb {
namespace {

// A scalar as the metadata spells it: JavaScript writes equal values alike.
std::string GroupValue(const JsonReader& reader, JsonToken token) {
  switch (token) {
    case JsonToken::kTrue:
      return "true";
    case JsonToken::kFalse:
      return "false";
    case JsonToken::kNull:
      return "null";
    case JsonToken::kString:
      return '"' + std::string(reader.raw()) + '"';
    default:
      return std::string(reader.raw());
  }
}

}  // namespace

void HitGroups::Add(const SearchResult& hit, std::string_view metadata) {
  VisitJsonPath(metadata, by_.path, [&](const JsonReader& reader, JsonToken token) {
    std::string value = GroupValue(reader, token);
    auto place = places_.find(value);
    if (place == places_.end()) {
      if (groups_.size() == most_) return true;
      place = places_.emplace(std::move(value), groups_.size()).first;
      groups_.emplace_back();
      ++open_;
    }
    std::vector<SearchResult>& group = groups_[place->second];
    if (group.size() == by_.limit || (!group.empty() && group.back().document.id == hit.document.id)) return true;
    group.push_back(hit);
    group.back().group = place->first;
    if (group.size() == by_.limit) --open_;
    return true;
  });
}

std::vector<SearchResult> HitGroups::Take() {
  std::vector<SearchResult> hits;
  for (std::vector<SearchResult>& group : groups_) {
    hits.insert(hits.end(), std::make_move_iterator(group.begin()), std::make_move_iterator(group.end()));
  }
  return hits;
}

}  // namespace sochdb
