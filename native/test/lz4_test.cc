// Our LZ4 blocks: they come back whole, they are everybody's, and damaged ones harm nothing.

#include "codec/lz4.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <vector>

#include "base/hash.h"
#include "test/harness.h"
#include "test/sim_random.h"

#ifdef SOCHDB_HAVE_LZ4_REFERENCE
#include <lz4.h>
#endif

namespace sochdb::lz4_test {
namespace {

// Memory of exactly n bytes, so that a sanitizer sees one byte too many.
struct Exact {
  explicit Exact(size_t n) : bytes(new char[n]), size(n) {}
  explicit Exact(std::string_view from) : Exact(from.size()) { std::copy(from.begin(), from.end(), bytes.get()); }
  [[nodiscard]] std::string_view view() const { return {bytes.get(), size}; }
  std::unique_ptr<char[]> bytes;
  size_t size;
};

std::string Compressed(std::string_view raw) {
  const Exact in(raw);
  Exact out(Lz4CompressBound(raw.size()));
  return {out.bytes.get(), Lz4Compress(in.view(), out.bytes.get())};
}

// The raw bytes, or nothing when the block is refused.
bool Decompressed(std::string_view block, size_t raw_size, std::string* raw) {
  const Exact in(block);
  Exact out(raw_size);
  const bool sound = Lz4Decompress(in.view(), out.bytes.get(), raw_size);
  if (sound) raw->assign(out.view());
  return sound;
}

void ExpectRoundTrip(const std::string& raw) {
  std::string back;
  EXPECT(Decompressed(Compressed(raw), raw.size(), &back));
  EXPECT(back == raw);
}

std::string JsonLike(SimRandom* random, size_t bytes) {
  constexpr const char* kWords[] = {"alpha", "beta", "gamma", "user", "active", "score", "Berlin", "Tokyo"};
  std::string text;
  while (text.size() < bytes) {
    text += "{\"id\":" + std::to_string(random->Below(1'000'000)) + ",\"" + kWords[random->Below(8)] + "\":\"" +
            kWords[random->Below(8)] + "\",\"n\":" + std::to_string(random->Below(100)) + "}\n";
  }
  text.resize(bytes);
  return text;
}

// Bytes of every character: noise, few symbols, periods, long runs, and mixtures of them.
std::string AnyBytes(SimRandom* random, size_t bytes) {
  std::string out;
  while (out.size() < bytes) {
    const size_t n = std::min<size_t>(bytes - out.size(), 1 + random->Below(random->OneIn(4) ? 70'000 : 300));
    const uint64_t kind = random->Below(5);
    const uint64_t period = 1 + random->Below(20);
    for (size_t i = 0; i < n; ++i) {
      uint64_t byte = 0;
      if (kind == 0) byte = random->Below(256);
      else if (kind == 1) byte = 'a' + random->Below(3);
      else if (kind == 2) byte = HashNumber(i % period);
      else if (kind == 3) byte = 'x';
      else byte = out.empty() ? 0 : static_cast<uint8_t>(out[out.size() - std::min<size_t>(out.size(), 1 + 7 * period)]);
      out.push_back(static_cast<char>(byte & 0xff));
    }
  }
  return out;
}

TEST("lz4: a block of every small size and many large ones comes back whole") {
  SimRandom random(test::Seed());
  for (size_t size = 0; size <= 300; ++size) {
    ExpectRoundTrip(std::string(size, 'a'));
    ExpectRoundTrip(AnyBytes(&random, size));
    ExpectRoundTrip(JsonLike(&random, size));
  }
  for (const size_t size : std::initializer_list<size_t>{4096, 16'384, 65'534, 65'535, 65'536, 65'537, 200'000, 1'500'000}) {
    ExpectRoundTrip(std::string(size, '\0'));
    ExpectRoundTrip(AnyBytes(&random, size));
    ExpectRoundTrip(JsonLike(&random, size));
  }
  for (int i = 0; i < test::Rounds(60); ++i) ExpectRoundTrip(AnyBytes(&random, random.Below(200'000)));
}

TEST("lz4: documents shrink to less than half, noise grows by less than the bound") {
  SimRandom random(test::Seed());
  EXPECT(Compressed(JsonLike(&random, 16'384)).size() < 16'384 / 2);
  EXPECT(Compressed(std::string(1'000'000, 'z')).size() < 4100);
  std::string noise(100'000, '\0');
  for (char& byte : noise) byte = static_cast<char>(random.Below(256));
  EXPECT(Compressed(noise).size() <= noise.size() + noise.size() / 255 + 16);
}

TEST("lz4: blocks written by hand mean what the format says") {
  std::string raw;
  EXPECT(Decompressed(std::string_view("\0", 1), 0, &raw) && raw.empty());
  EXPECT(Decompressed("\x50hello", 5, &raw) && raw == "hello");
  // One literal, then offset 1: a run; the last five bytes are literals.
  EXPECT(Decompressed(std::string_view("\x1f"
                                       "a\x01\x00\x01\x50"
                                       "aaaaa",
                                       11),
                      26, &raw) &&
         raw == std::string(26, 'a'));
  // Fifteen literals and more: the length goes on behind the token.
  EXPECT(Decompressed("\xf0\x02" + std::string("abcdefghijklmnopq"), 17, &raw) && raw == "abcdefghijklmnopq");
  EXPECT_EQ(Compressed("hello"), "\x50hello");
  EXPECT_EQ(Compressed(std::string(26, 'a')), std::string("\x1f"
                                                          "a\x01\x00\x01\x50"
                                                          "aaaaa",
                                                          11));
}

TEST("lz4: a block that breaks a rule of the format is refused") {
  std::string raw;
  const auto refused = [&raw](std::string_view block, size_t size) { return !Decompressed(block, size, &raw); };
  EXPECT(refused("", 0));
  EXPECT(refused("\x50hell", 5));                              // literals cut short
  EXPECT(refused("\x50hello", 4) && refused("\x50hello", 6));  // another size
  EXPECT(refused(std::string_view("\x10x\x01", 3), 20));       // offset cut short
  EXPECT(refused(std::string_view("\x1f"                       // offset 0
                                  "a\x00\x00\x01\x50"
                                  "aaaaa",
                                  11),
                 26));
  EXPECT(refused(std::string_view("\x1f"  // offset before the beginning
                                  "a\x02\x00\x01\x50"
                                  "aaaaa",
                                  11),
                 26));
  EXPECT(refused(std::string_view("\x1f"  // the end is a match
                                  "a\x01\x00\x06",
                                  5),
                 26));
  EXPECT(refused(std::string_view("\x1f"  // four literals at the end
                                  "a\x01\x00\x02\x40"
                                  "aaaa",
                                  10),
                 26));
  EXPECT(refused("\xf0" + std::string(100'000, '\xff'), 1000));  // lengths without end
  EXPECT(refused(std::string("\x1f"
                             "a\x01\x00",
                             4) +
                     std::string(100'000, '\xff'),
                 1000));
}

TEST("lz4: a cut block is refused, a damaged one refused or decoded inside its bounds") {
  SimRandom random(test::Seed());
  for (int round = 0; round < 12; ++round) {
    const std::string raw =
        round % 2 == 0 ? JsonLike(&random, 1 + random.Below(2500)) : AnyBytes(&random, 1 + random.Below(2500));
    const std::string block = Compressed(raw);
    std::string back;
    for (size_t n = 0; n < block.size(); ++n) EXPECT(!Decompressed(block.substr(0, n), raw.size(), &back));
    for (const size_t size : {size_t{0}, raw.size() - 1, raw.size() + 1, raw.size() * 2}) {
      EXPECT(!Decompressed(block, size, &back));
    }
    for (int i = 0; i < test::Rounds(1500); ++i) {
      std::string damaged = block;
      for (uint64_t flips = 1 + random.Below(3); flips > 0; --flips) {
        char& byte = damaged[random.Below(damaged.size())];
        byte = static_cast<char>(static_cast<uint8_t>(byte) ^ (1u << random.Below(8)));
      }
      (void)Decompressed(damaged, raw.size(), &back);
    }
  }
}

TEST("lz4: noise is taken for a block without harm") {
  SimRandom random(test::Seed());
  std::string back;
  for (int i = 0; i < test::Rounds(20'000); ++i) {
    std::string noise(random.Below(80), '\0');
    for (char& byte : noise) byte = static_cast<char>(random.OneIn(3) ? random.Below(4) : random.Below(256));
    (void)Decompressed(noise, random.Below(400), &back);
  }
}

#ifdef SOCHDB_HAVE_LZ4_REFERENCE
std::string ReferenceCompressed(const std::string& raw) {
  std::string out(static_cast<size_t>(LZ4_compressBound(static_cast<int>(raw.size()))), '\0');
  const int n = LZ4_compress_default(raw.data(), out.data(), static_cast<int>(raw.size()), static_cast<int>(out.size()));
  out.resize(static_cast<size_t>(n));
  return out;
}

bool ReferenceDecompressed(std::string_view block, size_t raw_size, std::string* raw) {
  raw->assign(raw_size, '\0');
  const int n = LZ4_decompress_safe(block.data(), raw->data(), static_cast<int>(block.size()), static_cast<int>(raw_size));
  return n >= 0 && static_cast<size_t>(n) == raw_size;
}

TEST("lz4: blocks go both ways between the reference and us") {
  SimRandom random(test::Seed());
  for (int i = 0; i < test::Rounds(250); ++i) {
    const size_t size = random.Below(random.OneIn(10) ? 300'000 : 20'000);
    const std::string raw = random.OneIn(2) ? JsonLike(&random, size) : AnyBytes(&random, size);
    std::string back;
    EXPECT(Decompressed(ReferenceCompressed(raw), raw.size(), &back) && back == raw);
    EXPECT(ReferenceDecompressed(Compressed(raw), raw.size(), &back) && back == raw);
  }
}

TEST("lz4: of damaged blocks we take none that the reference refuses, and both read the same") {
  SimRandom random(test::Seed());
  int taken = 0;
  const int rounds = test::Rounds(8000);
  for (int i = 0; i < rounds; ++i) {
    const std::string raw = JsonLike(&random, 20 + random.Below(400));
    std::string damaged = Compressed(raw);
    char& byte = damaged[random.Below(damaged.size())];
    byte = static_cast<char>(static_cast<uint8_t>(byte) ^ (1u << random.Below(8)));
    std::string ours;
    if (!Decompressed(damaged, raw.size(), &ours)) continue;
    ++taken;
    std::string theirs;
    EXPECT(ReferenceDecompressed(damaged, raw.size(), &theirs) && ours == theirs);
  }
  EXPECT(taken > rounds / 8);
}
#endif

}  // namespace
}  // namespace sochdb::lz4_test
