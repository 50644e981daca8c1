/** One key space of a contract: keys and values checked against their schemas, kept as JSON beside no other keys. */
import type { JsonSchema, KvContract } from '@sochdb/schema/contract'
import { completerFor, type Completer } from '@sochdb/schema/validator'
import { servicesOf } from '../database/index.js'
import type { Transaction } from '../database/index.js'
import { isTransaction, type Namespace, type PutOptions, type ScanOptions } from '../engine/index.js'
import { ValidationError } from '../errors/index.js'
import { encodeMetadata } from '../search/metadata.js'
import { checkProperties, describe, shown } from './check.js'
import type { KeyEntry, KeyOptions, KeyScan } from './kv-types.js'
import type { QueryTarget } from './types.js'

const ENTRY = { kind: 'Entry', member: 'entry', depth: 0 }
const BEFORE_VALUE = '{"value":'.length

/** A surrogate without the other one: UTF-8 has no such thing, and two keys would be one. */
const HALF_PAIR = /\p{Surrogate}/u

type Entry = KeyEntry<string, unknown>

/** `SyncKeySpace` of kv-types.ts, whose type parameters the generated code supplies. */
export class Keys {
  readonly #contract: KvContract
  readonly #target: QueryTarget
  /** What all its keys begin with: names are identifiers, so no name begins another's keys. */
  readonly #prefix: string
  readonly #completers = new Map<JsonSchema, Completer>()

  constructor(contract: KvContract, target: QueryTarget) {
    this.#contract = contract
    this.#target = target
    this.#prefix = `kv/${contract.name}/`
  }

  get(key: string): unknown {
    return decode(this.#store().get(this.#key(key)))
  }

  getMany(keys: readonly string[]): unknown[] {
    return this.#store().getBatch(this.#keys(keys, 'getMany')).map(decode)
  }

  has(key: string): boolean {
    return this.#store().exists(this.#key(key))
  }

  put(key: string, value: unknown, options?: KeyOptions): void {
    this.#store().put(this.#key(key), this.#value(key, value), this.#life(options, 'put'))
  }

  putMany(entries: readonly Entry[], options?: KeyOptions): number {
    this.#checkList(entries, 'putMany', 'entries')
    const encoded = entries.map((entry): [string, string] => {
      checkProperties(entry, `An entry of putMany`, ['key', 'value'])
      return [this.#key(entry.key), this.#value(entry.key, entry.value)]
    })
    this.#store().putBatch(encoded, this.#life(options, 'putMany'))
    return encoded.length
  }

  putIfAbsent(key: string, value: unknown, options?: KeyOptions): boolean {
    return this.#store().putIfAbsent(this.#key(key), this.#value(key, value), this.#life(options, 'putIfAbsent'))
  }

  delete(key: string): boolean {
    return this.#remove([this.#key(key)]) > 0
  }

  deleteMany(keys: readonly string[]): number {
    return this.#remove(this.#keys(keys, 'deleteMany'))
  }

  *scan(options?: KeyScan): Generator<Entry> {
    const { range, ...rest } = this.#scanOf(options, 'scan')
    for (const [key, value] of this.#store().scanRange(...range, rest)) {
      yield { key: key.toString().slice(this.#prefix.length), value: decode(value) }
    }
  }

  count(options?: { readonly prefix?: string }): number {
    checkProperties(options ?? {}, `count of "${this.#contract.name}"`, ['prefix'])
    const { range } = this.#scanOf(options, 'count')
    let count = 0
    for (const _ of this.#store().scanRange(...range, { keysOnly: true })) count++
    return count
  }

  /** Apart from the keys of applications, in the same transactions. */
  #store(): Namespace | Transaction {
    const target = this.#target()
    return isTransaction(target) ? servicesOf(target as Transaction) : servicesOf(target)
  }

  #remove(keys: readonly string[]): number {
    const store = this.#store()
    const remove = (from: { exists(key: string): boolean; delete(key: string): void }): number => {
      const held = [...new Set(keys)].filter(key => from.exists(key))
      for (const key of held) from.delete(key)
      return held.length
    }
    return isTransaction(store) ? remove(store) : store.transaction(remove)
  }

  #key(key: unknown): string {
    if (typeof key !== 'string') {
      throw new ValidationError(`A key of "${this.#contract.name}" is a string, not ${describe(key)}.`, {
        details: { argument: 'key' },
      })
    }
    if (HALF_PAIR.test(key)) {
      throw new ValidationError(`A key of "${this.#contract.name}" has half a surrogate pair.`, {
        details: { argument: 'key' },
      })
    }
    this.#complete(this.#contract.key, key, `The key ${shown(key)}`)
    return this.#prefix + key
  }

  #keys(keys: unknown, method: string): string[] {
    this.#checkList(keys, method, 'keys')
    return keys.map(key => this.#key(key))
  }

  #checkList(list: unknown, method: string, what: string): asserts list is unknown[] {
    if (Array.isArray(list)) return
    throw new ValidationError(`${method} of "${this.#contract.name}" takes an array of ${what}, not ${describe(list)}.`)
  }

  #value(key: string, given: unknown): string {
    const value = this.#complete(this.#contract.value, given, `The value of ${shown(key)}`)
    if (value === undefined) {
      throw new ValidationError(`The value of ${shown(key)} in "${this.#contract.name}" is undefined.`, {
        details: { argument: 'value' },
        remediation: 'Store null, or delete the key.',
      })
    }
    return encodeMetadata({ value }, key, ENTRY).slice(BEFORE_VALUE, -1)
  }

  #complete(schema: JsonSchema, given: unknown, what: string): unknown {
    let complete = this.#completers.get(schema)
    if (complete === undefined) this.#completers.set(schema, (complete = completerFor(schema)))
    const result = complete(given)
    if (result.ok) return result.value
    throw new ValidationError(`${what} in "${this.#contract.name}": ${result.problem}.`, {
      details: { argument: schema === this.#contract.key ? 'key' : 'value' },
    })
  }

  #life(options: KeyOptions | undefined, method: string): PutOptions {
    checkProperties(options ?? {}, `${method} of "${this.#contract.name}"`, ['ttlSeconds'])
    return { ttlSeconds: options?.ttlSeconds ?? this.#contract.ttlSeconds }
  }

  #scanOf(
    options: KeyScan | undefined,
    method: string,
  ): ScanOptions & { readonly range: readonly [start: Uint8Array, end: Uint8Array] } {
    checkProperties(options ?? {}, `${method} of "${this.#contract.name}"`, ['prefix', 'after', 'reverse', 'limit'])
    const { prefix = '', after, ...rest } = options ?? {}
    for (const [name, value] of Object.entries({ prefix, after })) {
      if (value === undefined || typeof value === 'string') continue
      throw new ValidationError(`${name} is a string, not ${describe(value)}.`, { details: { argument: name } })
    }
    let start: Buffer = Buffer.from(this.#prefix + prefix)
    let end = behind(start)
    if (after !== undefined) {
      const place = Buffer.from(this.#prefix + after)
      if (rest.reverse === true) end = least(end, place)
      else start = most(start, Buffer.concat([place, Buffer.of(0)]))
    }
    return { ...rest, range: [start, most(start, end)] }
  }
}

/** The first key behind all that begin with a prefix, whose last byte is never 255: it is UTF-8. */
function behind(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  end[end.length - 1]!++
  return end
}
const least = (a: Buffer, b: Buffer): Buffer => (Buffer.compare(a, b) < 0 ? a : b)
const most = (a: Buffer, b: Buffer): Buffer => (Buffer.compare(a, b) > 0 ? a : b)

const decode = (value: Buffer | undefined): unknown =>
  value === undefined ? undefined : (JSON.parse(value.toString()) as unknown)

const methods = ['get', 'getMany', 'has', 'put', 'putMany', 'putIfAbsent', 'delete', 'deleteMany', 'count'] as const

/** How the methods of an object are handed out by promise. */
type Promised = <Inner extends object>(methods: readonly (keyof Inner & string)[], inner: Inner) => object

/** The key space by promise. */
export function promisedKeys(keys: Keys, promised: Promised): object {
  const scan = async function* (options?: KeyScan): AsyncGenerator<Entry> {
    yield* keys.scan(options)
  }
  return Object.freeze({ ...promised(methods, keys), scan })
}
