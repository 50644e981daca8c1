/** Random queries, made with Kysely's builder. */
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely'
import type { AliasedExpression, SelectQueryBuilder } from 'kysely'
import type { Random } from '../../../sochdb/test/sql/random.js'
import type { Kind, Table, World } from '../../../sochdb/test/sql/fuzz/world.js'
import {
  eb,
  ExpressionMaker,
  type Cell,
  type Condition,
  type QuerySource,
  type Reference,
  type Rows,
  type Value,
} from './expressions.js'

/** Builds queries, and runs none. */
export const builder = new Kysely<Rows>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

type Select = SelectQueryBuilder<Rows, string, Rows>
type Item = string | AliasedExpression<unknown, string>

interface Source {
  readonly query: Select
  readonly columns: readonly Reference[]
}

const JOINS = ['innerJoin', 'leftJoin', 'rightJoin', 'fullJoin', 'crossJoin'] as const

/** What these have in common, of types that are too different to be called as one. */
interface Joins {
  join(table: unknown, left: string, right: string): Select
  join(table: unknown, on: (builder: On) => On): Select
}
interface On {
  on(condition: Condition): On
  onRef(left: string, operator: '=', right: string): On
}

export class QueryMaker implements QuerySource {
  readonly random: Random
  readonly expressions: ExpressionMaker
  /** A table that subqueries do not read: the one that is written. */
  written: Table | undefined
  #names = 0

  constructor(readonly world: World) {
    this.random = world.random
    this.expressions = new ExpressionMaker(this.random, this)
  }

  /** A query whose results are c0, c1, …, so that equal names hide none, and whose rows have one order, or that is compared without one. */
  query(): { query: Select; ordered: boolean } {
    const { random } = this
    const kinds = Array.from({ length: 1 + random.below(3) }, () => this.expressions.kind())
    const ordered = random.chance(0.5)
    if (random.chance(0.15)) return { query: this.#compound(kinds, ordered), ordered }
    if (random.chance(0.1)) return { query: this.#common(kinds), ordered: false }
    return { query: this.select(kinds, [], 2, ordered), ordered }
  }

  #compound(kinds: readonly Kind[], ordered: boolean): Select {
    const { random } = this
    const more = () => this.select(kinds, [], 1, false)
    let query = this.select(kinds, [], 1, false)
    for (let i = 1 + random.below(2); i > 0; --i) {
      query = query[random.pick(['union', 'unionAll', 'intersect', 'except'] as const)](more())
    }
    if (!ordered) return query
    // Rows that are equal in all columns are the same, whichever a limit takes.
    kinds.forEach((_, i) => (query = query.orderBy(`c${i}`, random.pick(['asc', 'desc']))))
    return this.#limit(query)
  }

  #common(kinds: readonly Kind[]): Select {
    const { random } = this
    const names = kinds.map((_, i) => `x${i}`)
    const materialized = random.below(3)
    const inner = this.select(kinds, [], 1, false)
    const db = builder.with(
      name => {
        const cte = name(`w(${names.join(', ')})`)
        return materialized === 0 ? cte : materialized === 1 ? cte.materialized() : cte.notMaterialized()
      },
      () => inner as never,
    ) as typeof builder
    let query = db.selectFrom('w as a') as Select
    const join = random.below(3)
    if (join === 1) query = query.innerJoin('w as b', 'a.x0', 'b.x0') as Select
    if (join === 2) query = query.leftJoin('w as b', j => j.on('a.x0', 'is', eb.ref('b.x0') as never)) as Select
    const condition = this.expressions.condition(
      kinds.map((kind, i) => ({ name: `a.x${i}`, kind })),
      1,
    )
    const from = join === 0 ? ['a'] : ['a', 'b']
    return query.select(names.map((name, i) => `${random.pick(from)}.${name} as c${i}`)).where(condition) as Select
  }

  #limit(query: Select): Select {
    const { random } = this
    if (!random.chance(0.5)) return query
    const limited = query.limit(random.below(6))
    return random.chance(0.4) ? limited.offset(random.below(4)) : limited
  }

  select(kinds: readonly Kind[], outer: readonly Reference[], depth: number, ordered: boolean): Select {
    const { random, expressions } = this
    const from = this.from(depth)
    const sees = [...from.columns, ...from.columns, ...outer]
    let { query } = from
    for (let i = random.below(3); i > 0; --i) query = query.where(expressions.condition(sees, depth))
    if (random.chance(0.25)) return this.#grouped(kinds, { ...from, query }, ordered)
    const items = kinds.map((kind, i) => this.#item(kind, from, sees, depth).as(`c${i}`))
    query = this.#selected(query, items)
    const distinct = random.chance(0.15)
    if (distinct) query = query.distinct()
    return ordered ? this.#ordered(query, kinds, from, distinct) : query
  }

  #selected(query: Select, items: readonly AliasedExpression<Cell, string>[]): Select {
    return this.random.chance(0.5)
      ? (query.select(items as readonly Item[] as never) as Select)
      : items.reduce((all, item) => all.select(item as never) as Select, query)
  }

  #item(kind: Kind, from: Source, sees: readonly Reference[], depth: number) {
    const { random } = this
    const value =
      depth === 2 && kind === 'integer' && random.chance(0.1)
        ? this.#window(from)
        : this.expressions.value(kind, sees, depth)
    return named(value)
  }

  /** Over all columns of the table before it, so that no two rows are equal without being the same in every way. */
  #window({ columns }: Source): Value {
    const { random } = this
    const integer = columns.find(({ kind }) => kind === 'integer')
    const value: Value = integer === undefined ? eb.lit(1) : eb.ref(integer.name)
    const call = random.pick([
      () => eb.fn.agg<Cell>('row_number'),
      () => eb.fn.agg<Cell>('rank'),
      () => eb.fn.agg<Cell>('lag', [value]),
      () => eb.fn.agg<Cell>('lead', [value, eb.lit(2), eb.lit(-1)]),
      () => eb.fn.sum<number>(value),
      () => eb.fn.countAll<number>(),
      () => eb.fn.agg<Cell>('first_value', [value]),
      () => eb.fn.agg<Cell>('ntile', [eb.lit(3)]),
    ])()
    const partition = random.chance(0.5) ? random.pick(columns).name : undefined
    return call.over(over => {
      let window = partition === undefined ? over : over.partitionBy(partition)
      for (const { name } of columns) window = window.orderBy(name)
      return window
    }) as Value
  }

  #ordered(query: Select, kinds: readonly Kind[], from: Source, distinct: boolean): Select {
    const { random } = this
    const results = kinds.map((_, i) => `c${i}`)
    const columns = from.columns.map(({ name }) => name)
    let ordered = query
    for (const key of distinct ? results : [...(random.chance(0.5) ? results : []), ...columns]) {
      const way = random.below(5)
      if (way === 0) ordered = ordered.orderBy(key)
      else if (way === 1) ordered = ordered.orderBy(key, 'desc')
      else if (way === 2) ordered = ordered.orderBy(key, order => order.asc().nullsLast())
      else if (way === 3) ordered = ordered.orderBy(key, order => order.desc().nullsFirst())
      else ordered = ordered.orderBy(sql.ref(key), 'desc')
    }
    return this.#limit(ordered)
  }

  #grouped(kinds: readonly Kind[], from: Source, ordered: boolean): Select {
    const { random } = this
    const groups = Array.from({ length: random.below(3) }, () => random.pick(from.columns))
    const items = kinds.map((kind, i) => {
      const fitting = groups.filter(group => group.kind === kind)
      const value =
        fitting.length > 0 && random.chance(0.6) ? eb.ref(random.pick(fitting).name) : this.aggregate(kind, from)
      return named(value).as(`c${i}`)
    })
    let query = this.#selected(from.query, items)
    if (groups.length > 0) query = query.groupBy(groups.map(({ name }) => name))
    if (groups.length > 0 && random.chance(0.4)) {
      query = query.having(this.aggregate('integer', from), random.pick(['>', '<=', '<>']), random.below(5) as never)
    }
    if (!ordered) return query
    kinds.forEach((_, i) => (query = query.orderBy(`c${i}`)))
    return this.#limit(query)
  }

  aggregate(kind: Kind, from: Source): Value {
    const { random, expressions } = this
    const of = (argument: Kind) => expressions.value(argument, from.columns, 1)
    const made = random.pick(
      {
        integer: [
          () => eb.fn.countAll<number>(),
          () => eb.fn.count<number>(of(expressions.kind()) as never),
          () => eb.fn.sum<number>(of('integer') as never),
          () => eb.fn.agg<Cell>(random.pick(['min', 'max']), [of('integer')]),
        ],
        real: [
          () => eb.fn.avg<number>(of('integer') as never),
          () => eb.fn.agg<Cell>('total', [of('integer')]),
          () => eb.fn.sum<number>(of('real') as never),
          () => eb.fn.min<number, never>(of('real') as never),
        ],
        text: [
          () => eb.fn.max<string, never>(of('text') as never),
          () => {
            const text = expressions.leaf('text', from.columns)
            return eb.fn.agg<Cell>('group_concat', [text, sql`'-'`]).orderBy(text as never)
          },
        ],
        blob: [() => eb.fn.agg<Cell>('min', [of('blob')])],
      }[kind] as readonly (() => ReturnType<typeof eb.fn.countAll<number>>)[],
    )()
    if (random.chance(0.15)) return made.filterWhere(expressions.condition(from.columns, 0)) as Value
    return made as Value
  }

  /** Of what may stand in FROM. */
  from(depth: number): Source {
    const { random } = this
    const first = this.#table(depth)
    let query = builder.selectFrom(first.table as never) as unknown as Select
    let columns = first.columns
    while (random.chance(0.35) && columns.length < 14) {
      const next = this.#table(depth)
      columns = [...columns, ...next.columns]
      query = this.#join(query, columns.slice(0, -next.columns.length), next)
    }
    return { query, columns }
  }

  #join(query: Select, before: readonly Reference[], { table, columns }: From): Select {
    const { random, expressions } = this
    const join = random.pick(JOINS)
    if (join === 'crossJoin') return query.crossJoin(table as never) as Select
    const joined = { join: query[join].bind(query) } as unknown as Joins
    const left = random.pick(before)
    const fitting = columns.filter(({ kind }) => kind === left.kind)
    const right = fitting.length > 0 ? random.pick(fitting) : undefined
    if (right !== undefined && !random.chance(0.3)) return joined.join(table, left.name, right.name)
    const more = expressions.condition([...before, ...columns], random.chance(0.3) ? 1 : 0)
    return joined.join(table, on => (right === undefined ? on : on.onRef(left.name, '=', right.name)).on(more))
  }

  #table(depth: number): From {
    const { random } = this
    const alias = `q${++this.#names}`
    if (depth > 0 && random.chance(0.2)) {
      const kinds = Array.from({ length: 1 + random.below(2) }, () => this.expressions.kind())
      // MATERIALIZED keeps SQLite from flattening it into joins around it, where it loses conditions.
      const inner = this.select(kinds, [], depth - 1, false)
      const nested = builder
        .with(
          name => name(`w${alias}(${kinds.map((_, i) => `c${i}`).join(', ')})`).materialized(),
          () => inner as never,
        )
        .selectFrom(`w${alias}` as never)
        .selectAll()
      return { table: nested.as(alias), columns: kinds.map((kind, i) => ({ name: `${alias}.c${i}`, kind })) }
    }
    const others = this.world.tables.filter(each => each !== this.written)
    const table = random.pick(others)
    return {
      table: `${table.name} as ${alias}`,
      columns: table.columns.map(({ name, kind }) => ({ name: `${alias}.${name}`, kind })),
    }
  }

  subquery(kind: Kind, outer: readonly Reference[], depth: number, single: boolean): Value {
    const { random, expressions } = this
    if (!single) return this.select([kind], outer, Math.min(depth, 1), false) as unknown as Value
    const from = this.from(0)
    const sees = [...from.columns, ...outer]
    const query = random.chance(0.7) ? from.query.where(expressions.condition(sees, 0)) : from.query
    if (!random.chance(0.4)) return query.select(named(this.aggregate(kind, from)).as('v')) as unknown as Value
    let ordered = query.select(named(expressions.leaf(kind, sees)).as('v')) as Select
    for (const { name } of from.columns) ordered = ordered.orderBy(name)
    return ordered.limit(1) as unknown as Value
  }
}

interface From {
  readonly table: string | AliasedExpression<unknown, string>
  readonly columns: readonly Reference[]
}

/** What can be given a name, whatever kind of builder made it. */
export const named = (value: Value): { as(alias: string): AliasedExpression<Cell, string> } =>
  value as unknown as { as(alias: string): AliasedExpression<Cell, string> }
