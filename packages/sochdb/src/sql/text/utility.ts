/** Statements without a plan: schema changes, savepoints, and questions about the schema. */
import { isTransaction } from '../../engine/transaction.js'
import type { UtilityStatement } from '../ast/nodes.js'
import type { ResultColumn } from '../plan/compile.js'
import { executeDdl } from '../ddl/index.js'
import { queryError } from '../problem.js'
import { explainPrepared } from '../session.js'
import type { StatementTarget } from '../session.js'
import { runPragma, runShow } from './catalog-queries.js'
import type { SqlText } from './cache.js'
import type { Outcome } from './execute.js'
import { runTransactionStatement } from './savepoints.js'

const NOTHING: Outcome = { columns: [], rows: [], rowsAffected: 0 }
const PLAN_COLUMNS: readonly ResultColumn[] = [{ name: 'plan', type: 'text', nullable: false }]

export function runUtility(target: StatementTarget, text: SqlText, values: readonly unknown[]): Outcome {
  const statement = text.parsed.statement as UtilityStatement
  switch (statement.kind) {
    case 'explain': {
      const lines = explainPrepared(target, statement, text.dialect, text.source)
      return { columns: PLAN_COLUMNS, rows: lines.map(plan => ({ plan })), rowsAffected: 0 }
    }
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'savepoint':
    case 'release':
      runTransactionStatement(target, statement)
      return NOTHING
    case 'pragma':
      return runPragma(target, statement)
    case 'show':
      return runShow(target, statement)
    case 'maintenance':
      if (statement.what === 'vacuum') {
        if (isTransaction(target)) throw queryError('VACUUM does not run in a transaction.', 'Run it on the database.')
        target.compact()
      }
      return NOTHING
    default:
      return { ...NOTHING, rowsAffected: executeDdl(target, statement, values) }
  }
}
