#include "codec/key_codec.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "codec/decimal.h"
#include "test/harness.h"

namespace sochdb::key_codec_test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<uint8_t>(c) >> 4];
    out += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

std::string Encode(ColumnType type, const Value& value, bool descending = false) {
  KeyBuffer key;
  EXPECT_OK(AppendKeyValue(&key, type, value, descending));
  return std::string(key.view());
}

int Sign(int v) { return v < 0 ? -1 : (v > 0 ? 1 : 0); }

// Values of one type, with the awkward ones among them.
class RandomValues {
 public:
  explicit RandomValues(uint64_t seed) : random_(seed) {}

  Value Next(ColumnType type) {
    switch (type) {
      case ColumnType::kBoolean:
        return Value::Boolean(Below(2) == 1);
      case ColumnType::kInteger:
        return Value::Integer(Integer());
      case ColumnType::kTimestamp:
        return Value::Timestamp(Integer());
      case ColumnType::kReal:
        return Value::Real(Real());
      case ColumnType::kDecimal:
        return Value::Bytes(type, Keep(Decimals()));
      case ColumnType::kUuid:
        return Value::Bytes(type, Keep(Bytes(16, 16)));
      case ColumnType::kAny: {
        static constexpr ColumnType kTypes[] = {
            ColumnType::kBoolean, ColumnType::kInteger, ColumnType::kReal,    ColumnType::kReal, ColumnType::kInteger,
            ColumnType::kText,    ColumnType::kBlob,    ColumnType::kDecimal, ColumnType::kUuid, ColumnType::kTimestamp};
        return Below(12) == 0 ? Value::Null() : Next(kTypes[Below(10)]);
      }
      default:
        return Value::Bytes(type, Keep(Bytes(0, 5)));
    }
  }
  uint64_t Below(uint64_t n) { return random_() % n; }

 private:
  int64_t Integer() {
    static constexpr int64_t kEdges[] = {
        0, 1, -1, INT64_MAX, INT64_MIN, INT64_MAX - 1, 1ll << 53, (1ll << 53) + 1, -(1ll << 53) - 1};
    if (Below(4) == 0) return kEdges[Below(9)];
    return static_cast<int64_t>(random_()) >> Below(64);
  }
  double Real() {
    static const double kEdges[] = {
        0.0,     -0.0, 1.0,   -1.0, 0.5, 9007199254740993.0, 9.2233720368547758e18, -9.2233720368547758e18, 5e-324, -5e-324,
        1.7e308, kInf, -kInf, 0.1,  2.5};
    if (Below(3) == 0) return kEdges[Below(15)];
    if (Below(2) == 0) return static_cast<double>(Integer());
    for (;;) {
      const double v = std::bit_cast<double>(random_());
      if (!std::isnan(v)) return v;
    }
  }
  std::string Decimals() {
    std::string text = Below(2) == 0 ? "-" : "";
    text += std::to_string(Below(3) == 0 ? Below(3) : random_() >> Below(64));
    if (Below(2) == 0) text += "." + std::to_string(Below(1000));
    return text;
  }
  std::string Bytes(size_t least, size_t most) {
    static constexpr char kBytes[] = {'\0', '\xff', '\x01', 'a', 'b', '\xfe'};
    std::string out(least + Below(most - least + 1), '\0');
    for (char& c : out) c = kBytes[Below(6)];
    return out;
  }
  std::string_view Keep(std::string bytes) { return *kept_.emplace_back(std::make_unique<std::string>(std::move(bytes))); }

  std::mt19937_64 random_;
  std::vector<std::unique_ptr<std::string>> kept_;
};

constexpr ColumnType kTypes[] = {ColumnType::kBoolean, ColumnType::kInteger, ColumnType::kReal,      ColumnType::kText,
                                 ColumnType::kBlob,    ColumnType::kDecimal, ColumnType::kTimestamp, ColumnType::kJson,
                                 ColumnType::kUuid,    ColumnType::kAny};

TEST("keys are spelled in the bytes the format says") {
  KeyBuffer prefix;
  AppendIndexPrefix(&prefix, 1, 0x0203, 0xfffffffe);
  EXPECT_EQ(Hex(prefix.view()), "0000000100000203fffffffe");
  EXPECT_EQ(Hex(Encode(ColumnType::kInteger, Value::Null())), "01");
  EXPECT_EQ(Hex(Encode(ColumnType::kBoolean, Value::Boolean(true))), "0201");
  EXPECT_EQ(Hex(Encode(ColumnType::kInteger, Value::Integer(0))), "038000000000000000");
  EXPECT_EQ(Hex(Encode(ColumnType::kBigint, Value::Integer(-1))), "037fffffffffffffff");
  EXPECT_EQ(Hex(Encode(ColumnType::kReal, Value::Real(1.5))), "04bff8000000000000");
  EXPECT_EQ(Hex(Encode(ColumnType::kReal, Value::Real(-1.5))), "044007ffffffffffff");
  EXPECT_EQ(Hex(Encode(ColumnType::kReal, Value::Real(-0.0))), "048000000000000000");
  EXPECT_EQ(Hex(Encode(ColumnType::kTimestamp, Value::Timestamp(1))), "068000000000000001");
  EXPECT_EQ(Hex(Encode(ColumnType::kText, Value::Text("ab"))), "0761620000");
  EXPECT_EQ(Hex(Encode(ColumnType::kBlob, Value::Bytes(ValueTag::kBlob, std::string_view("a\0b", 3)))), "086100ff620000");
  EXPECT_EQ(Hex(Encode(ColumnType::kUuid, Value::Bytes(ValueTag::kUuid, "0123456789abcdef"))),
            "0a30313233343536373839616263646566");
  EXPECT_EQ(Hex(Encode(ColumnType::kText, Value::Text("ab"), true)), "f89e9dffff");
}

TEST("numbers of DECIMAL and ANY columns are spelled by their digits") {
  EXPECT_EQ(Hex(Encode(ColumnType::kAny, Value::Integer(0))), "0502");
  EXPECT_EQ(Hex(Encode(ColumnType::kAny, Value::Integer(123))), "050380030d1f00");
  EXPECT_EQ(Hex(Encode(ColumnType::kAny, Value::Integer(-123))), "05017ffcf2e0ff");
  EXPECT_EQ(Hex(Encode(ColumnType::kDecimal, Value::Bytes(ValueTag::kDecimal, "1.230"))), "050380010d1f00");
  EXPECT_EQ(Hex(Encode(ColumnType::kAny, Value::Real(kInf))), "0504");
  EXPECT_EQ(Hex(Encode(ColumnType::kAny, Value::Real(0.5))),
            "05038000"
            "3300");
  EXPECT_EQ(Encode(ColumnType::kAny, Value::Real(123)), Encode(ColumnType::kAny, Value::Integer(123)));
  EXPECT_EQ(Encode(ColumnType::kAny, Value::Bytes(ValueTag::kDecimal, "0.5")), Encode(ColumnType::kAny, Value::Real(0.5)));
  EXPECT(Encode(ColumnType::kAny, Value::Bytes(ValueTag::kDecimal, "0.1")) < Encode(ColumnType::kAny, Value::Real(0.1)));
}

TEST("the order of keys is the order of their values, inverted for DESC") {
  for (const ColumnType type : kTypes) {
    RandomValues values(test::Seed());
    for (int i = 0; i < 3000; ++i) {
      const Value a = values.Below(20) == 0 ? Value::Null() : values.Next(type);
      const Value b = values.Below(20) == 0 ? Value::Null() : values.Next(type);
      const int order = Sign(CompareValues(a, b));
      EXPECT_EQ(Sign(Encode(type, a).compare(Encode(type, b))), order);
      EXPECT_EQ(Sign(Encode(type, a, true).compare(Encode(type, b, true))), -order);
    }
  }
}

TEST("composite keys compare column by column") {
  RandomValues values(test::Seed());
  for (int i = 0; i < 5000; ++i) {
    std::string keys[2];
    int order = 0;
    Value row[2][3];
    const ColumnType types[3] = {kTypes[values.Below(10)], kTypes[values.Below(10)], kTypes[values.Below(10)]};
    for (int k = 0; k < 3; ++k) {
      const bool descending = values.Below(2) == 1;
      for (int r = 0; r < 2; ++r) row[r][k] = values.Below(8) == 0 ? Value::Null() : values.Next(types[k]);
      if (values.Below(2) == 0) row[1][k] = row[0][k];
      for (int r = 0; r < 2; ++r) keys[r] += Encode(types[k], row[r][k], descending);
      if (order == 0) order = Sign(CompareValues(row[0][k], row[1][k])) * (descending ? -1 : 1);
    }
    EXPECT_EQ(Sign(keys[0].compare(keys[1])), order);
  }
}

TEST("integers and reals have one exact order, whatever their size") {
  EXPECT_EQ(CompareIntegerReal((1ll << 53) + 1, 9007199254740992.0), 1);
  EXPECT_EQ(CompareIntegerReal(INT64_MAX, 9223372036854775808.0), -1);
  EXPECT_EQ(CompareIntegerReal(INT64_MIN, -9223372036854775808.0), 0);
  EXPECT_EQ(CompareIntegerReal(-1, -1.5), 1);
  EXPECT_EQ(CompareIntegerReal(0, 5e-324), -1);
  EXPECT_EQ(CompareIntegerReal(5, -kInf), 1);
  RandomValues values(test::Seed() + 7);
  for (int i = 0; i < 3000; ++i) {
    const Value a = values.Next(ColumnType::kInteger);
    const Value b = values.Next(ColumnType::kReal);
    if (std::isinf(b.f64)) continue;
    const int exact = Decimal::Compare(Decimal::FromNumber(a), Decimal::FromNumber(b));
    EXPECT_EQ(CompareIntegerReal(a.i64, b.f64), exact);
  }
}

TEST("what a key keeps is read back from it") {
  for (const ColumnType type : kTypes) {
    if (!KeyKeepsValue(type)) continue;
    for (const bool descending : {false, true}) {
      RandomValues values(test::Seed());
      for (int i = 0; i < 500; ++i) {
        const Value value = values.Below(10) == 0 ? Value::Null() : values.Next(type);
        const std::string key = Encode(type, value, descending) + "rest";
        std::string scratch;
        Value read;
        std::string_view rest = key;
        EXPECT(DecodeKeyValue(&rest, descending, &scratch, &read));
        EXPECT_EQ(rest, "rest");
        EXPECT_EQ(CompareValues(read, value), 0);
        EXPECT(read.tag == value.tag);
        rest = key;
        EXPECT(SkipKeyValue(&rest, descending));
        EXPECT_EQ(rest, "rest");
      }
    }
  }
}

TEST("numbers in keys decode to their exact value") {
  RandomValues values(test::Seed());
  for (int i = 0; i < 500; ++i) {
    const Value value = values.Next(ColumnType::kDecimal);
    const std::string key = Encode(ColumnType::kAny, value, i % 2 == 1);
    std::string scratch;
    Value read;
    std::string_view rest = key;
    EXPECT(DecodeKeyValue(&rest, i % 2 == 1, &scratch, &read));
    EXPECT(rest.empty());
    EXPECT_EQ(CompareValues(read, value), 0);
  }
}

TEST("bytes that are no key are refused without reading beyond them") {
  RandomValues values(test::Seed());
  for (int i = 0; i < 20000; ++i) {
    std::string key = Encode(ColumnType::kAny, values.Next(ColumnType::kAny), i % 2 == 1);
    if (!key.empty() && values.Below(2) == 0) key.resize(values.Below(key.size()));
    for (char& c : key)
      if (values.Below(4) == 0) c = static_cast<char>(values.Below(256));
    // A copy of exact size, so that a sanitizer sees reads past the end.
    const std::unique_ptr<char[]> exact(new char[key.size() + 1]);
    std::copy(key.begin(), key.end(), exact.get());
    std::string_view rest(exact.get(), key.size());
    std::string scratch;
    Value read;
    if (DecodeKeyValue(&rest, i % 2 == 1, &scratch, &read)) EXPECT(rest.size() <= key.size());
  }
}

TEST("NaN is refused as a key") {
  KeyBuffer key;
  EXPECT(AppendKeyValue(&key, ColumnType::kReal, Value::Real(std::nan("")), false).code() == Code::kInvalidArgument);
}

TEST("the successor of a prefix is above all its keys and below all others") {
  KeyBuffer key;
  key.assign("ab\xff\xff");
  MakePrefixSuccessor(&key);
  EXPECT_EQ(key.view(), "ac");
  key.assign("\xff\xff");
  MakePrefixSuccessor(&key);
  EXPECT_EQ(key.view(), "");
}

TEST("decimals calculate exactly") {
  const auto parse = [](std::string_view text) {
    Decimal out;
    EXPECT(Decimal::Parse(text, &out));
    return out;
  };
  Decimal out;
  EXPECT(Decimal::Add(parse("0.1"), parse("0.2"), &out));
  EXPECT_EQ(out.ToString(), "0.3");
  EXPECT(Decimal::Add(parse("1.00"), parse("-1"), &out));
  EXPECT_EQ(out.ToString(), "0.00");
  EXPECT(Decimal::Multiply(parse("-99999999999999999999"), parse("99999999999999999999"), &out));
  EXPECT_EQ(out.ToString(), "-9999999999999999999800000000000000000001");
  EXPECT(Decimal::Divide(parse("10"), parse("4"), &out));
  EXPECT_EQ(out.ToString(), "2.5");
  EXPECT(Decimal::Divide(parse("2"), parse("3"), &out));
  EXPECT_EQ(out.ToString(), "0.6666666666666667");
  EXPECT(Decimal::Remainder(parse("-7.5"), parse("2"), &out));
  EXPECT_EQ(out.ToString(), "-1.5");
  EXPECT_EQ(parse("+001.50e2").ToString(), "150");
  EXPECT_EQ(parse("-.5").ToString(), "-0.5");
  EXPECT_EQ(parse("-0").ToString(), "0");
  for (const char* bad : {"", "-", ".", "1e", "e1", "1e+-5", "0x1", "1 ", "1..2", "1e99999", "nan"})
    EXPECT(!Decimal::Parse(bad, &out));
  EXPECT(!Decimal::Parse(std::string(1001, '9'), &out));
  RandomValues values(test::Seed());
  for (int i = 0; i < 2000; ++i) {
    const int64_t a = static_cast<int32_t>(values.Next(ColumnType::kInteger).i64);
    const int64_t b = static_cast<int32_t>(values.Next(ColumnType::kInteger).i64);
    const Decimal x = Decimal::FromInteger(a);
    const Decimal y = Decimal::FromInteger(b);
    EXPECT(Decimal::Add(x, y, &out));
    EXPECT_EQ(out.ToString(), std::to_string(a + b));
    EXPECT(Decimal::Multiply(x, y, &out));
    EXPECT_EQ(out.ToString(), std::to_string(a * b));
    if (b == 0) continue;
    EXPECT(Decimal::Remainder(x, y, &out));
    EXPECT_EQ(out.ToString(), std::to_string(a % b));
  }
}

}  // namespace
}  // namespace sochdb::key_codec_test
