/**
 * The faces of one database that the conformance suite compares: what holds for one holds for all. Each is reached through the same
 * small promise-based interface, so that a test is written once; server clients join by adding a face.
 */
import { AsyncDatabase, Database } from 'sochdb'
import type { DatabaseOptions, ScanOptions, TransactionOptions } from 'sochdb'

type Bytes = string | Uint8Array
type Row = [Buffer, Buffer]

export interface Reader {
  get(key: Bytes): Promise<Buffer | undefined>
  getString(key: Bytes): Promise<string | undefined>
  exists(key: Bytes): Promise<boolean>
  getBatch(keys: Iterable<Bytes>): Promise<(Buffer | undefined)[]>
  scanPrefix(prefix: Bytes, options?: ScanOptions): AsyncIterable<Row>
  scanPrefixUnchecked(prefix: Bytes, options?: ScanOptions): AsyncIterable<Row>
  scanRange(start: Bytes, end: Bytes, options?: ScanOptions): AsyncIterable<Row>
}

export interface Store extends Reader {
  put(key: Bytes, value: Bytes, options?: { readonly ttlSeconds?: number }): Promise<void>
  delete(key: Bytes): Promise<void>
  putBatch(entries: Iterable<readonly [Bytes, Bytes]>): Promise<void>
  deleteBatch(keys: Iterable<Bytes>): Promise<void>
}

export interface Txn extends Store {
  readonly id: number
  readonly startTs: bigint
  readonly isolation: string
  readonly isOpen: boolean
  commit(): Promise<bigint>
  abort(): Promise<void>
  savepoint(): Promise<{ rollback(): Promise<void>; release(): Promise<void> }>
}

export interface View extends Reader {
  readonly timestamp: bigint
  close(): Promise<void>
}

export interface Face extends Store {
  beginTransaction(options?: TransactionOptions): Promise<Txn>
  snapshot(): Promise<View>
  close(): Promise<void>
}

async function* rows(of: () => Iterable<Row>): AsyncGenerator<Row> {
  yield* of()
}

type SyncReader = Pick<
  Database,
  'get' | 'getString' | 'exists' | 'getBatch' | 'scanPrefix' | 'scanPrefixUnchecked' | 'scanRange'
>
type SyncStore = SyncReader & Pick<Database, 'put' | 'delete' | 'putBatch' | 'deleteBatch'>

const readerOf = (of: SyncReader): Reader => ({
  get: async key => of.get(key),
  getString: async key => of.getString(key),
  exists: async key => of.exists(key),
  getBatch: async keys => of.getBatch(keys),
  scanPrefix: (prefix, options) => rows(() => of.scanPrefix(prefix, options)),
  scanPrefixUnchecked: (prefix, options) => rows(() => of.scanPrefixUnchecked(prefix, options)),
  scanRange: (start, end, options) => rows(() => of.scanRange(start, end, options)),
})

const storeOf = (of: SyncStore): Store => ({
  ...readerOf(of),
  put: async (key, value, options) => of.put(key, value, options),
  delete: async key => of.delete(key),
  putBatch: async entries => of.putBatch(entries),
  deleteBatch: async keys => of.deleteBatch(keys),
})

export function syncFace(db: Database): Face {
  return {
    ...storeOf(db),
    async beginTransaction(options) {
      const txn = db.beginTransaction(options)
      return {
        ...storeOf(txn),
        id: txn.id,
        startTs: txn.startTs,
        isolation: txn.isolation,
        get isOpen() {
          return txn.isOpen
        },
        commit: async () => txn.commit(),
        abort: async () => txn.abort(),
        async savepoint() {
          const savepoint = txn.savepoint()
          return { rollback: async () => savepoint.rollback(), release: async () => savepoint.release() }
        },
      }
    },
    async snapshot() {
      const snapshot = db.snapshot()
      return { ...readerOf(snapshot), timestamp: snapshot.timestamp, close: async () => snapshot.close() }
    },
    close: async () => db.close(),
  }
}

export const faces: readonly (readonly [
  name: string,
  open: (path: string, options?: DatabaseOptions) => Promise<Face>,
])[] = [
  ['Database', async (path, options) => syncFace(Database.open(path, options))],
  ['AsyncDatabase', (path, options) => AsyncDatabase.open(path, options)],
  ['db.async', async (path, options) => Database.open(path, options).async],
]

export async function collect(rows: AsyncIterable<Row>): Promise<string[]> {
  const all: string[] = []
  for await (const [key, value] of rows) all.push(`${key.toString()}=${value.toString()}`)
  return all
}

/** The error that a promise rejects with; fails where it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('It did not reject.')
}
