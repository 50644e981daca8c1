// Plan parser: words to PlanNode, TableInfo and Expr, checking everything that the executor later takes for granted.
//
// What it promises of a plan it accepts: offsets point forward and inner nodes have one parent, so the plan is a tree no deeper
// than kPlanDepthMax; every column and parameter number exists; slots and working
// tables are used where they are set; operands have the types their operator takes; keys and
// projections name live columns of their table.
//
// Thread safety: one thread, one use. Limits: kPlanWordsMax, kPlanDepthMax, kPlanExpressionsMax.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exec/prepared_plan.h"

namespace sochdb {

inline constexpr size_t kPlanExpressionsMax = 1 << 19;
inline constexpr size_t kBindingNumbers = 1 << 16;       // of slots, of working tables
inline constexpr size_t kPlanColumnsTotalMax = 1 << 21;  // over all operators

class PlanParser {
 public:
  PlanParser(std::span<const int32_t> words, std::string_view constants);
  Result<std::shared_ptr<const PreparedPlan>> Parse();

 private:
  using Types = std::vector<ColumnType>;

  // Reads the words of one node, in order, from an offset that was checked.
  class Words {
   public:
    Words(PlanParser* parser, int32_t at) : parser_(parser), start_(at), at_(at) {}
    Status Next(int32_t* out);
    // A number of things that take at least `words_each` words; refused when they cannot be there.
    Status NextCount(int32_t words_each, int32_t* out);
    // 0 or 1.
    Status NextFlag(bool* out);
    // Bits of `allowed`.
    Status NextFlags(int32_t allowed, int32_t* out);
    // 0 to max - 1.
    Status NextIndex(size_t max, const char* what, uint32_t* out);
    [[nodiscard]] int32_t start() const { return start_; }
    [[nodiscard]] int32_t last() const { return at_ - 1; }

   private:
    PlanParser* parser_;
    int32_t start_;
    int32_t at_;
  };

  [[nodiscard]] Status Fail(int32_t word, const std::string& what) const;
  Status ParseHeader(int32_t* root);
  Status ParseConstants();
  Status CheckOffset(int32_t offset, int32_t parent, int32_t word) const;
  Status Constant(int32_t index, int32_t word, Value* out) const;
  Status Name(Words* words, std::string* out) const;

  // plan_parser_table.cc
  Status Table(Words* words, const TableInfo** out);
  Status ParseTable(int32_t offset, TableInfo* table);
  Status ParsePolicies(Words* words, TableInfo* table);
  Status ParseColumn(Words* words, ColumnInfo* column);
  Status ParsePrimaryKey(Words* words, TableInfo* table);
  Status ParseIndex(Words* words, const TableInfo& table, IndexInfo* index);
  Status ParseIndexKey(Words* words, const TableInfo& table, KeyColumn* key);
  Status LiveColumn(Words* words, const TableInfo& table, uint32_t* out);
  Status Access(Words* words, IndexAccess* out, bool* reverse);
  void DecideCovering(IndexAccess* access) const;

  // plan_parser_constraints.cc
  Status RowExpr(Words* words, const Types& row, const Expr** out);
  Status ParseComputed(Words* words, const Types& row, TableInfo* table);
  Status ParseConstraints(Words* words, const Types& row, TableInfo* table);
  Status ParseForeignKeys(Words* words);
  Status ParseForeignKey(Words* words, ForeignKeyInfo* key);
  Status ParseKeyIndex(Words* words, const TableInfo& table, const IndexInfo** out, bool* primary_key);
  Status MatchKeys(int32_t word, ForeignKeyInfo* key) const;

  // plan_parser_expr.cc
  Status ExprAt(int32_t offset, int32_t parent, int32_t word, int depth, const Types& scope, const Expr** out);
  Status NextExpr(Words* words, int depth, const Types& scope, const Expr** out);
  Status NextOptionalExpr(Words* words, int depth, const Types& scope, const Expr** out);
  Status NextExprs(Words* words, int32_t count, int depth, const Types& scope, std::vector<const Expr*>* out);
  Status NextPredicate(Words* words, int depth, const Types& scope, const Expr** out);
  Status ParseOperands(Words* words, int depth, const Types& scope, Expr* expr);
  Status ParseLeaf(Words* words, const Types& scope, Expr* expr);
  Status CheckTypes(const Expr& expr) const;
  [[nodiscard]] Status CheckArithmetic(const Expr& expr) const;
  [[nodiscard]] Status CheckText(const Expr& expr) const;
  [[nodiscard]] Status CheckCall(const Expr& expr) const;
  [[nodiscard]] Status CheckBranches(const Expr& expr) const;
  [[nodiscard]] Status Expect(const Expr& expr, const Expr& arg, ColumnType type) const;

  // plan_parser_nodes.cc
  Status NodeAt(int32_t offset, int32_t parent, int32_t word, int depth, const PlanNode** out);
  Status NextNode(Words* words, int depth, const PlanNode** out);
  Status ParseNode(PlanOp op, Words* words, int depth, std::unique_ptr<PlanNode>* out);
  Status ParseScan(Words* words, int depth, ScanNode* node);
  Status ParseScanKeys(Words* words, int depth, ScanKeysNode* node);
  Status ParseProject(Words* words, int depth, ProjectNode* node);
  Status ParseSort(Words* words, int depth, SortNode* node);
  Status ParseLimits(Words* words, int depth, const Expr** limit, const Expr** offset);
  Status ParseIndexJoin(Words* words, int depth, IndexJoinNode* node);
  Status ParseLoopJoin(Words* words, int depth, LoopJoinNode* node);
  Status ParseJoinKind(Words* words, JoinKind last, JoinKind* out);
  Status ParseValues(Words* words, int depth, ValuesNode* node);
  Status KeyExpr(const Expr& expr, const KeyColumn& column) const;

  // plan_parser_relations.cc
  Status ParseUnionAll(Words* words, int depth, UnionAllNode* node);
  Status ParseSetOp(Words* words, int depth, SetOpNode* node);
  Status ParseRecursive(Words* words, int depth, RecursiveNode* node);
  Status ParseWorkingTable(Words* words, int depth, WorkingTableNode* node);
  Status ParseApply(Words* words, int depth, ApplyNode* node);
  Status ParseSlots(Words* words, int depth, ApplyNode* node, std::vector<uint32_t>* numbers);
  Status CheckApply(const ApplyNode& node) const;
  Status ParseTableFunction(Words* words, int depth, TableFunctionNode* node);
  Status NextTypes(Words* words, Types* out);
  Status SameColumns(const PlanNode& child, Types* columns) const;
  Status ParseSlot(Words* words, Expr* expr);

  // plan_parser_aggregate.cc
  Status NextSortKeys(Words* words, int depth, const Types& scope, std::vector<SortNode::Key>* out);
  Status ParseAggregate(Words* words, int depth, AggregateNode* node);
  Status ParseFunction(Words* words, int depth, const Types& scope, AggregateNode::Function* fn);
  // Sets the type of the result.
  Status CheckAggregate(int32_t word, AggregateNode::Function* fn) const;
  Status ParseWindow(Words* words, int depth, WindowNode* node);
  Status ParseWindowFunction(Words* words, int depth, const WindowNode& node, WindowNode::Function* fn);
  Status CheckRanking(int32_t word, WindowNode::Function* fn) const;
  Status ParseFrame(Words* words, int depth, const WindowNode& node, WindowNode::Frame* frame);
  Status ParseEdge(Words* words, int depth, ColumnType offset, WindowNode::Edge* edge);

  // plan_parser_write.cc
  Status ParseInsert(Words* words, int depth, InsertNode* node);
  Status ParseUpdate(Words* words, int depth, UpdateNode* node);
  Status ParseDelete(Words* words, int depth, DeleteNode* node);
  Status ParseSets(Words* words, int depth, const Types& scope, const TableInfo& table, std::vector<Assignment>* sets);
  Status ParseOverRows(Words* words, int depth, bool afresh, Types* scope, OverRows* out);
  Status ParseConflictClause(Words* words, int depth, const WriteNode& node, InsertNode::Conflict* out);
  Status ParseReturning(Words* words, int depth, const Types& scope, WriteNode* node);
  Status WholeRows(const WriteNode& node) const;
  Status Storable(const TableInfo& table, uint32_t column, ColumnType type, int32_t word) const;

  std::span<const int32_t> words_;
  std::string_view given_constants_;
  std::shared_ptr<PreparedPlan> plan_;
  std::vector<Value> constants_;
  std::map<int32_t, const TableInfo*> tables_;
  // Slots and working tables around the node that is being read, outermost first; and where those of a number are.
  struct Binding {
    uint32_t place = 0;  // in ExecContext
    Types types;
  };
  std::vector<Binding> bindings_;
  std::map<uint32_t, uint32_t> slots_;
  std::map<uint32_t, uint32_t> working_tables_;
  std::set<uint32_t> all_slots_;  // that were ever set
  std::set<uint32_t> all_working_tables_;
  bool reads_afresh_ = false;            // of rows that the plan itself writes in between
  uint32_t least_binding_ = kNoBinding;  // that the node being read has used so far
  std::set<int32_t> visited_;
  uint64_t words_read_ = 0;
  size_t columns_total_ = 0;
};

// plan_point.cc: which of the point kinds the parsed root is.
PointKind ClassifyPoint(const PlanNode& root);

}  // namespace sochdb
