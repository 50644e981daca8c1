/** The binder: a syntax tree and a catalog in, a typed statement without names out. */
import type { Statement } from '../ast/nodes.js'
import { shapeOf } from '../ast/walk.js'
import type { CatalogSnapshot } from '../catalog/snapshot.js'
import type { SqlType } from '../types.js'
import type { BoundQuery, BoundStatement, BoundWrite } from './bound.js'
import { BindContext } from './context.js'
import type { Dialect } from './dialect.js'
import type { Expr } from './expr.js'
import { unsupported } from '../problem.js'
import { foreignKeysOf } from './foreign-keys.js'
import { bindInsert } from './inserts.js'
import { notePlace } from './places.js'
import { bindQuery } from './query.js'
import { Frame } from './scope.js'
import type { Site } from './scope.js'
import { visitRoot } from './visit.js'
import { bindDelete, bindUpdate } from './writes.js'

export interface BindOptions {
  /** Types of parameters that the values at hand ask for; see {@link BoundStatement.flexible}. */
  readonly parameterTypes?: ReadonlyMap<number, SqlType>
  /** Default `auto`. */
  readonly dialect?: Dialect
  /** As {@link shapeOf} counts them, where the caller has it already. */
  readonly parameterCount?: number
}

const NO_HINTS: ReadonlyMap<number, SqlType> = new Map()

/** Errors: QueryError for anything that does not fit the catalog. */
export function bind(statement: Statement, catalog: CatalogSnapshot, options: BindOptions = {}): BoundStatement {
  const parameterCount = options.parameterCount ?? shapeOf(statement).parameterCount
  const hints = options.parameterTypes ?? NO_HINTS
  const context = new BindContext(catalog, parameterCount, hints, options.dialect ?? 'auto')
  let root: BoundQuery | BoundWrite
  try {
    root = bindStatement(context, statement)
  } catch (error) {
    if ('at' in statement) notePlace(error, statement.at)
    throw error
  }
  const foreignKeys = foreignKeysOf(catalog, root, table => context.tables.set(table, table))
  const types = new Array<SqlType | undefined>(parameterCount).fill(undefined)
  const open = new Set<number>()
  visitRoot(root, expr => collectParameter(expr, types, open))
  const { casts } = context
  const flexible = [...new Set([...open, ...context.flexible, ...casts])].filter(index => index < parameterCount)
  const kindOf = (index: number) => (open.has(index) ? 'open' : casts.has(index) ? 'cast' : 'number')
  return {
    root,
    parameterTypes: [...types.map(type => type ?? 'any'), ...context.generatedTypes],
    parameterCount,
    generated: context.generated,
    flexible: flexible.sort((a, b) => a - b).map(index => ({ index, kind: kindOf(index) })),
    vectors: context.vectors,
    tables: [...context.tables.keys()],
    views: [...context.views],
    foreignKeys,
    columnIdCount: context.columnIdCount,
    slotCount: context.slotCount,
    workingTableCount: context.workingTableCount,
  }
}

function bindStatement(context: BindContext, statement: Statement): BoundQuery | BoundWrite {
  const frame = new Frame(context, undefined)
  const site: Site = { frame, definedIn: frame, tables: undefined }
  switch (statement.kind) {
    case 'select':
    case 'values':
    case 'setOperation':
      return bindQuery(context, site, statement)
    case 'insert':
      return bindInsert(context, site, statement)
    case 'update':
      return bindUpdate(context, site, statement)
    case 'delete':
      return bindDelete(context, site, statement)
    default:
      throw unsupported(`A statement of kind "${statement.kind}"`)
  }
}

/** A parameter used as two types has none; one that stands where any type fits is open to the value's own. */
function collectParameter(expr: Expr, types: (SqlType | undefined)[], open: Set<number>): void {
  if (expr.op !== 'param' || expr.index >= types.length) return
  const known = types[expr.index]
  types[expr.index] = known === undefined || known === expr.type ? expr.type : 'any'
  if (expr.type === 'any') open.add(expr.index)
}
