/** Queries: SELECT, VALUES and what combines them; as statements, in FROM, in expressions. */
import type { Expression, OrderItem, Query, QueryTail, SetOperation, ValuesStatement } from '../ast/nodes.js'
import { foldName } from '../catalog/store.js'
import { didYouMean, queryError } from '../problem.js'
import type { BoundQuery, BoundSelect, QueryColumn, SortKey } from './bound.js'
import { unifyAll } from './coercion.js'
import { distinctly } from './grouping.js'
import type { BindContext } from './context.js'
import { withTables } from './ctes.js'
import { hasSubquery, isNullable } from './expr.js'
import type { Expr } from './expr.js'
import { bindCount, ExpressionBinder } from './expressions.js'
import { sortKey } from './ordering.js'
import { castColumns, columnOf, selectOf, selectRow, sourceOf } from './reshape.js'
import { Scope } from './scope.js'
import type { Site } from './scope.js'
import { bindSelect } from './select.js'

export function bindQuery(context: BindContext, site: Site, q: Query): BoundQuery {
  context.countQuery()
  switch (q.kind) {
    case 'select':
      return bindSelect(context, site, q)
    case 'values': {
      const inside = withTables(context, site, q.with)
      return withTail(context, inside, bindValues(context, inside, q), q)
    }
    case 'setOperation':
      return bindSetOperation(context, site, q)
  }
}

export function bindValues(context: BindContext, site: Site, q: Pick<ValuesStatement, 'rows'>): BoundQuery {
  const binder = new ExpressionBinder(context, new Scope(site), 'VALUES')
  const width = q.rows[0]?.length ?? 0
  if (width === 0) throw queryError('VALUES has no rows.')
  const rows = q.rows.map((row, i) => {
    if (row.length !== width)
      throw queryError(`Row ${i + 1} of VALUES has ${row.length} values; the first has ${width}.`)
    return row.map(cell => binder.bind(cell))
  })
  const names = Array.from({ length: width }, (_, i) => `column${i + 1}`)
  for (let c = 0; c < width; ++c) {
    const { exprs } = unifyAll(
      context,
      rows.map(row => row[c]!),
      'put into one column of VALUES',
    )
    exprs.forEach((expr, r) => (rows[r]![c] = expr))
  }
  return valuesOf(context, names, rows)
}

/** Rows of values. Where one holds a query, they are a union of SELECTs: VALUES has no rows below it to run a query for. */
export function valuesOf(
  context: BindContext,
  names: readonly string[],
  rows: readonly (readonly Expr[])[],
): BoundQuery {
  const columns = context.newColumns(
    names.map((name, i) => ({ name, type: rows[0]![i]!.type, nullable: rows.some(row => isNullable(row[i]!)) })),
  )
  if (!rows.some(row => row.some(hasSubquery))) return { kind: 'values', columns, rows }
  const inputs = rows.map(row => selectRow(context, names, row))
  return inputs.length === 1 ? inputs[0]! : { kind: 'union', columns, inputs }
}

function bindSetOperation(context: BindContext, site: Site, q: SetOperation): BoundQuery {
  const inside = withTables(context, site, q.with)
  // Chains lean to the left, and may be long.
  const chain: SetOperation[] = [q]
  for (let next = q.left; isLink(next); next = next.left) chain.push(next)
  let result = bindQuery(context, inside, chain.at(-1)!.left)
  for (const link of chain.reverse()) {
    result = combine(context, result, bindQuery(context, inside, link.right), link)
  }
  return withTail(context, inside, result, q)
}

/** Whether it is nothing but an operand of the operation that it is the left side of. */
function isLink(q: Query): q is SetOperation {
  return q.kind === 'setOperation' && !q.with && q.orderBy.length === 0 && !q.limit && !q.offset
}

/** Two queries by UNION, INTERSECT or EXCEPT, with columns of common types. */
export function combine(
  context: BindContext,
  first: BoundQuery,
  second: BoundQuery,
  { operator, all }: Pick<SetOperation, 'operator' | 'all'>,
): BoundQuery {
  const word = operator.toUpperCase()
  if (first.columns.length !== second.columns.length) {
    throw queryError(
      `The sides of ${word} have ${first.columns.length} and ${second.columns.length} columns.`,
      'Select as many on both sides.',
    )
  }
  const types = first.columns.map((_, i) => {
    const sides = [sourceOf(first, i), sourceOf(second, i)]
    return unifyAll(context, sides, `combine by ${word}`).type
  })
  const left = castColumns(context, first, types)
  const right = castColumns(context, second, types)
  const columns = context.newColumns(
    left.columns.map((c, i) => ({
      name: c.name,
      type: types[i]!,
      nullable: c.nullable || (operator === 'union' && right.columns[i]!.nullable),
      ...(c.collation !== undefined && { collation: c.collation }),
    })),
  )
  if (operator !== 'union') return { kind: 'setOperation', columns, operator, all, left, right }
  const inputs = [...branchesOf(left, all), ...branchesOf(right, all)]
  const union: BoundQuery = { kind: 'union', columns, inputs }
  return all ? union : distinctly(context, { ...selectOf(context, union, column => columnOf(column)), distinct: true })
}

/** The branches of a union below another one: what removes duplicates needs nobody else to have done so. */
function branchesOf(query: BoundQuery, all: boolean): readonly BoundQuery[] {
  if (query.kind === 'union') return query.inputs
  return all ? [query] : branchesOfDistinct(query)
}

function branchesOfDistinct(query: BoundQuery): readonly BoundQuery[] {
  if (query.kind !== 'select' || !query.distinct || query.limit || query.offset || query.where.length > 0)
    return [query]
  const { from, output } = query
  if (from?.op !== 'query' || from.query.kind !== 'union') return [query]
  const isPlain = output.every((e, i) => e.op === 'column' && e.id === from.query.columns[i]?.id)
  return isPlain ? from.query.inputs : [query]
}

/** ORDER BY, LIMIT and OFFSET over what a query yields. */
export function withTail(context: BindContext, site: Site, query: BoundQuery, tail: QueryTail): BoundQuery {
  if (tail.orderBy.length === 0 && !tail.limit && !tail.offset) return query
  const select: BoundSelect = selectOf(context, query, column => columnOf(column))
  const orderBy = tail.orderBy.map(item => orderOf(context, site, query.columns, item))
  return { ...select, orderBy, ...bindLimits(context, site, tail) }
}

function orderOf(context: BindContext, site: Site, columns: readonly QueryColumn[], item: OrderItem): SortKey {
  const column = namedColumn(columns, item.expression)
  if (column) return sortKey(context, columnOf(column), item)
  const scope = new Scope(site)
  scope.adopt({ tables: [], columns: columns.map(c => ({ name: c.name, expr: columnOf(c), owner: 'the query' })) })
  return sortKey(context, new ExpressionBinder(context, scope, 'ORDER BY').bind(item.expression), item)
}

function namedColumn(columns: readonly QueryColumn[], e: Expression): QueryColumn | undefined {
  if (e.kind === 'literal' && (typeof e.value === 'number' || typeof e.value === 'bigint')) {
    const column = columns[Number(e.value) - 1]
    if (!column) throw queryError(`ORDER BY ${e.value} names no column: the query has ${columns.length}.`)
    return column
  }
  if (e.kind !== 'column' || e.table !== undefined) return undefined
  const column = columns.find(c => foldName(c.name) === foldName(e.name))
  if (column) return column
  const hint = didYouMean(
    e.name,
    columns.map(c => c.name),
  )
  throw queryError(`ORDER BY names no column of the query: "${e.name}".${hint}`, undefined, { columnName: e.name })
}

/** LIMIT and OFFSET: looks at no row of the query that has it. */
export function bindLimits(
  context: BindContext,
  site: Site,
  tail: { readonly limit?: Expression | undefined; readonly offset?: Expression | undefined },
): { limit: Expr | undefined; offset: Expr | undefined } {
  const scope = new Scope(site)
  return {
    limit: tail.limit && bindCount(new ExpressionBinder(context, scope, 'LIMIT'), tail.limit, 'LIMIT'),
    offset: tail.offset && bindCount(new ExpressionBinder(context, scope, 'OFFSET'), tail.offset, 'OFFSET'),
  }
}
