/**
 * CREATE INDEX on a table that has rows: inside of the statement's own transaction where there are few of them, else in steps
 * that let others write in between. native/exec/index_build.h tells why that is safe.
 */
import type { Database, Namespace, Transaction } from '../../engine/index.js'
import { nativeHandle } from '../../engine/handle.js'
import { native } from '../../engine/native.js'
import { errorFromNative } from '../../errors/index.js'
import { quoteName } from '../ast/quote.js'
import type { IndexEntry, TableEntry } from '../catalog/entries.js'
import { parseStatement } from '../parser/index.js'
import { compile } from '../plan/compile.js'
import { queryError } from '../problem.js'
import { NativeStatement } from '../result/index.js'
import type { NativeExec } from '../result/native.js'
import { catalogOf } from '../session.js'
import { DdlContext, sameName } from './context.js'
import { NO_LIMITS } from './limits.js'
import type { Limits } from './limits.js'

const exec = native as unknown as NativeExec

/** Tables up to this size are indexed in one transaction. */
export const INLINE_ROWS = 10_000
/** In one step, where others have their turn between two of them. */
const CHUNK_ROWS = 5_000
/** Where the caller waits for all of it anyway: the more there are, the longer the runs of entries in order. */
export const CHUNK_ROWS_ALONE = 20_000

/**
 * Who builds: the process, and where the log went on when it opened the store. A store is open in one process at a time, so what
 * another one has begun nobody builds any more; process ids alone come again, in containers after every kill.
 */
export function builderOf(database: Database): string {
  return `${process.pid}@${native.recoveryReport(database[nativeHandle]).endLsn}`
}

interface Chunk {
  readonly rows: number
  readonly done: boolean
  readonly next: string
}

/** Puts the rows there are into an index of the entry, in the transaction that added it. */
export function fillInline(
  transaction: Transaction,
  entry: TableEntry,
  index: IndexEntry,
  limits: Limits = NO_LIMITS,
): void {
  for (let from = ''; ;) {
    limits.check()
    const chunk = fill(transaction, entry, index, from, CHUNK_ROWS)
    if (chunk.done) return
    from = chunk.next
  }
}

function fill(transaction: Transaction, entry: TableEntry, index: IndexEntry, from: string, rows: number): Chunk {
  const statement = parseStatement(`delete from ${quoteName(entry.name)}`).statement
  const plan = new NativeStatement(compile(statement, catalogOf(transaction)))
  try {
    return exec.fillIndex(
      transaction[nativeHandle],
      plan.handleOn(transaction.database),
      index.id,
      Buffer.from(from, 'latin1'),
      rows,
    )
  } catch (error) {
    throw errorFromNative(error, 'query')
  }
}

export function hasManyRows(context: DdlContext, table: string): boolean {
  return context.run(`select 1 from ${quoteName(table)} limit 1 offset ${INLINE_ROWS}`).rows.length > 0
}

/** How far the building of an index has come. */
export interface BuildProgress {
  readonly rows: number
}

/**
 * Fills an index that the catalog says is being built, then says that it is ready, unless it is to be `kept` as it is. A row in the way
 * of another ends it, and so do the limits: the index is gone then. Yields between transactions.
 */
export function* buildInSteps(
  target: Database | Namespace,
  table: string,
  name: string,
  limits: Limits,
  chunkRows = CHUNK_ROWS,
  kept = false,
): Generator<BuildProgress, void, void> {
  let rows = 0
  let from = ''
  for (;;) {
    let chunk: Chunk
    try {
      limits.check()
      chunk = target.transaction(transaction => step(transaction, table, name, from, chunkRows, kept))
    } catch (error) {
      target.transaction(transaction => dropBuilding(new DdlContext(transaction), name))
      throw error
    }
    rows += chunk.rows
    yield { rows }
    if (chunk.done) return
    from = chunk.next
  }
}

function step(transaction: Transaction, table: string, name: string, from: string, rows: number, kept: boolean): Chunk {
  const context = new DdlContext(transaction)
  const { entry } = context.require(table)
  const index = entry.indexes.find(i => sameName(i.name, name))
  if (index?.building !== builderOf(transaction.database)) {
    throw queryError(`Index "${name}" was dropped while it was being built.`, 'Create it again.', { index: name })
  }
  const chunk = fill(transaction, entry, index, from, rows)
  if (chunk.done && !kept) {
    const { building: _, ...ready } = index
    context.save({ ...entry, indexes: entry.indexes.map(i => (i === index ? ready : i)) })
  }
  return chunk
}

/** Takes away an index that is not ready, if it is there. */
export function dropBuilding(context: DdlContext, name: string): boolean {
  const table = context.ownerOfIndex(name)
  const entry = table === undefined ? undefined : context.find(table)?.entry
  if (!entry?.indexes.some(i => sameName(i.name, name) && i.building)) return false
  context.save({ ...entry, indexes: entry.indexes.filter(i => !sameName(i.name, name)) })
  context.releaseIndex(name)
  return true
}

/** Whether nobody builds it any more. */
export function isAbandoned(context: DdlContext, index: IndexEntry): boolean {
  return index.building !== undefined && index.building !== builderOf(context.transaction.database)
}

/** Takes away what a process that has ended was building. */
export function dropAbandoned(context: DdlContext): void {
  for (const { entry } of context.tables()) {
    for (const index of entry.indexes) {
      if (isAbandoned(context, index)) dropBuilding(context, index.name)
    }
  }
}
