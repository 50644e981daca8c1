/** What a statement gave, in a form that two databases can be compared by. */
import { isDeepStrictEqual } from 'node:util'
import { SochDBError } from '../../../src/index.js'

/** Rows as texts, or why there are none. */
export type Outcome = { readonly rows: readonly string[] } | { readonly refused: string }

export interface Difference {
  /** Of several steps that fail, those of one kind are one failure. */
  readonly kind: string
  readonly ours: unknown
  readonly theirs: unknown
}

const cell = (value: unknown): unknown => {
  if (Object.is(value, -0)) return 0
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}n`
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
  return value
}
const lines = (rows: readonly object[]): string[] => rows.map(row => JSON.stringify(Object.values(row).map(cell)))

/** What broke a constraint, in either database; of several, any one. */
const isConstraint = (text: string): boolean =>
  /constraint failed|^(Unique|ForeignKey|Check|NotNull)\w*Error/i.test(text)

export const view = (rows: readonly object[], ordered: boolean): string[] =>
  ordered ? lines(rows) : lines(rows).sort()

export function outcome(body: () => string[]): Outcome {
  try {
    return { rows: body() }
  } catch (error) {
    return refusal(error)
  }
}

export function refusal(error: unknown): Outcome {
  const text = `${(error as Error).name} ${(error as Error).message}`
  if (isConstraint(text)) return { refused: 'constraint' }
  // What is no error of ours has no place in an answer.
  return {
    refused: error instanceof SochDBError || /sqlite/i.test(text) ? text : `CRASH ${String((error as Error).stack)}`,
  }
}

export function compare(kind: string, ours: Outcome, theirs: Outcome): Difference | undefined {
  if ('refused' in ours && 'refused' in theirs) {
    // A statement that SQLite does not know is no test of ours; which of several errors comes first is open.
    return ours.refused.startsWith('CRASH') ? { kind: 'crash', ours, theirs } : undefined
  }
  if (isDeepStrictEqual(ours, theirs)) return undefined
  const shape =
    'refused' in ours
      ? `refused: ${ours.refused.replaceAll(/"[^"]*"|\d+/g, '…')}`
      : 'refused' in theirs
        ? `taken: ${theirs.refused.replaceAll(/near.*/g, '')}`
        : 'rows'
  return { kind: `${kind}, ${shape}`, ours, theirs }
}
