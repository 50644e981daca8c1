// The plan: what the binder in TypeScript hands to the executor. One flat array of 32-bit words plus a pool of constants.
//
// Everything is resolved before it gets here: ids instead of names, types on every expression, dialects made explicit.
// packages/sochdb/src/sql/plan/format.ts mirrors the numbers of this file; a test compares the two.
// A plan that does not parse is refused as a whole (kInvalidArgument, naming the word): no plan can crash the executor.
//
// Words: int32. An "offset" is an index into the words, -1 is "none". Nodes form a tree: an offset always points to a higher
// index than that of the node that holds it, so that a plan has no cycles.
// Inner nodes have one parent; constants, parameters, columns and tables may be shared. A "const" is an index into the pool.
//
// Header (kHeaderWords words):
//   0 magic  1 version  2 total words  3 offset of the root node  4 parameter count  5 constant count
//   6 flags (PlanFlag)  7 namespace id  8, 9 catalog timestamp it was bound at (high, low)
//
// Constants and parameters are tagged values (little-endian), one after the other:
//   u8 tag (ValueTag), then: kNull nothing; kBoolean u8; kInteger, kTimestamp i64; kReal f64;
//   kText, kBlob, kJson, kDecimal u32 length + bytes (text is UTF-8); kUuid 16 bytes; kVector u32 count + f32s.
// A statement may be executed for many parameter rows at once: row after row, each with `parameter count` values.

#pragma once

#include <cstdint>

#include "codec/column_type.h"

namespace sochdb {

inline constexpr int32_t kPlanMagic = 0x53504C4E;  // "SPLN"
inline constexpr int32_t kPlanVersion = 2;
inline constexpr int kHeaderWords = 10;
inline constexpr int kPlanWordsMax = 1 << 20;
inline constexpr int kPlanDepthMax = 200;

enum PlanFlag : int32_t {
  kPlanWrites = 1,    // the root inserts, updates or deletes
  kPlanAnalyzes = 2,  // it runs to its end, and yields what its operators did in the place of rows (profile.h)
};

// ColumnType and ValueTag, the types of columns, expressions and values, are in codec/column_type.h.

// A table as the plan needs it (referenced by offset, not a node):
//   tableId, schemaVersion, its index policy, the one it is moving to (-1: it is not), const of the catalog key, timestamp of
//   the catalog entry (high, low; 0: written by this transaction), const of the table's name, column count, then per column in
//   storage order: columnId, ColumnType, flags (ColumnFlag), const of the default (-1), const of its name primary key: count,
//   then column positions computed count, then exprs over the row: the parts of keys that are expressions, the conditions of
//   partial indexes index count, then per index: indexId, flags (IndexFlag), const of its name, where (number of a computed
//   boolean, -1: all rows), key count, then per key: column position (from the number of columns on: a computed one), flags
//   (KeyFlag) check count, then per check: const of its name, expr over the row generated count, then per generated column in
//   the order in which they are computed: column position, expr over the row column that is numbered where a row has no value
//   for it (-1)
// Expressions over the row see its columns in storage order, and no parameters. Checks and generated columns matter to writes
// alone: plans that read leave them out.
enum ColumnFlag : int32_t {
  kColumnNotNull = 1,
  kColumnDropped = 2,
  kColumnGenerated = 4,  // no target of an insert or an update
};
enum IndexFlag : int32_t {
  kIndexUnique = 1,
  kIndexNullsNotDistinct = 2,
  kIndexBuilding = 4,  // writes maintain it; nothing reads it
};
enum KeyFlag : int32_t { kKeyDescending = 1 };

// The foreign keys that a write may have to do with, directly or through their actions (referenced by offset, not a node):
//   count, then per key: const of its name, child table, parent table, flags (ForeignKeyFlag), ReferenceAction on delete, on
//   update, unique index of the parent (-1: its primary key), index of the child whose first columns are those of the key (-1:
//   none, -2: its primary key), column count, then per column: column of the child, column of the parent
// ReferenceAction: 0 no action, 1 restrict, 2 cascade, 3 set null, 4 set default.
enum ForeignKeyFlag : int32_t { kForeignKeyDeferred = 1 };

// Operators. Each yields rows of numbered columns; expressions below refer to the columns of their operator's input.
enum class PlanOp : int32_t {
  // table, index (-1: primary key), scanFlags, projection count, column positions…, equality count, expr…,
  // loExpr, loInclusive, hiExpr, hiInclusive: the first key columns equal the expressions, the next lies between lo and hi
  // (offsets, -1: open).
  // Expressions may be constants, parameters, slots and functions of them. Equality with NULL yields no rows.
  kScan = 1,
  // table, index, projection count, column positions…, key count, width, exprs… (row-major): the union of equality prefixes
  // `width` wide,
  // duplicates once, in key order: IN lists and batches of keys.
  kScanKeys = 2,
  // child, predicate
  kFilter = 3,
  // child, count, exprs…
  kProject = 4,
  // child, key count, {expr, sortFlags}…, limitExpr, offsetExpr
  kSort = 5,
  // child, limitExpr, offsetExpr
  kLimit = 6,
  // child, group count, exprs…, aggregate count, {AggregateFn, argExpr, aggregateFlags, filterExpr, arg2Expr, order count,
  // {expr, sortFlags}…}…: groups, then aggregates. Without groups: always one row. AggregateFn says their types.
  kAggregate = 7,
  // outer child, JoinKind, table, index, projection count, column positions…, equality count, exprs over the outer row…,
  // residualExpr over outer ++ inner (-1). Semi and anti joins yield the outer columns alone; never kFull.
  kIndexJoin = 8,
  // left child, right child, JoinKind, predicate over left ++ right (-1), column count, column positions…, overRows (see
  // kInsert: of these columns), asked over what those yield (-1). The right side is materialised. Pairs join for which the
  // predicate and then `asked` hold. Semi and anti joins yield the left columns alone; a full join ends with the right rows
  // that
  // nothing matched.
  kLoopJoin = 9,
  // child
  kDistinct = 10,
  // row count, column count, exprs… (row-major)
  kValues = 11,
  // table, child, target count, column positions…, {ConflictAction, conflict index (-1: primary key, -2: any), overRows,
  // set count, {column position, expr}…, setPredicate}, count of further conflicts, {…}…, overRows, returning count, exprs…,
  // foreign keys (-1)
  // overRows: plan (-1: none), number of the working table it reads: the rows that the expressions behind it look at, with the
  // values of their subqueries behind the columns.
  // Columns that are not targets take their default. `set` and setPredicate see the existing row ++ the proposed row; returning
  // sees the row as stored.
  kInsert = 12,
  // table, child (all columns in storage order, then any others), set count, {column position, expr}…, ConflictAction (kError,
  // kIgnore or kReplace), returning count, exprs over the child's row with the new values in it…, foreign keys (-1)
  kUpdate = 13,
  // table, child (all columns in storage order), returning count, exprs over the old row…, foreign keys (-1)
  kDelete = 14,
  // child count, children…: their rows, one child after the other. At least one child; all have the same columns.
  kUnionAll = 15,
  // left child, right child, SetOpKind, all (0, 1): NULLs are equal here. Rows keep the left's order of first appearance. All:
  // a row comes as often as on both sides (INTERSECT), or as often as the left has it more than the right (EXCEPT).
  kSetOp = 16,
  // child (sorted by the partition's expressions, then by the order), partition count, exprs…, order count, {expr, sortFlags}…,
  // function count, {AggregateFn or WindowFn, result ColumnType, windowFlags, argument count, args…, filterExpr, FrameMode,
  // start FrameBound, startExpr, end FrameBound, endExpr, FrameExclude}…: the child's columns, then one for each function.
  // Offsets of a frame are constants, parameters and functions of them.
  kWindow = 17,
  // anchor child, step child, distinct (0, 1), working table number (unique in the plan, below 2^16): the anchor's rows, then
  // what the step yields over the rows of the round before, until a round has none. Distinct: rows that came before are left
  // out.
  kRecursive = 18,
  // number, column count, ColumnTypes…: inside the step of the recursive node of that number, the rows of the round before.
  kWorkingTable = 19,
  // outer child, inner child, ApplyKind, slot count, {slot number, expr over outer}…, predicate over outer ++ inner (-1):
  // for each outer row sets the slots and opens the inner child, whose expressions may hold them. A slot number (below 2^16)
  // is set by one apply alone, and used in its inner child alone. Only kAny (always), kInner and kLeft have a predicate.
  kApply = 20,
  // function number, argument count, exprs…, column count, ColumnTypes…: the rows of a function. Arguments look at no row; they
  // may hold slots.
  kTableFunction = 21,
};

enum ScanFlag : int32_t { kScanReverse = 1 };
enum SortFlag : int32_t { kSortDescending = 1, kSortNullsLast = 2 };
enum AggregateFlag : int32_t { kAggregateDistinct = 1 };
enum class JoinKind : int32_t {
  kInner = 0,
  kLeft = 1,
  kSemi = 2,  // left rows with a right row that the predicate is true for, once
  kAnti = 3,  // left rows without one
  kFull = 4,
};
enum class SetOpKind : int32_t { kIntersect = 0, kExcept = 1 };
enum class ApplyKind : int32_t {
  kScalar = 0,  // outer ++ the inner child's only column: NULL without a row, an error with two
  kExists = 1,  // outer ++ BOOLEAN
  kInner = 2,   // outer ++ inner
  kLeft = 3,    // the same, with NULLs where nothing matches
  kAny = 4,     // outer ++ BOOLEAN: true if the predicate is for some row, else NULL if it is for some, else false
};
enum class ConflictAction : int32_t {
  kError = 0,
  kNothing = 1,
  kUpdate = 2,
  kIgnore = 3,   // as kNothing, and rows that violate NOT NULL are left out too (INSERT OR IGNORE)
  kReplace = 4,  // every row in the way, by any unique key, is deleted first (REPLACE)
};

// Aggregates. Sums, least and greatest have their argument's type, counts are INTEGER, averages REAL, of decimals DECIMAL.
// NULLs are passed over but by kCountRows and those of JSON; of no values at all the result is NULL unless something else is
// said.
enum class AggregateFn : int32_t {
  kCountRows = 0,
  kCount = 1,
  kSum = 2,
  kMin = 3,
  kMax = 4,
  kAvg = 5,
  kGroupConcat = 6,      // TEXT, arg2 the separator in front of each value but the first, TEXT
  kJsonGroupArray = 7,   // JSON; of no rows []
  kJsonGroupObject = 8,  // the key, TEXT (rows without one are passed over); arg2 the value. JSON; of no rows {}
  kTotal = 9,            // the sum as REAL; 0 of no values
  kBoolAnd = 10,
  kBoolOr = 11,
  kStddevSamp = 12,  // REAL; NULL of fewer than two values, as is kVarSamp
  kStddevPop = 13,
  kVarSamp = 14,
  kVarPop = 15,
  kBitAnd = 16,
  kBitOr = 17,
  kAnyValue = 18,      // the first that is not NULL
  kMedian = 19,        // of REALs; REAL
  kJsonArrayAgg = 20,  // as kJsonGroupArray, but NULL of no rows; so the next of kJsonGroupObject
  kJsonObjectAgg = 21,
};
inline constexpr AggregateFn kLastAggregateFn = AggregateFn::kJsonObjectAgg;

// What only a window has; the others are aggregates, over the rows of the frame.
enum class WindowFn : int32_t {
  kRowNumber = 100,
  kRank = 101,
  kDenseRank = 102,
  kPercentRank = 103,
  kCumeDist = 104,
  kNtile = 105,       // into how many
  kLag = 106,         // value, by how many rows (1), what stands for a row that is not there (NULL)
  kLead = 107,        // the same
  kFirstValue = 108,  // of the frame
  kLastValue = 109,
  kNthValue = 110,  // value, which: 1 is the first
};
enum WindowFlag : int32_t { kWindowDistinct = 1, kWindowIgnoreNulls = 2 };
enum class FrameMode : int32_t { kRows = 0, kRange = 1, kGroups = 2 };
enum class FrameBound : int32_t {
  kUnboundedPreceding = 0,
  kPreceding = 1,
  kCurrentRow = 2,
  kFollowing = 3,
  kUnboundedFollowing = 4,
};
enum class FrameExclude : int32_t { kNone = 0, kCurrent = 1, kGroup = 2, kTies = 3 };

// Expressions: op, result ColumnType, then operands (offsets unless said otherwise). Three-valued logic throughout.
enum class ExprOp : int32_t {
  kConst = 1,   // const
  kParam = 2,   // parameter number; the value is coerced to the result type without loss, or the execution is refused
  kColumn = 3,  // input column number
  kSlot = 4,    // slot number: what an apply around the operator has set; one value from Open to Open
  kEqual = 10,  // a, b (both of one comparable type; the binder inserts kCast)
  kNotEqual = 11,
  kLess = 12,
  kLessEqual = 13,
  kGreater = 14,
  kGreaterEqual = 15,
  kIsNotDistinct = 16,  // a IS b
  kAnd = 20,            // count, exprs…
  kOr = 21,             // count, exprs…
  kNot = 22,
  kIsNull = 23,
  kIn = 24,   // a, count, exprs… (not IN: kNot around it)
  kAdd = 30,  // a, b: integer overflow is an error
  kSubtract = 31,
  kMultiply = 32,
  kDivide = 33,  // integers truncate; x / 0 is NULL
  kModulo = 34,
  kNegate = 35,
  kConcat = 36,
  kLike = 40,      // a, pattern, escape (-1), likeFlags (a number)
  kContains = 41,  // a, b: substring, bytewise
  kStartsWith = 42,
  kEndsWith = 43,
  kLower = 50,  // ASCII and Latin simple case
  kUpper = 51,
  kLength = 52,  // in code points
  kAbs = 53,
  kCoalesce = 54,  // count, exprs…
  kCase = 55,      // count, {when, then}…, else (-1)
  kCast = 56,      // a
  kTryCast = 57,   // a: NULL where kCast would fail
  kCall = 60,      // function number (functions/function.h), argument count, exprs…
};
enum LikeFlag : int32_t { kLikeCaseInsensitive = 1 };

}  // namespace sochdb
