/** What a column is in TypeScript: read, written, changed, filtered. One row of the table per column type. */
import type { ColumnContract } from '@sochdb/schema'
import type { Imports } from './file.js'
import { hasDefaults, jsonType } from './json-type.js'
import { quote } from './file.js'
import type { CodecNames } from './codecs.js'
import { pascal, type TypeNames } from '../contract/naming.js'

/** What the engine holds, whatever the application sees: Kysely's types, and those that codecs are checked against. */
export interface StoredTypes {
  readonly read: string
  readonly write: string
  /** Types among them that the model declares, and that the run time does. */
  readonly named: readonly string[]
  readonly imported: readonly string[]
}

export interface ColumnTypes {
  readonly read: string
  readonly write: string
  /** Extra form that updates take: `{ increment: 1 }`. */
  readonly change: string | undefined
  /** The filter interface; `undefined`: values do not compare. */
  readonly filter: string | undefined
  /** What stands for `equals` in a filter; `undefined`: only NULL does. */
  readonly operand: string | undefined
  readonly stored: StoredTypes
  /** Declarations the file needs for them. */
  readonly declarations: string
}

const client = 'sochdb/client'

/** `row` is the name of the row's type: named parts of it begin with it. */
export function columnTypes(
  row: string,
  column: ColumnContract,
  imports: Imports,
  types: TypeNames,
  codecs: CodecNames,
): ColumnTypes {
  const plain = plainTypes(row, column, imports, types)
  const { read, write, declarations, filter } = plain
  const names = [...new Set([read, write])]
  const named = names.filter(
    name => declarations.includes(`export type ${name} `) || declarations.includes(`export interface ${name} `),
  )
  const imported = names.filter(name => name === 'DateInput' || name === 'VectorInput')
  const stored = { read, write, named, imported }
  const isComparable = column.type !== 'json' && column.type !== 'vector'
  if (column.codec === undefined) return { ...plain, operand: isComparable ? write : undefined, stored }
  const value = codecs.type(column.codec, imports)
  const compared = `${imports.type(client, `${column.nullable ? 'Nullable' : ''}ValueFilter`)}<${value}>`
  return {
    read: value,
    write: value,
    change: undefined,
    filter: isComparable ? compared : filter,
    operand: undefined,
    stored,
    declarations,
  }
}

type PlainTypes = Omit<ColumnTypes, 'operand' | 'stored'>

function plainTypes(row: string, column: ColumnContract, imports: Imports, types: TypeNames): PlainTypes {
  const filterOf = (kind: string): string => imports.type(client, `${column.nullable ? 'Nullable' : ''}${kind}Filter`)
  const plain = (type: string, kind: string): PlainTypes => {
    return { read: type, write: type, change: undefined, filter: filterOf(kind), declarations: '' }
  }
  switch (column.type) {
    case 'text':
      return column.enum === undefined
        ? plain('string', 'Text')
        : enumTypes(claimName(row, column, types), column, filterOf('Enum'))
    case 'uuid':
      return plain('string', 'Uuid')
    case 'date':
      return plain('string', 'Day')
    case 'decimal':
      return { ...plain('string', 'Decimal'), change: imports.type(client, 'DecimalChange') }
    case 'boolean':
      return plain('boolean', 'Boolean')
    case 'blob':
      return plain('Uint8Array', 'Blob')
    case 'integer':
    case 'real':
      return { ...plain('number', 'Number'), change: imports.type(client, 'NumberChange') }
    case 'bigint':
      return { ...plain('bigint', 'Bigint'), change: imports.type(client, 'BigintChange') }
    case 'timestamp':
      return { ...plain('Date', 'Date'), write: imports.type(client, 'DateInput') }
    case 'vector':
      return { ...uncomparable(column, imports), read: 'Float32Array', write: imports.type(client, 'VectorInput') }
    case 'json':
      return { ...uncomparable(column, imports), ...jsonTypes(claimName(row, column, types), column, types) }
  }
}

function uncomparable(column: ColumnContract, imports: Imports): PlainTypes {
  const filter = column.nullable ? imports.type(client, 'NullFilter') : undefined
  return { read: 'unknown', write: 'unknown', change: undefined, filter, declarations: '' }
}

/** `UserRole`; where a table of user roles has that name, `UserRoleValue`. */
function claimName(row: string, column: ColumnContract, types: TypeNames): string {
  const name = `${row}${pascal(column.name)}`
  return types.claim([name, `${name}Value`], one => (column.type === 'json' ? [one, `${one}Input`] : [one]))
}

function enumTypes(name: string, column: ColumnContract, filter: string): PlainTypes {
  const values = column.enum!.map(quote).join(' | ')
  const declarations = `export type ${name} = ${values}\n\n`
  return { read: name, write: name, change: undefined, filter: `${filter}<${name}>`, declarations }
}

function jsonTypes(
  name: string,
  column: ColumnContract,
  types: TypeNames,
): Pick<ColumnTypes, 'read' | 'write' | 'declarations'> {
  const schema = column.schema ?? {}
  const read = jsonType(name, schema, 'output', `What \`${column.name}\` holds.`, types)
  if (!hasDefaults(schema)) return { read: read.text, write: read.text, declarations: read.declarations }
  const write = jsonType(
    `${name}Input`,
    schema,
    'input',
    `What \`${column.name}\` is written from: what has a default may be left out.`,
    types,
  )
  return { read: read.text, write: write.text, declarations: read.declarations + write.declarations }
}
