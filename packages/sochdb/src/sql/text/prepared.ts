/** A statement that is prepared once and executed many times. */
import { brand } from '../../errors/index.js'
import { queryError } from '../problem.js'
import type { Row } from '../result/index.js'
import type { StatementTarget } from '../session.js'
import type { SqlText } from './cache.js'
import { executeText, iterateText } from './execute.js'
import type { ExecuteOptions } from './options.js'
import type { SqlResult } from './result.js'
import type { SqlParameters } from './values.js'

/**
 * A prepared statement. It holds no lock and no snapshot; its plan is made again where the schema has changed.
 *
 * @example
 * const adults = db.prepare('SELECT name FROM users WHERE age > ?')
 * adults.execute([18]).rows
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

  /** Runs it. See `Database.execute`. */
  execute(params?: SqlParameters): SqlResult<T> {
    this.#check()
    return executeText<T>(this.#target, this.#text, params, this.#options)
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
