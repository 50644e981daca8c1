#include "index/graph/graph_request.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/json.h"

namespace sochdb {
namespace {

constexpr std::array<std::pair<std::string_view, GraphOp>, 12> kOps{{{"node", GraphOp::kNode},
                                                                     {"nodes", GraphOp::kNodes},
                                                                     {"countNodes", GraphOp::kCountNodes},
                                                                     {"countEdges", GraphOp::kCountEdges},
                                                                     {"edge", GraphOp::kEdge},
                                                                     {"neighbors", GraphOp::kNeighbors},
                                                                     {"degree", GraphOp::kDegree},
                                                                     {"traverse", GraphOp::kTraverse},
                                                                     {"path", GraphOp::kPath},
                                                                     {"match", GraphOp::kMatch},
                                                                     {"temporal", GraphOp::kTemporal},
                                                                     {"indexes", GraphOp::kIndexes}}};

Status Wrong(const std::string& what) { return {Code::kInvalidArgument, "A request to a graph is damaged: " + what + "."}; }

class Parser {
 public:
  explicit Parser(std::string_view json) : json_(json), reader_(json) {}

  Status Parse(GraphRequest* request) {
    if (reader_.Next() != JsonToken::kBeginObject) return Wrong("it is no object");
    SOCHDB_TRY(Members([&](const std::string& name) { return Member(name, request); }));
    if (reader_.Next() != JsonToken::kEnd) return Wrong("something follows it");
    return {};
  }

 private:
  // Calls member for each name of the object that was begun; it reads the value.
  template <typename Member>
  Status Members(const Member& member) {
    for (;;) {
      const JsonToken token = reader_.Next();
      if (token == JsonToken::kEndObject) return {};
      if (token != JsonToken::kKey) return Wrong("it is no JSON");
      SOCHDB_TRY(member(reader_.Text()));
    }
  }
  template <typename Element>
  Status Elements(const Element& element) {
    if (reader_.Next() != JsonToken::kBeginArray) return Wrong("a list is expected");
    for (;;) {
      const JsonToken token = reader_.Next();
      if (token == JsonToken::kEndArray) return {};
      if (token == JsonToken::kError) return Wrong("it is no JSON");
      SOCHDB_TRY(element(token));
    }
  }

  Status Text(std::string* out) {
    if (reader_.Next() != JsonToken::kString) return Wrong("a string is expected");
    *out = reader_.Text();
    return {};
  }
  Status Flag(bool* out) {
    const JsonToken token = reader_.Next();
    if (token != JsonToken::kTrue && token != JsonToken::kFalse) return Wrong("true or false is expected");
    *out = token == JsonToken::kTrue;
    return {};
  }
  Status Number(double min, double max, double* out) {
    if (reader_.Next() != JsonToken::kNumber) return Wrong("a number is expected");
    *out = reader_.Number();
    if (!(*out >= min && *out <= max) || std::trunc(*out) != *out) return Wrong("a number is out of bounds");
    return {};
  }
  template <typename T>
  Status Count(T* out, double max) {
    double number = 0;
    SOCHDB_TRY(Number(0, max, &number));
    *out = static_cast<T>(number);
    return {};
  }
  Status Moment(int64_t* out) {
    double number = 0;
    SOCHDB_TRY(Number(-9e15, 9e15, &number));
    *out = static_cast<int64_t>(number);
    return {};
  }
  Status Types(std::vector<std::string>* out) {
    SOCHDB_TRY(Elements([&](JsonToken token) {
      if (token != JsonToken::kString || out->size() == GraphRequest::kMaxTypes)
        return Wrong("a list of types is no such list");
      out->push_back(reader_.Text());
      return Status();
    }));
    std::sort(out->begin(), out->end());
    out->erase(std::unique(out->begin(), out->end()), out->end());
    return {};
  }
  Status Test(NodeTest* out) {
    if (reader_.Next() != JsonToken::kBeginObject) return Wrong("a test of nodes is no object");
    return Members([&](const std::string& name) -> Status {
      if (name == "types") return Types(&out->types);
      if (name != "filter") return Wrong("nothing is known of \"" + name + "\"");
      const JsonToken token = reader_.Next();
      // The reader stands behind the bracket that opens it.
      const size_t begin = reader_.position() - 1;
      if (token != JsonToken::kBeginArray || reader_.Skip(token) == JsonToken::kError) return Wrong("a filter is no list");
      SOCHDB_ASSIGN(filter, MetadataFilter::Parse(json_.substr(begin, reader_.position() - begin)));
      out->filter = std::make_shared<const MetadataFilter>(std::move(filter));
      return {};
    });
  }
  Status Step(const std::string& name, GraphStep* step, bool* known) {
    *known = true;
    if (name == "edgeTypes") return Types(&step->edge_types);
    if (name == "nodes") return Test(&step->nodes);
    if (name == "minHops") return Count(&step->min_hops, 100);
    if (name == "maxHops") return Count(&step->max_hops, 100);
    if (name != "direction") {
      *known = false;
      return {};
    }
    uint32_t ways = 0;
    SOCHDB_TRY(Count(&ways, 3));
    if (ways == 0) return Wrong("a direction is none");
    step->out = (ways & 1u) != 0;
    step->in = (ways & 2u) != 0;
    return {};
  }
  Status Steps(std::vector<GraphStep>* out) {
    return Elements([&](JsonToken token) -> Status {
      if (token != JsonToken::kBeginObject || out->size() == GraphRequest::kMaxSteps) return Wrong("steps are no list of them");
      GraphStep& step = out->emplace_back();
      return Members([&](const std::string& name) -> Status {
        bool known = false;
        SOCHDB_TRY(Step(name, &step, &known));
        return known ? Status() : Wrong("nothing is known of \"" + name + "\"");
      });
    });
  }
  Status Member(const std::string& name, GraphRequest* request) {
    if (name == "op") return Op(&request->op);
    if (name == "id") return Text(&request->id.emplace());
    if (name == "to") return Text(&request->to);
    if (name == "edgeType") return Text(&request->edge_type);
    if (name == "after") return Text(&request->after);
    if (name == "weight") return Text(&request->weight.emplace());
    if (name == "steps") return Steps(&request->steps);
    if (name == "dfs") return Flag(&request->dfs);
    if (name == "prune") return Flag(&request->prune);
    if (name == "maxDepth") return Count(&request->max_depth, GraphRequest::kAnyDepth);
    if (name == "limit") return Count(&request->limit, 9e15);
    if (name == "limitPerNode") return Count(&request->limit_per_node, 9e15);
    if (name == "maxVisits") return Count(&request->max_visits, 9e15);
    if (name == "validAt") return Moment(&request->valid_at.emplace());
    if (name == "start") return Moment(&request->start);
    if (name == "end") return Moment(&request->end);
    bool known = false;
    SOCHDB_TRY(Step(name, &request->step, &known));
    return known ? Status() : Wrong("nothing is known of \"" + name + "\"");
  }
  Status Op(GraphOp* op) {
    std::string name;
    SOCHDB_TRY(Text(&name));
    const auto* const found = std::find_if(kOps.begin(), kOps.end(), [&](const auto& each) { return each.first == name; });
    if (found == kOps.end()) return Wrong("nobody knows to do \"" + name + "\"");
    *op = found->second;
    return {};
  }

  const std::string_view json_;
  JsonReader reader_;
};

}  // namespace

bool NodeTest::Passes(std::string_view type, std::string_view properties) const {
  if (!types.empty() && !std::binary_search(types.begin(), types.end(), type, std::less<>())) return false;
  return filter == nullptr || filter->Matches(properties);
}

Result<GraphRequest> GraphRequest::Parse(std::string_view json) {
  GraphRequest request;
  SOCHDB_TRY(Parser(json).Parse(&request));
  return request;
}

}  // namespace sochdb
