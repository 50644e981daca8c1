// The base layer: bytes, checksums, hash, arena.

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/hash.h"
#include "test/harness.h"
#include "test/mem_keys.h"

namespace sochdb::base_test {
namespace {

TEST("CRC-32C gives the numbers of RFC 3720, with and without the instruction") {
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  const std::string descending(ascending.rbegin(), ascending.rend());
  const struct {
    std::string data;
    uint32_t crc;
  } vectors[] = {{"", 0},
                 {"123456789", 0xe3069283u},
                 {std::string(32, '\0'), 0x8a9136aau},
                 {std::string(32, '\xff'), 0x62a8ab43u},
                 {ascending, 0x46dd794eu},
                 {descending, 0x113fdb5cu}};
  for (const auto& v : vectors) {
    EXPECT_EQ(Crc32c(v.data), v.crc);
    EXPECT_EQ(Crc32cExtendPortable(0, v.data), v.crc);
  }
}

TEST("CRC-32C of a whole is that of its parts in turn, at every cut and alignment") {
  std::string data;
  for (int i = 0; i < 100; ++i) data.push_back(static_cast<char>(i * 37));
  for (size_t start = 0; start < 9; ++start) {
    const std::string_view all = std::string_view(data).substr(start);
    for (size_t cut = 0; cut <= all.size(); ++cut) {
      EXPECT_EQ(Crc32cExtend(Crc32c(all.substr(0, cut)), all.substr(cut)), Crc32c(all));
      EXPECT_EQ(Crc32cExtendPortable(0, all.substr(cut)), Crc32c(all.substr(cut)));
    }
  }
  EXPECT_EQ(UnmaskCrc(MaskCrc(0xdeadbeefu)), 0xdeadbeefu);
  EXPECT(MaskCrc(0) != 0);
}

TEST("numbers come back as they were written, and no reader passes the end") {
  const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, uint64_t{UINT32_MAX} + 1, UINT64_MAX - 1, UINT64_MAX};
  for (const uint64_t v : numbers) {
    std::string bytes;
    PutVarint64(&bytes, v);
    EXPECT_EQ(bytes.size(), VarintLength(v));
    ByteReader reader(bytes);
    uint64_t back = 0;
    EXPECT(reader.ReadVarint64(&back) && back == v && reader.empty());
    for (size_t n = 0; n < bytes.size(); ++n) {
      ByteReader cut(std::string_view(bytes).substr(0, n));
      EXPECT(!cut.ReadVarint64(&back));
      EXPECT_EQ(cut.remaining(), n);
    }
  }
  for (const int64_t v : {int64_t{0}, int64_t{-1}, int64_t{1}, INT64_MIN, INT64_MAX}) EXPECT_EQ(UnZigZag(ZigZag(v)), v);

  std::string bytes;
  PutFixed16(&bytes, 0x1234);
  PutFixed32(&bytes, 0x12345678);
  PutFixed64(&bytes, 0x123456789abcdef0);
  PutBigEndian32(&bytes, 0x12345678);
  PutLengthPrefixed(&bytes, "hello");
  EXPECT_EQ(bytes[0], '\x34');
  EXPECT_EQ(bytes[14], '\x12');
  ByteReader reader(bytes);
  uint16_t a = 0;
  uint32_t b = 0;
  uint64_t c = 0;
  uint32_t d = 0;
  std::string_view e;
  EXPECT(reader.ReadFixed16(&a) && reader.ReadFixed32(&b) && reader.ReadFixed64(&c) && reader.ReadBigEndian32(&d));
  EXPECT(reader.ReadLengthPrefixed(&e) && reader.empty());
  EXPECT_EQ(a, 0x1234);
  EXPECT_EQ(b, 0x12345678u);
  EXPECT_EQ(c, 0x123456789abcdef0u);
  EXPECT_EQ(d, 0x12345678u);
  EXPECT_EQ(e, "hello");
}

TEST("a varint that is too long, too large or not the shortest is refused") {
  uint64_t v = 0;
  uint32_t narrow = 0;
  EXPECT(!ByteReader(std::string_view("\x80\x00", 2)).ReadVarint64(&v));
  EXPECT(!ByteReader(std::string(9, '\xff') + '\x02').ReadVarint64(&v));
  EXPECT(!ByteReader(std::string(11, '\xff')).ReadVarint64(&v));
  std::string bytes;
  PutVarint64(&bytes, uint64_t{1} << 32);
  ByteReader reader(bytes);
  EXPECT(!reader.ReadVarint32(&narrow));
  EXPECT_EQ(reader.remaining(), bytes.size());
  bytes.clear();
  PutVarint64(&bytes, UINT64_MAX);  // a length far beyond the end
  std::string_view out;
  EXPECT(!ByteReader(bytes).ReadLengthPrefixed(&out));
}

TEST("big-endian numbers sort as bytes do") {
  std::string previous;
  for (const uint64_t v : {uint64_t{0}, uint64_t{1}, uint64_t{255}, uint64_t{256}, uint64_t{1} << 40, UINT64_MAX}) {
    std::string bytes;
    PutBigEndian64(&bytes, v);
    EXPECT_EQ(DecodeBigEndian64(bytes.data()), v);
    EXPECT(previous.empty() || previous < bytes);
    previous = bytes;
  }
}

TEST("flipping any bit of a key changes about half of its hash") {
  for (const size_t length : {1u, 3u, 4u, 7u, 8u, 12u, 16u, 17u, 31u, 32u, 33u, 64u, 100u}) {
    int flipped = 0;
    int samples = 0;
    for (uint64_t n = 0; n < 64; ++n) {
      std::string key(length, '\0');
      for (size_t i = 0; i < length; ++i) key[i] = static_cast<char>(HashNumber(n * 1000 + i) & 0xff);
      const uint64_t hash = Hash64(key, 7);
      for (size_t bit = 0; bit < length * 8; ++bit) {
        std::string other = key;
        other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
        const int distance = std::popcount(hash ^ Hash64(other, 7));
        EXPECT(distance > 8);
        flipped += distance;
        ++samples;
      }
    }
    EXPECT(std::abs(flipped / static_cast<double>(samples) - 32.0) < 1.0);
  }
}

TEST("the hashes of keys that people use spread evenly, in low and in high bits") {
  const auto worst = [](const auto& make_key, int shift) {
    constexpr size_t kKeys = 64 * 1024;
    std::vector<int> buckets(1024);
    for (size_t i = 0; i < kKeys; ++i) ++buckets[(Hash64(make_key(i)) >> shift) & 1023];
    int deviation = 0;
    for (const int count : buckets) deviation = std::max(deviation, std::abs(count - 64));
    return deviation;
  };
  const auto big_endian = [](uint64_t i) {
    std::string key;
    PutBigEndian64(&key, 1);
    PutBigEndian64(&key, i);
    return key;
  };
  const auto text = [](uint64_t i) { return "user:" + std::to_string(i); };
  const auto long_text = [](uint64_t i) { return "tenant/acme/documents/" + std::to_string(i) + "/title"; };
  for (const int shift : {0, 20, 54}) {
    EXPECT(worst(big_endian, shift) < 48);  // six standard deviations
    EXPECT(worst(text, shift) < 48);
    EXPECT(worst(long_text, shift) < 48);
  }
}

TEST("a hash depends on the seed and on the length") {
  std::set<uint64_t> hashes;
  for (size_t length = 0; length < 200; ++length) {
    for (uint64_t seed = 0; seed < 20; ++seed) hashes.insert(Hash64(std::string(length, '\0'), seed));
  }
  EXPECT_EQ(hashes.size(), 200u * 20u);
}

TEST("an arena's pieces are aligned, apart and stay where they are") {
  Arena arena(4096);
  std::vector<std::pair<char*, size_t>> pieces;
  for (size_t i = 1; i < 3000; ++i) {
    const size_t n = 1 + HashNumber(i) % (i % 100 == 0 ? 10000 : 100);
    char* piece = i % 2 == 0 ? arena.AllocateAligned(n) : i % 3 == 0 ? arena.AllocateAligned(n, 64) : arena.Allocate(n);
    if (i % 2 == 0) EXPECT_EQ(reinterpret_cast<uintptr_t>(piece) % 8, 0u);
    else if (i % 3 == 0) EXPECT_EQ(reinterpret_cast<uintptr_t>(piece) % 64, 0u);
    std::memset(piece, static_cast<int>(i & 0xff), n);
    pieces.emplace_back(piece, n);
  }
  uint64_t bytes = 0;
  for (size_t i = 1; i <= pieces.size(); ++i) {
    const auto [piece, n] = pieces[i - 1];
    EXPECT_EQ(std::string_view(piece, n), std::string(n, static_cast<char>(i & 0xff)));
    bytes += n;
  }
  EXPECT(arena.memory_bytes() >= bytes);
  EXPECT(arena.memory_bytes() < bytes * 2);
  EXPECT_EQ(arena.Copy("abc"), "abc");
  EXPECT_EQ(arena.Copy(""), "");
}

TEST("what an arena reserved needs no further memory") {
  Arena arena(4096);
  EXPECT_OK(arena.Reserve(100'000));
  const uint64_t before = arena.memory_bytes();
  for (int i = 0; i < 100; ++i) arena.AllocateAligned(1000 - 7);
  EXPECT_EQ(arena.memory_bytes(), before);
}

TEST("reservations that are used in part waste no memory, and hold all the same") {
  Arena arena(4096);
  uint64_t used = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_OK(arena.Reserve(10'000));
    const uint64_t before = arena.memory_bytes();
    for (int piece = 0; piece < 30; ++piece) arena.AllocateAligned(96);
    used += 30 * 96;
    EXPECT_EQ(arena.memory_bytes(), before);
  }
  EXPECT(arena.memory_bytes() < used + used / 10);

  test::Random random(test::Seed());
  Arena any(4096);
  std::vector<std::pair<char*, size_t>> pieces;
  for (int i = 0; i < 2000; ++i) {
    const size_t reserved = 1 + random.Below(random.OneIn(10) ? 50'000 : 3000);
    EXPECT_OK(any.Reserve(reserved));
    const uint64_t before = any.memory_bytes();
    size_t left = reserved - random.Below(reserved);
    while (left > 0) {
      const size_t alignment = size_t{1} << random.Below(5);
      const size_t n = 1 + random.Below(random.OneIn(20) ? left : std::min<size_t>(left, 200));
      if (n + alignment - 1 > left) break;
      left -= n + alignment - 1;
      pieces.emplace_back(any.AllocateAligned(n, alignment), n);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(pieces.back().first) % alignment, 0u);
    }
    EXPECT_EQ(any.memory_bytes(), before);
  }
  std::sort(pieces.begin(), pieces.end());
  for (size_t i = 1; i < pieces.size(); ++i) EXPECT(pieces[i - 1].first + pieces[i - 1].second <= pieces[i].first);
}

TEST("a status carries code, message and details, and a copy is its own") {
  Status status(Code::kDiskFull, "no room");
  (void)status.With("file", "a").With("errno", "28");
  const Status copy = status;
  (void)status.With("more", "x");
  EXPECT_EQ(copy.details().size(), 2u);
  EXPECT_EQ(copy.message(), "no room");
  EXPECT(copy.code() == Code::kDiskFull && !copy.ok());
  EXPECT(Status().ok() && Status().message().empty() && Status().With("a", "b").ok());
}

}  // namespace
}  // namespace sochdb::base_test
