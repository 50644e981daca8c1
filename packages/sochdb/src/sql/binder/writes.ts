/** Binding of UPDATE and DELETE, and of what all writes share. */
import type {
  Assignment,
  DeleteStatement,
  Expression,
  OrderItem,
  Query,
  SelectItem,
  TableExpression,
  UpdateStatement,
} from '../ast/nodes.js'
import type { ColumnEntry, TableEntry } from '../catalog/entries.js'
import { parseStored } from '../catalog/stored.js'
import { queryError } from '../problem.js'
import { checkDimension, valueOfDefault } from '../values.js'
import type {
  BoundAssignment,
  BoundDelete,
  BoundTarget,
  BoundUpdate,
  OutputColumn,
  Relation,
  TableRef,
} from './bound.js'
import { expectStorable, numberOf } from './coercion.js'
import type { BindContext } from './context.js'
import { withTables } from './ctes.js'
import { call, conjuncts, constant, isNullable } from './expr.js'
import type { Expr } from './expr.js'
import { ExpressionBinder } from './expressions.js'
import { bindFrom } from './from.js'
import { sortKey } from './ordering.js'
import { notePlace } from './places.js'
import { bindLimits, bindQuery } from './query.js'
import { columnOf, firstRow, isSingle } from './reshape.js'
import { Frame, requirePosition, Scope, scopeTable } from './scope.js'
import type { Site } from './scope.js'
import { bindItems } from './select.js'

/** What goes into a column. Vectors have the length it declares: literals here, parameters when the statement runs. */
export function storable(context: BindContext, expr: Expr, column: ColumnEntry): Expr {
  const given = column.type === 'boolean' ? expr : numberOf(context, expr)
  const value = expectStorable(given, column.type, column.name)
  const { name, dimension } = column
  if (dimension === undefined) return value
  if (value.op === 'param') context.vectors.push({ index: value.index, column: name, dimension })
  else if (value.op === 'const' && value.value instanceof Float32Array) checkDimension(name, dimension, value.value)
  return value
}

/** What a column takes when a row leaves it out. */
export function defaultOf(context: BindContext, column: ColumnEntry): Expr {
  if (!column.default) return constant(column.type, null)
  if (column.default.kind === 'expression') return storedDefault(context, column, column.default.expression)
  if (column.default.kind !== 'value') return context.generate(column.default.kind, column.type)
  return constant(column.type, valueOfDefault(column.default.value, column.type) ?? null)
}

/** SQLite's OR REPLACE puts the default in the place of a NULL that a column must not have. */
export function orDefault(context: BindContext, value: Expr, column: ColumnEntry): Expr {
  if (!column.notNull || column.default?.kind !== 'value' || context.dialect !== 'sqlite') return value
  if (!isNullable(value)) return value
  return call('coalesce', column.type, value, defaultOf(context, column))
}

/** A default that is an expression: computed for every row. */
export function storedDefault(context: BindContext, column: ColumnEntry, text: string): Expr {
  const frame = new Frame(context, undefined)
  const scope = new Scope({ frame, definedIn: frame, tables: undefined })
  return storable(context, new ExpressionBinder(context, scope, 'DEFAULT').bind(parseStored(text)), column)
}

/** A column whose values the table makes. */
export function notWritable(column: ColumnEntry): Error {
  const how = column.generated ? 'is generated' : 'is an identity GENERATED ALWAYS'
  const what = `Column "${column.name}" ${how}: a statement cannot give it a value.`
  return queryError(what, 'Leave it out, or write DEFAULT.', { columnName: column.name })
}

/** Sets the columns that are the time of their last update, unless the statement does. */
function withTimes(context: BindContext, entry: TableEntry, set: readonly BoundAssignment[]): BoundAssignment[] {
  const given = new Set(set.map(({ position }) => position))
  const times = [...entry.columns.keys()].filter(position => {
    const { onUpdateNow, dropped } = entry.columns[position]!
    return onUpdateNow && !dropped && !given.has(position)
  })
  return [
    ...set,
    ...times.map(position => ({ position, value: context.generate('now', entry.columns[position]!.type) })),
  ]
}

export function bindAssignments(
  context: BindContext,
  scope: Scope,
  ref: TableRef,
  set: readonly Assignment[],
): BoundAssignment[] {
  const binder = new ExpressionBinder(context, scope, 'SET')
  return set.map(assignment => {
    try {
      return bindAssignment(binder, ref, assignment)
    } catch (error) {
      notePlace(error, assignment.at)
      throw error
    }
  })
}

function bindAssignment(binder: ExpressionBinder, ref: TableRef, { column, value }: Assignment): BoundAssignment {
  const { context } = binder
  const position = requirePosition(ref, column)
  const entry = ref.table.entry.columns[position]!
  if (entry.generated || entry.identity === 'always') throw notWritable(entry)
  if (value.kind === 'default') return { position, value: defaultOf(context, entry) }
  return { position, value: storable(context, binder.bind(value), entry) }
}

export function expectSetOnce(ref: TableRef, set: readonly BoundAssignment[]): void {
  const seen = new Set<number>()
  for (const { position } of set) {
    const { name } = ref.table.entry.columns[position]!
    if (seen.has(position)) throw queryError(`SET names the column "${name}" twice.`)
    seen.add(position)
  }
}

export function bindReturning(context: BindContext, scope: Scope, items: readonly SelectItem[]): OutputColumn[] {
  return bindItems(new ExpressionBinder(context, scope, 'RETURNING'), items).map(({ name, expr }) => ({ name, expr }))
}

interface TargetNode {
  readonly table: string
  readonly alias?: string | undefined
  readonly where: Expression | undefined
  readonly orderBy?: readonly OrderItem[] | undefined
  readonly limit?: Expression | undefined
  readonly offset?: Expression | undefined
}

/** The table that is written, alone and beside what is joined with it. */
interface Target {
  readonly ref: TableRef
  readonly scope: Scope
  from: Relation
}

function bindTarget(context: BindContext, site: Site, s: TargetNode, beside: TableExpression | undefined): Target {
  const table = context.requireTable(s.table)
  const ref = context.tableRef(table, s.alias ?? table.entry.name)
  const scope = new Scope(site)
  scope.add(scopeTable(ref))
  let from: Relation = { op: 'table', ref }
  if (beside) {
    const part = bindFrom(context, site, beside, false)
    scope.adopt(part)
    from = { op: 'join', kind: 'inner', left: from, right: part.relation, on: [] }
  }
  return { ref, scope, from }
}

function rowsOf(context: BindContext, site: Site, target: Target, s: TargetNode): BoundTarget {
  const { scope, ref } = target
  const binder = new ExpressionBinder(context, scope, 'ORDER BY')
  return {
    ref,
    from: target.from,
    where: s.where ? conjuncts(new ExpressionBinder(context, scope, 'WHERE').condition(s.where, 'WHERE')) : [],
    orderBy: (s.orderBy ?? []).map(item => sortKey(context, binder.bind(item.expression), item)),
    ...bindLimits(context, site, s),
  }
}

export function bindUpdate(context: BindContext, outside: Site, s: UpdateStatement): BoundUpdate {
  const site = withTables(context, outside, s.with)
  const target = bindTarget(context, site, s, s.from)
  const { ref, scope } = target
  const given = bindAssignments(context, scope, ref, s.set)
  for (const row of s.setRows ?? []) given.push(...bindSetRow(context, target, row))
  const set =
    s.conflict === 'replace'
      ? given.map(a => ({ ...a, value: orDefault(context, a.value, ref.table.entry.columns[a.position]!) }))
      : given
  if (set.length === 0) throw queryError(`UPDATE of "${ref.table.entry.name}" sets no column.`)
  expectSetOnce(ref, set)
  const rows = rowsOf(context, site, target, s)
  return {
    kind: 'update',
    ...rows,
    set: withTimes(context, ref.table.entry, set),
    action: s.conflict ?? 'error',
    returning: bindReturning(context, returningScope(context, target), s.returning),
  }
}

/** SQLite's RETURNING sees nothing but the row that is written. */
function returningScope(context: BindContext, { scope, ref }: Target): Scope {
  if (context.dialect !== 'sqlite') return scope
  const alone = new Scope(scope.site)
  alone.add(scopeTable(ref))
  return alone
}

/** `SET (a, b) = (SELECT …)`: the query is joined for each row, its columns are the values. */
function bindSetRow(
  context: BindContext,
  target: Target,
  { columns, query }: NonNullable<UpdateStatement['setRows']>[number],
): BoundAssignment[] {
  const { ref, scope } = target
  const places = columns.map(column => {
    const position = requirePosition(ref, column)
    const entry = ref.table.entry.columns[position]!
    if (entry.generated || entry.identity === 'always') throw notWritable(entry)
    return { position, entry }
  })
  const frame = new Frame(context, scope)
  const bound = bindQuery(context, { frame, definedIn: frame, tables: scope.site.tables }, query)
  if (bound.columns.length !== columns.length) {
    throw queryError(
      `SET (${columns.join(', ')}) takes ${columns.length} values; the query selects ${bound.columns.length}.`,
    )
  }
  if (!isSingle(bound) && context.dialect !== 'sqlite') {
    // Each of its columns as a subquery, which fails when there is more than one row.
    const binder = new ExpressionBinder(context, scope, 'SET')
    return places.map(({ position, entry }, i) => ({
      position,
      value: storable(context, binder.bind(columnOfQuery(query, i, columns.length)), entry),
    }))
  }
  const right: Relation = { op: 'query', query: firstRow(context, bound), name: 'set' }
  target.from = { op: 'lateral', kind: 'left', left: target.from, right, slots: frame.slots, on: [] }
  return places.map(({ position, entry }, i) => {
    const value = columnOf({ ...right.query.columns[i]!, nullable: true })
    return { position, value: storable(context, value, entry) }
  })
}

/** One column of a query, as an expression. */
function columnOfQuery(query: Query, position: number, width: number): Expression {
  const names = Array.from({ length: width }, (_, i) => `c${i}`)
  const expression: Expression = { kind: 'column', table: 'set', name: names[position]! }
  return {
    kind: 'subquery',
    query: {
      kind: 'select',
      distinct: false,
      columns: [{ kind: 'expression', expression, alias: undefined }],
      from: { kind: 'subquery', query, alias: 'set', columns: names },
      where: undefined,
      groupBy: [],
      having: undefined,
      orderBy: [],
      limit: undefined,
      offset: undefined,
    },
  }
}

export function bindDelete(context: BindContext, outside: Site, s: DeleteStatement): BoundDelete {
  const site = withTables(context, outside, s.with)
  const target = bindTarget(context, site, s, s.using)
  const rows = rowsOf(context, site, target, s)
  return { kind: 'delete', ...rows, returning: bindReturning(context, returningScope(context, target), s.returning) }
}
