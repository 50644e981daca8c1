/** The binder: a syntax tree and a catalog in, a typed statement without names out. */
import type { Statement } from '../ast/nodes.js'
import { shapeOf } from '../ast/walk.js'
import type { CatalogSnapshot } from '../catalog/snapshot.js'
import type { SqlType } from '../types.js'
import type { BoundQuery, BoundStatement, OutputColumn, Relation } from './bound.js'
import { operands } from './expr.js'
import type { Expr } from './expr.js'
import { unsupported } from '../problem.js'
import { bindSelect } from './select.js'
import { BindContext } from './scope.js'
import { bindDelete, bindInsert, bindUpdate } from './writes.js'

export interface BindOptions {
  /** Types of parameters that the values at hand ask for; see {@link BoundStatement.flexible}. */
  readonly parameterTypes?: ReadonlyMap<number, SqlType>
  /** As {@link shapeOf} counts them, where the caller has it already. */
  readonly parameterCount?: number
}

const NO_HINTS: ReadonlyMap<number, SqlType> = new Map()

/** Errors: QueryError for anything that does not fit the catalog. */
export function bind(statement: Statement, catalog: CatalogSnapshot, options: BindOptions = {}): BoundStatement {
  const parameterCount = options.parameterCount ?? shapeOf(statement).parameterCount
  const context = new BindContext(catalog, parameterCount, options.parameterTypes ?? NO_HINTS)
  const query = bindStatement(context, statement)
  const types = new Array<SqlType | undefined>(parameterCount).fill(undefined)
  const open = new Set<number>()
  for (const expr of expressionsOf(query)) collectParameters(expr, types, open)
  const flexible = [...new Set([...open, ...context.flexible])].filter(index => index < parameterCount)
  return {
    query,
    parameterTypes: [...types.map(type => type ?? 'any'), ...context.generatedTypes],
    parameterCount,
    generated: context.generated,
    flexible: flexible.sort((a, b) => a - b).map(index => ({ index, kind: open.has(index) ? 'open' : 'number' })),
    vectors: context.vectors,
    tables: [...context.tables.keys()],
    columnIdCount: context.columnIdCount,
  }
}

function bindStatement(context: BindContext, statement: Statement): BoundQuery {
  switch (statement.kind) {
    case 'select':
      return bindSelect(context, statement)
    case 'insert':
      return bindInsert(context, statement)
    case 'update':
      return bindUpdate(context, statement)
    case 'delete':
      return bindDelete(context, statement)
    default:
      throw unsupported(`A statement of kind "${statement.kind}"`)
  }
}

/** A parameter used as two types has none; one that stands where any type fits is open to the value's own. */
function collectParameters(expr: Expr, types: (SqlType | undefined)[], open: Set<number>): void {
  if (expr.op === 'param') {
    if (expr.index >= types.length) return
    const known = types[expr.index]
    types[expr.index] = known === undefined || known === expr.type ? expr.type : 'any'
    if (expr.type === 'any') open.add(expr.index)
  } else for (const operand of operands(expr)) collectParameters(operand, types, open)
}

function* expressionsOf(query: BoundQuery): Generator<Expr> {
  if (query.kind === 'select') {
    if (query.from) yield* joinConditions(query.from)
    yield* query.where
    if (query.grouping) {
      for (const { expr } of query.grouping.groups) yield expr
      for (const { expr } of query.grouping.aggregates) yield expr
      yield* query.grouping.having
    }
    yield* expressionsIn(query.output)
    for (const key of query.orderBy) yield key.expr
    if (query.limit) yield query.limit
    if (query.offset) yield query.offset
    return
  }
  if (query.kind === 'insert') {
    for (const row of query.rows) yield* row
    for (const { value } of query.conflict?.set ?? []) yield value
    if (query.conflict?.where) yield query.conflict.where
  } else {
    yield* query.where
    if (query.kind === 'update') for (const { value } of query.set) yield value
  }
  yield* expressionsIn(query.returning)
}

function* joinConditions(relation: Relation): Generator<Expr> {
  if (relation.op === 'table') return
  yield* joinConditions(relation.left)
  yield* joinConditions(relation.right)
  yield* relation.on
}

function* expressionsIn(columns: readonly OutputColumn[]): Generator<Expr> {
  for (const { expr } of columns) yield expr
}
