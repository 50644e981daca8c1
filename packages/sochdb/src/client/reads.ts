/** What a read asks for, as parts of a statement: columns, order, page. */
import type { TableContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { Expression, OrderItem } from '../sql/ast/nodes.js'
import type { RunOptions } from '../sql/result/index.js'
import { describe, isPlainObject, shown } from './check.js'
import { columnOf } from './columns.js'
import type { Parameters } from './parameters.js'

/** A read as it arrives, unchecked. */
export interface ReadQuery {
  readonly where?: unknown
  readonly orderBy?: unknown
  readonly limit?: unknown
  readonly offset?: unknown
  readonly select?: unknown
  readonly omit?: unknown
  readonly distinct?: unknown
  readonly with?: unknown
  readonly signal?: unknown
  readonly timeoutMs?: unknown
}

export const runProperties = ['signal', 'timeoutMs'] as const
export const readProperties = [
  'where',
  'orderBy',
  'limit',
  'offset',
  'select',
  'omit',
  'distinct',
  'with',
  ...runProperties,
]

const TIMEOUT_MAX_MS = 2 ** 31 - 1

/** `undefined`: none. A signal that is aborted throws its reason. */
export function runOptions({ signal, timeoutMs }: ReadQuery): RunOptions | undefined {
  if (signal !== undefined) {
    if (!(signal instanceof AbortSignal))
      throw new ValidationError(`signal is an AbortSignal, not ${describe(signal)}.`)
    signal.throwIfAborted()
  }
  if (timeoutMs === undefined) return undefined
  if (!Number.isInteger(timeoutMs) || (timeoutMs as number) < 1 || (timeoutMs as number) > TIMEOUT_MAX_MS) {
    throw new ValidationError(`timeoutMs is a number of milliseconds, 1 or more, not ${shown(timeoutMs)}.`)
  }
  return { timeoutMs: timeoutMs as number }
}

/** The columns that are asked for; `undefined`: all. */
export function selected(table: TableContract, { select, omit }: ReadQuery): readonly string[] | undefined {
  if (select === undefined && omit === undefined) return undefined
  if (select !== undefined && omit !== undefined) {
    throw new ValidationError('A query takes select or omit, not both.')
  }
  const named = flags(table, select === undefined ? 'omit' : 'select', select ?? omit)
  if (select !== undefined) {
    if (named.length === 0) throw new ValidationError('select names no column: leave it out to get them all.')
    return named
  }
  const left = table.columns.map(column => column.name).filter(name => !named.includes(name))
  if (left.length === 0) throw new ValidationError('omit names every column: nothing is left.')
  return left
}

/** The names of `{ column: true }`. */
export function flags(table: TableContract, what: string, value: unknown): string[] {
  if (!isPlainObject(value)) throw new ValidationError(`${what} takes { column: true }, not ${describe(value)}.`)
  return Object.entries(value).flatMap(([name, wanted]) => {
    columnOf(table, name)
    if (wanted !== true && wanted !== false && wanted !== undefined)
      throw new ValidationError(`${what} "${name}" takes true.`)
    return wanted === true ? [name] : []
  })
}

/** The columns of `distinct`, or of `by`. */
export function columnList(table: TableContract, what: string, value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new ValidationError(
      `${what} takes an array of columns, not ${Array.isArray(value) ? 'an empty one' : describe(value)}.`,
    )
  }
  const names = (value as readonly unknown[]).map(name => {
    if (typeof name !== 'string') throw new ValidationError(`${what} takes names of columns, not ${describe(name)}.`)
    const { type } = columnOf(table, name)
    if (type === 'json' || type === 'vector') throw new ValidationError(`${what}: values of "${name}" do not compare.`)
    return name
  })
  return [...new Set(names)]
}

export interface Ordering {
  readonly name: string
  readonly descending: boolean
}

/** Primary key order where nothing else is asked for, and as the last resort, so that pages never overlap. */
export function ordering(table: TableContract, orderBy: unknown): Ordering[] {
  const asked = orderParts(orderBy).flatMap(part =>
    Object.entries(part).flatMap(([name, direction]): Ordering[] => {
      columnOf(table, name)
      return direction === undefined ? [] : [{ name, descending: isDescending(name, direction) }]
    }),
  )
  const named = new Set(asked.map(({ name }) => name))
  return [...asked, ...table.primaryKey.filter(name => !named.has(name)).map(name => ({ name, descending: false }))]
}

export function orderParts(orderBy: unknown): readonly Readonly<Record<string, unknown>>[] {
  const parts = (orderBy === undefined ? [] : Array.isArray(orderBy) ? orderBy : [orderBy]) as readonly unknown[]
  return parts.map(part => {
    if (isPlainObject(part)) return part
    throw new ValidationError(`orderBy takes { column: 'asc' | 'desc' }, not ${describe(part)}.`)
  })
}

export function isDescending(name: string, direction: unknown): boolean {
  if (direction === 'asc' || direction === 'desc') return direction === 'desc'
  throw new ValidationError(`orderBy "${name}" takes "asc" or "desc", not ${shown(direction)}.`)
}

export const orderItem = ({ name, descending }: Ordering): OrderItem => ({
  expression: { kind: 'column', table: undefined, name },
  descending,
  nulls: undefined,
})

export function rowCount(name: string, value: unknown, parameters: Parameters): Expression | undefined {
  if (value === undefined) return undefined
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new ValidationError(`${name} takes an integer that is not negative, not ${shown(value)}.`)
  }
  return parameters.add(value)
}
