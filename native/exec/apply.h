// What the kinds of apply share: the slots of outer rows, and the inner rows that are remembered by their values.
//
// Inner rows of outer rows with the same slots are read once, as long as what is remembered stays small: beyond kRememberBytes,
// or an eighth of the memory that the statement may use, all of it is forgotten. Without slots they are read once, whatever
// they take. They outlive Open where nothing around the apply has a say in them.
//
// Thread safety: one thread. Ownership: node and context outlive them.

#pragma once

#include <string>
#include <vector>

#include "exec/eval.h"
#include "exec/hash_table.h"
#include "exec/operator.h"
#include "exec/spool.h"

namespace sochdb {

inline constexpr uint64_t kRememberBytes = 8ull * 1024 * 1024;

class ApplySlots {
 public:
  ApplySlots(const ApplyNode& node, ExecContext* context) : node_(node), context_(context), evaluator_(context) {}

  void Restart() { evaluator_.Restart(); }
  // Computes the slots of the selected rows. The batch must stay until the last Set of them has been used.
  Status Begin(const Batch& outer);
  void Set(uint32_t row);
  // The values as bytes, equal for the same values alone (1.0 and 1.00 are two).
  std::string_view Key(uint32_t row);
  [[nodiscard]] bool any() const { return !node_.slots.empty(); }
  // Whether what is remembered must be forgotten: the inner rows may be others than when this was last asked.
  bool Changed();
  [[nodiscard]] bool TooMuch(uint64_t bytes) const;

 private:
  const ApplyNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  std::vector<const ColumnVector*> values_;
  std::string key_;
  uint64_t parameters_read_ = 0;
};

// The inner rows of one outer row after the other.
class ApplyRows {
 public:
  ApplyRows(const ApplyNode& node, ExecContext* context, OperatorPtr inner);
  ~ApplyRows() { context_->memory.Release(charged_); }
  ApplyRows(const ApplyRows&) = delete;
  ApplyRows& operator=(const ApplyRows&) = delete;

  void Restart();
  Status Begin(const Batch& outer) { return slots_.Begin(outer); }
  // Goes to the inner rows of an outer row.
  Status Start(uint32_t row);
  // Makes sure that there is a row at(), and perhaps more up to end(); *found false after the last. Reads about `want`.
  Status More(uint32_t want, bool* found);
  [[nodiscard]] uint32_t at() const { return at_; }
  [[nodiscard]] uint32_t end() const { return end_; }
  void Advance(uint32_t rows) { at_ += rows; }
  [[nodiscard]] const Spool& rows() const { return rows_; }
  // Forgets rows when they are too many. To be called when nobody looks at any; those from at() on are kept.
  Status Trim();

 private:
  struct Entry {
    uint32_t first;
    uint32_t end;
  };
  void Forget();
  Status Remember();

  ExecContext* context_;
  ApplySlots slots_;
  OperatorPtr inner_;
  Spool rows_;
  ByteTable table_;
  std::vector<Entry> entries_;
  std::string key_;  // of the row whose inner rows are being read
  uint64_t charged_ = 0;
  uint64_t bytes_ = 0;  // that rows_ and table_ have taken
  uint32_t first_ = 0;
  uint32_t at_ = 0;
  uint32_t end_ = 0;
  bool reading_ = false;  // the inner side has more of them
  bool whole_ = false;    // none of them was forgotten
  bool started_ = false;  // without slots: the inner side was opened
};

OperatorPtr MakeApplyValue(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner);
OperatorPtr MakeLateral(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner);
OperatorPtr MakeApplyAny(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner);
OperatorPtr MakeHashedAny(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner);

}  // namespace sochdb
