/** Random writes, changes of the schema, and transactions. */
import type { Random } from '../random.js'
import { QueryMaker } from './queries.js'
import type { Step } from './queries.js'
import type { Reference } from './expressions.js'
import { literal, shuffled } from './world.js'
import type { Column, Table, World } from './world.js'

/** By qualified names: those of a subquery are others. */
const references = (table: Table, name = table.name): Reference[] =>
  table.columns.map(column => ({ sql: `${name}.${column.name}`, kind: column.kind }))

export class WriteMaker {
  readonly #random: Random
  readonly #queries: QueryMaker

  constructor(readonly world: World) {
    this.#random = world.random
    this.#queries = new QueryMaker(world)
  }

  step(): Step {
    const random = this.#random
    const table = random.pick(this.world.tables)
    const sql = random.pick([
      () => this.#insert(table),
      () => this.#insert(table),
      () => this.#insertSelect(table),
      () => this.#update(table),
      () => this.#update(table),
      () => this.#delete(table),
    ])()
    return this.#queries.step(sql)
  }

  /** Rows to begin with. */
  rows(table: Table): Step {
    const columns = table.columns
    const rows = Array.from({ length: 1 + this.#random.below(4) }, () => this.#queries.row(columns, table.key))
    return this.#queries.step(`insert or ignore into ${table.name} values ${rows.join(', ')}`)
  }

  #returning(table: Table): string {
    const { expressions } = this.#queries
    if (this.#random.chance(0.7)) return ''
    // Which of its rows a query in it sees changed already is open.
    this.#queries.written = table
    this.#queries.isReturning = true
    const kind = expressions.kind()
    const key = table.key.map((name, i) => `${table.name}.${name} as k${i}`)
    const returning = ` returning ${key.join(', ')}, ${expressions.value(kind, references(table), 1)} as v`
    this.#queries.isReturning = false
    return returning
  }

  #insert(table: Table): string {
    const random = this.#random
    const optional = table.columns.filter(({ name }) => !table.key.includes(name))
    const left = random.chance(0.2) && optional.length > 0 ? random.pick(optional) : undefined
    const columns = table.columns.filter(column => column !== left)
    const rows = Array.from({ length: 1 + random.below(3) }, () => this.#queries.row(columns, table.key))
    const names = left ? ` (${columns.map(({ name }) => name).join(', ')})` : ''
    this.#queries.written = table
    const { word, conflict } = this.#conflict(table)
    return `${word} into ${table.name}${names} values ${rows.join(', ')}${conflict}${this.#returning(table)}`
  }

  #conflict(table: Table): { word: string; conflict: string } {
    const random = this.#random
    if (random.chance(0.35)) return { word: 'insert', conflict: '' }
    if (random.chance(0.3)) return { word: random.pick(['insert or ignore', 'insert or replace']), conflict: '' }
    const target = `(${random.pick(table.uniques).join(', ')})`
    if (random.chance(0.4)) {
      return { word: 'insert', conflict: ` on conflict ${random.pick(['', target])} do nothing` }
    }
    const where = random.chance(0.3) ? ` where ${this.#queries.expressions.condition(references(table), 0)}` : ''
    const set = this.#set(table, [...references(table), ...references(table, 'excluded')], false)
    if (set === '') return { word: 'insert', conflict: '' }
    return { word: 'insert', conflict: ` on conflict ${target} do update set ${set}${where}` }
  }

  /** `keys`: also columns of keys; both databases look at the keys of one row alike, those of many in an order of their own. */
  #set(table: Table, sees: readonly Reference[], keys: boolean): string {
    const random = this.#random
    const { expressions } = this.#queries
    const free = table.columns.filter(({ isKey }) => keys || !isKey)
    const chosen = shuffled(random, free).slice(0, 1 + random.below(2))
    const value = ({ kind }: Column) =>
      random.chance(0.4) ? expressions.value(kind, sees, 2) : expressions.leaf(kind, sees)
    if (chosen.length === 2 && random.chance(0.2)) {
      return `(${chosen.map(({ name }) => name).join(', ')}) = (${chosen.map(value).join(', ')})`
    }
    return chosen.map(column => `${column.name} = ${value(column)}`).join(', ')
  }

  /** One row by its key. */
  #byKey(table: Table): string {
    const kindOf = (name: string) => table.columns.find(column => column.name === name)!.kind
    const { expressions } = this.#queries
    return table.key.map(name => `${table.name}.${name} = ${expressions.given(kindOf(name))}`).join(' and ')
  }

  #where(table: Table): string {
    const random = this.#random
    if (random.chance(0.1)) return ''
    const condition = random.chance(0.3)
      ? this.#byKey(table)
      : this.#queries.expressions.condition(references(table), 1)
    return ` where ${condition}`
  }

  #insertSelect(table: Table): string {
    const random = this.#random
    const kinds = table.columns.map(({ kind }) => kind)
    const source = this.#queries.select(kinds, [], 1, false)
    const order = kinds.map((_, i) => String(i + 1)).join(', ')
    const word = random.pick(['insert', 'insert or ignore', 'insert or replace'])
    // NULL in an integer key asks for the next number, of which each database has its own.
    const where = table.key.map(name => `c${table.columns.findIndex(column => column.name === name)} is not null`)
    return `${word} into ${table.name} select * from (${source}) where ${where.join(' and ')} order by ${order} limit ${1 + random.below(5)}${this.#returning(table)}`
  }

  #update(table: Table): string {
    const random = this.#random
    this.#queries.written = table
    const isOne = random.chance(0.35)
    const returning = this.#returning(table)
    if (!isOne && random.chance(0.25)) return this.#updateFrom(table, returning)
    const set = this.#set(table, references(table), isOne)
    if (set === '') return this.#delete(table)
    return `update ${table.name} set ${set}${isOne ? ` where ${this.#byKey(table)}` : this.#where(table)}${returning}`
  }

  /** From groups of another table, one for each value, so that it is clear which row counts. */
  #updateFrom(table: Table, returning: string): string {
    const random = this.#random
    const other = random.pick(this.world.tables.filter(each => each !== table))
    const by = random.pick(other.columns)
    const fitting = table.columns.filter(({ kind }) => kind === by.kind)
    const targets = table.columns.filter(({ kind, isKey }) => kind === 'integer' && !isKey)
    if (fitting.length === 0 || targets.length === 0) return this.#delete(table)
    const source = `(select ${by.name} as g, count(*) as n from ${other.name} group by ${by.name}) as f`
    const on = `f.g = ${table.name}.${random.pick(fitting).name}`
    return `update ${table.name} set ${random.pick(targets).name} = f.n + ${literal(random, 'integer')} from ${source} where ${on}${returning}`
  }

  #delete(table: Table): string {
    this.#queries.written = table
    return `delete from ${table.name}${this.#where(table)}${this.#returning(table)}`
  }

  /** A change of the schema. */
  change(): Step {
    const random = this.#random
    const table = random.pick(this.world.tables)
    const sql = random.pick([
      () => this.world.index(table),
      () => this.world.index(table),
      () => this.#dropIndex(table),
      () => this.#addColumn(table),
    ])()
    return { sql, values: [] }
  }

  #dropIndex(table: Table): string {
    const name = table.indexes.pop()
    return name === undefined ? this.world.index(table) : `drop index ${name}`
  }

  #addColumn(table: Table): string {
    const random = this.#random
    if (table.columns.length > 7) return this.world.index(table)
    const kind = random.pick(['integer', 'text', 'real'] as const)
    const name = this.world.name('y')
    const nullable = random.chance(0.6)
    const given = !nullable || random.chance(0.4) ? ` default ${literal(random, kind)}` : ''
    table.columns.push({ name, kind, nullable, isKey: false })
    return `alter table ${table.name} add column ${name} ${kind}${nullable ? '' : ' not null'}${given}`
  }
}
