/** CREATE TABLE, with all that a column or a table can declare; CREATE TABLE AS. */
import type { ColumnDefinition, CreateTable, IndexedColumn, TableConstraint } from '../ast/ddl.js'
import { quoteName } from '../ast/quote.js'
import { ownCollation } from '../binder/collations.js'
import { liveColumns } from '../catalog/entries.js'
import type { ColumnEntry, IndexPolicyName, TableEntry } from '../catalog/entries.js'
import { foldName, takeId } from '../catalog/store.js'
import { checkName, MAX_COLUMNS } from '../catalog/validate.js'
import { compile } from '../plan/compile.js'
import { invalid, unsupported } from '../problem.js'
import { isIntegral, isKeyType } from '../types.js'
import { catalogOf, executeStatement } from '../session.js'
import { columnEntry } from './columns.js'
import type { DdlContext } from './context.js'
import { freeConstraintName, linkForeignKey, positionOf, withForeignKey, withIndex } from './keys.js'

const POLICIES: readonly IndexPolicyName[] = ['writeOptimized', 'balanced', 'scanOptimized', 'appendOnly']
const ROW_NUMBER_NAMES = ['rowid', '_rowid_', 'oid', '_row_number_']

/** Rows inserted: those of CREATE TABLE AS. */
export function createTable(context: DdlContext, s: CreateTable, values: readonly unknown[]): number {
  checkName('a table', s.table)
  if (s.temporary) throw unsupported('A temporary table', 'Create a table, and drop it when it has served.')
  if (s.ifNotExists && (context.find(s.table) ?? context.view(s.table))) return 0
  context.refuseTaken(s.table)
  const columns = s.query
    ? columnsOfQuery(context, s, values.length)
    : s.columns.map((c, i) => columnEntry(s.table, c, i + 1))
  let entry = withPrimaryKey(bare(context, s, columns), s)
  checkColumns(entry)
  entry = withCollatedKey(context, entry)
  for (const column of s.columns) entry = withColumnConstraints(context, entry, column)
  for (const constraint of s.constraints) entry = withConstraint(context, entry, constraint)
  const { entry: saved } = context.save(entry)
  for (const key of saved.foreignKeys ?? []) linkForeignKey(context, saved, key.table)
  return s.query ? fill(context, saved, s, values) : 0
}

function bare(context: DdlContext, s: CreateTable, columns: readonly ColumnEntry[]): TableEntry {
  return {
    id: takeId(context.store, context.namespaceId),
    name: s.table,
    schemaVersion: 1,
    generation: 1,
    columns,
    primaryKey: [],
    indexes: [],
    checks: [],
    policy: policyOf(s.options) ?? 'balanced',
    nextColumnId: columns.length + 1,
    nextIndexId: 1,
  }
}

/** Options of other databases are taken and change nothing. */
export function policyOf(options: CreateTable['options']): IndexPolicyName | undefined {
  const given = options.find(({ name }) => name === 'index_policy')?.value
  if (given === undefined) return undefined
  const policy = POLICIES.find(name => name.toLowerCase() === given.toLowerCase().replaceAll('_', ''))
  if (!policy) throw invalid(`index_policy takes ${POLICIES.join(', ')}; this one is ${given}.`)
  return policy
}

function checkColumns(entry: TableEntry): void {
  if (liveColumns(entry).length === 0) throw invalid(`Table "${entry.name}" has no columns.`)
  if (entry.columns.length > MAX_COLUMNS) {
    throw invalid(`Table "${entry.name}" has ${entry.columns.length} columns; ${MAX_COLUMNS} is the most.`)
  }
  const seen = new Set<string>()
  for (const { name } of entry.columns) {
    if (seen.has(foldName(name))) {
      throw invalid(`Table "${entry.name}" declares the column "${name}" twice; names compare without case.`)
    }
    seen.add(foldName(name))
  }
  if (entry.columns.filter(c => c.identity).length > 1) {
    throw invalid(`Table "${entry.name}" has two columns that number its rows; one is the most.`)
  }
}

function withPrimaryKey(entry: TableEntry, s: CreateTable): TableEntry {
  const declared = [
    ...s.columns.filter(c => c.primaryKey).map(c => [c.name]),
    ...s.constraints.flatMap(c => (c.kind === 'primaryKey' ? [c.columns.map(nameOfColumn)] : [])),
  ]
  if (declared.length > 1) throw invalid(`Table "${s.table}" has ${declared.length} primary keys; one is the most.`)
  const [names] = declared
  if (!names) return withRowNumber(entry)
  const primaryKey = names.map(name => positionOf(entry, name))
  for (const position of primaryKey) {
    const column = entry.columns[position]!
    if (!isKeyType(column.type)) {
      throw invalid(`Column "${column.name}" is ${column.type}, which cannot be part of a primary key.`)
    }
  }
  const alone = primaryKey.length === 1 ? primaryKey[0] : undefined
  const hasIdentity = entry.columns.some(c => c.identity)
  const columns = entry.columns.map((column, position): ColumnEntry => {
    if (!primaryKey.includes(position)) return column
    const numbers =
      position === alone && !hasIdentity && isIntegral(column.type) && !column.default && !column.generated
    return { ...column, notNull: true, ...(numbers ? { identity: 'default' as const } : {}) }
  })
  return { ...entry, columns, primaryKey }
}

/** A table without a primary key tells its rows apart by a number that is seen by its name alone. */
function withRowNumber(entry: TableEntry): TableEntry {
  const name = ROW_NUMBER_NAMES.find(n => !entry.columns.some(c => foldName(c.name) === n))!
  const hasIdentity = entry.columns.some(c => c.identity)
  if (hasIdentity) {
    // Only one column takes numbers from the table's counter: it can tell rows apart when nobody else may set it.
    throw invalid(
      `Table "${entry.name}" numbers its rows by a column that is not its primary key.`,
      'Make that column the primary key.',
    )
  }
  const column: ColumnEntry = {
    id: entry.nextColumnId,
    name,
    type: 'integer',
    notNull: true,
    identity: 'default',
    hidden: true,
  }
  return {
    ...entry,
    columns: [...entry.columns, column],
    primaryKey: [entry.columns.length],
    nextColumnId: entry.nextColumnId + 1,
  }
}

/** Rows are kept by the bytes of their key: what else is equal by its collation, a unique index keeps apart. */
function withCollatedKey(context: DdlContext, entry: TableEntry): TableEntry {
  const columns = entry.primaryKey.map(position => entry.columns[position]!)
  if (!columns.some(column => ownCollation(column).collation)) return entry
  return withIndex(context, entry, {
    name: undefined,
    unique: true,
    columns: columns.map(({ name }) => ({
      expression: { kind: 'column', table: undefined, name },
      text: quoteName(name),
      descending: false,
      nulls: undefined,
    })),
  })
}

export function nameOfColumn({ expression, text }: IndexedColumn): string {
  if (expression.kind === 'column' && expression.table === undefined) return expression.name
  throw invalid(`A primary key is made of columns; ${text} is none.`)
}

/** What stands behind a column's name and is of the table. */
export function withColumnConstraints(context: DdlContext, before: TableEntry, column: ColumnDefinition): TableEntry {
  let entry = before
  if (column.unique) {
    const expression = { kind: 'column' as const, table: undefined, name: column.name }
    entry = withIndex(context, entry, {
      name: column.unique.name,
      unique: true,
      nullsNotDistinct: column.unique.nullsNotDistinct,
      constraint: true,
      columns: [{ expression, text: quoteName(column.name), descending: false, nulls: undefined }],
    })
  }
  for (const check of column.checks) {
    const name = check.name ?? freeConstraintName(entry, `${entry.name}_${column.name}_check`)
    entry = { ...entry, checks: [...entry.checks, { name, expression: check.text }] }
  }
  return column.references ? withForeignKey(context, entry, [column.name], column.references) : entry
}

export function withConstraint(context: DdlContext, entry: TableEntry, constraint: TableConstraint): TableEntry {
  switch (constraint.kind) {
    case 'primaryKey':
      return entry
    case 'unique':
      return withIndex(context, entry, { ...constraint, unique: true, constraint: true })
    case 'index':
      return withIndex(context, entry, { ...constraint, unique: false })
    case 'check': {
      const name = constraint.name ?? freeConstraintName(entry, `${entry.name}_check`)
      if (entry.checks.some(c => foldName(c.name) === foldName(name))) {
        throw invalid(`Table "${entry.name}" has a check "${name}" already.`)
      }
      return { ...entry, checks: [...entry.checks, { name, expression: constraint.text }] }
    }
    case 'foreignKey':
      return withForeignKey(context, entry, constraint.columns, constraint)
  }
}

function columnsOfQuery(context: DdlContext, s: CreateTable, parameterCount: number): ColumnEntry[] {
  const { columns } = compile(s.query!, catalogOf(context.transaction), { parameterCount })
  const names = s.columns.length > 0 ? s.columns.map(c => c.name) : columns.map(c => c.name)
  if (names.length !== columns.length) {
    throw invalid(`Table "${s.table}" names ${names.length} columns; its query has ${columns.length}.`)
  }
  return columns.map(({ type }, i) => ({
    id: i + 1,
    name: names[i]!,
    type: type === 'null' || type === 'any' ? 'text' : type,
    notNull: false,
  }))
}

function fill(context: DdlContext, entry: TableEntry, s: CreateTable, values: readonly unknown[]): number {
  const columns = liveColumns(entry).map(position => entry.columns[position]!.name)
  const insert = {
    kind: 'insert' as const,
    table: entry.name,
    columns,
    rows: [],
    query: s.query,
    onConflict: undefined,
    returning: [],
  }
  return executeStatement(context.transaction, insert, values).rowsAffected
}
