/** Loads what `with` asks for: one more read per relation, not one per row, unless each row has a page of its own. */
import type { RelationContract } from '@sochdb/schema/contract'
import type { ReadQuery, TableRepository } from './repository.js'
import type { Row } from './statements.js'
import { ValidationError } from '../errors/index.js'

/** Keys in one IN list. */
const KEYS_MAX = 500

export interface Include {
  readonly name: string
  readonly relation: RelationContract
  readonly query: ReadQuery
  /** Columns of the parent that the relation reads. */
  readonly parentColumns: readonly string[]
}

/** Sets `row[include.name]` on every row: a row or `null` for `one`, an array for `many`. */
export function loadRelations(rows: readonly Row[], include: Include, target: TableRepository): void {
  if (include.relation.kind === 'one') loadOne(rows, include, target)
  else loadMany(rows, include, target)
}

function loadOne(rows: readonly Row[], { name, query, parentColumns }: Include, target: TableRepository): void {
  const column = soleKey(target)
  for (const property of ['limit', 'offset', 'orderBy'] as const) {
    if (query[property] !== undefined) throw new ValidationError(`"${name}" is one row: it takes no ${property}.`)
  }
  const own = parentColumns[0]!
  const found = fetchBy(target, column, rows, own, query)
  const byKey = new Map(found.map(row => [identity(row[column]), row]))
  for (const row of rows) row[name] = byKey.get(identity(row[own])) ?? null
}

function loadMany(
  rows: readonly Row[],
  { name, relation, query, parentColumns }: Include,
  target: TableRepository,
): void {
  if (parentColumns.length !== 1)
    throw new ValidationError(`"${name}" needs a primary key of one column on the side of one.`)
  const own = parentColumns[0]!
  if (query.limit !== undefined || query.offset !== undefined) {
    for (const row of rows)
      row[name] = target.findMany({ ...query, where: both({ [relation.column]: row[own] }, query.where) })
    return
  }
  const groups = new Map<unknown, Row[]>()
  for (const row of fetchBy(target, relation.column, rows, own, query)) {
    const key = identity(row[relation.column])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  for (const row of rows) row[name] = groups.get(identity(row[own])) ?? []
}

/** Rows of `target` whose `column` holds one of the parents' values, in the query's order. */
function fetchBy(
  target: TableRepository,
  column: string,
  parents: readonly Row[],
  own: string,
  query: ReadQuery,
): Row[] {
  const keys = [...new Map(parents.map(row => [identity(row[own]), row[own]])).values()].filter(key => key !== null)
  const found: Row[] = []
  for (let at = 0; at < keys.length; at += KEYS_MAX) {
    const where = both({ [column]: { in: keys.slice(at, at + KEYS_MAX) } }, query.where)
    found.push(...target.findMany({ ...query, where }))
  }
  return found
}

const both = (first: unknown, second: unknown): unknown => (second === undefined ? first : { AND: [first, second] })

function soleKey(target: TableRepository): string {
  const [column, ...more] = target.table.primaryKey
  if (column === undefined || more.length > 0) {
    throw new ValidationError(`A relation to "${target.table.name}" needs a primary key of one column.`)
  }
  return column
}

/** Dates and bytes are equal by what they hold. */
function identity(value: unknown): unknown {
  if (value instanceof Date) return `date:${String(value.getTime())}`
  return ArrayBuffer.isView(value)
    ? `bytes:${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}`
    : value
}
