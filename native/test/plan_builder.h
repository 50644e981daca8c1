// Plans for tests: written as nested calls, turned into the words and constants of plan_format.h.
//
//   PlanBuilder b;
//   auto plan = b.Build(Filter(Scan(table, -1, {0, 1}), Call(ExprOp::kLess, kBoolean, {Col(0, kInteger), Int(5)})));
//
// Thread safety: one thread.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "codec/tagged_value.h"
#include "codec/value.h"
#include "exec/plan_format.h"
#include "exec/prepared_plan.h"
#include "test/harness.h"

namespace sochdb::test {

// A node or expression: words, some of which stand for other nodes or constants.
struct PlanPart;
using Part = std::shared_ptr<PlanPart>;

struct TestColumn {
  std::string name;
  ColumnType type;
  int32_t flags = 0;
  Value default_value = {};
};
struct TestKey {
  int32_t column;
  bool descending = false;
};
struct TestIndex {
  int32_t id;
  std::string name;
  bool unique;
  std::vector<TestKey> key;
  int32_t where = -1;
  int32_t flags = 0;
};
struct TestCheck {
  std::string name;
  Part expr;
};
struct TestGenerated {
  int32_t column;
  Part expr;
};
struct TestTable {
  int32_t id = 1;
  int32_t schema_version = 1;
  int32_t policy = 1;      // balanced
  int32_t moving_to = -1;  // nowhere
  std::string name = "t";
  Timestamp catalog_ts = 500;
  std::vector<TestColumn> columns;
  std::vector<int32_t> primary_key;
  std::vector<TestIndex> indexes;
  std::vector<Part> computed = {};
  std::vector<TestCheck> checks = {};
  std::vector<TestGenerated> generated = {};
  int32_t identity = -1;
  Part foreign_keys = nullptr;  // ForeignKeys(…): of writes to the table
  [[nodiscard]] std::string catalog_key() const { return "catalog/" + name; }
};

struct PlanPart {
  struct Word {
    enum Kind : uint8_t { kNumber, kPart, kConstant, kTable } kind = kNumber;
    int32_t number = 0;
    Part part = nullptr;  // null: -1
    std::string constant = {};
    const TestTable* table = nullptr;
  };
  std::vector<Word> words;

  // What the reference implementation reads.
  ExprOp op = ExprOp::kConst;
  ColumnType type = ColumnType::kNull;
  int32_t number = 0;
  std::vector<Part> args;
  std::string constant;  // tagged

  PlanPart& Number(int32_t v) {
    words.push_back({PlanPart::Word::kNumber, v});
    return *this;
  }
  PlanPart& Ref(Part p) {
    words.push_back({PlanPart::Word::kPart, 0, std::move(p)});
    return *this;
  }
  PlanPart& Refs(const std::vector<Part>& parts) {
    for (const Part& p : parts) Ref(p);
    return *this;
  }
  PlanPart& List(const std::vector<Part>& parts) { return Number(static_cast<int32_t>(parts.size())).Refs(parts); }
  PlanPart& Numbers(const std::vector<int32_t>& numbers) {
    Number(static_cast<int32_t>(numbers.size()));
    for (const int32_t n : numbers) Number(n);
    return *this;
  }
  PlanPart& Table(const TestTable* t) {
    words.push_back({PlanPart::Word::kTable, 0, nullptr, {}, t});
    return *this;
  }
  PlanPart& Constant(const Value& v) {
    words.push_back({PlanPart::Word::kConstant});
    AppendTagged(v, &words.back().constant);
    return *this;
  }
};

inline Part NewPart(int32_t first_word) {
  auto part = std::make_shared<PlanPart>();
  part->Number(first_word);
  return part;
}
inline Part NewNode(PlanOp op) { return NewPart(static_cast<int32_t>(op)); }

// Expressions.
inline Part NewExpr(ExprOp op, ColumnType type) {
  Part part = NewPart(static_cast<int32_t>(op));
  part->Number(static_cast<int32_t>(type));
  part->op = op;
  part->type = type;
  return part;
}
inline Part Const(const Value& value, ColumnType type) {
  Part part = NewExpr(ExprOp::kConst, type);
  part->Constant(value);
  AppendTagged(value, &part->constant);
  return part;
}
inline Part Int(int64_t v) { return Const(Value::Integer(v), ColumnType::kInteger); }
inline Part Text(std::string_view v) { return Const(Value::Text(v), ColumnType::kText); }
inline Part NullOf(ColumnType type) { return Const(Value(), type); }
inline Part Param(int32_t number, ColumnType type) {
  Part part = NewExpr(ExprOp::kParam, type);
  part->Number(number);
  part->number = number;
  return part;
}
inline Part Col(int32_t number, ColumnType type) {
  Part part = NewExpr(ExprOp::kColumn, type);
  part->Number(number);
  part->number = number;
  return part;
}
// Operators whose operands are plain, or counted (AND, OR, COALESCE), or special (IN, CASE, LIKE).
inline Part Call(ExprOp op, ColumnType type, const std::vector<Part>& args, int32_t flags = 0) {
  Part part = NewExpr(op, type);
  part->args = args;
  part->number = flags;
  switch (op) {
    case ExprOp::kAnd:
    case ExprOp::kOr:
    case ExprOp::kCoalesce:
      part->List(args);
      break;
    case ExprOp::kIn:
      part->Ref(args[0]).List({args.begin() + 1, args.end()});
      break;
    case ExprOp::kCase:
      part->Number(static_cast<int32_t>(args.size() / 2)).Refs(args);
      break;
    case ExprOp::kLike:
      part->Refs(args).Number(flags);
      break;
    default:
      part->Refs(args);
  }
  return part;
}
inline Part Compare(ExprOp op, Part a, Part b) { return Call(op, ColumnType::kBoolean, {std::move(a), std::move(b)}); }

// Operators.
struct ScanRange {
  std::vector<Part> equals = {};
  Part lo = nullptr;
  bool lo_inclusive = false;
  Part hi = nullptr;
  bool hi_inclusive = false;
  bool reverse = false;
};
inline Part Scan(const TestTable& table, int32_t index, const std::vector<int32_t>& projection, const ScanRange& range = {}) {
  Part part = NewNode(PlanOp::kScan);
  part->Table(&table).Number(index).Number(range.reverse ? kScanReverse : 0).Numbers(projection).List(range.equals);
  part->Ref(range.lo).Number(range.lo_inclusive ? 1 : 0).Ref(range.hi).Number(range.hi_inclusive ? 1 : 0);
  return part;
}
inline Part ScanKeys(const TestTable& table, int32_t index, const std::vector<int32_t>& projection, int32_t width,
                     const std::vector<Part>& keys) {
  Part part = NewNode(PlanOp::kScanKeys);
  part->Table(&table).Number(index).Numbers(projection);
  part->Number(static_cast<int32_t>(keys.size()) / width).Number(width).Refs(keys);
  return part;
}
inline Part Filter(Part child, Part predicate) {
  Part part = NewNode(PlanOp::kFilter);
  part->Ref(std::move(child)).Ref(std::move(predicate));
  return part;
}
inline Part Project(Part child, const std::vector<Part>& exprs) {
  Part part = NewNode(PlanOp::kProject);
  part->Ref(std::move(child)).List(exprs);
  return part;
}
struct TestSortKey {
  Part expr;
  int32_t flags = 0;
};
inline Part Sort(Part child, const std::vector<TestSortKey>& keys, Part limit = nullptr, Part offset = nullptr) {
  Part part = NewNode(PlanOp::kSort);
  part->Ref(std::move(child)).Number(static_cast<int32_t>(keys.size()));
  for (const TestSortKey& key : keys) part->Ref(key.expr).Number(key.flags);
  part->Ref(std::move(limit)).Ref(std::move(offset));
  return part;
}
inline Part Limit(Part child, Part limit, Part offset = nullptr) {
  Part part = NewNode(PlanOp::kLimit);
  part->Ref(std::move(child)).Ref(std::move(limit)).Ref(std::move(offset));
  return part;
}
struct TestAggregate {
  AggregateFn fn;
  Part arg = nullptr;
  bool distinct = false;
  Part filter = nullptr;
  Part arg2 = nullptr;
  std::vector<TestSortKey> order = {};
};
inline Part Aggregate(Part child, const std::vector<Part>& groups, const std::vector<TestAggregate>& functions) {
  Part part = NewNode(PlanOp::kAggregate);
  part->Ref(std::move(child)).List(groups).Number(static_cast<int32_t>(functions.size()));
  for (const TestAggregate& f : functions) {
    part->Number(static_cast<int32_t>(f.fn)).Ref(f.arg).Number(f.distinct ? kAggregateDistinct : 0).Ref(f.filter);
    part->Ref(f.arg2).Number(static_cast<int32_t>(f.order.size()));
    for (const TestSortKey& key : f.order) part->Ref(key.expr).Number(key.flags);
  }
  return part;
}
struct TestFrame {
  FrameMode mode = FrameMode::kRange;
  FrameBound start = FrameBound::kUnboundedPreceding;
  Part start_offset = nullptr;
  FrameBound end = FrameBound::kCurrentRow;
  Part end_offset = nullptr;
  FrameExclude exclude = FrameExclude::kNone;
};
struct TestWindow {
  int32_t fn = 0;  // AggregateFn or WindowFn
  ColumnType type = ColumnType::kInteger;
  std::vector<Part> args = {};
  TestFrame frame = {};
  int32_t flags = 0;
  Part filter = nullptr;
};
inline Part Window(Part child, const std::vector<Part>& partition, const std::vector<TestSortKey>& order,
                   const std::vector<TestWindow>& functions) {
  Part part = NewNode(PlanOp::kWindow);
  part->Ref(std::move(child)).List(partition).Number(static_cast<int32_t>(order.size()));
  for (const TestSortKey& key : order) part->Ref(key.expr).Number(key.flags);
  part->Number(static_cast<int32_t>(functions.size()));
  for (const TestWindow& f : functions) {
    part->Number(f.fn).Number(static_cast<int32_t>(f.type)).Number(f.flags).List(f.args).Ref(f.filter);
    part->Number(static_cast<int32_t>(f.frame.mode)).Number(static_cast<int32_t>(f.frame.start)).Ref(f.frame.start_offset);
    part->Number(static_cast<int32_t>(f.frame.end)).Ref(f.frame.end_offset).Number(static_cast<int32_t>(f.frame.exclude));
  }
  return part;
}
inline Part IndexJoin(Part outer, JoinKind kind, const TestTable& table, int32_t index, const std::vector<int32_t>& projection,
                      const std::vector<Part>& equals, Part residual = nullptr) {
  Part part = NewNode(PlanOp::kIndexJoin);
  part->Ref(std::move(outer)).Number(static_cast<int32_t>(kind)).Table(&table).Number(index).Numbers(projection);
  part->List(equals).Ref(std::move(residual));
  return part;
}
inline Part LoopJoin(Part left, Part right, JoinKind kind, Part predicate) {
  Part part = NewNode(PlanOp::kLoopJoin);
  part->Ref(std::move(left)).Ref(std::move(right)).Number(static_cast<int32_t>(kind)).Ref(std::move(predicate));
  part->Number(0).Ref(nullptr).Number(0).Ref(nullptr);
  return part;
}
// `pairs` yields these columns of the pairs, which are working table `table`, with more behind; `asked` decides over those.
inline Part AskingJoin(Part left, Part right, JoinKind kind, Part predicate, const std::vector<int32_t>& columns, Part pairs,
                       int32_t table, Part asked) {
  Part part = NewNode(PlanOp::kLoopJoin);
  part->Ref(std::move(left)).Ref(std::move(right)).Number(static_cast<int32_t>(kind)).Ref(std::move(predicate));
  part->Numbers(columns).Ref(std::move(pairs)).Number(table).Ref(std::move(asked));
  return part;
}
inline Part Distinct(Part child) {
  Part part = NewNode(PlanOp::kDistinct);
  part->Ref(std::move(child));
  return part;
}
inline Part Values(int32_t rows, int32_t columns, const std::vector<Part>& exprs) {
  Part part = NewNode(PlanOp::kValues);
  part->Number(rows).Number(columns).Refs(exprs);
  return part;
}
struct TestSet {
  int32_t column;
  Part expr;
};
struct OnConflict {
  ConflictAction action = ConflictAction::kError;
  int32_t index = kConflictPrimaryKey;
  std::vector<TestSet> sets = {};
  Part where = nullptr;
};
inline void AddSets(PlanPart* part, const std::vector<TestSet>& sets) {
  part->Number(static_cast<int32_t>(sets.size()));
  for (const TestSet& set : sets) part->Number(set.column).Ref(set.expr);
}
inline Part Insert(const TestTable& table, Part child, const std::vector<int32_t>& targets, const OnConflict& conflict = {},
                   const std::vector<Part>& returning = {}) {
  Part part = NewNode(PlanOp::kInsert);
  part->Table(&table).Ref(std::move(child)).Numbers(targets);
  constexpr int32_t kNoPlan = -1;
  part->Number(static_cast<int32_t>(conflict.action)).Number(conflict.index).Number(kNoPlan).Number(0);
  AddSets(part.get(), conflict.sets);
  part->Ref(conflict.where).Number(0).Number(kNoPlan).Number(0).List(returning).Ref(table.foreign_keys);
  return part;
}
inline Part Update(const TestTable& table, Part child, const std::vector<TestSet>& sets,
                   const std::vector<Part>& returning = {}, ConflictAction action = ConflictAction::kError) {
  Part part = NewNode(PlanOp::kUpdate);
  part->Table(&table).Ref(std::move(child));
  AddSets(part.get(), sets);
  part->Number(static_cast<int32_t>(action)).List(returning).Ref(table.foreign_keys);
  return part;
}
struct TestForeignKey {
  std::string name;
  const TestTable* child;
  const TestTable* parent;
  std::vector<std::pair<int32_t, int32_t>> columns;  // of the child, of the parent
  int32_t on_delete = 0;
  int32_t on_update = 0;
  int32_t child_index = -1;
  int32_t parent_index = -1;
  int32_t flags = 0;
};
inline Part ForeignKeys(const std::vector<TestForeignKey>& keys) {
  Part part = NewPart(static_cast<int32_t>(keys.size()));
  for (const TestForeignKey& key : keys) {
    part->Constant(Value::Text(key.name)).Table(key.child).Table(key.parent).Number(key.flags);
    part->Number(key.on_delete).Number(key.on_update).Number(key.parent_index).Number(key.child_index);
    part->Number(static_cast<int32_t>(key.columns.size()));
    for (const auto& [child, parent] : key.columns) part->Number(child).Number(parent);
  }
  return part;
}
inline Part Delete(const TestTable& table, Part child, const std::vector<Part>& returning = {}) {
  Part part = NewNode(PlanOp::kDelete);
  part->Table(&table).Ref(std::move(child)).List(returning).Ref(table.foreign_keys);
  return part;
}

struct PlanBytes {
  std::vector<int32_t> words;
  std::string constants;
};

// Lays out parts so that each comes after whoever points to it.
class PlanWriter {
 public:
  PlanBytes Write(const Part& root, int32_t parameters, uint32_t ns = 1, Timestamp catalog_ts = 600) {
    bytes_.words.assign(kHeaderWords, 0);
    const int32_t root_at = WritePart(root);
    for (const auto& [table, uses] : table_uses_) {
      const int32_t at = WriteTable(*table);
      for (const size_t use : uses) bytes_.words[use] = at;
    }
    const int32_t op = root->words[0].number;
    const bool writes = op >= static_cast<int32_t>(PlanOp::kInsert) && op <= static_cast<int32_t>(PlanOp::kDelete);
    const int32_t head[kHeaderWords] = {kPlanMagic,
                                        kPlanVersion,
                                        static_cast<int32_t>(bytes_.words.size()),
                                        root_at,
                                        parameters,
                                        static_cast<int32_t>(pool_.size()),
                                        writes ? kPlanWrites : 0,
                                        static_cast<int32_t>(ns),
                                        static_cast<int32_t>(catalog_ts >> 32),
                                        static_cast<int32_t>(catalog_ts)};
    std::copy(std::begin(head), std::end(head), bytes_.words.begin());
    return bytes_;
  }

 private:
  int32_t Constant(const std::string& tagged) {
    const auto [it, inserted] = pool_.emplace(tagged, static_cast<int32_t>(pool_.size()));
    if (inserted) bytes_.constants += tagged;
    return it->second;
  }
  int32_t ConstantOf(const Value& value) {
    std::string tagged;
    AppendTagged(value, &tagged);
    return Constant(tagged);
  }
  int32_t WritePart(const Part& part) {
    const size_t at = bytes_.words.size();
    bytes_.words.resize(at + part->words.size(), -1);
    for (size_t i = 0; i < part->words.size(); ++i) {
      const PlanPart::Word& word = part->words[i];
      int32_t value = word.number;
      if (word.kind == PlanPart::Word::kPart) value = word.part == nullptr ? -1 : WritePart(word.part);
      if (word.kind == PlanPart::Word::kConstant) value = Constant(word.constant);
      if (word.kind == PlanPart::Word::kTable) table_uses_[word.table].push_back(at + i);
      bytes_.words[at + i] = value;
    }
    return static_cast<int32_t>(at);
  }
  int32_t WriteTable(const TestTable& table) {
    const size_t at = bytes_.words.size();
    auto add = [this](int32_t v) { bytes_.words.push_back(v); };
    add(table.id);
    add(table.schema_version);
    add(table.policy);
    add(table.moving_to);
    add(ConstantOf(Value::Text(table.catalog_key())));
    add(static_cast<int32_t>(table.catalog_ts >> 32));
    add(static_cast<int32_t>(table.catalog_ts));
    add(ConstantOf(Value::Text(table.name)));
    add(static_cast<int32_t>(table.columns.size()));
    int32_t id = 1;
    for (const TestColumn& column : table.columns) {
      add(id++);
      add(static_cast<int32_t>(column.type));
      add(column.flags);
      add(column.default_value.is_null() ? -1 : ConstantOf(column.default_value));
      add(ConstantOf(Value::Text(column.name)));
    }
    add(static_cast<int32_t>(table.primary_key.size()));
    for (const int32_t column : table.primary_key) add(column);
    std::vector<std::pair<size_t, Part>> parts;
    auto refer = [&](const Part& part) {
      parts.emplace_back(bytes_.words.size(), part);
      add(-1);
    };
    add(static_cast<int32_t>(table.computed.size()));
    for (const Part& part : table.computed) refer(part);
    add(static_cast<int32_t>(table.indexes.size()));
    for (const TestIndex& index : table.indexes) {
      add(index.id);
      add((index.unique ? kIndexUnique : 0) | index.flags);
      add(ConstantOf(Value::Text(index.name)));
      add(index.where);
      add(static_cast<int32_t>(index.key.size()));
      for (const TestKey& key : index.key) {
        add(key.column);
        add(key.descending ? kKeyDescending : 0);
      }
    }
    add(static_cast<int32_t>(table.checks.size()));
    for (const TestCheck& check : table.checks) {
      add(ConstantOf(Value::Text(check.name)));
      refer(check.expr);
    }
    add(static_cast<int32_t>(table.generated.size()));
    for (const TestGenerated& generated : table.generated) {
      add(generated.column);
      refer(generated.expr);
    }
    add(table.identity);
    for (const auto& [word, part] : parts) bytes_.words[word] = WritePart(part);
    return static_cast<int32_t>(at);
  }

  PlanBytes bytes_;
  std::map<std::string, int32_t> pool_;
  std::map<const TestTable*, std::vector<size_t>> table_uses_;
};

inline PlanBytes BuildPlan(const Part& root, int32_t parameters = 0) { return PlanWriter().Write(root, parameters); }

inline std::shared_ptr<const PreparedPlan> Prepare(const Part& root, int32_t parameters = 0) {
  const PlanBytes bytes = BuildPlan(root, parameters);
  auto plan = PreparedPlan::Parse(bytes.words, bytes.constants);
  EXPECT_OK(plan.status());
  return plan.ok() ? std::move(plan).value() : nullptr;
}

}  // namespace sochdb::test
