/** SQL text, whatever it says, on a database or in a transaction. */
import { isDdl, executeDdl } from '../../src/sql/ddl/index.js'
import { parseStatement } from '../../src/sql/parser/index.js'
import { executeStatement } from '../../src/sql/session.js'
import type { StatementTarget } from '../../src/sql/session.js'

export function sql(target: StatementTarget, text: string, ...values: unknown[]): Record<string, unknown>[] {
  const { statement } = parseStatement(text)
  if (!isDdl(statement)) return [...executeStatement(target, statement, values).rows]
  executeDdl(target, statement)
  return []
}

/** The rows as arrays. */
export const rows = (target: StatementTarget, text: string, ...values: unknown[]): unknown[][] =>
  sql(target, text, ...values).map(row => Object.values(row))

/** The class of what a body throws, and what it says; nothing when it throws nothing. */
export function failure(body: () => unknown): string | undefined {
  try {
    body()
    return undefined
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
}
