/**
 * The buffer that statements and their rows pass through: parameters on the way in, one batch of columns on the way out. One
 * per thread; the engine keeps a pointer to it, so it never leaves this module's friends (statement.ts, factory.ts).
 *
 * Before a call: i32[0] bytes of parameters, which begin at PARAMETERS_AT   f64[1] timeout in milliseconds, 0 for none
 * Layout of a batch (native/binding/batch_writer.h writes it):
 *   i32[0] rows   i32[1] 1 when more follow   f64[1] rows affected   f64[2] handle of the open result   i32[6] bytes wanted, when rows is -1
 *   i32[7] where the ends of texts begin (in i32s)
 *   i32[8 + 3c …] per column: mode (Mode), where its data begins (in elements of its mode), where its NULL bytes begin (0: no NULLs)
 */
import type { NativeExec } from './native.js'

/** How a column's values are laid out in a batch. */
export const Mode = Object.freeze({
  int32: 0,
  float64: 1,
  int64: 2,
  boolean: 3,
  /** In the batch's one string, in row-major order over all text columns. */
  text: 4,
  /** i32 ends of values, counted in bytes from the i32 before them, which holds where the bytes begin. */
  bytes: 5,
  /** As bytes, of tagged values: columns of the type `any`. */
  tagged: 6,
})

/** Parameters begin here; below lies the header, with room for more columns than a row may have. */
export const PARAMETERS_AT = 24 * 1024
const INITIAL_BYTES = 512 * 1024
/** Larger than any batch the engine makes of rows that fit; a single larger row asks for more. */
const MAX_BYTES = 2 ** 30

/** Typed views of one buffer, which the row factories read. */
export interface ExchangeViews {
  readonly i32: Int32Array
  readonly f64: Float64Array
  readonly i64: BigInt64Array
  readonly u8: Buffer
  readonly data: DataView
}

export class Exchange {
  readonly #native: NativeExec
  id: number
  views: ExchangeViews

  constructor(native: NativeExec) {
    this.#native = native
    this.views = makeViews(INITIAL_BYTES)
    this.id = native.exchangeOpen(this.views.u8.buffer as ArrayBuffer)
  }

  /** Replaces the buffer by one of at least `bytes`. What was in it is gone. */
  grow(bytes: number): void {
    if (bytes > MAX_BYTES)
      throw new RangeError(`A row or a set of parameters needs ${String(bytes)} bytes; the limit is 1 GiB.`)
    const size = Math.min(MAX_BYTES, Math.max(bytes, this.views.u8.length * 2))
    const views = makeViews(Math.ceil(size / 4096) * 4096)
    this.#native.exchangeReplace(this.id, views.u8.buffer as ArrayBuffer)
    this.views = views
  }

  get capacity(): number {
    return this.views.u8.length
  }
}

const makeViews = (bytes: number): ExchangeViews => viewsOf(new ArrayBuffer(bytes), 0, bytes)

/** Views of a part of a buffer; `offset` and `bytes` are multiples of 8. */
export function viewsOf(buffer: ArrayBuffer, offset: number, bytes: number): ExchangeViews {
  return {
    i32: new Int32Array(buffer, offset, bytes / 4),
    f64: new Float64Array(buffer, offset, bytes / 8),
    i64: new BigInt64Array(buffer, offset, bytes / 8),
    u8: Buffer.from(buffer, offset, bytes),
    data: new DataView(buffer, offset, bytes),
  }
}
