#include "engine/store_format.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "env/path.h"
#include "wal/wal_format.h"

namespace sochdb {
namespace {

constexpr std::string_view kFormatMagic("SochFmt\x01", 8);
constexpr std::string_view kCleanMagic("SochCln\x01", 8);
constexpr size_t kCrcOffset = 8;
constexpr size_t kBodyOffset = 12;
constexpr size_t kFormatBytes = 56;
constexpr size_t kCleanBytes = 32;

std::string Seal(std::string_view magic, std::string_view body) {
  std::string out(magic);
  PutFixed32(&out, MaskCrc(Crc32c(body)));
  out.append(body);
  return out;
}

Status Damaged(const std::string& file, uint64_t offset, std::string expected, std::string actual) {
  return Status(Code::kCorruption, "The file " + file + " is damaged.")
      .With("file", file)
      .With("offset", std::to_string(offset))
      .With("expected", std::move(expected))
      .With("actual", std::move(actual));
}

// Checks magic, length and checksum.
Status Unseal(const std::string& file, std::string_view magic, size_t length, std::string_view bytes) {
  if (bytes.size() < kBodyOffset || bytes.substr(0, magic.size()) != magic) {
    return Damaged(file, 0, "the magic number", "other bytes");
  }
  const uint32_t stored = UnmaskCrc(DecodeFixed32(bytes.data() + kCrcOffset));
  const uint32_t computed = Crc32c(bytes.substr(kBodyOffset));
  if (stored != computed) return Damaged(file, kCrcOffset, std::to_string(computed), std::to_string(stored));
  if (bytes.size() < length) {
    return Damaged(file, bytes.size(), std::to_string(length) + " bytes", std::to_string(bytes.size()) + " bytes");
  }
  return {};
}

Status NewerVersion(const std::string& file, const std::string& what) {
  return Status(Code::kFormatVersion, "The store was written by a newer version: " + what + ". Open it with that version.")
      .With("file", file);
}

Status RefuseData(Env* env, const std::string& path, const char* dir, std::string_view extension) {
  const std::string inside = JoinPath(path, dir);
  if (!env->FileExists(inside)) return {};
  SOCHDB_ASSIGN(names, env->ListDir(inside));
  const bool data = std::any_of(names.begin(), names.end(),
                                [&](const std::string& name) { return ParseNumberedFileName(name, extension).has_value(); });
  if (!data) return {};
  return Status(Code::kCorruption, "The directory " + path +
                                       " holds data but no FORMAT file. Restore that file, repair the store, or open another "
                                       "directory.")
      .With("file", JoinPath(path, kFormatFileName));
}

Status MakeStore(Env* env, const std::string& path, StoreFormat* out) {
  const std::string wal = JoinPath(path, kWalDirName);
  SOCHDB_TRY(RefuseData(env, path, kWalDirName, kWalExtension));
  SOCHDB_TRY(RefuseData(env, path, kTablesDirName, "sst"));
  SOCHDB_TRY(env->CreateDir(wal));
  SOCHDB_TRY(env->CreateDir(JoinPath(path, kBlobDirName)));
  SOCHDB_TRY(env->SyncDir(path));
  SOCHDB_TRY(env->SyncDir(ParentPath(path)));
  *out = NewStoreFormat(env);
  return WriteFileAtomically(env, path, kFormatFileName, EncodeStoreFormat(*out));
}

}  // namespace

StoreFormat NewStoreFormat(Env* env) {
  StoreFormat format;
  for (size_t i = 0; i < format.uuid.size(); i += sizeof(uint64_t)) {
    const uint64_t random = env->Random64();
    std::copy_n(reinterpret_cast<const uint8_t*>(&random), sizeof(random),
                format.uuid.begin() + static_cast<std::ptrdiff_t>(i));
  }
  format.uuid[6] = static_cast<uint8_t>((format.uuid[6] & 0x0f) | 0x40);  // version 4: random
  format.uuid[8] = static_cast<uint8_t>((format.uuid[8] & 0x3f) | 0x80);
  format.made_at_ms = env->NowMillis();
  return format;
}

std::string EncodeStoreFormat(const StoreFormat& format) {
  std::string body;
  PutFixed32(&body, format.version);
  PutFixed64(&body, format.compatible_features);
  PutFixed64(&body, format.incompatible_features);
  body.append(reinterpret_cast<const char*>(format.uuid.data()), format.uuid.size());
  PutFixed64(&body, format.made_at_ms);
  SOCHDB_CHECK(body.size() + kBodyOffset == kFormatBytes);
  return Seal(kFormatMagic, body);
}

Status DecodeStoreFormat(const std::string& file, std::string_view bytes, StoreFormat* out) {
  SOCHDB_TRY(Unseal(file, kFormatMagic, kFormatBytes, bytes));
  out->version = DecodeFixed32(bytes.data() + 12);
  out->compatible_features = DecodeFixed64(bytes.data() + 16);
  out->incompatible_features = DecodeFixed64(bytes.data() + 24);
  std::copy_n(reinterpret_cast<const uint8_t*>(bytes.data() + 32), out->uuid.size(), out->uuid.begin());
  out->made_at_ms = DecodeFixed64(bytes.data() + 48);
  if (out->version > kStoreFormatVersion) {
    return NewerVersion(
        file, "its format is " + std::to_string(out->version) + ", this one knows " + std::to_string(kStoreFormatVersion));
  }
  const uint64_t unknown = out->incompatible_features & ~kKnownIncompatibleFeatures;
  if (unknown != 0) return NewerVersion(file, "it uses features that this one does not know (" + std::to_string(unknown) + ")");
  return {};
}

std::string EncodeCleanMarker(const CleanMarker& marker) {
  std::string body;
  PutFixed32(&body, kStoreFormatVersion);
  PutFixed64(&body, marker.synced_end_lsn);
  PutFixed64(&body, marker.high_water_mark);
  SOCHDB_CHECK(body.size() + kBodyOffset == kCleanBytes);
  return Seal(kCleanMagic, body);
}

Status DecodeCleanMarker(const std::string& file, std::string_view bytes, CleanMarker* out) {
  Status status = Unseal(file, kCleanMagic, kCleanBytes, bytes);
  if (!status.ok()) return status.With("remedy", "delete the file to open the store as after a crash");
  out->synced_end_lsn = DecodeFixed64(bytes.data() + 16);
  out->high_water_mark = DecodeFixed64(bytes.data() + 24);
  return {};
}

Status OpenStoreFormat(Env* env, const std::string& path, bool create_if_missing, StoreFormat* out, bool* made) {
  const std::string file = JoinPath(path, kFormatFileName);
  *made = !env->FileExists(file);
  if (*made) {
    if (create_if_missing) return MakeStore(env, path, out);
    return {Code::kNotFound, "The directory " + path + " holds no store, and this opening makes none (readOnly)."};
  }
  std::string bytes;
  SOCHDB_TRY(ReadWholeFile(env, file, &bytes));
  return DecodeStoreFormat(file, bytes, out);
}

Status UpgradeStoreFormat(Env* env, const std::string& path, StoreFormat* format) {
  format->version = kStoreFormatVersion;
  return WriteFileAtomically(env, path, kFormatFileName, EncodeStoreFormat(*format));
}

Status ReadCleanMarker(Env* env, const std::string& path, CleanMarker* out, bool* found) {
  const std::string file = JoinPath(path, kCleanFileName);
  *found = env->FileExists(file);
  if (!*found) return {};
  std::string bytes;
  SOCHDB_TRY(ReadWholeFile(env, file, &bytes));
  return DecodeCleanMarker(file, bytes, out);
}

Status WriteCleanMarker(Env* env, const std::string& path, const CleanMarker& marker) {
  return WriteFileAtomically(env, path, kCleanFileName, EncodeCleanMarker(marker));
}

Status RemoveCleanMarker(Env* env, const std::string& path) {
  SOCHDB_TRY(env->DeleteFile(JoinPath(path, kCleanFileName)));
  return env->SyncDir(path);
}

}  // namespace sochdb
