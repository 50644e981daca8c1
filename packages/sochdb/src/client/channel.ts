/** Where the statements of a client run, and who hears of them. */
import { performance } from 'node:perf_hooks'
import { isTransaction } from '../engine/index.js'
import type { Statement } from '../sql/ast/nodes.js'
import type { RunOptions } from '../sql/result/index.js'
import { explainStatement, executeStatement, type PreparedStatement } from '../sql/session.js'
import type { QueryLog } from './query-log.js'
import type { Row, StatementTarget } from './statements.js'

export class Channel {
  readonly target: () => StatementTarget
  readonly log: QueryLog

  constructor(target: () => StatementTarget, log: QueryLog) {
    this.target = target
    this.log = log
  }

  get(prepared: PreparedStatement, values: readonly unknown[], options?: RunOptions): Row | undefined {
    if (!this.log.isActive) return prepared.get(this.target(), values, options)
    return this.#observed(prepared.statement, values, undefined, () => prepared.get(this.target(), values, options))
  }

  all(prepared: PreparedStatement, values: readonly unknown[], options?: RunOptions): Row[] {
    if (!this.log.isActive) return prepared.all(this.target(), values, options)
    return this.#observed(prepared.statement, values, undefined, () => prepared.all(this.target(), values, options))
  }

  run(prepared: PreparedStatement, values: readonly unknown[], options?: RunOptions): number {
    if (!this.log.isActive) return prepared.run(this.target(), values, options)
    return this.#observed(prepared.statement, values, undefined, () => prepared.run(this.target(), values, options))
  }

  runMany(prepared: PreparedStatement, rows: readonly (readonly unknown[])[], options?: RunOptions): number {
    if (!this.log.isActive) return prepared.runMany(this.target(), rows, options)
    const run = (): number => prepared.runMany(this.target(), rows, options)
    return this.#observed(prepared.statement, rows[0] ?? [], rows.length, run)
  }

  /** Rows of a statement that is not kept. */
  rows(statement: Statement, values: readonly unknown[], options?: RunOptions): Row[] {
    const run = (): Row[] => executeStatement(this.target(), statement, values, options).rows as Row[]
    return this.log.isActive ? this.#observed(statement, values, undefined, run) : run()
  }

  /** Rows written by one. */
  affected(statement: Statement, values: readonly unknown[], options?: RunOptions): number {
    const run = (): number => executeStatement(this.target(), statement, values, options).rowsAffected
    return this.log.isActive ? this.#observed(statement, values, undefined, run) : run()
  }

  *batches(prepared: PreparedStatement, values: readonly unknown[], options?: RunOptions): Generator<Row[], void> {
    const started = performance.now()
    let rows = 0
    try {
      for (const batch of prepared.batches(this.target(), values, options)) {
        rows += batch.length
        yield batch
      }
    } catch (error) {
      if (this.log.isActive) this.log.tell(prepared.statement, values, performance.now() - started, rows, error)
      throw error
    }
    if (this.log.isActive) this.log.tell(prepared.statement, values, performance.now() - started, rows)
  }

  explain(statement: Statement): string {
    return explainStatement(this.target(), statement)
  }

  /** All of the body or nothing: a transaction, or a part of the one that is open. */
  transaction<T>(body: (channel: Channel) => T): T {
    const target = this.target()
    return target.transaction(transaction => body(new Channel(() => transaction, this.log)))
  }

  get isTransaction(): boolean {
    return isTransaction(this.target())
  }

  #observed<T>(statement: Statement, values: readonly unknown[], times: number | undefined, run: () => T): T {
    const started = performance.now()
    let result: T
    try {
      result = run()
    } catch (error) {
      this.log.tell(statement, values, performance.now() - started, 0, error)
      throw error
    }
    const rows = Array.isArray(result)
      ? result.length
      : typeof result === 'number'
        ? result
        : (times ?? (result ? 1 : 0))
    this.log.tell(statement, values, performance.now() - started, rows)
    return result
  }
}
