/**
 * The verbs that every layer above the keys brings along: here they get their promises, one line each.
 *
 * - `reading`: answered on the calling thread; what such a verb reads is in memory, or little.
 * - `writing`: runs on a transaction of its own, whose commit waits on the engine's threads. On an async transaction it is part of
 *   that.
 *
 * Collections are not here: their searches run on the engine's threads (collection.ts).
 */
import type { Database, Namespace, Snapshot, Transaction } from '../database/index.js'

/** What a method returns, by promise. */
export type Promised<T, Names extends keyof T> = {
  [Name in Names]: T[Name] extends (...args: infer Args) => infer Result ? (...args: Args) => Promise<Result> : never
}

/** Of databases, namespaces, transactions and snapshots. */
export const everywhere = ['listCollections'] as const satisfies readonly (keyof Database &
  keyof Namespace &
  keyof Transaction &
  keyof Snapshot)[]

/** Of databases, namespaces, transactions and snapshots: about tables. */
export const describing = [
  'listTables',
  'getTableSchema',
  'listIndexes',
  'getTableIndexPolicy',
] as const satisfies readonly (keyof Database & keyof Namespace & keyof Transaction & keyof Snapshot)[]

/** Of databases, transactions and snapshots. */
export const reading = [
  ...everywhere,
  'namespaceExists',
  'listNamespaces',
  'namespaceInfo',
] as const satisfies readonly (keyof Database & keyof Transaction & keyof Snapshot)[]

/** Of databases, namespaces and transactions. */
export const writingEverywhere = ['deleteCollection'] as const satisfies readonly (keyof Database &
  keyof Namespace &
  keyof Transaction)[]

/** Of databases and transactions. */
export const writing = [
  ...writingEverywhere,
  'updateNamespace',
  'deleteNamespace',
  'copyBetweenNamespaces',
] as const satisfies readonly (keyof Database & keyof Transaction)[]

export type DescribingVerb = (typeof describing)[number]
export type ReadingVerb = (typeof reading)[number]
export type WritingVerb = (typeof writing)[number]

type Method = (...args: never[]) => unknown

/** Defines each verb on the prototype of a class; `run` makes the promise of one call. */
export function defineVerbs<This extends object>(
  target: { readonly prototype: This },
  names: readonly string[],
  run: (self: This, name: string, args: readonly unknown[]) => Promise<unknown>,
): void {
  for (const name of names) {
    const value = function (this: This, ...args: unknown[]): Promise<unknown> {
      return run(this, name, args)
    }
    Object.defineProperty(value, 'name', { value: name })
    Object.defineProperty(target.prototype, name, { value, writable: true, configurable: true })
  }
}

/** Calls a method of the synchronous object. */
export const call = (of: object, name: string, args: readonly unknown[]): unknown =>
  ((of as Record<string, Method>)[name] as Method).apply(of, args as never[])
