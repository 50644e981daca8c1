#include "index/graph/graph_properties.h"

#include <unordered_set>

#include "base/json.h"

namespace sochdb {
namespace {

// Calls visit(name, the member as it is spelled) for each member of an object.
template <typename Visit>
bool VisitMembers(std::string_view object, const Visit& visit) {
  JsonReader reader(object);
  if (reader.Next() != JsonToken::kBeginObject) return false;
  for (;;) {
    const JsonToken token = reader.Next();
    if (token == JsonToken::kEndObject) return reader.Next() == JsonToken::kEnd;
    if (token != JsonToken::kKey) return false;
    const std::string name = reader.Text();
    const size_t begin = static_cast<size_t>(reader.raw().data() - object.data()) - 1;  // its quote
    if (reader.Skip(reader.Next()) == JsonToken::kError) return false;
    visit(name, object.substr(begin, reader.position() - begin));
  }
}

}  // namespace

bool MergeProperties(std::string_view before, std::string_view change, const std::vector<std::string>& removed,
                     std::string* merged) {
  std::unordered_set<std::string> gone(removed.begin(), removed.end());
  if (!VisitMembers(change, [&gone](const std::string& name, std::string_view) { gone.insert(name); })) return false;
  merged->assign("{");
  const auto append = [merged](std::string_view member) {
    if (merged->size() > 1) merged->push_back(',');
    merged->append(member);
  };
  const bool is_object = VisitMembers(before, [&](const std::string& name, std::string_view member) {
    if (!gone.contains(name)) append(member);
  });
  if (!is_object) return false;
  VisitMembers(change, [&](const std::string&, std::string_view member) { append(member); });
  merged->push_back('}');
  return true;
}

}  // namespace sochdb
