/** Random expressions by type, over the columns at hand. */
import type { Random } from '../random.js'
import { literal } from './world.js'
import type { Kind } from './world.js'

/** A column, as an expression names it. */
export interface Reference {
  readonly sql: string
  readonly kind: Kind
}

/** Makes queries, for expressions that have some. */
export interface QuerySource {
  /** Of one column, and where `single`, of one row at most. */
  subquery(kind: Kind, outer: readonly Reference[], depth: number, single: boolean): string
}

const COMPARISONS = ['=', '=', '=', '<', '<=', '>', '>=', '<>', 'is', 'is not', 'is distinct from']
const KINDS: readonly Kind[] = ['integer', 'integer', 'text', 'real', 'blob']

export class ExpressionMaker {
  readonly values: (string | number | null)[] = []

  constructor(
    readonly random: Random,
    readonly queries: QuerySource,
  ) {}

  kind(): Kind {
    return this.random.pick(KINDS)
  }

  /** A column of the type where there is one, or a literal, or a parameter. */
  leaf(kind: Kind, columns: readonly Reference[]): string {
    const { random } = this
    const fitting = columns.filter(column => column.kind === kind)
    if (fitting.length > 0 && random.chance(0.75)) return random.pick(fitting).sql
    if (random.chance(0.04)) return 'null'
    if (kind !== 'blob' && random.chance(0.25)) return this.#parameter(kind)
    return literal(random, kind)
  }

  /** A literal or a parameter, never NULL. */
  given(kind: Kind): string {
    return kind !== 'blob' && this.random.chance(0.5) ? this.#parameter(kind) : literal(this.random, kind)
  }

  #parameter(kind: Kind): string {
    const text = literal(this.random, kind)
    this.values.push(kind === 'text' ? text.slice(1, -1).replaceAll("''", "'") : Number(text))
    return `?${this.values.length}`
  }

  value(kind: Kind, columns: readonly Reference[], depth: number): string {
    const { random } = this
    if (depth <= 0 || random.chance(0.4)) return this.leaf(kind, columns)
    const same = () => this.value(kind, columns, depth - 1)
    switch (random.below(8)) {
      case 0:
        return `coalesce(${same()}, ${same()})`
      case 1:
        return `nullif(${same()}, ${same()})`
      case 2:
        return `case when ${this.condition(columns, depth - 1)} then ${same()} else ${same()} end`
      case 3:
        return `(${this.queries.subquery(kind, columns, depth - 1, true)})`
      default:
        return this.#operation(kind, columns, depth - 1)
    }
  }

  #operation(kind: Kind, columns: readonly Reference[], depth: number): string {
    switch (kind) {
      case 'integer':
        return this.#integer(columns, depth)
      case 'real':
        return this.#real(columns, depth)
      case 'text':
        return this.#text(columns, depth)
      case 'blob':
        return `cast(${this.value('text', columns, depth)} as blob)`
    }
  }

  #integer(columns: readonly Reference[], depth: number): string {
    const { random } = this
    const integer = () => this.value('integer', columns, depth)
    const text = () => this.value('text', columns, depth)
    switch (random.below(14)) {
      case 0:
      case 1:
        return `(${integer()} + ${integer()})`
      case 2:
        return `(${integer()} - ${integer()})`
      case 3:
        return `(${this.leaf('integer', columns)} * ${this.leaf('integer', columns)})`
      case 4:
        return `(${integer()} ${random.pick(['/', '%'])} ${integer()})`
      case 5:
        return `(${integer()} ${random.pick(['&', '|'])} ${integer()})`
      case 6:
        return `abs(${integer()})`
      case 7:
        return `length(${text()})`
      case 8:
        return `instr(${text()}, ${text()})`
      case 9:
        return `${random.pick(['min', 'max'])}(${integer()}, ${integer()})`
      case 10:
        return `iif(${this.condition(columns, depth)}, ${integer()}, ${integer()})`
      case 11:
        return `(${this.condition(columns, depth)})`
      case 12:
        return `sign(${random.chance(0.5) ? integer() : this.value('real', columns, depth)})`
      default:
        return random.chance(0.5) ? `(- ${integer()})` : `cast(${this.value('real', columns, depth)} as integer)`
    }
  }

  #real(columns: readonly Reference[], depth: number): string {
    const { random } = this
    const real = () => this.value('real', columns, depth)
    const integer = () => this.value('integer', columns, depth)
    switch (random.below(6)) {
      case 0:
        return `(${real()} ${random.pick(['+', '-'])} ${random.chance(0.3) ? integer() : real()})`
      case 1:
        return `(${this.leaf('real', columns)} * ${this.leaf('real', columns)})`
      case 2:
        return `cast(${integer()} as real)`
      case 3:
        return `round(${real()}${random.pick(['', ', 1'])})`
      case 4:
        return `abs(${real()})`
      default:
        return `${random.pick(['min', 'max'])}(${real()}, ${real()})`
    }
  }

  #text(columns: readonly Reference[], depth: number): string {
    const { random } = this
    const text = () => this.value('text', columns, depth)
    const integer = () => this.value('integer', columns, depth)
    switch (random.below(9)) {
      case 0:
      case 1:
        return `(${text()} || ${random.chance(0.3) ? integer() : text()})`
      case 2:
        return `${random.pick(['lower', 'trim', 'ltrim', 'rtrim'])}(${text()})`
      case 3:
        return `substr(${text()}, ${random.below(5) - 2}${random.pick(['', `, ${random.below(4)}`])})`
      case 4:
        return `replace(${text()}, ${text()}, ${literal(random, 'text')})`
      case 5:
        return `cast(${integer()} as text)`
      case 6:
        return `trim(${text()}, ${literal(random, 'text')})`
      case 7:
        return `hex(${random.chance(0.5) ? text() : this.leaf('blob', columns)})`
      default:
        return `quote(${this.value(random.pick(['integer', 'text'] as const), columns, depth)})`
    }
  }

  condition(columns: readonly Reference[], depth: number): string {
    const { random } = this
    if (depth > 0 && random.chance(0.45)) {
      const inner = () => this.condition(columns, depth - 1)
      switch (random.below(5)) {
        case 0:
          return `not (${inner()})`
        case 1:
          return `(${inner()} or ${inner()})`
        case 2:
          return `(${inner()}) is ${random.pick(['', 'not '])}${random.pick(['true', 'false', 'null'])}`
        default:
          return `${inner()} and ${inner()}`
      }
    }
    return this.#predicate(columns, depth)
  }

  #predicate(columns: readonly Reference[], depth: number): string {
    const { random } = this
    const kind = random.chance(0.5) && columns.length > 0 ? random.pick(columns).kind : this.kind()
    const value = () => this.value(kind, columns, depth - 1)
    const leaf = () => this.leaf(kind, columns)
    const not = random.chance(0.3) ? 'not ' : ''
    switch (random.below(12)) {
      case 0:
        return `${value()} is ${not}null`
      case 1:
        return `${leaf()} ${not}between ${leaf()} and ${leaf()}`
      case 2:
      case 3: {
        const list = Array.from({ length: 1 + random.below(4) }, () => literal(random, kind))
        return `${leaf()} ${not}in (${list.join(', ')}${random.chance(0.1) ? ', null' : ''})`
      }
      case 4:
        return `${this.leaf('text', columns)} ${not}like ${random.pick(["'a%'", "'%b%'", "'_'", "'%'", "'A_'", "'a!%' escape '!'"])}`
      case 5:
        return `${this.leaf('text', columns)} ${not}glob ${random.pick(["'a*'", "'*b*'", "'?'", "'[a-c]*'", "'[^a]*'"])}`
      case 6:
        if (depth > 0) return `${leaf()} ${not}in (${this.queries.subquery(kind, columns, depth - 1, false)})`
        return `${leaf()} ${random.pick(COMPARISONS)} ${leaf()}`
      case 7:
        if (depth > 0) return `${not}exists (${this.queries.subquery(kind, columns, depth - 1, false)})`
        return `${leaf()} ${random.pick(COMPARISONS)} ${leaf()}`
      case 8: {
        const other = this.kind()
        const row = () => `(${this.leaf(other, columns)}, ${leaf()})`
        return `${row()} ${random.pick(['=', '<', '<=', '>', '>=', '<>', 'is', 'is not'])} ${row()}`
      }
      default:
        return `${value()} ${random.pick(COMPARISONS)} ${random.chance(0.5) ? leaf() : value()}`
    }
  }
}
