// Rows of documents: both versions, as they stand in the format, and what is none.

#include "index/document/document_row.h"

#include <array>

#include "base/bytes.h"
#include "test/harness.h"

namespace sochdb::document_row_test {
namespace {

constexpr std::array<float, 4> kVectors = {1, 2, 3, 4};

std::string Chunked(std::span<const std::string> texts) {
  return EncodeDocumentRow({.vectors = kVectors, .metadata = "{}", .texts = texts, .aggregate = Aggregate::kMean}, 2);
}

TEST("a document row of one vector is as it was before there were chunks") {
  std::string row;
  PutFixed32(&row, 1);
  PutFixed32(&row, 2);
  PutFixed64(&row, 77);
  PutFixed64(&row, 99);
  PutFixed32(&row, 0x3f800000);
  PutFixed32(&row, 0x40000000);
  row.append("{\"a\":1}");
  DocumentRow decoded;
  EXPECT_OK(DecodeDocumentRow(row, 2, &decoded));
  EXPECT_EQ(decoded.ordinal, uint64_t{77});
  EXPECT_EQ(decoded.expires_ms, uint64_t{99});
  EXPECT_EQ(decoded.count(), 1u);
  EXPECT_EQ(decoded.metadata, "{\"a\":1}");
  EXPECT(!decoded.chunked && decoded.texts.empty());
  std::string again =
      EncodeDocumentRow({.vectors = std::span(kVectors).first(2), .metadata = "{\"a\":1}", .expires_ms = 99}, 2);
  again[kDocumentOrdinalOffset] = 77;
  EXPECT_EQ(again, row);
}

TEST("a document row in chunks comes back whole") {
  const std::array<std::string, 2> texts = {"", "text"};
  for (const std::span<const std::string> given : {std::span<const std::string>(texts), std::span<const std::string>()}) {
    const std::string row = Chunked(given);
    DocumentRow decoded;
    EXPECT_OK(DecodeDocumentRow(row, 2, &decoded));
    EXPECT(decoded.chunked);
    EXPECT_EQ(decoded.count(), 2u);
    EXPECT_EQ(decoded.metadata, "{}");
    EXPECT(decoded.aggregate == Aggregate::kMean);
    EXPECT_EQ(decoded.vector(1).size(), size_t{8});
    EXPECT_EQ(DecodeFixed32(decoded.vector(1).data()), 0x40400000u);
    EXPECT_EQ(decoded.ChunkTexts().size(), given.size());
    if (!given.empty()) EXPECT_EQ(decoded.ChunkTexts()[1], "text");
  }
}

TEST("what is cut or changed is no document row") {
  const std::array<std::string, 2> texts = {"", "text"};
  const std::string row = Chunked(texts);
  DocumentRow decoded;
  for (size_t length = 0; length < row.size(); ++length) {
    EXPECT(!DecodeDocumentRow(std::string_view(row).substr(0, length), 2, &decoded).ok());
  }
  EXPECT(!DecodeDocumentRow(row + 'x', 2, &decoded).ok());
  EXPECT(DecodeDocumentRow(row, 3, &decoded).code() == Code::kCorruption);
  for (const auto& [at, byte] : {std::pair{0, 3}, {0, 0}, {1, 3}, {24, 0}, {24, 3}, {28, 3}, {32, 1}}) {
    std::string changed = row;
    changed[static_cast<size_t>(at)] = static_cast<char>(byte);
    EXPECT(!DecodeDocumentRow(changed, 2, &decoded).ok());
  }
}

}  // namespace
}  // namespace sochdb::document_row_test
