/** Random queries inside queries, as SQL that SQLite takes too. */
import type { Random } from './random.js'

interface Source {
  readonly sql: string
  /** Of integers that may be NULL, by qualified name. */
  readonly columns: readonly string[]
}

const TABLES: Readonly<Record<string, readonly string[]>> = { t: ['id', 'a', 'b'], u: ['k', 'n'] }
const COMPARISONS = ['=', '=', '<', '<=', '>', '<>', 'is']

export class NestedMaker {
  #names = 0

  constructor(readonly random: Random) {}

  /** A query of `width` integer columns. `outer`: columns of the queries around it. */
  query(width: number, outer: readonly string[], depth: number): string {
    const { random } = this
    if (depth > 0 && random.chance(0.2)) {
      const operator = random.pick(['union', 'union all', 'intersect', 'except'])
      return `${this.plain(width, outer, depth - 1)} ${operator} ${this.plain(width, outer, depth - 1)}`
    }
    return this.plain(width, outer, depth)
  }

  plain(width: number, outer: readonly string[], depth: number): string {
    const { random } = this
    const from = this.from(depth)
    const sees = [...from.columns, ...outer, ...from.columns]
    const where = random.chance(0.7) ? ` where ${this.condition(sees, depth)}` : ''
    if (random.chance(0.25)) {
      const group = random.pick(from.columns)
      const rest = Array.from({ length: width - 1 }, () => this.aggregate(from.columns))
      const having = random.chance(0.4) ? ` having ${this.aggregate(from.columns)} > ${random.below(4)}` : ''
      if (width > 1 || random.chance(0.5)) {
        return `select ${[group, ...rest].join(', ')} from ${from.sql}${where} group by ${group}${having}`
      }
      return `select ${this.aggregate(from.columns)} from ${from.sql}${where}`
    }
    const items = Array.from({ length: width }, () => this.value(sees, depth))
    const distinct = random.chance(0.2) ? 'distinct ' : ''
    return `select ${distinct}${items.join(', ')} from ${from.sql}${where}`
  }

  from(depth: number): Source {
    const first = this.table(depth)
    if (!this.random.chance(0.5)) return first
    const second = this.table(depth)
    const join = this.random.pick(['join', 'left join', 'right join', 'full join', 'cross join'])
    const columns = [...first.columns, ...second.columns]
    const [a, b] = [this.random.pick(first.columns), this.random.pick(second.columns)]
    const more = this.random.chance(0.3) ? ` and ${this.comparison(columns)}` : ''
    const on = join === 'cross join' ? '' : ` on ${a} = ${b}${more}`
    return { sql: `${first.sql} ${join} ${second.sql}${on}`, columns }
  }

  table(depth: number): Source {
    const alias = `q${++this.#names}`
    if (depth > 0 && this.random.chance(0.35)) {
      const width = 1 + this.random.below(2)
      const names = Array.from({ length: width }, (_, i) => `c${i}`)
      const inner = this.query(width, [], depth - 1)
      // SQLite knows no names of columns behind an alias. MATERIALIZED: as in nested.test.ts.
      const sql = `(with w${alias}(${names.join(', ')}) as materialized (${inner}) select * from w${alias}) as ${alias}`
      return { sql, columns: names.map(name => `${alias}.${name}`) }
    }
    const name = this.random.pick(Object.keys(TABLES))
    return { sql: `${name} as ${alias}`, columns: TABLES[name]!.map(column => `${alias}.${column}`) }
  }

  condition(columns: readonly string[], depth: number): string {
    const { random } = this
    if (random.chance(0.2)) return `(${this.condition(columns, depth)} or ${this.condition(columns, 0)})`
    if (random.chance(0.2)) return `${this.condition(columns, depth)} and ${this.condition(columns, 0)}`
    if (depth === 0 || random.chance(0.3)) return this.comparison(columns)
    const not = random.chance(0.4) ? 'not ' : ''
    const inner = () => this.query(1, columns, depth - 1)
    switch (random.below(3)) {
      case 0:
        return `${not}exists (${inner()})`
      case 1:
        return `${random.pick(columns)} ${not}in (${inner()})`
      default:
        return `${random.pick(columns)} ${random.pick(COMPARISONS)} ${this.scalar(columns, depth - 1)}`
    }
  }

  comparison(columns: readonly string[]): string {
    const { random } = this
    const other = random.chance(0.5) ? random.pick(columns) : String(random.below(8))
    return `${random.pick(columns)} ${random.pick(COMPARISONS)} ${other}`
  }

  scalar(columns: readonly string[], depth: number): string {
    const from = this.from(depth)
    const where = this.random.chance(0.7) ? ` where ${this.condition([...columns, ...from.columns], depth)}` : ''
    return `(select ${this.aggregate(from.columns)} from ${from.sql}${where})`
  }

  value(columns: readonly string[], depth: number): string {
    const { random } = this
    if (depth > 0 && random.chance(0.2)) return this.scalar(columns, depth - 1)
    if (random.chance(0.2)) return `coalesce(${random.pick(columns)}, ${random.below(5)}) + ${random.below(3)}`
    return random.pick(columns)
  }

  aggregate(columns: readonly string[]): string {
    const fn = this.random.pick(['count(*)', 'max', 'min', 'sum', 'count'])
    return fn === 'count(*)' ? fn : `${fn}(${this.random.pick(columns)})`
  }
}
