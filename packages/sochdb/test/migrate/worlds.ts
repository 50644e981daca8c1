/** Contracts at random, changes of them, and rows to carry over. */
import type { CollectionContract, Contract, IndexContract, TableContract } from '@sochdb/schema/contract'
import type { Hints } from '@sochdb/schema/diff'
import type { Database } from '../../src/database/index.js'

type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T
type Table = Mutable<TableContract>
type Column = Table['columns'][number]

/** mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const PLAIN = ['integer', 'text', 'real', 'bigint', 'boolean', 'timestamp', 'decimal', 'uuid', 'json', 'blob'] as const
const INDEXED = new Set<string>(['integer', 'text', 'real', 'bigint', 'boolean', 'timestamp', 'decimal', 'uuid'])
const POLICIES = ['writeOptimized', 'balanced', 'scanOptimized', 'appendOnly'] as const

export interface World {
  readonly contract: Contract
  /** Former names by new ones, as `table.column` and `table`; what is not in it is new. */
  readonly hints: Hints
}

export class Worlds {
  readonly #random: () => number
  #names = 0

  constructor(seed: number) {
    this.#random = randomOf(seed)
  }

  chance = (share: number): boolean => this.#random() < share
  below = (n: number): number => Math.floor(this.#random() * n)
  pick = <T>(items: readonly T[]): T => items[this.below(items.length)]!
  fresh = (what: string): string => `${what}${String(++this.#names)}`

  contract(): Contract {
    const tables: Record<string, Table> = {}
    for (let i = 0; i <= this.below(4); ++i) {
      const table = this.table()
      tables[table.name] = table
    }
    for (const table of Object.values(tables)) if (this.chance(0.5)) this.refer(table, Object.values(tables))
    const collections: Record<string, CollectionContract> = {}
    for (let i = 0; i < this.below(3); ++i) {
      const collection = this.collection()
      collections[collection.name] = collection
    }
    return { version: 1, tables, relations: {}, collections, nodes: {}, edges: {}, caches: {}, kv: {} }
  }

  table(): Table {
    const name = this.fresh('t')
    const id: Column = { name: this.fresh('id'), type: 'integer', nullable: false }
    const columns = [id, ...Array.from({ length: 1 + this.below(4) }, () => this.column())]
    const table: Table = {
      name,
      columns,
      primaryKey: [id.name],
      indexes: [],
      checks: [],
      indexPolicy: this.pick(POLICIES),
    }
    for (let i = 0; i < this.below(3); ++i) this.index(table)
    if (this.chance(0.4)) this.check(table)
    if (this.chance(0.3)) this.computed(table)
    return table
  }

  /** A column that is computed from the key. */
  computed(table: Table): void {
    const expression = `${table.primaryKey[0]!} + 1`
    table.columns.push({
      name: this.fresh('g'),
      type: 'integer',
      nullable: true,
      generated: { expression, stored: true },
    })
  }

  column(): Column {
    const type = this.pick(PLAIN)
    const column: Column = { name: this.fresh('c'), type, nullable: this.chance(0.5) }
    const value = this.default(type)
    // Rows that are there need a value of a column that takes no NULL.
    if (value !== undefined && (!column.nullable || this.chance(0.3))) column.default = { kind: 'value', value }
    else if (type === 'timestamp' && !column.nullable) column.default = { kind: 'now' }
    else if (type === 'uuid' && !column.nullable) column.default = { kind: 'uuid7' }
    else column.nullable = true
    if (type === 'text' && this.chance(0.3)) column.enum = ['x', 'y', 'z'].slice(0, 1 + this.below(3))
    return column
  }

  default(type: string): string | number | boolean | object | undefined {
    const defaults: Record<string, string | number | boolean | object> = {
      integer: this.below(9),
      text: 'x',
      real: 1.5,
      bigint: '77',
      boolean: true,
      decimal: '2.50',
      json: { a: 1 },
      blob: 'AQI=',
    }
    return defaults[type]
  }

  /** Unique ones stand on the key, whose values differ. */
  index(table: Table): void {
    const unique = this.chance(0.3)
    const able = table.columns.filter(({ type }) => INDEXED.has(type))
    const column = unique ? table.primaryKey[0]! : this.pick(able).name
    const parts = [{ column, desc: this.chance(0.3) }]
    const other = this.pick(able).name
    if (this.chance(0.3) && other !== column) parts.push({ column: other, desc: false })
    const where = this.chance(0.2) ? { where: `${table.primaryKey[0]!} > 2` } : {}
    const index: IndexContract = { name: this.fresh('i'), columns: parts, unique, ...where }
    table.indexes.push(index as Mutable<IndexContract>)
  }

  check(table: Table): void {
    const column = this.pick(table.columns).name
    table.checks.push({ name: this.fresh('k'), expression: `${column} is null or ${column} is not null` })
  }

  /** A column that is NULL, or the key of a row that is there: its own key's value, of which every table has all. */
  refer(table: Table, all: readonly Table[]): void {
    const target = this.pick(all)
    const key = target.columns.find(({ name }) => name === target.primaryKey[0])!
    if (target.primaryKey.length !== 1 || key.type !== 'integer') return
    table.columns.push({
      name: this.fresh('r'),
      type: 'integer',
      nullable: true,
      references: { table: target.name, column: key.name, onDelete: this.pick(['cascade', 'setNull', 'noAction']) },
    })
  }

  collection(): CollectionContract {
    const indexed = ['a', 'b'].filter(() => this.chance(0.5))
    const options = { m: 8 + this.below(9), efConstruction: 40 + this.below(20), efSearch: 10 + this.below(50) }
    const metric = this.pick(['cosine', 'euclidean', 'dotProduct'] as const)
    const quantization = this.pick(['none', 'scalar'] as const)
    const named = { name: this.fresh('v'), dimension: 3, metadata: {}, indexed, enableHybridSearch: false }
    return { ...named, ...options, metric, quantization }
  }

  /** Another contract, and what it leaves unsaid. */
  change(before: Contract): World {
    const contract = structuredClone(before) as Mutable<Contract>
    const renames: {
      tables: Record<string, string | null>
      columns: Record<string, string | null>
      collections: Record<string, string | null>
    } = { tables: {}, columns: {}, collections: {} }
    for (const [key, table] of Object.entries(contract.tables)) {
      if (this.chance(0.15)) this.dropTable(contract, key, renames.tables)
      else this.changeTable(contract, table, renames.columns)
    }
    for (const [key, table] of Object.entries(contract.tables)) {
      if (this.chance(0.25)) this.renameTable(contract, key, table, renames.tables)
    }
    if (this.chance(0.3)) {
      const table = this.table()
      contract.tables[table.name] = table
      if (this.chance(0.5)) this.refer(table, Object.values(contract.tables))
    }
    this.changeCollections(contract, renames.collections)
    return { contract: contract as Contract, hints: { renames } }
  }

  private dropTable(contract: Mutable<Contract>, key: string, renames: Record<string, string | null>): void {
    const gone = contract.tables[key]!
    delete contract.tables[key]
    renames[gone.name] = null
    for (const table of Object.values(contract.tables)) {
      for (const column of table.columns) if (column.references?.table === key) delete column.references
    }
  }

  private renameTable(
    contract: Mutable<Contract>,
    key: string,
    table: Table,
    renames: Record<string, string | null>,
  ): void {
    const from = table.name
    delete contract.tables[key]
    table.name = this.fresh('t')
    contract.tables[table.name] = table
    renames[from] = table.name
    for (const other of Object.values(contract.tables)) {
      for (const column of other.columns) if (column.references?.table === key) column.references.table = table.name
    }
  }

  private changeTable(contract: Mutable<Contract>, table: Table, renames: Record<string, string | null>): void {
    for (const column of [...table.columns]) {
      if (this.chance(0.2)) this.dropColumn(contract, table, column, renames)
      else {
        if (this.chance(0.3)) this.changeColumn(contract, table, column)
        if (this.chance(0.2)) this.renameColumn(contract, table, column, renames)
      }
    }
    if (this.chance(0.1) && table.columns.length > 2) this.swapNames(table, renames)
    if (this.chance(0.5)) table.columns.splice(this.below(table.columns.length + 1), 0, this.column())
    if (this.chance(0.2) && table.indexes.length > 0) table.indexes.splice(this.below(table.indexes.length), 1)
    for (const index of table.indexes) if (this.chance(0.2)) index.name = this.fresh('i')
    if (this.chance(0.3)) this.index(table)
    if (this.chance(0.3)) table.checks.pop()
    if (this.chance(0.3)) this.check(table)
    if (this.chance(0.1)) this.computed(table)
    for (const column of table.columns)
      if (column.references && this.chance(0.2)) column.references.onDelete = 'restrict'
    if (this.chance(0.2)) this.refer(table, Object.values(contract.tables))
    if (this.chance(0.2)) table.indexPolicy = this.pick(POLICIES)
    if (this.chance(0.1)) this.changeKey(contract, table)
  }

  private mentions(contract: Mutable<Contract>, table: Table, { name }: Column): boolean {
    const referred = Object.values(contract.tables).some(other =>
      other.columns.some(({ references }) => references?.table === table.name && references.column === name),
    )
    return referred || table.primaryKey.includes(name)
  }

  private dropColumn(
    contract: Mutable<Contract>,
    table: Table,
    column: Column,
    renames: Record<string, string | null>,
  ): void {
    if (this.mentions(contract, table, column)) return
    table.columns = table.columns.filter(other => other !== column)
    table.indexes = table.indexes.filter(({ columns }) => !columns.some(part => part.column === column.name))
    table.checks = table.checks.filter(({ expression }) => !expression.split(' ').includes(column.name))
    renames[`${table.name}.${column.name}`] = null
  }

  private renameColumn(
    contract: Mutable<Contract>,
    table: Table,
    column: Column,
    renames: Record<string, string | null>,
  ): void {
    const from = column.name
    const to = this.fresh('c')
    this.replaceName(contract, table, from, to)
    column.name = to
    renames[`${table.name}.${from}`] = to
  }

  private replaceName(contract: Mutable<Contract>, table: Table, from: string, to: string): void {
    table.primaryKey = table.primaryKey.map(name => (name === from ? to : name))
    const renamed = (text: string) =>
      text
        .split(' ')
        .map(word => (word === from ? to : word))
        .join(' ')
    for (const index of table.indexes) {
      for (const part of index.columns) if (part.column === from) part.column = to
      if (index.where !== undefined) index.where = renamed(index.where)
    }
    for (const column of table.columns) {
      if (column.generated) column.generated.expression = renamed(column.generated.expression)
    }
    for (const check of table.checks) {
      check.expression = renamed(check.expression)
    }
    for (const other of Object.values(contract.tables)) {
      for (const { references } of other.columns) {
        if (references?.table === table.name && references.column === from) references.column = to
      }
    }
  }

  /** Two columns change places: each is what the other was. */
  private swapNames(table: Table, renames: Record<string, string | null>): void {
    const free = table.columns.filter(
      ({ name, references, generated }) =>
        !table.primaryKey.includes(name) &&
        references === undefined &&
        !generated &&
        !Object.values(renames).includes(name) &&
        !table.indexes.some(({ columns }) => columns.some(part => part.column === name)) &&
        !table.checks.some(({ expression }) => expression.includes(name)),
    )
    const [a, b] = free
    if (a === undefined || b === undefined) return
    renames[`${table.name}.${a.name}`] = b.name
    renames[`${table.name}.${b.name}`] = a.name
    ;[a.name, b.name] = [b.name, a.name]
  }

  private changeColumn(contract: Mutable<Contract>, table: Table, column: Column): void {
    if (this.mentions(contract, table, column) || column.references !== undefined || column.generated) return
    const what = this.below(4)
    if (what === 0) column.nullable = true
    if (what === 1) delete column.default
    if (what === 2 && this.default(column.type) !== undefined)
      column.default = { kind: 'value', value: this.default(column.type)! }
    if (what === 3 && ['integer', 'real', 'boolean', 'uuid'].includes(column.type)) {
      const wider: Record<string, Column['type']> = { integer: 'bigint', real: 'text', boolean: 'text', uuid: 'text' }
      column.type = wider[column.type]!
      delete column.default
    }
  }

  private changeKey(contract: Mutable<Contract>, table: Table): void {
    const key = table.columns.find(({ name }) => name === table.primaryKey[0])!
    const other = table.columns.find(
      ({ name, type, nullable, generated }) => name !== key.name && type === 'integer' && !nullable && !generated,
    )
    if (other === undefined || this.mentions(contract, table, other)) return
    const referred = Object.values(contract.tables).some(one =>
      one.columns.some(c => c.references?.table === table.name),
    )
    if (!referred) table.primaryKey = [other.name, key.name]
  }

  private changeCollections(contract: Mutable<Contract>, renames: Record<string, string | null>): void {
    for (const [key, collection] of Object.entries(contract.collections)) {
      const { name } = collection
      if (this.chance(0.2)) {
        delete contract.collections[key]
        renames[name] = null
        continue
      }
      if (this.chance(0.5)) {
        const { name: _, ...options } = this.collection()
        Object.assign(collection, options)
      }
      if (this.chance(0.3)) {
        delete contract.collections[key]
        collection.name = this.fresh('v')
        contract.collections[collection.name] = collection
        renames[name] = collection.name
      }
    }
    if (this.chance(0.3)) {
      const collection = this.collection()
      contract.collections[collection.name] = collection as Mutable<CollectionContract>
    }
  }
}

const VALUES: Record<string, (i: number) => string> = {
  integer: i => String(i * 3),
  text: i => `'word ${String(i)}'`,
  real: i => String(i + 0.25),
  bigint: i => `90071992547409${String(i).padStart(2, '0')}1`,
  boolean: i => (i % 2 === 0 ? 'true' : 'false'),
  timestamp: i => `'2026-01-${String((i % 27) + 1).padStart(2, '0')} 12:00:00'`,
  decimal: i => `${String(i)}.5`,
  uuid: i => `'00000000-0000-4000-8000-${String(i).padStart(12, '0')}'`,
  json: i => `'{"n":${String(i)}}'`,
  blob: i => `x'0${String(i % 10)}ff'`,
}

/** The same rows in every table: keys from 1, no NULL but in references, which name the row of the same number. */
export function fill(database: Database, contract: Contract, rows: number): void {
  const late: string[] = []
  for (const table of Object.values(contract.tables)) {
    const plain = table.columns.filter(({ references, generated }) => references === undefined && !generated)
    for (let i = 1; i <= rows; ++i) {
      const values = plain.map(({ name, type, enum: values }) => {
        if (table.primaryKey.includes(name)) return String(i)
        return values === undefined ? VALUES[type]!(i) : `'${values[0]!}'`
      })
      const names = plain.map(({ name }) => name)
      database.execute(`insert into ${table.name} (${names.join(', ')}) values (${values.join(', ')})`)
    }
    for (const { name, references } of table.columns) {
      if (references !== undefined) late.push(`update ${table.name} set ${name} = ${table.primaryKey[0]!}`)
    }
  }
  for (const statement of late) database.execute(statement)
  for (const { name } of Object.values(contract.collections)) {
    const collection = database.collection(name)
    for (let i = 1; i <= rows; ++i)
      collection.insert({ id: `d${String(i)}`, vector: [i, 1, 2], metadata: { a: i, b: 'x' } })
    collection.insertMulti({
      id: 'many',
      vectors: [
        [1, 2, 3],
        [3, 2, 1],
      ],
      chunkTexts: ['one', 'two'],
      metadata: { a: 0 },
    })
  }
}
