#include "sst/bloom_filter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sst/sst_format.h"

namespace sochdb {

namespace {
constexpr unsigned kMaxProbes = 7;
constexpr uint32_t kMaxBitsPerKey = 64;
}  // namespace

void BuildBloomFilter(const std::vector<uint64_t>& hashes, uint32_t bits_per_key, std::string* out) {
  const uint64_t bits = hashes.size() * uint64_t{std::min(bits_per_key, kMaxBitsPerKey)};
  const uint64_t lines = (bits + kFilterLineBytes * 8 - 1) / (kFilterLineBytes * 8);
  if (lines == 0 || lines * kFilterLineBytes + kFilterHeaderBytes > kMaxBlockBytes) return;
  // ln 2 times the bits a key gets is the best number; lines being filled unevenly, a little less is.
  const unsigned probes = std::clamp(bits_per_key * 6 / 10, 1u, kMaxProbes);
  PutByte(out, kFilterHashVersion);
  PutByte(out, static_cast<uint8_t>(probes));
  PutFixed16(out, 0);
  PutFixed32(out, static_cast<uint32_t>(lines));
  const size_t start = out->size();
  out->resize(start + lines * kFilterLineBytes, '\0');
  for (const uint64_t hash : hashes) {
    char* line = out->data() + start + BloomFilter::LineOf(hash, lines) * kFilterLineBytes;
    uint64_t mixed = BloomFilter::Mix(hash);
    for (unsigned i = 0; i < probes; ++i, mixed >>= 9) {
      char* byte = line + ((mixed >> 3) & 63);
      *byte = static_cast<char>(static_cast<uint8_t>(*byte) | (1u << (mixed & 7)));
    }
  }
}

bool BloomFilter::Parse(std::string_view bytes, BloomFilter* out) {
  if (bytes.size() < kFilterHeaderBytes) return false;
  const auto version = static_cast<uint8_t>(bytes[0]);
  const auto probes = static_cast<uint8_t>(bytes[1]);
  const uint64_t lines = DecodeFixed32(bytes.data() + 4);
  BloomFilter filter;
  if (version == kFilterHashVersion) {
    if (probes == 0 || probes > kMaxProbes || lines == 0 || bytes.size() - kFilterHeaderBytes != lines * kFilterLineBytes) {
      return false;
    }
    filter.storage_ = std::make_unique_for_overwrite<char[]>((lines + 1) * kFilterLineBytes);
    const auto address = reinterpret_cast<uintptr_t>(filter.storage_.get());
    char* aligned = filter.storage_.get() + (kFilterLineBytes - address % kFilterLineBytes) % kFilterLineBytes;
    std::memcpy(aligned, bytes.data() + kFilterHeaderBytes, lines * kFilterLineBytes);
    filter.lines_ = aligned;
    filter.line_count_ = lines;
    filter.probes_ = probes;
  }
  *out = std::move(filter);
  return true;
}

}  // namespace sochdb
