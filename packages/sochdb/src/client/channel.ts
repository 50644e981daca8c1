/** Where the statements of a client run, and who hears of them. */
import { performance } from 'node:perf_hooks'
import { isTransaction } from '../engine/index.js'
import type { Statement } from '../sql/ast/nodes.js'
import type { RunOptions } from '../sql/result/index.js'
import { explainStatement, executeStatement, type PreparedStatement } from '../sql/session.js'
import { executeText, SqlResult, sqlText, textOfTree } from '../sql/text/index.js'
import type { StatementGuard } from './guard.js'
import type { QueryLog } from './query-log.js'
import type { Row, StatementTarget } from './statements.js'
import type { StoredNames } from './stored-names.js'

export class Channel {
  readonly target: () => StatementTarget
  readonly log: QueryLog
  readonly #names: StoredNames | undefined

  /** `names`: what columns are called in the store, where that is not as their fields. */
  constructor(target: () => StatementTarget, log: QueryLog, names?: StoredNames) {
    this.target = target
    this.log = log
    this.#names = names
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

  /** A statement by the names of fields as the store takes it. */
  stored<S extends Statement>(statement: S): S {
    return this.#names === undefined ? statement : this.#names.statement(statement)
  }

  /** Rows of a statement that is not kept. */
  rows(made: Statement, values: readonly unknown[], options?: RunOptions): Row[] {
    const statement = this.stored(made)
    const run = (): Row[] => executeStatement(this.target(), statement, values, options).rows as Row[]
    return this.log.isActive ? this.#observed(statement, values, undefined, run) : run()
  }

  /** Rows written by one. */
  affected(made: Statement, values: readonly unknown[], options?: RunOptions): number {
    const statement = this.stored(made)
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

  /** A statement given as text, within what `guard` lets through. */
  text<T>(sql: string, given: readonly unknown[], guard: StatementGuard): SqlResult<T> {
    const parsed = sqlText(sql)
    const applied = guard.apply({ statement: parsed.parsed.statement, values: given })
    const isSame = applied.statement === parsed.parsed.statement
    const text = isSame ? parsed : textOfTree(applied.statement)
    const run = (): SqlResult<T> => {
      const started = performance.now()
      if (!text.isData) return executeText<T>(this.target(), text, applied.values, {})
      const { columns, names, rows, rowsAffected } = text.prepared.execute(this.target(), applied.values)
      return new SqlResult<T>(columns, names, rows as T[], rowsAffected, performance.now() - started)
    }
    return this.log.isActive ? this.#observed(applied.statement, applied.values, undefined, run) : run()
  }

  explain(statement: Statement): string {
    return explainStatement(this.target(), this.stored(statement))
  }

  /** All of the body or nothing: a transaction, or a part of the one that is open. */
  transaction<T>(body: (channel: Channel) => T): T {
    const target = this.target()
    return target.transaction(transaction => body(new Channel(() => transaction, this.log, this.#names)))
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
    this.log.tell(statement, values, performance.now() - started, times ?? rowsOf(result))
    return result
  }
}

/** Rows read or written. */
function rowsOf(result: unknown): number {
  if (typeof result === 'number') return result
  if (Array.isArray(result)) return result.length
  if (result instanceof SqlResult) return Math.max(result.rows.length, result.rowsAffected)
  return result === undefined ? 0 : 1
}
