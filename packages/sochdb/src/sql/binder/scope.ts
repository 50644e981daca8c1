/** What names mean at one place of a statement, and what the statement as a whole has collected so far. */
import type { CatalogSnapshot } from '../catalog/snapshot.js'
import type { CatalogTable } from '../catalog/entries.js'
import { foldName } from '../catalog/store.js'
import { didYouMean, queryError } from '../problem.js'
import type { SqlType } from '../types.js'
import type { GeneratedParameter, TableRef, VectorParameter } from './bound.js'
import type { ColumnExpr, Expr, ParamExpr } from './expr.js'

/** Everything one statement shares while it is bound. */
export class BindContext {
  readonly tables = new Map<CatalogTable, CatalogTable>()
  readonly generated: GeneratedParameter[] = []
  readonly generatedTypes: SqlType[] = []
  readonly flexible = new Set<number>()
  readonly vectors: VectorParameter[] = []
  #nextColumnId = 0

  constructor(
    readonly catalog: CatalogSnapshot,
    readonly parameterCount: number,
    /** Types that the session knows from the values at hand. */
    readonly hints: ReadonlyMap<number, SqlType>,
  ) {}

  get columnIdCount(): number {
    return this.#nextColumnId
  }

  newColumnId(): number {
    return this.#nextColumnId++
  }

  /** A parameter that the runtime fills anew for each execution. */
  generate(kind: GeneratedParameter['kind'], type: SqlType): ParamExpr {
    const index = this.parameterCount + this.generated.length
    this.generated.push({ index, kind })
    this.generatedTypes.push(type)
    return { op: 'param', type, index }
  }

  requireTable(name: string): CatalogTable {
    const table = this.catalog.getTable(name)
    if (!table) {
      const hint = didYouMean(name, this.catalog.tableNames())
      throw queryError(`There is no table "${name}".${hint}`, undefined, { table: name })
    }
    this.tables.set(table, table)
    return table
  }

  /** A new appearance of a table. `nullable`: rows may be missing (the right side of a left join). */
  tableRef(table: CatalogTable, name: string, nullable = false): TableRef {
    const columns = table.entry.columns.map((column): ColumnExpr => ({
      op: 'column',
      type: column.type,
      id: this.newColumnId(),
      nullable: nullable || !column.notNull,
      label: `${name}.${column.name}`,
    }))
    return { table, name, columns }
  }
}

/** The tables, and perhaps the aliases of a select list, that names resolve against. */
export class Scope {
  readonly refs: TableRef[] = []
  /** Answer to their name alone, never to a bare column name. */
  readonly qualifiedOnly: TableRef[] = []
  /** Output columns by folded name: looked at after the tables, in clauses that see them. */
  aliases: ReadonlyMap<string, Expr> | undefined
  readonly #positions = new Map<TableRef, Map<string, number>>()

  add(ref: TableRef): void {
    const folded = foldName(ref.name)
    if (this.refs.some(other => foldName(other.name) === folded)) {
      throw queryError(`"${ref.name}" names two tables of the statement.`, 'Give one of them an alias.', {
        table: ref.name,
      })
    }
    this.refs.push(ref)
  }

  /** Position of a live column of a table. */
  position(ref: TableRef, name: string): number | undefined {
    let positions = this.#positions.get(ref)
    if (!positions) {
      positions = new Map()
      for (const [position, column] of ref.table.entry.columns.entries()) {
        if (!column.dropped) positions.set(foldName(column.name), position)
      }
      this.#positions.set(ref, positions)
    }
    return positions.get(foldName(name))
  }

  requirePosition(ref: TableRef, name: string): number {
    const position = this.position(ref, name)
    if (position !== undefined) return position
    const names = ref.table.entry.columns.filter(c => !c.dropped).map(c => c.name)
    throw queryError(`Table "${ref.table.entry.name}" has no column "${name}".${didYouMean(name, names)}`, undefined, {
      table: ref.table.entry.name,
      column: name,
    })
  }

  requireRef(name: string): TableRef {
    const folded = foldName(name)
    const ref = [...this.refs, ...this.qualifiedOnly].find(r => foldName(r.name) === folded)
    if (ref) return ref
    const names = [...this.refs, ...this.qualifiedOnly].map(r => r.name)
    const aliased = this.refs.find(r => foldName(r.table.entry.name) === folded)
    const hint = aliased ? ` It is called "${aliased.name}" here.` : didYouMean(name, names)
    throw queryError(`The statement has no table "${name}".${hint}`, undefined, { table: name })
  }

  resolve(table: string | undefined, name: string): Expr {
    if (table !== undefined) {
      const ref = this.requireRef(table)
      return ref.columns[this.requirePosition(ref, name)]!
    }
    let found: ColumnExpr | undefined
    let owner: TableRef | undefined
    for (const ref of this.refs) {
      const position = this.position(ref, name)
      if (position === undefined) continue
      if (owner) {
        throw queryError(
          `Column "${name}" is ambiguous: "${owner.name}" and "${ref.name}" both have one.`,
          `Write "${owner.name}.${name}" or "${ref.name}.${name}".`,
          { column: name },
        )
      }
      found = ref.columns[position]
      owner = ref
    }
    const resolved = found ?? this.aliases?.get(foldName(name))
    if (resolved) return resolved
    const names = this.refs.flatMap(r => r.table.entry.columns.filter(c => !c.dropped).map(c => c.name))
    const where = this.refs.length === 0 ? ' No table can be referred to here.' : didYouMean(name, names)
    throw queryError(`There is no column "${name}".${where}`, undefined, { column: name })
  }
}
