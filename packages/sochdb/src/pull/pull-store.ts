/** A store as a schema: what its contract says where the catalog agrees, and what the catalog says where it does not. */
import type { ColumnContract, Contract, RelationContract, TableContract } from '@sochdb/schema/contract'
import { canonicalJson } from '@sochdb/schema/diff'
import type { Database, Transaction } from '../database/index.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/index.js'
import { catalogShape, type CatalogShape } from '../migrate/catalog-shape.js'
import { shapeOfContract } from '../migrate/expected.js'
import { readContract } from '../migrate/ledger.js'
import { isRebuilding } from '../migrate/collections.js'
import { describeViews } from '../sql/schema.js'
import { catalogStore } from '../sql/session.js'
import { listCollections, listTables } from '../sql/catalog/index.js'
import type { TableEntry } from '../sql/catalog/index.js'
import { camelCase, isDeclarable, Properties } from './names.js'
import { pullCollection } from './pull-collection.js'
import { withReferences } from './pull-relations.js'
import { fieldsOf, obstacle, pullTable, type KnownColumns, type TableNames } from './pull-table.js'
import { emptyContract, type Pulled } from './pulled.js'

/** Reads the catalog, and writes nothing. */
export function pullStore(database: Database): Pulled {
  return database.transaction(transaction => {
    const stored = readContract(transaction)?.contract
    return new Pull(transaction, stored ?? emptyContract, shapeOfContract(stored)).run()
  })
}

class Pull {
  readonly #remarks: string[] = []
  readonly #actual: CatalogShape

  constructor(
    readonly transaction: Transaction,
    readonly stored: Contract,
    readonly expected: CatalogShape,
  ) {
    this.#actual = catalogShape(transaction)
  }

  run(): Pulled {
    const { stored } = this
    const properties = Properties.ofClient()
    for (const section of [stored.caches, stored.kv]) for (const key of Object.keys(section)) properties.claim(key)
    const tables = this.#tables(properties)
    const collections = this.#collections(properties)
    const known = new Set(Object.values(stored.tables).map(({ name }) => name))
    const fresh = Object.keys(tables).filter(key => !known.has(tables[key]!.name))
    const relations = withReferences(tables, fresh, this.#relations(tables))
    for (const { name } of describeViews(this.transaction))
      this.#remark(`View "${name}" is left out: schemas have none.`)
    const { nodes, edges, caches, kv } = stored
    const contract: Contract = { version: 1, tables, relations, collections, nodes, edges, caches, kv }
    return { contract, remarks: this.#remarks }
  }

  #remark(text: string): void {
    this.#remarks.push(text)
  }

  #tables(properties: Properties): Contract['tables'] {
    const known = keysByName(this.stored.tables)
    const entries = listTables(catalogStore(this.transaction), DEFAULT_NAMESPACE_ID)
      .map(({ entry }) => entry)
      .filter(entry => {
        const reason = obstacle(entry)
        if (reason !== undefined) this.#remark(`Table "${entry.name}" is left out: ${reason}.`)
        return reason === undefined
      })
    const keys = claimed(entries, known, properties, (name, key) =>
      this.#remark(`Table "${name}" is "${key}" on the client: its own name is taken or reserved.`),
    )
    const columnsOf = (entry: TableEntry): KnownColumns => {
      const table = known.get(entry.name)
      const columns = table === undefined ? [] : this.stored.tables[table]!.columns
      return name => columns.find(column => (column.column ?? column.name) === name)
    }
    const fields = new Map(
      entries.map(entry => [entry.name, fieldsOf(entry, columnsOf(entry), text => this.#remark(text))] as const),
    )
    const names: TableNames = {
      key: table => keys.get(table),
      field: (table, column) => fields.get(table)?.get(column),
    }
    const pulled = entries.map(entry => {
      const key = known.get(entry.name)
      const same = key !== undefined && this.#isAsDeclared('tables', entry.name)
      const table = same
        ? this.stored.tables[key]!
        : pullTable(entry, names, columnsOf(entry), text => this.#remark(text))
      return [keys.get(entry.name)!, same ? table : withMarks(table, key && this.stored.tables[key])] as const
    })
    return sorted(pulled)
  }

  #isAsDeclared(section: 'tables' | 'collections', name: string): boolean {
    const [expected, actual] = [this.expected[section][name], this.#actual[section][name]]
    return expected !== undefined && canonicalJson(expected) === canonicalJson(actual)
  }

  #collections(properties: Properties): Contract['collections'] {
    const known = keysByName(this.stored.collections)
    const entries = listCollections(catalogStore(this.transaction), DEFAULT_NAMESPACE_ID)
      .map(({ entry }) => entry)
      .filter(({ name }) => {
        if (isRebuilding(name)) return false
        if (!isDeclarable(name)) this.#remark(`Collection "${name}" is left out: a schema has no such name.`)
        return isDeclarable(name)
      })
    const keys = claimed(entries, known, properties, (name, key) =>
      this.#remark(`Collection "${name}" is "${key}" on the client: its own name is taken or reserved.`),
    )
    return sorted(
      entries.map(entry => {
        const key = known.get(entry.name)
        const declared = key === undefined ? undefined : this.stored.collections[key]!
        const same = declared !== undefined && this.#isAsDeclared('collections', entry.name)
        return [keys.get(entry.name)!, same ? declared : pullCollection(entry)] as const
      }),
    )
  }

  /** Those whose ends are there yet. */
  #relations(tables: Contract['tables']): Contract['relations'] {
    const has = (table: string, column: string): boolean =>
      tables[table]?.columns.some(({ name }) => name === column) === true
    const holds = (of: string, relation: RelationContract): boolean => {
      if (tables[of] === undefined || tables[relation.table] === undefined) return false
      if (relation.kind === 'manyToMany')
        return has(relation.through, relation.from) && has(relation.through, relation.to)
      return relation.kind === 'one' ? has(of, relation.column) : has(relation.table, relation.column)
    }
    const kept = Object.entries(this.stored.relations).map(([of, relations]) => {
      const members = Object.entries(relations).filter(([, relation]) => holds(of, relation))
      return [of, Object.fromEntries(members)] as const
    })
    return Object.fromEntries(kept.filter(([of]) => tables[of] !== undefined))
  }
}

function keysByName(section: Readonly<Record<string, { readonly name: string }>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(section).map(([key, { name }]) => [name, key]))
}

/** Properties of the client, by names in the store; those that are known come first. */
function claimed(
  entries: readonly { readonly name: string }[],
  known: ReadonlyMap<string, string>,
  properties: Properties,
  onOther: (name: string, key: string) => void,
): ReadonlyMap<string, string> {
  const keys = new Map<string, string>()
  for (const { name } of entries) {
    const key = known.get(name)
    if (key !== undefined) keys.set(name, properties.claim(key))
  }
  const isKey = ({ name }: { readonly name: string }) => camelCase(name) === name
  for (const { name } of [...entries.filter(isKey), ...entries.filter(entry => !isKey(entry))]) {
    if (keys.has(name)) continue
    const key = properties.claim(camelCase(name), name)
    if (key !== camelCase(name) && key !== name) onOther(name, key)
    keys.set(name, key)
  }
  return keys
}

/** What clients alone know of a table, where its columns still allow it. */
function withMarks(table: TableContract, declared: TableContract | '' | undefined): TableContract {
  if (!declared) return table
  const { softDelete, tenant } = declared
  const column = (name: string | undefined): ColumnContract | undefined => table.columns.find(one => one.name === name)
  const hidden = column(softDelete)
  const owner = column(tenant)
  const hides = hidden?.type === 'timestamp' && hidden.nullable && hidden.default === undefined
  return {
    ...table,
    ...(hides && { softDelete: hidden.name }),
    ...(owner && !owner.nullable && { tenant: owner.name }),
  }
}

const sorted = <Value>(entries: readonly (readonly [string, Value])[]): Readonly<Record<string, Value>> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
