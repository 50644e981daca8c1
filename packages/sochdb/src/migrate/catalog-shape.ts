/** What a store's catalog declares, without ids, positions and the marks of how it came to be: equal for stores that behave alike. */
import type { Transaction } from '../database/index.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/index.js'
import { catalogStore } from '../sql/session.js'
import { listCollections, listTables, liveColumns } from '../sql/catalog/index.js'
import type { CollectionEntry, ColumnEntry, TableEntry } from '../sql/catalog/index.js'

export interface CatalogShape {
  readonly tables: Readonly<Record<string, TableShape>>
  readonly collections: Readonly<Record<string, unknown>>
}

export interface TableShape {
  readonly columns: Readonly<Record<string, unknown>>
  readonly primaryKey: readonly string[]
  readonly indexes: Readonly<Record<string, unknown>>
  readonly checks: Readonly<Record<string, string>>
  readonly foreignKeys: Readonly<Record<string, unknown>>
  readonly indexPolicy: string
}

export function catalogShape(transaction: Transaction): CatalogShape {
  const store = catalogStore(transaction)
  const tables = listTables(store, DEFAULT_NAMESPACE_ID).map(({ entry }) => [entry.name, tableShape(entry)] as const)
  const collections = listCollections(store, DEFAULT_NAMESPACE_ID).map(
    ({ entry }) => [entry.name, collectionShape(entry)] as const,
  )
  return { tables: Object.fromEntries(tables), collections: Object.fromEntries(collections) }
}

function tableShape(entry: TableEntry): TableShape {
  const nameAt = (position: number): string => entry.columns[position]!.name
  const columns = liveColumns(entry).map(position => [nameAt(position), columnShape(entry.columns[position]!)] as const)
  // An index that is being built is nobody's yet; whether a constraint made one decides how it is dropped, and nothing else.
  const ready = entry.indexes.filter(index => index.building === undefined)
  const indexes = ready.map(({ id: _, constraint: __, name, columns: parts, ...rest }) => {
    const named = parts.map(({ column, ...part }) => ({ ...part, column: column < 0 ? undefined : nameAt(column) }))
    return [name, { ...rest, columns: named }] as const
  })
  const foreignKeys = (entry.foreignKeys ?? []).map(({ name: _, columns: positions, ...rest }, i, all) => {
    const columns = positions.map(nameAt)
    const isTwin = all.slice(0, i).some(other => other.table === rest.table && `${other.columns}` === `${positions}`)
    const which = isTwin ? ` ${String(i)}` : ''
    return [`(${columns.join(', ')}) to "${rest.table}"${which}`, { ...rest, columns }] as const
  })
  return {
    columns: sorted(columns),
    primaryKey: entry.primaryKey.map(nameAt),
    indexes: sorted(indexes),
    checks: sorted(entry.checks.map(({ name, expression }) => [name, expression] as const)),
    foreignKeys: sorted(foreignKeys),
    indexPolicy: entry.policy,
  }
}

/** `references` is said by the table's foreign keys; `added` tells how old rows are read, `declaredType` what tools are told. */
function columnShape(entry: ColumnEntry): unknown {
  const { id: _, name: __, references: ___, added: ____, declaredType: _____, ...column } = entry
  return column
}

function collectionShape({ id: _, generation: __, name: ___, ...entry }: CollectionEntry): unknown {
  return entry
}

const sorted = <Value>(entries: readonly (readonly [string, Value])[]): Readonly<Record<string, Value>> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))

/** What one store has that another has not, or has otherwise: a line for each. `actual` is spoken of. */
export function differences(expected: CatalogShape, actual: CatalogShape): string[] {
  const lines: string[] = []
  compare('table', expected.tables, actual.tables, lines, (name, a, b) => {
    compare(`column of "${name}":`, a.columns, b.columns, lines)
    if (a.primaryKey.join('\n') !== b.primaryKey.join('\n'))
      lines.push(`the primary key of "${name}" is (${b.primaryKey.join(', ')}), not (${a.primaryKey.join(', ')})`)
    compare(`index of "${name}":`, a.indexes, b.indexes, lines)
    compare(`check of "${name}":`, a.checks, b.checks, lines)
    compare(`reference of "${name}":`, a.foreignKeys, b.foreignKeys, lines)
    if (a.indexPolicy !== b.indexPolicy)
      lines.push(`the index policy of "${name}" is ${b.indexPolicy}, not ${a.indexPolicy}`)
  })
  compare('collection', expected.collections, actual.collections, lines)
  return lines
}

function compare<Value>(
  what: string,
  expected: Readonly<Record<string, Value>>,
  actual: Readonly<Record<string, Value>>,
  lines: string[],
  inner?: (name: string, expected: Value, actual: Value) => void,
): void {
  for (const name of [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort()) {
    const [a, b] = [expected[name], actual[name]]
    if (b === undefined) lines.push(`${what} "${name}" is missing`)
    else if (a === undefined) lines.push(`${what} "${name}" is there and not declared`)
    else if (inner) inner(name, a, b)
    else if (text(a) !== text(b)) lines.push(`${what} "${name}" is ${text(b)}, not ${text(a)}`)
  }
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
