// Batches: up to kBatchRows rows, column by column, as operators hand them on and the binding reads them.
//
// A ColumnVector has one array of fixed-width values and one byte per row that says whether it is NULL (1). BOOLEAN is one
// byte, INTEGER, BIGINT and TIMESTAMP int64, REAL double, ANY a Value; all else is a string_view of bytes (UUID: 16 bytes;
// VECTOR: f32s). Values of NULL rows are undefined. A constant vector holds one value for all rows. A batch may carry a
// selection: the row numbers, ascending, that count. Batches an Execution hands out have none, and no constant vectors: their
// arrays can be copied as they are.
//
// Thread safety: one thread. Ownership: a batch points to vectors of the operator that filled it; vectors and the bytes they
// view are valid until that operator is asked for the next batch.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "codec/value.h"
#include "exec/memory.h"

namespace sochdb {

inline constexpr uint32_t kBatchRows = 1024;

class ColumnVector {
 public:
  ColumnVector(ColumnType type, MemoryTracker* memory) : type_(type), physical_(PhysicalOf(type)), memory_(memory) {}
  ~ColumnVector() { memory_->Release(charged_); }
  ColumnVector(const ColumnVector&) = delete;
  ColumnVector& operator=(const ColumnVector&) = delete;

  [[nodiscard]] ColumnType type() const { return type_; }
  [[nodiscard]] Physical physical() const { return physical_; }
  [[nodiscard]] bool constant() const { return mask_ == 0; }

  // Makes room for n rows and forgets what was there: not constant, no NULLs.
  Status Reset(uint32_t n);
  // Makes room for n rows and keeps those there are; the NULL marks of new ones are undefined.
  Status Extend(uint32_t n);
  // Makes it a constant vector (room for one row, which the caller sets).
  Status ResetConstant();
  // Lets it show arrays of somebody else, who keeps them unchanged until it is reset; nobody may write to it before.
  void Borrow(const void* data, const uint8_t* nulls, bool may_have_nulls) {
    data_ = const_cast<char*>(static_cast<const char*>(data));
    nulls_ = const_cast<uint8_t*>(nulls);
    may_have_nulls_ = may_have_nulls;
    mask_ = ~0u;
  }

  // Lets the value of row 0 stand for all rows.
  void MakeConstant() { mask_ = 0; }

  // Where row r lies in the arrays.
  [[nodiscard]] uint32_t at(uint32_t r) const { return r & mask_; }
  template <typename T>
  [[nodiscard]] T* data() {
    return reinterpret_cast<T*>(data_);
  }
  template <typename T>
  [[nodiscard]] const T* data() const {
    return reinterpret_cast<const T*>(data_);
  }
  // One byte a row, 1 for NULL; valid for every row.
  [[nodiscard]] uint8_t* nulls() { return nulls_; }
  [[nodiscard]] const uint8_t* nulls() const { return nulls_; }
  // False only when no row is NULL.
  [[nodiscard]] bool may_have_nulls() const { return may_have_nulls_; }
  void set_may_have_nulls(bool v) { may_have_nulls_ = v; }

  [[nodiscard]] bool IsNull(uint32_t r) const { return nulls_[at(r)] != 0; }
  void SetNull(uint32_t r) {
    nulls_[r] = 1;
    may_have_nulls_ = true;
  }
  [[nodiscard]] const int64_t& i64(uint32_t r) const { return data<int64_t>()[at(r)]; }
  [[nodiscard]] const double& f64(uint32_t r) const { return data<double>()[at(r)]; }
  [[nodiscard]] bool boolean(uint32_t r) const { return data<uint8_t>()[at(r)] != 0; }
  [[nodiscard]] std::string_view bytes(uint32_t r) const { return data<std::string_view>()[at(r)]; }

  // Any row as a Value, and back. Set REQUIRES a NULL or a value of the column's class.
  [[nodiscard]] Value Get(uint32_t r) const;
  void Set(uint32_t r, const Value& value);

 private:
  Status Grow(uint32_t n, uint32_t keep);

  ColumnType type_;
  Physical physical_;
  bool may_have_nulls_ = false;
  uint32_t mask_ = ~0u;
  uint32_t capacity_ = 0;
  char* data_ = nullptr;  // what it shows: its own arrays, or borrowed ones
  uint8_t* nulls_ = nullptr;
  std::unique_ptr<char[]> own_data_;
  std::unique_ptr<uint8_t[]> own_nulls_;
  MemoryTracker* memory_;
  uint64_t charged_ = 0;
};

struct Selection {
  const uint16_t* rows = nullptr;  // null: 0 to count - 1
  uint32_t count = 0;

  [[nodiscard]] uint32_t operator[](uint32_t i) const { return rows == nullptr ? i : rows[i]; }
  template <typename F>
  void ForEach(F&& f) const {
    if (rows == nullptr) {
      for (uint32_t r = 0; r < count; ++r) f(r);
    } else {
      for (uint32_t i = 0; i < count; ++i) f(uint32_t{rows[i]});
    }
  }
};

struct Batch {
  std::vector<const ColumnVector*> columns;
  uint32_t rows = 0;    // that the vectors hold
  Selection selection;  // those that count

  [[nodiscard]] uint32_t count() const { return selection.count; }
  void SetDense(uint32_t n) {
    rows = n;
    selection = {nullptr, n};
  }
  void Clear() { SetDense(0); }
};

// Vectors and bytes that a batch points to, owned: what an operator, or the caller of ExecutePoint, keeps from batch to batch.
class BatchStorage {
 public:
  explicit BatchStorage(MemoryTracker* memory) : arena_(memory) {}

  void Init(std::span<const ColumnType> types);
  // Makes room for n rows and drops the bytes of the batch before.
  Status Reset(uint32_t n);
  [[nodiscard]] bool initialised() const { return initialised_; }
  [[nodiscard]] ColumnVector& column(size_t i) { return *columns_[i]; }
  [[nodiscard]] size_t size() const { return columns_.size(); }
  [[nodiscard]] BatchArena& arena() { return arena_; }
  // Sets a value, copying its bytes into the arena.
  Status Set(size_t column, uint32_t row, const Value& value);
  // Points `out` at the first n rows.
  void Expose(uint32_t n, Batch* out) const;

 private:
  bool initialised_ = false;
  BatchArena arena_;
  std::vector<std::unique_ptr<ColumnVector>> columns_;
};

// out[i] = in[rows[i]]; a row of kNoRow becomes NULL. Bytes stay where they are.
inline constexpr uint32_t kNoRow = ~0u;
Status GatherRows(const ColumnVector& in, std::span<const uint32_t> rows, ColumnVector* out);

// The variable-width columns of a dense batch as one run of bytes in row-major order: for row 0 its first such column, its
// second, …, then row 1. `ends` has one number per value: where it ends, counted in UTF-16 units when `utf16` (which is what a
// JavaScript string made from the run is cut by), in bytes otherwise. NULLs are empty.
struct TextRun {
  std::string bytes;
  std::vector<int32_t> ends;
  bool ascii = true;  // `bytes` is also Latin-1
};
// Columns are batch positions of TEXT, DECIMAL, JSON (as they are) and UUID (as 36 characters); `count` rows from `first` are
// taken. Replaces `out`, reusing its room. kLimit when the run passes 512 MiB.
Status GatherText(const Batch& batch, std::span<const int32_t> columns, uint32_t first, uint32_t count, bool utf16,
                  TextRun* out);

}  // namespace sochdb
