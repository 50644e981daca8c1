// Compression by tag: what goes in comes out, and what was not built in says so.

#include "codec/compression.h"

#include <algorithm>
#include <initializer_list>
#include <memory>

#include "env/env.h"
#include "test/harness.h"
#include "test/sim_random.h"

namespace sochdb::compression_test {
namespace {

constexpr CompressionType kTypes[] = {CompressionType::kNone, CompressionType::kLz4, CompressionType::kZstd};

std::string Document(uint64_t seed, size_t bytes) {
  SimRandom random(seed);
  std::string text;
  while (text.size() < bytes) text += "{\"id\":" + std::to_string(random.Below(100'000)) + ",\"name\":\"somebody\"},";
  text.resize(bytes);
  return text;
}

Status RoundTrip(CompressionType type, int level, const std::string& raw, size_t* compressed_size) {
  std::string out = "what stood there";
  const size_t had = out.size();
  SOCHDB_TRY(Compress(type, level, raw, &out));
  EXPECT_EQ(out.substr(0, had), "what stood there");
  *compressed_size = out.size() - had;
  const std::unique_ptr<char[]> back(new char[raw.size()]);
  SOCHDB_TRY(Decompress(type, std::string_view(out).substr(had), back.get(), raw.size()));
  EXPECT(std::string_view(back.get(), raw.size()) == raw);
  return {};
}

TEST("compression: every codec that is built in gives back what it was given, appending") {
  for (const CompressionType type : kTypes) {
    if (!CompressionAvailable(type)) continue;
    for (const size_t bytes : std::initializer_list<size_t>{0, 1, 12, 13, 500, 4096, 16'384, 70'000, 1'000'000}) {
      for (const int level : {0, 1, 3, 19, 1000, -7}) {
        if (bytes > 100'000 && level > 3) continue;
        if (test::kSanitizer == test::Sanitizer::kThread && level > 3) continue;
        size_t compressed = 0;
        EXPECT_OK(RoundTrip(type, level, Document(bytes, bytes), &compressed));
        if (type == CompressionType::kNone) EXPECT_EQ(compressed, bytes);
        else if (bytes >= 4096) EXPECT(ShrinksEnough(bytes, compressed));
      }
    }
  }
}

TEST("compression: damaged or cut bytes, or another size, are corruption") {
  for (const CompressionType type : kTypes) {
    if (!CompressionAvailable(type)) continue;
    const std::string raw = Document(1, 3000);
    std::string block;
    EXPECT_OK(Compress(type, 0, raw, &block));
    std::string out(raw.size() + 1, '\0');
    for (const size_t size : {raw.size() - 1, raw.size() + 1, size_t{0}}) {
      EXPECT(Decompress(type, block, out.data(), size).code() == Code::kCorruption);
    }
    for (size_t n = 0; n < block.size(); ++n) {
      EXPECT(Decompress(type, std::string_view(block).substr(0, n), out.data(), raw.size()).code() == Code::kCorruption);
    }
    EXPECT(Decompress(type, block + "x", out.data(), raw.size()).code() == Code::kCorruption);
    SimRandom random(test::Seed());
    for (int i = 0; i < test::Rounds(3000); ++i) {
      std::string damaged = block;
      char& byte = damaged[random.Below(damaged.size())];
      byte = static_cast<char>(static_cast<uint8_t>(byte) ^ (1u << random.Below(8)));
      const std::unique_ptr<char[]> exact(new char[raw.size()]);
      const Status status = Decompress(type, damaged, exact.get(), raw.size());
      EXPECT(status.ok() || status.code() == Code::kCorruption);
    }
    EXPECT_OK(Decompress(type, block, out.data(), raw.size()));  // a failure leaves nothing behind in the thread's context
  }
}

TEST("compression: without ZSTD, its data names the package that is missing") {
#ifdef SOCHDB_HAVE_ZSTD
  EXPECT(CompressionAvailable(CompressionType::kZstd));
#else
  EXPECT(!CompressionAvailable(CompressionType::kZstd));
  std::string out = "kept";
  const Status compressed = Compress(CompressionType::kZstd, 0, "abc", &out);
  EXPECT(compressed.code() == Code::kUnsupported);
  EXPECT_EQ(out, "kept");
  char raw[3];
  const Status decompressed = Decompress(CompressionType::kZstd, "abc", raw, 3);
  EXPECT(decompressed.code() == Code::kUnsupported);
  EXPECT(decompressed.message().find("zstd-napi") != std::string::npos);
#endif
}

TEST("compression: a tag of a later version is told from a known one") {
  EXPECT(IsCompressionType(0) && IsCompressionType(2) && !IsCompressionType(3));
  char raw[3];
  EXPECT(Decompress(static_cast<CompressionType>(9), "abc", raw, 3).code() == Code::kUnsupported);
  EXPECT_EQ(CompressionName(CompressionType::kZstd), "zstd");
}

TEST("compression: an eighth must be saved") {
  EXPECT(ShrinksEnough(800, 699) && !ShrinksEnough(800, 700));
  EXPECT(!ShrinksEnough(0, 0) && !ShrinksEnough(1, 1));
}

#ifdef SOCHDB_HAVE_ZSTD
TEST("compression: a hostile ZSTD frame that claims a huge window costs no memory") {
  // Magic, a descriptor without a content size, a window of 2 TiB, and an empty last block.
  const std::string frame("\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00", 9);
  char raw[16];
  EXPECT(Decompress(CompressionType::kZstd, frame, raw, sizeof raw).code() == Code::kCorruption);
}
#endif

TEST("compression: threads compress beside each other") {
  Env* const env = Env::Posix();
  std::vector<std::unique_ptr<Thread>> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.push_back(env->StartThread("compress", [t] {
      for (const CompressionType type : kTypes) {
        size_t compressed = 0;
        for (uint64_t i = 0; CompressionAvailable(type) && i < 30; ++i) {
          EXPECT_OK(RoundTrip(type, 0, Document(t * 100 + i, 5000), &compressed));
        }
      }
    }));
  }
  for (const auto& thread : threads) thread->Join();
}

}  // namespace
}  // namespace sochdb::compression_test
