/** Statements without a plan: schema changes, savepoints, and questions about the schema. */
import { setImmediate as turn } from 'node:timers/promises'

import { isTransaction } from '../../engine/transaction.js'
import type { UtilityStatement } from '../ast/nodes.js'
import { ddlSteps, executeDdl, isDdl } from '../ddl/index.js'
import { Limits } from '../ddl/limits.js'
import { placedDdl } from '../ddl/places.js'
import { queryError } from '../problem.js'
import { databaseOf } from '../result/index.js'
import { explainPrepared, PLAN_COLUMNS } from '../session.js'
import type { StatementTarget } from '../session.js'
import { runPragma, runShow } from './catalog-queries.js'
import type { SqlText } from './cache.js'
import type { Outcome } from './execute.js'
import type { ExecuteOptions } from './options.js'
import { runTransactionStatement } from './savepoints.js'

const NOTHING: Outcome = { columns: [], rows: [], rowsAffected: 0 }

export function runUtility(
  target: StatementTarget,
  text: SqlText,
  values: readonly unknown[],
  options: ExecuteOptions,
): Outcome {
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
        databaseOf(target).compact()
      }
      return NOTHING
    default:
      try {
        return { ...NOTHING, rowsAffected: executeDdl(target, statement, values, new Limits(options)) }
      } catch (error) {
        throw placedDdl(error, text.source, text.dialect)
      }
  }
}

/** CREATE INDEX on a database, for which others wait in the event loop: they have their turn between its steps. */
export async function runIndexBuild(target: StatementTarget, text: SqlText, options: ExecuteOptions): Promise<void> {
  const { statement } = text.parsed
  if (!isDdl(statement)) return
  const steps = ddlSteps(target, statement, [], new Limits(options))
  try {
    while (!steps.next().done) await turn()
  } catch (error) {
    throw placedDdl(error, text.source, text.dialect)
  }
}
