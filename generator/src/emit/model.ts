/** `models/users.ts`: one table's row, what writes take, filters, relations, the bundle of them all, and Kysely's interface. */
import type { ColumnContract, Contract, RelationContract, TableContract } from '@sochdb/schema'
import type { ModelNames, TypeNames } from '../contract/naming.js'
import type { CacheNames } from './caches.js'
import type { CodecNames, EncodedColumn } from './codecs.js'
import type { CollectionNames } from './collections.js'
import { columnTypes, type ColumnTypes } from './column-type.js'
import { Imports, interfaceText, property, type EmittedFile } from './file.js'
import type { GraphNames } from './graph.js'
import { partHash } from './header.js'
import type { KeySpaceNames } from './kv.js'
import { nestedWrites, writeNames, type WriteNames, type WrittenColumn } from './nested-writes.js'

export interface ModelContext {
  readonly contract: Contract
  readonly names: ReadonlyMap<string, ModelNames>
  readonly collections: readonly CollectionNames[]
  readonly caches: readonly CacheNames[]
  readonly graph: GraphNames
  readonly keySpaces: readonly KeySpaceNames[]
  readonly codecs: CodecNames
  /** Filled as models are emitted: their columns with codecs. */
  readonly encoded: Map<string, readonly EncodedColumn[]>
  /** Every type name given so far. */
  readonly types: TypeNames
  /** `.js`, `.ts` or nothing, behind relative imports. */
  readonly importExtension: string
}

const client = 'sochdb/client'

interface Column {
  readonly contract: ColumnContract
  readonly types: ColumnTypes
  /** An insert may leave it out. */
  readonly optional: boolean
}

export function emitModel(context: ModelContext, key: string): EmittedFile {
  const table = context.contract.tables[key]!
  const names = context.names.get(key)!
  const relations = context.contract.relations[key] ?? {}
  const imports = new Imports()
  const columns = table.columns.map((column): Column => {
    // The client of a tenant fills its column.
    const optional = column.nullable || column.default !== undefined || column.name === table.tenant
    return { contract: column, types: columnTypes(names.row, column, imports, context.types, context.codecs), optional }
  })
  context.encoded.set(
    key,
    columns.flatMap(({ contract: { name, codec }, types: { stored } }) => (codec ? [{ name, codec, stored }] : [])),
  )
  const body = [
    ...columns.map(column => column.types.declarations),
    rowInterfaces(names, table, columns),
    whereInterface(context, names, columns, relations, imports),
    orderInterface(names, columns, imports),
    relationInterfaces(context, names, relations, imports),
    aggregateInterfaces(names, columns),
    nestedWrites(context, names, relations, writtenColumns(columns), imports),
    modelInterface(names, writeNames(context, key)),
    kyselyInterface(names, table, columns, imports),
  ].join('')
  const path = `models/${key}.ts`
  const made = `tables.${key} ${partHash({ table, relations })}`
  return { path, made, text: imports.above(body), language: 'typescript', formatted: false }
}

function orNull(type: string, column: ColumnContract): string {
  return column.nullable && type !== 'unknown' ? `${type} | null` : type
}

function writtenColumns(columns: readonly Column[]): WrittenColumn[] {
  return columns
    .filter(({ contract }) => contract.generated === undefined)
    .map(({ contract, types, optional }) => ({ contract, type: orNull(types.write, contract), optional }))
}

function rowInterfaces({ row }: ModelNames, table: TableContract, columns: readonly Column[]): string {
  const read = columns.map(({ contract, types }) => `${property(contract.name)}: ${orNull(types.read, contract)}`)
  const settable = columns.filter(({ contract }) => contract.generated === undefined)
  const written = writtenColumns(columns).map(({ contract, type, optional }) => {
    return `${property(contract.name)}${optional ? `?: ${type} | undefined` : `: ${type}`}`
  })
  const inKey = (column: Column): boolean => table.primaryKey.includes(column.contract.name)
  const changed = settable
    .filter(column => !inKey(column))
    .map(({ contract, types }) => {
      const change = types.change === undefined ? '' : ` | ${types.change}`
      return `${property(contract.name)}?: ${orNull(types.write, contract)}${change} | undefined`
    })
  const keyed = table.primaryKey.map(name => {
    const column = columns.find(one => one.contract.name === name)!
    return `${property(name)}: ${column.types.write}`
  })
  // Nothing can be changed where all columns are the key, and an empty interface would take anything.
  const patch = changed.length > 0 ? changed : ['[column: string]: never']
  return [
    interfaceText(row, read, `A row of \`${table.name}\`.`),
    interfaceText(
      `New${row}`,
      written,
      `What an insert into \`${table.name}\` takes: columns with a default may be left out.`,
    ),
    interfaceText(`${row}Patch`, patch, 'What an update takes; the primary key stays.'),
    interfaceText(`${row}Key`, keyed, 'What names one row.'),
  ].join('')
}

function whereInterface(
  context: ModelContext,
  { key, row }: ModelNames,
  columns: readonly Column[],
  relations: Readonly<Record<string, RelationContract>>,
  imports: Imports,
): string {
  const where = `${row}Where`
  const members = columns.flatMap(({ contract, types }) => {
    if (types.filter === undefined) return []
    const operands = [types.operand, ...(contract.nullable ? ['null'] : []), types.filter]
    return [`${property(contract.name)}?: ${operands.filter(one => one !== undefined).join(' | ')}`]
  })
  const logic = [
    `AND?: ${where} | readonly ${where}[]`,
    `OR?: readonly ${where}[]`,
    `NOT?: ${where} | readonly ${where}[]`,
  ]
  const related = Object.entries(relations).map(([name, relation]) => {
    const target = context.names.get(relation.table)!
    const other = `${target.row}Where`
    const type = target.key === key ? other : imports.type(`./${target.key}${context.importExtension}`, other)
    if (relation.kind === 'one') return `${property(name)}?: ${imports.type(client, 'OneFilter')}<${type}> | null`
    return `${property(name)}?: ${imports.type(client, 'ManyFilter')}<${type}>`
  })
  return interfaceText(where, [...logic, ...members, ...related], 'Filters; all of them must hold.')
}

function orderInterface({ row }: ModelNames, columns: readonly Column[], imports: Imports): string {
  const sortOrder = imports.type(client, 'SortOrder')
  const members = columns
    .filter(({ contract }) => contract.type !== 'json' && contract.type !== 'vector')
    .map(({ contract }) => `${property(contract.name)}?: ${sortOrder}`)
  return interfaceText(`${row}Order`, members)
}

function relationInterfaces(
  context: ModelContext,
  { key, row }: ModelNames,
  relations: Readonly<Record<string, RelationContract>>,
  imports: Imports,
): string {
  const include: string[] = []
  const related: string[] = []
  const loaded: string[] = []
  for (const [name, relation] of Object.entries(relations)) {
    const target = context.names.get(relation.table)!
    const module = `./${target.key}${context.importExtension}`
    const other = (suffix: string): string =>
      target.key === key ? `${target.row}${suffix}` : imports.type(module, `${target.row}${suffix}`)
    const query = imports.type(client, relation.kind === 'one' ? 'RelatedOne' : 'RelatedMany')
    const value = relation.kind === 'one' ? `${other('With')} | null` : `${other('With')}[]`
    include.push(`${property(name)}?: true | ${query}<${other('Model')}>`)
    related.push(`${property(name)}: ${value}`)
    loaded.push(`${property(name)}?: ${value}`)
  }
  return [
    interfaceText(`${row}Include`, include, 'Relations that `with` loads.'),
    interfaceText(`${row}Related`, related, 'What `with` adds to a row. A row that is not there is `null`.'),
    interfaceText(`${row}With`, loaded, 'A row with the relations that were loaded.', row),
  ].join('')
}

/** Sums are of the columns' types; averages are numbers, of decimal columns text. */
function aggregateInterfaces({ row }: ModelNames, columns: readonly Column[]): string {
  const numeric = columns.filter(({ contract: { type, codec } }) => {
    if (codec !== undefined) return false
    return type === 'integer' || type === 'bigint' || type === 'real' || type === 'decimal'
  })
  const sums = numeric.map(({ contract, types }) => `${property(contract.name)}: ${types.read}`)
  const averages = numeric.map(
    ({ contract: { name, type } }) => `${property(name)}: ${type === 'decimal' ? 'string' : 'number'}`,
  )
  return interfaceText(`${row}Sums`, sums) + interfaceText(`${row}Averages`, averages)
}

function modelInterface({ row }: ModelNames, { newWith, newBy, change }: WriteNames): string {
  return interfaceText(`${row}Model`, [
    `Row: ${row}`,
    `New: New${row}`,
    `NewWith: ${newWith}`,
    `NewBy: ${newBy}`,
    `Patch: ${row}Patch`,
    `Change: ${change}`,
    `Where: ${row}Where`,
    `Order: ${row}Order`,
    `Key: ${row}Key`,
    `Include: ${row}Include`,
    `Related: ${row}Related`,
    `Sums: ${row}Sums`,
    `Averages: ${row}Averages`,
  ])
}

function kyselyInterface(
  { table: name }: ModelNames,
  table: TableContract,
  columns: readonly Column[],
  imports: Imports,
): string {
  // Statements run on what is stored: no codec comes between.
  const members = columns.map(({ contract, types: { stored }, optional }) => {
    const read = orNull(stored.read, contract)
    const name = property(contract.column ?? contract.name)
    if (contract.generated !== undefined)
      return `${name}: ${imports.type('kysely', 'ColumnType')}<${read}, never, never>`
    const write = orNull(stored.write, contract)
    if (read === write && !optional) return `${name}: ${read}`
    const columnType = imports.type('kysely', 'ColumnType')
    return `${name}: ${columnType}<${read}, ${write}${optional ? ' | undefined' : ''}, ${write}>`
  })
  return interfaceText(name, members, `\`${table.name}\` for Kysely: what is selected, inserted, updated.`)
}

/** `db.ts`: Kysely's view of the store, by the tables' names in it. */
export function emitDatabase(context: ModelContext): EmittedFile {
  const imports = new Imports()
  const entries = [...context.names.values()].map(({ key, table }) => {
    const type = imports.type(`./models/${key}${context.importExtension}`, table)
    return { name: context.contract.tables[key]!.name, type }
  })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const members = entries.map(({ name, type }) => `${property(name)}: ${type}`)
  const text = imports.above(interfaceText('DB', members, 'Every table, for Kysely.'))
  const made = `tables ${partHash(entries)}`
  return { path: 'db.ts', made, text, language: 'typescript', formatted: false }
}
