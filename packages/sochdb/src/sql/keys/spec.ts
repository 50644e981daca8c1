/** What a query over key prefixes asks for: immutable data, checked as it is said. */
import { copyKey } from '../../bytes/bytes.js'
import type { Bytes } from '../../bytes/bytes.js'
import { describe } from '../../bytes/bytes.js'
import { invalid, queryError } from '../problem.js'

/** How `where` compares. A comparison between values of unlike types is false. */
export const CompareOp = Object.freeze({
  EQ: 'EQ',
  NE: 'NE',
  GT: 'GT',
  GTE: 'GTE',
  LT: 'LT',
  LTE: 'LTE',
  IN: 'IN',
  NOT_IN: 'NOT_IN',
  /** `%` stands for anything, `_` for one character; ASCII case does not matter. */
  LIKE: 'LIKE',
  CONTAINS: 'CONTAINS',
  STARTS_WITH: 'STARTS_WITH',
} as const)
export type CompareOp = (typeof CompareOp)[keyof typeof CompareOp]

/** What members are compared with; a Date is compared as its ISO-8601 text. */
export type FieldValue = string | number | bigint | boolean | null | Date

export interface Condition {
  readonly field: string
  readonly operator: CompareOp
  readonly values: readonly Exclude<FieldValue, Date>[]
}

export type AggregateName = 'count' | 'sum' | 'avg' | 'min' | 'max'

/** A column of the result: a member of the rows, or an aggregate of one; `COUNT(*)` has no field. */
export interface SelectedColumn {
  /** As it was written. */
  readonly name: string
  readonly aggregate: AggregateName | undefined
  readonly field: string | undefined
}

export interface KeyQuerySpec {
  readonly prefix: Uint8Array
  readonly conditions: readonly Condition[]
  readonly columns: readonly SelectedColumn[]
  readonly groupBy: readonly string[]
  readonly orderBy: readonly { readonly name: string; readonly descending: boolean }[]
  readonly limit: number | undefined
  readonly offset: number | undefined
}

export function newSpec(prefix: Bytes): KeyQuerySpec {
  return {
    prefix: copyKey(prefix, 'prefix'),
    conditions: [],
    columns: [],
    groupBy: [],
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }
}

const LISTS: ReadonlySet<CompareOp> = new Set([CompareOp.IN, CompareOp.NOT_IN])
const TEXTS: ReadonlySet<CompareOp> = new Set([CompareOp.LIKE, CompareOp.CONTAINS, CompareOp.STARTS_WITH])

/** @throws ValidationError for what is no operator, and for a value that it does not take */
export function conditionOf(field: unknown, operator: unknown, value: unknown): Condition {
  const name = fieldOf(field, 'where')
  if (typeof operator !== 'string' || !Object.hasOwn(CompareOp, operator)) {
    throw invalid(`where takes a CompareOp (${Object.keys(CompareOp).join(', ')}); this is ${describe(operator)}.`)
  }
  const op = operator as CompareOp
  if (LISTS.has(op)) {
    if (!Array.isArray(value)) throw invalid(`${op} takes an array of values; this is ${describe(value)}.`)
    return { field: name, operator: op, values: value.map(item => scalar(item, op)) }
  }
  if (TEXTS.has(op) && typeof value !== 'string') throw invalid(`${op} takes text; this is ${describe(value)}.`)
  if (value === null && op !== CompareOp.EQ && op !== CompareOp.NE) throw invalid(`${op} does not take null.`)
  return { field: name, operator: op, values: [scalar(value, op)] }
}

function scalar(value: unknown, operator: CompareOp): Exclude<FieldValue, Date> {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      break
    case 'object':
      if (value === null) return null
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
      break
    default:
  }
  throw invalid(`${operator} takes text, finite numbers, booleans and dates; this is ${describe(value)}.`)
}

export function fieldOf(field: unknown, place: string): string {
  if (typeof field === 'string' && field !== '') return field
  throw invalid(`${place} takes the name of a member; this is ${describe(field)}.`)
}

const AGGREGATE = /^(count|sum|avg|min|max)\(\s*(.*?)\s*\)$/is

/** `name`, `COUNT(*)`, `SUM(amount)`, …. */
export function columnOf(text: unknown): SelectedColumn {
  const name = fieldOf(text, 'select')
  const match = AGGREGATE.exec(name)
  if (!match) return { name, aggregate: undefined, field: name }
  const aggregate = match[1]!.toLowerCase() as AggregateName
  const field = match[2]!
  if (field !== '*' && field !== '') return { name, aggregate, field }
  if (aggregate !== 'count') throw queryError(`${name} needs the name of a member.`)
  return { name, aggregate, field: undefined }
}

export function countOf(value: unknown, place: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw invalid(`${place} takes a whole number from 0 on; this is ${describe(value)}.`)
}
