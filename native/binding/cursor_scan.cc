#include <algorithm>

#include "binding/kv.h"
#include "binding/slab.h"

namespace sochdb::binding {
namespace {

// How a scan walks; JavaScript passes the bits as one number.
constexpr uint32_t kScanReverse = 1;
constexpr uint32_t kScanKeysOnly = 2;
constexpr uint32_t kScanPrefix = 4;  // lo is a prefix; hi is not read

// What scanNext returns: the state times kStateUnit, plus the bytes written or needed.
constexpr double kStateUnit = 4294967296.0;
enum class ScanState : uint8_t { kMore = 0, kDone = 1, kTooSmall = 2 };

constexpr uint32_t kMaxRowsPerBatch = 1000;

struct CursorHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kCursor;
  CursorHandle(std::unique_ptr<Snapshot> own_snapshot, std::unique_ptr<Cursor> cursor_, bool keys_only_)
      : Handle(kKind), snapshot(std::move(own_snapshot)), cursor(std::move(cursor_)), keys_only(keys_only_) {}
  std::unique_ptr<Snapshot> snapshot;  // of a scan on a database; destroyed after the cursor
  std::unique_ptr<Cursor> cursor;
  const bool keys_only;
  bool pending = false;  // the cursor stands on a row that did not fit
};

// The first key after all that start with prefix; empty when there is none.
std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

Result<std::unique_ptr<CursorHandle>> OpenCursor(const Target& target, std::string_view lo, std::string_view hi,
                                                 uint32_t flags) {
  ScanOptions options;
  options.reverse = (flags & kScanReverse) != 0;
  options.keys_only = (flags & kScanKeysOnly) != 0;
  std::unique_ptr<Snapshot> snapshot;
  Reader* reader = target.reader;
  if (reader == nullptr) {
    SOCHDB_ASSIGN(fresh, target.engine->NewSnapshot());
    snapshot = std::move(fresh);
    reader = snapshot.get();
  } else {
    BeginRead(target);
  }
  SOCHDB_ASSIGN(cursor, reader->NewCursor(TreeId::kKeys, lo, hi, options));
  return std::make_unique<CursorHandle>(std::move(snapshot), std::move(cursor), options.keys_only);
}

Status OpenScan(Call& call, HandleId* id) {
  Target target;
  SOCHDB_TRY(ReadTarget(call, &target));
  uint32_t flags = 0;
  SOCHDB_TRY(ReadUint32(call.env(), call[3], "flags", 0, kScanReverse | kScanKeysOnly | kScanPrefix, &flags));
  BytesArgument lo;
  SOCHDB_TRY(lo.Read(call.env(), call[1], "start", kDefaultNamespacePrefix, kMaxUserKeyBytes));
  BytesArgument end;
  std::string past_end;
  std::string_view hi;
  if ((flags & kScanPrefix) == 0) {
    SOCHDB_TRY(end.Read(call.env(), call[2], "end", kDefaultNamespacePrefix, kMaxUserKeyBytes));
    hi = end.view();
  }
  if (hi.size() <= kNamespaceBytes) {  // an open end, or the end of a prefix
    past_end = PrefixEnd((flags & kScanPrefix) != 0 ? lo.view() : kDefaultNamespacePrefix);
    hi = past_end;
  }
  SOCHDB_ASSIGN(cursor, OpenCursor(target, lo.view(), hi, flags));
  SOCHDB_ASSIGN(added, call.environment().handles().Add(std::move(cursor), target.handle));
  *id = added;
  return {};
}

// scan(target, start, end, flags): a cursor's id.
napi_value Scan(Call& call) {
  HandleId id = 0;
  const Status status = OpenScan(call, &id);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(id)) : call.Throw(status);
}

struct Batch {
  ScanState state = ScanState::kMore;
  size_t bytes = 0;  // written; needed when kTooSmall
  uint32_t rows = 0;
};

Status FillBatch(CursorHandle* scan, uint32_t max_rows, std::span<char> buffer, Batch* out) {
  PackedWriter rows(buffer);
  for (uint32_t row = 0; row < max_rows; ++row) {
    bool found = scan->pending;
    if (!found) SOCHDB_TRY(scan->cursor->Next(&found));
    if (!found) {
      *out = {ScanState::kDone, rows.size(), row};
      return {};
    }
    const std::string_view key = scan->cursor->key().substr(kNamespaceBytes);
    const std::string_view value = scan->keys_only ? std::string_view() : scan->cursor->value();
    const size_t needed = PadTo4(2 * sizeof(uint32_t) + key.size() + value.size());
    scan->pending = needed > rows.room();
    if (scan->pending) {
      *out = row == 0 ? Batch{ScanState::kTooSmall, needed, 0} : Batch{ScanState::kMore, rows.size(), row};
      return {};
    }
    rows.Word(static_cast<uint32_t>(key.size()));
    rows.Word(static_cast<uint32_t>(value.size()));
    rows.Bytes(key);
    rows.Bytes(value);
    rows.Pad();
  }
  *out = {ScanState::kMore, rows.size(), max_rows};
  return {};
}

// scanNext(cursor, buffer, offset, row limit, whether no more rows than these are wanted): state and bytes in one number; at
// the end the cursor is closed.
napi_value ScanNext(Call& call) {
  HandleTable& handles = call.environment().handles();
  auto* scan = handles.Find<CursorHandle>(ReadHandleId(call.env(), call[0]));
  if (scan == nullptr) {
    return call.Throw({Code::kClosed, "The iteration has ended, or what it read from was closed."});
  }
  std::span<char> buffer;
  uint32_t offset = 0;
  uint32_t max_rows = 0;
  bool is_last = false;
  Status status = ReadArrayBuffer(call.env(), call[1], "buffer", &buffer);
  if (status.ok()) status = ReadUint32(call.env(), call[2], "offset", 0, UINT32_MAX, &offset);
  if (status.ok()) status = ReadUint32(call.env(), call[3], "rows", 1, kMaxRowsPerBatch, &max_rows);
  if (status.ok()) status = ReadBool(call.env(), call[4], "isLast", &is_last);
  Batch batch;
  if (status.ok()) status = FillBatch(scan, max_rows, buffer.subspan(std::min<size_t>(offset, buffer.size())), &batch);
  if (!status.ok()) return call.Throw(status);
  if (is_last && batch.rows == max_rows) batch.state = ScanState::kDone;
  if (batch.state == ScanState::kDone) handles.Close(scan);
  return FromDouble(call.env(), static_cast<double>(batch.state) * kStateUnit + static_cast<double>(batch.bytes));
}

// scanClose(cursor): harmless when it has ended.
napi_value ScanClose(Call& call) {
  HandleTable& handles = call.environment().handles();
  if (auto* scan = handles.Find<CursorHandle>(ReadHandleId(call.env(), call[0])); scan != nullptr) handles.Close(scan);
  return nullptr;
}

}  // namespace

bool InitCursors(Environment* environment, napi_value exports) {
  return Define<Scan, 4>(environment, exports, "scan") && Define<ScanNext, 5>(environment, exports, "scanNext") &&
         Define<ScanClose, 1>(environment, exports, "scanClose");
}

}  // namespace sochdb::binding
