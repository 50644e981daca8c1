/**
 * What the addon gives for the promise-based API (native/binding/async_*.cc). Work runs on threads of the engine; arguments are
 * copied during the call.
 *
 * `operation` is a number by which `asyncCancel` finds it, 0 where nobody will; `timeoutMs` 0 is none. A call that fails throws, an
 * operation that fails rejects, both with `{ nativeCode, message, details }`.
 */
import { native as sync } from '../engine/index.js'
import type { Bytes } from '../bytes/bytes.js'

/** A result of `bytes` bytes, which `asyncTake` copies out, once. */
export interface Payload {
  readonly payload: number
  readonly bytes: number
}

export interface NativeBatch extends Payload {
  readonly rows: number
  /** The scan has ended, and its cursor is closed. */
  readonly done: boolean
}

export interface NativeChanges extends Payload {
  readonly changes: number
  readonly ended: boolean
}

/** Called with how much is done, and how much there is; must not throw. */
export type NativeProgress = (completed: number, total: number) => void

export interface NativeAsync {
  asyncOpen(...args: Parameters<typeof sync.open>): Promise<number>
  asyncClose(database: number): Promise<void>
  asyncSync(database: number): Promise<void>
  asyncVerifyWal(
    database: number,
    operation: number,
    timeoutMs: number,
    progress: NativeProgress | undefined,
  ): Promise<ReturnType<typeof sync.verifyWal>>
  asyncMaintain(
    database: number,
    kind: string,
    argument: unknown,
    operation: number,
    timeoutMs: number,
    progress: NativeProgress | undefined,
  ): Promise<unknown>
  /** A number that no other operation of this thread has, whichever copy of this package asks. */
  asyncNumber(): number
  asyncCancel(operation: number): void
  asyncTake(payload: number, buffer: ArrayBuffer): boolean

  asyncPut(
    database: number,
    key: Bytes,
    value: Bytes,
    ttlMs: number,
    operation: number,
    timeoutMs: number,
  ): Promise<void>
  asyncRemove(database: number, key: Bytes, operation: number, timeoutMs: number): Promise<void>
  asyncCompareAndSet(
    target: number,
    key: Bytes,
    expected: Bytes | undefined,
    value: Bytes,
    ttlMs: number,
    operation: number,
    timeoutMs: number,
  ): Promise<boolean>
  asyncIncrement(
    target: number,
    key: Bytes,
    by: bigint,
    ttlMs: number,
    operation: number,
    timeoutMs: number,
  ): Promise<bigint>
  asyncWriteBatch(
    target: number,
    records: Uint8Array,
    ttlMs: number,
    operation: number,
    timeoutMs: number,
  ): Promise<void>
  /** What `getCached` and its like could not answer; `answer` 0: bytes, 1: a string, 2: whether it exists. */
  asyncGet(target: number, key: Bytes, answer: 0): Promise<Payload | undefined>
  asyncGet(target: number, key: Bytes, answer: 1): Promise<string | undefined>
  asyncGet(target: number, key: Bytes, answer: 2): Promise<boolean>
  asyncListChildren(target: number, directory: string): Promise<string[]>
  asyncGetBatch(target: number, keys: Uint8Array, operation: number, timeoutMs: number): Promise<Payload>
  asyncCommit(transaction: number): Promise<bigint>

  asyncScan(target: number, start: Bytes, end: Bytes, flags: number): number
  asyncScanNext(
    cursor: number,
    rows: number,
    bytes: number,
    isLast: boolean,
    operation: number,
    timeoutMs: number,
  ): Promise<NativeBatch>
  asyncScanClose(cursor: number): void

  watch(database: number, prefix: Bytes, bufferSize: number): number
  watchNext(watch: number): Promise<NativeChanges>
  watchClose(watch: number): void
}

export const native = sync as unknown as NativeAsync
