/** What statements run on. */
import { Database, Namespace } from 'sochdb'
import type { AsyncDatabase, AsyncNamespace, AsyncTransaction, Transaction } from 'sochdb'
import { databaseOf, isTransaction, sqlTargetOf } from 'sochdb/internal'
import type { StatementGuard, StatementTarget } from 'sochdb/internal'

/** What queries run on. */
export type Target = Database | Namespace | Transaction | AsyncDatabase | AsyncNamespace | AsyncTransaction
/** What queries run on, or a function that gives it at the first of them. */
export type TargetOption = Target | TargetFunction

/** A generated client's function also carries what keeps its statements to what the client may see. */
export interface TargetFunction {
  (): Target | Promise<Target>
  readonly guard?: object
}

export function guardOf(option: TargetOption): StatementGuard | undefined {
  return typeof option === 'function' ? (option.guard as StatementGuard | undefined) : undefined
}

export const isSynchronous = (target: Target): target is Database | Namespace | Transaction =>
  target instanceof Database || target instanceof Namespace || isTransaction(target)

export const isAsyncTransaction = (
  target: AsyncDatabase | AsyncNamespace | AsyncTransaction,
): target is AsyncTransaction => 'commit' in target

/** What statements run on by call, whatever face the target has. */
export const statementsOf = (target: Target): StatementTarget =>
  isSynchronous(target) ? target : sqlTargetOf(target).statements

/** The last migration to have asked, of each namespace of each database and of each transaction, and when it is done. */
const migrations = new WeakMap<object, Map<number, Promise<void>>>()

/** Waits for the migrations that are under way, and returns how to end this one. */
export async function lockMigrations(target: Target): Promise<() => void> {
  const statements = statementsOf(target)
  const owner = isTransaction(statements) ? statements : databaseOf(statements)
  let ofOwner = migrations.get(owner)
  if (ofOwner === undefined) migrations.set(owner, (ofOwner = new Map()))
  const before = ofOwner.get(statements.namespaceId)
  let release: () => void = () => undefined
  ofOwner.set(statements.namespaceId, new Promise(resolve => (release = resolve)))
  await before
  return release
}
