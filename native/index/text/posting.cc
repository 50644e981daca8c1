#include "index/text/posting.h"

#include "base/bytes.h"
#include "codec/key_codec.h"

namespace sochdb {
namespace {

constexpr size_t kTermEndBytes = 2;  // of text in keys (key_codec.h)

}  // namespace

void AppendList(uint32_t field, std::string_view term, std::string* key) {
  PutBigEndian32(key, field);
  KeyBuffer buffer;
  const Status appended = AppendKeyValue(&buffer, ColumnType::kText, Value::Text(term), false);
  SOCHDB_DCHECK(appended.ok());
  key->append(buffer.view());
}

void AppendListPrefix(uint32_t field, std::string_view prefix, std::string* key) {
  AppendList(field, prefix, key);
  key->resize(key->size() - kTermEndBytes);
}

bool SplitPostingKey(std::string_view list_and_id, std::string_view* list, std::string_view* document_id) {
  if (list_and_id.size() < sizeof(uint32_t)) return false;
  std::string_view rest = list_and_id.substr(sizeof(uint32_t));
  if (!SkipKeyValue(&rest, false)) return false;
  *list = list_and_id.substr(0, list_and_id.size() - rest.size());
  *document_id = rest;
  return true;
}

bool IsLengthList(std::string_view list) { return list.size() == sizeof(uint32_t) + 1 + kTermEndBytes; }

std::string EncodePosting(uint32_t length, bool expires, std::span<const uint32_t> positions) {
  std::string value;
  PutVarint64(&value, 2 * uint64_t{positions.size()} + (expires ? 1 : 0));
  PutVarint32(&value, length);
  uint32_t last = 0;
  for (const uint32_t position : positions) {
    PutVarint32(&value, position - last);
    last = position;
  }
  return value;
}

bool DecodePosting(std::string_view bytes, Posting* posting) {
  ByteReader reader(bytes);
  uint64_t head = 0;
  if (!reader.ReadVarint64(&head) || (head >> 1) > UINT32_MAX || !reader.ReadVarint32(&posting->length)) return false;
  posting->frequency = static_cast<uint32_t>(head >> 1);
  posting->expires = (head & 1) != 0;
  posting->positions = bytes.substr(bytes.size() - reader.remaining());
  return posting->length > 0 && posting->positions.size() >= posting->frequency;
}

bool DecodePositions(const Posting& posting, std::vector<uint32_t>* positions) {
  positions->clear();
  ByteReader reader(posting.positions);
  uint32_t position = 0;
  for (uint32_t i = 0; i < posting.frequency; ++i) {
    uint32_t distance = 0;
    if (!reader.ReadVarint32(&distance)) return false;
    position += distance;
    positions->push_back(position);
  }
  return reader.empty();
}

Status DamagedPosting() { return {Code::kCorruption, "An entry of the keyword index is damaged."}; }

}  // namespace sochdb
