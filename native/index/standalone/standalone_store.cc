// The file of a StandaloneIndex: blocks (block_file.h) with this stream, little-endian:
//
//   0   dimension, metric, m, efConstruction, efSearch, slots, entry slot, its level: u32 each
//   32  max_elements u64 | rows above the bottom layer u64
//   48  each slot: id u64 | level, or kDeadMark + level u32 | vector, dimension x f32 | bottom row, 2m x u32 | upper rows,
//   level x m x u32
//
// Rows are as long as the graph's, kNoSlot from their end on. Vectors are prepared ones (metric.h).

#include <cstring>

#include "base/bytes.h"
#include "index/standalone/block_file.h"
#include "index/standalone/graph_access.h"
#include "index/standalone/loaded_graph.h"
#include "index/standalone/standalone_index.h"

namespace sochdb {
namespace {

constexpr std::string_view kIndexMagic = "SOCHDBVI";
constexpr uint32_t kIndexVersion = 1;
constexpr uint32_t kDeadMark = 1u << 31;
constexpr size_t kStreamHeaderBytes = 48;

struct StreamHeader {
  StandaloneOptions options;
  uint32_t slots = 0;
  uint32_t entry = kNoSlot;
  uint32_t entry_level = 0;
  uint64_t upper_rows = 0;

  [[nodiscard]] std::string Encode() const {
    std::string bytes;
    for (const uint32_t word : {options.dimension, static_cast<uint32_t>(options.metric), options.m, options.ef_construction,
                                options.ef_search, slots, entry, entry_level}) {
      PutFixed32(&bytes, word);
    }
    PutFixed64(&bytes, options.max_elements);
    PutFixed64(&bytes, upper_rows);
    return bytes;
  }
  // Of the whole stream. REQUIRES: the options are checked, and upper_rows is at most kMaxLevel x slots.
  [[nodiscard]] uint64_t StreamBytes() const {
    const uint64_t slot_bytes = 12 + 4 * (uint64_t{options.dimension} + 2 * options.m);
    return kStreamHeaderBytes + slots * slot_bytes + upper_rows * 4 * options.m;
  }
};

Status WriteSlots(const StandaloneRows& rows, const StandaloneOptions& options, BlockWriter* out) {
  const PagedRows<StandaloneSlot>::View slots = rows.slots();
  const FullVectors::View vectors = rows.vectors().full().view();
  uint32_t links[2 * HnswOptions::kMaxM];
  for (uint32_t slot = 0; slot < rows.count(); ++slot) {
    const bool live = slots[slot]->VisibleAt(rows.version());
    const uint32_t level = GraphAccess::HasUpperRows(rows.graph(), slot) ? slots[slot]->level : 0;
    char head[12];
    EncodeFixed64(head, slots[slot]->id);
    EncodeFixed32(head + 8, level | (live ? 0 : kDeadMark));
    SOCHDB_TRY(out->Write({head, sizeof(head)}));
    SOCHDB_TRY(out->WriteWords(vectors[slot], options.dimension));
    for (uint32_t row = 0; row <= level; ++row) {
      GraphAccess::ReadRow(rows.graph(), slot, row, links);
      SOCHDB_TRY(out->WriteWords(links, GraphAccess::Width(rows.graph(), row)));
    }
  }
  return {};
}

Status ReadHeader(BlockReader* in, StreamHeader* header) {
  char bytes[kStreamHeaderBytes];
  SOCHDB_TRY(in->Read(bytes, sizeof(bytes)));
  uint32_t words[8];
  for (size_t i = 0; i < 8; ++i) words[i] = DecodeFixed32(bytes + 4 * i);
  const bool is_metric = words[1] <= static_cast<uint32_t>(Metric::kEuclidean);
  header->options = {.dimension = words[0],
                     .metric = is_metric ? static_cast<Metric>(words[1]) : Metric::kCosine,
                     .m = words[2],
                     .ef_construction = words[3],
                     .ef_search = words[4],
                     .max_elements = DecodeFixed64(bytes + 32)};
  header->slots = words[5];
  header->entry = words[6];
  header->entry_level = words[7];
  header->upper_rows = DecodeFixed64(bytes + 40);
  if (!is_metric || !CheckStandaloneOptions(header->options).ok() || header->slots > StandaloneRows::kMaxSlots ||
      header->upper_rows > uint64_t{HnswGraph::kMaxLevel} * header->slots) {
    return in->Damaged("what it says of itself is beyond all limits.");
  }
  // Before memory is taken for what it claims to hold.
  if (header->StreamBytes() != in->stream_bytes()) return in->Damaged("it is not as long as what it should hold.");
  return {};
}

// The links of a row as the file has it, up to its end.
std::span<const uint32_t> LinksOf(const std::vector<uint32_t>& row, uint32_t width) {
  const auto end = std::find(row.begin(), row.begin() + width, kNoSlot);
  return {row.data(), static_cast<size_t>(end - row.begin())};
}

Status ReadSlots(const StreamHeader& header, BlockReader* in, LoadedGraph* graph) {
  const uint32_t m = header.options.m;
  std::vector<float> vector(PaddedDimension(header.options.dimension));
  std::vector<uint32_t> row(2 * size_t{m});
  uint64_t upper_rows = 0;
  for (uint32_t slot = 0; slot < header.slots; ++slot) {
    char head[12];
    SOCHDB_TRY(in->Read(head, sizeof(head)));
    SOCHDB_TRY(in->ReadWords(vector.data(), header.options.dimension));
    SOCHDB_TRY(in->ReadWords(row.data(), row.size()));
    const uint32_t mark = DecodeFixed32(head + 8);
    const uint32_t level = mark & ~kDeadMark;
    const char* wrong = graph->Add({.id = DecodeFixed64(head),
                                    .live = (mark & kDeadMark) == 0,
                                    .links = LinksOf(row, 2 * m),
                                    .vector = vector.data(),
                                    .prepared = true});
    if (wrong == nullptr) wrong = graph->SetLevel(slot, level);
    if (wrong == nullptr && (upper_rows += level) > header.upper_rows) wrong = "it has more rows than it should.";
    for (uint32_t above = 1; wrong == nullptr && above <= level; ++above) {
      SOCHDB_TRY(in->ReadWords(row.data(), m));
      wrong = graph->SetUpperRow(slot, above, LinksOf(row, m));
    }
    if (wrong != nullptr) return in->Damaged(wrong);
  }
  const char* wrong = graph->Finish(header.entry, header.entry_level);
  return wrong == nullptr ? Status() : in->Damaged(wrong);
}

}  // namespace

Status StandaloneIndex::Save(const std::string& path, const CancelToken* cancel) {
  MutexLock lock(&writer_mutex_);
  const std::shared_ptr<StandaloneRows> rows = Current();
  StreamHeader header;
  header.options = options_;
  header.slots = rows->count();
  for (uint32_t slot = 0; slot < rows->count(); ++slot) {
    if (GraphAccess::HasUpperRows(rows->graph(), slot)) header.upper_rows += rows->slots()[slot]->level;
  }
  if (const auto entry = GraphAccess::ReadEntry(rows->graph()); entry.has_value()) {
    header.entry = entry->slot;
    header.entry_level = entry->level;
  }
  BlockWriter out(env_, path, cancel);
  SOCHDB_TRY(out.Begin(kIndexMagic, kIndexVersion));
  SOCHDB_TRY(out.Write(header.Encode()));
  SOCHDB_TRY(WriteSlots(*rows, options_, &out));
  return out.Finish();
}

Result<std::unique_ptr<StandaloneIndex>> StandaloneIndex::Load(Env* env, const std::string& path, const CancelToken* cancel) {
  BlockReader in(env, path, cancel);
  SOCHDB_TRY(in.Begin(kIndexMagic, kIndexVersion));
  StreamHeader header;
  SOCHDB_TRY(ReadHeader(&in, &header));
  LoadedGraph graph(env, header.options, header.slots);
  SOCHDB_TRY(ReadSlots(header, &in, &graph));
  return std::make_unique<StandaloneIndex>(env, header.options, graph.Take());
}

}  // namespace sochdb
