#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "binding/kv.h"
#include "binding/kv_scan.h"

namespace sochdb::binding {
namespace {

// What scanNext returns: the state times kStateUnit, plus the bytes written or needed.
constexpr double kStateUnit = 4294967296.0;

// In an environment. Each keeps a snapshot, or is known to its transaction, and takes about a kilobyte.
constexpr size_t kMaxOpenScans = size_t{1} << 16;

struct CursorHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kCursor;
  explicit CursorHandle(KeyScan scan_) : Handle(kKind), scan(std::move(scan_)) {}
  KeyScan scan;
};

Status OpenScan(Call& call, HandleId* id) {
  Target target;
  SOCHDB_TRY(ReadTarget(call, &target));
  uint32_t flags = 0;
  SOCHDB_TRY(ReadUint32(call.env(), call[3], "flags", 0, kScanReverse | kScanKeysOnly | kScanPrefix, &flags));
  KeyScan::Range range;
  range.reverse = (flags & kScanReverse) != 0;
  range.keys_only = (flags & kScanKeysOnly) != 0;
  range.is_prefix = (flags & kScanPrefix) != 0;
  BytesArgument lo;
  SOCHDB_TRY(lo.Read(call.env(), call[1], "start", target.prefix, kMaxUserKeyBytes));
  range.lo = lo.view();
  BytesArgument hi;
  if (!range.is_prefix) SOCHDB_TRY(hi.Read(call.env(), call[2], "end", target.prefix, kMaxUserKeyBytes));
  range.hi = hi.view();
  HandleTable& handles = call.environment().handles();
  if (handles.count(HandleKind::kCursor) >= kMaxOpenScans) {
    return {Code::kLimit,
            "Too many iterations are open at once: let some of them end, or leave them with `break`.",
            {{"limit", std::to_string(kMaxOpenScans)}}};
  }
  SOCHDB_ASSIGN(scan, KeyScan::Open(target, range));
  SOCHDB_ASSIGN(added, handles.Add(std::make_unique<CursorHandle>(std::move(scan)), target.handle));
  *id = added;
  return {};
}

// scan(target, start, end, flags): a cursor's id.
napi_value Scan(Call& call) {
  HandleId id = 0;
  const Status status = OpenScan(call, &id);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(id)) : call.Throw(status);
}

// scanNext(cursor, buffer, offset, row limit, whether no more rows than these are wanted): state and bytes in one number; at
// the end the cursor is closed.
napi_value ScanNext(Call& call) {
  HandleTable& handles = call.environment().handles();
  auto* cursor = handles.Find<CursorHandle>(ReadHandleId(call.env(), call[0]));
  if (cursor == nullptr) {
    return call.Throw({Code::kClosed, "The iteration has ended, or what it read from was closed."});
  }
  std::span<char> buffer;
  uint32_t offset = 0;
  uint32_t max_rows = 0;
  bool is_last = false;
  Status status = CheckNotBusy(cursor);
  if (status.ok()) status = ReadArrayBuffer(call.env(), call[1], "buffer", &buffer);
  if (status.ok()) status = ReadUint32(call.env(), call[2], "offset", 0, UINT32_MAX, &offset);
  if (status.ok()) status = ReadUint32(call.env(), call[3], "rows", 1, kMaxRowsPerBatch, &max_rows);
  if (status.ok()) status = ReadBool(call.env(), call[4], "isLast", &is_last);
  KeyScan::Batch batch;
  if (status.ok()) status = cursor->scan.Next(max_rows, buffer.subspan(std::min<size_t>(offset, buffer.size())), &batch);
  if (!status.ok()) return call.Throw(status);
  if (is_last && batch.rows == max_rows) batch.state = KeyScan::State::kDone;
  if (batch.state == KeyScan::State::kDone) handles.Close(cursor);
  return FromDouble(call.env(), static_cast<double>(batch.state) * kStateUnit + static_cast<double>(batch.bytes));
}

// scanClose(cursor): harmless when it has ended.
napi_value ScanClose(Call& call) {
  HandleTable& handles = call.environment().handles();
  if (auto* cursor = handles.Find<CursorHandle>(ReadHandleId(call.env(), call[0])); cursor != nullptr) handles.Close(cursor);
  return nullptr;
}

}  // namespace

bool InitCursors(Environment* environment, napi_value exports) {
  return Define<Scan, 4>(environment, exports, "scan") && Define<ScanNext, 5>(environment, exports, "scanNext") &&
         Define<ScanClose, 1>(environment, exports, "scanClose");
}

}  // namespace sochdb::binding
