#include "codec/row_codec.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "codec/tagged_value.h"
#include "codec/utf8.h"
#include "test/harness.h"

namespace sochdb::row_codec_test {
namespace {

const std::vector<ColumnType> kAllTypes = {ColumnType::kInteger,   ColumnType::kText,    ColumnType::kBoolean,
                                           ColumnType::kAny,       ColumnType::kReal,    ColumnType::kUuid,
                                           ColumnType::kBigint,    ColumnType::kVector,  ColumnType::kJson,
                                           ColumnType::kTimestamp, ColumnType::kDecimal, ColumnType::kBlob};

std::vector<Value> SampleRow() {
  return {Value::Integer(-5),
          Value::Text("text"),
          Value::Boolean(true),
          Value::Real(2.5),
          Value::Real(-0.25),
          Value::Bytes(ValueTag::kUuid, "0123456789abcdef"),
          Value::Integer(INT64_MAX),
          Value::Bytes(ValueTag::kVector, std::string_view("\0\0\x80\x3f", 4)),
          Value::Bytes(ValueTag::kJson, "{}"),
          Value::Timestamp(1700000000000),
          Value::Bytes(ValueTag::kDecimal, "1.50"),
          Value::Bytes(ValueTag::kBlob, std::string_view("\0\xff", 2))};
}

bool Same(const Value& a, const Value& b) { return a.tag == b.tag && CompareValues(a, b) == 0; }

TEST("a row is spelled in the bytes the format says") {
  const ColumnType types[] = {ColumnType::kInteger, ColumnType::kText, ColumnType::kBoolean};
  const RowLayout layout(types, 7);
  const Value row[] = {Value::Integer(1), Value::Text("hi"), Value::Null()};
  std::string bytes;
  EXPECT_OK(EncodeRow(layout, row, &bytes));
  EXPECT_EQ(bytes, std::string("\x01\x07\0\0\0\x03\0\x04\x01\0\0\0\0\0\0\0\0\x02\0\0\0hi", 23));
}

TEST("every column of every type is read by itself, NULL or not") {
  const RowLayout layout(kAllTypes, 1);
  std::mt19937_64 random(test::Seed());
  for (int i = 0; i < 200; ++i) {
    std::vector<Value> row = SampleRow();
    for (Value& value : row)
      if (random() % 3 == 0) value = Value();
    std::string bytes;
    EXPECT_OK(EncodeRow(layout, row, &bytes));
    RowReader reader;
    EXPECT_OK(reader.Init(layout, bytes));
    const size_t c = random() % row.size();
    Value value;
    EXPECT(reader.Has(c));
    EXPECT_EQ(reader.IsNull(c), row[c].is_null());
    EXPECT_OK(reader.Read(layout, c, &value));
    EXPECT(Same(value, row[c]));
  }
}

TEST("columns added after a row was written are missing at its end") {
  const RowLayout before(std::span<const ColumnType>(kAllTypes).first(4), 1);
  const RowLayout after(kAllTypes, 2);
  const std::vector<Value> row = SampleRow();
  std::string bytes;
  EXPECT_OK(EncodeRow(before, std::span(row).first(4), &bytes));
  RowReader reader;
  EXPECT_OK(reader.Init(after, bytes));
  for (size_t c = 0; c < kAllTypes.size(); ++c) {
    EXPECT_EQ(reader.Has(c), c < 4);
    Value value;
    if (c < 4) EXPECT_OK(reader.Read(after, c, &value));
    if (c < 4) EXPECT(Same(value, row[c]));
  }
}

TEST("a row of a newer schema asks for a newer plan") {
  const RowLayout older(std::span<const ColumnType>(kAllTypes).first(4), 1);
  const RowLayout newer(kAllTypes, 2);
  std::string bytes;
  EXPECT_OK(EncodeRow(newer, SampleRow(), &bytes));
  RowReader reader;
  EXPECT(reader.Init(older, bytes).code() == Code::kSchemaChanged);
}

TEST("minus zero is stored as zero") {
  const ColumnType types[] = {ColumnType::kReal, ColumnType::kAny};
  const RowLayout layout(types, 1);
  const Value row[] = {Value::Real(-0.0), Value::Real(-0.0)};
  std::string bytes;
  EXPECT_OK(EncodeRow(layout, row, &bytes));
  RowReader reader;
  EXPECT_OK(reader.Init(layout, bytes));
  for (size_t c = 0; c < 2; ++c) {
    Value value;
    EXPECT_OK(reader.Read(layout, c, &value));
    EXPECT_EQ(std::bit_cast<uint64_t>(value.f64), 0u);
  }
}

TEST("damaged rows are reported, never read past their end") {
  const RowLayout layout(kAllTypes, 1);
  std::string good;
  EXPECT_OK(EncodeRow(layout, SampleRow(), &good));
  std::mt19937_64 random(test::Seed());
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = good.substr(0, random() % 3 == 0 ? random() % (good.size() + 1) : good.size());
    for (uint64_t flips = random() % 4; flips > 0 && !bytes.empty(); --flips)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const std::unique_ptr<char[]> exact(new char[bytes.size() + 1]);
    std::copy(bytes.begin(), bytes.end(), exact.get());
    RowReader reader;
    if (!reader.Init(layout, {exact.get(), bytes.size()}).ok()) continue;
    for (size_t c = 0; c < layout.size(); ++c) {
      Value value;
      if (!reader.Has(c)) continue;
      const Status status = reader.Read(layout, c, &value);
      EXPECT(status.ok() || status.code() == Code::kCorruption);
      // Looking at every byte lets a sanitizer judge the view.
      EXPECT(std::count(value.bytes.begin(), value.bytes.end(), 'x') <= static_cast<ptrdiff_t>(bytes.size()));
    }
  }
}

TEST("tagged values come back as they were written") {
  for (const Value& value : SampleRow()) {
    std::string bytes;
    AppendTagged(value, &bytes);
    EXPECT_EQ(bytes.size(), TaggedBytes(value));
    std::string_view rest = bytes;
    Value read;
    EXPECT_OK(DecodeTagged(&rest, &read));
    EXPECT(rest.empty());
    EXPECT(Same(read, value));
    EXPECT(DecodeStoredTagged(bytes, &read));
    for (size_t n = 0; n < bytes.size(); ++n) {
      std::string_view cut = std::string_view(bytes).substr(0, n);
      EXPECT(!DecodeTagged(&cut, &read).ok());
    }
  }
}

TEST("values that cannot be stored are refused where they come in") {
  const auto refused = [](const Value& value) {
    std::string bytes;
    AppendTagged(value, &bytes);
    std::string_view rest = bytes;
    Value read;
    return DecodeTagged(&rest, &read).code() == Code::kInvalidArgument;
  };
  EXPECT(refused(Value::Real(__builtin_nan(""))));
  EXPECT(refused(Value::Text("\xff")));
  EXPECT(refused(Value::Text("\xed\xa0\x80")));  // a surrogate
  EXPECT(refused(Value::Bytes(ValueTag::kDecimal, "12x")));
  std::string_view unknown = "\x0b";  // ANY is no tag
  Value read;
  EXPECT(!DecodeTagged(&unknown, &read).ok());
}

TEST("UTF-8 is told from other bytes, and measured in code points and UTF-16 units") {
  EXPECT(IsValidUtf8("grüße, 世界 😀"));
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5", "abcdefgh\xff"}) {
    EXPECT(!IsValidUtf8(bad));
  }
  EXPECT_EQ(CodePointCount("aü世😀"), 4u);
  EXPECT_EQ(Utf16Length("aü世😀"), 5u);
  std::string out;
  AppendLower("AbÄŐŸİ世", &out);
  EXPECT_EQ(out, "abäőÿi世");
  out.clear();
  AppendUpper("abäőÿıß世", &out);
  EXPECT_EQ(out, "ABÄŐŸIß世");
}

}  // namespace
}  // namespace sochdb::row_codec_test
