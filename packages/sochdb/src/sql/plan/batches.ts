/** Inserts of many rows that differ in nothing but their values run as one row's plan, once per row, in one statement. */
import type { Expression, InsertStatement, Statement } from '../ast/nodes.js'

export interface RowBatch {
  /** The insert of the first row. */
  readonly statement: InsertStatement
  /** Of all rows together. */
  readonly parameterCount: number
}

/**
 * The batch that a statement is, or `undefined`: every cell of every row is a parameter of its own, in order, and nothing of the
 * statement asks for the rows back. The key of its plan does not depend on the number of rows then. Other parameters than those
 * are the caller's to rule out: the statement must have as many as the batch.
 */
export function asBatch(statement: Statement): RowBatch | undefined {
  if (statement.kind !== 'insert' || statement.rows.length < 2 || statement.returning.length > 0) return undefined
  if (statement.onConflict?.action === 'update' || statement.onConflict?.targetWhere !== undefined) return undefined
  if (statement.moreConflicts) return undefined
  const width = statement.columns?.length ?? 0
  if (width === 0) return undefined
  let next = 0
  for (const row of statement.rows) {
    if (row.length !== width) return undefined
    for (const cell of row) if (!isParameter(cell, next++)) return undefined
  }
  return { statement: { ...statement, rows: statement.rows.slice(0, 1) }, parameterCount: next }
}

function isParameter(cell: Expression | undefined, index: number): boolean {
  return cell?.kind === 'parameter' && cell.index === index
}
