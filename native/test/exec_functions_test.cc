// Functions against what others make of the same values: digests of RFC 1321, the C library's printf and strftime, a sort. And
// pictures, keys and documents that nobody meant.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <limits>
#include <random>

#include "exec/functions/function.h"
#include "exec/functions/md5.h"
#include "exec/functions/to_char.h"
#include "test/exec_users.h"

namespace sochdb::test::exec_functions_test {
namespace {

// A function by its number, as an evaluator calls it. "!" and the message when it fails.
std::string CallOf(int32_t number, const std::vector<Value>& args) {
  ExecContext context(1 << 20);
  BatchArena arena(&context.memory);
  std::unique_ptr<FunctionState> state;
  FunctionCall call;
  call.function = FindFunction(number);
  call.context = &context;
  call.arena = &arena;
  call.state = &state;
  Value out;
  const Status status = call.function->kernel(&call, args, &out);
  if (!status.ok()) return "!" + status.message();
  std::string text;
  AppendText(out, &text);
  return out.is_null() ? "NULL" : text;
}

Value Json(std::string_view text) { return Value::Bytes(ColumnType::kJson, text); }

std::string Random(std::mt19937_64* random, std::string_view letters, size_t longest) {
  std::string text((*random)() % (longest + 1), ' ');
  for (char& c : text) c = letters[(*random)() % letters.size()];
  return text;
}

}  // namespace

TEST("md5 gives the digests of RFC 1321, and those of every length about its blocks") {
  const std::pair<std::string_view, std::string_view> suite[] = {
      {"", "d41d8cd98f00b204e9800998ecf8427e"},
      {"a", "0cc175b9c0f1b6a831c399e269772661"},
      {"abc", "900150983cd24fb0d6963f7d28e17f72"},
      {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
      {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a"}};
  for (const auto& [text, digest] : suite) EXPECT_EQ(Md5Hex(text), digest);
  std::string digests;
  std::string text;
  for (int n = 0; n <= 130; ++n) {
    digests += Md5Hex(text);
    text += static_cast<char>((n * 7 + 3) % 251);
  }
  // The digest of the digests, by another implementation.
  EXPECT_EQ(Md5Hex(digests), "edc3a462ebc3085071ff1a0d35aff0f6");
}

TEST("numbers are pictured as printf writes them") {
  std::mt19937_64 random(Seed());
  for (int i = 0; i < 300; ++i) {
    // Quarters: two digits say them exactly.
    const double number = (static_cast<double>(random() % 8'000'000) - 4'000'000) / 4;
    char expected[40];
    std::snprintf(expected, sizeof(expected), "%.2f", number == 0 ? 0.0 : number);
    std::string got;
    std::string why;
    EXPECT(PictureNumber(Value::Real(number), "FM9999990.00", &got, &why));
    EXPECT_EQ(got, expected);
    got.clear();
    EXPECT(PictureNumber(Value::Integer(static_cast<int64_t>(number)), "FMS0000000", &got, &why));
    std::snprintf(expected, sizeof(expected), "%+08d", static_cast<int>(number));
    EXPECT_EQ(got, expected);
  }
}

TEST("points in time are pictured as strftime writes them") {
  std::mt19937_64 random(Seed());
  for (int i = 0; i < 300; ++i) {
    const auto seconds = static_cast<std::time_t>(random() % 8'000'000'000) - 4'000'000'000;
    std::tm civil{};
    EXPECT(gmtime_r(&seconds, &civil) != nullptr);
    char expected[80];
    std::strftime(expected, sizeof(expected), "%Y-%m-%d %H:%M:%S %j %G-%V %a %b", &civil);
    std::string got;
    std::string why;
    EXPECT(PictureMoment(seconds * 1000, "YYYY-MM-DD HH24:MI:SS DDD IYYY-IW Dy Mon", &got, &why));
    EXPECT_EQ(got, expected);
  }
}

TEST("any picture is painted, or refused with a reason") {
  std::mt19937_64 random(Seed());
  const double largest = std::numeric_limits<double>::max();
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string picture = Random(&random, "0099990.,GDSLMIPRFTHYQWJAC-+$V#\"\\ xe", 24);
    std::string out;
    std::string why;
    const Value number = i % 3 == 0   ? Value::Real(i % 2 == 0 ? largest : 5e-324)
                         : i % 3 == 1 ? Value::Integer(std::numeric_limits<int64_t>::min())
                                      : Value::Bytes(ColumnType::kDecimal, "-12345678901234567890.5");
    const bool painted = PictureNumber(number, picture, &out, &why);
    EXPECT_EQ(why.empty(), painted);
    refused += painted ? 0 : 1;
    why.clear();
    const auto ms = static_cast<int64_t>(random() % 16'000'000'000'000'000) - 8'000'000'000'000'000;
    const bool written = PictureMoment(ms, picture, &out, &why);
    EXPECT_EQ(why.empty(), written);
  }
  EXPECT(refused > 0 && refused < 3000);
}

TEST("a median is the middle of the sorted values") {
  std::mt19937_64 random(Seed());
  const double infinity = std::numeric_limits<double>::infinity();
  const double largest = std::numeric_limits<double>::max();
  for (int round = 0; round < 60; ++round) {
    const size_t n = 1 + random() % 40;
    std::vector<Part> cells;
    std::vector<double> values;
    for (size_t i = 0; i < n; ++i) {
      const uint64_t kind = random() % 10;
      const double value = kind == 0 ? infinity : kind == 1 ? largest : static_cast<double>(random() % 64) / 4 - 8;
      cells.push_back(kind == 2 ? NullOf(kReal) : Const(Value::Real(value), kReal));
      if (kind != 2) values.push_back(value);
    }
    ExecWorld w;
    const auto got = w.Run(Aggregate(Values(static_cast<int32_t>(n), 1, cells), {}, {{AggregateFn::kMedian, Col(0, kReal)}}));
    EXPECT_OK(got.status);
    std::sort(values.begin(), values.end());
    const Value median = got.rows[0][0].Get();
    EXPECT_EQ(median.is_null(), values.empty());
    if (values.empty()) continue;
    const double high = values[values.size() / 2];
    const double low = values[(values.size() - 1) / 2];
    EXPECT_EQ(median.f64, low == high ? low : low / 2 + high / 2);
  }
}

TEST("arrays tell their length and what they hold; what is none has neither") {
  constexpr int32_t kLength = 307;
  constexpr int32_t kContains = 317;
  constexpr int32_t kHasKey = 319;
  EXPECT_EQ(CallOf(kLength, {Json("[1,[2,3],null]")}), "3");
  EXPECT_EQ(CallOf(kLength, {Json("[]")}), "0");
  EXPECT_EQ(CallOf(kLength, {Json("{\"a\":[1]}")}), "0");
  EXPECT_EQ(CallOf(kLength, {Json("{\"a\":[1]}"), Value::Text("$.a")}), "1");
  EXPECT_EQ(CallOf(kLength, {Json("[1]"), Value::Text("$.a")}), "NULL");
  EXPECT_EQ(CallOf(kContains, {Json("[1,2,[3]]"), Json("[2,1,1]")}), CallOf(kContains, {Json("[1]"), Json("1")}));
  EXPECT_EQ(CallOf(kContains, {Json("[1,2,[3]]"), Json("[3]")}), CallOf(kContains, {Json("1"), Json("[1]")}));
  EXPECT(CallOf(kContains, {Json("[1]"), Json("1")}) != CallOf(kContains, {Json("1"), Json("[1]")}));
  EXPECT_EQ(CallOf(kHasKey, {Json("[\"a\",1]"), Value::Text("a")}), CallOf(kHasKey, {Json("{\"a\":1}"), Value::Text("a")}));
  EXPECT_EQ(CallOf(kHasKey, {Json("[\"a\",1]"), Value::Text("1")}), CallOf(kHasKey, {Json("{\"a\":1}"), Value::Text("b")}));
  EXPECT(CallOf(kHasKey, {Json("\"a\""), Value::Text("a")}) != CallOf(kHasKey, {Json("\"a\""), Value::Text("b")}));
  std::mt19937_64 random(Seed());
  for (int i = 0; i < 500; ++i) {
    // Damaged documents: an answer or an error, whatever they are.
    const std::string text = Random(&random, "[]{}\",:1a\\ ", 16);
    const std::string deep(static_cast<size_t>(random() % 3000), '[');
    for (const std::string& json : {text, deep}) {
      EXPECT(!CallOf(kLength, {Json(json)}).empty());
      EXPECT(!CallOf(kContains, {Json("[[1]]"), Json(json)}).empty());
      EXPECT(!CallOf(kHasKey, {Json(json), Value::Text("a")}).empty());
    }
  }
}

}  // namespace sochdb::test::exec_functions_test
