/** All expressions of a bound statement, those of the queries inside them too. */
import type {
  BoundConflict,
  BoundInsert,
  BoundQuery,
  BoundWrite,
  Grouping,
  OutputColumn,
  Relation,
  SortKey,
} from './bound.js'
import { operands } from './expr.js'
import type { Expr } from './expr.js'

export type Visitor = (expr: Expr) => void

/** All ON CONFLICT clauses. */
export function conflictsOf(root: BoundInsert): readonly BoundConflict[] {
  return [...(root.conflict ? [root.conflict] : []), ...root.more]
}

/** Calls `visit` for every node of every expression. */
export function visitRoot(root: BoundQuery | BoundWrite, visit: Visitor): void {
  switch (root.kind) {
    case 'insert':
      visitQuery(root.source, visit)
      for (const { set, where } of conflictsOf(root)) {
        for (const { value } of set) visitExpr(value, visit)
        visitMaybe(where, visit)
      }
      visitOutput(root.returning, visit)
      return
    case 'update':
    case 'delete':
      visitRelation(root.from, visit)
      visitAll(root.where, visit)
      visitKeys(root.orderBy, visit)
      visitMaybe(root.limit, visit)
      visitMaybe(root.offset, visit)
      if (root.kind === 'update') for (const { value } of root.set) visitExpr(value, visit)
      visitOutput(root.returning, visit)
      return
    default:
      visitQuery(root, visit)
  }
}

export function visitQuery(query: BoundQuery, visit: Visitor): void {
  switch (query.kind) {
    case 'values':
      for (const row of query.rows) visitAll(row, visit)
      return
    case 'union':
      for (const input of query.inputs) visitQuery(input, visit)
      return
    case 'setOperation':
      visitQuery(query.left, visit)
      visitQuery(query.right, visit)
      return
    case 'recursive':
      visitQuery(query.anchor, visit)
      visitQuery(query.step, visit)
      return
    case 'select':
      if (query.from) visitRelation(query.from, visit)
      visitAll(query.where, visit)
      if (query.grouping) visitGrouping(query.grouping, visit)
      for (const { expr } of query.windows) visitExpr(expr, visit)
      visitAll(query.qualify, visit)
      visitAll(query.output, visit)
      visitKeys(query.orderBy, visit)
      visitMaybe(query.limit, visit)
      visitMaybe(query.offset, visit)
  }
}

function visitGrouping(grouping: Grouping, visit: Visitor): void {
  for (const { expr } of grouping.groups) visitExpr(expr, visit)
  for (const { expr } of grouping.aggregates) visitExpr(expr, visit)
  visitAll(grouping.having, visit)
}

function visitRelation(relation: Relation, visit: Visitor): void {
  switch (relation.op) {
    case 'query':
      visitQuery(relation.query, visit)
      return
    case 'function':
      visitAll(relation.args, visit)
      return
    case 'join':
    case 'lateral':
      visitRelation(relation.left, visit)
      visitRelation(relation.right, visit)
      if (relation.op === 'lateral') for (const { expr } of relation.slots) visitExpr(expr, visit)
      visitAll(relation.on, visit)
      return
    default:
  }
}

function visitExpr(expr: Expr, visit: Visitor): void {
  visit(expr)
  for (const operand of operands(expr)) visitExpr(operand, visit)
  if (expr.op === 'subquery') visitQuery(expr.query, visit)
}

function visitMaybe(expr: Expr | undefined, visit: Visitor): void {
  if (expr) visitExpr(expr, visit)
}

function visitAll(exprs: readonly Expr[], visit: Visitor): void {
  for (const expr of exprs) visitExpr(expr, visit)
}

function visitKeys(keys: readonly SortKey[], visit: Visitor): void {
  for (const { expr } of keys) visitExpr(expr, visit)
}

function visitOutput(columns: readonly OutputColumn[], visit: Visitor): void {
  for (const { expr } of columns) visitExpr(expr, visit)
}
