/** The numbers of native/exec/plan_format.h; a test compares the two. */
import type { AggregateFn, CallOp, FrameEdge, RankingFn, WindowFrameSpec } from '../binder/expr.js'
import type { PlanNode } from './nodes.js'

export const PLAN_MAGIC = 0x53504c4e
export const PLAN_VERSION = 2
export const HEADER_WORDS = 10
export const PLAN_WORDS_MAX = 1 << 20
export const PLAN_DEPTH_MAX = 200

export const PlanFlag = Object.freeze({ writes: 1, analyzes: 2 })
export const ColumnFlag = Object.freeze({ notNull: 1, dropped: 2, generated: 4 })
export const IndexFlag = Object.freeze({ unique: 1, nullsNotDistinct: 2, building: 4 })
export const ForeignKeyFlag = Object.freeze({ deferred: 1 })
/** `ReferenceAction` of table_info.h. */
export const ReferenceAction = Object.freeze({ noAction: 0, restrict: 1, cascade: 2, setNull: 3, setDefault: 4 })
export const KeyFlag = Object.freeze({ descending: 1 })
export const ScanFlag = Object.freeze({ reverse: 1 })
export const SortFlag = Object.freeze({ descending: 1, nullsLast: 2 })
export const AggregateFlag = Object.freeze({ distinct: 1 })
export const WindowFlag = Object.freeze({ distinct: 1, ignoreNulls: 2 })
export const LikeFlag = Object.freeze({ caseInsensitive: 1 })
export const JoinKind = Object.freeze({ inner: 0, left: 1, semi: 2, anti: 3, full: 4 })
export const SetOpKind = Object.freeze({ intersect: 0, except: 1 })
export const ApplyKind = Object.freeze({ scalar: 0, exists: 1, inner: 2, left: 3, any: 4 })
export const ConflictAction = Object.freeze({ error: 0, nothing: 1, update: 2, ignore: 3, replace: 4 })

export const PlanOp: Readonly<Record<PlanNode['op'], number>> = Object.freeze({
  scan: 1,
  scanKeys: 2,
  filter: 3,
  project: 4,
  sort: 5,
  limit: 6,
  aggregate: 7,
  indexJoin: 8,
  loopJoin: 9,
  distinct: 10,
  values: 11,
  insert: 12,
  update: 13,
  delete: 14,
  unionAll: 15,
  setOp: 16,
  window: 17,
  recursive: 18,
  workingTable: 19,
  apply: 20,
  tableFunction: 21,
})

export const AggregateNumber: Readonly<Record<AggregateFn, number>> = Object.freeze({
  countRows: 0,
  count: 1,
  sum: 2,
  min: 3,
  max: 4,
  avg: 5,
  groupConcat: 6,
  jsonGroupArray: 7,
  jsonGroupObject: 8,
  total: 9,
  boolAnd: 10,
  boolOr: 11,
  stddevSamp: 12,
  stddevPop: 13,
  varSamp: 14,
  varPop: 15,
  bitAnd: 16,
  bitOr: 17,
  anyValue: 18,
  median: 19,
  jsonArrayAgg: 20,
  jsonObjectAgg: 21,
})

/** An aggregate over a window has its number as an aggregate. */
export const WindowNumber: Readonly<Record<RankingFn, number>> = Object.freeze({
  rowNumber: 100,
  rank: 101,
  denseRank: 102,
  percentRank: 103,
  cumeDist: 104,
  ntile: 105,
  lag: 106,
  lead: 107,
  firstValue: 108,
  lastValue: 109,
  nthValue: 110,
})

export const FrameMode: Readonly<Record<WindowFrameSpec['mode'], number>> = Object.freeze({
  rows: 0,
  range: 1,
  groups: 2,
})

export const FrameBound: Readonly<Record<FrameEdge['kind'], number>> = Object.freeze({
  unboundedPreceding: 0,
  preceding: 1,
  currentRow: 2,
  following: 3,
  unboundedFollowing: 4,
})

export const FrameExclude: Readonly<Record<WindowFrameSpec['exclude'], number>> = Object.freeze({
  none: 0,
  current: 1,
  group: 2,
  ties: 3,
})

export const ExprOp: Readonly<Record<CallOp | 'const' | 'param' | 'column' | 'slot' | 'call', number>> = Object.freeze({
  const: 1,
  param: 2,
  column: 3,
  slot: 4,
  equal: 10,
  notEqual: 11,
  less: 12,
  lessEqual: 13,
  greater: 14,
  greaterEqual: 15,
  isNotDistinct: 16,
  and: 20,
  or: 21,
  not: 22,
  isNull: 23,
  in: 24,
  add: 30,
  subtract: 31,
  multiply: 32,
  divide: 33,
  modulo: 34,
  negate: 35,
  concat: 36,
  like: 40,
  contains: 41,
  startsWith: 42,
  endsWith: 43,
  lower: 50,
  upper: 51,
  length: 52,
  abs: 53,
  coalesce: 54,
  case: 55,
  cast: 56,
  tryCast: 57,
  call: 60,
})
