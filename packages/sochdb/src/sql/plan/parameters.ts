/** The values of a statement: checked in number, completed by what is made anew for each row, typed where the plan asks for it. */
import type { FlexibleParameter, GeneratedParameter } from '../binder/bound.js'
import { queryError } from '../problem.js'
import type { SqlType } from '../types.js'
import { uuid7 } from '../values.js'

/** Makes the values of defaults that are new for every row. Tests hand in their own. */
export interface Generators {
  readonly uuid7: () => string
  readonly now: () => Date
  readonly statementTime: () => Date
  readonly changes: () => bigint
  readonly totalChanges: () => bigint
  readonly lastKey: () => bigint
}

/** What a statement runs on: a transaction, unless it is one of its own, and what was written before. */
export interface Origin {
  readonly transaction: object | undefined
  readonly counts: () => readonly [changes: bigint, total: bigint, key: bigint]
}

/** When each transaction first asked for the time, which stays that to its end. */
const timesOfTransactions = new WeakMap<object, Date>()

/** Those of one statement. */
function statementGenerators({ transaction, counts }: Origin): Generators {
  let held: ReturnType<Origin['counts']> | undefined
  const written = () => (held ??= counts())
  let time: Date | undefined
  const statementTime = () => (time ??= new Date())
  const now = () => {
    const known = transaction && timesOfTransactions.get(transaction)
    if (known) return known
    if (transaction) timesOfTransactions.set(transaction, statementTime())
    return statementTime()
  }
  return {
    uuid7,
    now,
    statementTime,
    changes: () => written()[0],
    totalChanges: () => written()[1],
    lastKey: () => BigInt.asIntN(64, written()[2]),
  }
}

/** Errors: QueryError when there are more or fewer values than parameters. */
export function checkParameterCount(expected: number, values: readonly unknown[]): void {
  if (values.length === expected) return
  const many = `${expected} parameter${expected === 1 ? '' : 's'}`
  throw queryError(
    `The statement has ${many}; ${values.length} value${values.length === 1 ? ' was' : 's were'} passed.`,
    'Pass one value for each parameter, null for NULL.',
    { expected, actual: values.length },
  )
}

/** The caller's values and the generated ones behind them. */
export function completeValues(
  values: readonly unknown[],
  generated: readonly GeneratedParameter[],
  origin: Origin,
  generators?: Generators,
): readonly unknown[] {
  if (generated.length === 0) return values
  const from = generators ?? statementGenerators(origin)
  const all = values.slice()
  for (const { kind } of generated) all.push(from[kind]())
  return all
}

/** The same for all rows of one statement. */
export function completeRows(
  rows: readonly (readonly unknown[])[],
  generated: readonly GeneratedParameter[],
  origin: Origin,
): readonly (readonly unknown[])[] {
  const generators = statementGenerators(origin)
  return rows.map(row => completeValues(row, generated, origin, generators))
}

/** The types that values ask for, where they do not fit the ones a plan chose; `undefined` when they all do. */
export function typesOfValues(
  flexible: readonly FlexibleParameter[],
  values: readonly unknown[],
): ReadonlyMap<number, SqlType> | undefined {
  let types: Map<number, SqlType> | undefined
  for (const { index, kind } of flexible) {
    const value = values[index]
    const type = kind === 'open' ? typeOfValue(value) : ownType(value, kind)
    if (type !== undefined) (types ??= new Map<number, SqlType>()).set(index, type)
  }
  return types
}

/** The type of a value that is no integer where the plan chose one; texts are a cast's to read. */
function ownType(value: unknown, kind: 'number' | 'cast'): SqlType | undefined {
  if (kind === 'cast' && typeof value === 'string') return 'text'
  return isFraction(value) ? 'real' : undefined
}

function isFraction(value: unknown): boolean {
  return typeof value === 'number' && (!Number.isInteger(value) || Math.abs(value) >= 2 ** 63)
}

/** The type a value has by itself; `undefined` for null, which has none. */
export function typeOfValue(value: unknown): SqlType | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? 'integer' : 'real'
    case 'bigint':
      return 'bigint'
    case 'boolean':
      return 'boolean'
    case 'string':
      return 'text'
    case 'object':
      if (value === null) return undefined
      if (value instanceof Date) return 'timestamp'
      if (value instanceof Float32Array) return 'vector'
      return ArrayBuffer.isView(value) ? 'blob' : 'json'
    default:
      return undefined
  }
}
