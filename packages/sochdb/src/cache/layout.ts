/**
 * What caches keep in the services half of a namespace, by key (docs/internals/caches.md). What is in a cache lies under its id and
 * generation: clearing takes the next generation, and what lies under the old one is found by nobody.
 *
 * An entry's place ends every key, so that no text in it can reach another's.
 */
import { createHash } from 'node:crypto'

import type { Metadata } from '../search/index.js'
import type { CacheConfig } from './types.js'

/** A cache, as its key says. */
export interface CacheRecord {
  readonly id: string
  readonly generation: number
  readonly dimension?: number
  readonly config: CacheConfig
}

/** An entry, as its key says. */
export interface Entry {
  readonly key: string
  /** The key as it was given, where that is not the same. */
  readonly said?: string
  readonly value: unknown
  readonly metadata?: Metadata
  readonly tags?: readonly string[]
  /** Milliseconds since 1970. */
  readonly created: number
  readonly expires?: number
  /** It is given, as stale, until before then. */
  readonly gone?: number
  readonly tokens?: number
  readonly cost?: number
  readonly size: number
  /** Another one under the same key is another entry. */
  readonly version: string
}

/** What is known of every entry without reading it. */
export interface EntryNote {
  readonly size: number
  readonly created: number
  /** When it is gone; NEVER where it is not. */
  readonly gone: number
  /** What it saves, for eviction by cost. */
  readonly worth: number
}

export const NEVER = Number.MAX_SAFE_INTEGER
const LONGEST_ID = 1000
const TIME_DIGITS = 16

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

export const contentOf = ({ id, generation }: CacheRecord): string => `${id}.${generation}`
/** A scope's part of a cache. */
export function partOf(scope: string): string {
  let part = parts.get(scope)
  if (part === undefined) {
    if (parts.size >= MAX_PARTS) parts.clear()
    parts.set(scope, (part = hash(scope)))
  }
  return part
}
/** Those asked for last: hashing costs more than a look-up. */
const parts = new Map<string, string>()
const MAX_PARTS = 4096
/** Short keys stand for themselves, long ones by their hash. */
export const idOf = (key: string): string =>
  key.length <= LONGEST_ID ? `k${key}` : `h${createHash('sha256').update(key).digest('hex')}`
/** What an entry is called in its cache. */
export const placeOf = (part: string, id: string): string => `${part}/${id}`
export const splitPlace = (place: string): { part: string; id: string } => ({
  part: place.slice(0, PART_LENGTH),
  id: place.slice(PART_LENGTH + 1),
})
const PART_LENGTH = 32

export const keys = {
  record: (name: string): string => `n/${name}`,
  counters: (id: string): string => `s/${id}`,
  garbage: (content: string): string => `g/${content}`,
  scopes: (content: string): string => `p/${content}/`,
  scope: (content: string, part: string): string => `p/${content}/${part}`,
  entries: (content: string, part = ''): string => `e/${content}/${part}`,
  entry: (content: string, place: string): string => `e/${content}/${place}`,
  notes: (content: string, part = ''): string => `m/${content}/${part}`,
  note: (content: string, place: string): string => `m/${content}/${place}`,
  dues: (content: string): string => `x/${content}/`,
  due: (content: string, time: number, place: string): string => `x/${content}/${timeText(time)}/${place}`,
  tags: (content: string, tag: string): string => `t/${content}/${hash(tag)}/`,
  tag: (content: string, tag: string, place: string): string => `t/${content}/${hash(tag)}/${place}`,
  uses: (content: string): string => `u/${content}/`,
  use: (content: string, place: string): string => `u/${content}/${place}`,
  feedback: (content: string, place: string): string => `f/${content}/${place}`,
  sum: (content: string): string => `z/${content}/`,
  changes: (content: string): string => `d/${content}/`,
  change: (content: string, id: string): string => `d/${content}/${id}`,
}
/** What lies under a content, by the kinds of its keys. */
export const contentKinds = ['e', 'm', 'x', 't', 'u', 'f', 'z', 'd', 'p'] as const

const timeText = (time: number): string => String(Math.min(NEVER, Math.ceil(time))).padStart(TIME_DIGITS, '0')
export const dueEnd = (content: string, time: number): string => `x/${content}/${timeText(time)}0`
/** The place at the end of a key of the index of dues. */
export const placeOfDue = (content: string, key: Buffer): string =>
  key.toString().slice(keys.dues(content).length + TIME_DIGITS + 1)

export const collectionOf = (content: string, part: string): string => `cache/${content}/${part}`
