// libFuzzer target: the bytes of a data block, an index, a filter and properties, as they come out of a block whose checksum is
// right. Whatever they are: refused, or safe to use.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sst/block_cursor.h"
#include "sst/bloom_filter.h"
#include "sst/data_block.h"
#include "sst/table_index.h"
#include "sst/table_properties.h"

namespace {

using namespace sochdb;

void Require(bool condition) {
  if (!condition) std::abort();
}

void WalkBlock(std::string_view bytes, std::string_view target, Timestamp ts) {
  const DataBlock block(bytes);
  BlockCursor cursor;
  cursor.Reset(block);
  size_t forward = 0;
  size_t backward = 0;
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) ++forward;
  for (cursor.SeekToLast(); cursor.Valid(); cursor.Prev()) ++backward;
  Require(forward == block.entries() && backward == forward);
  cursor.Seek(target, ts);
  for (int i = 0; i < 3 && cursor.Valid(); ++i) cursor.Prev();
  cursor.SeekForPrev(target);
  for (int i = 0; i < 3 && cursor.Valid(); ++i) cursor.Next();
  BlockEntry entry;
  (void)block.Find(target, ts, &entry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view view(bytes);
  const std::string_view target = view.substr(size / 2, size / 8);
  if (CheckDataBlock(view).empty()) WalkBlock(view, target, size * 1000);

  // The first three bytes say how many blocks the index should have, and where they end.
  if (size >= 3) {
    TableIndex index;
    if (TableIndex::Parse(view.substr(3), data[0], data[1] * 256u + data[2], &index)) {
      Require(index.Seek(target) <= index.size());
      for (uint32_t i = 0; i < index.size(); ++i) Require(index.Seek(index.separator(i)) <= i);
    }
  }
  BloomFilter filter;
  if (BloomFilter::Parse(view, &filter)) (void)filter.MayContain(size * 0x9e3779b97f4a7c15ull);
  std::string_view rest = view;
  TableProperties properties;
  if (TableProperties::Decode(&rest, &properties)) {
    std::string again;
    properties.EncodeTo(&again);
    Require(again == view.substr(0, view.size() - rest.size()));
  }
  return 0;
}
