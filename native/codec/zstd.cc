#include "codec/zstd.h"

#ifdef SOCHDB_HAVE_ZSTD

#include <zstd.h>

#include <algorithm>
#include <memory>

namespace sochdb {
namespace {

constexpr int kDefaultLevel = 1;  // blocks are too small for higher ones to gain much
constexpr int kMaxLevel = 19;     // above, a context takes hundreds of megabytes

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Making a context costs more than compressing a block, so a thread keeps its own.
ZSTD_CCtx* Compressing() {
  thread_local std::unique_ptr<ZSTD_CCtx, FreeContext> context;
  if (context == nullptr) context.reset(ZSTD_createCCtx());
  return context.get();
}

ZSTD_DCtx* Decompressing() {
  thread_local std::unique_ptr<ZSTD_DCtx, FreeContext> context;
  if (context == nullptr) context.reset(ZSTD_createDCtx());
  return context.get();
}

Status OutOfMemory() { return {Code::kOutOfMemory, "There is no memory for ZSTD's context."}; }

}  // namespace

size_t ZstdCompressBound(size_t n) { return ZSTD_compressBound(n); }

Status ZstdCompress(int level, std::string_view in, char* out, size_t capacity, size_t* size) {
  ZSTD_CCtx* const context = Compressing();
  if (context == nullptr) return OutOfMemory();
  level = level == 0 ? kDefaultLevel : std::clamp(level, 1, kMaxLevel);
  const size_t written = ZSTD_compressCCtx(context, out, capacity, in.data(), in.size(), level);
  // With enough room, memory is all that can be missing.
  if (ZSTD_isError(written) != 0) return OutOfMemory();
  *size = written;
  return {};
}

Status ZstdDecompress(std::string_view in, char* out, size_t raw_size, bool* sound) {
  ZSTD_DCtx* const context = Decompressing();
  if (context == nullptr) return OutOfMemory();
  // One call decompresses straight into `out`: no window is allocated, whatever size a hostile frame asks for.
  *sound = ZSTD_findFrameCompressedSize(in.data(), in.size()) == in.size() &&
           ZSTD_decompressDCtx(context, out, raw_size, in.data(), in.size()) == raw_size;
  return {};
}

}  // namespace sochdb

#else

namespace sochdb {

size_t ZstdCompressBound(size_t n) { return n; }

Status ZstdCompress(int /*level*/, std::string_view /*in*/, char* /*out*/, size_t /*capacity*/, size_t* /*size*/) {
  return {Code::kUnsupported, "ZSTD is not built in."};
}

Status ZstdDecompress(std::string_view /*in*/, char* /*out*/, size_t /*raw_size*/, bool* /*sound*/) {
  return {Code::kUnsupported, "ZSTD is not built in."};
}

}  // namespace sochdb

#endif
