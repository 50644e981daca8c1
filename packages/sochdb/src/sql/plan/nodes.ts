/**
 * Physical plans: what the optimizer builds and the encoder turns into words. The operators of plan_format.h, one to one, with
 * columns still named by id: each node says which columns it yields, in order.
 */
import type { BoundAssignment, SortKey, TableRef } from '../binder/bound.js'
import type { AggregateExpr, ColumnId, Expr } from '../binder/expr.js'

/** Position in the table's indexes; -1: the rows by primary key. */
export type IndexNumber = number

export interface ScanNode {
  readonly op: 'scan'
  readonly ref: TableRef
  readonly index: IndexNumber
  readonly reverse: boolean
  /** Positions of the columns read. */
  readonly projection: readonly number[]
  readonly equal: readonly Expr[]
  readonly lo: Bound | undefined
  readonly hi: Bound | undefined
}

export interface Bound {
  readonly expr: Expr
  readonly inclusive: boolean
}

export interface ScanKeysNode {
  readonly op: 'scanKeys'
  readonly ref: TableRef
  readonly index: IndexNumber
  readonly projection: readonly number[]
  /** Rows of equal width. */
  readonly keys: readonly (readonly Expr[])[]
}

export interface FilterNode {
  readonly op: 'filter'
  readonly input: PlanNode
  readonly predicate: Expr
}

export interface ProjectNode {
  readonly op: 'project'
  readonly input: PlanNode
  readonly exprs: readonly Expr[]
  readonly ids: readonly ColumnId[]
}

export interface SortNode {
  readonly op: 'sort'
  readonly input: PlanNode
  readonly keys: readonly SortKey[]
  readonly limit: Expr | undefined
  readonly offset: Expr | undefined
}

export interface LimitNode {
  readonly op: 'limit'
  readonly input: PlanNode
  readonly limit: Expr | undefined
  readonly offset: Expr | undefined
}

export interface AggregateNode {
  readonly op: 'aggregate'
  readonly input: PlanNode
  readonly groups: readonly { readonly id: ColumnId; readonly expr: Expr }[]
  readonly aggregates: readonly { readonly id: ColumnId; readonly expr: AggregateExpr }[]
}

export interface IndexJoinNode {
  readonly op: 'indexJoin'
  readonly outer: PlanNode
  readonly kind: 'inner' | 'left'
  readonly ref: TableRef
  readonly index: IndexNumber
  readonly projection: readonly number[]
  /** Over the outer row. */
  readonly equal: readonly Expr[]
  readonly residual: Expr | undefined
}

export interface LoopJoinNode {
  readonly op: 'loopJoin'
  readonly left: PlanNode
  readonly right: PlanNode
  readonly kind: 'inner' | 'left'
  readonly predicate: Expr | undefined
}

export interface DistinctNode {
  readonly op: 'distinct'
  readonly input: PlanNode
}

export interface ValuesNode {
  readonly op: 'values'
  readonly rows: readonly (readonly Expr[])[]
  readonly ids: readonly ColumnId[]
}

export interface InsertNode {
  readonly op: 'insert'
  readonly ref: TableRef
  readonly input: ValuesNode
  readonly targets: readonly number[]
  readonly action: 'error' | 'nothing' | 'update' | 'ignore' | 'replace'
  readonly conflictIndex: number
  /** The proposed row, in expressions of `set` and `where`. */
  readonly excluded: TableRef | undefined
  readonly set: readonly BoundAssignment[]
  readonly where: Expr | undefined
  readonly returning: readonly Expr[]
}

export interface UpdateNode {
  readonly op: 'update'
  readonly ref: TableRef
  /** Yields all columns of `ref`, in storage order. */
  readonly input: PlanNode
  readonly set: readonly BoundAssignment[]
  readonly returning: readonly Expr[]
}

export interface DeleteNode {
  readonly op: 'delete'
  readonly ref: TableRef
  /** Yields all columns of `ref`, in storage order. */
  readonly input: PlanNode
  readonly returning: readonly Expr[]
}

export type PlanNode =
  | ScanNode
  | ScanKeysNode
  | FilterNode
  | ProjectNode
  | SortNode
  | LimitNode
  | AggregateNode
  | IndexJoinNode
  | LoopJoinNode
  | DistinctNode
  | ValuesNode
  | InsertNode
  | UpdateNode
  | DeleteNode

/** The columns a node yields, in order. Writes yield what RETURNING names, which nothing refers to. */
export function columnsOfNode(node: PlanNode): readonly ColumnId[] {
  switch (node.op) {
    case 'scan':
    case 'scanKeys':
      return projectedIds(node.ref, node.projection)
    case 'filter':
    case 'sort':
    case 'limit':
    case 'distinct':
      return columnsOfNode(node.input)
    case 'project':
    case 'values':
      return node.ids
    case 'aggregate':
      return [...node.groups.map(g => g.id), ...node.aggregates.map(a => a.id)]
    case 'indexJoin':
      return [...columnsOfNode(node.outer), ...projectedIds(node.ref, node.projection)]
    case 'loopJoin':
      return [...columnsOfNode(node.left), ...columnsOfNode(node.right)]
    case 'insert':
    case 'update':
    case 'delete':
      return []
  }
}

export function projectedIds(ref: TableRef, projection: readonly number[]): ColumnId[] {
  return projection.map(position => ref.columns[position]!.id)
}
