/** Random statements over fixed tables: for comparing executors with each other. */
import type { Expression, OnConflict, SelectStatement, Statement, TableExpression } from '../../src/sql/ast/nodes.js'
import {
  and,
  bin,
  c,
  eq,
  fn,
  inList,
  insert,
  isNull,
  join,
  lit,
  not,
  or,
  p,
  remove,
  select,
  table,
  update,
} from './support.js'

/** Deterministic: a failing seed can be run again. */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0 || 1
  }
  next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state / 2 ** 32
  }
  below(n: number): number {
    return Math.floor(this.next() * n)
  }
  chance(probability: number): boolean {
    return this.next() < probability
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }
}

export const TEXTS = ['', 'a', 'ab', 'abc', 'B', 'Ba', 'über', 'z', '%', '_', 'a%']

/** Tables that SQLite has too: t (id, a, b, x, s) and u (k, n, s) to read, v (id, code, w, s) to write. */
const COLUMNS = {
  t: { integer: ['id', 'a', 'b'], real: ['x'], text: ['s'] },
  u: { integer: ['k', 'n'], real: [], text: ['s'] },
  v: { integer: ['id', 'code', 'w'], real: [], text: ['s'] },
} as const

type Kind = 'integer' | 'real' | 'text'

export class StatementMaker {
  values: unknown[] = []
  #tables: { name: keyof typeof COLUMNS; alias: string }[] = []

  constructor(readonly random: Random) {}

  select(): { statement: SelectStatement; values: unknown[]; ordered: boolean } {
    const { random } = this
    this.values = []
    const from = this.#from()
    const where = random.chance(0.8) ? this.condition(3) : undefined
    if (random.chance(0.3)) return this.#grouped(from, where)
    const columns = Array.from({ length: 1 + random.below(4) }, () => this.expression(this.#kind(), 1))
    const distinct = random.chance(0.2)
    const keys = distinct ? columns.slice(0, 1) : this.#tables.flatMap(({ name, alias }) => keyColumns(name, alias))
    const ordered = random.chance(0.6)
    const leading = ordered && !distinct && random.chance(0.8) ? [this.#column(this.#kind())] : []
    const descending = random.chance(0.5)
    const orderBy = ordered
      ? [...leading, ...(distinct ? columns : keys)].map(expression => ({ expression, descending, nulls: undefined }))
      : []
    const limit = ordered && random.chance(0.5) ? this.#value(random.below(6)) : undefined
    const offset = limit && random.chance(0.4) ? this.#value(random.below(4)) : undefined
    const statement = select({ columns, from, where, distinct, orderBy, limit, offset })
    return { statement, values: this.values, ordered }
  }

  /** An insert, update or delete of v. Its keys collide often. */
  write(): { statement: Statement; values: unknown[] } {
    const { random } = this
    this.values = []
    this.#tables = [{ name: 'v', alias: 'v' }]
    const returning = random.chance(0.4) ? select({ columns: [c('id'), c('code'), c('w'), c('s')] }).columns : []
    const where = random.chance(0.9) ? this.condition(2) : undefined
    switch (random.below(5)) {
      case 0: {
        this.values = []
        return { statement: remove('v', this.condition(2), { returning }), values: this.values }
      }
      case 1: {
        const set = random.chance(0.3)
          ? { code: this.#value(random.chance(0.2) ? null : random.below(30)) }
          : { w: this.expression('integer', 1), s: this.#constant('text') }
        return { statement: update('v', set, where, { returning }), values: this.values }
      }
      default: {
        this.values = []
        const rows = Array.from({ length: 1 + random.below(3) }, () => [
          this.#value(random.below(40)),
          this.#value(random.chance(0.2) ? null : random.below(30)),
          this.#value(random.chance(0.03) ? null : random.below(5)),
          this.#value(random.chance(0.2) ? null : random.pick(TEXTS)),
        ])
        const onConflict = random.chance(0.7) ? this.#onConflict() : undefined
        return {
          statement: insert('v', ['id', 'code', 'w', 's'], rows, { onConflict, returning }),
          values: this.values,
        }
      }
    }
  }

  #onConflict(): OnConflict {
    const { random } = this
    const target = random.pick([['id'], ['code']])
    if (random.chance(0.4)) {
      return { target: random.chance(0.5) ? target : [], action: 'nothing', set: [], where: undefined }
    }
    const value = random.pick([bin(c('excluded.w'), '+', c('v.w')), c('excluded.w'), bin(c('v.w'), '+', lit(1))])
    const where = random.chance(0.3) ? bin(c('v.w'), '<', lit(random.below(6))) : undefined
    return { target, action: 'update', set: [{ column: 'w', value }], where }
  }

  #grouped(from: TableExpression, where: Expression | undefined) {
    const { random } = this
    const groups = Array.from({ length: random.below(3) }, () => this.#column(random.chance(0.5) ? 'integer' : 'text'))
    const aggregates = Array.from({ length: 1 + random.below(3) }, () => this.#aggregate())
    const having = random.chance(0.3) ? bin(fn('count'), '>', this.#value(random.below(3))) : undefined
    const statement = select({ columns: [...groups, ...aggregates], from, where, groupBy: groups, having })
    return { statement, values: this.values, ordered: false }
  }

  #aggregate(): Expression {
    const { random } = this
    const argument = this.#column(random.chance(0.7) ? 'integer' : 'real')
    switch (random.below(6)) {
      case 0:
        return fn('count')
      case 1:
        return { kind: 'call', name: 'count', arguments: [argument], distinct: random.chance(0.5), filter: undefined }
      case 2:
        return fn('sum', this.#column('integer'))
      case 3:
        return fn('avg', this.#column('integer'))
      case 4:
        return {
          kind: 'call',
          name: random.pick(['min', 'max']),
          arguments: [argument],
          distinct: false,
          filter: random.chance(0.3) ? this.condition(1) : undefined,
        }
      default:
        return fn(random.pick(['min', 'max']), argument)
    }
  }

  #from(): TableExpression {
    const { random } = this
    this.#tables = [{ name: random.pick(['t', 'u']), alias: 'q0' }]
    let from = table(this.#tables[0]!.name, 'q0')
    while (this.#tables.length < 3 && random.chance(0.4)) {
      const name = random.pick(['t', 'u'] as const)
      const alias = `q${this.#tables.length}`
      const outer = this.#column('integer')
      this.#tables.push({ name, alias })
      const equality = eq(outer, c(`${alias}.${random.pick(COLUMNS[name].integer)}`))
      const on = random.chance(0.3) ? and(equality, this.condition(1)) : equality
      from = join(from, table(name, alias), on, random.chance(0.4) ? 'left' : 'inner')
    }
    return from
  }

  #kind(): Kind {
    return this.random.pick(['integer', 'integer', 'text', 'real'])
  }

  #column(kind: Kind): Expression {
    const owners = this.#tables.filter(({ name }) => COLUMNS[name][kind].length > 0)
    if (owners.length === 0) return this.#column('integer')
    const { name, alias } = this.random.pick(owners)
    return c(`${alias}.${this.random.pick(COLUMNS[name][kind] as readonly string[])}`)
  }

  /** A value as a parameter, mostly, or as a literal. */
  #value(value: number | string | null): Expression {
    if (value !== null && this.random.chance(0.4)) return lit(value)
    this.values.push(value)
    return p(this.values.length - 1)
  }

  #constant(kind: Kind): Expression {
    const { random } = this
    if (random.chance(0.05)) return this.#value(null)
    if (kind === 'text') return this.#value(random.pick(TEXTS))
    return this.#value(kind === 'integer' ? random.below(12) - 2 : random.below(40) / 4 + 0.125)
  }

  expression(kind: Kind, depth: number): Expression {
    const { random } = this
    if (depth === 0 || random.chance(0.6)) return this.#column(kind)
    if (kind === 'text') {
      switch (random.below(4)) {
        case 0:
          return fn('lower', this.#column('text'))
        case 1:
          return fn('coalesce', this.#column('text'), lit('none'))
        default:
          return bin(this.#column('text'), '||', lit(random.pick(TEXTS)))
      }
    }
    switch (random.below(5)) {
      case 0:
        return fn('coalesce', this.expression(kind, depth - 1), lit(kind === 'integer' ? 7 : 7.5))
      case 1:
        return {
          kind: 'case',
          branches: [{ when: this.condition(depth - 1), then: this.#column(kind) }],
          otherwise: random.chance(0.5) ? this.#column(kind) : undefined,
        }
      case 2:
        return fn('abs', this.#column(kind))
      case 3:
        return { kind: 'negate', operand: this.#column(kind) }
      default:
        return bin(this.#column(kind), random.pick(['+', '-', '*']), this.#column(kind))
    }
  }

  #like(): Expression {
    return {
      kind: 'like',
      operand: this.#column('text'),
      pattern: this.#value(this.random.pick(['a%', '%b%', '_', 'A_', '%'])),
      escape: undefined,
      caseSensitive: false,
      negated: this.random.chance(0.2),
    }
  }

  condition(depth: number): Expression {
    const { random } = this
    if (depth > 0 && random.chance(0.45)) {
      const parts = Array.from({ length: 2 + random.below(2) }, () => this.condition(depth - 1))
      return random.chance(0.6) ? and(...parts) : or(...parts)
    }
    if (depth > 0 && random.chance(0.1)) return not(this.condition(depth - 1))
    if (random.chance(0.1)) return this.#like()
    const kind = this.#kind()
    const left = random.chance(0.8) ? this.#column(kind) : this.expression(kind, 1)
    switch (random.below(9)) {
      case 0:
        return isNull(left, random.chance(0.5))
      case 1:
        return inList(
          left,
          Array.from({ length: 1 + random.below(4) }, () => this.#constant(kind)),
          random.chance(0.2),
        )
      case 2:
        return {
          kind: 'between',
          operand: left,
          low: this.#constant(kind),
          high: this.#constant(kind),
          negated: random.chance(0.2),
        }
      case 3:
        return bin(left, random.pick(['is', 'is not']), this.#constant(kind))
      case 4:
        return bin(left, random.pick(['=', '<', '>']), this.#column(kind))
      default:
        return bin(left, random.pick(['=', '=', '=', '<', '<=', '>', '>=', '<>']), this.#constant(kind))
    }
  }
}

function keyColumns(name: string, alias: string): Expression[] {
  return name === 't' ? [c(`${alias}.id`)] : [c(`${alias}.k`), c(`${alias}.n`)]
}
