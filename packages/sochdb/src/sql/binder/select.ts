/** Binding of SELECT, and of the select lists that RETURNING shares with it. */
import type { Expression, OrderItem, SelectItem, SelectStatement, TableExpression } from '../ast/nodes.js'
import { printExpression } from '../ast/print.js'
import { liveColumns } from '../catalog/entries.js'
import { foldName } from '../catalog/store.js'
import { queryError, unsupported } from '../problem.js'
import type { BoundSelect, OutputColumn, Relation, SortKey, TableRef } from './bound.js'
import { conjuncts, exprKey } from './expr.js'
import type { ColumnExpr, Expr } from './expr.js'
import { bindCount, ExpressionBinder } from './expressions.js'
import { hasAggregate } from './aggregates.js'
import { Grouper } from './grouping.js'
import { Scope } from './scope.js'
import type { BindContext } from './scope.js'

export function bindSelect(context: BindContext, s: SelectStatement): BoundSelect {
  const scope = new Scope()
  const from = s.from && bindTable(context, scope, s.from, false)
  const where = s.where ? conjuncts(new ExpressionBinder(context, scope, 'WHERE').condition(s.where, 'WHERE')) : []
  const items = bindItems(new ExpressionBinder(context, scope, undefined), s.columns)
  if (items.length === 0) throw queryError('The statement selects no columns.')
  scope.aliases = aliasesOf(items)
  const groups = s.groupBy.map(e => bindGroup(context, scope, items, e))
  const upper = new ExpressionBinder(context, scope, undefined)
  const having = s.having ? conjuncts(upper.condition(s.having, 'HAVING')) : []
  const orderBy = s.orderBy.map(item => bindOrder(upper, items, item))
  const counts = new ExpressionBinder(context, new Scope(), 'LIMIT')
  const limit = s.limit && bindCount(counts, s.limit, 'LIMIT')
  const offset = s.offset && bindCount(counts, s.offset, 'OFFSET')

  const grouped =
    groups.length > 0 ||
    having.length > 0 ||
    items.some(i => hasAggregate(i.expr)) ||
    orderBy.some(k => hasAggregate(k.expr))
  let output: readonly OutputColumn[] = items.map(({ name, expr }) => ({ name, expr }))
  let keys: readonly SortKey[] = orderBy
  let grouping: BoundSelect['grouping']
  if (grouped) {
    const grouper = new Grouper(context, scope.refs, groups)
    output = output.map(o => ({ name: o.name, expr: grouper.lift(o.expr, 'the select list') }))
    keys = keys.map(key => ({ ...key, expr: grouper.lift(key.expr, 'ORDER BY') }))
    grouping = grouper.finish(having.map(e => grouper.lift(e, 'HAVING')))
  }
  const outputIds = output.map(() => context.newColumnId())
  if (s.distinct) keys = keys.map(key => ({ ...key, expr: outputOf(output, outputIds, key.expr) }))
  return {
    kind: 'select',
    from,
    where,
    grouping,
    output,
    outputIds,
    distinct: s.distinct,
    orderBy: keys,
    limit,
    offset,
  }
}

function bindTable(context: BindContext, scope: Scope, t: TableExpression, nullable: boolean): Relation {
  if (t.kind === 'table') {
    const table = context.requireTable(t.name)
    const ref = context.tableRef(table, t.alias ?? table.entry.name, nullable)
    scope.add(ref)
    return { op: 'table', ref }
  }
  if (t.kind !== 'join') throw unsupported(`A ${t.kind} in FROM`)
  if (t.join === 'right' || t.join === 'full') throw unsupported(`A ${t.join} join`)
  const before = scope.refs.length
  const left = bindTable(context, scope, t.left, nullable)
  const right = bindTable(context, scope, t.right, nullable || t.join === 'left')
  let on: Expr[] = []
  if (t.on) {
    if (t.join === 'cross') throw queryError('A CROSS JOIN takes no ON.', 'Use INNER JOIN.')
    // ON sees the tables of its own join alone.
    const inner = new Scope()
    inner.refs.push(...scope.refs.slice(before))
    on = conjuncts(new ExpressionBinder(context, inner, 'ON').condition(t.on, 'ON'))
  } else if (t.join === 'left') {
    throw queryError('A LEFT JOIN needs a condition: ON ….')
  }
  return { op: 'join', kind: t.join === 'left' ? 'left' : 'inner', left, right, on }
}

export interface BoundItem extends OutputColumn {
  /** Whether the name was given or is that of a column, so that other clauses can use it. */
  readonly named: boolean
}

export function bindItems(binder: ExpressionBinder, items: readonly SelectItem[]): BoundItem[] {
  const bound: BoundItem[] = []
  for (const item of items) {
    if (item.kind === 'all') {
      const refs = item.table === undefined ? binder.scope.refs : [binder.scope.requireRef(item.table)]
      if (refs.length === 0) throw queryError('* needs a table to take its columns from.')
      for (const ref of refs) bound.push(...allColumns(ref))
      continue
    }
    const expr = binder.bind(item.expression)
    bound.push({
      name: item.alias ?? item.text ?? nameOf(binder, item.expression),
      expr,
      named: item.alias !== undefined || item.expression.kind === 'column',
    })
  }
  return bound
}

function allColumns(ref: TableRef): BoundItem[] {
  return liveColumns(ref.table.entry).map(position => ({
    name: ref.table.entry.columns[position]!.name,
    expr: ref.columns[position]!,
    named: true,
  }))
}

/** Names of result columns are cut short where an expression nests deeper. */
const NAME_DEPTH_MAX = 40

/** A column is called as the table declares it, anything else by its text. */
function nameOf(binder: ExpressionBinder, e: Expression): string {
  if (e.kind !== 'column') return printExpression(e, NAME_DEPTH_MAX)
  for (const ref of [...binder.scope.refs, ...binder.scope.qualifiedOnly]) {
    if (e.table !== undefined && foldName(ref.name) !== foldName(e.table)) continue
    const position = binder.scope.position(ref, e.name)
    if (position !== undefined) return ref.table.entry.columns[position]!.name
  }
  return e.name
}

function aliasesOf(items: readonly BoundItem[]): ReadonlyMap<string, Expr> {
  const aliases = new Map<string, Expr>()
  for (const item of items) if (item.named) aliases.set(foldName(item.name), item.expr)
  return aliases
}

/** `GROUP BY 2` is the second output column, `GROUP BY name` a column of the tables or else an output column. */
function bindGroup(context: BindContext, scope: Scope, items: readonly BoundItem[], e: Expression): Expr {
  const expr = positional(items, e, 'GROUP BY') ?? new ExpressionBinder(context, scope, 'GROUP BY').bind(e)
  if (hasAggregate(expr)) throw queryError('GROUP BY holds an aggregate.', 'Group by what the aggregate is taken over.')
  return expr
}

function positional(items: readonly BoundItem[], e: Expression, clause: string): Expr | undefined {
  if (e.kind !== 'literal' || (typeof e.value !== 'number' && typeof e.value !== 'bigint')) return undefined
  const item = items[Number(e.value) - 1]
  if (!item) throw queryError(`${clause} ${e.value} names no column: the statement selects ${items.length}.`)
  return item.expr
}

function bindOrder(binder: ExpressionBinder, items: readonly BoundItem[], item: OrderItem): SortKey {
  const expr =
    positional(items, item.expression, 'ORDER BY') ??
    outputNamed(items, item.expression) ??
    binder.bind(item.expression)
  if (expr.type === 'vector') throw queryError(`ORDER BY takes values with an order; a vector has none.`)
  const nullsLast = item.nulls === undefined ? item.descending : item.nulls === 'last'
  return { expr, descending: item.descending, nullsLast }
}

/** A bare name in ORDER BY is an output column first. */
function outputNamed(items: readonly BoundItem[], e: Expression): Expr | undefined {
  if (e.kind !== 'column' || e.table !== undefined) return undefined
  const folded = foldName(e.name)
  const matches = items.filter(i => i.named && foldName(i.name) === folded)
  const keys = new Set(matches.map(i => exprKey(i.expr)))
  return keys.size === 1 ? matches[0]!.expr : undefined
}

/** The output column that an ORDER BY expression of a DISTINCT is. */
function outputOf(output: readonly OutputColumn[], ids: readonly number[], expr: Expr): ColumnExpr {
  const key = exprKey(expr)
  const position = output.findIndex(o => exprKey(o.expr) === key)
  if (position < 0) {
    throw queryError('With DISTINCT, ORDER BY takes only what is selected.', 'Select the expression, or drop DISTINCT.')
  }
  return { op: 'column', type: expr.type, id: ids[position]!, nullable: true, label: output[position]!.name }
}
