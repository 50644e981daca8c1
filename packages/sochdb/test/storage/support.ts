import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, cpSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Database } from 'sochdb'
import type { DatabaseOptions } from 'sochdb'

/** The most that anything here waits for background work. */
const PATIENCE_MS = 20_000

/** The smallest memtable there is: a few hundred small writes fill it. */
export const SMALL_MEMTABLE = 64 * 1024

export function openQuiet(path: string, options?: DatabaseOptions): Database {
  return Database.open(path, { logLevel: 'off', ...options })
}

/** Looks until `probe` says yes; what is awaited happens on other threads, or as time passes. Fails after a while. */
export function until(what: string, probe: () => boolean): void {
  const nap = new Int32Array(new SharedArrayBuffer(4))
  for (const end = Date.now() + PATIENCE_MS; !probe(); Atomics.wait(nap, 0, 0, 2)) {
    if (Date.now() > end) throw new Error(`Waited in vain: ${what}.`)
  }
}

/** Acts over and over until `probe` says yes; fails after a while. */
export function repeatUntil(what: string, act: (round: number) => void, probe: () => boolean): void {
  const end = Date.now() + PATIENCE_MS
  for (let round = 0; !probe(); round++) {
    if (Date.now() > end) throw new Error(`Tried in vain: ${what}.`)
    act(round)
  }
}

/** The time now, which has passed when this returns. */
export function momentThatPassed(): number {
  const now = Date.now()
  until('the clock moves on', () => Date.now() > now)
  return now
}

export const keyOf = (i: number): string => `key:${String(i).padStart(6, '0')}`

/** Puts `count` rows of a text that compresses well; `generation` tells the values of one filling from another's. */
export function fill(db: Database, count: number, generation = 0): void {
  for (let from = 0; from < count; from += 500) {
    const rows = Math.min(500, count - from)
    db.putBatch(Array.from({ length: rows }, (_, i) => [keyOf(from + i), valueOf(from + i, generation)] as const))
  }
}

export const valueOf = (i: number, generation = 0): string =>
  `${'text that compresses '.repeat(5)}${i} of ${generation}`

let seed = 1
/** Bytes that do not compress. */
export function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i + 4 <= length; i += 4) {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    bytes.writeInt32LE(seed, i)
  }
  return bytes
}

export function contents(db: Pick<Database, 'scan'>): Map<string, string> {
  return new Map(Array.from(db.scan(), ([key, value]) => [key.toString(), value.toString('latin1')]))
}

/** The files below a directory whose names end so, largest first. */
export function filesOf(path: string, ending = ''): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(entry => join(entry.parentPath, entry.name))
    .sort((a, b) => statSync(b).size - statSync(a).size)
}

/** Flips a bit of the byte there. */
export function damage(file: string, offset: number): void {
  const handle = openSync(file, 'r+')
  try {
    const byte = Buffer.alloc(1)
    readSync(handle, byte, 0, 1, offset)
    byte[0]! ^= 0x10
    writeSync(handle, byte, 0, 1, offset)
  } finally {
    closeSync(handle)
  }
}

/** The store as a crash of its process would leave it now: a copy at `to`. */
export function crash(db: Database, to: string): string {
  cpSync(db.path, to, { recursive: true })
  return to
}

/** Every file below a directory and what is in it. */
export function imageOf(path: string): Map<string, string> {
  return new Map(
    filesOf(path)
      .sort()
      .map(file => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]),
  )
}

/** A process that has the store open (writing-child.cjs). */
export async function startWritingProcess(path: string): Promise<{
  readonly pid: number
  flush(): Promise<void>
  end(): Promise<void>
}> {
  const program = join(dirname(fileURLToPath(import.meta.url)), 'writing-child.cjs')
  const child = spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return {
    pid: child.pid!,
    async flush() {
      const flushed = once(child.stdout, 'data')
      child.stdin.write('flush\n')
      await flushed
    },
    async end() {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}
