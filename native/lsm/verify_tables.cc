#include "lsm/verify_tables.h"

#include <charconv>
#include <cstdio>

namespace sochdb {
namespace {

std::string Hex(uint32_t value) {
  char text[9];
  std::snprintf(text, sizeof(text), "%08x", value);
  return text;
}

std::string DetailOf(const Status& status, std::string_view name) {
  for (const auto& [key, value] : status.details()) {
    if (key == name) return value;
  }
  return {};
}

uint64_t OffsetOf(const Status& status) {
  const std::string text = DetailOf(status, "offset");
  uint64_t offset = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), offset);
  return offset;
}

}  // namespace

Status VerifyTables(const std::vector<TableFilePtr>& files, const std::function<void(const LsmStore::Fault&)>& visit,
                    const CancelToken* cancel, const LsmStore::Progress& progress) {
  uint64_t total = 0;
  for (const TableFilePtr& file : files) total += file->properties().file_bytes;
  uint64_t done = 0;
  for (const TableFilePtr& file : files) {
    if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
    const std::string& path = file->table().path();
    Status stopped;
    uint64_t blocks = 0;
    const Status read = file->table().Verify(
        [&](const Table::BadBlock& bad) {
          visit({path, bad.offset, Hex(bad.expected), Hex(bad.actual)});
          if (cancel != nullptr) stopped = cancel->Check();
          return stopped.ok();
        },
        &blocks);
    SOCHDB_TRY(stopped);
    // A file that cannot be read at all, or whose blocks cannot be found, is a fault of its own, and no reason not to look at
    // the others.
    if (!read.ok()) visit({path, OffsetOf(read), DetailOf(read, "expected"), read.message()});
    done += file->properties().file_bytes;
    if (progress) progress(done, total);
  }
  return {};
}

}  // namespace sochdb
