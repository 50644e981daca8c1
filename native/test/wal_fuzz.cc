// libFuzzer target: a log directory of up to three segments. Whatever the bytes: it opens or is refused with words, Verify
// ends, and a log that has opened takes a transaction and gives it back.
//
//   1  flags: 1 = checksums, numbers, LSNs and salts are put right, so that the fuzzer need not guess them; 2 = after a clean
//   close then each segment: 2 length, the bytes; the last takes the rest

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "env/mem_env.h"
#include "env/path.h"
#include "wal/wal.h"
#include "wal/wal_format.h"

namespace {

using namespace sochdb;

constexpr const char* kDir = "/wal";
constexpr uint8_t kPutRight = 1;
constexpr uint8_t kClean = 2;

void Require(bool condition) {
  if (!condition) std::abort();
}

// Makes a segment of the bytes: what they say of types, lengths, timestamps and synced LSNs counts. Returns its end.
Lsn PutRight(uint64_t number, Lsn start, uint32_t previous_salt, uint32_t salt, std::string* bytes) {
  bytes->resize(std::max(bytes->size(), kWalSegmentHeaderBytes));
  WalSegmentHeader header;
  header.salt = salt;
  header.previous_salt = previous_salt;
  header.number = number;
  header.start_lsn = start;
  header.synced_lsn = std::min<Lsn>(DecodeFixed64(bytes->data() + 40), start);
  header.segment_bytes = kMinWalSegmentBytes;
  EncodeWalSegmentHeader(header, bytes->data());
  size_t at = kWalSegmentHeaderBytes;
  while (at + kWalRecordHeaderBytes <= bytes->size()) {
    char* const to = bytes->data() + at;
    WalRecordHeader record;
    record.length = DecodeFixed32(to + 4) % 1024;
    if (record.length > bytes->size() - at - kWalRecordHeaderBytes) break;
    record.salt = salt;
    record.type = static_cast<WalRecordType>(1 + static_cast<uint8_t>(to[12]) % 5);
    if constexpr (requires { record.compression; }) {
      record.compression = static_cast<decltype(record.compression)>(static_cast<uint8_t>(to[13]) % 3);
    }
    record.lsn = start + at;
    record.synced_lsn = std::min<Lsn>(DecodeFixed64(to + 24), record.lsn);
    record.commit_ts = DecodeFixed64(to + 32);
    EncodeWalRecordHeader(record, to);
    at += kWalRecordHeaderBytes + record.length;
  }
  return start + at;
}

// What reading gave, and whether it is allowed.
struct Opened {
  std::unique_ptr<Wal> wal;
  uint64_t entries = 0;
  uint64_t bytes = 0;
};
Opened OpenLog(Env* env, Lsn synced_end) {
  Opened opened;
  WalOptions options;
  options.segment_bytes = kMinWalSegmentBytes;
  WalReport report;
  auto wal = Wal::Open(
      env, kDir, options, synced_end,
      [&](const WalEntry& entry) {
        ++opened.entries;
        opened.bytes += entry.payload.size();
        return Status();
      },
      &report);
  if (!wal.ok()) {
    const Code code = wal.status().code();
    Require(code == Code::kCorruption || code == Code::kFormatVersion || code == Code::kUnsupported);
    Require(!wal.status().message().empty());
    return opened;
  }
  Require(report.entries == opened.entries);
  opened.wal = std::move(wal).value();
  return opened;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteReader input({reinterpret_cast<const char*>(data), size});
  uint8_t flags = 0;
  if (!input.ReadByte(&flags)) return 0;
  MemEnv env;
  Require(env.CreateDir(kDir).ok());
  Lsn lsn = 0;
  for (uint32_t i = 1; i <= 3 && !input.empty(); ++i) {
    uint16_t length = 0;
    std::string_view part;
    if (i == 3 || !input.ReadFixed16(&length) || !input.ReadBytes(length, &part)) {
      part = input.rest();
      input = ByteReader({});
    }
    std::string bytes(part);
    if ((flags & kPutRight) != 0) lsn = PutRight(i, lsn, i == 1 ? 0 : 0x1000 + i - 1, 0x1000 + i, &bytes);
    auto file = env.OpenFile(JoinPath(kDir, NumberedFileName(i, kWalExtension)), OpenMode::kCreate);
    Require(file.ok() && (*file)->Write(0, bytes).ok());
  }
  const Lsn synced_end = (flags & kClean) != 0 ? lsn : 0;
  const auto verified = Wal::Verify(&env, kDir, synced_end);
  Require(verified.ok() || !verified.status().message().empty());

  Opened first = OpenLog(&env, synced_end);
  if (first.wal == nullptr) return 0;
  const std::string payload(100, 'p');
  Require(first.wal->Reserve(payload.size()).ok());
  Require(first.wal->Append(1, payload).ok());
  Require(first.wal->Close().ok());
  const Lsn end = first.wal->synced_lsn();
  first.wal.reset();
  const Opened second = OpenLog(&env, end);
  Require(second.wal != nullptr && second.entries == first.entries + 1 && second.bytes == first.bytes + payload.size());
  return 0;
}
