/** Inserts of many rows that differ in nothing but their values run as one row's plan, once per row, in one statement. */
import type { Expression, InsertStatement, Statement } from '../ast/nodes.js'

export interface RowBatch {
  readonly statement: InsertStatement
  readonly rows: readonly (readonly unknown[])[]
}

/**
 * The batch that a statement is, or `undefined`: every cell of every row is a parameter of its own, in order, and nothing else
 * of the statement takes one or asks for the rows back. The key of its plan does not depend on the number of rows then.
 */
export function asBatch(statement: Statement, values: readonly unknown[]): RowBatch | undefined {
  if (statement.kind !== 'insert' || statement.rows.length < 2 || statement.returning.length > 0) return undefined
  if (statement.onConflict?.action === 'update') return undefined
  const width = statement.columns?.length ?? 0
  if (width === 0 || values.length !== width * statement.rows.length) return undefined
  let next = 0
  for (const row of statement.rows) {
    if (row.length !== width) return undefined
    for (const cell of row) if (!isParameter(cell, next++)) return undefined
  }
  const rows = statement.rows.map((_, i) => values.slice(i * width, (i + 1) * width))
  return { statement: { ...statement, rows: statement.rows.slice(0, 1) }, rows }
}

function isParameter(cell: Expression | undefined, index: number): boolean {
  return cell?.kind === 'parameter' && cell.index === index
}
