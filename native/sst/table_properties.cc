#include "sst/table_properties.h"

#include <utility>

#include "base/bytes.h"

namespace sochdb {

namespace {

// Version 1: the numbers below in order, eight bytes each; block size, four bytes; compression, one byte; smallest and largest
// key, length-prefixed; how many blobs, and their numbers, each as the distance to the one before.
constexpr uint8_t kPropertiesVersion = 1;

constexpr uint64_t TableProperties::*kNumbers[] = {
    &TableProperties::file_bytes, &TableProperties::raw_bytes, &TableProperties::data_bytes,    &TableProperties::entries,
    &TableProperties::keys,       &TableProperties::deletes,   &TableProperties::merges,        &TableProperties::blocks,
    &TableProperties::min_ts,     &TableProperties::max_ts,    &TableProperties::min_expiry_ms, &TableProperties::max_expiry_ms,
    &TableProperties::expiring};

bool DecodeBlobs(ByteReader* reader, std::vector<uint64_t>* out) {
  uint64_t count = 0;
  if (!reader->ReadVarint64(&count) || count > reader->remaining()) return false;
  out->reserve(static_cast<size_t>(count));
  uint64_t last = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t step = 0;
    if (!reader->ReadVarint64(&step) || (i != 0 && step == 0) || step > UINT64_MAX - last) return false;
    last += step;
    out->push_back(last);
  }
  return true;
}

}  // namespace

void TableProperties::EncodeTo(std::string* out) const {
  PutByte(out, kPropertiesVersion);
  for (const auto number : kNumbers) PutFixed64(out, this->*number);
  PutFixed32(out, block_bytes);
  PutByte(out, static_cast<uint8_t>(compression));
  PutLengthPrefixed(out, smallest_key);
  PutLengthPrefixed(out, largest_key);
  PutVarint64(out, blobs.size());
  uint64_t last = 0;
  for (const uint64_t blob : blobs) {
    PutVarint64(out, blob - last);
    last = blob;
  }
}

bool TableProperties::Decode(std::string_view* from, TableProperties* out) {
  ByteReader reader(*from);
  TableProperties decoded;
  uint8_t version = 0;
  if (!reader.ReadByte(&version) || version != kPropertiesVersion) return false;
  for (const auto number : kNumbers) {
    if (!reader.ReadFixed64(&(decoded.*number))) return false;
  }
  uint8_t compression = 0;
  if (!reader.ReadFixed32(&decoded.block_bytes) || !reader.ReadByte(&compression) || !IsCompressionType(compression))
    return false;
  decoded.compression = static_cast<CompressionType>(compression);
  std::string_view smallest;
  std::string_view largest;
  if (!reader.ReadLengthPrefixed(&smallest) || !reader.ReadLengthPrefixed(&largest)) return false;
  if (!DecodeBlobs(&reader, &decoded.blobs)) return false;
  decoded.smallest_key = smallest;
  decoded.largest_key = largest;
  *from = reader.rest();
  *out = std::move(decoded);
  return true;
}

}  // namespace sochdb
