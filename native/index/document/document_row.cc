#include "index/document/document_row.h"

#include <bit>

#include "base/bytes.h"

namespace sochdb {
namespace {

bool IsChunked(const DocumentContent& content, size_t dimension) {
  return content.vectors.size() > dimension || !content.texts.empty();
}

uint64_t TextsBytes(const DocumentContent& content) {
  uint64_t bytes = 0;
  for (const std::string& text : content.texts) bytes += sizeof(uint32_t) + text.size();
  return bytes;
}

// What stands after the expiry in a row of version 2.
Status DecodeChunks(ByteReader* reader, DocumentRow* row) {
  uint32_t count = 0;
  uint32_t metadata_bytes = 0;
  uint32_t texts_bytes = 0;
  if (!reader->ReadFixed32(&count) || !reader->ReadFixed32(&metadata_bytes) || !reader->ReadFixed32(&texts_bytes) ||
      count == 0 || count > reader->rest().size() / row->vector_bytes() ||
      !reader->ReadBytes(count * row->vector_bytes(), &row->vectors) || !reader->ReadBytes(metadata_bytes, &row->metadata) ||
      !reader->ReadBytes(texts_bytes, &row->texts) || !reader->rest().empty()) {
    return {Code::kCorruption, "A document's row does not hold the chunks that it counts."};
  }
  if (row->texts.empty() || row->ChunkTexts().size() == count) return {};
  return {Code::kCorruption, "A document's row does not hold a text for each of its chunks."};
}

}  // namespace

std::vector<std::string_view> DocumentRow::ChunkTexts() const {
  std::vector<std::string_view> all;
  ByteReader reader(texts);
  uint32_t length = 0;
  std::string_view text;
  while (reader.ReadFixed32(&length) && reader.ReadBytes(length, &text)) all.push_back(text);
  return all;
}

uint64_t DocumentRowBytes(const DocumentContent& content, size_t dimension) {
  const uint64_t header = IsChunked(content, dimension) ? kChunkedHeaderBytes : kDocumentHeaderBytes;
  return header + content.vectors.size_bytes() + content.metadata.size() + TextsBytes(content);
}

std::string EncodeDocumentRow(const DocumentContent& content, size_t dimension) {
  const bool chunked = IsChunked(content, dimension);
  std::string row;
  row.reserve(DocumentRowBytes(content, dimension));
  PutFixed32(&row, chunked ? kChunkedRowVersion | static_cast<uint32_t>(content.aggregate) << 8 : kDocumentRowVersion);
  PutFixed32(&row, static_cast<uint32_t>(dimension));
  PutFixed64(&row, 0);
  PutFixed64(&row, content.expires_ms);
  if (chunked) {
    PutFixed32(&row, static_cast<uint32_t>(content.vectors.size() / dimension));
    PutFixed32(&row, static_cast<uint32_t>(content.metadata.size()));
    PutFixed32(&row, static_cast<uint32_t>(TextsBytes(content)));
  }
  for (const float value : content.vectors) PutFixed32(&row, std::bit_cast<uint32_t>(value));
  row.append(content.metadata);
  for (const std::string& text : content.texts) {
    PutFixed32(&row, static_cast<uint32_t>(text.size()));
    row.append(text);
  }
  return row;
}

Status DecodeDocumentRow(std::string_view bytes, size_t dimension, DocumentRow* row) {
  ByteReader reader(bytes);
  uint32_t version = 0;
  if (!reader.ReadFixed32(&version) || !reader.ReadFixed32(&row->dimension) || !reader.ReadFixed64(&row->ordinal) ||
      !reader.ReadFixed64(&row->expires_ms)) {
    return {Code::kCorruption, "A document's row is too short to be one."};
  }
  const uint32_t aggregate = version >> 8;
  row->chunked = (version & 0xff) == kChunkedRowVersion && aggregate <= static_cast<uint32_t>(Aggregate::kFirst);
  if (!row->chunked && version != kDocumentRowVersion) {
    return Status(Code::kFormatVersion, "A document's row has a format that this version cannot read.")
        .With("expected", std::to_string(kDocumentRowVersion) + " or " + std::to_string(kChunkedRowVersion))
        .With("actual", std::to_string(version));
  }
  row->aggregate = row->chunked ? static_cast<Aggregate>(aggregate) : Aggregate::kMax;
  row->texts = {};
  if (row->dimension == dimension && row->chunked) return DecodeChunks(&reader, row);
  if (row->dimension != dimension || !reader.ReadBytes(row->vector_bytes(), &row->vectors)) {
    return Status(Code::kCorruption, "A document's row does not hold a vector of its collection's dimension.")
        .With("expected", std::to_string(dimension))
        .With("actual", std::to_string(row->dimension));
  }
  row->metadata = reader.rest();
  return {};
}

}  // namespace sochdb
