/** Who wants to hear of the statements of a client: `$on('query')`, and the log of slow ones. */
import type { Statement } from '../sql/ast/nodes.js'
import { printStatement } from '../sql/ast/print.js'
import type { QueryEvent } from './types.js'

export type QueryListener = (event: QueryEvent) => void

/** One for all handles of a client. Listeners cost nothing while there are none. */
export class QueryLog {
  readonly #listeners = new Set<QueryListener>()

  get isActive(): boolean {
    return this.#listeners.size > 0
  }

  /** Returns how to stop. */
  listen(listener: QueryListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  tell(statement: Statement, parameters: readonly unknown[], durationMs: number, rows: number, error?: unknown): void {
    const event = new StatementEvent(statement, parameters, durationMs, rows, error)
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (problem) {
        // A listener's mistake is not the statement's: it has run.
        process.emitWarning(problem instanceof Error ? problem : String(problem))
      }
    }
  }
}

/** The text is printed for those who ask. */
class StatementEvent implements QueryEvent {
  readonly #statement: Statement
  readonly parameters: readonly unknown[]
  readonly durationMs: number
  readonly rows: number
  readonly error: unknown

  constructor(statement: Statement, parameters: readonly unknown[], durationMs: number, rows: number, error: unknown) {
    this.#statement = statement
    this.parameters = parameters
    this.durationMs = durationMs
    this.rows = rows
    this.error = error
  }

  get sql(): string {
    return printStatement(this.#statement)
  }
}
