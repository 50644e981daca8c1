#include "index/document/document_row.h"

#include <bit>

#include "base/bytes.h"

namespace sochdb {

std::string EncodeDocumentRow(const float* vector, size_t dimension, std::string_view metadata, ExpiryMs expires_ms) {
  std::string row;
  row.reserve(kDocumentHeaderBytes + dimension * sizeof(float) + metadata.size());
  PutFixed32(&row, kDocumentRowVersion);  // and three zeros
  PutFixed32(&row, static_cast<uint32_t>(dimension));
  PutFixed64(&row, 0);
  PutFixed64(&row, expires_ms);
  for (size_t i = 0; i < dimension; ++i) PutFixed32(&row, std::bit_cast<uint32_t>(vector[i]));
  row.append(metadata);
  return row;
}

Status DecodeDocumentRow(std::string_view bytes, size_t dimension, DocumentRow* row) {
  ByteReader reader(bytes);
  uint32_t version = 0;
  uint32_t stored_dimension = 0;
  if (!reader.ReadFixed32(&version) || !reader.ReadFixed32(&stored_dimension) || !reader.ReadFixed64(&row->ordinal) ||
      !reader.ReadFixed64(&row->expires_ms)) {
    return {Code::kCorruption, "A document's row is too short to be one."};
  }
  if (version != kDocumentRowVersion) {
    return Status(Code::kFormatVersion, "A document's row has a format that this version cannot read.")
        .With("expected", std::to_string(kDocumentRowVersion))
        .With("actual", std::to_string(version));
  }
  if (stored_dimension != dimension || !reader.ReadBytes(dimension * sizeof(float), &row->vector)) {
    return Status(Code::kCorruption, "A document's row does not hold a vector of its collection's dimension.")
        .With("expected", std::to_string(dimension))
        .With("actual", std::to_string(stored_dimension));
  }
  row->metadata = reader.rest();
  return {};
}

}  // namespace sochdb
