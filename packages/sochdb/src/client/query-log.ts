/** Who wants to hear of the statements of a client: `$on('query')`, and the log of slow ones. */
import type { Statement } from '../sql/ast/nodes.js'
import { printStatement } from '../sql/ast/print.js'
import { ValidationError } from '../errors/index.js'
import { describe, shown } from './check.js'
import type { QueryEvent } from './types.js'

export type QueryListener = (event: QueryEvent) => void

const events = ['query', 'slow'] as const
type EventName = (typeof events)[number]

/** One for all handles of a client. Listeners cost nothing while there are none. */
export class QueryLog {
  readonly #slowMs: number
  readonly #listeners = new Set<QueryListener>()

  /** `slowMs`: what a slow statement takes at least. */
  constructor(slowMs: number) {
    this.#slowMs = slowMs
  }

  get isActive(): boolean {
    return this.#listeners.size > 0
  }

  /** Returns how to stop. */
  on(event: EventName, listener: QueryListener): () => void {
    if (!events.includes(event)) {
      throw new ValidationError(`$on has no event ${shown(event)}. There are: ${events.join(', ')}.`)
    }
    if (typeof listener !== 'function') {
      throw new ValidationError(`$on takes a function, not ${describe(listener)}.`)
    }
    // A function of its own: one that listens twice is told twice, and stops once for each.
    const told: QueryListener = event => listener(event)
    const heard: QueryListener =
      event === 'query' ? told : each => (each.durationMs >= this.#slowMs ? told(each) : undefined)
    this.#listeners.add(heard)
    return () => void this.#listeners.delete(heard)
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

/** A line of the log: what ran, how long, and how much it gave. */
export function logLine({ sql, durationMs, rows, error }: QueryEvent): string {
  const outcome = error === undefined ? `${String(rows)} rows` : `failed: ${String(error)}`
  return `sochdb: ${durationMs.toFixed(1)} ms, ${outcome}: ${sql}`
}
