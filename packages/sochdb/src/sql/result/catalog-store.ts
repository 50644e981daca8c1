/** The catalog's documents in the engine, as one database or one transaction sees them. */
import { nativeHandle } from '../../engine/handle.js'
import { native } from '../../engine/native.js'
import { errorFromNative } from '../../errors/index.js'
import type { CatalogRecord, CatalogStore } from '../catalog/index.js'
import type { CatalogDocument, NativeExec } from './native.js'
import type { StatementTarget } from './statement.js'

const exec = native as unknown as NativeExec

/** Writes need a transaction: on a database they throw. */
export function catalogStore(target: StatementTarget): CatalogStore {
  return new NativeCatalogStore(target)
}

class NativeCatalogStore implements CatalogStore {
  readonly #target: StatementTarget

  constructor(target: StatementTarget) {
    this.#target = target
  }

  get(key: Uint8Array): CatalogRecord | undefined {
    const document = this.#call(handle => exec.catalogGet(handle, key))
    return document && record(document)
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#call(handle => exec.catalogPut(handle, key, value))
  }

  delete(key: Uint8Array): void {
    this.#call(handle => exec.catalogDelete(handle, key))
  }

  scan(lo: Uint8Array, hi: Uint8Array): Iterable<{ readonly key: Uint8Array } & CatalogRecord> {
    return this.#call(handle => exec.catalogScan(handle, lo, hi)).map(document => ({
      key: Buffer.from(document.key, 'latin1'),
      ...record(document),
    }))
  }

  #call<T>(body: (handle: number) => T): T {
    try {
      return body(this.#target[nativeHandle])
    } catch (error) {
      throw errorFromNative(error)
    }
  }
}

const record = (document: CatalogDocument): CatalogRecord => ({
  value: Buffer.from(document.value, 'utf8'),
  version: document.version,
})
