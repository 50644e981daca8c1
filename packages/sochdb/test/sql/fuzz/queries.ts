/** Random queries over a random schema. */
import type { Random } from '../random.js'
import { ExpressionMaker } from './expressions.js'
import type { QuerySource, Reference } from './expressions.js'
import { literal } from './world.js'
import type { Column, Kind, Table, World } from './world.js'

export interface Source {
  readonly sql: string
  readonly columns: readonly Reference[]
}

/** A statement and its parameters. */
export interface Step {
  readonly sql: string
  readonly values: readonly (string | number | null)[]
}

const JOINS = ['join', 'join', 'left join', 'left join', 'right join', 'full join', 'cross join']

export class QueryMaker implements QuerySource {
  readonly random: Random
  readonly expressions: ExpressionMaker
  #names = 0
  /** A table that subqueries do not read: the one that is written. */
  written: Table | undefined
  /** Whether it stands in RETURNING: SQLite asks before it follows foreign keys, we when all is done. */
  isReturning = false

  constructor(readonly world: World) {
    this.random = world.random
    this.expressions = new ExpressionMaker(this.random, this)
  }

  step(sql: string): Step {
    return { sql, values: [...this.expressions.values] }
  }

  /** A query whose rows have one order, or that is compared without one. Results are c0, c1, …: equal names hide none. */
  query(): string {
    const { random } = this
    const kinds = Array.from({ length: 1 + random.below(3) }, () => this.expressions.kind())
    if (random.chance(0.15)) return this.#compound(kinds)
    if (random.chance(0.1)) return this.#common(kinds)
    return this.select(kinds, [], 2, random.chance(0.5))
  }

  #compound(kinds: readonly Kind[]): string {
    const { random } = this
    const count = 2 + random.below(2)
    const parts = Array.from({ length: count }, () => this.select(kinds, [], 1, false))
    const compound = parts.reduce((a, b) => `${a} ${random.pick(['union', 'union all', 'intersect', 'except'])} ${b}`)
    if (random.chance(0.5)) return compound
    const order = kinds.map((_, i) => `${i + 1}${random.pick(['', ' desc'])}`)
    // Rows that are equal in all columns are the same, whichever a limit takes.
    return `${compound} order by ${order.join(', ')}${this.#limit()}`
  }

  #common(kinds: readonly Kind[]): string {
    const { random } = this
    const columns = kinds.map((_, i) => `x${i}`)
    const inner = this.select(kinds, [], 1, false)
    const word = random.pick(['', ' materialized', ' not materialized'])
    const where = this.expressions.condition(
      kinds.map((kind, i) => ({ sql: `a.x${i}`, kind })),
      1,
    )
    const join = random.pick(['', ` join w as b on a.x0 = b.x0`, ` left join w as b on a.x0 is b.x0`])
    const items = columns.map((name, i) => `${join === '' || random.chance(0.5) ? 'a' : 'b'}.${name} as c${i}`)
    return `with w(${columns.join(', ')}) as${word} (${inner}) select ${items.join(', ')} from w as a${join} where ${where}`
  }

  #limit(): string {
    const { random } = this
    if (random.chance(0.5)) return ''
    return ` limit ${random.below(6)}${random.chance(0.4) ? ` offset ${random.below(4)}` : ''}`
  }

  select(kinds: readonly Kind[], outer: readonly Reference[], depth: number, isOrdered: boolean): string {
    const { random, expressions } = this
    const from = this.from(depth)
    const sees = [...from.columns, ...from.columns, ...outer]
    const where = random.chance(0.75) ? ` where ${expressions.condition(sees, depth)}` : ''
    if (random.chance(0.25)) return this.#grouped(kinds, from, where, isOrdered)
    const items = kinds.map((kind, i) => `${this.#item(kind, from, sees, depth)} as c${i}`)
    const distinct = random.chance(0.15) ? 'distinct ' : ''
    const order = isOrdered ? this.#order(kinds, from, distinct !== '') : ''
    return `select ${distinct}${items.join(', ')} from ${from.sql}${where}${order}`
  }

  #item(kind: Kind, from: Source, sees: readonly Reference[], depth: number): string {
    const { random } = this
    if (depth === 2 && kind === 'integer' && random.chance(0.08)) return this.#window(from)
    return this.expressions.value(kind, sees, depth)
  }

  /** Over all columns of the table before it, so that no two rows are equal without being the same in every way. */
  #window(from: Source): string {
    const { random } = this
    const order = from.columns.map(({ sql }) => sql).join(', ')
    const partition = random.chance(0.5) ? `partition by ${random.pick(from.columns).sql} ` : ''
    const integers = from.columns.filter(({ kind }) => kind === 'integer')
    const value = integers.length === 0 ? '1' : random.pick(integers).sql
    const call = random.pick([
      'row_number()',
      'rank()',
      'dense_rank()',
      `lag(${value}) `,
      `lead(${value}, 2, -1)`,
      `sum(${value})`,
      `count(*)`,
      `max(${value})`,
      `first_value(${value})`,
      'ntile(3)',
    ])
    return `${call} over (${partition}order by ${order})`
  }

  #order(kinds: readonly Kind[], from: Source, isDistinct: boolean): string {
    const { random } = this
    const direction = () => random.pick(['', '', ' desc', ' nulls last', ' desc nulls first'])
    const results = kinds.map((_, i) => `c${i}`)
    if (isDistinct) return ` order by ${results.map(key => key + direction()).join(', ')}${this.#limit()}`
    const keys = [...(random.chance(0.5) ? results : []), ...from.columns.map(({ sql }) => sql)]
    return ` order by ${keys.map(key => key + direction()).join(', ')}${this.#limit()}`
  }

  #grouped(kinds: readonly Kind[], from: Source, where: string, isOrdered: boolean): string {
    const { random } = this
    const groups = Array.from({ length: random.below(3) }, () => random.pick(from.columns))
    const items = kinds.map((kind, i) => {
      const fitting = groups.filter(group => group.kind === kind)
      const sql = fitting.length > 0 && random.chance(0.6) ? random.pick(fitting).sql : this.aggregate(kind, from)
      return `${sql} as c${i}`
    })
    const by = groups.length === 0 ? '' : ` group by ${groups.map(({ sql }) => sql).join(', ')}`
    // Without an aggregate and without GROUP BY it would be no grouping.
    const having =
      by !== '' && random.chance(0.4)
        ? ` having ${this.aggregate('integer', from)} ${random.pick(['>', '<=', '<>'])} ${random.below(5)}`
        : ''
    const order = isOrdered ? ` order by ${kinds.map((_, i) => String(i + 1)).join(', ')}${this.#limit()}` : ''
    return `select ${items.join(', ')} from ${from.sql}${where}${by}${having}${order}`
  }

  aggregate(kind: Kind, from: Source): string {
    const { random, expressions } = this
    const filter = random.chance(0.15) ? ` filter (where ${expressions.condition(from.columns, 0)})` : ''
    const distinct = random.chance(0.2) ? 'distinct ' : ''
    const argument = (of: Kind) => expressions.value(of, from.columns, 1)
    if (kind === 'integer') {
      return random.pick([
        () => `count(*)${filter}`,
        () => `count(${distinct}${argument(expressions.kind())})${filter}`,
        () => `sum(${distinct}${argument('integer')})${filter}`,
        () => `${random.pick(['min', 'max'])}(${argument('integer')})${filter}`,
      ])()
    }
    if (kind === 'real') {
      return random.pick([
        () => `avg(${distinct}${argument('integer')})${filter}`,
        () => `total(${argument('integer')})${filter}`,
        () => `sum(${argument('real')})${filter}`,
        () => `${random.pick(['min', 'max'])}(${argument('real')})${filter}`,
      ])()
    }
    if (kind === 'text' && random.chance(0.3)) {
      const text = expressions.leaf('text', from.columns)
      return `group_concat(${text}, '-' order by ${text})${filter}`
    }
    return `${random.pick(['min', 'max'])}(${argument(kind)})${filter}`
  }

  /** Of what may stand in FROM. */
  from(depth: number): Source {
    const { random } = this
    let from = this.#item0(depth)
    while (random.chance(0.35) && from.columns.length < 14) {
      const next = this.#item0(depth)
      const join = random.pick(JOINS)
      const columns = [...from.columns, ...next.columns]
      from = { sql: `${from.sql} ${join} ${next.sql}${this.#on(join, from, next, columns)}`, columns }
    }
    return from
  }

  #on(join: string, from: Source, next: Source, columns: readonly Reference[]): string {
    const { random } = this
    if (join === 'cross join') return ''
    const a = random.pick(from.columns)
    const fitting = next.columns.filter(({ kind }) => kind === a.kind)
    const equal = fitting.length > 0 ? `${a.sql} = ${random.pick(fitting).sql}` : ''
    if (equal === '' || random.chance(0.2)) {
      const more = this.expressions.condition(columns, random.chance(0.3) ? 1 : 0)
      return ` on ${equal === '' ? more : `${equal} and ${more}`}`
    }
    return ` on ${equal}`
  }

  #item0(depth: number): Source {
    const { random } = this
    const alias = `q${++this.#names}`
    if (depth > 0 && random.chance(0.2)) {
      const kinds = Array.from({ length: 1 + random.below(2) }, () => this.expressions.kind())
      // MATERIALIZED keeps SQLite from flattening it into joins around it, where it loses conditions (nested.test.ts).
      const names = kinds.map((_, i) => `c${i}`).join(', ')
      const inner = this.select(kinds, [], depth - 1, false)
      return {
        sql: `(with w${alias}(${names}) as materialized (${inner}) select * from w${alias}) as ${alias}`,
        columns: kinds.map((kind, i) => ({ sql: `${alias}.c${i}`, kind })),
      }
    }
    const others = this.world.tables.filter(each => each !== this.written && !(this.isReturning && each.refers))
    if (others.length === 0) {
      return {
        sql: `(select 1 as a union all select 2) as ${alias}`,
        columns: [{ sql: `${alias}.a`, kind: 'integer' }],
      }
    }
    const table = random.pick(others)
    return {
      sql: `${table.name} as ${alias}`,
      columns: table.columns.map(({ name, kind }) => ({ sql: `${alias}.${name}`, kind })),
    }
  }

  subquery(kind: Kind, outer: readonly Reference[], depth: number, single: boolean): string {
    const { random, expressions } = this
    if (!single) return this.select([kind], outer, Math.min(depth, 1), false)
    const from = this.from(0)
    const sees = [...from.columns, ...outer]
    const where = random.chance(0.7) ? ` where ${expressions.condition(sees, 0)}` : ''
    if (random.chance(0.6)) return `select ${this.aggregate(kind, from)} from ${from.sql}${where}`
    const order = from.columns.map(({ sql }) => sql).join(', ')
    return `select ${expressions.leaf(kind, sees)} from ${from.sql}${where} order by ${order} limit 1`
  }

  /** `where p`, `where not p` and `where p is null` share out the rows. */
  partition(): { query: string; condition: string } {
    const from = this.from(1)
    const columns = from.columns.map(({ sql }, i) => `${sql} as c${i}`)
    return {
      query: `select ${columns.join(', ')} from ${from.sql}`,
      condition: this.expressions.condition(from.columns, 2),
    }
  }

  /** One row of values that fit a table's columns, as a rule. */
  row(columns: readonly Column[], key: readonly string[]): string {
    const { random } = this
    const cells = columns.map(({ name, kind, nullable }) => {
      if (!key.includes(name) && random.chance(nullable ? 0.15 : 0.01)) return 'null'
      return random.chance(0.3) ? this.expressions.given(kind) : literal(random, kind)
    })
    return `(${cells.join(', ')})`
  }
}
