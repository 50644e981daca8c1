/** The verbs of statements by promise: of databases, namespaces, transactions and snapshots. */
import type { Bytes } from '../bytes/bytes.js'
import type { Row } from '../sql/session.js'
import { checkExecuteOptions, sqlText } from '../sql/text/index.js'
import type { ExecuteOptions, SqlParameters, SqlResult } from '../sql/text/index.js'
import type { AsyncDatabase } from './database.js'
import type { AsyncNamespace } from './namespace.js'
import { newAsyncKeyQuery } from './query.js'
import type { AsyncKeyQuery } from './query.js'
import type { AsyncSnapshot } from './snapshot.js'
import { executeAsync, iterateAsync, prepareAsync, sqlTargetOf } from './sql.js'
import type { AsyncPreparedSql } from './sql.js'
import type { AsyncTransaction } from './transaction.js'

export interface AsyncTableVerbs {
  /**
   * Runs a SQL statement on threads of the engine, in a transaction as a part of that; see `Database.execute`. `signal` and
   * `timeoutMs` stop it while it runs, and then nothing of it remains.
   */
  execute<T = Row>(sql: string, params?: SqlParameters, options?: ExecuteOptions): Promise<SqlResult<T>>
  /** Alias of `execute`. */
  executeSql<T = Row>(sql: string, params?: SqlParameters, options?: ExecuteOptions): Promise<SqlResult<T>>
  /** The rows of a statement, read as they are asked for; see `Database.iterate`. */
  iterate<T = Row>(sql: string, params?: SqlParameters, options?: ExecuteOptions): AsyncIterableIterator<T>
  /** Reads a statement once, to execute it many times. */
  prepare<T = Row>(sql: string, options?: ExecuteOptions): Promise<AsyncPreparedSql<T>>
  /** A query over the JSON objects at the keys that start with a prefix. See `Database.query`. */
  query(prefix: Bytes): AsyncKeyQuery
}

type Host = AsyncDatabase | AsyncNamespace | AsyncTransaction | AsyncSnapshot

const verbs: AsyncTableVerbs & ThisType<Host & AsyncTableVerbs> = {
  async execute<T>(sql: string, params?: SqlParameters, options?: ExecuteOptions): Promise<SqlResult<T>> {
    const checked = checkExecuteOptions(options, 'execute')
    return executeAsync<T>(sqlTargetOf(this), sqlText(sql, checked.dialect), params, checked)
  },
  executeSql<T>(sql: string, params?: SqlParameters, options?: ExecuteOptions): Promise<SqlResult<T>> {
    return this.execute<T>(sql, params, options)
  },
  iterate<T>(sql: string, params?: SqlParameters, options?: ExecuteOptions): AsyncIterableIterator<T> {
    const checked = checkExecuteOptions(options, 'iterate')
    return iterateAsync<T>(sqlTargetOf(this), sqlText(sql, checked.dialect), params, checked)
  },
  async prepare<T>(sql: string, options?: ExecuteOptions): Promise<AsyncPreparedSql<T>> {
    return prepareAsync<T>(sqlTargetOf(this), sql, checkExecuteOptions(options, 'prepare'))
  },
  query(prefix) {
    return newAsyncKeyQuery(sqlTargetOf(this), prefix)
  },
}

/** Defines the verbs on the prototype of a class. */
export function defineAsyncTables(target: { readonly prototype: object }): void {
  for (const [name, value] of Object.entries(verbs)) {
    Object.defineProperty(target.prototype, name, { value: value as unknown, writable: true, configurable: true })
  }
}
