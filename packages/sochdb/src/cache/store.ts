/** Entries in the services half of a namespace: read and written through whatever a cache is used on. */
import { randomBytes } from 'node:crypto'

import type { Database, Namespace, Snapshot, Transaction } from '../engine/index.js'
import { CollectionNotFoundError } from '../errors/index.js'
import { createCollection, deleteCollection, openCollection } from '../search/index.js'
import type { Collection } from '../search/index.js'
import { checkDimension } from './check.js'
import type { CheckedPut } from './check.js'
import { now } from './clock.js'
import {
  collectionOf,
  contentKinds,
  contentOf,
  dueEnd,
  idOf,
  keys,
  NEVER,
  partOf,
  placeOf,
  placeOfDue,
  splitPlace,
} from './layout.js'
import type { CacheRecord, Entry, EntryNote } from './layout.js'
import { startTally, tally } from './tally.js'
import type { CacheConfig } from './types.js'

/** What a cache is used through: the services half of a namespace as a database, a transaction or a snapshot sees it. */
export type CacheTarget = Database | Namespace | Transaction | Snapshot

/** What has been parsed last, by its text: records hardly ever change. */
const parsed = new Map<string, CacheRecord>()
const MAX_PARSED = 1000

export function readRecord(target: CacheTarget, name: string): CacheRecord | undefined {
  const text = target.getString(keys.record(name))
  if (text === undefined) return undefined
  let record = parsed.get(text)
  if (record === undefined) {
    if (parsed.size >= MAX_PARSED) parsed.clear()
    parsed.set(text, (record = Object.freeze(JSON.parse(text) as CacheRecord)))
  }
  return record
}

export function writeRecord(target: Transaction, name: string, record: CacheRecord): void {
  target.put(keys.record(name), JSON.stringify(record))
}

export const newRecord = (): CacheRecord => ({ id: randomBytes(8).toString('hex'), generation: 1, config: {} })

/** The record of a cache that is written to, which is made where there is none. */
export function ensureRecord(target: Transaction, name: string): CacheRecord {
  const found = readRecord(target, name)
  if (found !== undefined) return found
  const made = newRecord()
  writeRecord(target, name, made)
  startTally(target, contentOf(made))
  return made
}

/** Changes the configuration; false: it is so already. */
export function changeConfig(target: Transaction, name: string, change: CacheConfig): boolean {
  const record = ensureRecord(target, name)
  const merged = Object.fromEntries(
    Object.entries({ ...record.config, ...change }).filter(([, value]) => value !== null && value !== undefined),
  ) as CacheConfig
  const { dimension } = change
  if (typeof dimension === 'number') checkDimension(name, record.dimension, new Float32Array(dimension), 'dimension')
  const next: CacheRecord = { ...record, ...(typeof dimension === 'number' ? { dimension } : {}), config: merged }
  if (JSON.stringify(next) === JSON.stringify(record)) return false
  writeRecord(target, name, next)
  return true
}

/** Whether a configuration would change what there is. */
export function differs(record: CacheRecord | undefined, config: CacheConfig): boolean {
  return Object.entries(config).some(([name, value]) => {
    const held: unknown = record?.config[name as keyof CacheConfig]
    return JSON.stringify(held ?? null) !== JSON.stringify(value ?? null)
  })
}

export const readEntry = (target: CacheTarget, content: string, place: string): Entry | undefined => {
  const text = target.getString(keys.entry(content, place))
  return text === undefined ? undefined : (JSON.parse(text) as Entry)
}

/** The embeddings of a scope; undefined: there are none. */
export function openPart(target: CacheTarget, content: string, part: string): Collection | undefined {
  if (!target.exists(keys.scope(content, part))) return undefined
  try {
    return openCollection(target, collectionOf(content, part))
  } catch (error) {
    if (error instanceof CollectionNotFoundError) return undefined // it was cleared a moment ago
    throw error
  }
}

function ensurePart(target: Transaction, record: CacheRecord, part: string, scope: string): Collection {
  const content = contentOf(record)
  const name = collectionOf(content, part)
  if (target.exists(keys.scope(content, part))) return openCollection(target, name)
  target.put(keys.scope(content, part), JSON.stringify({ scope: JSON.parse(scope) as unknown }))
  return createCollection(target, { name, dimension: record.dimension!, metric: 'cosine' })
}

let written = 0
const runs = randomBytes(4).toString('hex')
const newVersion = (): string => `${runs}${(++written).toString(36)}`

/** What was written, for whoever keeps account. */
export interface Written {
  readonly record: CacheRecord
  readonly place: string
  readonly note: EntryNote
}

const EMBEDDED_BYTES = 4

export const sizeOf = (checked: CheckedPut): number =>
  Buffer.byteLength(checked.key) + checked.jsonBytes + EMBEDDED_BYTES * checked.embedding.length

/** Writes an entry; the one that its key had in its scope is replaced. */
export function writeEntry(target: Transaction, name: string, checked: CheckedPut): Written {
  let record = ensureRecord(target, name)
  checkDimension(name, record.dimension, checked.embedding, 'embedding')
  if (record.dimension === undefined) {
    record = { ...record, dimension: checked.embedding.length }
    writeRecord(target, name, record)
  }
  const content = contentOf(record)
  const part = partOf(checked.scope)
  const id = idOf(checked.key)
  const place = placeOf(part, id)
  const collection = ensurePart(target, record, part, checked.scope)
  const replaced = readEntry(target, content, place)
  if (replaced !== undefined) forgetIndexed(target, content, place, replaced)
  const entry = newEntry(record.config, checked)
  const note = noteOf(entry)
  target.put(keys.entry(content, place), JSON.stringify(entry))
  target.put(keys.note(content, place), JSON.stringify(note))
  if (entry.gone !== undefined) target.put(keys.due(content, entry.gone, place), String(entry.size))
  for (const tag of checked.tags) target.put(keys.tag(content, tag, place), '')
  tally(target, content, replaced === undefined ? 1 : 0, entry.size - (replaced?.size ?? 0))
  collection.upsert({ id, vector: checked.embedding })
  return { record, place, note }
}

function newEntry(config: CacheConfig, checked: CheckedPut): Entry {
  const { key, said, value, metadata, tags, tokens, cost } = checked
  const created = now()
  const ttl = checked.ttlSeconds ?? config.ttlSeconds ?? 0
  const stale = checked.staleSeconds ?? config.staleSeconds ?? 0
  const expires = ttl === 0 ? undefined : created + ttl * 1000
  return {
    key,
    ...(said === key ? {} : { said }),
    value,
    ...(metadata === undefined ? {} : { metadata }),
    ...(tags.length === 0 ? {} : { tags }),
    created,
    ...(expires === undefined ? {} : { expires, gone: expires + stale * 1000 }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(cost === undefined ? {} : { cost }),
    size: sizeOf(checked),
    version: newVersion(),
  }
}

const noteOf = ({ size, created, gone, cost, tokens }: Entry): EntryNote => ({
  size,
  created,
  gone: gone ?? NEVER,
  worth: cost ?? tokens ?? 1,
})

function forgetIndexed(target: Transaction, content: string, place: string, entry: Entry): void {
  if (entry.gone !== undefined) target.delete(keys.due(content, entry.gone, place))
  for (const tag of entry.tags ?? []) target.delete(keys.tag(content, tag, place))
}

/** Removes an entry. False: there is none. */
export function removeEntry(target: Transaction, content: string, place: string): boolean {
  const entry = readEntry(target, content, place)
  if (entry === undefined) return false
  const { part, id } = splitPlace(place)
  forgetIndexed(target, content, place, entry)
  target.delete(keys.entry(content, place))
  target.delete(keys.note(content, place))
  tally(target, content, -1, -entry.size)
  openPart(target, content, part)?.delete(id)
  return true
}

/** Places of entries whose time is over, at most so many. */
export const listDue = (target: CacheTarget, content: string, most: number): string[] =>
  Array.from(target.scanRange(keys.dues(content), dueEnd(content, now()), { limit: most, keysOnly: true }), ([key]) =>
    placeOfDue(content, key),
  )

/** Whether the time of what is at a place now is over. */
export function isDue(target: CacheTarget, content: string, place: string): boolean {
  const gone = readEntry(target, content, place)?.gone
  return gone !== undefined && gone <= now()
}

/** Removes the entries that have one of the tags; their places. */
export function removeTagged(target: Transaction, content: string, tags: readonly string[]): string[] {
  const places = tags.flatMap(tag => {
    const prefix = keys.tags(content, tag)
    return Array.from(target.scanPrefix(prefix, { keysOnly: true }), ([key]) => key.toString().slice(prefix.length))
  })
  return places.filter(place => removeEntry(target, content, place))
}

/** Removes a scope, and all in it; the places. */
export function removeScope(target: Transaction, content: string, part: string): string[] {
  const prefix = keys.entries(content, part)
  const places = Array.from(target.scanPrefix(prefix, { keysOnly: true }), ([key]) =>
    key.toString().slice(keys.entries(content).length),
  )
  if (!target.exists(keys.scope(content, part))) return []
  let bytes = 0
  for (const place of places) {
    const entry = readEntry(target, content, place)
    if (entry === undefined) continue
    forgetIndexed(target, content, place, entry)
    bytes += entry.size
  }
  target.deleteBatch(places.flatMap(place => [keys.entry(content, place), keys.note(content, place)]))
  tally(target, content, -places.length, -bytes)
  target.delete(keys.scope(content, part))
  deleteCollection(target, collectionOf(content, part))
  return places
}

/** Takes the next generation: what there is can be found no more, and is deleted bit by bit. */
export function clearAll(target: Transaction, name: string, record: CacheRecord): void {
  const content = contentOf(record)
  const prefix = keys.scopes(content)
  for (const [key] of target.scanPrefix(prefix, { keysOnly: true })) {
    deleteCollection(target, collectionOf(content, key.toString().slice(prefix.length)))
  }
  target.put(keys.garbage(content), '')
  const { dimension: _, ...rest } = record
  const fixed = record.config.dimension
  const next: CacheRecord = {
    ...rest,
    generation: record.generation + 1,
    ...(typeof fixed === 'number' ? { dimension: fixed } : {}),
  }
  writeRecord(target, name, next)
  startTally(target, contentOf(next))
}

/** Deletes keys of what was cleared, at most so many. True: there are more. */
export function removeGarbage(target: Transaction, most: number): boolean {
  const marker = Array.from(target.scanPrefix('g/', { keysOnly: true, limit: 1 }), ([key]) => key.toString())[0]
  if (marker === undefined) return false
  const content = marker.slice(2)
  let left = most
  for (const kind of contentKinds) {
    if (left <= 0) return true
    const found = Array.from(target.scanPrefix(`${kind}/${content}/`, { keysOnly: true, limit: left }), ([key]) => key)
    target.deleteBatch(found)
    left -= found.length
  }
  if (left <= 0) return true
  target.delete(marker)
  return target.scanPrefix('g/', { keysOnly: true, limit: 1 })[Symbol.iterator]().next().done !== true
}
