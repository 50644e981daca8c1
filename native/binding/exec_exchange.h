// The exchange: the one buffer through which parameters reach statements and batches of rows reach JavaScript
// (packages/sochdb/src/sql/result/exchange.ts reads what is written here).
//
// Layout of a batch, in 32-bit words unless said otherwise, little-endian:
//   0 rows (-1: the next row does not fit)   1 whether more follow   2-3 rows affected (f64)   4-5 handle of the open result
//   (f64) 6 bytes wanted, when rows is -1          7 word at which the ends of texts begin 8 + 3c, per column: ColumnMode,
//   position of its data in elements of its mode, byte at which its NULL bytes begin (0: no NULLs)
// Data follows, each column's part 8-byte aligned. Texts of all columns are one JavaScript string in row-major order, cut by
// their ends in UTF-16 units. A column of bytes is one word (the byte where its bytes begin), then the end of each value from
// there.
//
// Thread safety: the environment's thread. Ownership: JavaScript owns the buffer, a strong reference here keeps it where it is.

#pragma once

#include <node_api.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "binding/handles.h"
#include "exec/batch.h"

namespace sochdb::binding {

// Parameters begin here (exchange.ts: PARAMETERS_AT); columns whose header would reach it are refused.
inline constexpr size_t kParametersAt = 4096;
inline constexpr size_t kHeaderWordsBase = 8;
inline constexpr size_t kMaxResultColumns = (kParametersAt / 4 - kHeaderWordsBase) / 3;

enum class ColumnMode : int32_t { kInt32 = 0, kFloat64 = 1, kInt64 = 2, kBoolean = 3, kText = 4, kBytes = 5 };

class ExchangeHandle : public Handle {
 public:
  static constexpr HandleKind kKind = HandleKind::kExchange;
  explicit ExchangeHandle(napi_env env) : Handle(kKind), env_(env) {}
  ~ExchangeHandle() override;

  // Takes the buffer in place of the one before.
  Status Attach(napi_value buffer);
  [[nodiscard]] std::span<char> bytes() const { return {data_, size_}; }
  // kInvalidArgument when there is not that much.
  Status Parameters(size_t length, std::string_view* out) const;

  // Writes rows from `first` on of a dense batch, as many as fit, and leaves their texts in text(). *written 0 means that
  // not even one fits; the header then says how many bytes it wants.
  Status WriteRows(const Batch& batch, uint32_t first, uint32_t* written);
  // The rest of the header; WriteRows or WriteNoRows comes before.
  void Finish(bool more, uint64_t rows_affected, HandleId rows_handle);
  void WriteNoRows();

  // The string of the rows written, undefined when they have no text.
  napi_value Text(napi_env env) const;

 private:
  // Lays out `count` rows from `first`; the bytes they take, or 0 when that is more than there is.
  Status Layout(const Batch& batch, uint32_t first, uint32_t count, size_t* end);
  size_t WriteColumn(const ColumnVector& column, uint32_t first, uint32_t count, int32_t* header, size_t at);
  void WriteInt32(size_t word, int32_t value);

  napi_env env_;
  napi_ref reference_ = nullptr;
  char* data_ = nullptr;
  size_t size_ = 0;
  bool has_text_ = false;
  TextRun text_;
  std::vector<int32_t> text_columns_;
};

}  // namespace sochdb::binding
