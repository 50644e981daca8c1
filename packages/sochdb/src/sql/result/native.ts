/** What the addon gives for running plans (native/binding/exec_*.cc). Handles are plain numbers. */
export interface NativeExec {
  /** Keeps the buffer alive and remembers where it lies. */
  exchangeOpen(buffer: ArrayBuffer): number
  exchangeReplace(exchange: number, buffer: ArrayBuffer): void
  /** Checks a plan; the statement lives as long as the database handle. */
  statementPrepare(database: number, words: Int32Array, constants: Uint8Array): number
  statementClose(statement: number): void
  /**
   * Runs a statement with the parameters that lie in the exchange buffer, and says so in its first words: i32[0] their bytes, f64[1] the
   * timeout in milliseconds (0: none). Leaves the first batch there. Returns the batch's string, or undefined when it has no text.
   */
  statementRun(target: number, statement: number, exchange: number): string | undefined
  /** The same for many rows of parameters, in a buffer of their own. */
  statementRunMany(
    target: number,
    statement: number,
    exchange: number,
    parameters: Uint8Array,
    rows: number,
    timeoutMs: number,
  ): string | undefined
  /** The next batch of an open result; also after the exchange has grown, for the row that did not fit. */
  rowsNext(rows: number, exchange: number): string | undefined
  rowsClose(rows: number): void

  /** The same on threads of the engine; see blocks.ts for the payload. `operation`, `timeoutMs`: as in async/native.ts. */
  asyncStatementRun(
    target: number,
    statement: number,
    parameters: Uint8Array,
    rows: number,
    operation: number,
    timeoutMs: number,
  ): Promise<RowsPayload>
  asyncRowsNext(rows: number, operation: number, timeoutMs: number): Promise<RowsPayload>
  asyncRowsClose(rows: number): void
  asyncTake(payload: number, buffer: ArrayBuffer): boolean

  /** One document of the catalog tree. Reads in a transaction are validated at its commit, whatever its isolation. */
  catalogGet(target: number, key: Uint8Array): CatalogDocument | undefined
  catalogPut(transaction: number, key: Uint8Array, value: Uint8Array): void
  catalogDelete(transaction: number, key: Uint8Array): void
  /** The documents with lo <= key < hi, in key order. */
  catalogScan(target: number, lo: Uint8Array, hi: Uint8Array): CatalogDocument[]
  /** Commit timestamp of the newest write to the catalog. */
  catalogTimestamp(database: number): bigint
  /** Of the newest statements that wrote, whoever ran them: rows, rows of all so far, and the key of the last row inserted. */
  writeCounts(database: number): readonly [changes: bigint, total: bigint, key: bigint]

  /**
   * Fills up to `maxRows` rows from the key `from` on (empty: the first) into an index of the table that the statement writes to.
   */
  fillIndex(
    transaction: number,
    statement: number,
    indexId: number,
    from: Uint8Array,
    maxRows: number,
  ): { readonly rows: number; readonly done: boolean; readonly next: string }

  /**
   * Copies about `maxBytes` of [lo, hi) from the rows' tree of one index policy to that of another (`indexes`: from and to those
   * of index entries), and says where to go on.
   */
  copyTableChunk(...chunk: TableChunkArguments): TableChunk
  /** Deletes about `maxBytes` of [lo, hi) from the tree of `from`. */
  deleteTableChunk(...chunk: TableChunkArguments): TableChunk
  /** Deferred foreign keys of the transaction hold now, and are not checked at its commit; throws where one does not. */
  settleForeignKeys(transaction: number): void
  /** The transaction cannot commit once another one has written rows in [lo, hi), whatever its isolation. */
  holdTable(transaction: number, policy: number, lo: Uint8Array, hi: Uint8Array): void
}

export type TableChunkArguments = [
  transaction: number,
  indexes: boolean,
  from: number,
  to: number,
  lo: Uint8Array,
  hi: Uint8Array,
  maxBytes: number,
]

/** Rows of a statement that ran on another thread: `payload` is taken once, `rows` is what is left, 0 when `done`. */
export interface RowsPayload {
  readonly payload: number
  readonly bytes: number
  readonly done: boolean
  readonly rowsAffected: number
  readonly rows: number
}

/** `next` is Latin-1, one character a byte: the key of the first entry that is left; empty when all is done. */
export interface TableChunk {
  readonly entries: number
  readonly done: boolean
  readonly next: string
}

/** `key` is Latin-1, one character a byte; `value` is JSON; `version` is 0n for the transaction's own write. */
export interface CatalogDocument {
  readonly key: string
  readonly value: string
  readonly version: bigint
}
