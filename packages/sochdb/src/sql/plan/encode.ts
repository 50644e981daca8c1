/**
 * The encoder: physical plans as words and constants, exactly as plan_format.h lays them out. A node is written before what
 * it points to, so that every offset points forward; tables come last, since several nodes may share one.
 */
import type { SortKey, TableRef } from '../binder/bound.js'
import type { AggregateExpr, CallExpr, ColumnId, Expr, FrameEdge, WindowExpr } from '../binder/expr.js'
import { FUNCTIONS } from '../binder/functions/registry.js'
import type { BoundForeignKey } from '../binder/foreign-keys.js'
import type { CatalogTable } from '../catalog/entries.js'
import { queryError } from '../problem.js'
import { TYPE_NUMBERS } from '../types.js'
import type { SqlType } from '../types.js'
import { ConstantPool } from './constants.js'
import { foreignKeyParts, halves, tableParts } from './encode-table.js'
import {
  AggregateFlag,
  AggregateNumber,
  ApplyKind,
  ConflictAction,
  ExprOp,
  FrameBound,
  FrameExclude,
  FrameMode,
  HEADER_WORDS,
  JoinKind,
  LikeFlag,
  PLAN_DEPTH_MAX,
  PLAN_MAGIC,
  PLAN_VERSION,
  PLAN_WORDS_MAX,
  PlanFlag,
  PlanOp,
  ScanFlag,
  SetOpKind,
  SortFlag,
  WindowFlag,
  WindowNumber,
} from './format.js'
import { columnsOfNode, columnsOfSides } from './nodes.js'
import type {
  ApplyNode,
  Bound,
  ConflictNode,
  IndexJoinNode,
  InsertNode,
  LoopJoinNode,
  OverRows,
  PlanNode,
  ScanKeysNode,
  ScanNode,
  WindowNode,
} from './nodes.js'

export interface EncodedPlan {
  readonly words: Int32Array
  readonly constants: Uint8Array
}

export interface PlanHeader {
  readonly parameterCount: number
  readonly namespaceId: number
  readonly catalogTimestamp: bigint
  /** Whether it yields what its operators did in the place of rows. */
  readonly analyzes?: boolean
  /** Those that a write may have to do with. */
  readonly foreignKeys?: readonly BoundForeignKey[]
}

/** Errors: QueryError for a statement that is too large for a plan. */
export function encodePlan(root: PlanNode, header: PlanHeader): EncodedPlan {
  return new PlanWriter().write(root, header)
}

/** A word; or the offset of what it writes; or the table it stands for. */
export type Part = number | (() => number) | { readonly table: CatalogTable }

/** Position of each column in the rows an expression sees. */
type Layout = ReadonlyMap<ColumnId, number>
const NO_COLUMNS: Layout = new Map()
const NONE = -1

class PlanWriter {
  readonly #words: number[] = new Array<number>(HEADER_WORDS).fill(0)
  readonly #pool = new ConstantPool()
  readonly #tables = new Map<CatalogTable, number[]>()
  #depth = 0
  #foreignKeys: readonly BoundForeignKey[] = []

  write(root: PlanNode, header: PlanHeader): EncodedPlan {
    const writes = root.op === 'insert' || root.op === 'update' || root.op === 'delete'
    this.#foreignKeys = header.foreignKeys ?? []
    const offset = this.#node(root)
    for (const [table, uses] of this.#tables) {
      const at = this.#emit(
        tableParts(table, { pool: this.#pool, writes, row: (expr, positions) => this.#ref(expr, positions) }),
      )
      for (const use of uses) this.#words[use] = at
    }
    const [high, low] = halves(header.catalogTimestamp)
    const head = [
      PLAN_MAGIC,
      PLAN_VERSION,
      this.#words.length,
      offset,
      header.parameterCount,
      this.#pool.count,
      (writes ? PlanFlag.writes : 0) | (header.analyzes === true ? PlanFlag.analyzes : 0),
      header.namespaceId | 0,
      high,
      low,
    ]
    head.forEach((word, i) => (this.#words[i] = word))
    return { words: Int32Array.from(this.#words), constants: this.#pool.bytes() }
  }

  /** Writes the parts in a row, then what they point to. */
  #emit(parts: readonly Part[]): number {
    const at = this.#words.length
    if (at + parts.length > PLAN_WORDS_MAX) {
      throw queryError(
        'The statement is too large.',
        'Split it: write rows in batches, or pass fewer values in one list.',
      )
    }
    if (++this.#depth > PLAN_DEPTH_MAX)
      throw queryError('The statement nests too deep.', 'Split it into several statements.')
    for (const part of parts) this.#words.push(typeof part === 'number' ? part : NONE)
    for (let i = 0; i < parts.length; ++i) {
      const part = parts[i]!
      if (typeof part === 'function') this.#words[at + i] = part()
      else if (typeof part === 'object') this.#use(part.table, at + i)
    }
    --this.#depth
    return at
  }

  #use(table: CatalogTable, word: number): void {
    const uses = this.#tables.get(table)
    if (uses) uses.push(word)
    else this.#tables.set(table, [word])
  }

  #node(node: PlanNode): number {
    switch (node.op) {
      case 'scan':
        return this.#emit(this.#scan(node))
      case 'scanKeys':
        return this.#emit(this.#scanKeys(node))
      case 'filter':
        return this.#emit([
          PlanOp.filter,
          () => this.#node(node.input),
          this.#ref(node.predicate, layoutOf(node.input)),
        ])
      case 'project':
        return this.#emit([
          PlanOp.project,
          () => this.#node(node.input),
          ...this.#list(node.exprs, layoutOf(node.input)),
        ])
      case 'sort': {
        const keys = this.#sortKeys(node.keys, layoutOf(node.input))
        const limits = [this.#optional(node.limit), this.#optional(node.offset)]
        return this.#emit([PlanOp.sort, () => this.#node(node.input), ...keys, ...limits])
      }
      case 'limit':
        return this.#emit([
          PlanOp.limit,
          () => this.#node(node.input),
          this.#optional(node.limit),
          this.#optional(node.offset),
        ])
      case 'aggregate': {
        const layout = layoutOf(node.input)
        const groups = this.#list(
          node.groups.map(g => g.expr),
          layout,
        )
        const aggregates = node.aggregates.flatMap(({ expr }) => this.#aggregate(expr, layout))
        return this.#emit([
          PlanOp.aggregate,
          () => this.#node(node.input),
          ...groups,
          node.aggregates.length,
          ...aggregates,
        ])
      }
      case 'window':
        return this.#emit(this.#window(node))
      case 'indexJoin':
        return this.#emit(this.#indexJoin(node))
      case 'loopJoin':
        return this.#emit([
          PlanOp.loopJoin,
          () => this.#node(node.left),
          () => this.#node(node.right),
          JoinKind[node.kind],
          this.#optional(node.predicate, layoutOfSides(node)),
          ...this.#asked(node),
        ])
      case 'distinct':
        return this.#emit([PlanOp.distinct, () => this.#node(node.input)])
      case 'values': {
        const cells = node.rows.flatMap(row => row.map(expr => this.#ref(expr, NO_COLUMNS)))
        return this.#emit([PlanOp.values, node.rows.length, node.ids.length, ...cells])
      }
      case 'unionAll':
        return this.#emit([PlanOp.unionAll, node.inputs.length, ...node.inputs.map(input => () => this.#node(input))])
      case 'setOp':
        return this.#emit([
          PlanOp.setOp,
          () => this.#node(node.left),
          () => this.#node(node.right),
          SetOpKind[node.kind],
          node.all ? 1 : 0,
        ])
      case 'recursive':
        return this.#emit([
          PlanOp.recursive,
          () => this.#node(node.anchor),
          () => this.#node(node.step),
          node.distinct ? 1 : 0,
          node.table,
        ])
      case 'workingTable':
        return this.#emit([PlanOp.workingTable, node.table, ...typeList(node.types)])
      case 'apply':
        return this.#emit(this.#apply(node))
      case 'tableFunction':
        return this.#emit([
          PlanOp.tableFunction,
          node.fn,
          ...this.#list(node.args, NO_COLUMNS),
          ...typeList(node.types),
        ])
      case 'insert':
        return this.#emit(this.#insert(node))
      case 'update':
      case 'delete': {
        const layout = layoutOf(node.input)
        const set = node.op === 'update' ? [...this.#assignments(node.set, layout), ConflictAction[node.action]] : []
        return this.#emit([
          PlanOp[node.op],
          { table: node.ref.table },
          () => this.#node(node.input),
          ...set,
          ...this.#list(node.returning, layout),
          this.#keys(),
        ])
      }
    }
  }

  #scan(node: ScanNode): Part[] {
    return [
      PlanOp.scan,
      { table: node.ref.table },
      node.index,
      node.reverse ? ScanFlag.reverse : 0,
      node.projection.length,
      ...node.projection,
      ...this.#list(node.equal, NO_COLUMNS),
      ...this.#bound(node.lo),
      ...this.#bound(node.hi),
    ]
  }

  #scanKeys(node: ScanKeysNode): Part[] {
    return [
      PlanOp.scanKeys,
      { table: node.ref.table },
      node.index,
      node.projection.length,
      ...node.projection,
      node.keys.length,
      node.keys[0]?.length ?? 0,
      ...node.keys.flatMap(key => key.map(expr => this.#ref(expr, NO_COLUMNS))),
    ]
  }

  #sortKeys(keys: readonly SortKey[], layout: Layout): Part[] {
    return [
      keys.length,
      ...keys.flatMap((key): Part[] => [
        this.#ref(key.expr, layout),
        (key.descending ? SortFlag.descending : 0) | (key.nullsLast ? SortFlag.nullsLast : 0),
      ]),
    ]
  }

  #aggregate(expr: AggregateExpr, layout: Layout): Part[] {
    return [
      AggregateNumber[expr.fn],
      this.#optional(expr.arg, layout),
      expr.distinct ? AggregateFlag.distinct : 0,
      this.#optional(expr.filter, layout),
      this.#optional(expr.arg2, layout),
      ...this.#sortKeys(expr.order ?? [], layout),
    ]
  }

  #window(node: WindowNode): Part[] {
    const layout = layoutOf(node.input)
    return [
      PlanOp.window,
      () => this.#node(node.input),
      ...this.#list(node.partition, layout),
      ...this.#sortKeys(node.order, layout),
      node.functions.length,
      ...node.functions.flatMap(({ expr }) => this.#windowFunction(expr, layout)),
    ]
  }

  #windowFunction(expr: WindowExpr, layout: Layout): Part[] {
    const edge = ({ kind, offset }: FrameEdge) => [FrameBound[kind], this.#optional(offset)]
    const { mode, start, end, exclude } = expr.frame
    return [
      { ...AggregateNumber, ...WindowNumber }[expr.fn],
      TYPE_NUMBERS[expr.type],
      (expr.distinct ? WindowFlag.distinct : 0) | (expr.ignoreNulls ? WindowFlag.ignoreNulls : 0),
      ...this.#list(expr.args, layout),
      this.#optional(expr.filter, layout),
      FrameMode[mode],
      ...edge(start),
      ...edge(end),
      FrameExclude[exclude],
    ]
  }

  #indexJoin(node: IndexJoinNode): Part[] {
    return [
      PlanOp.indexJoin,
      () => this.#node(node.outer),
      JoinKind[node.kind],
      { table: node.ref.table },
      node.index,
      node.projection.length,
      ...node.projection,
      ...this.#list(node.equal, layoutOf(node.outer)),
      this.#optional(node.residual, layoutOfSides(node)),
    ]
  }

  #asked({ asked, ...node }: LoopJoinNode): Part[] {
    const sides = layoutOfSides(node)
    return [
      asked?.columns.length ?? 0,
      ...(asked?.columns ?? []).map(id => sides.get(id)!),
      ...this.#overRows(asked?.rows),
      asked ? this.#ref(asked.predicate, layoutOf(asked.rows.plan)) : NONE,
    ]
  }

  #apply(node: ApplyNode): Part[] {
    const outer = layoutOf(node.outer)
    return [
      PlanOp.apply,
      () => this.#node(node.outer),
      () => this.#node(node.inner),
      ApplyKind[node.kind],
      node.slots.length,
      ...node.slots.flatMap(({ slot, expr }): Part[] => [slot, this.#ref(expr, outer)]),
      this.#optional(node.predicate, layoutOfSides(node)),
    ]
  }

  #insert(node: InsertNode): Part[] {
    const stored = layoutOfRefs(node.ref)
    const { returningRows } = node
    return [
      PlanOp.insert,
      { table: node.ref.table },
      () => this.#node(node.input),
      node.targets.length,
      ...node.targets,
      ...this.#conflict(node, node.conflict),
      node.more.length,
      ...node.more.flatMap(more => this.#conflict(node, more)),
      ...this.#overRows(returningRows),
      ...this.#list(node.returning, returningRows ? layoutOf(returningRows.plan) : stored),
      this.#keys(),
    ]
  }

  #conflict({ ref }: InsertNode, c: ConflictNode): Part[] {
    const both = c.excluded ? layoutOfRefs(ref, c.excluded) : layoutOfRefs(ref)
    const layout = c.rows ? layoutOf(c.rows.plan) : both
    return [
      ConflictAction[c.action],
      c.index,
      ...this.#overRows(c.rows),
      ...this.#assignments(c.set, layout),
      this.#optional(c.where, layout),
    ]
  }

  #overRows(rows: OverRows | undefined): Part[] {
    return rows ? [() => this.#node(rows.plan), rows.table] : [NONE, 0]
  }

  /** The foreign keys that go with a write. */
  #keys(): Part {
    if (this.#foreignKeys.length === 0) return NONE
    return () => this.#emit(foreignKeyParts(this.#foreignKeys, this.#pool))
  }

  #assignments(set: ConflictNode['set'], layout: Layout): Part[] {
    return [set.length, ...set.flatMap(({ position, value }) => [position, this.#ref(value, layout)])]
  }

  #bound(bound: Bound | undefined): Part[] {
    return bound ? [this.#ref(bound.expr, NO_COLUMNS), bound.inclusive ? 1 : 0] : [NONE, 0]
  }

  #list(exprs: readonly Expr[], layout: Layout): Part[] {
    return [exprs.length, ...exprs.map(expr => this.#ref(expr, layout))]
  }

  #optional(expr: Expr | undefined, layout: Layout = NO_COLUMNS): Part {
    return expr ? this.#ref(expr, layout) : NONE
  }

  #ref(expr: Expr, layout: Layout): () => number {
    return () => this.#expr(expr, layout)
  }

  #expr(expr: Expr, layout: Layout): number {
    switch (expr.op) {
      case 'const':
        return this.#emit([ExprOp.const, TYPE_NUMBERS[expr.type], this.#pool.add(expr.type, expr.value)])
      case 'param':
        return this.#emit([ExprOp.param, TYPE_NUMBERS[expr.type], expr.index])
      case 'slot':
        return this.#emit([ExprOp.slot, TYPE_NUMBERS[expr.type], expr.slot])
      case 'column': {
        const position = layout.get(expr.id)
        if (position === undefined) throw new Error(`Column ${expr.label} is not in the rows the plan gives it.`)
        return this.#emit([ExprOp.column, TYPE_NUMBERS[expr.type], position])
      }
      case 'function': {
        const { number } = FUNCTIONS[expr.fn]
        return this.#emit([ExprOp.call, TYPE_NUMBERS[expr.type], number, ...this.#list(expr.args, layout)])
      }
      case 'aggregate':
        throw new Error('An aggregate stands outside an aggregation.')
      case 'window':
        throw new Error('A window function stands outside a window.')
      case 'subquery':
        throw new Error('A subquery has no operator that runs it.')
      default:
        return this.#emit([ExprOp[expr.op], TYPE_NUMBERS[expr.type], ...this.#operands(expr, layout)])
    }
  }

  #operands(expr: CallExpr, layout: Layout): Part[] {
    const args = expr.args.map(arg => this.#ref(arg, layout))
    switch (expr.op) {
      case 'and':
      case 'or':
      case 'coalesce':
        return [args.length, ...args]
      case 'in':
        return [args[0]!, args.length - 1, ...args.slice(1)]
      case 'like':
        return [args[0]!, args[1]!, args[2] ?? NONE, expr.caseInsensitive ? LikeFlag.caseInsensitive : 0]
      case 'case': {
        const pairs = args.length >> 1
        return [pairs, ...args.slice(0, 2 * pairs), args.length % 2 === 1 ? args.at(-1)! : NONE]
      }
      default:
        return args
    }
  }
}

function layoutOf(node: PlanNode): Layout {
  return new Map(columnsOfNode(node).map((id, position) => [id, position]))
}

function layoutOfSides(node: Parameters<typeof columnsOfSides>[0]): Layout {
  return new Map(columnsOfSides(node).map((id, position) => [id, position]))
}

function typeList(types: readonly SqlType[]): number[] {
  return [types.length, ...types.map(type => TYPE_NUMBERS[type])]
}

function layoutOfRefs(...refs: TableRef[]): Layout {
  return new Map(refs.flatMap(ref => ref.columns).map((column, position) => [column.id, position]))
}
