/** Statements as text, whose values never become part of it: `$sql`, and the pieces it can be put together from. */
import { ValidationError } from '../errors/index.js'
import { describe } from './check.js'

/** A piece of a statement with its values. Made by `sql`. */
export class SqlFragment {
  readonly #strings: readonly string[]
  readonly #values: readonly unknown[]

  /** @internal */
  constructor(strings: readonly string[], values: readonly unknown[]) {
    this.#strings = strings
    this.#values = values
  }

  /** Text with `$1`, `$2`, …, and their values. @internal */
  write(values: unknown[]): string {
    return this.#strings.reduce((text, string, i) => {
      const value = this.#values[i - 1]
      if (value instanceof SqlFragment) return text + value.write(values) + string
      if (value === undefined) {
        throw new ValidationError(`Value ${String(i)} of the statement is undefined: NULL is null.`)
      }
      values.push(value)
      return `${text}$${String(values.length)}${string}`
    })
  }
}

/** Makes a piece of a statement: `${value}` is a parameter, or another piece. */
export interface Sql {
  (strings: TemplateStringsArray, ...values: readonly unknown[]): SqlFragment
  /** The name of a table or a column: `sql.id('users', 'email')` is `"users"."email"`. */
  id(...names: readonly string[]): SqlFragment
  /** Values or pieces one after the other: `WHERE id IN (${sql.join(ids)})`. Of an empty list an error. */
  join(list: readonly unknown[], separator?: SqlFragment): SqlFragment
  /** Text as it is. Never of what users enter. */
  raw(text: string): SqlFragment
}

const fragment = (strings: TemplateStringsArray, ...values: readonly unknown[]): SqlFragment => {
  if (!Array.isArray(strings) || !Object.hasOwn(strings, 'raw')) {
    throw new ValidationError('sql is written before a template: sql`SELECT …`.')
  }
  return new SqlFragment(strings, values)
}

const raw = (text: string): SqlFragment => {
  if (typeof text !== 'string') throw new ValidationError(`sql.raw takes a text, not ${describe(text)}.`)
  return new SqlFragment([text], [])
}

/**
 * @example
 * const mine = sql`owner = ${id}`
 * await db.$sql<{ n: number }>`SELECT count(*) AS n FROM documents WHERE ${mine}`
 */
export const sql: Sql = Object.freeze(
  Object.assign(fragment, {
    raw,
    id(...names: readonly string[]): SqlFragment {
      if (names.length === 0 || names.some(name => typeof name !== 'string')) {
        throw new ValidationError('sql.id takes the names of a table or a column.')
      }
      return raw(names.map(name => `"${name.replaceAll('"', '""')}"`).join('.'))
    },
    join(list: readonly unknown[], separator: SqlFragment = raw(', ')): SqlFragment {
      if (!Array.isArray(list) || list.length === 0) throw new ValidationError('sql.join takes one item or more.')
      const parts = list.flatMap((item, i) => (i === 0 ? [item] : [separator, item])) as readonly unknown[]
      return new SqlFragment(['', ...parts.map(() => '')], parts)
    },
  }),
)
