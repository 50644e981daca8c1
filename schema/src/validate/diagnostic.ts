import type { CallSite } from '../tables/table.js'

/** A step into a schema: a key, or a call in the chain that made the declaration. */
export type PathSegment = string | CallSite

/**
 * Something about a schema that its author should know. An `error` stops generation; a `warning` does not: what it names is
 * accepted and kept, and the engine does not act on it yet.
 */
export interface Diagnostic {
  /** For programs: stable, such as `reference_unknown_table`. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  /** What is wrong, with what, and why. */
  readonly message: string
  /** Where in the schema: `tables.users.orgId`. */
  readonly path: string
  /** What to do about it. */
  readonly hint?: string
  /** `path` in steps, for finding the source. */
  readonly at: readonly PathSegment[]
}

/** Collects diagnostics; every check of a schema writes to one. */
export class Report {
  readonly diagnostics: Diagnostic[] = []

  error(at: readonly PathSegment[], code: string, message: string, hint?: string): void {
    this.#add('error', at, code, message, hint)
  }

  warning(at: readonly PathSegment[], code: string, message: string, hint?: string): void {
    this.#add('warning', at, code, message, hint)
  }

  #add(severity: 'error' | 'warning', at: readonly PathSegment[], code: string, message: string, hint?: string): void {
    this.diagnostics.push({
      code,
      severity,
      message,
      path: formatPath(at),
      ...(hint === undefined ? {} : { hint }),
      at,
    })
  }
}

/** `tables.users.orgId`; a call as `index()`, the second one as `index()[1]`. */
export function formatPath(at: readonly PathSegment[]): string {
  return at
    .map(step => (typeof step === 'string' ? step : `${step.call}()${step.nth === 0 ? '' : `[${step.nth}]`}`))
    .join('.')
}

/** A diagnostic on one line, without its place in a file. */
export function formatDiagnostic({ severity, path, message, hint }: Diagnostic): string {
  return `${severity} ${path}: ${message}${hint === undefined ? '' : ` ${hint}`}`
}

/** A hint such as `Did you mean "orgs"?`: the closest of `candidates`, when one is close; else the candidates, when they are few. */
export function suggest(wanted: unknown, candidates: readonly string[]): string | undefined {
  const name = String(wanted)
  const ranked = candidates
    .map(candidate => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  if (best === undefined) return undefined
  if (best.distance <= Math.max(1, Math.floor(name.length / 3))) return `Did you mean "${best.candidate}"?`
  return candidates.length <= 12 ? `There is: ${candidates.join(', ')}.` : undefined
}

/** Levenshtein's, with two letters that changed places as one mistake, over names cut to 64 characters. */
function editDistance(a: string, b: string): number {
  const [left, right] = [a.slice(0, 64), b.slice(0, 64)]
  let before: number[] = []
  let row = Array.from({ length: right.length + 1 }, (_, i) => i)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const substitute = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      const swap = swapped ? before[j - 2]! + 1 : Infinity
      next.push(Math.min(substitute, swap, row[j]! + 1, next[j - 1]! + 1))
    }
    before = row
    row = next
  }
  return row[right.length]!
}
