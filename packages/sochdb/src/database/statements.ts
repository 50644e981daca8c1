/** Statements, and what tables there are: the verbs of databases, namespaces, transactions and snapshots. */
import type { Bytes } from '../bytes/bytes.js'
import type { IndexPolicy } from '../engine/index.js'
import { newKeyQuery } from '../sql/keys/index.js'
import type { KeyQuery } from '../sql/keys/index.js'
import { getTableIndexPolicy } from '../sql/policy.js'
import type { Row, StatementTarget } from '../sql/session.js'
import {
  checkExecuteOptions,
  executeSql,
  getTableSchema,
  iterateText,
  listIndexes,
  listTables,
  PreparedSql,
  sqlText,
} from '../sql/text/index.js'
import type { ExecuteOptions, IndexSchema, SqlParameters, SqlResult, TableSchema } from '../sql/text/index.js'

export interface TableVerbs {
  /**
   * Runs a SQL statement: PostgreSQL's, MySQL's and SQLite's spellings are understood (docs/sql.md). It reaches the tables of one
   * namespace, of a database those of `default`. What writes is a transaction of its own; in a transaction, a part of that; a
   * snapshot refuses it.
   *
   * @param params an array for `?`, `?1` and `$1`; an object for `:name`, `@name` and `$name`
   * @throws QuerySyntaxError (`line`, `column` in its details) when it does not parse
   * @throws QueryError when it does not fit the schema; QueryTimeoutError when it runs past `timeoutMs`
   * @throws UniqueConstraintError, NotNullError, CheckError, ForeignKeyError when rows break a constraint: nothing of it remains then
   *
   * @example
   * const { rows } = db.execute('SELECT name FROM users WHERE age > ? ORDER BY name', [25])
   */
  execute<T = Row>(sql: string, params?: SqlParameters, options?: ExecuteOptions): SqlResult<T>

  /** Alias of `execute`. */
  executeSql<T = Row>(sql: string, params?: SqlParameters, options?: ExecuteOptions): SqlResult<T>

  /**
   * The rows of a statement, read as they are asked for: for results that are larger than memory should hold. A loop that is left
   * ends it.
   *
   * @example
   * for (const { id } of db.iterate<{ id: number }>('SELECT id FROM events')) if (id === wanted) break
   */
  iterate<T = Row>(sql: string, params?: SqlParameters, options?: ExecuteOptions): IterableIterator<T>

  /** Reads a statement once, to execute it many times; `options` are for each execution. */
  prepare<T = Row>(sql: string, options?: ExecuteOptions): PreparedSql<T>

  /**
   * A query over the JSON objects at the keys that start with a prefix: filtered, ordered and aggregated in the engine.
   *
   * @example
   * db.query('orders/').where('status', CompareOp.EQ, 'pending').orderBy('created_at', { descending: true }).limit(50).execute()
   */
  query(prefix: Bytes): KeyQuery

  /** The names of all tables, in order. */
  listTables(): string[]

  /** Columns, keys and indexes of a table. @throws QueryError when there is no such table */
  getTableSchema(table: string): TableSchema

  /** @throws QueryError when there is no such table */
  listIndexes(table: string): readonly IndexSchema[]

  /** How a table is laid out. @throws QueryError when there is no such table */
  getTableIndexPolicy(table: string): IndexPolicy
}

const verbs: TableVerbs & ThisType<StatementTarget & TableVerbs> = {
  execute<T>(sql: string, params?: SqlParameters, options?: ExecuteOptions): SqlResult<T> {
    return executeSql<T>(this, sql, params, checkExecuteOptions(options, 'execute'))
  },
  executeSql<T>(sql: string, params?: SqlParameters, options?: ExecuteOptions): SqlResult<T> {
    return this.execute<T>(sql, params, options)
  },
  iterate<T>(sql: string, params?: SqlParameters, options?: ExecuteOptions): IterableIterator<T> {
    const checked = checkExecuteOptions(options, 'iterate')
    return iterateText<T>(this, sqlText(sql, checked.dialect), params, checked)
  },
  prepare<T>(sql: string, options?: ExecuteOptions): PreparedSql<T> {
    const checked = checkExecuteOptions(options, 'prepare')
    return new PreparedSql<T>(this, sqlText(sql, checked.dialect), checked)
  },
  query(prefix) {
    return newKeyQuery(this, prefix)
  },
  listTables() {
    return listTables(this)
  },
  getTableSchema(table) {
    return getTableSchema(this, table)
  },
  listIndexes(table) {
    return listIndexes(this, table)
  },
  getTableIndexPolicy(table) {
    return getTableIndexPolicy(this, table)
  },
}

/** Defines the verbs on the prototype of a class. */
export function defineTableVerbs(target: { readonly prototype: StatementTarget }): void {
  for (const [name, value] of Object.entries(verbs)) {
    Object.defineProperty(target.prototype, name, { value: value as unknown, writable: true, configurable: true })
  }
}
