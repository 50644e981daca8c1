/** What statements run on. */
import { AsyncDatabase, Database, type AsyncTransaction, type Transaction } from 'sochdb'
import { isTransaction } from 'sochdb/internal'

export type Target = Database | Transaction | AsyncDatabase | AsyncTransaction
export type TargetOption = Target | (() => Target | Promise<Target>)

export async function resolveTarget(option: TargetOption): Promise<Target> {
  return typeof option === 'function' ? option() : option
}

export const isSynchronous = (target: Target): target is Database | Transaction =>
  target instanceof Database || isTransaction(target)

/** The last migration of each database to have asked, and when it is done. */
const migrations = new WeakMap<object, Promise<void>>()

/** Waits for the migrations that are under way, and returns how to end this one. */
export async function lockMigrations(target: Target): Promise<() => void> {
  const key: object = target instanceof AsyncDatabase ? target.database : target
  const before = migrations.get(key)
  let release: () => void = () => undefined
  migrations.set(key, new Promise(resolve => (release = resolve)))
  await before
  return release
}
