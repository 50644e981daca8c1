// Damaged tables: whatever happens to the bytes of a file, reading it gives the right data or kCorruption that names the file
// and the place, and never wrong data, a crash or a hang. And the bytes themselves: a change of the format shows here.

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "mem/key_head.h"
#include "sst/block_builder.h"
#include "sst/block_cursor.h"
#include "sst/data_block.h"
#include "sst/sst_format.h"
#include "sst/table.h"
#include "sst/table_index.h"
#include "test/harness.h"
#include "test/sst_fixture.h"

namespace sochdb::sst_damage_test {
namespace {

using test::Model;
using test::Random;

std::string Contents(Env* env, const std::string& path) {
  std::string bytes;
  EXPECT_OK(ReadWholeFile(env, path, &bytes));
  return bytes;
}

void Replace(Env* env, const std::string& path, std::string_view bytes) {
  auto file = env->OpenFile(path, OpenMode::kCreate);
  EXPECT_OK(file.status());
  EXPECT_OK((*file)->Truncate(0));
  EXPECT_OK((*file)->Write(0, bytes));
}

Model SmallModel() {
  Model model;
  for (int i = 0; i < 12; ++i) {
    const std::string key = "key" + std::to_string(i * 37 % 100);
    model[key][100 + static_cast<Timestamp>(i)] = {ValueKind::kValue, kNeverExpires, "value" + std::string(12, 'v')};
    if (i % 3 == 0) model[key][50] = {ValueKind::kDelete, kNeverExpires, ""};
    if (i % 4 == 0) model[key][20] = {ValueKind::kMerge, 12345, "operand"};
  }
  return model;
}

TableOptions SmallOptions() { return {.block_bytes = 128, .restart_interval = 3}; }

std::string Detail(const Status& status, std::string_view name) {
  for (const auto& [key, value] : status.details()) {
    if (key == name) return value;
  }
  return {};
}

// A failure that a damaged table may give.
bool Explains(const Status& status, const std::string& path) {
  return status.code() == Code::kCorruption && Detail(status, "file") == path && !Detail(status, "offset").empty() &&
         !Detail(status, "expected").empty() && !Detail(status, "actual").empty();
}

// Reads everything in every way. True when something failed; what did not fail must be right.
bool ReadAll(const Table& table, const Model& model, const std::string& path) {
  bool failed = false;
  const auto note = [&](const Status& status) {
    if (status.ok()) return true;
    EXPECT(Explains(status, path));
    failed = true;
    return false;
  };
  for (const auto& [key, versions] : model) {
    VersionView view;
    BlockRef pin;
    bool found = false;
    if (!note(table.Get(key, Table::FilterHash(key), kMaxTimestamp, &view, &pin, &found))) continue;
    EXPECT(found && test::SameVersion(view, versions.begin()->first, versions.begin()->second));
  }
  for (const bool backward : {false, true}) {
    const auto iterator = table.NewIterator(kMaxTimestamp, backward);
    const auto seen = test::ModelAt(model, kMaxTimestamp);
    size_t count = 0;
    if (backward) iterator->SeekToLast();
    else iterator->SeekToFirst();
    while (iterator->Valid() && count < seen.size()) {
      const auto& [key, newest] = seen[backward ? seen.size() - 1 - count : count];
      EXPECT(iterator->key() == key && test::SameVersion(iterator->version(), newest->first, newest->second));
      ++count;
      if (backward) iterator->Prev();
      else iterator->Next();
    }
    if (note(iterator->status())) EXPECT_EQ(count, seen.size());
  }
  const auto stream = table.NewVersionStream();
  size_t entries = 0;
  for (stream->SeekToFirst(); stream->Valid(); stream->Next()) ++entries;
  if (note(stream->status())) EXPECT_EQ(entries, table.properties().entries);
  return failed;
}

TEST("any byte of a table that changes is noticed, and the error names file and place") {
  const Model model = SmallModel();
  for (const CompressionType codec : {CompressionType::kNone, CompressionType::kLz4}) {
    MemEnv env;
    TableProperties properties;
    TableOptions options = SmallOptions();
    options.compression = codec;
    EXPECT_OK(test::WriteTable(&env, "t", 7, options, model, &properties));
    const std::string good = Contents(&env, "t");
    EXPECT(properties.blocks > 4);
    const size_t stride = static_cast<size_t>(test::Stride(5));
    for (size_t at = 0; at < good.size(); at += stride) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
      Replace(&env, "t", bad);
      auto opened = Table::Open(&env, "t", 7, {});
      if (opened.ok()) EXPECT(ReadAll(**opened, model, "t"));
      else EXPECT(Explains(opened.status(), "t"));
      EXPECT(Explains(Table::Open(&env, "t", 7, {.check_all = true}).status(), "t"));
    }
  }
}

TEST("verification lists each damaged block with its place and both checksums, and goes on") {
  MemEnv env;
  TableProperties properties;
  EXPECT_OK(test::WriteTable(&env, "t", 7, SmallOptions(), SmallModel(), &properties));
  std::string bytes = Contents(&env, "t");
  auto opened = Table::Open(&env, "t", 7, {});
  EXPECT_OK(opened.status());
  const Table& table = **opened;
  const auto faults = [&](bool go_on, uint64_t* blocks) {
    std::vector<Table::BadBlock> bad;
    EXPECT_OK(table.Verify(
        [&](const Table::BadBlock& block) {
          bad.push_back(block);
          return go_on;
        },
        blocks));
    return bad;
  };
  uint64_t blocks = 0;
  EXPECT(faults(true, &blocks).empty());
  EXPECT_EQ(blocks, properties.blocks + 4);  // filter, index, properties, footer
  bytes[3] = static_cast<char>(bytes[3] + 1);
  bytes[properties.data_bytes - 20] = static_cast<char>(bytes[properties.data_bytes - 20] + 1);
  bytes[properties.data_bytes + 20] = static_cast<char>(bytes[properties.data_bytes + 20] + 1);
  bytes.back() = static_cast<char>(bytes.back() + 1);
  Replace(&env, "t", bytes);
  const auto bad = faults(true, &blocks);
  EXPECT_EQ(blocks, properties.blocks + 4);
  EXPECT_EQ(bad.size(), 4u);
  if (bad.size() != 4) return;
  EXPECT_EQ(bad[0].offset, 0u);
  EXPECT(bad[0].expected != bad[0].actual && bad[1].expected != bad[1].actual);
  EXPECT_EQ(bad[2].offset, properties.data_bytes);
  EXPECT_EQ(bad[3].offset, properties.file_bytes - kTableFooterBytes);
  EXPECT_EQ(faults(false, &blocks).size(), 1u);
}

TEST("a table cut short, lengthened or empty is refused") {
  MemEnv env;
  TableProperties properties;
  EXPECT_OK(test::WriteTable(&env, "t", 7, SmallOptions(), SmallModel(), &properties));
  const std::string good = Contents(&env, "t");
  for (size_t n = 0; n < good.size(); ++n) {
    Replace(&env, "t", std::string_view(good).substr(0, n));
    EXPECT(Explains(Table::Open(&env, "t", 7, {}).status(), "t"));
  }
  for (const size_t more : {1u, 63u, 64u, 1000u}) {
    Replace(&env, "t", good + std::string(more, '\0'));
    EXPECT(Explains(Table::Open(&env, "t", 7, {}).status(), "t"));
    // The right end behind too much.
    Replace(&env, "t", std::string(more, '\0') + good);
    EXPECT(Explains(Table::Open(&env, "t", 7, {}).status(), "t"));
  }
}

TEST("a table that loses its end while it is open fails reads of what is gone") {
  MemEnv env;
  TableProperties properties;
  EXPECT_OK(test::WriteTable(&env, "t", 7, SmallOptions(), SmallModel(), &properties));
  auto opened = Table::Open(&env, "t", 7, {});
  EXPECT_OK(opened.status());
  auto file = env.OpenFile("t", OpenMode::kReadWrite);
  EXPECT_OK((*file)->Truncate(300));
  EXPECT(ReadAll(**opened, SmallModel(), "t"));
}

TEST("a table under another number, and blocks that changed places, are noticed") {
  MemEnv env;
  TableProperties properties;
  Model model;
  for (int i = 0; i < 6; ++i) model["k" + std::to_string(i)][9] = {ValueKind::kValue, kNeverExpires, std::string(100, 'v')};
  const TableOptions options{.block_bytes = 64, .compression = CompressionType::kNone};
  EXPECT_OK(test::WriteTable(&env, "t", 7, options, model, &properties));
  EXPECT_EQ(properties.blocks, 6u);
  EXPECT(Explains(Table::Open(&env, "t", 8, {}).status(), "t"));
  const std::string good = Contents(&env, "t");
  const size_t block = properties.data_bytes / 6;
  std::string swapped = good;
  std::swap_ranges(swapped.begin(), swapped.begin() + static_cast<ptrdiff_t>(block),
                   swapped.begin() + static_cast<ptrdiff_t>(block));
  Replace(&env, "t", swapped);
  auto opened = Table::Open(&env, "t", 7, {});
  EXPECT_OK(opened.status());
  if (opened.ok()) EXPECT(ReadAll(**opened, model, "t"));
  // A block of another file, at the same offset and sound there.
  EXPECT_OK(test::WriteTable(&env, "u", 8, options, model, &properties));
  std::string mixed = good;
  mixed.replace(0, block, Contents(&env, "u"), 0, block);
  Replace(&env, "t", mixed);
  opened = Table::Open(&env, "t", 7, {});
  EXPECT_OK(opened.status());
  if (opened.ok()) EXPECT(ReadAll(**opened, model, "t"));
}

TEST("a table of a newer format is refused as such") {
  MemEnv env;
  TableProperties properties;
  EXPECT_OK(test::WriteTable(&env, "t", 7, SmallOptions(), SmallModel(), &properties));
  std::string bytes = Contents(&env, "t");
  char* footer = bytes.data() + bytes.size() - kTableFooterBytes;
  EncodeFixed32(footer + 12, kTableFormatVersion + 1);
  EncodeFixed32(footer + 8, MaskCrc(Crc32c({footer + 12, kTableFooterBytes - 12})));
  Replace(&env, "t", bytes);
  EXPECT_EQ(Table::Open(&env, "t", 7, {}).status().code(), Code::kFormatVersion);
}

// Blocks with right checksums and wrong contents: what only a malicious writer makes.

void PutBlock(std::string_view payload, uint8_t tag, uint32_t raw_bytes, uint64_t offset, std::string* out) {
  std::string block(payload);
  PutByte(&block, tag);
  PutFixed32(&block, raw_bytes);
  std::string hashed = block;
  PutFixed64(&hashed, 7);
  PutFixed64(&hashed, offset);
  PutFixed32(&block, MaskCrc(Crc32c(hashed)));
  out->append(block);
}

TEST("a block that claims to expand beyond reason is refused before memory is taken for it") {
  const TableName name{"t", 7};
  for (const uint8_t tag : std::initializer_list<uint8_t>{0, 1, 2, 3, 255}) {
    for (const uint32_t raw : {0u, 3u, 5000u, 1u << 30, UINT32_MAX}) {
      std::string block;
      PutBlock("\x10pay", tag, raw, 40, &block);
      BlockTrailer trailer;
      const Status status = CheckBlock(name, {40, block.size()}, block.data(), &trailer);
      EXPECT(trailer.crc_ok());
      if (!status.ok()) {
        EXPECT(Explains(status, "t"));
        continue;
      }
      EXPECT(tag <= 2 && raw < 2000);
      std::string out(raw, '\0');
      const Status expanded = ExpandBlock(name, {40, block.size()}, block.data(), trailer, out.data());
      EXPECT(!expanded.ok());
    }
  }
}

// Whatever a checked block holds, walking it touches only its bytes and ends.
void WalkBlock(std::string_view bytes) {
  const DataBlock block(bytes);
  BlockCursor cursor;
  cursor.Reset(block);
  size_t forward = 0;
  size_t backward = 0;
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) ++forward;
  for (cursor.SeekToLast(); cursor.Valid(); cursor.Prev()) ++backward;
  EXPECT_EQ(forward, block.entries());
  EXPECT_EQ(backward, block.entries());
  BlockEntry entry;
  for (const std::string_view key : {"", "key1", "key5", "zz", "\xff\xff"}) {
    cursor.Seek(key, 70);
    cursor.SeekForPrev(key);
    block.Find(key, 70, &entry);
  }
}

TEST("a data block with any byte changed is refused, or safe to walk") {
  BlockBuilder builder(3);
  std::string last;
  for (const auto& [key, versions] : SmallModel()) {
    for (const auto& [ts, version] : versions) {
      builder.Add(key, CommonPrefix(last, key), last == key, test::ViewOf(ts, version));
      last = key;
    }
  }
  const std::string good(builder.Finish());
  EXPECT(CheckDataBlock(good).empty());
  for (size_t at = 0; at < good.size(); ++at) {
    for (const int bit : {0, 3, 4, 7}) {
      // A copy of its own, so that a sanitizer sees what reaches beyond it.
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      bad.shrink_to_fit();
      if (CheckDataBlock(bad).empty()) WalkBlock(bad);
    }
  }
  for (size_t n = 0; n < good.size(); ++n) EXPECT(!CheckDataBlock(std::string_view(good).substr(0, n)).empty());
}

TEST("an index whose parts do not add up is refused") {
  TableIndexBuilder builder;
  builder.Add({100, 5, 9}, "apple", "banana");
  builder.Add({50, 1, 2}, "banana", "banana");
  builder.AddLast({60, 1, 1}, "cherry");
  std::string good;
  builder.EncodeTo(9, &good);
  TableIndex index;
  EXPECT(TableIndex::Parse(good, 3, 210, &index));
  EXPECT_EQ(index.Seek("apple"), 0u);
  EXPECT_EQ(index.Seek("b"), 0u);
  EXPECT_EQ(index.Seek("banana"), 1u);
  EXPECT_EQ(index.Seek("bananas"), 2u);
  EXPECT_EQ(index.Seek("cherrz"), 3u);
  EXPECT(!TableIndex::Parse(good, 2, 210, &index));
  EXPECT(!TableIndex::Parse(good, 3, 211, &index));
  EXPECT(!TableIndex::Parse(good + "x", 3, 210, &index));
  for (size_t n = 0; n < good.size(); ++n) EXPECT(!TableIndex::Parse(std::string_view(good).substr(0, n), 3, 210, &index));
}

TEST("a separator lies between its blocks and is not longer than it must be") {
  Random random(test::Seed());
  for (int i = 0; i < 3000; ++i) {
    std::string a = test::HardKey(&random);
    std::string b = test::HardKey(&random);
    if (a == b) continue;
    if (b < a) std::swap(a, b);
    const std::string separator = ShortestSeparator(a, b);
    EXPECT(separator >= a && separator < b && separator.size() <= a.size());
  }
  EXPECT_EQ(ShortestSeparator("abcdefgh", "abzzz"), "abz");
  EXPECT_EQ(ShortestSeparator("abcdefgh", "abe"), "abd");
  EXPECT_EQ(ShortestSeparator("abcdefgh", "abd"), "abce");
  EXPECT_EQ(ShortestSeparator("ab", "ab\x01"), "ab");
}

TEST("the format is what it was") {
  MemEnv env;
  TableProperties properties;
  EXPECT_OK(test::WriteTable(&env, "t", 7, {.block_bytes = 128, .restart_interval = 3, .compression = CompressionType::kNone},
                             SmallModel(), &properties));
  // Where these change, kTableFormatVersion has to.
  const std::string bytes = Contents(&env, "t");
  EXPECT_EQ(bytes.size(), 1038u);
  EXPECT_EQ(Crc32c(bytes), 2318872976u);
  EXPECT_EQ(Table::FilterHash("a key"), 11510169001188753534ull);
  EXPECT_EQ(Table::FilterHash("a key that is longer than sixteen bytes"), 2802473444296065484ull);
}

}  // namespace
}  // namespace sochdb::sst_damage_test
