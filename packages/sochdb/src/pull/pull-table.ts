/** A table of the catalog as a declaration. */
import type {
  ColumnContract,
  DefaultContract,
  ForeignKeyContract,
  IndexContract,
  TableContract,
} from '@sochdb/schema/contract'
import { liveColumns } from '../sql/catalog/index.js'
import type { ColumnEntry, IndexEntry, TableEntry } from '../sql/catalog/index.js'
import { camelCase, isDeclarable, Properties } from './names.js'

/** What tables are called on the client, and columns in rows: `field` of a column that is not declared is `undefined`. */
export interface TableNames {
  key(table: string): string | undefined
  field(table: string, column: string): string | undefined
}

/** What a contract has known of a column, by its name in the store. */
export type KnownColumns = (column: string) => ColumnContract | undefined

export type Remark = (text: string) => void

/** Why a table cannot be declared; `undefined`: it can. */
export function obstacle(entry: TableEntry): string | undefined {
  if (!isDeclarable(entry.name)) return 'a schema has no such name'
  if (entry.primaryKey.some(position => entry.columns[position]!.hidden)) return 'it has no primary key'
  const key = entry.primaryKey.map(position => entry.columns[position]!)
  const nameless = key.find(({ name }) => !isDeclarable(name))
  return nameless === undefined ? undefined : `its key "${nameless.name}" has a name that a schema cannot have`
}

/** The fields of a table, by the names of its columns. */
export function fieldsOf(entry: TableEntry, known: KnownColumns, remark: Remark): ReadonlyMap<string, string> {
  const properties = Properties.ofRow()
  const fields = new Map<string, string>()
  const columns = liveColumns(entry).map(position => entry.columns[position]!)
  // Names that are known come first, then those that are fields as they stand: nothing else may take them.
  const isField = ({ name }: ColumnEntry) => camelCase(name) === name
  for (const { name } of columns) {
    const field = known(name)?.name
    if (field !== undefined) fields.set(name, properties.claim(field))
  }
  for (const column of [...columns.filter(isField), ...columns.filter(column => !isField(column))]) {
    const { name } = column
    if (fields.has(name)) continue
    const reason = columnObstacle(column)
    if (reason !== undefined) {
      remark(`Column "${name}" of table "${entry.name}" is left out: ${reason}.`)
      continue
    }
    const field = properties.claim(camelCase(name), name)
    if (field.endsWith('_') && !name.endsWith('_'))
      remark(`Column "${name}" of table "${entry.name}" is the field "${field}": its own name is taken or reserved.`)
    fields.set(name, field)
  }
  return fields
}

function columnObstacle({ name, type, dimension }: ColumnEntry): string | undefined {
  if (!isDeclarable(name)) return 'a schema has no such name'
  if (type === 'vector' && dimension === undefined) return 'a vector in a schema has a dimension'
  return undefined
}

export function pullTable(entry: TableEntry, names: TableNames, known: KnownColumns, remark: Remark): TableContract {
  const say = (text: string): void => remark(`Table "${entry.name}": ${text}`)
  const nameAt = (position: number): string => entry.columns[position]!.name
  const field = (position: number): string | undefined => names.field(entry.name, nameAt(position))
  const { ofColumns, together } = foreignKeysOf(entry, names, say)
  const columns = liveColumns(entry).flatMap((position): ColumnContract[] => {
    const name = field(position)
    if (name === undefined) return []
    const references = ofColumns.get(position)
    const inKey = entry.primaryKey.includes(position)
    const column = columnOf(entry.columns[position]!, name, inKey, known(nameAt(position)), say)
    const { references: _, ...rest } = column
    return [references === undefined ? rest : { ...rest, references }]
  })
  return {
    name: entry.name,
    columns,
    primaryKey: entry.primaryKey.map(position => field(position)!),
    indexes: indexesOf(entry, field, say),
    checks: entry.checks
      .map(({ name, expression }) => ({ name, expression }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(together.length === 0 ? {} : { foreignKeys: together }),
    indexPolicy: entry.policy,
  }
}

function columnOf(
  entry: ColumnEntry,
  name: string,
  inKey: boolean,
  known: ColumnContract | undefined,
  say: Remark,
): ColumnContract {
  const { type, declaredType = '', dimension, generated } = entry
  const isDate = type === 'text' && (/^date$/i.test(declaredType) || known?.type === 'date')
  const digits = type === 'decimal' ? /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/.exec(declaredType) : null
  if (entry.collation !== undefined)
    say(`column "${entry.name}" compares by ${entry.collation.toUpperCase()}; a schema's columns compare byte by byte.`)
  if (entry.identity === 'always') say(`column "${entry.name}" takes no numbers of a row's own; declared, it does.`)
  const hasCounter = entry.identity !== undefined
  const value = hasCounter ? ({ kind: 'autoincrement' } as const) : defaultOf(entry, isDate, known, say)
  const onlyNow = entry.onUpdateNow && value === undefined ? ({ kind: 'now' } as const) : value
  if (onlyNow !== value) say(`column "${entry.name}" is the time of updates; declared, it is that of inserts too.`)
  return {
    name,
    ...(name === entry.name ? {} : { column: entry.name }),
    type: isDate ? 'date' : type,
    nullable: !entry.notNull && !inKey,
    ...(onlyNow === undefined ? {} : { default: onlyNow }),
    ...(entry.enum === undefined ? {} : { enum: entry.enum }),
    ...(entry.onUpdateNow ? { updatedAt: true } : {}),
    ...(generated === undefined ? {} : { generated }),
    ...(digits === null ? {} : { precision: Number(digits[1]), scale: Number(digits[2] ?? 0) }),
    ...knownOf(type, known),
    ...(dimension === undefined ? {} : { dimension }),
  }
}

/** What clients alone knew of the column stays, where it is of the type it was. */
function knownOf(type: ColumnEntry['type'], known: ColumnContract | undefined): Partial<ColumnContract> {
  if (known?.type !== type) return type === 'json' ? { schema: {} } : {}
  const { items, schema } = known
  return {
    ...(items === undefined ? {} : { items }),
    ...(schema === undefined ? {} : { schema }),
  }
}

const keywords = new Set(['cuid2', 'ulid'])

function defaultOf(
  { name, type, default: given }: ColumnEntry,
  isDate: boolean,
  known: ColumnContract | undefined,
  say: Remark,
): DefaultContract | undefined {
  // The client makes these: the store has none.
  if (given === undefined && (known?.default?.kind === 'cuid2' || known?.default?.kind === 'ulid')) return known.default
  if (given === undefined) return undefined
  if (given.kind === 'expression') {
    if (isDate && given.expression === "date('now')") return { kind: 'now' }
    say(`the default of column "${name}" is left out: ${given.expression} is no constant.`)
    return undefined
  }
  const fits =
    given.kind === 'value' ? isDeclarableValue(type, isDate, given.value) : given.kind === 'now' || type === 'uuid'
  if (fits) return given
  const shown = given.kind === 'value' ? JSON.stringify(given.value) : given.kind
  say(`the default of column "${name}" is left out: a schema cannot say ${shown} for ${type}.`)
  return undefined
}

function isDeclarableValue(type: ColumnEntry['type'], isDate: boolean, value: unknown): boolean {
  if (isDate) return /^\d{4}-\d\d-\d\d$/.test(String(value))
  if (type === 'text') return !keywords.has(String(value))
  if (type === 'integer') return Number.isSafeInteger(value)
  return type !== 'timestamp' || Math.abs(Number(value)) <= 8.64e15
}

function indexesOf(
  entry: TableEntry,
  field: (position: number) => string | undefined,
  say: Remark,
): readonly IndexContract[] {
  const key = JSON.stringify([true, entry.primaryKey.map(position => [position, false]), null])
  const shapes = new Map([[key, 'the primary key']])
  const indexes: IndexContract[] = []
  for (const index of entry.indexes) {
    if (index.building !== undefined) continue
    const shape = shapeOf(index)
    const reason = indexObstacle(index, field, shapes.get(shape))
    if (reason !== undefined) {
      say(`index "${index.name}" is left out: ${reason}.`)
      continue
    }
    shapes.set(shape, `index "${index.name}"`)
    if (index.unique && index.columns.some(part => part.descending))
      say(`unique index "${index.name}" is declared ascending.`)
    if (index.nullsNotDistinct) say(`unique index "${index.name}" takes NULL as a value; declared, NULLs differ.`)
    indexes.push({
      name: index.name,
      columns: index.columns.map(part => ({
        column: field(part.column)!,
        desc: part.descending && !index.unique,
      })),
      unique: index.unique,
      ...(index.where === undefined ? {} : { where: index.where }),
    })
  }
  return indexes.sort((a, b) => (a.name < b.name ? -1 : 1))
}

const shapeOf = ({ unique, columns, where }: IndexEntry): string =>
  JSON.stringify([unique, columns.map(part => [part.column, part.descending && !unique]), where ?? null])

function indexObstacle(
  { name, columns }: IndexEntry,
  field: (position: number) => string | undefined,
  twin: string | undefined,
): string | undefined {
  if (!isDeclarable(name)) return 'a schema has no such name'
  const computed = columns.find(part => part.column < 0)
  if (computed !== undefined) return `it is of the expression ${computed.expression ?? ''}`
  if (columns.some(part => field(part.column) === undefined)) return 'so is one of its columns'
  return twin === undefined ? undefined : `it does what ${twin} does`
}

interface ForeignKeys {
  /** By the position of the column. */
  readonly ofColumns: ReadonlyMap<number, NonNullable<ColumnContract['references']>>
  readonly together: readonly ForeignKeyContract[]
}

function foreignKeysOf(entry: TableEntry, names: TableNames, say: Remark): ForeignKeys {
  const ofColumns = new Map<number, NonNullable<ColumnContract['references']>>()
  const together: ForeignKeyContract[] = []
  const seen = new Set<string>()
  for (const key of entry.foreignKeys ?? []) {
    const columns = key.columns.map(position => names.field(entry.name, entry.columns[position]!.name))
    const targetColumns = key.targetColumns.map(column => names.field(key.table, column))
    const table = names.key(key.table)
    if (table === undefined || [...columns, ...targetColumns].includes(undefined)) {
      say(`reference "${key.name}" to "${key.table}" is left out: so is what it refers to, or from.`)
      continue
    }
    const ends = JSON.stringify([columns, table, targetColumns])
    if (seen.has(ends)) {
      say(`reference "${key.name}" is left out: there is another from and to the same columns.`)
      continue
    }
    seen.add(ends)
    if (key.deferrable) say(`reference "${key.name}" waits for the commit; declared, it is checked by every statement.`)
    const actions = { onDelete: key.onDelete, ...(key.onUpdate === 'noAction' ? {} : { onUpdate: key.onUpdate }) }
    const [position] = key.columns
    if (columns.length === 1 && !ofColumns.has(position!)) {
      ofColumns.set(position!, { table, column: targetColumns[0]!, ...actions })
    } else {
      const [from, to] = [columns as string[], targetColumns as string[]]
      together.push({ columns: from, table, targetColumns: to, ...actions })
    }
  }
  return { ofColumns, together }
}
