/** Statements that change the schema. Each is a whole: it happens with the transaction it runs in, or not at all. */
import { Snapshot } from '../../engine/snapshot.js'
import { isTransaction } from '../../engine/transaction.js'
import type { Database, Namespace, Transaction } from '../../engine/index.js'
import { DatabaseError, ErrorCode } from '../../errors/index.js'
import type { AlterTable, UtilityStatement } from '../ast/ddl.js'
import { moveTable } from '../policy.js'
import { unsupported } from '../problem.js'
import { databaseOf } from '../result/index.js'
import type { StatementTarget } from '../session.js'
import { alterTable } from './alter-table.js'
import { CHUNK_ROWS_ALONE, dropAbandoned } from './build-index.js'
import { DdlContext } from './context.js'
import { createTable, policyOf } from './create-table.js'
import { createView, dropTables, dropViews, truncate } from './drop.js'
import { settleForeignKeys } from './hold.js'
import { createIndex, createIndexOn, dropIndexes } from './indexes.js'
import { NO_LIMITS } from './limits.js'
import type { Limits } from './limits.js'

export type DdlStatement = Extract<
  UtilityStatement,
  {
    readonly kind:
      'createTable' | 'alterTable' | 'dropTable' | 'createIndex' | 'dropIndex' | 'createView' | 'dropView' | 'truncate'
  }
>

const KINDS = new Set([
  'createTable',
  'alterTable',
  'dropTable',
  'createIndex',
  'dropIndex',
  'createView',
  'dropView',
  'truncate',
])

/** What takes rows, or ways to find them, from where they were. */
const MOVES_ROWS: ReadonlySet<string> = new Set(['alterTable', 'dropTable', 'dropIndex', 'truncate'])

export function isDdl(statement: { readonly kind: string }): statement is DdlStatement {
  return KINDS.has(statement.kind)
}

/** Namespaces, by id, whose abandoned indexes were looked for. */
const looked = new WeakMap<Database, Set<number>>()

/**
 * Runs a statement on a database or a namespace, as a transaction of its own (the index of a large table: several), or in a transaction. Gives
 * back the rows that CREATE TABLE AS inserted. `values`: of the parameters of its query. `limits`: of the building of an index.
 *
 * @throws QueryError, ValidationError for what does not fit the schema
 * @throws UniqueConstraintError, CheckError, … for rows that break what is new; nothing has changed then
 */
export function executeDdl(
  target: StatementTarget,
  statement: DdlStatement,
  values: readonly unknown[] = [],
  limits: Limits = NO_LIMITS,
): number {
  const steps = ddlSteps(target, statement, values, limits, CHUNK_ROWS_ALONE)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** The same step by step; the index of a large table is built in several. */
export function* ddlSteps(
  target: StatementTarget,
  statement: DdlStatement,
  values: readonly unknown[],
  limits: Limits,
  chunkRows?: number,
): Generator<unknown, number, void> {
  if (isTransaction(target)) return target.transaction(inner => run(inner, statement, values, limits))
  if (target instanceof Snapshot) {
    throw new DatabaseError('A snapshot is for reading: its schema stays as it was.', {
      code: ErrorCode.READ_ONLY,
      remediation: 'Change the schema through the database, a namespace or a transaction.',
    })
  }
  const ids = lookedIn(databaseOf(target))
  if (!ids.has(target.namespaceId)) {
    target.transaction(transaction => dropAbandoned(new DdlContext(transaction)))
    ids.add(target.namespaceId)
  }
  if (statement.kind === 'createIndex') {
    yield* createIndexOn(target, statement, limits, chunkRows)
    return 0
  }
  if (statement.kind === 'alterTable' && movesTable(target, statement)) return 0
  return target.transaction(transaction => run(transaction, statement, values, limits))
}

function lookedIn(database: Database): Set<number> {
  let ids = looked.get(database)
  if (ids === undefined) looked.set(database, (ids = new Set()))
  return ids
}

/** What is left of the building of indexes that a process did not live to end, in the namespaces of these ids. */
export function dropAbandonedIndexes(database: Database, namespaceIds: readonly number[]): void {
  try {
    database.transaction(transaction => {
      for (const id of namespaceIds) dropAbandoned(new DdlContext(transaction, id))
    })
    for (const id of namespaceIds) lookedIn(database).add(id)
  } catch {
    // As when the disk is full: what can be read is there all the same, and the next change of the schema tries again.
  }
}

function run(transaction: Transaction, statement: DdlStatement, values: readonly unknown[], limits: Limits): number {
  const context = new DdlContext(transaction)
  if (MOVES_ROWS.has(statement.kind)) settleForeignKeys(transaction)
  switch (statement.kind) {
    case 'createTable':
      return createTable(context, statement, values)
    case 'alterTable':
      alterTable(context, statement)
      return 0
    case 'dropTable':
      dropTables(context, statement)
      return 0
    case 'createIndex':
      createIndex(context, statement, limits)
      return 0
    case 'dropIndex':
      dropIndexes(context, statement)
      return 0
    case 'createView':
      createView(context, statement)
      return 0
    case 'dropView':
      dropViews(context, statement)
      return 0
    case 'truncate':
      truncate(context, statement)
      return 0
    default:
      throw unsupported('The statement')
  }
}

/** A table moves to another index policy in many transactions. */
function movesTable(target: Database | Namespace, { table, actions }: AlterTable): boolean {
  const [action] = actions
  const policy = actions.length === 1 && action?.kind === 'setOptions' ? policyOf(action.options) : undefined
  if (policy === undefined) return false
  for (const _ of moveTable(target, table, policy));
  return true
}
