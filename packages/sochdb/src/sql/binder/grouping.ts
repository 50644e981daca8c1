/** Grouping: what stands above an aggregation may use its groups and aggregates, and nothing else. */
import { queryError } from '../problem.js'
import type { BoundSelect, Grouping, SortKey } from './bound.js'
import { comparedAs } from './collations.js'
import type { BindContext } from './context.js'
import { call, exprKey, isNullable, mapOperands, operands } from './expr.js'
import type { AggregateExpr, ColumnExpr, ColumnId, Expr } from './expr.js'
import { columnOf, plainSelect } from './reshape.js'
import type { ScopeTable } from './scope.js'

export class Grouper {
  readonly #groups: { id: ColumnId; expr: Expr; column: ColumnExpr }[] = []
  readonly #groupsByKey = new Map<string, ColumnExpr>()
  readonly #aggregates: { id: ColumnId; expr: AggregateExpr; column: ColumnExpr }[] = []
  readonly #aggregatesByKey = new Map<string, ColumnExpr>()
  /** Groups of texts that their collation makes equal: what they are is that of one of them. */
  readonly #spelt = new Set<string>()
  /** The min() or max() whose row other columns come from. */
  readonly #extreme: AggregateExpr | undefined

  constructor(
    readonly context: BindContext,
    readonly tables: readonly ScopeTable[],
    groups: readonly Expr[],
    /** Everything that will be lifted. */
    exprs: readonly Expr[],
  ) {
    this.#extreme = onlyExtreme(context, exprs)
    for (const group of groups) {
      const compared = comparedAs(group)
      if (compared !== group) this.#spelt.add(exprKey(group))
      this.#group(compared)
    }
  }

  /** The expression over the columns of the aggregation. `clause` names where it stands. */
  lift(expr: Expr, clause: string): Expr {
    const group = this.#groupsByKey.get(exprKey(expr))
    if (group) return group
    if (this.#spelt.has(exprKey(expr))) return this.#ofOneRow(expr)
    switch (expr.op) {
      case 'aggregate':
        return this.#aggregate(expr)
      case 'column':
        if (this.#isDetermined(expr)) return this.#group(expr)
        if (this.#extreme || this.context.dialect === 'sqlite') return this.#ofOneRow(expr)
        throw queryError(
          `Column "${expr.label}" in ${clause} is neither grouped nor aggregated.`,
          `Add it to GROUP BY, or aggregate it: min(${expr.label}).`,
          { columnName: expr.label },
        )
      default:
        return mapOperands(expr, operand => this.lift(operand, clause))
    }
  }

  finish(having: readonly Expr[]): Grouping {
    return {
      groups: this.#groups.map(({ id, expr }) => ({ id, expr })),
      aggregates: this.#aggregates.map(({ id, expr }) => ({ id, expr })),
      having,
    }
  }

  #group(expr: Expr): ColumnExpr {
    const key = exprKey(expr)
    const known = this.#groupsByKey.get(key)
    if (known) return known
    const id = this.context.newColumnId()
    const label = expr.op === 'column' ? expr.label : `group ${this.#groups.length + 1}`
    const column: ColumnExpr = { op: 'column', type: expr.type, id, nullable: true, label }
    this.#groups.push({ id, expr, column })
    this.#groupsByKey.set(key, column)
    return column
  }

  #aggregate(expr: AggregateExpr): ColumnExpr {
    const key = exprKey(expr)
    const known = this.#aggregatesByKey.get(key)
    if (known) return known
    const id = this.context.newColumnId()
    const column: ColumnExpr = {
      op: 'column',
      type: expr.type,
      id,
      nullable: isNullable(expr),
      label: expr.fn === 'countRows' ? 'count(*)' : `${expr.fn}(…)`,
    }
    this.#aggregates.push({ id, expr, column })
    this.#aggregatesByKey.set(key, column)
    return column
  }

  /** The column's value in the row of the extreme, else in the first: NULL where that has none, which anyValue would skip. */
  #ofOneRow(column: Expr): Expr {
    const extreme = this.#extreme
    const rows = { op: 'aggregate', fn: 'anyValue', distinct: false, filter: extreme?.filter } as const
    const key: SortKey[] = extreme ? [{ expr: extreme.arg!, descending: extreme.fn === 'max', nullsLast: true }] : []
    const order = key.length > 0 ? { order: key } : {}
    const value = this.#aggregate({ ...rows, ...order, type: column.type, arg: column })
    if (!isNullable(column)) return value
    const isMissing = call('isNull', 'boolean', column)
    const missing = this.#aggregate({ ...rows, ...order, type: 'boolean', arg: isMissing })
    return call('case', column.type, call('not', 'boolean', missing), value)
  }

  /** Whether the groups fix the row of the column's table: its whole primary key is among them. */
  #isDetermined(column: ColumnExpr): boolean {
    const ref = this.tables.find(t => t.ref?.columns.some(c => c.id === column.id))?.ref
    if (!ref) return false
    return ref.table.entry.primaryKey.every(position => this.#groupsByKey.has(exprKey(ref.columns[position]!)))
  }
}

/** SELECT DISTINCT, where a collation makes texts equal that are not the same: a group for each row, and one of its texts. */
export function distinctly(context: BindContext, select: BoundSelect): BoundSelect {
  if (select.columns.every(column => column.collation === undefined || column.collation === 'binary')) return select
  const rows: BoundSelect = { ...select, distinct: false, orderBy: [], limit: undefined, offset: undefined }
  const columns = rows.columns.map(column => columnOf(column))
  const grouper = new Grouper(context, [], columns, columns)
  const output = columns.map(column => grouper.lift(column, 'the select list'))
  const orderBy = select.orderBy.map(key => ({ ...key, expr: grouper.lift(key.expr, 'ORDER BY') }))
  return {
    ...plainSelect(rows),
    columns: context.newColumns(select.columns),
    grouping: grouper.finish([]),
    output,
    orderBy,
    limit: select.limit,
    offset: select.offset,
  }
}

/** The one min() or max() of a statement, in the dialects where other columns come from its row. */
function onlyExtreme(context: BindContext, exprs: readonly Expr[]): AggregateExpr | undefined {
  if (context.dialect === 'postgres' || context.dialect === 'mysql') return undefined
  const found = new Map<string, AggregateExpr>()
  const pending = [...exprs]
  for (let expr = pending.pop(); expr; expr = pending.pop()) {
    if (expr.op === 'aggregate' && (expr.fn === 'min' || expr.fn === 'max')) found.set(exprKey(expr), expr)
    pending.push(...operands(expr))
  }
  return found.size === 1 ? [...found.values()][0] : undefined
}
