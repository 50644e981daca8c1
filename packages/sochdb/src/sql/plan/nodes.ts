/**
 * Physical plans: what the optimizer builds and the encoder turns into words. The operators of plan_format.h, one to one, with
 * columns still named by id: each node says which columns it yields, in order.
 */
import type { BoundAssignment, SortKey, TableRef } from '../binder/bound.js'
import type { AggregateExpr, ColumnId, Expr, WindowExpr } from '../binder/expr.js'
import type { SqlType } from '../types.js'

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

/** Over rows that are sorted by the partition's expressions, then by `order`. */
export interface WindowNode {
  readonly op: 'window'
  readonly input: PlanNode
  readonly partition: readonly Expr[]
  readonly order: readonly SortKey[]
  /** Of equal partition and order, which are those of the node. */
  readonly functions: readonly { readonly id: ColumnId; readonly expr: WindowExpr }[]
}

export interface IndexJoinNode {
  readonly op: 'indexJoin'
  readonly outer: PlanNode
  /** `semi` and `anti` yield the outer columns alone. */
  readonly kind: 'inner' | 'left' | 'semi' | 'anti'
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
  /** `semi` and `anti` yield the left columns alone; `full` ends with the right rows that nothing matched. */
  readonly kind: 'inner' | 'left' | 'semi' | 'anti' | 'full'
  readonly predicate: Expr | undefined
  /** What else decides, of the pairs for which the predicate holds: over what `rows` makes of these columns of them. */
  readonly asked?:
    { readonly columns: readonly ColumnId[]; readonly rows: OverRows; readonly predicate: Expr } | undefined
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

/** The rows of all inputs, one input after the other. Columns match by position, and have the same types. */
export interface UnionAllNode {
  readonly op: 'unionAll'
  readonly inputs: readonly PlanNode[]
  readonly ids: readonly ColumnId[]
}

/** INTERSECT and EXCEPT, `all` or of distinct rows; NULLs are equal. Rows come in the left's order. */
export interface SetOpNode {
  readonly op: 'setOp'
  readonly left: PlanNode
  readonly right: PlanNode
  readonly kind: 'intersect' | 'except'
  readonly all: boolean
  readonly ids: readonly ColumnId[]
}

/** The rows of `anchor`, then those of `step` over the rows of the round before, until a round has none. */
export interface RecursiveNode {
  readonly op: 'recursive'
  readonly anchor: PlanNode
  readonly step: PlanNode
  /** Rows that came before do not come again. */
  readonly distinct: boolean
  /** What the working tables in `step` name it by; unique in the plan. */
  readonly table: number
  readonly ids: readonly ColumnId[]
}

/** Inside the step of a recursive node: the rows of the round before. */
export interface WorkingTableNode {
  readonly op: 'workingTable'
  readonly table: number
  readonly ids: readonly ColumnId[]
  readonly types: readonly SqlType[]
}

/** For each outer row: sets the slots, then runs `inner`, whose expressions may hold them. */
export interface ApplyNode {
  readonly op: 'apply'
  readonly outer: PlanNode
  readonly inner: PlanNode
  /** `scalar`, `exists` and `any` add one column, `inner` and `left` those of the inner node. */
  readonly kind: 'scalar' | 'exists' | 'inner' | 'left' | 'any'
  /** Over the outer row; a slot belongs to one apply of the plan. */
  readonly slots: readonly { readonly slot: number; readonly expr: Expr }[]
  /** Over outer and inner columns; of `any` (which has it always), `inner` and `left`. */
  readonly predicate?: Expr | undefined
  /** The column that `scalar`, `exists` and `any` add. */
  readonly id?: ColumnId | undefined
}

export interface TableFunctionNode {
  readonly op: 'tableFunction'
  readonly fn: number
  /** Rowless; slots are welcome. */
  readonly args: readonly Expr[]
  readonly ids: readonly ColumnId[]
  readonly types: readonly SqlType[]
}

export interface InsertNode {
  readonly op: 'insert'
  readonly ref: TableRef
  /** Yields a column per target. */
  readonly input: PlanNode
  readonly targets: readonly number[]
  readonly conflict: ConflictNode
  /** Further ON CONFLICT clauses, `nothing` or `update` each. */
  readonly more: readonly ConflictNode[]
  readonly returning: readonly Expr[]
  /** What runs the subqueries of `returning`. */
  readonly returningRows: OverRows | undefined
}

export interface ConflictNode {
  readonly action: 'error' | 'nothing' | 'update' | 'ignore' | 'replace'
  readonly index: number
  /** The proposed row, in expressions of `set` and `where`. */
  readonly excluded: TableRef | undefined
  readonly set: readonly BoundAssignment[]
  readonly where: Expr | undefined
  /** What runs the subqueries of `set` and `where`. */
  readonly rows: OverRows | undefined
}

/** Subqueries over rows that a write or a join comes by: `plan` reads them from the working table, and yields each with more columns. */
export interface OverRows {
  readonly plan: PlanNode
  readonly table: number
}

export interface UpdateNode {
  readonly op: 'update'
  readonly ref: TableRef
  /** Yields all columns of `ref`, in storage order. */
  readonly input: PlanNode
  readonly set: readonly BoundAssignment[]
  /** What happens to rows that cannot be what they would become. */
  readonly action: 'error' | 'ignore' | 'replace'
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
  | WindowNode
  | IndexJoinNode
  | LoopJoinNode
  | DistinctNode
  | ValuesNode
  | UnionAllNode
  | SetOpNode
  | RecursiveNode
  | WorkingTableNode
  | ApplyNode
  | TableFunctionNode
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
    case 'unionAll':
    case 'setOp':
    case 'recursive':
    case 'workingTable':
    case 'tableFunction':
      return node.ids
    case 'aggregate':
      return [...node.groups.map(g => g.id), ...node.aggregates.map(a => a.id)]
    case 'window':
      return [...columnsOfNode(node.input), ...node.functions.map(f => f.id)]
    case 'indexJoin':
    case 'loopJoin':
      return yieldsLeftAlone(node.kind) ? columnsOfNode(leftOf(node)) : columnsOfSides(node)
    case 'apply':
      return node.id === undefined ? columnsOfSides(node) : [...columnsOfNode(node.outer), node.id]
    case 'insert':
    case 'update':
    case 'delete':
      return []
  }
}

/** The columns that a predicate of a join or an apply sees, in order: those of both sides. */
export function columnsOfSides(node: IndexJoinNode | LoopJoinNode | ApplyNode): readonly ColumnId[] {
  const left = columnsOfNode(leftOf(node))
  if (node.op === 'indexJoin') return [...left, ...projectedIds(node.ref, node.projection)]
  return [...left, ...columnsOfNode(node.op === 'apply' ? node.inner : node.right)]
}

function leftOf(node: IndexJoinNode | LoopJoinNode | ApplyNode): PlanNode {
  return node.op === 'loopJoin' ? node.left : node.outer
}

function yieldsLeftAlone(kind: LoopJoinNode['kind']): boolean {
  return kind === 'semi' || kind === 'anti'
}

export function projectedIds(ref: TableRef, projection: readonly number[]): ColumnId[] {
  return projection.map(position => ref.columns[position]!.id)
}
