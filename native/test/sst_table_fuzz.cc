// libFuzzer target: a whole table. The input is a table's data, filter, index and properties, with what checksums them left
// out, so that the fuzzer need not guess checksums:
//
//   1  blocks in the data     then each part: 1 tag, 4 raw size, 2 stored size, the stored bytes
//
// parts are the data blocks, filter (empty: none), index and properties. Trailers and footer are added here. Whatever it is:
// opening it fails with kCorruption, or everything can be read and walked to an end.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "env/mem_env.h"
#include "sst/sst_format.h"
#include "sst/table.h"

namespace {

using namespace sochdb;

constexpr uint64_t kNumber = 7;
constexpr int kMaxSteps = 100000;

void Require(bool condition) {
  if (!condition) std::abort();
}
void RequireExplained(const Status& status) {
  Require(status.ok() || status.code() == Code::kCorruption || status.code() == Code::kUnsupported);
}

// Appends a block with the right checksum. False at the end of the input.
bool AppendPart(ByteReader* input, TableFooter* properties_of, std::string* file) {
  uint8_t tag = 0;
  uint32_t raw = 0;
  uint16_t stored = 0;
  std::string_view payload;
  if (!input->ReadByte(&tag) || !input->ReadFixed32(&raw) || !input->ReadFixed16(&stored)) return false;
  if (!input->ReadBytes(stored, &payload)) payload = input->rest();
  std::string block(payload);
  if (properties_of != nullptr && block.size() > 33) {
    // What properties and footer both state need not be guessed either.
    properties_of->file_bytes = file->size() + block.size() + kBlockTrailerBytes + kTableFooterBytes;
    properties_of->entries = DecodeFixed64(block.data() + 25);
    EncodeFixed64(block.data() + 1, properties_of->file_bytes);
    EncodeFixed64(block.data() + 17, properties_of->data_end);
  }
  PutByte(&block, tag);
  PutFixed32(&block, raw);
  std::string hashed = block;
  PutFixed64(&hashed, kNumber);
  PutFixed64(&hashed, file->size());
  PutFixed32(&block, MaskCrc(Crc32c(hashed)));
  file->append(block);
  return true;
}

void Walk(const Table& table) {
  for (const Timestamp ts : {Timestamp{0}, table.properties().max_ts / 2, kMaxTimestamp}) {
    const auto iterator = table.NewIterator(ts, false);
    int steps = 0;
    for (iterator->SeekToFirst(); iterator->Valid() && steps < kMaxSteps; iterator->Next()) ++steps;
    for (iterator->SeekToLast(); iterator->Valid() && steps < 2 * kMaxSteps; iterator->Prev()) ++steps;
    iterator->Seek(table.properties().largest_key);
    iterator->SeekForPrev(table.properties().largest_key);
    RequireExplained(iterator->status());
  }
  const auto stream = table.NewVersionStream(false);
  uint64_t entries = 0;
  for (stream->SeekToFirst(); stream->Valid(); stream->Next()) ++entries;
  RequireExplained(stream->status());
  for (const std::string_view key : {std::string_view(table.properties().smallest_key), std::string_view("k")}) {
    VersionView view;
    BlockRef pin;
    bool found = false;
    RequireExplained(table.Get(key, Table::FilterHash(key), 50, &view, &pin, &found));
    bool stopped = false;
    RequireExplained(table.VisitVersions(
        key, Table::FilterHash(key), kMaxTimestamp, [](const VersionView&) { return true; }, &stopped));
    Timestamp newest = 0;
    RequireExplained(table.NewestTimestampInRange(key, "", 1, &newest));
    Require(table.ApproximateBytes(key, "") <= table.properties().data_bytes);
  }
  uint64_t blocks = 0;
  RequireExplained(table.Verify([](const Table::BadBlock&) { return true; }, &blocks));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteReader input({reinterpret_cast<const char*>(data), size});
  uint8_t blocks = 0;
  if (!input.ReadByte(&blocks)) return 0;
  std::string file;
  for (int i = 0; i < blocks; ++i) {
    if (!AppendPart(&input, nullptr, &file)) return 0;
  }
  TableFooter footer{.file_number = kNumber, .data_end = file.size(), .blocks = blocks};
  uint32_t* const parts[] = {&footer.filter_bytes, &footer.index_bytes, &footer.properties_bytes};
  for (uint32_t* const part : parts) {
    const size_t before = file.size();
    if (!AppendPart(&input, part == &footer.properties_bytes ? &footer : nullptr, &file)) return 0;
    *part = static_cast<uint32_t>(file.size() - before);
    if (part == &footer.filter_bytes && *part == kBlockTrailerBytes) {
      file.resize(before);
      *part = 0;
    }
  }
  footer.EncodeTo(&file);

  MemEnv env;
  auto out = env.OpenFile("t", OpenMode::kCreate);
  Require(out.ok() && (*out)->Write(0, file).ok());
  auto opened = Table::Open(&env, "t", kNumber, {});
  RequireExplained(opened.status());
  if (opened.ok()) Walk(**opened);
  return 0;
}
