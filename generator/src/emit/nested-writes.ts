/** What inserts and updates of one table take beside its columns: rows of its relations, to be written with it. */
import type { ColumnContract, Contract, RelationContract } from '@sochdb/schema'
import type { ModelNames } from '../contract/naming.js'
import { interfaceText, property, type Imports } from './file.js'
import type { ModelContext } from './model.js'

const client = 'sochdb/client'

/** A column that an insert can set, with its type in `New…`. */
export interface WrittenColumn {
  readonly contract: ColumnContract
  readonly type: string
  readonly optional: boolean
}

/** What the model of a table calls its types. */
export interface WriteNames {
  readonly newWith: string
  readonly newBy: string
  readonly change: string
}

type Relations = Readonly<Record<string, RelationContract>>

/** An insert has to say it. */
function isRequired(contract: Contract, table: string, column: string): boolean {
  const { columns, tenant } = contract.tables[table]!
  const found = columns.find(({ name }) => name === column)
  return found !== undefined && !found.nullable && found.default === undefined && column !== tenant
}

/** Of contracts that are being emitted: every table asks of its neighbours. */
const filledTables = new WeakMap<Contract, ReadonlyMap<string, ReadonlySet<string>>>()

/** Required columns that a relation can fill: its own to one row, and those of others to its rows. */
function filledColumns(contract: Contract, key: string): ReadonlySet<string> {
  let ofTables = filledTables.get(contract)
  if (ofTables === undefined) filledTables.set(contract, (ofTables = allFilledColumns(contract)))
  return ofTables.get(key) ?? new Set()
}

function allFilledColumns(contract: Contract): ReadonlyMap<string, ReadonlySet<string>> {
  const ofTables = new Map<string, Set<string>>()
  const fill = (table: string, column: string): void => {
    if (!isRequired(contract, table, column)) return
    const columns = ofTables.get(table)
    if (columns === undefined) ofTables.set(table, new Set([column]))
    else columns.add(column)
  }
  for (const [key, relations] of Object.entries(contract.relations)) {
    for (const relation of Object.values(relations)) {
      if (relation.kind === 'one') fill(key, relation.column)
      else if (relation.kind === 'many') fill(relation.table, relation.column)
    }
  }
  return ofTables
}

/** What a row is that is created under the name of a relation. */
function createdType({ contract, names }: ModelContext, key: string, kind: RelationContract['kind']): string {
  const { row } = names.get(key)!
  // A table between both is what is filled then, not the row.
  if (kind !== 'manyToMany' && filledColumns(contract, key).size > 0) return `New${row}Of`
  return Object.keys(contract.relations[key] ?? {}).length > 0 ? `New${row}With` : `New${row}`
}

export function writeNames({ contract, names }: ModelContext, key: string): WriteNames {
  const { row } = names.get(key)!
  const relations = Object.values(contract.relations[key] ?? {})
  if (relations.length === 0) return { newWith: `New${row}`, newBy: `New${row}`, change: `${row}Patch` }
  const isBy = relations.some(relation => relation.kind === 'one' && isRequired(contract, key, relation.column))
  return { newWith: `New${row}With`, newBy: isBy ? `New${row}By` : `New${row}With`, change: `${row}Change` }
}

export function nestedWrites(
  context: ModelContext,
  { key, row }: ModelNames,
  relations: Relations,
  written: readonly WrittenColumn[],
  imports: Imports,
): string {
  const { contract } = context
  const { primaryKey } = contract.tables[key]!
  const filled = filledColumns(contract, key)
  const entries = Object.entries(relations)
  const isFilledOne = (relation: RelationContract): boolean => relation.kind === 'one' && filled.has(relation.column)
  const member = (name: string, type: string, isOptional = true): string =>
    `${property(name)}${isOptional ? `?: ${type} | undefined` : `: ${type}`}`
  const typeOf = (what: string, { kind, table }: RelationContract): string => {
    const target = context.names.get(table)!
    const other = (type: string): string =>
      table === key ? type : imports.type(`./${target.key}${context.importExtension}`, type)
    const generic = imports.type(client, `${what}${kind === 'one' ? 'One' : 'Many'}`)
    return `${generic}<${other(createdType(context, table, kind))}, ${other(`${target.row}Key`)}>`
  }
  const texts: string[] = []
  if (entries.length > 0) {
    const created = entries
      .filter(([, relation]) => !isFilledOne(relation))
      .map(([name, relation]) => member(name, typeOf('Create', relation)))
    texts.push(interfaceText(`New${row}With`, created, 'A new row, and rows of its relations.', `New${row}`))
  }
  if (filled.size > 0) {
    const columns = written.map(({ contract: { name }, type, optional }) =>
      member(name, type, optional || filled.has(name)),
    )
    const created = entries.map(([name, relation]) => member(name, typeOf('Create', relation)))
    const comment = 'A new row whose relations fill its columns.'
    texts.push(interfaceText(`New${row}Of`, [...columns, ...created], comment))
  }
  const required = entries.filter(([, relation]) => isFilledOne(relation))
  if (required.length > 0) {
    const members = required.map(([name, relation]) => member(name, typeOf('Create', relation), false))
    texts.push(interfaceText(`New${row}By`, members, 'A new row that says by relations whose it is.', `New${row}Of`))
  }
  if (entries.length > 0) {
    const changes = entries
      .filter(([, relation]) => relation.kind !== 'one' || !primaryKey.includes(relation.column))
      .map(([name, relation]) => member(name, typeOf('Change', relation)))
    // A patch of a table whose columns are all its key refuses every property.
    const isOpen = changes.length === 0 || written.some(({ contract: { name } }) => !primaryKey.includes(name))
    const comment = 'A change, and those of its relations.'
    texts.push(interfaceText(`${row}Change`, changes, comment, isOpen ? `${row}Patch` : undefined))
  }
  return texts.join('')
}
