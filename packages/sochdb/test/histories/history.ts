/**
 * List-append histories, as in Elle (Kingsbury and Alvaro, "Elle: inferring isolation anomalies from experimental
 * observations", 2020): every transaction reads lists and appends numbers to them. A number is appended once only, so a
 * list that is read names the transactions that made it, and their order.
 */

export type Level = 'serializable' | 'snapshot' | 'readCommitted'

export type Operation =
  | { readonly kind: 'append'; readonly key: string; readonly value: number }
  | { readonly kind: 'read'; readonly key: string; readonly values: readonly number[] }

export interface Transaction {
  readonly name: string
  readonly level: Level
  /** Aborted on purpose, or refused as a conflict: nothing of it may be seen. */
  readonly committed: boolean
  /** Before its first operation, and after it was told that it had committed: nanoseconds on a clock that all threads share. */
  readonly began: bigint
  readonly ended: bigint
  readonly operations: readonly Operation[]
}

/** What the worker threads send: clocks as text. */
export interface SentTransaction extends Omit<Transaction, 'began' | 'ended'> {
  readonly began: string
  readonly ended: string
}

export const received = (sent: readonly SentTransaction[]): Transaction[] =>
  sent.map(transaction => ({ ...transaction, began: BigInt(transaction.began), ended: BigInt(transaction.ended) }))
