// PreparedPlan: a plan as it came from the binder (plan_format.h), parsed and checked once, executed many times.
//
// Thread safety: immutable but for one relaxed atomic; threads share it. Ownership: everything in it belongs to it, words and
// constants included; whoever executes it holds a shared_ptr.

#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "exec/plan_nodes.h"

namespace sochdb {

// Plans of one row by its full key are executed without operators (point.h).
enum class PointKind : uint8_t { kNone, kSelect, kInsert, kUpdate, kDelete };

class PreparedPlan : public std::enable_shared_from_this<PreparedPlan> {
 public:
  // kInvalidArgument, naming the word, for anything that is no plan. Parsing takes time and memory in proportion to the plan.
  static Result<std::shared_ptr<const PreparedPlan>> Parse(std::span<const int32_t> words, std::string_view constants);

  [[nodiscard]] bool is_write() const { return is_write_; }
  [[nodiscard]] bool analyzes() const { return analyzes_; }
  [[nodiscard]] bool is_point() const { return point_ != PointKind::kNone; }
  [[nodiscard]] PointKind point_kind() const { return point_; }
  [[nodiscard]] uint32_t parameter_count() const { return parameter_count_; }
  [[nodiscard]] uint32_t namespace_id() const { return namespace_id_; }
  // Types of the columns that executing yields; none for a write without RETURNING.
  [[nodiscard]] const std::vector<ColumnType>& output_types() const;

  // For the executor.
  [[nodiscard]] const PlanNode& root() const { return *root_; }
  [[nodiscard]] uint32_t slot_count() const { return slot_count_; }
  [[nodiscard]] uint32_t working_table_count() const { return working_table_count_; }
  [[nodiscard]] size_t expression_count() const { return exprs_.size(); }
  [[nodiscard]] const std::vector<std::unique_ptr<TableInfo>>& tables() const { return tables_; }
  [[nodiscard]] const TableInfo* written_table() const { return written_table_; }
  // Those that the write may have to do with; their tables may be written too.
  [[nodiscard]] const std::vector<ForeignKeyInfo>& foreign_keys() const { return foreign_keys_; }
  [[nodiscard]] Timestamp catalog_ts() const { return catalog_ts_; }
  // The newest write to the catalog that the plan's tables are known to have outlived unchanged.
  [[nodiscard]] Timestamp validated_ts() const { return validated_ts_.load(std::memory_order_relaxed); }
  void set_validated_ts(Timestamp ts) const { validated_ts_.store(ts, std::memory_order_relaxed); }
  // The youngest catalog entry of its tables; snapshots older than that must look for themselves.
  [[nodiscard]] Timestamp newest_entry_ts() const { return newest_entry_ts_; }
  // Whether the transaction that executes wrote one of the entries itself.
  [[nodiscard]] bool has_own_entry() const { return has_own_entry_; }

 private:
  friend class PlanParser;
  PreparedPlan() = default;

  std::string constants_;
  std::vector<std::unique_ptr<Expr>> exprs_;
  std::vector<std::unique_ptr<TableInfo>> tables_;
  std::vector<std::unique_ptr<PlanNode>> nodes_;
  const PlanNode* root_ = nullptr;
  const TableInfo* written_table_ = nullptr;
  std::vector<ForeignKeyInfo> foreign_keys_;
  bool is_write_ = false;
  bool analyzes_ = false;
  bool has_own_entry_ = false;
  PointKind point_ = PointKind::kNone;
  uint32_t parameter_count_ = 0;
  uint32_t slot_count_ = 0;
  uint32_t working_table_count_ = 0;
  uint32_t namespace_id_ = 0;
  Timestamp catalog_ts_ = 0;
  Timestamp newest_entry_ts_ = 0;
  mutable std::atomic<Timestamp> validated_ts_{0};
};

// Whether `child` is a scan that the point path can take for the rows of a select, update or delete.
const ScanNode* AsPointScan(const PlanNode* node);

}  // namespace sochdb
