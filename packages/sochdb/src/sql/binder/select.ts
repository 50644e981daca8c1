/** Binding of SELECT, and of the select lists that RETURNING shares with it. */
import type { Expression, OrderItem, SelectItem, SelectStatement } from '../ast/nodes.js'
import { printExpression } from '../ast/print.js'
import { foldName } from '../catalog/store.js'
import { queryError } from '../problem.js'
import type { BoundSelect, OutputColumn, QueryColumn, SortKey } from './bound.js'
import type { BindContext } from './context.js'
import { comparedAs } from './collations.js'
import { withTables } from './ctes.js'
import { collationPart, conjuncts, exprKey } from './expr.js'
import type { Expr } from './expr.js'
import { ExpressionBinder } from './expressions.js'
import { bindFrom } from './from.js'
import { hasAggregate } from './aggregates.js'
import { distinctly, Grouper } from './grouping.js'
import { sortKey } from './ordering.js'
import { bindLimits } from './query.js'
import { columnFor, columnOf } from './reshape.js'
import { Scope } from './scope.js'
import type { Site } from './scope.js'
import { firstOfEach, WindowLifter } from './lifting.js'

export function bindSelect(context: BindContext, outside: Site, s: SelectStatement): BoundSelect {
  const site = withTables(context, outside, s.with)
  const scope = new Scope(site)
  const from = s.from && bindFrom(context, site, s.from, false)
  if (from) scope.adopt(from)
  const where = s.where ? conjuncts(new ExpressionBinder(context, scope, 'WHERE').condition(s.where, 'WHERE')) : []
  const lists = new ExpressionBinder(context, scope, undefined, s.windows)
  const items = bindItems(lists, s.columns)
  if (items.length === 0) throw queryError('The statement selects no columns.')
  scope.aliases = aliasesOf(items)
  const groups = s.groupBy.map(e => bindGroup(context, scope, items, e))
  const upper = new ExpressionBinder(context, scope, undefined)
  const having = s.having ? conjuncts(upper.condition(s.having, 'HAVING')) : []
  const orderBy = s.orderBy.map(item => bindOrder(lists, items, item))
  const distinctOn = s.distinctOn?.map(e => positional(items, e, 'DISTINCT ON') ?? lists.bind(e))
  const limits = bindLimits(context, site, s)

  let output: readonly Expr[] = items.map(item => item.expr)
  let keys: readonly SortKey[] = orderBy
  let grouping: BoundSelect['grouping']
  let firsts = distinctOn ? [firstOfEach(distinctOn, orderBy)] : []
  if (groups.length > 0 || having.length > 0 || [...output, ...orderBy.map(k => k.expr)].some(hasAggregate)) {
    const grouper = new Grouper(context, scope.tables, groups, [
      ...output,
      ...keys.map(k => k.expr),
      ...firsts,
      ...having,
    ])
    output = output.map(expr => grouper.lift(expr, 'the select list'))
    keys = keys.map(key => ({ ...key, expr: grouper.lift(key.expr, 'ORDER BY') }))
    firsts = firsts.map(expr => grouper.lift(expr, 'DISTINCT ON'))
    grouping = grouper.finish(having.map(e => grouper.lift(e, 'HAVING')))
  }
  const lifter = new WindowLifter(context)
  output = output.map(expr => lifter.lift(expr))
  keys = keys.map(key => ({ ...key, expr: lifter.lift(key.expr) }))
  const qualify = firsts.map(expr => lifter.lift(expr))
  const columns = context.newColumns(
    output.map((expr, i) => ({ ...columnFor(items[i]!.name, expr), ...collationPart(items[i]!.expr) })),
  )
  if (s.distinct) keys = keys.map(key => ({ ...key, expr: outputOf(columns, output, key.expr) }))
  const select: BoundSelect = {
    kind: 'select',
    columns,
    from: from?.relation,
    where,
    grouping,
    windows: lifter.windows,
    qualify,
    output,
    distinct: s.distinct,
    orderBy: keys,
    ...limits,
  }
  return s.distinct ? distinctly(context, select) : select
}

export interface BoundItem extends OutputColumn {
  /** Whether the name was given or is that of a column, so that other clauses can use it. */
  readonly named: boolean
}

export function bindItems(binder: ExpressionBinder, items: readonly SelectItem[]): BoundItem[] {
  const { scope } = binder
  const bound: BoundItem[] = []
  for (const item of items) {
    if (item.kind === 'all') {
      const columns = item.table === undefined ? scope.columns : scope.requireTable(item.table).columns
      if (columns.length === 0) throw queryError('* needs a table to take its columns from.')
      for (const { name, expr } of columns) bound.push({ name, expr, named: true })
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

/** Names of result columns are cut short where an expression nests deeper. */
const NAME_DEPTH_MAX = 40

/** A column is called as the table declares it, anything else by its text. */
function nameOf(binder: ExpressionBinder, e: Expression): string {
  if (e.kind === 'field') return e.name
  if (e.kind !== 'column') return printExpression(e, NAME_DEPTH_MAX)
  const folded = foldName(e.name)
  const columns = e.table === undefined ? binder.scope.columns : binder.scope.findTable(e.table)?.columns
  return columns?.find(column => foldName(column.name) === folded)?.name ?? e.name
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
  return sortKey(binder.context, expr, item)
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
function outputOf(columns: readonly QueryColumn[], output: readonly Expr[], expr: Expr): Expr {
  const key = exprKey(expr)
  const position = output.findIndex(o => exprKey(o) === key)
  // What is ordered by a collation is folded already.
  const folded = columns.find(
    (column, i) => exprKey(comparedAs({ ...output[i]!, ...collationPart(columnOf(column)) })) === key,
  )
  if (folded) return comparedAs(columnOf(folded))
  if (position < 0) {
    throw queryError('With DISTINCT, ORDER BY takes only what is selected.', 'Select the expression, or drop DISTINCT.')
  }
  return columnOf(columns[position]!)
}
