#include "index/standalone/hnswlib_import.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/bytes.h"
#include "index/standalone/loaded_graph.h"
#include "index/vector/exact_sums.h"

namespace sochdb {
namespace {

constexpr size_t kHnswlibHeaderBytes = 96;
constexpr size_t kBufferBytes = 256 * 1024;
constexpr uint64_t kMostLinks = 10'000;  // hnswlib's own limit of M
constexpr uint8_t kDeletedElement = 1;
constexpr uint32_t kLinkedAtOnce = 1024;
// How far from 1 the length of a vector may be that hnswlib divided by it, in f32.
constexpr double kLengthTolerance = 1e-3;

// Reads a file from its beginning on.
class SequentialFile {
 public:
  SequentialFile(Env* env, std::string path, const CancelToken* cancel) : env_(env), path_(std::move(path)), cancel_(cancel) {}

  Status Open() {
    SOCHDB_ASSIGN(file, env_->OpenFile(path_, OpenMode::kReadOnly));
    file_ = std::move(file);
    SOCHDB_ASSIGN(size, file_->Size());
    size_ = size;
    return {};
  }
  [[nodiscard]] uint64_t size() const { return size_; }
  [[nodiscard]] uint64_t left() const { return size_ - at_; }
  // *out: the next bytes, until the next call. REQUIRES: bytes is at most what the longest element takes.
  Status Next(size_t bytes, const char** out) {
    if (buffer_.size() - from_ < bytes) SOCHDB_TRY(Fill(bytes));
    *out = buffer_.data() + from_;
    from_ += bytes;
    at_ += bytes;
    return {};
  }
  [[nodiscard]] Status Damaged(const std::string& what) const {
    return {Code::kCorruption, path_ + ": " + what, {{"file", path_}, {"offset", std::to_string(at_)}}};
  }

 private:
  Status Fill(size_t bytes) {
    if (cancel_ != nullptr) SOCHDB_TRY(cancel_->Check());
    if (left() < bytes) return Damaged("the file ends before what it holds.");
    buffer_.resize(std::max(bytes, std::min<uint64_t>(kBufferBytes, left())));
    from_ = 0;
    size_t got = 0;
    SOCHDB_TRY(file_->Read(at_, buffer_.size(), buffer_.data(), &got));
    return got == buffer_.size() ? Status() : Damaged("the file became shorter while it was read.");
  }

  Env* const env_;
  const std::string path_;
  const CancelToken* const cancel_;
  std::unique_ptr<File> file_;
  std::string buffer_;
  size_t from_ = 0;  // in buffer_: what was not given yet
  uint64_t at_ = 0;  // in the file
  uint64_t size_ = 0;
};

struct HnswlibHeader {
  uint64_t count = 0;
  uint64_t element_bytes = 0;
  uint64_t label_offset = 0;
  uint64_t vector_offset = 0;
  int32_t max_level = 0;
  uint32_t entry = 0;
  uint64_t upper_links = 0;
  uint64_t bottom_links = 0;
  uint64_t m = 0;
  uint64_t ef_construction = 0;

  [[nodiscard]] size_t list_bytes() const { return 4 * (upper_links + 1); }
};

Status ReadHeader(SequentialFile* file, const HnswlibImport& how, HnswlibHeader* header) {
  const Status foreign = file->Damaged("this is not an index that hnswlib wrote, or it is damaged.");
  if (file->size() < kHnswlibHeaderBytes) return foreign;
  const char* at = nullptr;
  SOCHDB_TRY(file->Next(kHnswlibHeaderBytes, &at));
  const uint64_t first_offset = DecodeFixed64(at);
  header->count = DecodeFixed64(at + 16);
  header->element_bytes = DecodeFixed64(at + 24);
  header->label_offset = DecodeFixed64(at + 32);
  header->vector_offset = DecodeFixed64(at + 40);
  header->max_level = static_cast<int32_t>(DecodeFixed32(at + 48));
  header->entry = DecodeFixed32(at + 52);
  header->upper_links = DecodeFixed64(at + 56);
  header->bottom_links = DecodeFixed64(at + 64);
  header->m = DecodeFixed64(at + 72);
  header->ef_construction = DecodeFixed64(at + 88);
  const uint64_t vector_bytes = header->label_offset - header->vector_offset;
  const bool fits = first_offset == 0 && header->m >= 1 && header->m <= kMostLinks && header->upper_links == header->m &&
                    header->bottom_links == 2 * header->m && header->vector_offset == 4 * (header->bottom_links + 1) &&
                    header->label_offset >= header->vector_offset && vector_bytes <= 4 * kMaxDimension &&
                    vector_bytes % 4 == 0 && header->element_bytes == header->label_offset + 8;
  if (!fits) return foreign;
  // Before memory is taken for what it claims to hold.
  if (header->count > StandaloneRows::kMaxSlots || file->left() < header->count * (header->element_bytes + 4)) {
    return file->Damaged("the file ends before what it holds.");
  }
  if (header->count > 0 && (header->max_level < 0 || header->entry >= header->count)) return foreign;
  if (vector_bytes != 4 * uint64_t{how.dimension}) {
    return {Code::kInvalidArgument,
            "The file holds " + std::to_string(vector_bytes / 4) + "-dimensional vectors; the dimension given is " +
                std::to_string(how.dimension) + ".",
            {{"expected", std::to_string(vector_bytes / 4)}, {"actual", std::to_string(how.dimension)}}};
  }
  return {};
}

// What is read: an element with its links in the bottom layer.
struct Element {
  uint64_t label = 0;
  bool live = false;
  std::vector<uint32_t> links;
  std::vector<float> vector;
};

class HnswlibReader {
 public:
  HnswlibReader(Env* env, const std::string& path, const HnswlibImport& how)
      : env_(env), how_(how), file_(env, path, how.cancel) {}

  Result<std::unique_ptr<StandaloneIndex>> Read() {
    SOCHDB_TRY(file_.Open());
    SOCHDB_TRY(ReadHeader(&file_, how_, &header_));
    const auto efs = std::clamp<uint64_t>(header_.ef_construction, StandaloneOptions::kMinEfConstruction,
                                          StandaloneOptions::kMaxEfConstruction);
    const auto m = static_cast<uint32_t>(std::clamp<uint64_t>(header_.m, HnswOptions::kMinM, HnswOptions::kMaxM));
    const StandaloneOptions options{.dimension = how_.dimension,
                                    .metric = how_.metric,
                                    .m = m,
                                    .ef_construction = static_cast<uint32_t>(efs),
                                    .ef_search = how_.ef_search,
                                    .max_elements = how_.max_elements};
    SOCHDB_TRY(CheckStandaloneOptions(options));
    return m == header_.m ? KeepGraph(options) : BuildAnew(options);
  }

 private:
  Status ReadElement(Element* element) {
    const char* at = nullptr;
    SOCHDB_TRY(file_.Next(header_.element_bytes, &at));
    const uint16_t count = DecodeFixed16(at);
    if (count > header_.bottom_links) return file_.Damaged("a row has more links than there is room for.");
    element->live = (static_cast<uint8_t>(at[2]) & kDeletedElement) == 0;
    element->links.resize(count);
    for (size_t i = 0; i < count; ++i) element->links[i] = DecodeFixed32(at + 4 * (i + 1));
    element->vector.resize(how_.dimension);
    for (size_t i = 0; i < how_.dimension; ++i) {
      element->vector[i] = std::bit_cast<float>(DecodeFixed32(at + header_.vector_offset + 4 * i));
    }
    element->label = DecodeFixed64(at + header_.label_offset);
    return how_.metric == Metric::kCosine ? CheckLength(element->vector) : Status();
  }

  Status CheckLength(const std::vector<float>& vector) const {
    if (!AllFinite(vector.data(), vector.size())) return file_.Damaged("a vector has values that no vector may have.");
    const double length = std::sqrt(FastestSums().dot(vector.data(), vector.data(), vector.size()));
    if (length == 0 || std::abs(length - 1) <= kLengthTolerance) return {};
    return {Code::kInvalidArgument,
            "A vector of the file has length " + std::to_string(length) +
                ", not 1 as those of an index for cosine: it was written for l2 or ip, and is to be imported as such.",
            {{"option", "metric"}}};
  }

  Result<std::unique_ptr<StandaloneIndex>> KeepGraph(const StandaloneOptions& options) {
    const auto count = static_cast<uint32_t>(header_.count);
    LoadedGraph graph(env_, options, count);
    Element element;
    for (uint32_t i = 0; i < count; ++i) {
      SOCHDB_TRY(ReadElement(&element));
      const char* wrong = graph.Add({.id = element.label,
                                     .live = element.live,
                                     .links = element.links,
                                     .vector = element.vector.data(),
                                     .prepared = false});
      if (wrong != nullptr) return file_.Damaged(wrong);
    }
    for (uint32_t i = 0; i < count; ++i) SOCHDB_TRY(ReadUpper(i, &graph));
    if (file_.left() != 0) return file_.Damaged("it goes on after what it should hold.");
    // Layers above ours are left out: who was in them is in our highest.
    const char* wrong =
        graph.Finish(header_.entry, std::min<uint32_t>(HnswGraph::kMaxLevel, static_cast<uint32_t>(header_.max_level)));
    if (wrong != nullptr) return file_.Damaged(wrong);
    auto rows = graph.Take();
    if (options.max_elements != 0 && rows->live() > options.max_elements) {
      return Status(Code::kLimit, "The file holds more vectors than maxElements allows: " + std::to_string(rows->live()) + ".",
                    {{"limit", "maxElements"}});
    }
    return std::make_unique<StandaloneIndex>(env_, options, std::move(rows));
  }

  // The rows of one element above the bottom one. graph: null to step over them.
  Status ReadUpper(uint32_t slot, LoadedGraph* graph) {
    const char* at = nullptr;
    SOCHDB_TRY(file_.Next(4, &at));
    const uint32_t bytes = DecodeFixed32(at);
    const auto levels = static_cast<uint32_t>(bytes / header_.list_bytes());
    if (bytes % header_.list_bytes() != 0 || levels > static_cast<uint32_t>(header_.max_level) || bytes > file_.left()) {
      return file_.Damaged("the links of an element are not as long as they should be.");
    }
    const uint32_t kept = std::min(levels, HnswGraph::kMaxLevel);
    const char* wrong = graph != nullptr ? graph->SetLevel(slot, kept) : nullptr;
    for (uint32_t level = 1; level <= levels && wrong == nullptr; ++level) {
      SOCHDB_TRY(file_.Next(header_.list_bytes(), &at));
      const uint16_t count = DecodeFixed16(at);
      if (count > header_.upper_links) return file_.Damaged("a row has more links than there is room for.");
      if (graph == nullptr || level > kept) continue;
      links_.resize(count);
      for (size_t i = 0; i < count; ++i) links_[i] = DecodeFixed32(at + 4 * (i + 1));
      wrong = graph->SetUpperRow(slot, level, links_);
    }
    return wrong == nullptr ? Status() : file_.Damaged(wrong);
  }

  Result<std::unique_ptr<StandaloneIndex>> BuildAnew(const StandaloneOptions& options) {
    auto index = std::make_unique<StandaloneIndex>(env_, options);
    Element element;
    std::vector<uint64_t> ids;
    std::vector<float> values;
    StandaloneInserted inserted;
    for (uint64_t i = 0; i < header_.count; ++i) {
      SOCHDB_TRY(ReadElement(&element));
      if (element.live) {
        ids.push_back(element.label);
        values.insert(values.end(), element.vector.begin(), element.vector.end());
      }
      if (ids.size() < kLinkedAtOnce && i + 1 < header_.count) continue;
      const StandaloneBatch batch{.ids = ids, .vectors = values, .cancel = how_.cancel, .progress = {}};
      if (Status status = index->Insert(batch, &inserted); !status.ok()) {
        return status.code() == Code::kInvalidArgument ? file_.Damaged(status.message()) : status;
      }
      ids.clear();
      values.clear();
    }
    for (uint64_t i = 0; i < header_.count; ++i) SOCHDB_TRY(ReadUpper(0, nullptr));
    if (file_.left() != 0) return file_.Damaged("it goes on after what it should hold.");
    return index;
  }

  Env* const env_;
  const HnswlibImport& how_;
  SequentialFile file_;
  HnswlibHeader header_;
  std::vector<uint32_t> links_;
};

}  // namespace

Result<std::unique_ptr<StandaloneIndex>> ImportHnswlib(Env* env, const std::string& path, const HnswlibImport& how) {
  return HnswlibReader(env, path, how).Read();
}

}  // namespace sochdb
