/** Makes a failing script small: fewer steps, then fewer words in those that are left. */
import type { Step } from './queries.js'

type Fails = (script: readonly Step[]) => Promise<boolean>

/** Tries at most; what takes longer is small enough. */
const TRIES = 700

export async function shrunk(script: readonly Step[], fails: Fails): Promise<readonly Step[]> {
  let tries = 0
  const check: Fails = async candidate => ++tries <= TRIES && fails(candidate)
  let current = await fewer(script, 1, check)
  for (let before = -1; before !== sizeOf(current);) {
    before = sizeOf(current)
    for (let i = current.length - 1; i >= 0; --i) current = await shorter(current, i, check)
    current = await fewer(current, 1, check)
  }
  return current
}

const sizeOf = (script: readonly Step[]): number => script.reduce((size, { sql }) => size + sql.length, 0)

/** Leaves out runs of items, long ones first; the last `kept` stay. */
async function fewer<T>(
  items: readonly T[],
  kept: number,
  fails: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let current = items
  for (let size = items.length >> 1; size >= 1; size >>= 1) {
    for (let at = current.length - kept - size; at >= 0; at -= size) {
      const candidate = [...current.slice(0, at), ...current.slice(at + size)]
      if (await fails(candidate)) current = candidate
    }
  }
  return current
}

/** Without these a table has other rules, and what fails is something else. */
const KEPT: ReadonlySet<string> = new Set(['strict', 'primary'])

const tokens = (sql: string): string[] => sql.match(/'(?:[^']|'')*'|[\w.?]+|[<>=!|]+|\S/g) ?? []

async function shorter(script: readonly Step[], at: number, fails: Fails): Promise<readonly Step[]> {
  const step = script[at]!
  // What stands in JSON is no list of tokens.
  if (step.sql.startsWith('-- ')) return script
  const withWords = (words: readonly string[]): Step[] => {
    const copy = [...script]
    copy[at] = renumbered(words.join(' '), step.values)
    return copy
  }
  let words: readonly string[] = tokens(step.sql)
  const kept = words.filter(word => KEPT.has(word)).join(' ')
  const check = async (less: readonly string[]): Promise<boolean> =>
    less.filter(word => KEPT.has(word)).join(' ') === kept && fails(withWords(less))
  if (!(await check(words))) return script
  words = await simpler(words, check)
  words = await fewer(words, 0, check)
  return withWords(words)
}

/** Replaces what stands in parentheses by what is simple. */
async function simpler(
  words: readonly string[],
  fails: (words: readonly string[]) => Promise<boolean>,
): Promise<readonly string[]> {
  let current = words
  for (let open = 0; open < current.length; ++open) {
    if (current[open] !== '(') continue
    const close = closing(current, open)
    if (close < 0) break
    for (const replacement of [[], ['null'], ['1'], ['true'], current.slice(open + 1, close)]) {
      const candidate = [...current.slice(0, open), ...replacement, ...current.slice(close + 1)]
      if (candidate.length >= current.length || !(await fails(candidate))) continue
      current = candidate
      break
    }
  }
  return current
}

function closing(words: readonly string[], open: number): number {
  let depth = 0
  for (let i = open; i < words.length; ++i) {
    if (words[i] === '(') depth++
    else if (words[i] === ')' && --depth === 0) return i
  }
  return -1
}

/** Parameters that are left, numbered from 1. */
function renumbered(sql: string, values: Step['values']): Step {
  const kept: Step['values'][number][] = []
  const text = sql.replaceAll(/\?(\d+)/g, (_, number: string) => {
    kept.push(values[Number(number) - 1] ?? null)
    return `?${kept.length}`
  })
  return { sql: text, values: kept }
}
