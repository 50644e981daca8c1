// libFuzzer target: a row's bytes under a layout that the input chooses. Every column is read, or the row is refused; rows
// that are read and encoded again say the same.
//
//   1  number of columns, then a byte of type for each, then the row

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "codec/row_codec.h"
#include "codec/tagged_value.h"

namespace {

using namespace sochdb;

void Require(bool condition) {
  if (!condition) std::abort();
}

constexpr ColumnType kTypes[] = {ColumnType::kBoolean, ColumnType::kInteger, ColumnType::kReal, ColumnType::kText,
                                 ColumnType::kBlob,    ColumnType::kJson,    ColumnType::kUuid, ColumnType::kTimestamp,
                                 ColumnType::kDecimal, ColumnType::kVector,  ColumnType::kAny};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t columns = data[0] % 40;
  if (size < 1 + columns) return 0;
  std::vector<ColumnType> types;
  for (size_t i = 0; i < columns; ++i) types.push_back(kTypes[data[1 + i] % std::size(kTypes)]);
  const RowLayout layout(types, 1);
  const std::string row(reinterpret_cast<const char*>(data + 1 + columns), size - 1 - columns);
  RowReader reader;
  const Status status = reader.Init(layout, row);
  if (!status.ok()) {
    Require(status.code() == Code::kCorruption || status.code() == Code::kSchemaChanged);
    return 0;
  }
  std::vector<Value> values(columns);
  for (size_t i = 0; i < columns; ++i) {
    if (!reader.Has(i)) continue;
    const Status read = reader.Read(layout, i, &values[i]);
    if (!read.ok()) {
      Require(read.code() == Code::kCorruption);
      return 0;
    }
    if (values[i].tag == ValueTag::kReal && values[i].f64 != values[i].f64) return 0;  // NaN is never stored
  }
  std::string again;
  Require(EncodeRow(layout, values, &again).ok());
  RowReader second;
  Require(second.Init(layout, again).ok());
  for (size_t i = 0; i < columns; ++i) {
    Value value;
    Require(second.Read(layout, i, &value).ok());
    Require(value.tag == values[i].tag && value.bytes == values[i].bytes);
    Require(!value.bytes.empty() || value.i64 == Stored(values[i]).i64);
  }
  return 0;
}
