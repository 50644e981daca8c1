#include "codec/tagged_value.h"

#include <cmath>

#include "base/bytes.h"
#include "codec/decimal.h"
#include "codec/utf8.h"

namespace sochdb {
namespace {

bool ReadBody(ByteReader* reader, Value* out) {
  uint64_t bits = 0;
  uint32_t n = 0;
  uint8_t flag = 0;
  switch (out->tag) {
    case ValueTag::kNull:
      return true;
    case ValueTag::kBoolean:
      if (!reader->ReadByte(&flag)) return false;
      out->i64 = flag != 0 ? 1 : 0;
      return true;
    case ValueTag::kInteger:
    case ValueTag::kTimestamp:
      if (!reader->ReadFixed64(&bits)) return false;
      out->i64 = static_cast<int64_t>(bits);
      return true;
    case ValueTag::kReal:
      if (!reader->ReadFixed64(&bits)) return false;
      out->f64 = std::bit_cast<double>(bits);
      return true;
    case ValueTag::kText:
    case ValueTag::kBlob:
    case ValueTag::kJson:
    case ValueTag::kDecimal:
      return reader->ReadFixed32(&n) && reader->ReadBytes(n, &out->bytes);
    case ValueTag::kUuid:
      return reader->ReadBytes(kUuidBytes, &out->bytes);
    case ValueTag::kVector:
      return reader->ReadFixed32(&n) && reader->ReadBytes(uint64_t{n} * 4, &out->bytes);
    case ValueTag::kAny:
    case ValueTag::kBigint:
      return false;
  }
  return false;
}

bool Read(ByteReader* reader, Value* out) {
  uint8_t tag = 0;
  if (!reader->ReadByte(&tag) || tag > kColumnTypeMax) return false;
  *out = Value();
  out->tag = static_cast<ValueTag>(tag);
  return ReadBody(reader, out);
}

}  // namespace

Status DecodeTagged(std::string_view* in, Value* out) {
  ByteReader reader(*in);
  if (!Read(&reader, out)) return {Code::kInvalidArgument, "A value is cut short or has an unknown type tag."};
  *in = reader.rest();
  if (out->tag == ValueTag::kReal && std::isnan(out->f64)) {
    return {Code::kInvalidArgument, "NaN cannot be stored or compared; use NULL."};
  }
  if ((out->tag == ValueTag::kText || out->tag == ValueTag::kJson) && !IsValidUtf8(out->bytes)) {
    return {Code::kInvalidArgument, "A text value is not valid UTF-8."};
  }
  if (Decimal ignored; out->tag == ValueTag::kDecimal && !Decimal::Parse(out->bytes, &ignored)) {
    return {Code::kInvalidArgument, "A decimal value is no number, or has more than 1000 digits."};
  }
  return {};
}

bool DecodeStoredTagged(std::string_view in, Value* out) {
  ByteReader reader(in);
  return Read(&reader, out) && reader.empty();
}

size_t TaggedBytes(const Value& value) {
  switch (value.tag) {
    case ValueTag::kNull:
      return 1;
    case ValueTag::kBoolean:
      return 2;
    case ValueTag::kInteger:
    case ValueTag::kTimestamp:
    case ValueTag::kBigint:
    case ValueTag::kReal:
      return 9;
    case ValueTag::kUuid:
      return 1 + kUuidBytes;
    default:
      return 5 + value.bytes.size();
  }
}

void AppendTagged(const Value& value, std::string* out) {
  PutByte(out, static_cast<uint8_t>(TagOf(value.tag)));
  switch (PhysicalOf(value.tag)) {
    case Physical::kBool:
      if (value.tag == ValueTag::kBoolean) PutByte(out, value.i64 != 0 ? 1 : 0);
      return;
    case Physical::kI64:
      PutFixed64(out, static_cast<uint64_t>(value.i64));
      return;
    case Physical::kF64:
      PutFixed64(out, std::bit_cast<uint64_t>(value.f64 == 0 ? 0.0 : value.f64));
      return;  // -0 as 0
    case Physical::kBytes:
      if (value.tag == ValueTag::kVector) PutFixed32(out, static_cast<uint32_t>(value.bytes.size() / 4));
      else if (value.tag != ValueTag::kUuid) PutFixed32(out, static_cast<uint32_t>(value.bytes.size()));
      out->append(value.bytes);
      return;
    case Physical::kAny:
      return;
  }
}

}  // namespace sochdb
