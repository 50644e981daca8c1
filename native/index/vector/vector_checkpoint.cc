#include "index/vector/vector_checkpoint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "engine/sealed_file.h"
#include "env/path.h"
#include "index/vector/binary_codec.h"
#include "index/vector/checkpoint_headers.h"
#include "index/vector/product_codec.h"
#include "index/vector/scalar_codec.h"

namespace sochdb {
namespace {

constexpr std::string_view kMagic = "SOCHVECT";
constexpr uint32_t kVersion = 2;
constexpr std::string_view kExtension = ".vectors";
constexpr uint32_t kRowsBetweenStops = 1024;
// Sections hold numbers as this machine has them: a file from one with another order of bytes is told by this.
constexpr uint32_t kByteOrder = 0x01020304;

enum Section : size_t {
  kAbout,
  kFull,
  kLearned,
  kCodes,
  kHeaders,
  kBottom,
  kNodes,
  kUpper,
  kIdLengths,
  kIds,
  kHashes,
  kSections
};

constexpr uint32_t kAnyChunked = 1;
constexpr uint32_t kAnyMultiple = 2;
constexpr uint32_t kAnyAggregated = 4;

// The first section, as it lies in the file.
struct About {
  uint32_t byte_order = kByteOrder;
  uint32_t namespace_id = 0;
  uint32_t collection_id = 0;
  uint32_t dimension = 0;
  uint32_t metric = 0;
  uint32_t m = 0;
  uint32_t ef_construction = 0;
  uint32_t quantization = 0;
  uint32_t pq_subvectors = 0;
  uint32_t pq_centroids = 0;
  uint32_t trained = 0;
  uint32_t any_expiry = 0;
  uint64_t ts = 0;
  uint64_t entry = 0;
  uint64_t hash_seed = 0;
  uint32_t slots = 0;
  uint32_t linked = 0;
  uint32_t upper_rows = 0;
  uint32_t documents = 0;
  uint64_t id_bytes = 0;
  uint32_t hashes = 0;
  uint32_t learned = 0;   // values that the codec learned; 0: there are no codes
  uint32_t code_row = 0;  // bytes
  uint32_t kinds = 0;     // of documents that were ever stored
};
static_assert(sizeof(About) == 112 && std::is_trivially_copyable_v<About>);

About AboutConfig(const VectorIndexConfig& config) {
  About about;
  about.namespace_id = config.id.namespace_id;
  about.collection_id = config.id.collection_id;
  about.dimension = config.dimension;
  about.metric = static_cast<uint32_t>(config.metric);
  about.m = config.hnsw.m;
  about.ef_construction = config.hnsw.ef_construction;
  about.quantization = static_cast<uint32_t>(config.quantization);
  about.pq_subvectors = config.pq_subvectors;
  about.pq_centroids = config.pq_centroids;
  return about;
}

std::vector<uint64_t> SectionBytes(const About& about) {
  std::vector<uint64_t> bytes(kSections);
  bytes[kAbout] = sizeof(About);
  bytes[kFull] = uint64_t{about.slots} * PaddedDimension(about.dimension) * sizeof(float);
  bytes[kLearned] = uint64_t{about.learned} * sizeof(float);
  bytes[kCodes] = uint64_t{about.slots} * about.code_row;
  bytes[kHeaders] = uint64_t{about.slots} * sizeof(SlotHeader);
  bytes[kBottom] = uint64_t{about.slots} * 2 * about.m * sizeof(uint32_t);
  bytes[kNodes] = uint64_t{about.slots} * HnswGraph::kNodeBytes;
  bytes[kUpper] = uint64_t{about.upper_rows} * about.m * sizeof(uint32_t);
  bytes[kIdLengths] = uint64_t{about.documents} * sizeof(uint16_t);
  bytes[kIds] = about.id_bytes;
  bytes[kHashes] = uint64_t{about.hashes} * sizeof(uint64_t);
  return bytes;
}

template <typename T>
std::string_view BytesOf(const T* values, size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}

// --- Writing

class Writer {
 public:
  Writer(const VectorSlots& slots, const CheckpointExtent& extent, const std::atomic<bool>* stop)
      : slots_(slots), extent_(extent), stop_(stop) {}

  Status Run(Env* env, const std::string& dir, const VectorIndexConfig& config) {
    const std::vector<uint64_t> hashes = slots_.documents().Hashes(extent_.documents);
    About about = AboutConfig(config);
    Fill(hashes.size(), &about);
    SOCHDB_ASSIGN(file,
                  SealedFileWriter::Create(env, dir, CheckpointFileName(config.id), kMagic, kVersion, SectionBytes(about)));
    file_ = file.get();
    SOCHDB_TRY(Put(BytesOf(&about, 1)));
    SOCHDB_TRY(PutRows(slots_.vectors().full().view(), slots_.vectors().full().padded() * sizeof(float)));
    if (extent_.codes != nullptr) {
      const std::vector<float>& learned = extent_.codes->codec().learned();
      SOCHDB_TRY(Put(BytesOf(learned.data(), learned.size())));
      SOCHDB_TRY(PutRows(extent_.codes->view(), extent_.codes->codec().row_bytes()));
    } else {
      for (int i = 0; i < 2; ++i) SOCHDB_TRY(file_->EndSection());
    }
    SOCHDB_TRY(PutHeaders());
    SOCHDB_TRY(PutGraph(about.m));
    SOCHDB_TRY(PutIds());
    SOCHDB_TRY(Put(BytesOf(hashes.data(), hashes.size())));
    return file_->Commit();
  }

 private:
  void Fill(size_t hashes, About* about) const {
    about->trained = extent_.trained ? 1 : 0;
    about->any_expiry = extent_.any_expiry ? 1 : 0;
    about->kinds = (extent_.any_chunked ? kAnyChunked : 0) | (extent_.any_multiple ? kAnyMultiple : 0) |
                   (extent_.any_aggregated ? kAnyAggregated : 0);
    about->ts = extent_.ts;
    about->entry = extent_.graph.entry;
    about->hash_seed = slots_.documents().hash_seed();
    about->slots = extent_.slots;
    about->linked = extent_.graph.linked;
    about->upper_rows = extent_.graph.upper_rows;
    about->documents = extent_.documents;
    for (uint32_t document = 0; document < extent_.documents; ++document) {
      about->id_bytes += slots_.documents().id(document).size();
    }
    about->hashes = static_cast<uint32_t>(hashes);
    if (extent_.codes == nullptr) return;
    about->learned = static_cast<uint32_t>(extent_.codes->codec().learned().size());
    about->code_row = static_cast<uint32_t>(extent_.codes->codec().row_bytes());
  }

  Status CheckStop(uint32_t row) const {
    if (row % kRowsBetweenStops != 0 || stop_ == nullptr || !stop_->load(std::memory_order_relaxed)) return {};
    return {Code::kCancelled, "Writing a checkpoint of a vector index was given up."};
  }

  // A whole section.
  Status Put(std::string_view bytes) {
    SOCHDB_TRY(file_->Append(bytes));
    return file_->EndSection();
  }

  template <typename View>
  Status PutRows(View rows, size_t row_bytes) {
    for (uint32_t slot = 0; slot < extent_.slots; ++slot) {
      SOCHDB_TRY(CheckStop(slot));
      SOCHDB_TRY(file_->Append({reinterpret_cast<const char*>(rows[slot]), row_bytes}));
    }
    return file_->EndSection();
  }

  Status PutHeaders() {
    const PagedRows<SlotHeader>::View headers = slots_.headers();
    for (uint32_t slot = 0; slot < extent_.slots; ++slot) {
      const SlotHeader* header = headers[slot];
      SlotHeader copy(header->xmin(), header->expires_ms(), header->document(), header->older_slot());
      // Commits go on: what they ended was alive.
      if (const Timestamp xmax = header->xmax(); xmax <= extent_.ts) copy.End(xmax);
      SOCHDB_TRY(file_->Append(BytesOf(&copy, 1)));
    }
    return file_->EndSection();
  }

  Status PutGraph(uint32_t m) {
    const HnswGraph& graph = slots_.graph();
    std::array<uint32_t, 2 * size_t{HnswOptions::kMaxM}> row;
    for (uint32_t slot = 0; slot < extent_.slots; ++slot) {
      SOCHDB_TRY(CheckStop(slot));
      graph.CopyBottomRow(extent_.graph, slot, row.data());
      SOCHDB_TRY(file_->Append(BytesOf(row.data(), 2 * m)));
    }
    SOCHDB_TRY(file_->EndSection());
    for (uint32_t slot = 0; slot < extent_.slots; ++slot) {
      std::array<uint32_t, HnswGraph::kNodeBytes / sizeof(uint32_t)> node;
      graph.CopyNode(extent_.graph, slot, node.data());
      SOCHDB_TRY(file_->Append(BytesOf(node.data(), node.size())));
    }
    SOCHDB_TRY(file_->EndSection());
    for (uint32_t i = 0; i < extent_.graph.upper_rows; ++i) {
      graph.CopyUpperRow(extent_.graph, i, row.data());
      SOCHDB_TRY(file_->Append(BytesOf(row.data(), m)));
    }
    return file_->EndSection();
  }

  Status PutIds() {
    const DocumentTable& documents = slots_.documents();
    for (uint32_t document = 0; document < extent_.documents; ++document) {
      const auto length = static_cast<uint16_t>(documents.id(document).size());
      SOCHDB_TRY(file_->Append(BytesOf(&length, 1)));
    }
    SOCHDB_TRY(file_->EndSection());
    for (uint32_t document = 0; document < extent_.documents; ++document) {
      SOCHDB_TRY(file_->Append(documents.id(document)));
    }
    return file_->EndSection();
  }

  const VectorSlots& slots_;
  const CheckpointExtent& extent_;
  const std::atomic<bool>* const stop_;
  SealedFileWriter* file_ = nullptr;
};

// --- Reading

Status Senseless(const std::string& path) {
  return Status(Code::kCorruption,
                "The file " + path + " makes no sense. It holds derived data, which is made again without it.")
      .With("file", path);
}

// The whole file: mapped where that can be.
Result<AlignedBlock> ReadWhole(Env* env, const std::string& path, bool* in_file) {
  Result<std::unique_ptr<Mapping>> mapping = env->MapFile(path);
  *in_file = mapping.ok();
  if (mapping.ok()) return AlignedBlock(std::move(mapping).value());
  if (mapping.status().code() != Code::kUnsupported) return mapping.status();
  SOCHDB_ASSIGN(file, env->OpenFile(path, OpenMode::kReadOnly));
  SOCHDB_ASSIGN(size, file->Size());
  AlignedBlock block(std::max<size_t>(size, 1));
  size_t got = 0;
  SOCHDB_TRY(file->Read(0, size, block.data(), &got));
  if (got != size) return Senseless(path);
  return block;
}

bool SameConfig(const About& about, const VectorIndexConfig& config) {
  const About wanted = AboutConfig(config);
  return std::memcmp(&about, &wanted, offsetof(About, trained)) == 0;
}

std::unique_ptr<VectorCodec> MakeCodec(const VectorIndexConfig& config, const float* learned, uint32_t count) {
  if (config.quantization == Quantization::kProduct) {
    const uint32_t parts = config.pq_subvectors != 0 ? config.pq_subvectors : DefaultPqParts(config.dimension);
    if (count != ProductCodec::LearnedSize(config.dimension, config.pq_centroids)) return nullptr;
    return std::make_unique<ProductCodec>(config.metric, config.dimension, parts, config.pq_centroids, learned);
  }
  if (count != config.dimension) return nullptr;
  const std::vector<const float*> mean = {learned};  // the mean of one vector is that vector
  if (config.quantization == Quantization::kBinary) return std::make_unique<BinaryCodec>(config.metric, config.dimension, mean);
  return std::make_unique<ScalarCodec>(config.metric, config.dimension, mean);
}

Status ReadSections(const std::string& path, uint64_t now_ms, const VectorIndexConfig& config,
                    const std::vector<SealedSection>& sections, LoadedCheckpoint* loaded) {
  char* const base = loaded->memory.data();
  const auto at = [&](Section section) { return base + sections[section].offset; };
  if (sections.size() != kSections || sections[kAbout].bytes != sizeof(About)) return Senseless(path);
  About about;
  std::memcpy(&about, at(kAbout), sizeof(about));
  if (!SameConfig(about, config)) {
    return Status(Code::kInvalidArgument, "The file " + path + " is of another configuration.").With("file", path);
  }
  const std::vector<uint64_t> bytes = SectionBytes(about);
  for (size_t i = 0; i < kSections; ++i) {
    if (sections[i].bytes != bytes[i]) return Senseless(path);
  }
  VectorSlots::Parts& parts = loaded->parts;
  const auto entry_slot = static_cast<uint32_t>(about.entry);  // + 1
  if (about.linked > about.slots || entry_slot > about.linked) return Senseless(path);
  if (entry_slot == 0 && HnswGraph::AnyLinked(at(kNodes), about.linked)) return Senseless(path);
  if (!std::has_single_bit(about.hashes) || about.documents > about.hashes / 2) return Senseless(path);
  const auto* headers = reinterpret_cast<const SlotHeader*>(at(kHeaders));
  if (!ReadCheckpointHeaders(headers, about.slots, about.documents, now_ms, loaded)) return Senseless(path);
  parts.id_lengths = {reinterpret_cast<const uint16_t*>(at(kIdLengths)), about.documents};
  uint64_t id_bytes = 0;
  for (const uint16_t length : parts.id_lengths) id_bytes += length;
  if (id_bytes != about.id_bytes) return Senseless(path);
  if (about.learned > 0) {
    std::unique_ptr<VectorCodec> codec = MakeCodec(config, reinterpret_cast<const float*>(at(kLearned)), about.learned);
    if (codec == nullptr || codec->row_bytes() != about.code_row) return Senseless(path);
    parts.codes = std::make_unique<VectorCodes>(std::move(codec));
    parts.codes->Adopt(at(kCodes), about.slots);
  }
  loaded->ts = about.ts;
  loaded->trained = about.trained != 0;
  parts.slots = about.slots;
  parts.extent = {.linked = about.linked, .upper_rows = about.upper_rows, .entry = about.entry, .absent = {}};
  parts.any_expiry = about.any_expiry != 0;
  parts.any_chunked = (about.kinds & kAnyChunked) != 0;
  parts.any_multiple = (about.kinds & kAnyMultiple) != 0;
  parts.any_aggregated = (about.kinds & kAnyAggregated) != 0;
  parts.full = at(kFull);
  parts.headers = at(kHeaders);
  parts.bottom = at(kBottom);
  parts.nodes = at(kNodes);
  parts.upper = at(kUpper);
  parts.hash_seed = about.hash_seed;
  parts.ids = at(kIds);
  parts.hashes = {reinterpret_cast<const uint64_t*>(at(kHashes)), about.hashes};
  return {};
}

}  // namespace

std::string CheckpointFileName(CollectionId id) {
  return std::to_string(id.namespace_id) + "-" + std::to_string(id.collection_id) + std::string(kExtension);
}

std::optional<CollectionId> ParseCheckpointFileName(std::string_view name) {
  CollectionId id;
  const char* const end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), end, id.namespace_id);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, id.collection_id);
  if (second.ec != std::errc() || CheckpointFileName(id) != name) return std::nullopt;
  return id;
}

Status WriteVectorCheckpoint(Env* env, const std::string& dir, const VectorIndexConfig& config, const VectorSlots& slots,
                             const CheckpointExtent& extent, const std::atomic<bool>* stop) {
  return Writer(slots, extent, stop).Run(env, dir, config);
}

Status ReadVectorCheckpoint(Env* env, const std::string& dir, const VectorIndexConfig& config, LoadedCheckpoint* loaded) {
  const std::string path = JoinPath(dir, CheckpointFileName(config.id));
  if (!env->FileExists(path)) return {Code::kNotFound, "There is no file " + path + "."};
  SOCHDB_ASSIGN(memory, ReadWhole(env, path, &loaded->parts.in_file));
  loaded->memory = std::move(memory);
  const std::string_view whole(loaded->memory.data(), loaded->memory.size());
  SealedHead head;
  SOCHDB_TRY(CheckSealedBytes(path, whole, &head));
  if (!HasSealedMagic(whole, kMagic)) return Senseless(path);
  if (head.version != kVersion) {
    return Status(Code::kInvalidArgument, "The file " + path + " is of another version.").With("file", path);
  }
  return ReadSections(path, env->NowMillis(), config, head.sections, loaded);
}

}  // namespace sochdb
