// libFuzzer target: a manifest file as it is, and the body of an edit in a file whose checksums are right.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "lsm/manifest.h"
#include "lsm/manifest_format.h"

namespace {

using namespace sochdb;

void Try(std::string_view bytes, uint64_t file_number) {
  ManifestState state;
  ManifestContents contents;
  const Status read = ReadManifest(
      bytes, file_number,
      [&](uint64_t, std::string_view body) {
        ManifestEdit edit;
        SOCHDB_TRY(ManifestEdit::Decode(body, &edit));
        std::string again;
        edit.EncodeTo(&again);
        ManifestEdit same;
        if (!ManifestEdit::Decode(again, &same).ok()) std::abort();
        return state.Apply(edit);
      },
      &contents);
  if (!read.ok() && read.code() != Code::kCorruption && read.code() != Code::kFormatVersion) std::abort();
  if (contents.end > bytes.size() || contents.edits_end > contents.end) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= kManifestHeaderBytes) Try(bytes, DecodeFixed64(bytes.data() + 16));
  (void)DecodeCurrent(bytes);
  const ManifestSeed seed{1, 2};
  std::string file = EncodeManifestHeader(seed);
  AppendManifestRecord(seed, file.size(), ManifestRecordType::kEdit, bytes, &file);
  AppendManifestRecord(seed, file.size(), ManifestRecordType::kSeal, {}, &file);
  Try(file, seed.file_number);
  return 0;
}
