// Scans by promise: a cursor whose batches are read on the engine's threads.

#include <algorithm>
#include <optional>
#include <utility>

#include "binding/async_environment.h"
#include "binding/kv.h"
#include "binding/kv_scan.h"

namespace sochdb::binding {
namespace {

constexpr uint32_t kMaxRowsAtOnce = 100'000;
constexpr uint32_t kMinBatchBytes = 1024;
constexpr uint32_t kMaxBatchBytes = 64u << 20;

// The scan is opened by its first batch: that may read from disk.
struct AsyncCursorHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kAsyncCursor;
  AsyncCursorHandle(Target target_, std::string lo_, std::string hi_, uint32_t flags_)
      : Handle(kKind), target(std::move(target_)), lo(std::move(lo_)), hi(std::move(hi_)), flags(flags_) {}

  Status Open() {
    KeyScan::Range range;
    range.lo = lo;
    range.hi = hi;
    range.is_prefix = (flags & kScanPrefix) != 0;
    range.reverse = (flags & kScanReverse) != 0;
    range.keys_only = (flags & kScanKeysOnly) != 0;
    SOCHDB_ASSIGN(opened, KeyScan::Open(target, range));
    scan.emplace(std::move(opened));
    return {};
  }

  const Target target;
  const std::string lo;
  const std::string hi;
  const uint32_t flags;
  std::optional<KeyScan> scan;
};

Status OpenArguments(Call& call, HandleId* id) {
  Target target;
  SOCHDB_TRY(ReadTarget(call, &target));
  uint32_t flags = 0;
  SOCHDB_TRY(ReadUint32(call.env(), call[3], "flags", 0, kScanReverse | kScanKeysOnly | kScanPrefix, &flags));
  BytesArgument lo;
  BytesArgument hi;
  SOCHDB_TRY(lo.Read(call.env(), call[1], "start", target.prefix, kMaxUserKeyBytes));
  if ((flags & kScanPrefix) == 0) SOCHDB_TRY(hi.Read(call.env(), call[2], "end", target.prefix, kMaxUserKeyBytes));
  Handle* const parent = target.handle;
  auto cursor = std::make_unique<AsyncCursorHandle>(std::move(target), std::string(lo.view()), std::string(hi.view()), flags);
  SOCHDB_ASSIGN(added, call.environment().handles().Add(std::move(cursor), parent));
  *id = added;
  return {};
}

// asyncScan(target, start, end, flags): a cursor's id. What it reads is the state at its first batch.
napi_value AsyncScan(Call& call) {
  HandleId id = 0;
  const Status status = OpenArguments(call, &id);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(id)) : call.Throw(status);
}

class ScanNextOperation : public AsyncOperation {
 public:
  ScanNextOperation(AsyncCursorHandle* cursor, uint32_t max_rows, uint32_t max_bytes, bool is_last)
      : cursor_(cursor), id_(cursor->id()), max_rows_(max_rows), max_bytes_(max_bytes), is_last_(is_last) {}

  Status Run() override {
    if (!cursor_->scan.has_value()) SOCHDB_TRY(cursor_->Open());
    payload_.resize(std::min(max_bytes_, kFirstBytes));
    while (!done_ && rows_ < max_rows_) {
      SOCHDB_TRY(cancel.Check());
      KeyScan::Batch batch;
      const uint32_t wanted = std::min(max_rows_ - rows_, kRowsBetweenChecks);
      SOCHDB_TRY(cursor_->scan->Next(wanted, std::span(payload_).subspan(bytes_), &batch));
      if (batch.state == KeyScan::State::kNeedsRoom) {
        if (rows_ > 0 && bytes_ + batch.bytes > max_bytes_) break;
        payload_.resize(std::max(bytes_ + batch.bytes, std::min<size_t>(payload_.size() * 4, max_bytes_)));
        continue;
      }
      bytes_ += batch.bytes;
      rows_ += batch.rows;
      done_ = batch.state == KeyScan::State::kDone;
    }
    payload_.resize(bytes_);
    done_ = done_ || (is_last_ && rows_ == max_rows_);
    return {};
  }

  napi_value Deliver(Environment& environment) override {
    if (auto* cursor = environment.handles().Find<AsyncCursorHandle>(id_); done_ && cursor != nullptr) {
      environment.handles().Close(cursor);
    }
    return DeliverPayload(environment).Number("rows", rows_).Bool("done", done_).value();
  }

 private:
  static constexpr uint32_t kFirstBytes = 32 * 1024;

  AsyncCursorHandle* const cursor_;
  const HandleId id_;
  const uint32_t max_rows_;
  const uint32_t max_bytes_;
  const bool is_last_;
  size_t bytes_ = 0;
  uint32_t rows_ = 0;
  bool done_ = false;
};

// asyncScanNext(cursor, rows, bytes, whether no more rows than these are wanted, operation, timeout): { payload, bytes, rows,
// done }; a batch stays within `bytes`, unless a row alone is larger. At the end the cursor is closed.
napi_value AsyncScanNext(Call& call) {
  auto* cursor = call.environment().handles().Find<AsyncCursorHandle>(ReadHandleId(call.env(), call[0]));
  if (cursor == nullptr) return call.Throw({Code::kClosed, "The iteration has ended, or what it read from was closed."});
  uint32_t rows = 0;
  uint32_t bytes = 0;
  bool is_last = false;
  AsyncEnvironment::Options options;
  Status status = CheckNotBusy(cursor);
  if (status.ok()) status = ReadUint32(call.env(), call[1], "rows", 1, kMaxRowsAtOnce, &rows);
  if (status.ok()) status = ReadUint32(call.env(), call[2], "bytes", kMinBatchBytes, kMaxBatchBytes, &bytes);
  if (status.ok()) status = ReadBool(call.env(), call[3], "isLast", &is_last);
  if (status.ok()) status = ReadNumber(call, 4, &options);
  if (status.ok()) status = ReadTimeLimit(call, 5, &options);
  if (!status.ok()) return call.Throw(status);
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  options.first_pin = cursor;
  options.second_pin = cursor->target.handle;
  return async->Start(std::make_unique<ScanNextOperation>(cursor, rows, bytes, is_last), options);
}

// asyncScanClose(cursor): cancels the batch that is being read, and waits for that. Harmless when it has ended.
napi_value AsyncScanClose(Call& call) {
  HandleTable& handles = call.environment().handles();
  auto* cursor = handles.Find<AsyncCursorHandle>(ReadHandleId(call.env(), call[0]));
  if (cursor != nullptr) handles.Close(cursor);
  return nullptr;
}

}  // namespace

bool InitAsyncScans(Environment* environment, napi_value exports) {
  return Define<AsyncScan, 4>(environment, exports, "asyncScan") &&
         Define<AsyncScanNext, 6>(environment, exports, "asyncScanNext") &&
         Define<AsyncScanClose, 1>(environment, exports, "asyncScanClose");
}

}  // namespace sochdb::binding
