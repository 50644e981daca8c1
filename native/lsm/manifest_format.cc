#include "lsm/manifest_format.h"

#include "base/bytes.h"
#include "base/crc32c.h"

namespace sochdb {
namespace {

constexpr std::string_view kMagic("SochMan\x01", 8);
constexpr size_t kHeaderCrcOffset = 8;
constexpr size_t kHeaderBodyOffset = 12;
constexpr size_t kNumberDigits = 10;
constexpr size_t kStateRecordBytes = 1024 * 1024;  // about

// Of the place alone: salt, file number and offset.
uint32_t PlaceCrc(const ManifestSeed& seed, uint64_t offset) {
  char place[24];
  EncodeFixed64(place, seed.salt);
  EncodeFixed64(place + 8, seed.file_number);
  EncodeFixed64(place + 16, offset);
  return Crc32c({place, sizeof(place)});
}

std::string Hex(uint32_t crc) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out(8, '0');
  for (size_t i = 0; i < 8; ++i) out[7 - i] = kDigits[(crc >> (4 * i)) & 0xf];
  return out;
}

struct RecordHeader {
  uint32_t stored_crc = 0;
  uint32_t computed_crc = 0;
  uint32_t length = 0;
  uint32_t type = 0;
  uint32_t body_crc = 0;
  [[nodiscard]] bool valid() const {
    return stored_crc == computed_crc && type >= static_cast<uint32_t>(ManifestRecordType::kEdit) &&
           type <= static_cast<uint32_t>(ManifestRecordType::kClosed);
  }
};

// REQUIRES: kManifestRecordHeaderBytes at `offset`.
RecordHeader ReadRecordHeader(const ManifestSeed& seed, std::string_view bytes, uint64_t offset) {
  const char* at = bytes.data() + offset;
  RecordHeader header;
  header.stored_crc = UnmaskCrc(DecodeFixed32(at));
  header.computed_crc = Crc32cExtend(PlaceCrc(seed, offset), {at + 4, kManifestRecordHeaderBytes - 4});
  header.length = DecodeFixed32(at + 4);
  header.type = DecodeFixed32(at + 8);
  header.body_crc = UnmaskCrc(DecodeFixed32(at + 12));
  return header;
}

// Whether a record stands at `offset`; what is wrong with it otherwise.
bool ReadRecord(const ManifestSeed& seed, std::string_view bytes, uint64_t offset, RecordHeader* header, std::string_view* body,
                ManifestDamage* damage) {
  damage->offset = offset;
  if (bytes.size() - offset < kManifestRecordHeaderBytes) {
    damage->expected = std::to_string(kManifestRecordHeaderBytes) + " bytes";
    damage->actual = std::to_string(bytes.size() - offset) + " bytes";
    return false;
  }
  *header = ReadRecordHeader(seed, bytes, offset);
  if (!header->valid()) {
    damage->expected = Hex(header->computed_crc);
    damage->actual = Hex(header->stored_crc);
    return false;
  }
  const uint64_t body_offset = offset + kManifestRecordHeaderBytes;
  if (header->length > bytes.size() - body_offset) {
    damage->expected = std::to_string(header->length) + " bytes";
    damage->actual = std::to_string(bytes.size() - body_offset) + " bytes";
    return false;
  }
  *body = bytes.substr(body_offset, header->length);
  const uint32_t computed = Crc32cExtend(PlaceCrc(seed, offset), *body);
  if (computed == header->body_crc) return true;
  damage->expected = Hex(header->body_crc);
  damage->actual = Hex(computed);
  return false;
}

bool AnyRecordFrom(const ManifestSeed& seed, std::string_view bytes, uint64_t offset) {
  RecordHeader header;
  std::string_view body;
  ManifestDamage damage;
  for (; offset + kManifestRecordHeaderBytes <= bytes.size(); ++offset) {
    if (!ReadRecordHeader(seed, bytes, offset).valid()) continue;
    if (ReadRecord(seed, bytes, offset, &header, &body, &damage)) return true;
  }
  return false;
}

Status ReadHeader(std::string_view bytes, uint64_t file_number, ManifestSeed* seed) {
  const auto damaged = [](uint64_t offset, std::string expected, std::string actual) {
    return Status(Code::kCorruption, "The header of the manifest is damaged. Restore a backup.")
        .With("offset", std::to_string(offset))
        .With("expected", std::move(expected))
        .With("actual", std::move(actual));
  };
  if (bytes.size() < kManifestHeaderBytes) {
    return damaged(bytes.size(), std::to_string(kManifestHeaderBytes) + " bytes", std::to_string(bytes.size()) + " bytes");
  }
  if (bytes.substr(0, kMagic.size()) != kMagic) return damaged(0, "the magic number", "other bytes");
  const uint32_t stored = UnmaskCrc(DecodeFixed32(bytes.data() + kHeaderCrcOffset));
  const uint32_t computed = Crc32c(bytes.substr(kHeaderBodyOffset, kManifestHeaderBytes - kHeaderBodyOffset));
  if (stored != computed) return damaged(kHeaderCrcOffset, Hex(computed), Hex(stored));
  const uint32_t version = DecodeFixed32(bytes.data() + 12);
  if (version != kManifestVersion) {
    return Status(Code::kFormatVersion, "The store's manifest has format version " + std::to_string(version) +
                                            "; this version reads " + std::to_string(kManifestVersion) +
                                            ". Open it with the version that wrote it.");
  }
  seed->file_number = DecodeFixed64(bytes.data() + 16);
  seed->salt = DecodeFixed64(bytes.data() + 24);
  if (seed->file_number != file_number) {
    return damaged(16, "manifest " + std::to_string(file_number), "manifest " + std::to_string(seed->file_number));
  }
  return {};
}

}  // namespace

std::string ManifestFileName(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string name(kManifestPrefix);
  name.append(digits.size() < kNumberDigits ? kNumberDigits - digits.size() : 0, '0');
  return name + digits;
}

std::optional<uint64_t> ParseManifestFileName(std::string_view name) {
  if (name.size() != kManifestPrefix.size() + kNumberDigits || name.substr(0, kManifestPrefix.size()) != kManifestPrefix) {
    return std::nullopt;
  }
  uint64_t number = 0;
  for (const char c : name.substr(kManifestPrefix.size())) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

std::string EncodeCurrent(uint64_t number) {
  std::string contents = ManifestFileName(number) + ' ';
  return contents + Hex(Crc32c(contents)) + '\n';
}

std::optional<uint64_t> DecodeCurrent(std::string_view contents) {
  const size_t name_bytes = kManifestPrefix.size() + kNumberDigits;
  if (contents.size() < name_bytes) return std::nullopt;
  const std::optional<uint64_t> number = ParseManifestFileName(contents.substr(0, name_bytes));
  return number && contents == EncodeCurrent(*number) ? number : std::nullopt;
}

std::string EncodeManifestHeader(const ManifestSeed& seed) {
  std::string body;
  PutFixed32(&body, kManifestVersion);
  PutFixed64(&body, seed.file_number);
  PutFixed64(&body, seed.salt);
  std::string out(kMagic);
  PutFixed32(&out, MaskCrc(Crc32c(body)));
  return out + body;
}

void PadManifestBody(uint64_t offset, std::string* body) {
  const uint64_t end = offset + kManifestRecordHeaderBytes + body->size();
  body->append((kManifestSectorBytes - end % kManifestSectorBytes) % kManifestSectorBytes, '\0');
}

void AppendManifestRecord(const ManifestSeed& seed, uint64_t offset, ManifestRecordType type, std::string_view body,
                          std::string* out) {
  SOCHDB_CHECK(body.size() <= kMaxManifestRecordBytes + kManifestSectorBytes);
  char header[kManifestRecordHeaderBytes];
  const uint32_t place = PlaceCrc(seed, offset);
  EncodeFixed32(header + 4, static_cast<uint32_t>(body.size()));
  EncodeFixed32(header + 8, static_cast<uint32_t>(type));
  EncodeFixed32(header + 12, MaskCrc(Crc32cExtend(place, body)));
  EncodeFixed32(header, MaskCrc(Crc32cExtend(place, {header + 4, sizeof(header) - 4})));
  out->append(header, sizeof(header));
  out->append(body);
}

std::string EncodeManifestState(const ManifestSeed& seed, const ManifestState& state) {
  std::string out;
  std::string body;
  const auto emit = [&](const ManifestEdit& edit) {
    body.clear();
    edit.EncodeTo(&body);
    PadManifestBody(kManifestHeaderBytes + out.size(), &body);
    AppendManifestRecord(seed, kManifestHeaderBytes + out.size(), ManifestRecordType::kEdit, body, &out);
  };
  ManifestEdit edit;
  for (size_t i = 0; i < static_cast<size_t>(kTreeCount); ++i) {
    const auto tree = static_cast<TreeId>(i);
    if (state.flushed[i] != 0) edit.flushed.emplace_back(tree, state.flushed[i]);
    if (state.last_writes[i] != 0) edit.last_writes.emplace_back(tree, state.last_writes[i]);
    if (state.policies[i] != IndexPolicy::kBalanced) edit.policies.emplace_back(tree, state.policies[i]);
  }
  edit.next_file_number = state.next_file_number;
  edit.next_run_id = state.next_run_id;
  edit.last_ts = state.last_ts;
  edit.history_floor = state.history_floor;
  edit.checkpoint_lsn = state.checkpoint_lsn;
  size_t bytes = 0;
  for (const FileEntry& file : state.files) {
    const size_t file_bytes =
        128 + file.properties.smallest_key.size() + file.properties.largest_key.size() + 8 * file.properties.blobs.size();
    if (bytes + file_bytes > kStateRecordBytes && !edit.added.empty()) {
      emit(edit);
      edit = {};
      bytes = 0;
    }
    edit.added.push_back(file);
    bytes += file_bytes;
  }
  emit(edit);
  return out;
}

Status ReadManifest(std::string_view bytes, uint64_t file_number,
                    const std::function<Status(uint64_t offset, std::string_view body)>& edit, ManifestContents* out) {
  *out = {};
  SOCHDB_TRY(ReadHeader(bytes, file_number, &out->seed));
  out->end = kManifestHeaderBytes;
  RecordHeader header;
  std::string_view body;
  ManifestDamage damage;
  while (out->end < bytes.size()) {
    if (!ReadRecord(out->seed, bytes, out->end, &header, &body, &damage)) {
      out->damage = damage;
      out->closed = false;
      out->valid_after_damage = AnyRecordFrom(out->seed, bytes, out->end + 1);
      return {};
    }
    const auto type = static_cast<ManifestRecordType>(header.type);
    if (type == ManifestRecordType::kEdit) {
      SOCHDB_TRY(edit(out->end, body));
      ++out->records;
    }
    out->closed = type == ManifestRecordType::kClosed;
    out->end += kManifestRecordHeaderBytes + header.length;
    if (type == ManifestRecordType::kEdit) out->edits_end = out->end;
  }
  return {};
}

}  // namespace sochdb
