/**
 * Rows that are written together with the rows they belong to: `create`, `connect`, `connectOrCreate`, `disconnect` and `set`
 * under the name of a relation. All of it is one transaction, within the client's scope.
 */
import type { RelationContract } from '@sochdb/schema/contract'
import { RowNotFoundError, ValidationError } from '../errors/index.js'
import { checkProperties, describe, isPlainObject, shown } from './check.js'
import { columnOf } from './columns.js'
import { linkColumns, soleKey, type DirectRelation, type ThroughRelation } from './relations.js'
import type { TableRepository } from './repository.js'
import type { Row } from './statements.js'

/** What this needs of the repositories, all of one transaction. */
export interface NestedWriter {
  readonly repository: TableRepository
  readonly relations: Readonly<Record<string, RelationContract>>
  related(property: string): TableRepository
}

const ofInsert = ['create', 'connect', 'connectOrCreate']
const ofUpdate = [...ofInsert, 'disconnect']

/** Does a row or a change name relations? */
export function namesRelations(row: unknown, relations: Readonly<Record<string, RelationContract>>): boolean {
  if (typeof row !== 'object' || row === null) return false
  for (const name in relations) if (Object.hasOwn(row, name)) return true
  return false
}

export function insertNested(writer: NestedWriter, row: Row): Row {
  const { columns, ones, manys } = parts(writer, row)
  for (const one of ones) setOne(writer, one, columns, ofInsert)
  const inserted = writer.repository.insert(columns)
  for (const many of manys) changeMany(writer, many, inserted, ofInsert)
  return inserted
}

export function updateNested(writer: NestedWriter, key: unknown, patch: Row): Row | undefined {
  const { repository } = writer
  const { columns, ones, manys } = parts(writer, patch)
  // Without the row nothing is written at all.
  if (repository.find(key) === undefined) return undefined
  for (const one of ones) setOne(writer, one, columns, ofUpdate)
  const updated = repository.update(key, columns)
  if (updated !== undefined) for (const many of manys) changeMany(writer, many, updated, [...ofUpdate, 'set'])
  return updated
}

interface Change<Relation extends RelationContract = RelationContract> {
  readonly name: string
  readonly relation: Relation
  readonly value: unknown
}

function parts(
  { relations }: NestedWriter,
  row: Row,
): {
  columns: Row
  ones: Change<DirectRelation>[]
  manys: Change[]
} {
  const columns: Row = {}
  const ones: Change<DirectRelation>[] = []
  const manys: Change[] = []
  for (const [name, value] of Object.entries(row)) {
    if (!Object.hasOwn(relations, name)) columns[name] = value
    else if (value !== undefined) {
      const relation = relations[name]!
      if (relation.kind === 'one') ones.push({ name, relation, value })
      else manys.push({ name, relation, value })
    }
  }
  return { columns, ones, manys }
}

/** Puts the key of the one row into the column that holds it. */
function setOne(
  writer: NestedWriter,
  { name, relation, value }: Change<DirectRelation>,
  columns: Row,
  known: readonly string[],
): void {
  const target = writer.related(relation.table)
  checkOperations(name, value, known)
  const link = linkColumns(name, relation, writer.repository.table, target.table)
  const operations = Object.entries(value as Row).filter(([, operand]) => operand !== undefined)
  if (operations.length !== 1)
    throw new ValidationError(`"${name}" is one row: it takes one of { ${known.join(', ')} }.`)
  if (columns[link.parent] !== undefined) {
    throw new ValidationError(`"${name}" and "${link.parent}" both say which row it is: leave one of them out.`)
  }
  const [operation, operand] = operations[0]!
  if (operation === 'disconnect') {
    if (operand !== true) throw new ValidationError(`"${name}.disconnect" takes true, not ${shown(operand)}.`)
    columns[link.parent] = null
    return
  }
  columns[link.parent] = rowOf(target, name, operation, operand)[link.child]
}

/** The row that an operation names or makes. */
function rowOf(target: TableRepository, name: string, operation: string, operand: unknown): Row {
  switch (operation) {
    case 'create':
      return target.insert(operand)
    case 'connect':
      return connected(target, name, operand)
    default: {
      checkProperties(operand, `"${name}.connectOrCreate"`, ['where', 'create'])
      const { where, create } = operand as { where?: unknown; create?: unknown }
      return target.find(where) ?? target.insert(create)
    }
  }
}

function connected(target: TableRepository, name: string, key: unknown): Row {
  const row = target.find(key)
  if (row !== undefined) return row
  throw new RowNotFoundError(
    `"${name}" connects a row of "${target.table.name}" that does not exist: ${keyText(key)}.`,
    {
      remediation: 'Use connectOrCreate where the row may be missing.',
    },
  )
}

function changeMany(
  writer: NestedWriter,
  { name, relation, value }: Change,
  parent: Row,
  known: readonly string[],
): void {
  const target = writer.related(relation.table)
  checkOperations(name, value, known)
  if (relation.kind === 'manyToMany') {
    changeThrough(writer, { name, relation, value }, parent)
    return
  }
  const link = linkColumns(name, relation, writer.repository.table, target.table)
  const own = parent[link.parent]
  const { create, connect, connectOrCreate, disconnect, set } = value as Row
  if (set !== undefined) setMany(target, name, link.child, own, list(set))
  for (const key of list(disconnect)) {
    const row = target.find(key)
    // A row that belongs to another stays there.
    if (row !== undefined && isEqual(row[link.child], own)) target.update(key, { [link.child]: null })
  }
  for (const key of list(connect)) {
    connected(target, name, key)
    target.update(key, { [link.child]: own })
  }
  for (const each of list(connectOrCreate)) {
    checkProperties(each, `"${name}.connectOrCreate"`, ['where', 'create'])
    const { where, create: made } = each as { where?: unknown; create?: unknown }
    if (target.update(where, { [link.child]: own }) === undefined)
      target.insert(owned(target, name, link.child, own, made))
  }
  for (const row of list(create)) target.insert(owned(target, name, link.child, own, row))
}

/** Rows of the table between both come and go; those it leads to stay. */
function changeThrough(writer: NestedWriter, { name, relation, value }: Change<ThroughRelation>, parent: Row): void {
  const target = writer.related(relation.table)
  const between = writer.related(relation.through)
  const own = parent[soleKey(name, writer.repository.table)]
  const key = soleKey(name, target.table)
  const pair = (row: Row): Row => ({ [relation.from]: own, [relation.to]: row[key] })
  const join = (row: Row): void => {
    if (!between.exists({ where: pair(row) })) between.insert(pair(row))
  }
  const { create, connect, connectOrCreate, disconnect, set } = value as Row
  if (set !== undefined) {
    const wanted = list(set).map(each => connected(target, name, each))
    for (const row of between.findMany({ where: { [relation.from]: own } })) {
      const isWanted = wanted.some(each => isEqual(each[key], row[relation.to]))
      if (!isWanted) between.deleteMany({ where: { [relation.from]: own, [relation.to]: row[relation.to] } })
    }
    for (const row of wanted) join(row)
  }
  for (const each of list(disconnect)) {
    const row = target.find(each)
    if (row !== undefined) between.deleteMany({ where: pair(row) })
  }
  for (const each of list(connect)) join(connected(target, name, each))
  for (const each of list(connectOrCreate)) join(rowOf(target, name, 'connectOrCreate', each))
  for (const row of list(create)) join(target.insert(row))
}

/** These rows and no others. */
function setMany(target: TableRepository, name: string, column: string, own: unknown, keys: readonly unknown[]): void {
  const wanted = keys.map(key => connected(target, name, key))
  const { primaryKey } = target.table
  const isWanted = (row: Row): boolean => wanted.some(each => primaryKey.every(part => isEqual(each[part], row[part])))
  for (const row of target.findMany({ where: { [column]: own } })) {
    if (!isWanted(row)) target.update(keyOf(row, primaryKey), { [column]: null })
  }
  for (const row of wanted) if (!isEqual(row[column], own)) target.update(keyOf(row, primaryKey), { [column]: own })
}

function owned(target: TableRepository, name: string, column: string, own: unknown, row: unknown): unknown {
  if (!isPlainObject(row)) throw new ValidationError(`"${name}.create" takes rows, not ${describe(row)}.`)
  if (row[column] !== undefined && !isEqual(row[column], own)) {
    throw new ValidationError(
      `"${name}.create" gives "${columnOf(target.table, column).name}", which the relation sets: leave it out.`,
    )
  }
  return { ...row, [column]: own }
}

function checkOperations(name: string, value: unknown, known: readonly string[]): void {
  checkProperties(value, `"${name}"`, known)
  if (Object.keys(value as object).length === 0) {
    throw new ValidationError(`"${name}" is empty: it takes { ${known.join(', ')} }.`)
  }
}

const list = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly unknown[]) : [value]

const keyOf = (row: Row, primaryKey: readonly string[]): Row =>
  Object.fromEntries(primaryKey.map(column => [column, row[column]]))

function keyText(key: unknown): string {
  if (!isPlainObject(key)) return describe(key)
  return `{ ${Object.entries(key)
    .map(([name, value]) => `${name}: ${shown(value)}`)
    .join(', ')} }`
}

/** Keys as the engine gives them: dates and bytes are equal by what they hold. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return Buffer.compare(bytesOf(a), bytesOf(b)) === 0
  return a === b
}

const bytesOf = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength)
