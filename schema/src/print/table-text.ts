/** Tables and columns as the declarations they come from. */
import type { ColumnContract, Contract, IndexContract, JsonSchema, TableContract } from '../contract/contract.js'
import type { Casing } from '../define/define-schema.js'
import { indexName, snakeCase } from '../tables/parts.js'
import { actions, codecText, options, quote, type Printer } from './schema-text.js'

/** The casing under which the fewest columns have to say what they are called in the store. */
export function casingOf({ tables }: Contract): Casing | undefined {
  const columns = Object.values(tables).flatMap(table => table.columns)
  const maps = (casing: Casing | undefined) => columns.filter(column => mapOf(column, casing) !== undefined).length
  return maps('snake_case') < maps(undefined) ? 'snake_case' : undefined
}

/** What `.map(…)` has to say. */
function mapOf({ name, column = name }: ColumnContract, casing: Casing | undefined): string | undefined {
  const without = casing === 'snake_case' ? snakeCase(name) : name
  return column === without ? undefined : column
}

export function tableText(printer: Printer, table: TableContract, casing: Casing | undefined): string {
  const { name, columns, primaryKey, indexes, checks, foreignKeys = [] } = table
  printer.use('table')
  printer.use('col')
  const ownUnique = new Set<IndexContract>()
  const lines = columns.map(column => {
    const unique = indexes.find(index => isOfColumn(table, index, column.name))
    if (unique !== undefined) ownUnique.add(unique)
    const isKey = primaryKey.length === 1 && primaryKey[0] === column.name
    return `${column.name}: ${columnText(printer, name, column, { isKey, isUnique: unique !== undefined, casing })},\n`
  })
  const calls: string[] = []
  if (primaryKey.length !== 1) calls.push(`.primaryKey(${primaryKey.map(quote).join(', ')})`)
  for (const index of indexes) if (!ownUnique.has(index)) calls.push(indexText(name, index))
  for (const { columns: from, table: to, targetColumns, onDelete, onUpdate } of foreignKeys) {
    const more = options({ columns: JSON.stringify(targetColumns), ...actions(onDelete, onUpdate) })
    calls.push(`.foreignKey(${JSON.stringify(from)}, ${quote(to)}, ${more})`)
  }
  for (const check of checks) calls.push(`.check(${quote(check.name)}, ${quote(check.expression)})`)
  if (table.indexPolicy !== 'balanced') calls.push(`.indexPolicy(${quote(table.indexPolicy)})`)
  for (const call of ['softDelete', 'tenant', 'renamedFrom'] as const) {
    const value = table[call]
    if (value !== undefined) calls.push(`.${call}(${quote(value)})`)
  }
  return `${printer.use('table')}(${quote(name)}, {\n${lines.join('')}})${calls.map(call => `\n  ${call}`).join('')}`
}

/** Is it what `.unique()` of that column makes? */
function isOfColumn(table: TableContract, index: IndexContract, name: string): boolean {
  const [part] = index.columns
  return (
    index.unique &&
    index.columns.length === 1 &&
    part!.column === name &&
    !part!.desc &&
    index.where === undefined &&
    index.name === standardName(table.name, index)
  )
}

const standardName = (table: string, { columns, unique }: IndexContract): string =>
  indexName(table, { name: undefined, columns, unique, where: undefined, site: { call: '', nth: 0 } })

function indexText(table: string, index: IndexContract): string {
  const { name, columns, unique, where } = index
  const descending = columns.filter(part => part.desc).map(part => part.column)
  const allDescend = descending.length === columns.length
  const more = options({
    desc: descending.length === 0 ? undefined : allDescend ? 'true' : JSON.stringify(descending),
    name: name === standardName(table, index) ? undefined : quote(name),
    where: where === undefined ? undefined : quote(where),
  })
  const parts = [...columns.map(part => quote(part.column)), ...(more === '' ? [] : [more])]
  return `.${unique ? 'unique' : 'index'}(${parts.join(', ')})`
}

interface ColumnContext {
  readonly isKey: boolean
  readonly isUnique: boolean
  readonly casing: Casing | undefined
}

function columnText(printer: Printer, table: string, column: ColumnContract, context: ColumnContext): string {
  const what = `Column "${column.name}" of table "${table}"`
  const calls = [typeText(printer, what, column)]
  const map = mapOf(column, context.casing)
  const { default: given, updatedAt, generated, references, renamedFrom } = column
  if (map !== undefined) calls.push(`.map(${quote(map)})`)
  if (context.isKey) calls.push('.primaryKey()')
  if (context.isUnique) calls.push('.unique()')
  if (column.nullable) calls.push('.nullable()')
  if (given !== undefined && !(updatedAt && given.kind === 'now')) calls.push(`.default(${defaultText(column)})`)
  if (updatedAt) calls.push('.updatedAt()')
  if (generated !== undefined) {
    calls.push(`.generatedAs(${quote(generated.expression)}${generated.stored ? '' : ', { stored: false }'})`)
  }
  if (column.codec !== undefined) calls.push(`.codec(${codecText(column.codec)})`)
  if (references !== undefined) {
    const more = options(actions(references.onDelete, references.onUpdate))
    calls.push(`.references(${quote(`${references.table}.${references.column}`)}${more === '' ? '' : `, ${more}`})`)
  }
  if (renamedFrom !== undefined) calls.push(`.renamedFrom(${quote(renamedFrom)})`)
  return calls.join('')
}

/** The schemas that arrays have of elements that say nothing more. */
const plainElements: Readonly<Record<string, JsonSchema>> = {
  text: { type: 'string' },
  real: { type: 'number' },
  boolean: { type: 'boolean' },
}

function typeText(printer: Printer, what: string, column: ColumnContract): string {
  const { type, items, schema } = column
  if (items === undefined) return scalarText(printer, what, column, type, column.enum, schema)
  const element = (schema!['items'] ?? {}) as JsonSchema
  const values = items === 'text' ? (element['enum'] as readonly string[] | undefined) : undefined
  const takesSchema = items === 'text' || items === 'integer' || items === 'real'
  const isPlain = JSON.stringify(element) === JSON.stringify(plainElements[items])
  const own = takesSchema && values === undefined && !isPlain && !isAnyInteger(items, element) ? element : undefined
  return `${scalarText(printer, what, column, items, values, own)}.array()`
}

const isAnyInteger = (items: string, element: JsonSchema): boolean =>
  items === 'integer' &&
  element['minimum'] === Number.MIN_SAFE_INTEGER &&
  element['maximum'] === Number.MAX_SAFE_INTEGER &&
  Object.keys(element).length === 3

function scalarText(
  printer: Printer,
  what: string,
  { precision, scale, dimension }: ColumnContract,
  type: ColumnContract['type'],
  values: readonly string[] | undefined,
  schema: JsonSchema | undefined,
): string {
  if (values !== undefined) return `col.enum(${values.map(quote).join(', ')})`
  if (type === 'decimal') {
    return `col.decimal(${precision === undefined ? '' : [precision, ...(scale ? [scale] : [])].join(', ')})`
  }
  if (type === 'vector') return `col.vector(${String(dimension)})`
  if (type === 'json') return `col.json(${printer.zod(what, schema ?? {})})`
  return `col.${type}(${schema === undefined ? '' : printer.zod(what, schema)})`
}

function defaultText({ type, default: given }: ColumnContract): string {
  if (given!.kind !== 'value') return quote(given!.kind)
  const { value } = given!
  if (value === null) return 'null'
  switch (type) {
    case 'bigint':
      return `${value as string}n`
    case 'timestamp':
      return `new Date(${value as string})`
    case 'blob':
      return `Buffer.from(${quote(value as string)}, 'base64')`
    default:
      return Object.is(value, -0) ? '-0' : JSON.stringify(value)
  }
}
