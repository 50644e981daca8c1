/** Windows of a SELECT: named ones merged into calls, calls lifted out of the expressions that hold them. */
import type { SelectStatement, WindowDefinition } from '../ast/nodes.js'
import { foldName } from '../catalog/store.js'
import { didYouMean, queryError } from '../problem.js'
import type { BoundWindow, SortKey } from './bound.js'
import type { BindContext } from './context.js'
import { call, constant, exprKey, isNullable, mapOperands } from './expr.js'
import type { ColumnExpr, Expr } from './expr.js'

export type NamedWindows = NonNullable<SelectStatement['windows']>

/** The window with the one it is based on merged in. */
export function resolveWindow(windows: NamedWindows, over: WindowDefinition, depth = 0): WindowDefinition {
  if (over.base === undefined) return over
  const folded = foldName(over.base)
  const found = windows.find(w => foldName(w.name) === folded)
  if (!found || depth > windows.length) {
    const hint = didYouMean(
      over.base,
      windows.map(w => w.name),
    )
    throw queryError(`There is no window "${over.base}".${hint}`)
  }
  const base = resolveWindow(windows, found.window, depth + 1)
  const extended = over.partitionBy.length > 0 || over.orderBy.length > 0 || over.frame !== undefined
  if (!extended) return base
  if (over.partitionBy.length > 0)
    throw queryError(`A window based on "${over.base}" takes no PARTITION BY of its own.`)
  if (over.orderBy.length > 0 && base.orderBy.length > 0) {
    throw queryError(`A window based on "${over.base}" takes no ORDER BY of its own: that one has one.`)
  }
  if (base.frame) throw queryError(`The window "${over.base}" has a frame: none can be based on it.`)
  return {
    partitionBy: base.partitionBy,
    orderBy: over.orderBy.length > 0 ? over.orderBy : base.orderBy,
    frame: over.frame,
  }
}

/** Gives each window function a column, and puts that in its place. */
export class WindowLifter {
  readonly windows: BoundWindow[] = []
  readonly #byKey = new Map<string, ColumnExpr>()

  constructor(readonly context: BindContext) {}

  lift(expr: Expr): Expr {
    if (expr.op !== 'window') return mapOperands(expr, operand => this.lift(operand))
    const key = exprKey(expr)
    const known = this.#byKey.get(key)
    if (known) return known
    const id = this.context.newColumnId()
    const label = `${expr.fn}(…)`
    const column: ColumnExpr = { op: 'column', type: expr.type, id, nullable: isNullable(expr), label }
    this.windows.push({ id, expr })
    this.#byKey.set(key, column)
    return column
  }
}

/** The condition of DISTINCT ON: the row is the first of those that are equal in the expressions. */
export function firstOfEach(partition: readonly Expr[], order: readonly SortKey[]): Expr {
  const keys = new Set(partition.map(exprKey))
  order.slice(0, keys.size).forEach(({ expr }) => {
    if (keys.has(exprKey(expr))) return
    throw queryError('ORDER BY must begin with what DISTINCT ON names.', 'Order by those expressions first.')
  })
  const number: Expr = {
    op: 'window',
    type: 'integer',
    fn: 'rowNumber',
    args: [],
    distinct: false,
    ignoreNulls: false,
    filter: undefined,
    partition,
    order: order.filter(({ expr }) => !keys.has(exprKey(expr))),
    frame: {
      mode: 'range',
      start: { kind: 'unboundedPreceding', offset: undefined },
      end: { kind: 'currentRow', offset: undefined },
      exclude: 'none',
    },
  }
  return call('equal', 'boolean', number, constant('integer', 1n))
}
