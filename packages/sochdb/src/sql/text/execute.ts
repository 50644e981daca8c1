/** Statements given as text: what each kind of them does. */
import { performance } from 'node:perf_hooks'

import type { DataStatement, Statement } from '../ast/nodes.js'
import type { ResultColumn } from '../plan/compile.js'
import type { Row } from '../result/index.js'
import type { StatementTarget } from '../session.js'
import { sqlText } from './cache.js'
import type { SqlText } from './cache.js'
import type { ExecuteOptions } from './options.js'
import { SqlResult } from './result.js'
import { runUtility } from './utility.js'
import { valuesOf } from './values.js'
import type { SqlParameters } from './values.js'

/** What a statement without rows gives back. */
export interface Outcome {
  readonly columns: readonly ResultColumn[]
  readonly rows: Row[]
  readonly rowsAffected: number
}

export function isData(statement: Statement): statement is DataStatement {
  switch (statement.kind) {
    case 'select':
    case 'values':
    case 'setOperation':
    case 'insert':
    case 'update':
    case 'delete':
      return true
    default:
      return false
  }
}

export function executeText<T = Row>(
  target: StatementTarget,
  text: SqlText,
  params: SqlParameters | undefined,
  options: ExecuteOptions,
): SqlResult<T> {
  const started = performance.now()
  options.signal?.throwIfAborted()
  const values = valuesOf(text.parsed, params)
  const { columns, rows, rowsAffected } = isData(text.parsed.statement)
    ? text.prepared.execute(target, values, options)
    : runUtility(target, text, values)
  return new SqlResult<T>(columns, rows as T[], rowsAffected, performance.now() - started)
}

/** The rows of a statement, read as they are asked for; one that writes is run to its end first. */
export function* iterateText<T = Row>(
  target: StatementTarget,
  text: SqlText,
  params: SqlParameters | undefined,
  options: ExecuteOptions,
): Generator<T, void> {
  const { statement } = text.parsed
  const values = valuesOf(text.parsed, params)
  if (statement.kind === 'select' || statement.kind === 'values' || statement.kind === 'setOperation') {
    for (const batch of text.prepared.batches(target, values, options)) {
      options.signal?.throwIfAborted()
      yield* batch as T[]
    }
  } else yield* executeText<T>(target, text, params, options).rows
}

export function executeSql<T = Row>(
  target: StatementTarget,
  sql: string,
  params: SqlParameters | undefined,
  options: ExecuteOptions,
): SqlResult<T> {
  return executeText<T>(target, sqlText(sql, options.dialect), params, options)
}
