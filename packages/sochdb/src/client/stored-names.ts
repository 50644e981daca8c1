/**
 * Statements by the names of fields, as repositories make them, brought to the names of the store; what they yield keeps the
 * names of fields. Contracts whose columns are called as their fields have none of this.
 */
import type { Contract } from '@sochdb/schema/contract'
import { storedName } from '@sochdb/schema/store'
import type {
  Assignment,
  InsertStatement,
  OnConflict,
  Query,
  SelectItem,
  Statement,
  TableExpression,
} from '../sql/ast/nodes.js'

/** The contract as statements see it that say the names of the store: Kysely's, and those given as text. */
export function byStoredNames(contract: Contract): Contract {
  const tables = Object.entries(contract.tables).map(([key, table]) => {
    const stored = (field: string | undefined): string | undefined => {
      const column = table.columns.find(({ name }) => name === field)
      return column === undefined ? field : storedName(column)
    }
    const softDelete = stored(table.softDelete)
    const tenant = stored(table.tenant)
    const columns = table.columns.map(column => ({ ...column, name: storedName(column) }))
    return [key, { ...table, columns, ...(softDelete && { softDelete }), ...(tenant && { tenant }) }] as const
  })
  return { ...contract, tables: Object.fromEntries(tables) }
}

/** A table whose columns are called otherwise than its fields. */
interface Renamed {
  readonly fields: readonly string[]
  /** Of the fields that are called otherwise. */
  readonly stored: ReadonlyMap<string, string>
}

/** What names mean at a place: tables by what they are reached by; `undefined`: one whose names stay. */
interface Names {
  readonly sources: ReadonlyMap<string, Renamed | undefined>
  readonly outer: Names | undefined
}

interface ColumnName {
  readonly table: string
  readonly name: string
}

export class StoredNames {
  readonly #tables: ReadonlyMap<string, Renamed>

  private constructor(tables: ReadonlyMap<string, Renamed>) {
    this.#tables = tables
  }

  /** `undefined`: every column is called as its field. */
  static of(contract: Contract): StoredNames | undefined {
    const tables = new Map<string, Renamed>()
    for (const { name, columns } of Object.values(contract.tables)) {
      const stored = columns.filter(column => column.column !== undefined)
      if (stored.length === 0) continue
      const names = new Map(stored.map(column => [column.name, storedName(column)]))
      tables.set(name, { fields: columns.map(column => column.name), stored: names })
    }
    return tables.size === 0 ? undefined : new StoredNames(tables)
  }

  statement<S extends Statement>(statement: S): S {
    return this.#statement(statement) as S
  }

  #statement(s: Statement): Statement {
    switch (s.kind) {
      case 'select':
      case 'values':
      case 'setOperation':
        return this.#query(s, undefined)
      case 'insert':
        return this.#insert(s)
      case 'update': {
        const table = this.#tables.get(s.table)
        const names = scope([[s.alias ?? s.table, table]])
        const set = this.#assignments(s.set, table, names)
        return { ...s, set, where: this.#map(s.where, names), returning: this.#items(s.returning, names) }
      }
      case 'delete': {
        const names = scope([[s.alias ?? s.table, this.#tables.get(s.table)]])
        return { ...s, where: this.#map(s.where, names), returning: this.#items(s.returning, names) }
      }
      default:
        return s
    }
  }

  #insert(s: InsertStatement): InsertStatement {
    const table = this.#tables.get(s.table)
    const names = scope([[s.alias ?? s.table, table]])
    return {
      ...s,
      columns: s.columns?.map(field => storedOf(table, field)),
      rows: this.#map(s.rows, names),
      onConflict: s.onConflict && this.#conflict(s.onConflict, s, table),
      returning: this.#items(s.returning, names),
    }
  }

  #conflict(clause: OnConflict, s: InsertStatement, table: Renamed | undefined): OnConflict {
    const names = scope([
      [s.alias ?? s.table, table],
      ['excluded', table],
    ])
    return {
      ...clause,
      target: clause.target.map(field => storedOf(table, field)),
      set: this.#assignments(clause.set, table, names),
      where: this.#map(clause.where, names),
    }
  }

  #assignments(set: readonly Assignment[], table: Renamed | undefined, names: Names): Assignment[] {
    return set.map(({ column, value }) => ({ column: storedOf(table, column), value: this.#map(value, names) }))
  }

  #query(q: Query, outer: Names | undefined): Query {
    if (q.kind !== 'select') return this.#members(q, outer)
    const names: Names = { sources: new Map(q.from && this.#sources(q.from)), outer }
    const { columns, from, ...rest } = q
    return {
      ...this.#members(rest, names),
      columns: this.#items(columns, names),
      from: from && this.#table(from, outer),
    }
  }

  #sources(from: TableExpression): (readonly [string, Renamed | undefined])[] {
    if (from.kind === 'join') return [...this.#sources(from.left), ...this.#sources(from.right)]
    if (from.kind === 'table') return [[from.alias ?? from.name, this.#tables.get(from.name)]]
    return [[from.alias ?? '', undefined]]
  }

  #table(from: TableExpression, outer: Names | undefined): TableExpression {
    if (from.kind === 'table') return from
    return this.#members(from, { sources: new Map(this.#sources(from)), outer })
  }

  /** Columns are yielded under the names of their fields. */
  #items(items: readonly SelectItem[], names: Names): SelectItem[] {
    return items.flatMap((item): SelectItem[] => {
      if (item.kind === 'expression') {
        const { expression, alias } = item
        const field = expression.kind === 'column' ? expression.name : undefined
        return [{ ...item, expression: this.#map(expression, names), alias: alias ?? field }]
      }
      const table = item.table === undefined ? [...names.sources.values()][0] : names.sources.get(item.table)
      if (table === undefined) return [item]
      return table.fields.map((field): SelectItem => {
        const expression = { kind: 'column', table: item.table, name: storedOf(table, field) } as const
        return { kind: 'expression', expression, alias: field }
      })
    })
  }

  /** A part of a statement, with its columns renamed. */
  #map<Part>(part: Part, names: Names | undefined): Part {
    if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return part
    if (Array.isArray(part)) return part.map((each: unknown) => this.#map(each, names)) as Part
    const node = part as { readonly kind?: string; readonly table?: string | undefined; readonly name?: string }
    switch (node.kind) {
      case 'column':
        return { ...part, ...renamed(names, node.table, node.name!) }
      case 'select':
      case 'values':
      case 'setOperation':
        return this.#query(part as unknown as Query, names) as Part
      default:
        return this.#members(part, names)
    }
  }

  #members<Part extends object>(part: Part, names: Names | undefined): Part {
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, this.#map(value, names)])) as Part
  }
}

const scope = (sources: readonly (readonly [string, Renamed | undefined])[]): Names => ({
  sources: new Map(sources),
  outer: undefined,
})

const storedOf = (table: Renamed | undefined, field: string): string => table?.stored.get(field) ?? field

/**
 * A name alone is of the innermost tables; one with a table is of the innermost that is reached so. What is renamed names its table
 * from then on: ORDER BY would take a name alone for the field of that name, if there is one.
 */
function renamed(names: Names | undefined, table: string | undefined, field: string): ColumnName | undefined {
  for (let at = names; at !== undefined; at = at.outer) {
    if (table !== undefined ? !at.sources.has(table) : at.sources.size === 0) continue
    for (const [qualifier, source] of at.sources) {
      const name = source?.stored.get(field)
      if (name !== undefined && (table === undefined || table === qualifier)) return { table: qualifier, name }
    }
    return undefined
  }
  return undefined
}
