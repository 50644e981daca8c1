/** Statements given as text: what each kind of them does. */
import { performance } from 'node:perf_hooks'

import type { ResultColumn } from '../plan/compile.js'
import type { Row } from '../result/index.js'
import type { StatementTarget } from '../session.js'
import { sqlText } from './cache.js'
import type { SqlText } from './cache.js'
import { RowIterator } from './iterator.js'
import type { ExecuteOptions } from './options.js'
import { SqlResult } from './result.js'
import { runUtility } from './utility.js'
import { valuesOf } from './values.js'
import type { SqlParameters } from './values.js'

/** What a statement without a plan gives back. */
export interface Outcome {
  readonly columns: readonly ResultColumn[]
  readonly rows: Row[]
  readonly rowsAffected: number
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
  if (text.isData || text.analyzes) {
    const { columns, names, rows, rowsAffected } = text.prepared.execute(target, values, options)
    return new SqlResult<T>(columns, names, rows as T[], rowsAffected, performance.now() - started)
  }
  const { columns, rows, rowsAffected } = runUtility(target, text, values, options)
  const names = columns.map(({ name }) => name)
  return new SqlResult<T>(columns, names, rows as T[], rowsAffected, performance.now() - started)
}

/** The rows of a statement, read as they are asked for; one that writes is run to its end first. */
export function iterateText<T = Row>(
  target: StatementTarget,
  text: SqlText,
  params: SqlParameters | undefined,
  options: ExecuteOptions,
): IterableIterator<T> {
  return new RowIterator(batchesOf<T>(target, text, params, options))
}

function* batchesOf<T>(
  target: StatementTarget,
  text: SqlText,
  params: SqlParameters | undefined,
  options: ExecuteOptions,
): Generator<T[], void> {
  const { statement } = text.parsed
  const values = valuesOf(text.parsed, params)
  if (statement.kind === 'select' || statement.kind === 'values' || statement.kind === 'setOperation') {
    for (const batch of text.prepared.batches(target, values, options)) {
      options.signal?.throwIfAborted()
      yield batch as T[]
    }
  } else yield executeText<T>(target, text, params, options).rows
}

export function executeSql<T = Row>(
  target: StatementTarget,
  sql: string,
  params: SqlParameters | undefined,
  options: ExecuteOptions,
): SqlResult<T> {
  return executeText<T>(target, sqlText(sql, options.dialect), params, options)
}
