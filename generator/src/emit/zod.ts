/**
 * `zod/users.ts`: validators for a table's rows, for what inserts take, and for what updates take. Nothing generated imports them:
 * an application that checks a request before it comes near the store does.
 */
import type { ColumnContract, JsonSchema } from '@sochdb/schema'
import type { ModelContext } from './model.js'
import { property, quote, type EmittedFile } from './file.js'
import { partHash } from './header.js'

/** The validator of a column on its way out, and on its way in. */
interface Validators {
  readonly read: string
  readonly write: string
  /** What updates take beside a value. */
  readonly change: string | undefined
}

export function emitValidators({ contract, names, importExtension }: ModelContext, key: string): EmittedFile {
  const table = contract.tables[key]!
  const { row } = names.get(key)!
  const columns = table.columns.map(column => ({ column, ...validators(column) }))
  const settable = columns.filter(({ column }) => column.generated === undefined)
  const inKey = (name: string): boolean => table.primaryKey.includes(name)
  const text = [
    `import { z } from 'zod'\n`,
    settable.some(({ column }) => isFree(column))
      ? `import type { New${row}, ${row} } from '../models/${key}${importExtension}'\n\n`
      : '\n',
    object(
      `${row.charAt(0).toLowerCase()}${row.slice(1)}Row`,
      `A row of \`${table.name}\`, as reads return it.`,
      columns.map(({ column, read }) => [column.name, orNull(typed(read, row, column), column)]),
    ),
    object(
      `new${row}`,
      `What an insert into \`${table.name}\` takes.`,
      settable.map(({ column, write }) => {
        const isOptional = column.nullable || column.default !== undefined
        return [column.name, `${orNull(typed(write, `New${row}`, column), column)}${isOptional ? '.optional()' : ''}`]
      }),
    ),
    object(
      `${row.charAt(0).toLowerCase()}${row.slice(1)}Patch`,
      `What an update of \`${table.name}\` takes.`,
      settable
        .filter(({ column }) => !inKey(column.name))
        .map(({ column, write, change }) => {
          const value = orNull(typed(write, `New${row}`, column), column)
          return [column.name, `${change === undefined ? value : `z.union([${value}, ${change}])`}.optional()`]
        }),
    ),
  ].join('')
  const path = `zod/${key}.ts`
  return {
    path,
    made: `tables.${key} ${partHash(table)}`,
    text: text.trimEnd() + '\n',
    language: 'typescript',
    formatted: true,
  }
}

function object(name: string, comment: string, members: readonly (readonly [string, string])[]): string {
  const lines = members.map(([member, text]) => `  ${property(member)}: ${text},\n`).join('')
  const shape = lines === '' ? '{}' : `{\n${lines}}`
  return `/** ${comment} */\nexport const ${name} = z.strictObject(${shape})\n\n`
}

function orNull(text: string, column: ColumnContract): string {
  return column.nullable ? `${text}.nullable()` : text
}

/** Zod cannot tell TypeScript what the schema of a contract describes, or a codec makes of it: the model says it. */
const isFree = (column: ColumnContract): boolean => column.type === 'json' || column.codec !== undefined

function typed(text: string, model: string, column: ColumnContract): string {
  if (!isFree(column)) return text
  const type = `${model}[${quote(column.name)}]`
  const isOptional = column.nullable || (model.startsWith('New') && column.default !== undefined)
  return `(${text} as z.ZodType<${isOptional ? `NonNullable<${type}>` : type}>)`
}

function validators(column: ColumnContract): Validators {
  const same = (text: string): Validators => ({ read: text, write: text, change: undefined })
  const number = (text: string): Validators => ({ ...same(text), change: `z.strictObject({ increment: ${text} })` })
  // What a codec takes is for the codec to check.
  if (column.codec !== undefined) return same('z.unknown().refine(value => value !== undefined && value !== null)')
  // JSON is read back with the defaults of its schema filled in, which it satisfies as well.
  if (column.type === 'json') return same(jsonValidator(column.schema ?? {}))
  switch (column.type) {
    case 'text':
      if (column.enum !== undefined) return same(`z.enum([${column.enum.map(quote).join(', ')}])`)
      return same(column.schema === undefined ? 'z.string()' : `z.string().and(${jsonValidator(column.schema)})`)
    case 'integer':
      return number(column.schema === undefined ? 'z.int()' : `z.int().and(${jsonValidator(column.schema)})`)
    case 'real':
      return number(column.schema === undefined ? 'z.number()' : `z.number().and(${jsonValidator(column.schema)})`)
    case 'bigint':
      return number('z.int64()')
    case 'decimal':
      return same(`z.string().regex(${decimalPattern(column)})`)
    case 'boolean':
      return same('z.boolean()')
    case 'uuid':
      return same('z.guid()')
    case 'date':
      return same('z.iso.date()')
    case 'timestamp':
      return { ...same('z.date()'), write: 'z.union([z.date(), z.iso.datetime({ offset: true })])' }
    case 'blob':
      return same('z.instanceof(Uint8Array)')
    case 'vector': {
      const { dimension = 0 } = column
      const list = `z.instanceof(Float32Array).refine(vector => vector.length === ${dimension}, '${dimension} numbers')`
      return { ...same(list), write: `z.union([${list}, z.array(z.number()).length(${dimension})])` }
    }
  }
}

/** Zod reads the schema of the contract itself. */
function jsonValidator(schema: JsonSchema): string {
  return `z.fromJSONSchema(${JSON.stringify(schema)})`
}

function decimalPattern({ precision, scale = 0 }: ColumnContract): string {
  if (precision === undefined) return String.raw`/^[+-]?\d+(\.\d+)?$/`
  const whole = precision - scale
  const fraction = scale === 0 ? String.raw`(\.0*)?` : String.raw`(\.\d{0,${scale}}0*)?`
  return `/^[+-]?0*\\d{${whole === 0 ? 0 : 1},${whole}}${fraction}$/`
}
