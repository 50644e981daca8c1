import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { Database } from 'sochdb'
import type { SyncMode } from 'sochdb'

const program = join(dirname(fileURLToPath(import.meta.url)), 'child.mjs')

/** What a store holds: by key, the transaction that wrote the value and the value's length. */
type State = ReadonlyMap<string, string>

interface Attempt {
  readonly number: number
  readonly writes: readonly (readonly [key: string, value: string | undefined])[]
  outcome: 'pending' | 'acknowledged' | 'refused'
}

export interface RoundReport {
  readonly attempts: number
  readonly acknowledged: number
  /** The last transaction had not been acknowledged, and is there. */
  readonly pendingKept: boolean
}

/** Kills a process that works on a store, again and again, and holds the store against what the process was told. */
export class Killer {
  #state: State = new Map()
  #round = 0

  constructor(
    readonly path: string,
    readonly syncMode: SyncMode,
    readonly seed: number,
  ) {}

  /** Lets a process work until it has said so many lines or `killAfterMs` have passed, kills it, opens the store and compares. */
  async round(lines: number, killAfterMs: number): Promise<RoundReport> {
    const attempts = await this.#runAndKill(++this.#round, lines, killAfterMs)
    const found = read(this.path)
    const candidates = this.#allowed(attempts)
    const match = candidates.findIndex(candidate => same(candidate, found))
    if (match === -1) {
      throw new Error(
        `Round ${String(this.#round)} of seed ${String(this.seed)}, sync mode ${this.syncMode}: the store is in none of the ` +
          `${String(candidates.length)} states it may be in. ${difference(candidates.at(-1) ?? new Map(), found)}`,
      )
    }
    this.#state = found
    const acknowledged = attempts.filter(attempt => attempt.outcome === 'acknowledged').length
    const pending = attempts.at(-1)?.outcome === 'pending'
    return { attempts: attempts.length, acknowledged, pendingKept: pending && match === candidates.length - 1 }
  }

  async #runAndKill(round: number, lines: number, killAfterMs: number): Promise<Attempt[]> {
    const child = spawn(process.execPath, [program, this.path, this.syncMode, String(this.seed), String(round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    const attempts: Attempt[] = []
    let said = 0
    for await (const line of createInterface(child.stdout)) {
      take(line, attempts)
      if (++said === lines) child.kill('SIGKILL')
    }
    const [code, signal] = await closed
    clearTimeout(timer)
    if (signal !== 'SIGKILL') throw new Error(`The child ended by itself, with code ${String(code)}.`)
    return attempts
  }

  /** The states that the store may be in, the latest last. */
  #allowed(attempts: readonly Attempt[]): State[] {
    const states: State[] = [this.#state]
    for (const attempt of attempts) {
      if (attempt.outcome === 'refused') continue
      const next = new Map(states.at(-1))
      for (const [key, value] of attempt.writes) {
        if (value === undefined) next.delete(key)
        else next.set(key, value)
      }
      states.push(next)
    }
    if (this.syncMode === 'off') return states
    // Everything acknowledged is there; what was under way may be.
    return states.slice(attempts.at(-1)?.outcome === 'pending' ? -2 : -1)
  }
}

function take(line: string, attempts: Attempt[]): void {
  const [kind, number, ...rest] = line.split(' ')
  const last = attempts.at(-1)
  if (kind === 'try') {
    const writes: [string, string | undefined][] = []
    for (let i = 0; i < rest.length; i += 2) {
      const [key = '', value] = (rest[i + 1] ?? '').split('=')
      writes.push([key, rest[i] === 'put' ? value : undefined])
    }
    attempts.push({ number: Number(number), writes, outcome: 'pending' })
  } else if (last?.number === Number(number)) {
    last.outcome = kind === 'ok' ? 'acknowledged' : 'refused'
  }
}

/** Opens the store, which recovers it, checks its log, and reads every key, by itself and in a scan. */
function read(path: string): State {
  const db = Database.open(path, { logLevel: 'off' })
  try {
    const report = db.recovery().verifyWal()
    if (!report.isValid)
      throw new Error(`The log of a recovered store is damaged: ${JSON.stringify(report.checksumErrors)}`)
    const state = new Map<string, string>()
    for (const [key, value] of db.scanPrefixUnchecked('')) {
      const text = value.toString('latin1')
      const number = text.slice(0, text.indexOf(':'))
      if (text !== `${number}:`.padEnd(text.length, String(Number(number) % 10)))
        throw new Error(`A value is damaged: ${text.slice(0, 40)}`)
      if (db.get(key)?.equals(value) !== true) throw new Error(`A scan and a get differ at ${key.toString()}.`)
      state.set(key.toString(), `${number}/${String(text.length)}`)
    }
    return state
  } finally {
    db.close()
  }
}

const same = (a: State, b: State) => a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)

function difference(expected: State, found: State): string {
  const keys = [...new Set([...expected.keys(), ...found.keys()])].filter(key => expected.get(key) !== found.get(key))
  return keys
    .slice(0, 8)
    .map(key => `${key} is ${found.get(key) ?? 'missing'} instead of ${expected.get(key) ?? 'missing'}`)
    .join(', ')
}
