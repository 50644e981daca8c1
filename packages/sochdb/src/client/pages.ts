/**
 * Pages: a cursor holds the last row's values of the order, so that the next page begins behind that row, whatever was
 * inserted or deleted before it.
 */
import type { ColumnContract, TableContract } from '@sochdb/schema/contract'
import { createHash } from 'node:crypto'
import { ValidationError } from '../errors/index.js'
import type { Expression } from '../sql/ast/nodes.js'
import { describe } from './check.js'
import { columnOf } from './columns.js'
import { both, type Parameters } from './parameters.js'
import type { Ordering } from './reads.js'
import type { Row } from './statements.js'

/** Rows of a page where none are asked for. */
export const PAGE_ROWS = 50
const VERSION = 1

/** What names a cursor's table and order: it fits no other. */
function orderHash(table: TableContract, order: readonly Ordering[]): string {
  const text = JSON.stringify([table.name, order.map(({ name, descending }) => [name, descending])])
  return createHash('sha256').update(text).digest('base64url').slice(0, 8)
}

export function cursorOf(table: TableContract, order: readonly Ordering[], row: Row): string {
  const values = order.map(({ name }) => toJson(columnOf(table, name), row[name]))
  return Buffer.from(JSON.stringify([VERSION, orderHash(table, order), ...values])).toString('base64url')
}

/** @throws ValidationError for what no `findPage` of this order gave */
export function cursorValues(table: TableContract, order: readonly Ordering[], cursor: unknown): unknown[] {
  if (typeof cursor !== 'string') {
    throw new ValidationError(`after takes the "next" of a page, not ${describe(cursor)}.`)
  }
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    parts = undefined
  }
  if (!Array.isArray(parts) || parts[0] !== VERSION || parts.length !== order.length + 2) {
    throw new ValidationError('This is no cursor of this query: pass "next" of the page before, as it is.')
  }
  if (parts[1] !== orderHash(table, order)) {
    throw new ValidationError('The cursor is of another table or order: keep orderBy the same from page to page.')
  }
  return order.map(({ name }, i) => fromJson(columnOf(table, name), parts[i + 2]))
}

/** Rows behind the one that has these values. NULLs are first ascending, last descending. */
export function behind(order: readonly Ordering[], values: readonly unknown[], parameters: Parameters): Expression {
  const alternatives = order.flatMap(({ name, descending }, i): Expression[] => {
    const column: Expression = { kind: 'column', table: undefined, name }
    const value = values[i]
    let next: Expression | undefined
    if (value === null) next = descending ? undefined : { kind: 'isNull', operand: column, negated: true }
    else {
      next = { kind: 'binary', operator: descending ? '<' : '>', left: column, right: parameters.add(value) }
      if (descending) next = { kind: 'or', operands: [next, { kind: 'isNull', operand: column, negated: false }] }
    }
    if (next === undefined) return []
    const equal = order.slice(0, i).map(({ name: before }, k): Expression => {
      const operand: Expression = { kind: 'column', table: undefined, name: before }
      if (values[k] === null) return { kind: 'isNull', operand, negated: false }
      return { kind: 'binary', operator: '=', left: operand, right: parameters.add(values[k]) }
    })
    return [both(...equal, next)!]
  })
  if (alternatives.length === 0) return { kind: 'literal', value: false }
  return alternatives.length === 1 ? alternatives[0]! : { kind: 'or', operands: alternatives }
}

function toJson({ name, type }: ColumnContract, value: unknown): unknown {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'bigint':
      return String(value)
    case 'timestamp':
      return (value as Date).getTime()
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'real':
      return Number.isFinite(value) ? value : String(value)
    case 'json':
    case 'vector':
      throw new ValidationError(`Rows cannot be in the order of "${name}": its values do not compare.`)
    default:
      return value
  }
}

function fromJson(column: ColumnContract, value: unknown): unknown {
  if (value === null) return null
  try {
    switch (column.type) {
      case 'bigint':
        return BigInt(value as string)
      case 'timestamp':
        return new Date(value as number)
      case 'blob':
        return Buffer.from(value as string, 'base64')
      case 'real':
        return Number(value)
      default:
        return value
    }
  } catch {
    throw new ValidationError(`The cursor has no value of "${column.name}": pass "next" of the page before, as it is.`)
  }
}
