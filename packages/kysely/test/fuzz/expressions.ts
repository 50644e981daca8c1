/** Random expressions by type, made with Kysely's builder. */
import { expressionBuilder, sql } from 'kysely'
import type { Expression, ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import type { Random } from '../../../sochdb/test/sql/random.js'
import { literal, type Kind } from '../../../sochdb/test/sql/fuzz/world.js'

export type Cell = number | string | Buffer | null
/** Any tables with any columns: names are made up as queries are. */
export type Rows = Record<string, Record<string, Cell>>
export type Value = Expression<Cell>
export type Condition = Expression<SqlBool>

/** A column at hand. */
export interface Reference {
  readonly name: string
  readonly kind: Kind
}

/** Makes queries, for expressions that have some. */
export interface QuerySource {
  /** Of one column, and where `single`, of one row at most. */
  subquery(kind: Kind, outer: readonly Reference[], depth: number, single: boolean): Value
}

const KINDS: readonly Kind[] = ['integer', 'integer', 'text', 'real', 'blob']
const COMPARISONS = ['=', '<', '<=', '>', '>=', '<>', '!=', 'is', 'is not', 'is distinct from'] as const

export const eb: ExpressionBuilder<Rows, string> = expressionBuilder<Rows, string>()

/** The value that a literal of SQL stands for. */
export function valueOf(random: Random, kind: Kind): Cell {
  const text = literal(random, kind)
  if (kind === 'text') return text.slice(1, -1).replaceAll("''", "'")
  if (kind === 'blob') return Buffer.from(text.slice(2, -1), 'hex')
  return Number(text)
}

export class ExpressionMaker {
  constructor(
    readonly random: Random,
    readonly queries: QuerySource,
  ) {}

  kind(): Kind {
    return this.random.pick(KINDS)
  }

  /** A column of the type where there is one, or a value. */
  leaf(kind: Kind, columns: readonly Reference[]): Value {
    const { random } = this
    const fitting = columns.filter(column => column.kind === kind)
    if (fitting.length > 0 && !random.chance(0.25)) return eb.ref(random.pick(fitting).name)
    if (random.chance(0.04)) return eb.lit(null)
    return this.given(kind)
  }

  /** A parameter, a literal, or either in a fragment of text; never NULL. */
  given(kind: Kind): Value {
    const { random } = this
    const value = valueOf(random, kind)
    switch (random.below(5)) {
      case 1:
        return typeof value === 'number' && kind === 'integer' ? eb.lit(value) : eb.val(value)
      case 2:
        return sql<Cell>`${value}`
      case 3:
        return typeof value === 'object' ? eb.val(value) : sql<Cell>`${sql.lit(value)}`
      default:
        return eb.val(value)
    }
  }

  value(kind: Kind, columns: readonly Reference[], depth: number): Value {
    const { random } = this
    if (depth <= 0 || !random.chance(0.6)) return this.leaf(kind, columns)
    const same = () => this.value(kind, columns, depth - 1)
    switch (random.below(10)) {
      case 1:
        return eb.fn.coalesce(same(), same()) as Value
      case 2:
        return eb.fn<Cell>(random.pick(['nullif', 'ifnull']), [same(), same()])
      case 3:
        return this.#case(kind, columns, depth - 1)
      case 4:
        return this.queries.subquery(kind, columns, depth - 1, true)
      case 5:
        return eb.parens(same())
      case 6:
        return sql<Cell>`coalesce(${same()}, ${same()})`
      default:
        return this.#operation(kind, columns, depth - 1)
    }
  }

  #case(kind: Kind, columns: readonly Reference[], depth: number): Value {
    const { random } = this
    const same = () => this.value(kind, columns, depth)
    if (random.chance(0.4)) {
      const of = this.kind()
      const cases = eb
        .case(this.leaf(of, columns))
        .when(this.given(of) as never)
        .then(same())
      return random.chance(0.5) ? (cases.else(same()).end() as Value) : (cases.end() as Value)
    }
    let cases = eb.case().when(this.condition(columns, depth)).then(same())
    if (random.chance(0.4)) cases = cases.when(this.condition(columns, depth)).then(same())
    return random.chance(0.5) ? (cases.else(same()).end() as Value) : (cases.end() as Value)
  }

  /** In parentheses or not: operators of one type mean what their text says. */
  #binary(left: Value, operator: '+' | '-' | '*' | '/' | '%' | '||', right: Value): Value {
    const made = eb(left, operator as '+', right as never) as Value
    return this.random.chance(0.5) ? eb.parens(made) : made
  }

  #operation(kind: Kind, columns: readonly Reference[], depth: number): Value {
    switch (kind) {
      case 'integer':
        return this.#integer(columns, depth)
      case 'real':
        return this.#real(columns, depth)
      case 'text':
        return this.#text(columns, depth)
      case 'blob':
        return eb.cast<Cell>(this.value('text', columns, depth), sql`blob`)
    }
  }

  #integer(columns: readonly Reference[], depth: number): Value {
    const { random } = this
    const integer = () => this.value('integer', columns, depth)
    const text = () => this.value('text', columns, depth)
    switch (random.below(9)) {
      case 1:
        return this.#binary(this.leaf('integer', columns), '*', this.leaf('integer', columns))
      case 2:
        return this.#binary(integer(), random.pick(['/', '%']), integer())
      case 3:
        return eb.fn<Cell>('abs', [integer()])
      case 4:
        return eb.fn<Cell>('length', [text()])
      case 5:
        return eb.fn<Cell>('instr', [text(), text()])
      case 6:
        return eb.fn<Cell>(random.pick(['min', 'max']), [integer(), integer()])
      case 7:
        // Two signs would be a comment.
        return eb.neg(eb.parens(integer())) as Value
      case 8:
        return eb.cast<Cell>(this.value('real', columns, depth), 'integer')
      default:
        return this.#binary(integer(), random.pick(['+', '-']), integer())
    }
  }

  #real(columns: readonly Reference[], depth: number): Value {
    const { random } = this
    const real = () => this.value('real', columns, depth)
    switch (random.below(5)) {
      case 1:
        return this.#binary(this.leaf('real', columns), '*', this.leaf('real', columns))
      case 2:
        return eb.cast<Cell>(this.value('integer', columns, depth), 'real')
      case 3:
        return eb.fn<Cell>('round', [real()])
      case 4:
        return eb.fn<Cell>('abs', [real()])
      default:
        return this.#binary(real(), random.pick(['+', '-']), real())
    }
  }

  #text(columns: readonly Reference[], depth: number): Value {
    const { random } = this
    const text = () => this.value('text', columns, depth)
    switch (random.below(6)) {
      case 1:
        return eb.fn<Cell>(random.pick(['lower', 'trim', 'ltrim', 'rtrim']), [text()])
      case 2:
        return eb.fn<Cell>('substr', [text(), eb.lit(random.below(5) - 2), eb.val(random.below(4))])
      case 3:
        return eb.fn<Cell>('replace', [text(), text(), eb.val(valueOf(random, 'text'))])
      case 4:
        return eb.cast<Cell>(this.value('integer', columns, depth), 'text')
      case 5:
        return sql<Cell>`hex(${text()})`
      default:
        return this.#binary(text(), '||', text())
    }
  }

  condition(columns: readonly Reference[], depth: number): Condition {
    const { random } = this
    if (depth <= 0 || !random.chance(0.45)) return this.#predicate(columns, depth)
    const inner = () => this.condition(columns, depth - 1)
    switch (random.below(6)) {
      case 1:
        return eb.not(inner()) as Condition
      case 2:
        return eb.or([inner(), inner()])
      case 3:
        return eb(eb.parens(inner()), random.pick(['is', 'is not']), random.pick([true, false, null]) as never)
      case 4:
        return sql<SqlBool>`(${inner()} or ${inner()})`
      case 5:
        return eb.and([inner(), eb.or([inner(), inner()]), inner()])
      default:
        return eb.and([inner(), inner()])
    }
  }

  #predicate(columns: readonly Reference[], depth: number): Condition {
    const { random } = this
    const kind = random.chance(0.5) && columns.length > 0 ? random.pick(columns).kind : this.kind()
    const value = () => this.value(kind, columns, depth - 1)
    const leaf = () => this.leaf(kind, columns)
    const text = () => this.leaf('text', columns)
    switch (random.below(12)) {
      case 1:
        return eb(value(), random.pick(['is', 'is not']), null)
      case 2:
        return eb.between(leaf(), leaf() as never, leaf() as never)
      case 3:
      case 4:
        return eb(leaf(), random.pick(['in', 'not in']), this.#list(kind))
      case 5:
        return eb(text(), random.pick(['like', 'not like']), random.pick(['a%', '%b%', '_', '%', 'A_']) as never)
      case 6:
        return sql<SqlBool>`${text()} glob ${random.pick(['a*', '*b*', '?', '[a-c]*'])}`
      case 7:
        if (depth <= 0) return eb(value(), '=', leaf() as never)
        return eb(
          leaf(),
          random.pick(['in', 'not in']),
          this.queries.subquery(kind, columns, depth - 1, false) as never,
        )
      case 8:
        if (depth <= 0) return eb(value(), '=', leaf() as never)
        return this.#exists(kind, columns, depth)
      case 9:
        return this.#tuples(columns)
      default:
        // In parentheses: behind IS, NULL is a part of the operator.
        return eb(value(), random.pick(COMPARISONS), (random.chance(0.5) ? leaf() : eb.parens(value())) as never)
    }
  }

  #list(kind: Kind): never {
    const { random } = this
    return Array.from({ length: 1 + random.below(4) }, () =>
      random.chance(0.05) ? null : valueOf(random, kind),
    ) as never
  }

  #exists(kind: Kind, columns: readonly Reference[], depth: number): Condition {
    const exists = eb.exists(this.queries.subquery(kind, columns, depth - 1, false) as never)
    return this.random.chance(0.3) ? (eb.not(exists) as Condition) : exists
  }

  #tuples(columns: readonly Reference[]): Condition {
    const { random } = this
    const kinds = [this.kind(), this.kind()] as const
    const row = () => eb.refTuple(this.leaf(kinds[0], columns), this.leaf(kinds[1], columns))
    if (random.chance(0.3)) {
      const tuple = () => eb.tuple(valueOf(random, kinds[0]), valueOf(random, kinds[1]))
      return eb(row(), random.pick(['in', 'not in']), [tuple(), tuple()] as never)
    }
    return eb(row(), random.pick(['=', '<', '<=', '>', '>=', '<>']), row() as never)
  }
}

export type { ExpressionWrapper }
