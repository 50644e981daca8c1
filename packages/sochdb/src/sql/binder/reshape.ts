/** Queries with other names or types for the columns that they yield. */
import { queryError } from '../problem.js'
import type { SqlType } from '../types.js'
import type { BoundQuery, BoundSelect, QueryColumn } from './bound.js'
import { convert } from './coercion.js'
import type { BindContext } from './context.js'
import { collationPart, constant, isNullable } from './expr.js'
import type { ColumnExpr, Expr } from './expr.js'

export function columnOf(column: QueryColumn, label: string = column.name): ColumnExpr {
  const { id, type, nullable, collation } = column
  return { op: 'column', type, id, nullable, label, ...(collation !== undefined && { collation }) }
}

/** The column that an expression becomes. */
export function columnFor(name: string, expr: Expr): Omit<QueryColumn, 'id'> {
  return { name, type: expr.type, nullable: isNullable(expr), ...collationPart(expr) }
}

export function renamed(query: BoundQuery, names: readonly string[] | undefined, what: string): BoundQuery {
  if (!names) return query
  const { columns } = query
  if (names.length > columns.length) {
    throw queryError(`${what} names ${names.length} columns; the query has ${columns.length}.`)
  }
  return { ...query, columns: columns.map((column, i) => ({ ...column, name: names[i] ?? column.name })) }
}

/** A SELECT of the expressions that `make` gives of a query's columns. */
export function selectOf(
  context: BindContext,
  query: BoundQuery,
  make: (column: QueryColumn, position: number) => Expr,
): BoundSelect {
  const output = query.columns.map(make)
  return {
    ...plainSelect(query),
    columns: context.newColumns(output.map((expr, i) => columnFor(query.columns[i]!.name, expr))),
    output,
  }
}

/** All columns of a query, under the same ids; at most so many rows. */
export function plainSelect(query: BoundQuery, limit?: Expr): BoundSelect {
  return {
    kind: 'select',
    columns: query.columns,
    from: { op: 'query', query, name: 'query' },
    where: [],
    grouping: undefined,
    windows: [],
    qualify: [],
    output: query.columns.map(column => columnOf(column)),
    distinct: false,
    orderBy: [],
    limit,
    offset: undefined,
  }
}

/** A SELECT without FROM. */
export function selectRow(context: BindContext, names: readonly string[], output: readonly Expr[]): BoundSelect {
  return {
    kind: 'select',
    columns: context.newColumns(output.map((expr, i) => columnFor(names[i]!, expr))),
    from: undefined,
    where: [],
    grouping: undefined,
    windows: [],
    qualify: [],
    output,
    distinct: false,
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }
}

/** What a column of a query is, where that is a literal or a parameter: those still take the type of what they meet. */
export function sourceOf(query: BoundQuery, position: number): Expr {
  if (query.kind === 'select' && !query.distinct) {
    const expr = query.output[position]!
    if (expr.op === 'const' || expr.op === 'param') return expr
  }
  return columnOf(query.columns[position]!)
}

/** The query with every column changed by `change`, which gets what {@link sourceOf} tells, or the whole expression. */
export function mapColumns(
  context: BindContext,
  query: BoundQuery,
  change: (expr: Expr, position: number) => Expr,
): BoundQuery {
  if (query.kind === 'values') {
    const rows = query.rows.map(row => row.map(change))
    return { ...query, rows, columns: retyped(query.columns, i => rows.map(row => row[i]!)) }
  }
  if (query.kind === 'select' && !query.distinct) {
    const output = query.output.map(change)
    return { ...query, output, columns: retyped(query.columns, i => [output[i]!]) }
  }
  return selectOf(context, query, (column, i) => change(columnOf(column), i))
}

function retyped(columns: readonly QueryColumn[], exprs: (position: number) => readonly Expr[]): QueryColumn[] {
  return columns.map((column, i) => {
    const all = exprs(i)
    return { ...column, type: all[0]?.type ?? column.type, nullable: all.some(isNullable) }
  })
}

/** The query with columns of these types, which its own widen to. */
export function castColumns(
  context: BindContext,
  query: BoundQuery,
  types: readonly SqlType[] | undefined,
): BoundQuery {
  if (!types || query.columns.every((column, i) => column.type === types[i])) return query
  return mapColumns(context, query, (expr, i) => convert(expr, types[i]!))
}

/** Whether it yields one row at the most, whatever the tables hold. */
export function isSingle(query: BoundQuery): boolean {
  if (query.kind === 'values') return query.rows.length <= 1
  if (query.kind !== 'select') return false
  const { from, grouping, limit } = query
  if (limit?.op === 'const' && (limit.value === 0n || limit.value === 1n)) return true
  return from === undefined || (grouping !== undefined && grouping.groups.length === 0)
}

/** What SQLite takes of a query that stands for a value. */
export function firstRow(context: BindContext, query: BoundQuery): BoundQuery {
  if (isSingle(query)) return query
  const limit = constant('integer', 1n)
  if (query.kind === 'select' && !query.limit) return { ...query, limit }
  return { ...selectOf(context, query, column => columnOf(column)), limit }
}
