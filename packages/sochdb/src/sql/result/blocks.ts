/**
 * Rows that ran on a thread of the engine: one payload of many batches, each a block as the exchange has them, with its text behind it.
 *
 *   u32 bytes of the block │ u32 bytes of the text │ u32 whether the text is Latin-1 │ u32 0 │ block │ text, each padded to 8 bytes
 */
import { viewsOf } from './exchange.js'
import type { Row, RowFactory } from './factory.js'
import type { NativeExec, RowsPayload } from './native.js'

const HEADER_BYTES = 16
const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8

/** Appends the rows of a payload. */
export function rowsOfPayload(
  native: NativeExec,
  { payload, bytes }: RowsPayload,
  factory: RowFactory,
  out: Row[],
): void {
  if (bytes === 0) return
  const buffer = new ArrayBuffer(bytes)
  native.asyncTake(payload, buffer)
  const whole = Buffer.from(buffer)
  for (let at = 0; at < bytes;) {
    const blockBytes = padded(whole.readUInt32LE(at))
    const textBytes = whole.readUInt32LE(at + 4)
    const isLatin1 = whole.readUInt32LE(at + 8) === 1
    const textAt = at + HEADER_BYTES + blockBytes
    const views = viewsOf(buffer, at + HEADER_BYTES, blockBytes)
    const text = textBytes === 0 ? '' : whole.toString(isLatin1 ? 'latin1' : 'utf8', textAt, textAt + textBytes)
    factory.many(views, text, views.i32[0]!, out)
    at = textAt + padded(textBytes)
  }
}
