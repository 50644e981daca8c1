#include "index/graph/graph_edges.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/bytes.h"

namespace sochdb {

void EdgePacker::Add(const EdgeView& edge) {
  if (count_ > 0 && edge.type != type_) EndRun();
  if (count_ == 0) type_ = edge.type;
  ++count_;
  PutLengthPrefixed(&run_, edge.other);
  if (edge.temporal) {
    PutFixed64(&run_, static_cast<uint64_t>(edge.validity.from));
    PutFixed64(&run_, static_cast<uint64_t>(edge.validity.until));
  }
  PutLengthPrefixed(&run_, edge.properties);
}

void EdgePacker::EndRun() {
  PutLengthPrefixed(&packed_, type_);
  PutVarint64(&packed_, count_);
  PutLengthPrefixed(&packed_, run_);
  run_.clear();
  count_ = 0;
}

std::string EdgePacker::Finish() {
  if (count_ > 0) EndRun();
  return std::move(packed_);
}

Status VisitPackedEdges(std::string_view packed, const EdgeView& kept, std::span<const std::string> types,
                        const ValidTime& valid, const EdgeVisitor& visit) {
  ByteReader runs(packed);
  EdgeView edge = kept;
  while (!runs.empty()) {
    uint64_t count = 0;
    std::string_view run;
    if (!runs.ReadLengthPrefixed(&edge.type) || !runs.ReadVarint64(&count) || !runs.ReadLengthPrefixed(&run)) {
      return DamagedGraph(TreeId::kEdgesOut);
    }
    if (!types.empty() && !std::binary_search(types.begin(), types.end(), edge.type, std::less<>())) continue;
    ByteReader edges(run);
    for (; count > 0; --count) {
      bool whole = edges.ReadLengthPrefixed(&edge.other);
      if (edge.temporal) {
        uint64_t from = 0;
        uint64_t until = 0;
        whole = whole && edges.ReadFixed64(&from) && edges.ReadFixed64(&until);
        edge.validity = {static_cast<int64_t>(from), static_cast<int64_t>(until)};
      }
      if (!whole || !edges.ReadLengthPrefixed(&edge.properties)) return DamagedGraph(TreeId::kEdgesOut);
      if (edge.temporal && !valid.Admits(edge.validity)) continue;
      SOCHDB_TRY(visit(edge));
    }
  }
  return {};
}

}  // namespace sochdb
