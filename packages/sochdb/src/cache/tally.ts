/**
 * How many entries a cache holds, and how large they are, without reading them. A sum stands at `z/C/`. What writes or removes entries
 * alone changes it; a transaction beside others says by how much it changed, at a key of its own under `d/C/`, so that two of them
 * never conflict over it. What is undone changes nothing. Now and then what was said is added to the sum, and taken away.
 */
import { randomBytes } from 'node:crypto'

import type { Transaction } from '../engine/index.js'
import { now } from './clock.js'
import { dueEnd, keys, placeOfDue } from './layout.js'
import type { EntryNote } from './layout.js'
import type { CacheTarget } from './store.js'

export interface Tally {
  readonly count: number
  readonly bytes: number
}

type Pair = readonly [count: number, bytes: number]

const MAX_FOLDED = 10_000

let said = 0
const run = randomBytes(8).toString('hex')

/** A content that is empty so far. */
export function startTally(target: Transaction, content: string): void {
  target.put(keys.sum(content), '[0,0]')
}

/** Entries came, or went: that is written already. */
export function tally(target: Transaction, content: string, count: number, bytes: number): void {
  if (count === 0 && bytes === 0) return
  const held = target.runsAlone ? readSum(target, content) : undefined
  if (held !== undefined) target.put(keys.sum(content), JSON.stringify([held[0] + count, held[1] + bytes]))
  else target.put(keys.change(content, `${run}${(++said).toString(36)}`), JSON.stringify([count, bytes]))
}

/** What can be found now: entries whose time is over and that are not removed yet are read off, by the index of dues. */
export function readTally(target: CacheTarget, content: string): Tally {
  const held = readSum(target, content)
  if (held === undefined) return countEntries(target, content)
  let [count, bytes] = held
  for (const [, value] of target.scanPrefix(keys.changes(content))) {
    const [more, larger] = parse(value)
    count += more
    bytes += larger
  }
  for (const [key, size] of target.scanRange(keys.dues(content), dueEnd(content, now()))) {
    count--
    bytes -= size.length > 0 ? Number(size.toString()) : sizeAt(target, content, placeOfDue(content, key))
  }
  return { count, bytes }
}

/** The same, from the notes of all entries. */
export const countEntries = (target: CacheTarget, content: string): Tally => countNotes(target, content, now())

/**
 * Adds what was said to the sum; true: there is more. A cache that has no sum yet, of an older version, is counted. It rewrites all
 * that it reads.
 */
export function foldTally(target: Transaction, content: string): boolean {
  const held = readSum(target, content)
  const changes = Array.from(target.scanPrefix(keys.changes(content), held === undefined ? {} : { limit: MAX_FOLDED }))
  if (held !== undefined && changes.length === 0) return false
  let [count, bytes] = held ?? [0, 0]
  if (held === undefined) ({ count, bytes } = countNotes(target, content, -Infinity))
  else {
    for (const [, value] of changes) {
      const [more, larger] = parse(value)
      count += more
      bytes += larger
    }
  }
  target.put(keys.sum(content), JSON.stringify([count, bytes]))
  target.deleteBatch(changes.map(([key]) => key))
  return held !== undefined && changes.length === MAX_FOLDED
}

function readSum(target: CacheTarget, content: string): Pair | undefined {
  const text = target.get(keys.sum(content))
  return text === undefined ? undefined : parse(text)
}

const parse = (value: Buffer): Pair => JSON.parse(value.toString()) as Pair

const sizeAt = (target: CacheTarget, content: string, place: string): number => {
  const text = target.getString(keys.note(content, place))
  return text === undefined ? 0 : (JSON.parse(text) as EntryNote).size
}

/** Of entries that go after a time. */
function countNotes(target: CacheTarget, content: string, time: number): Tally {
  let count = 0
  let bytes = 0
  for (const [, value] of target.scanPrefix(keys.notes(content))) {
    const { size, gone } = JSON.parse(value.toString()) as EntryNote
    if (gone <= time) continue
    count++
    bytes += size
  }
  return { count, bytes }
}
