/** Window functions: what they take, what they yield, over which rows. Naming and lifting them is the select's work. */
import type { FrameBound, WindowDefinition, WindowFrame } from '../ast/nodes.js'
import { queryError, unsupported } from '../problem.js'
import { isIntegral, isNumeric } from '../types.js'
import type { SqlType } from '../types.js'
import { bindAggregateOver, bindSortKeys, hasWindow, isAggregateCall } from './aggregates.js'
import type { CallNode } from './aggregates.js'
import type { SortKey } from './bound.js'
import { describe, expectType, unify } from './coercion.js'
import { comparedAs } from './collations.js'
import { constant, isRowless } from './expr.js'
import type { Expr, FrameEdge, RankingFn, WindowExpr, WindowFrameSpec } from './expr.js'
import type { ExpressionBinder } from './expressions.js'
import { expectCount } from './functions/arguments.js'

const RANKING: Readonly<Record<string, { fn: RankingFn; least: number; most: number }>> = {
  row_number: { fn: 'rowNumber', least: 0, most: 0 },
  rank: { fn: 'rank', least: 0, most: 0 },
  dense_rank: { fn: 'denseRank', least: 0, most: 0 },
  percent_rank: { fn: 'percentRank', least: 0, most: 0 },
  cume_dist: { fn: 'cumeDist', least: 0, most: 0 },
  ntile: { fn: 'ntile', least: 1, most: 1 },
  lag: { fn: 'lag', least: 1, most: 3 },
  lead: { fn: 'lead', least: 1, most: 3 },
  first_value: { fn: 'firstValue', least: 1, most: 1 },
  last_value: { fn: 'lastValue', least: 1, most: 1 },
  nth_value: { fn: 'nthValue', least: 2, most: 2 },
}

/** Names that mean nothing without OVER. */
export const WINDOW_NAMES: readonly string[] = Object.keys(RANKING)

const FRAMED: ReadonlySet<RankingFn> = new Set(['firstValue', 'lastValue', 'nthValue'])
const SKIPS_NULLS: ReadonlySet<RankingFn> = new Set(['lag', 'lead', 'firstValue', 'lastValue', 'nthValue'])

/** From the first row to the current one and its peers: all rows where nothing orders them. */
const USUAL_FRAME: WindowFrameSpec = Object.freeze({
  mode: 'range',
  start: Object.freeze({ kind: 'unboundedPreceding', offset: undefined }),
  end: Object.freeze({ kind: 'currentRow', offset: undefined }),
  exclude: 'none',
})

/**
 * A call with OVER. `over` is its window, with the named one that it is based on merged in; without `base`.
 *
 * Errors: QueryError.
 */
export function bindWindowCall(
  binder: ExpressionBinder,
  e: CallNode,
  over: WindowDefinition | undefined = e.over,
): WindowExpr {
  const name = e.name.toLowerCase()
  const known = Object.hasOwn(RANKING, name)
  if (binder.clause !== undefined) {
    throw queryError(
      `${name}() with OVER is a window function and cannot stand in ${binder.clause}.`,
      'Compute it in a subquery, and use its column.',
    )
  }
  if (!over) throw queryError(`${name}() is a window function: it needs OVER (…).`)
  if (over.base !== undefined) throw queryError(`There is no window "${over.base}".`)
  if (!known && !isAggregateCall(e)) {
    throw queryError(`${name}() is neither an aggregate nor a window function: OVER does not apply to it.`)
  }
  if (e.distinct) throw queryError(`${name}() takes no DISTINCT over a window.`, 'Remove duplicates in a subquery.')
  if (e.orderBy && e.orderBy.length > 0) {
    throw queryError(`${name}() takes no ORDER BY of its own over a window.`, 'Order the window: OVER (ORDER BY …).')
  }
  const partition = over.partitionBy.map(expression => comparedAs(binder.bind(expression)))
  const order = bindSortKeys(binder, over.orderBy, 'ORDER BY of a window')
  const frame = over.frame ? bindFrame(binder, over.frame, order) : USUAL_FRAME
  const bound = known ? bindRanking(binder, name, e) : bindOverAggregate(binder, name, e)
  const framed = !known || FRAMED.has(RANKING[name]!.fn)
  const expr: WindowExpr = { op: 'window', ...bound, partition, order, frame: framed ? frame : USUAL_FRAME }
  for (const part of [...expr.args, expr.filter, ...partition, ...order.map(key => key.expr)]) {
    if (part && hasWindow(part)) {
      throw queryError(`${name}() holds another window function.`, 'Compute the inner one in a subquery.')
    }
  }
  return expr
}

type Head = Pick<WindowExpr, 'type' | 'fn' | 'args' | 'distinct' | 'ignoreNulls' | 'filter'>

function bindOverAggregate(binder: ExpressionBinder, name: string, e: CallNode): Head {
  if (e.ignoreNulls === true) throw queryError(`${name}() takes no IGNORE NULLS: aggregates pass over NULLs.`)
  const { fn, type, arg, arg2, filter, order } = bindAggregateOver(binder, e)
  if (order)
    throw unsupported(`${name}() of a text with a collation over a window`, 'Compare it without: COLLATE BINARY.')
  return { fn, type, args: [arg, arg2].filter(a => a !== undefined), distinct: false, ignoreNulls: false, filter }
}

function bindRanking(binder: ExpressionBinder, name: string, e: CallNode): Head {
  const { fn, least, most } = RANKING[name]!
  if (e.filter) throw queryError(`${name}() is no aggregate: FILTER does not apply to it.`)
  const ignoreNulls = e.ignoreNulls === true
  if (ignoreNulls && !SKIPS_NULLS.has(fn)) throw queryError(`${name}() takes no IGNORE NULLS.`)
  const bound = e.arguments.map(argument => binder.bind(argument))
  expectCount(name, bound, least, most)
  const { type, args } = typedRanking(binder, name, fn, bound)
  return { fn, type, args, distinct: false, ignoreNulls, filter: undefined }
}

function typedRanking(
  binder: ExpressionBinder,
  name: string,
  fn: RankingFn,
  args: readonly Expr[],
): { type: SqlType; args: readonly Expr[] } {
  switch (fn) {
    case 'rowNumber':
    case 'rank':
    case 'denseRank':
      return { type: 'integer', args }
    case 'percentRank':
    case 'cumeDist':
      return { type: 'real', args }
    case 'ntile':
      return { type: 'integer', args: [expectRowCount(args[0]!, name, 1n)] }
    case 'nthValue':
      return { type: args[0]!.type, args: [args[0]!, expectRowCount(args[1]!, name, 1n)] }
    case 'lag':
    case 'lead': {
      const offset = args[1] ? [expectRowCount(args[1], name, undefined)] : []
      if (!args[2]) return { type: args[0]!.type, args: [args[0]!, ...offset] }
      const [value, instead] = unify(binder.context, args[0]!, args[2], `return from one ${name}()`)
      const type = value.type === 'null' ? instead.type : value.type
      return { type, args: [value, ...offset, instead] }
    }
    default:
      return { type: args[0]!.type, args }
  }
}

/** A number of rows; what is no constant is checked when the statement runs. */
function expectRowCount(expr: Expr, name: string, least: bigint | undefined): Expr {
  const count = expectType(expr, 'integer', `${name}()`)
  if (least !== undefined && count.op === 'const' && typeof count.value === 'bigint' && count.value < least) {
    throw queryError(`${name}() counts from ${least}; this one says ${count.value}.`)
  }
  return count
}

const RANK_OF_EDGE: Readonly<Record<FrameEdge['kind'], number>> = {
  unboundedPreceding: 0,
  preceding: 1,
  currentRow: 2,
  following: 3,
  unboundedFollowing: 4,
}

function bindFrame(binder: ExpressionBinder, frame: WindowFrame, order: readonly SortKey[]): WindowFrameSpec {
  if (frame.start.kind === 'unboundedFollowing') {
    throw queryError('A frame cannot start at UNBOUNDED FOLLOWING.', 'Start it at CURRENT ROW, or before.')
  }
  if (frame.end.kind === 'unboundedPreceding') {
    throw queryError('A frame cannot end at UNBOUNDED PRECEDING.', 'End it at CURRENT ROW, or behind.')
  }
  if (RANK_OF_EDGE[frame.start.kind] > RANK_OF_EDGE[frame.end.kind]) {
    throw queryError('A frame ends where it starts, or behind: swap its bounds.')
  }
  const edge = (bound: FrameBound): FrameEdge => ({
    kind: bound.kind,
    offset: 'offset' in bound ? bindOffset(binder, bound, frame.mode, order) : undefined,
  })
  return { mode: frame.mode, start: edge(frame.start), end: edge(frame.end), exclude: frame.exclude }
}

function bindOffset(
  binder: ExpressionBinder,
  bound: Extract<FrameBound, { offset: unknown }>,
  mode: WindowFrame['mode'],
  order: readonly SortKey[],
): Expr {
  const offset = mode === 'range' ? rangeOffset(binder, bound.offset, order) : rowsOffset(binder, bound.offset, mode)
  if (!isRowless(offset)) {
    throw queryError(`The offset of a frame is the same for all rows; ${describe(offset)} depends on the row.`)
  }
  if (offset.op === 'const' && offset.value === null) throw queryError('The offset of a frame must not be NULL.')
  if (isNegative(offset)) {
    throw queryError('The offset of a frame must not be negative.', 'Write PRECEDING or FOLLOWING instead.')
  }
  return offset
}

function isNegative(expr: Expr): boolean {
  const value = expr.op === 'const' ? expr.value : null
  if (typeof value === 'string') return value.startsWith('-')
  return (typeof value === 'number' || typeof value === 'bigint') && value < 0
}

type OffsetNode = Extract<FrameBound, { offset: unknown }>['offset']

function rowsOffset(binder: ExpressionBinder, node: OffsetNode, mode: 'rows' | 'groups'): Expr {
  return expectType(binder.bind(node), 'integer', `The offset of ${mode.toUpperCase()}`)
}

/** In the type of the only key, as far as it has a difference: numbers, and milliseconds of a timestamp. */
function rangeOffset(binder: ExpressionBinder, node: OffsetNode, order: readonly SortKey[]): Expr {
  const key = order[0]?.expr
  if (!key || order.length > 1) {
    throw queryError(
      'RANGE with an offset takes exactly one ORDER BY in its window.',
      'Use ROWS or GROUPS, or order by one expression.',
    )
  }
  if (!isNumeric(key.type) && key.type !== 'timestamp') {
    throw queryError(
      `RANGE with an offset takes a window ordered by a number or a timestamp; ${describe(key)} is neither.`,
      'Use ROWS or GROUPS.',
    )
  }
  if (node.kind === 'interval') {
    if (key.type !== 'timestamp') throw queryError(`An interval is no distance between values of type ${key.type}.`)
    return constant('integer', intervalMilliseconds(node.text))
  }
  const offset = binder.bind(node)
  if (key.type === 'timestamp') return expectType(offset, 'integer', 'RANGE over a timestamp (in milliseconds)')
  // Between integers, half of one is no further than none.
  if (isIntegral(key.type) && offset.op === 'const' && typeof offset.value === 'number') {
    return constant(key.type, BigInt(Math.floor(offset.value)))
  }
  return expectType(offset, key.type, 'The offset of RANGE')
}

const MILLISECONDS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}

/** `1 day 2 hours`. Months and years have no length of their own. */
function intervalMilliseconds(text: string): bigint {
  const parts = [...text.matchAll(/([+-]?\d+(?:\.\d+)?)\s*([a-z]+)/gi)]
  const rest = text.replace(/([+-]?\d+(?:\.\d+)?)\s*([a-z]+)/gi, '').trim()
  let sum = 0
  for (const [, count, unit] of parts) {
    const length = MILLISECONDS[unit!.toLowerCase().replace(/s$/, '')]
    if (length === undefined) {
      throw queryError(
        `An interval of ${unit} has no fixed length for RANGE.`,
        'Use weeks, days, hours, minutes, seconds or milliseconds.',
      )
    }
    sum += Number(count) * length
  }
  if (parts.length === 0 || rest !== '') throw queryError(`'${text}' is no interval.`, "Write INTERVAL '1 day'.")
  return BigInt(Math.round(sum))
}
