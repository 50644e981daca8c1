/** A statement that is prepared once and executed many times. */
import { brand } from '../../errors/index.js'
import { queryError } from '../problem.js'
import type { Row } from '../result/index.js'
import type { StatementTarget } from '../session.js'
import type { SqlText } from './cache.js'
import { executeText, iterateText } from './execute.js'
import type { ExecuteOptions } from './options.js'
import type { SqlResult } from './result.js'
import { valuesOf } from './values.js'
import type { SqlParameters } from './values.js'

/**
 * A prepared statement. It holds no lock and no snapshot; its plan is made again where the schema has changed.
 *
 * @example
 * const adults = db.prepare('SELECT name FROM users WHERE age > ?')
 * adults.all([18])
 * adults.close()
 */
export class PreparedSql<T = Row> {
  static {
    brand(this, 'PreparedSql')
  }
  readonly #target: StatementTarget
  readonly #text: SqlText
  readonly #options: ExecuteOptions
  #isOpen = true

  constructor(target: StatementTarget, text: SqlText, options: ExecuteOptions) {
    this.#target = target
    this.#text = text
    this.#options = options
  }

  /** The text it was made of. */
  get sql(): string {
    return this.#text.parsed.text
  }

  /** Runs it: rows, what they are called, how long it took. See `Database.execute`. */
  execute(params?: SqlParameters): SqlResult<T> {
    this.#check()
    return executeText<T>(this.#target, this.#text, params, this.#options)
  }

  /** The first row, or `undefined`: the shortest way to a row by its key. */
  get(params?: SqlParameters): T | undefined {
    this.#check()
    const text = this.#text
    if (!text.isData) return executeText<T>(this.#target, text, params, this.#options).rows[0]
    this.#options.signal?.throwIfAborted()
    return text.prepared.get(this.#target, valuesOf(text.parsed, params), this.#options) as T | undefined
  }

  /** Every row, and nothing about them. */
  all(params?: SqlParameters): T[] {
    this.#check()
    const text = this.#text
    if (!text.isData) return executeText<T>(this.#target, text, params, this.#options).rows
    this.#options.signal?.throwIfAborted()
    return text.prepared.all(this.#target, valuesOf(text.parsed, params), this.#options) as T[]
  }

  /** Runs it; the rows inserted, updated or deleted. */
  run(params?: SqlParameters): number {
    this.#check()
    const text = this.#text
    if (!text.isData) return executeText<T>(this.#target, text, params, this.#options).rowsAffected
    this.#options.signal?.throwIfAborted()
    return text.prepared.run(this.#target, valuesOf(text.parsed, params), this.#options)
  }

  /** Runs it, and reads its rows as they are asked for. See `Database.iterate`. */
  iterate(params?: SqlParameters): IterableIterator<T> {
    this.#check()
    return iterateText<T>(this.#target, this.#text, params, this.#options)
  }

  /** It cannot be executed any more. Harmless when it is closed. */
  close(): void {
    this.#isOpen = false
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #check(): void {
    if (!this.#isOpen) throw queryError('The prepared statement is closed.', 'Prepare it again.')
  }
}
