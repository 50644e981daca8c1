// WindowRows: the rows a window works on, whole partitions of them, with what its functions want of each; and the frames of
// rows.
//
// Thread safety: one thread. Ownership: rows are copies; frames point to the rows they are of.

#pragma once

#include <memory>
#include <span>
#include <vector>

#include "exec/eval.h"
#include "exec/plan_nodes.h"
#include "exec/spool.h"

namespace sochdb {

// Numbers of rows, charged for.
class RowNumbers {
 public:
  explicit RowNumbers(MemoryTracker* memory) : memory_(memory) {}
  ~RowNumbers() { memory_->Release(charged_); }
  RowNumbers(const RowNumbers&) = delete;
  RowNumbers& operator=(const RowNumbers&) = delete;

  Status Reserve(size_t n) {
    if (n <= rows_.capacity()) return {};
    const size_t capacity = std::max(n, rows_.capacity() * 2);
    const uint64_t charge = (capacity - rows_.capacity()) * sizeof(uint32_t);
    if (!memory_->Charge(charge)) return memory_->LimitError();
    charged_ += charge;
    rows_.reserve(capacity);
    return {};
  }
  // REQUIRES: room for it.
  void Push(uint32_t row) { rows_.push_back(row); }
  void Clear() { rows_.clear(); }
  [[nodiscard]] uint32_t operator[](size_t i) const { return rows_[i]; }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(rows_.size()); }
  // How many are less.
  [[nodiscard]] uint32_t Rank(uint32_t row) const;

 private:
  MemoryTracker* memory_;
  std::vector<uint32_t> rows_;
  uint64_t charged_ = 0;
};

struct WindowPartition {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t first_group = 0;  // of its peer groups, those after it excluded
  uint32_t group_end = 0;
};

struct WindowRows {
  WindowRows(std::span<const ColumnType> row_types, std::span<const ColumnType> value_types, MemoryTracker* memory)
      : rows(row_types, memory), values(value_types, memory), group_of(memory), group_start(memory), partition_start(memory) {}

  void Clear();
  [[nodiscard]] uint32_t count() const { return group_of.size(); }
  [[nodiscard]] uint32_t PeersBegin(uint32_t row) const { return group_start[group_of[row]]; }
  [[nodiscard]] uint32_t PeersEnd(uint32_t row) const { return GroupEnd(group_of[row]); }
  [[nodiscard]] uint32_t GroupEnd(uint32_t group) const {
    return group + 1 < group_start.size() ? group_start[group + 1] : count();
  }
  [[nodiscard]] WindowPartition Partition(uint32_t number) const;
  [[nodiscard]] bool IsNull(uint32_t row, size_t c) const { return values.IsNull(row, c); }
  [[nodiscard]] Value Get(uint32_t row, size_t c) const { return values.Get(row, c); }

  Spool rows;    // as they came
  Spool values;  // arguments and filters of functions, the key of RANGE
  RowNumbers group_of;
  RowNumbers group_start;
  RowNumbers partition_start;
};

inline constexpr size_t kNoValue = ~size_t{0};

// The rows of one frame: up to three runs of them, ascending.
struct FrameRows {
  struct Run {
    uint32_t begin;
    uint32_t end;
    bool operator==(const Run&) const = default;
  };
  Run runs[3];
  uint32_t count = 0;

  void Add(uint32_t begin, uint32_t end) {
    if (begin < end) runs[count++] = {begin, end};
  }
  [[nodiscard]] bool operator==(const FrameRows& other) const {
    return count == other.count && std::equal(runs, runs + count, other.runs);
  }
};

// Finds the frame of one row after the other.
class FrameFinder {
 public:
  FrameFinder(const WindowNode& node, const WindowNode::Frame& frame, size_t range_key, const WindowRows* rows)
      : node_(node), frame_(frame), range_key_(range_key), rows_(rows) {}

  // Reads the offsets. kInvalidArgument when one is NULL or negative.
  Status Open(Evaluator* evaluator);
  void BeginPartition(const WindowPartition& partition);
  // REQUIRES: rows of a partition come in ascending order.
  void Find(uint32_t row, FrameRows* out);

  [[nodiscard]] bool starts_with_partition() const {
    return frame_.start.kind == FrameBound::kUnboundedPreceding && frame_.exclude == FrameExclude::kNone;
  }

 private:
  Status ReadOffset(const WindowNode::Edge& edge, Evaluator* evaluator, Value* out, std::string* bytes);
  uint32_t Start(uint32_t row);
  uint32_t End(uint32_t row);
  uint32_t RangeStart(uint32_t row);
  uint32_t RangeEnd(uint32_t row);
  [[nodiscard]] int CompareShifted(uint32_t row, uint32_t current, const WindowNode::Edge& edge, const Value& offset) const;
  [[nodiscard]] bool WithOffset(FrameBound kind) const {
    return kind == FrameBound::kPreceding || kind == FrameBound::kFollowing;
  }

  const WindowNode& node_;
  const WindowNode::Frame& frame_;
  size_t range_key_;
  const WindowRows* rows_;
  Value start_offset_;
  Value end_offset_;
  std::string start_bytes_;
  std::string end_bytes_;
  WindowPartition partition_;
  // Of RANGE with offsets: the rows whose key is no NULL, and how far the bounds have come.
  uint32_t keys_begin_ = 0;
  uint32_t keys_end_ = 0;
  uint32_t start_at_ = 0;
  uint32_t end_at_ = 0;
};

}  // namespace sochdb
