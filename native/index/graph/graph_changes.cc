#include "index/graph/graph_changes.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/json.h"

namespace sochdb {
namespace {

constexpr uint64_t kChangesBetweenChecks = 1024;

Status Damaged() { return {Code::kInvalidArgument, "A list of changes to a graph is damaged."}; }

class Changes {
 public:
  Changes(GraphWriter* writer, std::string_view json) : writer_(writer), json_(json), reader_(json) {}

  Status Apply(const CancelToken* cancel, std::string* answers) {
    if (reader_.Next() != JsonToken::kBeginArray) return Damaged();
    answers->push_back('[');
    for (uint64_t count = 0;; ++count) {
      const JsonToken token = reader_.Next();
      if (token == JsonToken::kEndArray) break;
      if (token != JsonToken::kBeginArray) return Damaged();
      if (cancel != nullptr && count % kChangesBetweenChecks == 0) SOCHDB_TRY(cancel->Check());
      if (count > 0) answers->push_back(',');
      if (Status status = ApplyOne(cancel, answers); !status.ok()) return status.With("change", std::to_string(count));
      if (reader_.Next() != JsonToken::kEndArray) return Damaged();
    }
    answers->push_back(']');
    return reader_.Next() == JsonToken::kEnd ? Status() : Damaged();
  }

 private:
  Status Text(std::string* out) {
    if (reader_.Next() != JsonToken::kString) return Damaged();
    *out = reader_.Text();
    return {};
  }
  Status Whole(int64_t* out) {
    if (reader_.Next() != JsonToken::kNumber) return Damaged();
    const double number = reader_.Number();
    if (!(std::fabs(number) <= 9e15) || std::trunc(number) != number) return Damaged();
    *out = static_cast<int64_t>(number);
    return {};
  }
  Status Properties(std::string_view* out) {
    if (reader_.Next() != JsonToken::kBeginObject) return Damaged();
    const size_t begin = reader_.position() - 1;
    if (reader_.Skip(JsonToken::kBeginObject) == JsonToken::kError) return Damaged();
    *out = json_.substr(begin, reader_.position() - begin);
    return {};
  }
  Status Edge() {
    SOCHDB_TRY(Text(&from_));
    SOCHDB_TRY(Text(&type_));
    return Text(&to_);
  }
  [[nodiscard]] EdgeName name() const { return {from_, type_, to_}; }

  Status TextOrNull(std::optional<std::string>* out) {
    const JsonToken token = reader_.Next();
    if (token == JsonToken::kNull) return {};
    if (token != JsonToken::kString) return Damaged();
    *out = reader_.Text();
    return {};
  }
  Status WholeOrNull(std::optional<int64_t>* out) {
    const JsonToken token = reader_.Next();
    if (token == JsonToken::kNull) return {};
    if (token != JsonToken::kNumber || std::trunc(reader_.Number()) != reader_.Number()) return Damaged();
    *out = static_cast<int64_t>(reader_.Number());
    return {};
  }
  Status Names(std::vector<std::string>* out) {
    if (reader_.Next() != JsonToken::kBeginArray) return Damaged();
    for (;;) {
      const JsonToken token = reader_.Next();
      if (token == JsonToken::kEndArray) return {};
      if (token != JsonToken::kString) return Damaged();
      out->push_back(reader_.Text());
    }
  }

  Status ApplyOne(const CancelToken* cancel, std::string* answers) {
    std::string what;
    SOCHDB_TRY(Text(&what));
    if (what == "node") return Node(answers);
    if (what == "edge") return PlainEdge(answers);
    if (what == "temporal") return Temporal(answers);
    if (what == "end") return End(answers);
    if (what == "rule") return Rule(answers);
    if (what == "indexed") return Indexed(cancel, answers);
    bool existed = false;
    if (what == "updateNode") {
      SOCHDB_TRY(UpdateNode(&existed));
    } else if (what == "updateEdge") {
      SOCHDB_TRY(UpdateEdge(&existed));
    } else if (what == "deleteNode") {
      SOCHDB_TRY(Text(&from_));
      SOCHDB_TRY(writer_->DeleteNode(from_, &existed));
    } else if (what == "deleteEdge") {
      SOCHDB_TRY(Edge());
      SOCHDB_TRY(writer_->DeleteEdge(name(), &existed));
    } else {
      return Damaged();
    }
    answers->append(existed ? "true" : "false");
    return {};
  }
  Status Node(std::string* answers) {
    std::string_view properties;
    bool replaced = false;
    SOCHDB_TRY(Text(&from_));
    SOCHDB_TRY(Text(&type_));
    SOCHDB_TRY(Properties(&properties));
    SOCHDB_TRY(writer_->PutNode(from_, type_, properties, &replaced));
    answers->append(replaced ? "true" : "false");
    return {};
  }
  Status UpdateNode(bool* existed) {
    std::optional<std::string> type;
    std::string_view properties;
    std::vector<std::string> removed;
    SOCHDB_TRY(Text(&from_));
    SOCHDB_TRY(TextOrNull(&type));
    SOCHDB_TRY(Properties(&properties));
    SOCHDB_TRY(Names(&removed));
    return writer_->UpdateNode(from_, type, properties, removed, existed);
  }
  Status UpdateEdge(bool* existed) {
    std::optional<int64_t> valid_from;
    std::string_view properties;
    std::vector<std::string> removed;
    SOCHDB_TRY(Edge());
    SOCHDB_TRY(WholeOrNull(&valid_from));
    SOCHDB_TRY(Properties(&properties));
    SOCHDB_TRY(Names(&removed));
    return writer_->UpdateEdge(name(), valid_from, properties, removed, existed);
  }
  Status PlainEdge(std::string* answers) {
    std::string_view properties;
    SOCHDB_TRY(Edge());
    SOCHDB_TRY(Properties(&properties));
    SOCHDB_TRY(writer_->PutEdge(name(), properties));
    answers->append("null");
    return {};
  }
  Status Temporal(std::string* answers) {
    Validity validity;
    std::string_view properties;
    SOCHDB_TRY(Edge());
    SOCHDB_TRY(Whole(&validity.from));
    SOCHDB_TRY(Whole(&validity.until));
    SOCHDB_TRY(Properties(&properties));
    SOCHDB_TRY(writer_->PutTemporal(name(), validity, properties));
    answers->append("null");
    return {};
  }
  Status End(std::string* answers) {
    int64_t end = 0;
    uint64_t ended = 0;
    SOCHDB_TRY(Edge());
    SOCHDB_TRY(Whole(&end));
    if (end == kOpenEnd) return Damaged();
    SOCHDB_TRY(writer_->EndTemporal(name(), end, &ended));
    answers->append(std::to_string(ended));
    return {};
  }
  Status Rule(std::string* answers) {
    int64_t rule = 0;
    SOCHDB_TRY(Text(&type_));
    SOCHDB_TRY(Whole(&rule));
    if (rule < 0 || rule > static_cast<int64_t>(EdgeRule::kOncePerNode)) return Damaged();
    SOCHDB_TRY(writer_->SetRule(type_, static_cast<EdgeRule>(rule)));
    answers->append("null");
    return {};
  }
  Status Indexed(const CancelToken* cancel, std::string* answers) {
    std::optional<std::string> type;
    std::vector<std::string> paths;
    SOCHDB_TRY(TextOrNull(&type));
    SOCHDB_TRY(Names(&paths));
    SOCHDB_TRY(writer_->SetIndexed(type, paths, cancel));
    answers->append("null");
    return {};
  }

  GraphWriter* const writer_;
  const std::string_view json_;
  JsonReader reader_;
  std::string from_;
  std::string type_;
  std::string to_;
};

}  // namespace

Status ApplyGraphChanges(GraphWriter* writer, std::string_view json, const CancelToken* cancel, std::string* answers) {
  return Changes(writer, json).Apply(cancel, answers);
}

}  // namespace sochdb
