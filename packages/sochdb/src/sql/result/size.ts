/** How much of a result is in memory: a thread whose heap is full ends, and takes the process along. */
import { getHeapStatistics } from 'node:v8'

import { DatabaseError, ErrorCode } from '../../errors/index.js'

/** The rows of one call take at most a third of what the heap of this thread may hold: the collector wants as much to copy them into. */
const BYTES_MAX = getHeapStatistics().heap_size_limit / 3
/** About what a row and a value in it take beside its text. */
const ROW_BYTES = 32
const VALUE_BYTES = 8

export class ResultSize {
  #bytes = 0

  /** Counts rows before they are made. Errors: DatabaseError LIMIT_EXCEEDED. */
  add(rows: number, columns: number, textBytes: number): void {
    this.#bytes += rows * (ROW_BYTES + columns * VALUE_BYTES) + textBytes
    if (this.#bytes <= BYTES_MAX) return
    const mebibytes = Math.floor(BYTES_MAX / (1024 * 1024))
    throw new DatabaseError(
      `The rows of the result are larger than the ${mebibytes} MiB that fit into memory at once.`,
      {
        code: ErrorCode.LIMIT_EXCEEDED,
        remediation: 'Read them with iterate(), select less, or give Node more memory (--max-old-space-size).',
        details: { limitBytes: BYTES_MAX },
      },
    )
  }
}
