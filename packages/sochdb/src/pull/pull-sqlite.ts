/**
 * A SQLite database as a schema: its statements make a store without rows, which is pulled like any other. What does not go through is
 * taken out of a statement piece by piece, and told.
 */
import { Database } from '../database/index.js'
import { SochDBError } from '../errors/index.js'
import type { AlterAction, ColumnDefinition, CreateIndex, CreateTable, TableConstraint } from '../sql/ast/ddl.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/index.js'
import { getTable, liveColumns, listTables } from '../sql/catalog/index.js'
import { executeDdl, type DdlStatement } from '../sql/ddl/index.js'
import { parseStatement } from '../sql/parser/index.js'
import { catalogStore } from '../sql/session.js'
import { typeOfSqlName } from '../sql/types.js'
import { declarable, isDeclarable } from './names.js'
import { pullStore } from './pull-store.js'
import type { Remark } from './pull-table.js'
import type { Pulled } from './pulled.js'

/** A row of `sqlite_schema`. */
export interface SqliteObject {
  readonly type: string
  readonly name: string
  /** The table it belongs to. */
  readonly table: string
  /** `null`: SQLite made it by itself. */
  readonly sql: string | null
}

export function pullSqlite(objects: readonly SqliteObject[]): Pulled {
  const remarks: string[] = []
  const database = Database.open(':memory:')
  try {
    new Import(database, text => remarks.push(text)).run(objects)
    const pulled = pullStore(database)
    return { contract: pulled.contract, remarks: [...remarks, ...pulled.remarks] }
  } finally {
    database.close()
  }
}

class Import {
  constructor(
    readonly database: Database,
    readonly remark: Remark,
  ) {}

  run(objects: readonly SqliteObject[]): void {
    const virtual = objects.filter(({ sql }) => /^\s*create\s+virtual\s/i.test(sql ?? ''))
    const isInner = ({ name }: SqliteObject): boolean =>
      /^sqlite_/i.test(name) || virtual.some(table => name.startsWith(`${table.name}_`))
    const own = objects.filter(object => !isInner(object))
    for (const { type, name } of own) {
      if (type !== 'table' && type !== 'index')
        this.remark(`${capital(type)} "${name}" is left out: schemas have none.`)
    }
    for (const { name } of virtual) this.remark(`Virtual table "${name}" is left out: schemas have none.`)
    const tables = own.filter(object => object.type === 'table' && !virtual.includes(object))
    const parsed = tables.flatMap(object => this.#parsed<CreateTable>(object) ?? [])
    const created = parsed.filter(statement => this.#createTable(statement))
    for (const statement of created) this.#addConstraints(statement)
    for (const object of own) {
      const isOfTable = created.some(({ table }) => table.toLowerCase() === object.table.toLowerCase())
      if (object.type === 'index' && object.sql !== null && isOfTable) this.#createIndex(object)
    }
    for (const { table } of created) this.#rename(table)
  }

  #parsed<Statement>({ type, name, sql }: SqliteObject): Statement | undefined {
    try {
      return parseStatement(sql!, { dialect: 'sqlite' }).statement as Statement
    } catch (error) {
      this.remark(`${capital(type)} "${name}" is left out: ${reasonOf(error)}`)
      return undefined
    }
  }

  /** `undefined`: it worked. */
  #attempt(statement: DdlStatement): string | undefined {
    try {
      executeDdl(this.database, statement)
      return undefined
    } catch (error) {
      return reasonOf(error)
    }
  }

  #alter(table: string, action: AlterAction): string | undefined {
    return this.#attempt({ kind: 'alterTable', table, ifExists: false, actions: [action] } as DdlStatement)
  }

  /** The table with its columns and keys; checks and references follow. */
  #createTable(statement: CreateTable): boolean {
    const { table } = statement
    const say = (text: string): void => this.remark(`Table "${table}": ${text}`)
    const columns = statement.columns.map(column => plain(column, say))
    const constraints = statement.constraints.filter(({ kind }) => kind === 'primaryKey' || kind === 'unique')
    const bare = { ...statement, columns, constraints, temporary: false, options: [] }
    const reason = this.#attempt(bare)
    if (reason === undefined) return true
    // Which column is in the way, one at a time; a default or an expression, mostly.
    const mended = columns.map(column => this.#mended(column, say))
    const again = this.#attempt({ ...bare, columns: mended })
    if (again === undefined) return true
    this.remark(`Table "${table}" is left out: ${again}`)
    return false
  }

  #mended(column: ColumnDefinition, say: Remark): ColumnDefinition {
    const reason = this.#probe(column)
    if (reason === undefined) return column
    if (column.default !== undefined) {
      const without = { ...column, default: undefined }
      if (this.#probe(without) === undefined) {
        say(`the default ${column.default.text} of column "${column.name}" is left out: ${reason}`)
        return without
      }
    }
    if (column.generated === undefined) return column
    say(`column "${column.name}" is an ordinary one, not generated as ${column.generated.text}: ${reason}`)
    return { ...column, generated: undefined }
  }

  /** Whether a column can be one, beside all that its expression may name. */
  #probe(column: ColumnDefinition): string | undefined {
    const table = ' probe'
    const alone = { ...column, primaryKey: undefined, unique: undefined, identity: undefined }
    const statement = { kind: 'createTable', table, ifNotExists: false, temporary: false, columns: [alone] }
    const reason = this.#attempt({ ...statement, constraints: [], query: undefined, options: [] } as DdlStatement)
    this.#attempt({ kind: 'dropTable', tables: [table], ifExists: true, cascade: false } as DdlStatement)
    return reason
  }

  #addConstraints({ table, columns, constraints }: CreateTable): void {
    const say = (text: string): void => this.remark(`Table "${table}": ${text}`)
    const all: TableConstraint[] = [
      ...columns.flatMap(column => column.checks),
      ...columns.flatMap(({ name, references }) =>
        references === undefined ? [] : [{ kind: 'foreignKey' as const, columns: [name], ...references }],
      ),
      ...constraints.filter(({ kind }) => kind === 'check' || kind === 'foreignKey'),
    ]
    for (const constraint of all) {
      const reason = this.#alter(table, { kind: 'addConstraint', constraint })
      if (reason === undefined) continue
      const what =
        constraint.kind === 'check'
          ? `check ${constraint.text}`
          : constraint.kind === 'foreignKey'
            ? `reference from (${constraint.columns.join(', ')}) to "${constraint.table}"`
            : constraint.kind
      say(`${what} is left out: ${reason}`)
    }
  }

  #createIndex(object: SqliteObject): void {
    const statement = this.#parsed<CreateIndex>(object)
    if (statement === undefined) return
    const reason = this.#attempt(statement)
    if (reason !== undefined) this.remark(`Table "${object.table}": index "${object.name}" is left out: ${reason}`)
  }

  /** Gives a table, its columns and its indexes names that a schema can have. */
  #rename(table: string): void {
    const { entry, tables } = this.database.transaction(transaction => {
      const store = catalogStore(transaction)
      return {
        entry: getTable(store, DEFAULT_NAMESPACE_ID, table)!.entry,
        tables: listTables(store, DEFAULT_NAMESPACE_ID).map(one => one.entry.name),
      }
    })
    const rename = (what: string, name: string, others: readonly string[], action: (to: string) => AlterAction) => {
      if (isDeclarable(name)) return
      const to = free(declarable(name), others)
      if (this.#alter(table, action(to)) === undefined) this.remark(`${what} "${name}" is called "${to}" here.`)
    }
    const indexes = entry.indexes.map(({ name }) => name)
    for (const name of indexes) rename('Index', name, indexes, to => ({ kind: 'renameIndex', name, to }))
    const columns = liveColumns(entry).map(position => entry.columns[position]!.name)
    for (const column of columns)
      rename(`Column of "${table}"`, column, columns, to => ({ kind: 'renameColumn', column, to }))
    rename('Table', table, tables, to => ({ kind: 'renameTable', to }))
  }
}

function free(name: string, others: readonly string[]): string {
  const taken = new Set(others.map(other => other.toLowerCase()))
  for (let i = 1; ; ++i) {
    const candidate = i === 1 ? name : `${name}${String(i)}`
    if (!taken.has(candidate.toLowerCase())) return candidate
  }
}

/** A column of a type that there is, without what follows later. */
function plain(column: ColumnDefinition, say: Remark): ColumnDefinition {
  const { name, collation } = column
  if (collation !== undefined && collation.toLowerCase() !== 'binary')
    say(`column "${name}" compares by ${collation.toUpperCase()}; a schema's columns compare byte by byte.`)
  const type = typeOf(column, say)
  const isBoolean = typeOfSqlName(type) === 'boolean'
  const given = isBoolean ? booleanOf(column.default) : column.default
  return { ...column, type, default: given, collation: undefined, checks: [], references: undefined }
}

/** By SQLite's rules of affinity, where the name says nothing here. */
function typeOf({ name, type }: ColumnDefinition, say: Remark): string {
  if (type === undefined) {
    say(`column "${name}" has no type; it is declared as text.`)
    return 'text'
  }
  if (typeOfSqlName(type) !== undefined) return type
  const affinity = affinityOf(type.toLowerCase())
  say(`column "${name}" is of the type ${type}; it is declared as ${affinity}.`)
  return affinity
}

function affinityOf(type: string): string {
  if (type.includes('int')) return type.includes('big') ? 'bigint' : 'integer'
  if (/char|clob|text/.test(type)) return 'text'
  if (type.includes('blob')) return 'blob'
  return /real|floa|doub/.test(type) ? 'real' : 'decimal'
}

/** SQLite's booleans are 0 and 1. */
function booleanOf(given: ColumnDefinition['default']): ColumnDefinition['default'] {
  const value = given === undefined ? undefined : { '0': 'false', '1': 'true' }[given.text.replace(/^\((.*)\)$/, '$1')]
  if (value === undefined) return given
  const { statement } = parseStatement(`create table t (b boolean default ${value})`)
  return (statement as CreateTable).columns[0]!.default
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function reasonOf(error: unknown): string {
  if (!(error instanceof SochDBError)) throw error
  return error.message.endsWith('.') ? error.message : `${error.message}.`
}
