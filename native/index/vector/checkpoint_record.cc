#include "index/vector/checkpoint_record.h"

#include "base/bytes.h"
#include "engine/sealed_file.h"
#include "env/path.h"

namespace sochdb {
namespace {

constexpr std::string_view kRecordMagic = "SOCHRECO";
constexpr uint32_t kRecordVersion = 1;
constexpr const char* kRecordName = "collections.record";
constexpr size_t kRecordHead = 16;
constexpr size_t kRecordEntry = 16;

}  // namespace

Status WriteCheckpointRecord(Env* env, const std::string& dir, const CheckpointRecord& record) {
  std::string bytes;
  PutFixed64(&bytes, record.newest);
  PutFixed64(&bytes, record.unchanged_since.size());
  for (const auto& [collection, ts] : record.unchanged_since) {
    PutFixed64(&bytes, collection);
    PutFixed64(&bytes, ts);
  }
  SOCHDB_ASSIGN(file, SealedFileWriter::Create(env, dir, kRecordName, kRecordMagic, kRecordVersion, {bytes.size()}));
  SOCHDB_TRY(file->Append(bytes));
  SOCHDB_TRY(file->EndSection());
  return file->Commit();
}

Status ReadCheckpointRecord(Env* env, const std::string& dir, CheckpointRecord* record) {
  const std::string path = JoinPath(dir, kRecordName);
  *record = {};
  if (!env->FileExists(path)) return {Code::kNotFound, "There is no file " + path + "."};
  std::string whole;
  SOCHDB_TRY(ReadWholeFile(env, path, &whole));
  SealedHead head;
  SOCHDB_TRY(CheckSealedBytes(path, whole, &head));
  const Status senseless = Status(Code::kCorruption, "The file " + path + " makes no sense.").With("file", path);
  if (!HasSealedMagic(whole, kRecordMagic) || head.version != kRecordVersion || head.sections.size() != 1) return senseless;
  const std::string_view bytes = std::string_view(whole).substr(head.sections[0].offset, head.sections[0].bytes);
  if (bytes.size() < kRecordHead) return senseless;
  const uint64_t count = DecodeFixed64(bytes.data() + 8);
  if ((bytes.size() - kRecordHead) % kRecordEntry != 0 || count != (bytes.size() - kRecordHead) / kRecordEntry)
    return senseless;
  record->newest = DecodeFixed64(bytes.data());
  for (uint64_t i = 0; i < count; ++i) {
    const char* at = bytes.data() + kRecordHead + i * kRecordEntry;
    record->unchanged_since[DecodeFixed64(at)] = DecodeFixed64(at + 8);
  }
  return {};
}

}  // namespace sochdb
