/** Random writes, made with Kysely's builder. */
import type { Expression, OnConflictBuilder } from 'kysely'
import type { Random } from '../../../sochdb/test/sql/random.js'
import { shuffled, type Column, type Table, type World } from '../../../sochdb/test/sql/fuzz/world.js'
import { eb, valueOf, type Cell, type Reference, type Rows, type Value } from './expressions.js'
import { builder, named, QueryMaker } from './queries.js'

/** What the lanes run. */
export interface Query {
  toOperationNode(): object
}

const references = (table: Table, name = table.name): Reference[] =>
  table.columns.map(column => ({ name: `${name}.${column.name}`, kind: column.kind }))

interface Returns<Q> {
  returning(selection: unknown): Q
}

export class WriteMaker {
  readonly #random: Random
  readonly #queries: QueryMaker

  constructor(readonly world: World) {
    this.#random = world.random
    this.#queries = new QueryMaker(world)
  }

  write(): Query {
    const random = this.#random
    const table = random.pick(this.world.tables)
    return random.pick([
      () => this.#insert(table),
      () => this.#insertSelect(table),
      () => this.#update(table),
      () => this.#update(table),
      () => this.#delete(table),
    ])()
  }

  /** Rows to begin with. */
  rows(): Query {
    const table = this.#random.pick(this.world.tables)
    return builder
      .insertInto(table.name)
      .orIgnore()
      .values(this.#rows(table.columns, table, 1 + this.#random.below(4), 0.01))
  }

  #rows(columns: readonly Column[], table: Table, count: number, nulls: number): Record<string, never>[] {
    const random = this.#random
    const cell = ({ name, kind, nullable }: Column): Cell | Value => {
      if (!table.key.includes(name) && random.chance(nullable ? 0.15 : nulls)) return null
      return random.chance(0.2) ? this.#queries.expressions.given(kind) : valueOf(random, kind)
    }
    return Array.from({ length: count }, () =>
      Object.fromEntries(columns.map(column => [column.name, cell(column) as never])),
    )
  }

  #returning<Q extends Query>(table: Table, query: Q, replaces = false): Q {
    if (!this.#random.chance(0.3)) return query
    // Which of its rows a query in it sees changed already is open.
    this.#queries.written = table
    const { expressions } = this.#queries
    // Nor does a query see alike what goes with a row that REPLACE deletes: in SQLite it is gone by then, here it goes when the
    // statement ends, as what all foreign keys change does (docs/sql.md).
    const cascades = replaces && this.world.tables.some(each => each !== table && each.refers)
    const kind = expressions.kind()
    const value = cascades ? expressions.leaf(kind, references(table)) : expressions.value(kind, references(table), 1)
    const keys = table.key.map((name, i) => eb.ref(`${table.name}.${name}`).as(`k${i}`))
    return (query as unknown as Returns<Q>).returning([...keys, named(value).as('v')])
  }

  #insert(table: Table): Query {
    const random = this.#random
    const optional = table.columns.filter(({ name }) => !table.key.includes(name))
    const left = random.chance(0.2) && optional.length > 0 ? random.pick(optional) : undefined
    const columns = table.columns.filter(column => column !== left)
    const way = random.below(5)
    // What REPLACE does with NULL is SQLite's own: it takes the default.
    const rows = this.#rows(columns, table, 1 + random.below(3), way === 2 ? 0 : 0.01)
    this.#queries.written = table
    const into = builder.insertInto(table.name)
    switch (way) {
      case 1:
        return this.#returning(table, into.orIgnore().values(rows))
      case 2:
        return this.#returning(
          table,
          (random.chance(0.5) ? into.orReplace() : builder.replaceInto(table.name)).values(rows),
          true,
        )
      case 3:
        return this.#returning(table, into.values(rows).onConflict(this.#conflict(table)))
      default:
        return this.#returning(table, into.values(rows))
    }
  }

  #conflict(table: Table) {
    const random = this.#random
    const columns = random.pick(table.uniques)
    const isTargeted = random.chance(0.7)
    const isUpdate = isTargeted && random.chance(0.7)
    const sees = [...references(table), ...references(table, 'excluded')]
    const set = isUpdate ? this.#set(table, sees, false) : {}
    const where = isUpdate && random.chance(0.3) ? this.#queries.expressions.condition(references(table), 0) : undefined
    return (on: OnConflictBuilder<Rows, string>) => {
      const target = isTargeted ? on.columns(columns) : on
      if (Object.keys(set).length === 0) return target.doNothing()
      const updating = target.doUpdateSet(set as never)
      return where === undefined ? updating : updating.where(where as never)
    }
  }

  /** `keys`: also columns of keys; both databases look at the keys of one row alike, those of many in an order of their own. */
  #set(table: Table, sees: readonly Reference[], keys: boolean): Record<string, Cell | Value> {
    const random = this.#random
    const { expressions } = this.#queries
    const free = table.columns.filter(({ isKey }) => keys || !isKey)
    const chosen = shuffled(random, free).slice(0, 1 + random.below(2))
    const value = ({ kind }: Column) => {
      if (random.chance(0.3)) return valueOf(random, kind)
      return random.chance(0.4) ? expressions.value(kind, sees, 2) : expressions.leaf(kind, sees)
    }
    return Object.fromEntries(chosen.map(column => [column.name, value(column)]))
  }

  #where<Q extends Query>(table: Table, query: Q, byKey: boolean): Q {
    const random = this.#random
    const { expressions } = this.#queries
    let filtered = query as unknown as Filtered
    if (byKey) {
      for (const name of table.key) {
        const { kind } = table.columns.find(column => column.name === name)!
        filtered = filtered.where(`${table.name}.${name}`, '=', expressions.given(kind))
      }
    } else if (!random.chance(0.1)) filtered = filtered.where(expressions.condition(references(table), 1))
    return filtered as unknown as Q
  }

  #insertSelect(table: Table): Query {
    const random = this.#random
    const kinds = table.columns.map(({ kind }) => kind)
    const source = this.#queries.select(kinds, [], 1, false)
    let query = builder.selectFrom(source.as('s') as never).selectAll()
    // NULL in an integer key asks for the next number, of which each database has its own.
    const way = random.below(3)
    table.columns.forEach(({ name, nullable }, i) => {
      const isWanted = table.key.includes(name) || (way === 2 && !nullable)
      if (isWanted) query = query.where(`c${i}` as never, 'is not', null)
    })
    kinds.forEach((_, i) => (query = query.orderBy(`c${i}` as never)))
    const into = builder.insertInto(table.name)
    const word = way === 0 ? into : way === 1 ? into.orIgnore() : into.orReplace()
    const names = table.columns.map(({ name }) => name)
    return this.#returning(table, word.columns(names).expression(query.limit(1 + random.below(5)) as never), way === 2)
  }

  #update(table: Table): Query {
    const random = this.#random
    this.#queries.written = table
    const isOne = random.chance(0.35)
    const set = this.#set(table, references(table), isOne)
    if (Object.keys(set).length === 0) return this.#delete(table)
    const from = !isOne && random.chance(0.25) ? this.#updateFrom(table) : undefined
    if (from !== undefined) return this.#returning(table, from)
    return this.#returning(table, this.#where(table, builder.updateTable(table.name).set(set as never), isOne))
  }

  /** From groups of another table, one for each value, so that it is clear which row counts. */
  #updateFrom(table: Table): Query | undefined {
    const random = this.#random
    const other = random.pick(this.world.tables.filter(each => each !== table))
    const by = random.pick(other.columns)
    const fitting = table.columns.filter(({ kind }) => kind === by.kind)
    const targets = table.columns.filter(({ kind, isKey }) => kind === 'integer' && !isKey)
    if (fitting.length === 0 || targets.length === 0) return undefined
    const source = builder
      .selectFrom(other.name)
      .select([`${by.name} as g`, eb.fn.countAll().as('n')] as never)
      .groupBy(by.name)
      .as('f')
    return builder
      .updateTable(table.name)
      .from(source as never)
      .set({ [random.pick(targets).name]: eb(eb.ref('f.n'), '+', valueOf(random, 'integer')) } as never)
      .whereRef('f.g' as never, '=', `${table.name}.${random.pick(fitting).name}` as never)
  }

  #delete(table: Table): Query {
    this.#queries.written = table
    return this.#returning(table, this.#where(table, builder.deleteFrom(table.name), false))
  }
}

interface Filtered {
  where(condition: Expression<unknown>): Filtered
  where(column: string, operator: '=', value: Value): Filtered
}
