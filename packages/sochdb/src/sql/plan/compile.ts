/** Statement to plan: bind, optimize, encode. */
import type { Statement } from '../ast/nodes.js'
import { bind } from '../binder/bind.js'
import type { BindOptions } from '../binder/bind.js'
import type {
  BoundStatement,
  BoundWrite,
  FlexibleParameter,
  GeneratedParameter,
  VectorParameter,
} from '../binder/bound.js'
import { isNullable } from '../binder/expr.js'
import type { CatalogTable } from '../catalog/entries.js'
import type { CatalogSnapshot, CatalogView } from '../catalog/snapshot.js'
import { optimize } from '../optimizer/optimize.js'
import type { SqlType } from '../types.js'
import { encodePlan } from './encode.js'
import { explainPlan } from './explain.js'
import type { PlanNode } from './nodes.js'

export interface ResultColumn {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
}

/** A plan that can be executed any number of times, while the entries of its tables stay as they are. */
export interface BoundPlan {
  /** plan_format.h. */
  readonly words: Int32Array
  readonly constants: Uint8Array
  /** Of the rows it yields; none for a write without RETURNING. */
  readonly columns: readonly ResultColumn[]
  /** Those of the columns. Frozen: every result of the plan shows them. */
  readonly names: readonly string[]
  /** Of the caller's parameters, then of the generated ones; `any` where the value's own type counts. */
  readonly parameterTypes: readonly SqlType[]
  /** How many parameters the caller passes. */
  readonly parameterCount: number
  /** Parameters that the session fills, behind the caller's. */
  readonly generated: readonly GeneratedParameter[]
  /** Parameters whose type depends on the value at hand. */
  readonly flexible: readonly FlexibleParameter[]
  /** Parameters that are stored as vectors. */
  readonly vectors: readonly VectorParameter[]
  readonly isWrite: boolean
  /** Of an analysing plan, whose rows are what each of these operators did, and the whole. */
  readonly operators?: readonly string[]
  readonly tables: readonly CatalogTable[]
  readonly views: readonly CatalogView[]
  /** The read timestamp of the catalog it was bound against. */
  readonly catalogTimestamp: bigint
}

export interface CompileOptions extends BindOptions {
  /** Default true; see {@link optimize}. */
  readonly optimize?: boolean
  /** EXPLAIN ANALYZE. */
  readonly analyze?: boolean
}

const COUNTS: readonly ResultColumn[] = ['rows', 'loops', 'nanos'].map(name => ({
  name,
  type: 'integer',
  nullable: false,
}))

/** Errors: QueryError for a statement that does not fit the catalog, or is too large for a plan. */
export function compile(statement: Statement, catalog: CatalogSnapshot, options: CompileOptions = {}): BoundPlan {
  const bound = bind(statement, catalog, options)
  const analyzes = options.analyze === true
  const root = physical(bound, catalog, options)
  const encoded = encodePlan(root, {
    parameterCount: bound.parameterTypes.length,
    namespaceId: catalog.namespaceId,
    catalogTimestamp: catalog.timestamp,
    foreignKeys: bound.foreignKeys,
    analyzes,
  })
  const columns = analyzes ? COUNTS : resultColumns(bound.root)
  return {
    ...encoded,
    columns,
    names: Object.freeze(columns.map(({ name }) => name)),
    ...(analyzes && { operators: explainPlan(root).split('\n') }),
    parameterTypes: bound.parameterTypes,
    parameterCount: bound.parameterCount,
    generated: bound.generated,
    flexible: bound.flexible,
    vectors: bound.vectors,
    isWrite: isWrite(bound.root),
    tables: bound.tables,
    views: bound.views,
    catalogTimestamp: catalog.timestamp,
  }
}

/** The plan of a statement as text. */
export function explain(statement: Statement, catalog: CatalogSnapshot, options: CompileOptions = {}): string {
  return explainPlan(physical(bind(statement, catalog, options), catalog, options))
}

function physical(bound: BoundStatement, catalog: CatalogSnapshot, options: CompileOptions): PlanNode {
  return optimize(bound, {
    ...(catalog.rowCount ? { rowCount: catalog.rowCount.bind(catalog) } : {}),
    ...(options.optimize === undefined ? {} : { optimize: options.optimize }),
  })
}

function isWrite(root: BoundStatement['root']): root is BoundWrite {
  return root.kind === 'insert' || root.kind === 'update' || root.kind === 'delete'
}

function resultColumns(root: BoundStatement['root']): ResultColumn[] {
  if (!isWrite(root)) return root.columns.map(({ name, type, nullable }) => ({ name, type, nullable }))
  return root.returning.map(({ name, expr }) => ({ name, type: expr.type, nullable: isNullable(expr) }))
}
