/** What a query of a repository is like apart from its values: its statement is made once, and found again by this. */
import type { TableContract } from '@sochdb/schema/contract'
import { isPlainObject } from './check.js'

export interface QueryShape {
  /** Two queries have the same key only when they differ in nothing but values of the same types. */
  readonly key: string
  /** In the order of the statement's parameters. */
  readonly values: readonly unknown[]
  /** Equals all of a unique key, and takes the row that has it: there is nothing to order, and nothing to cut off. */
  readonly isSingle: boolean
}

/** The parts of a query that make its statement, unchecked. */
export interface QueryParts {
  readonly where?: unknown
  readonly orderBy?: unknown
  readonly limit?: unknown
  readonly offset?: unknown
}

/**
 * The shape of a simple query: columns compared with strings, numbers, bigints and booleans, all of them to hold. `undefined` for the
 * others, and for whatever may be wrong: those go the way on which everything is checked.
 */
export function queryShape(
  table: TableContract,
  { where, orderBy, limit, offset }: QueryParts,
  columns: readonly string[] | undefined,
): QueryShape | undefined {
  const shape = new ShapeWriter()
  if (!shape.where(where) || !isRowCount(limit) || !isRowCount(offset)) return undefined
  const isSingle = limit !== 0 && (offset === undefined || offset === 0) && coversUnique(table, shape.equal)
  if (isSingle) shape.key += '!'
  if (!shape.orderBy(orderBy)) return undefined
  if (!isSingle) {
    shape.rowCount('l', limit)
    shape.rowCount('o', offset)
  }
  if (columns !== undefined) for (const name of columns) shape.name(',', name)
  return { key: shape.key, values: shape.values, isSingle }
}

/** A query for the row that has a value, and nothing beside: `{ where: { email } }`. */
export interface ValueQuery {
  readonly column: string
  readonly type: 'string' | 'number' | 'bigint' | 'boolean'
  readonly value: unknown
}

/** Most searches for one row are such a query: it is told without writing a key. */
export function valueQuery(query: unknown): ValueQuery | undefined {
  const where = onlyProperty(query, 'where')
  if (!isPlainObject(where)) return undefined
  const names = Object.keys(where)
  if (names.length !== 1) return undefined
  const column = names[0]!
  const value = where[column]
  const type = typeof value
  const isPlain = type === 'string' || type === 'number' || type === 'bigint' || type === 'boolean'
  return isPlain && column !== 'AND' && column !== 'OR' && column !== 'NOT' ? { column, type, value } : undefined
}

function onlyProperty(object: unknown, name: string): unknown {
  if (!isPlainObject(object)) return undefined
  const names = Object.keys(object)
  return names.length === 1 && names[0] === name ? object[name] : undefined
}

class ShapeWriter {
  key = ''
  readonly values: unknown[] = []
  /** Columns that must equal a value. */
  readonly equal: string[] = []

  /** With its length, so that no name can pose as something else. */
  name(mark: string, name: string): void {
    this.key += `${mark}${name.length}:${name}`
  }

  where(where: unknown): boolean {
    if (where === undefined) return true
    if (!isPlainObject(where)) return false
    for (const name of Object.keys(where)) {
      if (name === 'AND' || name === 'OR' || name === 'NOT') return false
      const value = where[name]
      this.name('|', name)
      if (isPlainObject(value)) {
        const operators = Object.keys(value)
        if (operators.length === 0) return false
        for (const operator of operators) {
          this.name('.', operator)
          if (!this.#value(value[operator])) return false
        }
      } else {
        this.key += '='
        if (!this.#value(value)) return false
        this.equal.push(name)
      }
    }
    return true
  }

  orderBy(orderBy: unknown): boolean {
    if (orderBy === undefined) return true
    for (const part of (Array.isArray(orderBy) ? orderBy : [orderBy]) as readonly unknown[]) {
      if (!isPlainObject(part)) return false
      for (const name of Object.keys(part)) {
        const direction = part[name]
        if (direction !== 'asc' && direction !== 'desc') return false
        this.name(direction === 'asc' ? '<' : '>', name)
      }
    }
    return true
  }

  rowCount(mark: string, count: number | undefined): void {
    if (count === undefined) return
    this.key += mark
    this.values.push(count)
  }

  #value(value: unknown): boolean {
    switch (typeof value) {
      case 'string':
        this.key += 's'
        break
      case 'number':
        this.key += 'n'
        break
      case 'bigint':
        this.key += 'i'
        break
      case 'boolean':
        this.key += 'b'
        break
      default:
        return false
    }
    this.values.push(value)
    return true
  }
}

const isRowCount = (value: unknown): value is number | undefined =>
  value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)

function coversUnique({ primaryKey, indexes }: TableContract, equal: readonly string[]): boolean {
  if (equal.length === 0) return false
  if (primaryKey.every(name => equal.includes(name))) return true
  return indexes.some(
    ({ unique, where, columns }) =>
      unique && where === undefined && columns.every(({ column }) => equal.includes(column)),
  )
}
