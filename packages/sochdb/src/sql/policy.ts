/**
 * The index policy of a table: in which trees its rows and index entries lie (native/exec/table_trees.h), and how a table with
 * data moves from one to another while it is read and written (native/exec/table_move.h tells why that is safe).
 */
import type { Database, Namespace, Transaction } from '../engine/index.js'
import { INDEX_POLICY_NUMBER } from '../engine/constants.js'
import type { IndexPolicy } from '../engine/constants.js'
import { nativeHandle } from '../engine/handle.js'
import { native } from '../engine/native.js'
import { errorFromNative } from '../errors/index.js'
import { catalogStore } from './session.js'
import type { StatementTarget } from './session.js'
import { requireTable, writeDocument } from './catalog/index.js'
import type { TableEntry } from './catalog/index.js'
import type { NativeExec, TableChunk } from './result/native.js'

const exec = native as unknown as NativeExec

/** What one transaction of a move copies or deletes: it holds the writer for a few milliseconds. */
const CHUNK_BYTES = 1024 * 1024

/** How far a move has come. */
export interface PolicyProgress {
  /** Rows and index entries copied, and deleted from where they were, so far. */
  readonly copied: number
  readonly deleted: number
}

/** @throws QueryError when there is no such table */
export function getTableIndexPolicy(target: StatementTarget, table: string): IndexPolicy {
  return requireTable(catalogStore(target), target.namespaceId, table).entry.policy
}

/** Moves a table to a policy, whatever state an earlier move has left it in. Yields between transactions. */
export function* moveTable(
  target: Database | Namespace,
  name: string,
  policy: IndexPolicy,
): Generator<PolicyProgress, void, void> {
  let progress: PolicyProgress = { copied: 0, deleted: 0 }
  let chunk: Position | undefined
  for (;;) {
    const next = target.transaction(transaction => step(transaction, name, policy, chunk))
    if (next.done) return
    chunk = next.position
    progress = { copied: progress.copied + next.copied, deleted: progress.deleted + next.deleted }
    yield progress
  }
}

/** Where a copy or a deletion goes on: valid while the table is the same, and on the same way. */
interface Position {
  readonly phase: string
  readonly indexes: boolean
  readonly next: string
}

interface Step {
  readonly done: boolean
  readonly copied: number
  readonly deleted: number
  readonly position: Position | undefined
}

const DONE: Step = { done: true, copied: 0, deleted: 0, position: undefined }
const CHANGED: Step = { done: false, copied: 0, deleted: 0, position: undefined }

/** One transaction's worth of the way to `policy`. */
function step(transaction: Transaction, name: string, policy: IndexPolicy, from: Position | undefined): Step {
  const store = catalogStore(transaction)
  const { entry, key } = requireTable(store, transaction.namespaceId, name)
  const change = (changes: Partial<TableEntry>): Step => {
    const { movingTo: _movingTo, leaving: _leaving, ...rest } = entry
    store.put(key, writeDocument({ ...rest, ...changes }))
    return CHANGED
  }
  if (entry.leaving !== undefined) {
    const { chunk, position } = runChunk(transaction, entry, from, entry.leaving, undefined)
    if (position === undefined) change({})
    return { ...CHANGED, deleted: chunk.entries, position }
  }
  if (entry.movingTo !== undefined && entry.movingTo !== policy) return change({ leaving: entry.movingTo })
  if (entry.policy === policy) return DONE
  if (entry.movingTo === undefined) return change({ movingTo: policy })
  const { chunk, position } = runChunk(transaction, entry, from, entry.policy, policy)
  if (position === undefined) change({ policy, leaving: entry.policy })
  return { ...CHANGED, copied: chunk.entries, position }
}

/** Copies a chunk to `to`, or deletes it where there is none. `position` is undefined when rows and entries are all done. */
function runChunk(
  transaction: Transaction,
  entry: TableEntry,
  from: Position | undefined,
  place: IndexPolicy,
  to: IndexPolicy | undefined,
): { readonly chunk: TableChunk; readonly position: Position | undefined } {
  const phase = `${entry.id} ${place} ${to ?? ''}`
  const { indexes, next } = from?.phase === phase ? from : { indexes: false, next: '' }
  const lo = tablePrefix(transaction.namespaceId, entry.id)
  const hi = tablePrefix(transaction.namespaceId, entry.id + 1)
  const run = to === undefined ? exec.deleteTableChunk : exec.copyTableChunk
  let chunk: TableChunk
  try {
    chunk = run.call(
      exec,
      transaction[nativeHandle],
      indexes,
      INDEX_POLICY_NUMBER[place],
      INDEX_POLICY_NUMBER[to ?? place],
      next === '' ? lo : Buffer.from(next, 'latin1'),
      hi,
      CHUNK_BYTES,
    )
  } catch (error) {
    throw errorFromNative(error)
  }
  if (!chunk.done) return { chunk, position: { phase, indexes, next: chunk.next } }
  return { chunk, position: indexes ? undefined : { phase, indexes: true, next: '' } }
}

/** What the keys of a table's rows and of its index entries begin with. */
export function tablePrefix(namespaceId: number, tableId: number): Uint8Array {
  const prefix = new Uint8Array(8)
  const view = new DataView(prefix.buffer)
  view.setUint32(0, namespaceId)
  view.setUint32(4, tableId)
  return prefix
}
