/** What a statement as a whole has collected so far, while it is bound. */
import { ownCollation } from './collations.js'
import type { Dialect } from './dialect.js'
import type { CatalogSnapshot, CatalogView } from '../catalog/snapshot.js'
import type { CatalogTable } from '../catalog/entries.js'
import { didYouMean, queryError } from '../problem.js'
import type { SqlType } from '../types.js'
import type { GeneratedParameter, QueryColumn, TableRef, VectorParameter } from './bound.js'
import { someExpr } from './expr.js'
import type { ColumnExpr, Expr, ParamExpr } from './expr.js'

/** Common tables and views are bound where they are used: this many uses, and no more. */
const QUERIES_MAX = 2000

/** How many operands may stand in a plan because others are written out twice. */
const REPEATED_MAX = 20_000

export class BindContext {
  /** Views that the statement goes through. */
  readonly views = new Set<CatalogView>()
  readonly tables = new Map<CatalogTable, CatalogTable>()
  readonly generated: GeneratedParameter[] = []
  readonly generatedTypes: SqlType[] = []
  readonly flexible = new Set<number>()
  /** Those that stand in a CAST to a number. */
  readonly casts = new Set<number>()
  readonly vectors: VectorParameter[] = []
  #nextColumnId = 0
  #nextSlot = 0
  #nextWorkingTable = 0
  #queries = 0
  #repeated = 0

  constructor(
    readonly catalog: CatalogSnapshot,
    readonly parameterCount: number,
    /** Types that the session knows from the values at hand. */
    readonly hints: ReadonlyMap<number, SqlType>,
    readonly dialect: Dialect,
  ) {}

  get columnIdCount(): number {
    return this.#nextColumnId
  }

  /** Notes that an expression will stand in the plan once more. Errors: QueryError where that makes the plan grow without bound. */
  repeat(expr: Expr): Expr {
    if (expr.op !== 'column' && expr.op !== 'const' && expr.op !== 'param') {
      someExpr(expr, () => ++this.#repeated > REPEATED_MAX)
      if (this.#repeated > REPEATED_MAX) {
        throw queryError(
          'An expression grows too large: what it nests stands in it again and again.',
          'Compute parts of it in a subquery.',
        )
      }
    }
    return expr
  }

  newColumnId(): number {
    return this.#nextColumnId++
  }

  get workingTableCount(): number {
    return this.#nextWorkingTable
  }

  get slotCount(): number {
    return this.#nextSlot
  }

  newSlot(): number {
    return this.#nextSlot++
  }

  newWorkingTable(): number {
    return this.#nextWorkingTable++
  }

  /** Counts the queries of a statement, those of its common tables and views for each use. */
  countQuery(): void {
    if (++this.#queries > QUERIES_MAX) {
      throw queryError(
        `The statement holds more than ${QUERIES_MAX} queries, those of common tables and views counted for each use.`,
        'Split it, or put a part of it into a table.',
      )
    }
  }

  newColumns(columns: readonly Omit<QueryColumn, 'id'>[]): QueryColumn[] {
    return columns.map(column => ({ ...column, id: this.newColumnId() }))
  }

  /** A parameter that the runtime fills anew for each execution. */
  generate(kind: GeneratedParameter['kind'], type: SqlType): ParamExpr {
    const index = this.parameterCount + this.generated.length
    this.generated.push({ index, kind })
    this.generatedTypes.push(type)
    return { op: 'param', type, index }
  }

  requireTable(name: string, schema?: string): CatalogTable {
    const table = isOwnSchema(schema) ? this.catalog.getTable(name) : undefined
    if (!table) {
      const shown = schema === undefined ? name : `${schema}.${name}`
      const hint = didYouMean(name, this.catalog.tableNames())
      throw queryError(`There is no table "${shown}".${hint}`, undefined, { table: shown })
    }
    this.tables.set(table, table)
    return table
  }

  /** The view of that name, if there is one. */
  findView(name: string, schema?: string): CatalogView | undefined {
    const own = isOwnSchema(schema) ? this.catalog.getView?.(name) : undefined
    const view = own ?? this.catalog.getSystemView?.(schema, name)
    if (view) this.views.add(view)
    return view
  }

  /** A new appearance of a table. `nullable`: rows may be missing (the right side of a left join). */
  tableRef(table: CatalogTable, name: string, nullable = false): TableRef {
    const columns = table.entry.columns.map((column): ColumnExpr => ({
      op: 'column',
      type: column.type,
      id: this.newColumnId(),
      nullable: nullable || !column.notNull,
      label: `${name}.${column.name}`,
      ...ownCollation(column),
    }))
    return { table, name, columns }
  }
}

/** Names that other databases have for where all tables are. */
function isOwnSchema(schema: string | undefined): boolean {
  return schema === undefined || ['main', 'public', 'dbo'].includes(schema.toLowerCase())
}
