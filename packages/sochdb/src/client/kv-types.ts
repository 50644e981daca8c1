/** Key spaces of a generated client: typed values by key, apart from all other keys of the store. */

export interface KeyOptions {
  /** How long it is kept; 0: for ever. Default: what the schema says. */
  readonly ttlSeconds?: number
}

/** Which entries a scan yields, in the order of their keys. `limit`: the most of them, by default all. */
export interface KeyScan {
  /** Only keys that begin so. */
  readonly prefix?: string
  /** Goes on behind this key, in the direction of the scan. */
  readonly after?: string
  /** From the last key to the first. Default false. */
  readonly reverse?: boolean
  readonly limit?: number
}

/** An entry of a key space. */
export interface KeyEntry<Key extends string, Value> {
  readonly key: Key
  readonly value: Value
}

/**
 * A key space. `Input` is a value as it is written: what has a default may be left out.
 *
 * Rejects with `ValidationError` when a key or a value is not what the schema says, naming the path.
 */
export interface KeySpace<Key extends string, Value, Input = Value> {
  /** The value of a key, or `undefined`. */
  get(key: Key): Promise<Value | undefined>
  /** All from one snapshot, in the order of the keys given. */
  getMany(keys: readonly Key[]): Promise<(Value | undefined)[]>
  /** Whether the key has a value that has not expired. */
  has(key: Key): Promise<boolean>
  /** Sets the value of a key, which is checked against its schema. */
  put(key: Key, value: Input, options?: KeyOptions): Promise<void>
  /** All or none; how many they are. */
  putMany(entries: readonly KeyEntry<Key, Input>[], options?: KeyOptions): Promise<number>
  /** False: the key has a value, which stays. */
  putIfAbsent(key: Key, value: Input, options?: KeyOptions): Promise<boolean>
  /** False: there was none. */
  delete(key: Key): Promise<boolean>
  /** All or none; how many there were. */
  deleteMany(keys: readonly Key[]): Promise<number>
  /** Entries in the order of their keys' bytes, read as they are asked for. */
  scan(options?: KeyScan): AsyncIterable<KeyEntry<Key, Value>>
  /** How many entries there are, or have keys that begin so. */
  count(options?: { readonly prefix?: string }): Promise<number>
}

/** `KeySpace` on the calling thread. */
export interface SyncKeySpace<Key extends string, Value, Input = Value> {
  get(key: Key): Value | undefined
  getMany(keys: readonly Key[]): (Value | undefined)[]
  has(key: Key): boolean
  put(key: Key, value: Input, options?: KeyOptions): void
  putMany(entries: readonly KeyEntry<Key, Input>[], options?: KeyOptions): number
  putIfAbsent(key: Key, value: Input, options?: KeyOptions): boolean
  delete(key: Key): boolean
  deleteMany(keys: readonly Key[]): number
  scan(options?: KeyScan): Iterable<KeyEntry<Key, Value>>
  count(options?: { readonly prefix?: string }): number
}
