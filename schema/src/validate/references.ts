import type { ColumnNode } from '../columns/column.js'
import type { RelationNode } from '../relations/relation.js'
import { describe } from '../core/brand.js'
import { keyedCodec } from './columns.js'
import { allIndexes, primaryKeyOf, splitTarget } from '../tables/parts.js'
import type { SchemaNode } from '../define/define-schema.js'
import type { TableNode } from '../tables/table.js'
import { suggest, type PathSegment, type Report } from './diagnostic.js'

/** A `.references('orgs.id')` of a column. */
export function checkReference(
  report: Report,
  at: readonly string[],
  schema: SchemaNode,
  tableKey: string,
  columnName: string,
): void {
  const site = [...at, { call: 'references', nth: 0 }]
  const column = schema.tables[tableKey]!.columns[columnName]!
  const { target, onDelete, onUpdate } = column.references!
  const found = findTarget(report, site, schema, 'reference', target)
  if (found === undefined) return
  checkTypes(report, site, 'reference', columnName, column, target, found.column)
  if (!isUnique(found.table, found.name)) {
    const message = `Column "${columnName}" refers to ${target}, which is neither a primary key nor unique.`
    report.error(site, 'reference_not_unique', message, 'Refer to the primary key, or add .unique() to that column.')
  }
  checkActions(report, site, columnName, column, target, { onDelete, onUpdate })
}

const actionNames = ['noAction', 'restrict', 'cascade', 'setNull', 'setDefault']

function checkActions(
  report: Report,
  site: readonly PathSegment[],
  name: string,
  column: ColumnNode,
  target: string,
  actions: { readonly onDelete: string; readonly onUpdate: string },
): void {
  for (const on of ['onDelete', 'onUpdate'] as const) {
    const action = actions[on]
    const event = on === 'onDelete' ? 'is deleted' : 'changes'
    if (!actionNames.includes(action)) {
      const message = `${on} takes ${actionNames.join(', ')}; got ${describe(action)}.`
      report.error(site, 'reference_action', message, suggest(action, actionNames))
    } else if (action === 'setNull' && !column.nullable) {
      const message = `Column "${name}" cannot be set to NULL when its ${target} ${event}: it is not nullable.`
      report.error(site, 'reference_set_null', message, `Add .nullable(), or take another ${on}.`)
    } else if (action === 'setDefault' && column.default?.kind !== 'value') {
      const message = `Column "${name}" cannot be set to its default when its ${target} ${event}: it has no constant one.`
      report.error(site, 'reference_set_default', message, `Add .default(…), or take another ${on}.`)
    }
  }
}

/** The `.foreignKey([…], 'table')` of a table. */
export function checkForeignKeys(report: Report, at: readonly string[], schema: SchemaNode, key: string): void {
  const table = schema.tables[key]!
  for (const declared of table.foreignKeys) {
    const site = [...at, declared.site]
    const target = schema.tables[declared.table]
    if (target === undefined) {
      const message = `The foreign key refers to "${declared.table}", which is no table.`
      report.error(site, 'reference_unknown_table', message, suggest(declared.table, Object.keys(schema.tables)))
      continue
    }
    const targets = declared.targetColumns.length === 0 ? primaryKeyOf(target) : declared.targetColumns
    const unknown = [
      ...declared.columns.filter(name => !Object.hasOwn(table.columns, name)).map(name => [name, key] as const),
      ...targets.filter(name => !Object.hasOwn(target.columns, name)).map(name => [name, declared.table] as const),
    ]
    for (const [name, of] of unknown) {
      const message = `The foreign key names "${name}", which is no column of table "${of}".`
      report.error(site, 'reference_unknown_column', message, suggest(name, Object.keys(schema.tables[of]!.columns)))
    }
    if (unknown.length > 0) continue
    if (declared.columns.length === 0 || declared.columns.length !== targets.length) {
      const message = `The foreign key has ${declared.columns.length} columns and refers to ${targets.length}.`
      report.error(site, 'reference_columns', message, `Those of "${declared.table}" are ${targets.join(', ')}.`)
      continue
    }
    declared.columns.forEach((name, i) => {
      const other = `${declared.table}.${targets[i]!}`
      checkTypes(report, site, 'reference', name, table.columns[name]!, other, target.columns[targets[i]!]!)
      checkActions(report, site, name, table.columns[name]!, other, declared)
    })
    if (isUniqueTogether(target, targets)) continue
    const message = `The foreign key refers to ${targets.join(', ')} of "${declared.table}", which are no key together.`
    report.error(
      site,
      'reference_not_unique',
      message,
      'Refer to the primary key, or add .unique(…) for these columns.',
    )
  }
}

function isUniqueTogether(table: TableNode, columns: readonly string[]): boolean {
  const wanted = [...columns].sort().join()
  const isWanted = (names: readonly string[]) => [...names].sort().join() === wanted
  return (
    isWanted(primaryKeyOf(table)) ||
    allIndexes(table).some(
      index => index.unique && index.where === undefined && isWanted(index.columns.map(part => part.column)),
    )
  )
}

/** The relations: that their ends exist, agree in type, and take no name a row has already. */
export function checkRelations(report: Report, schema: SchemaNode): void {
  for (const [key, relations] of Object.entries(schema.relations)) {
    const table = schema.tables[key]
    if (table === undefined) {
      const message = `Relations are declared for "${key}", which is no table.`
      report.error(['relations', key], 'relation_unknown_table', message, suggest(key, Object.keys(schema.tables)))
      continue
    }
    for (const name of Object.keys(relations)) checkRelation(report, ['relations', key, name], schema, key, name)
  }
}

function checkRelation(report: Report, at: readonly string[], schema: SchemaNode, key: string, name: string): void {
  const table = schema.tables[key]!
  const relation = schema.relations[key]![name]!
  if (Object.hasOwn(table.columns, name)) {
    const message = `Table "${key}" has a column "${name}", so a relation cannot have that name.`
    report.error(at, 'name_duplicate', message, 'A row has both columns and loaded relations as properties.')
  }
  if (relation.kind === 'many') {
    const found = findTarget(report, at, schema, 'relation', relation.target)
    if (found === undefined) return
    const own = singleKey(report, at, key, table)
    if (own !== undefined)
      checkTypes(report, at, 'relation', relation.target, found.column, `${key}.${own}`, table.columns[own]!)
    return
  }
  if (relation.kind === 'manyToMany') {
    checkManyToMany(report, at, schema, key, relation)
    return
  }
  const target = schema.tables[relation.table]
  if (target === undefined) {
    const message = `Relation "${name}" leads to "${relation.table}", which is no table.`
    report.error(at, 'relation_unknown_table', message, suggest(relation.table, Object.keys(schema.tables)))
    return
  }
  const column = table.columns[relation.column]
  if (column === undefined) {
    const message = `Relation "${name}" goes by "${relation.column}", which is no column of table "${key}".`
    report.error(at, 'relation_unknown_column', message, suggest(relation.column, Object.keys(table.columns)))
    return
  }
  const other = singleKey(report, at, relation.table, target)
  if (other === undefined) return
  checkTypes(report, at, 'relation', relation.column, column, `${relation.table}.${other}`, target.columns[other]!)
}

function checkManyToMany(
  report: Report,
  at: readonly string[],
  schema: SchemaNode,
  key: string,
  relation: Extract<RelationNode, { readonly kind: 'manyToMany' }>,
): void {
  const { table, through, from, to } = relation
  const missing = [table, through].filter(name => schema.tables[name] === undefined)
  for (const name of missing) {
    const what = name === table ? 'leads to' : 'goes through'
    const message = `Relation "${at.at(-1)!}" ${what} "${name}", which is no table.`
    report.error(at, 'relation_unknown_table', message, suggest(name, Object.keys(schema.tables)))
  }
  if (missing.length > 0) return
  const between = schema.tables[through]!
  for (const [column, end] of [
    [from, key],
    [to, table],
  ] as const) {
    if (!Object.hasOwn(between.columns, column)) {
      const message = `Relation "${at.at(-1)!}" goes by "${column}", which is no column of table "${through}".`
      report.error(at, 'relation_unknown_column', message, suggest(column, Object.keys(between.columns)))
      continue
    }
    const own = singleKey(report, at, end, schema.tables[end]!)
    if (own === undefined) continue
    const target = schema.tables[end]!.columns[own]!
    checkTypes(report, at, 'relation', `${through}.${column}`, between.columns[column]!, `${end}.${own}`, target)
  }
  if (from === to) {
    const message = `Relation "${at.at(-1)!}" goes by "${from}" on both sides: "from" and "to" are two columns.`
    report.error(at, 'relation_same_column', message)
  }
}

/** Relations go by one column: the primary key they lead to must be one. */
function singleKey(report: Report, at: readonly string[], key: string, table: TableNode): string | undefined {
  const columns = primaryKeyOf(table)
  const [only] = columns
  if (columns.length === 1) return Object.hasOwn(table.columns, only!) ? only : undefined
  if (columns.length > 1) {
    const message = `A relation goes by one column, and the primary key of "${key}" is ${columns.join(', ')}.`
    report.error(at, 'relation_composite_key', message, 'Give that table a key of one column.')
  }
  return undefined
}

interface Target {
  readonly table: TableNode
  readonly name: string
  readonly column: ColumnNode
}

/** Resolves `'orgs.id'`, or says what of it there is not. */
function findTarget(
  report: Report,
  at: readonly PathSegment[],
  schema: SchemaNode,
  kind: 'reference' | 'relation',
  target: string,
): Target | undefined {
  const parts = splitTarget(String(target))
  if (parts === undefined) {
    const message = `"${target}" does not name a column of a table.`
    report.error(at, `${kind}_malformed`, message, "Write it as 'table.column', such as 'orgs.id'.")
    return undefined
  }
  const table = schema.tables[parts.table]
  if (table === undefined) {
    const message = `"${target}" names the table "${parts.table}", and there is none of that key.`
    report.error(at, `${kind}_unknown_table`, message, suggest(parts.table, Object.keys(schema.tables)))
    return undefined
  }
  if (!Object.hasOwn(table.columns, parts.column)) {
    const message = `"${target}" names "${parts.column}", which is no column of table "${parts.table}".`
    report.error(at, `${kind}_unknown_column`, message, suggest(parts.column, Object.keys(table.columns)))
    return undefined
  }
  return { table, name: parts.column, column: table.columns[parts.column]! }
}

function checkTypes(
  report: Report,
  at: readonly PathSegment[],
  kind: 'reference' | 'relation',
  name: string,
  column: ColumnNode,
  targetName: string,
  target: ColumnNode,
): void {
  for (const [keyed, of] of [
    [column, name],
    [target, targetName],
  ] as const) {
    if (keyed.codec !== undefined) report.error(at, 'codec_key', keyedCodec(of))
  }
  if (column.type === target.type) return
  const message = `"${name}" is of type ${column.type} and ${targetName} of type ${target.type}: no value can be in both.`
  report.error(at, `${kind}_type_mismatch`, message, 'Give both columns one type.')
}

function isUnique(table: TableNode, column: string): boolean {
  const key = primaryKeyOf(table)
  if (key.length === 1 && key[0] === column) return true
  if (table.columns[column]!.unique) return true
  return table.indexes.some(
    index =>
      index.unique && index.where === undefined && index.columns.length === 1 && index.columns[0]!.column === column,
  )
}
