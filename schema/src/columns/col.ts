import type { z } from 'zod'
import type { ColumnTypeName } from '../contract/contract.js'
import { Column, type ColumnNode } from './column.js'

function column<Value, Keyword extends string = never>(
  type: ColumnTypeName,
  detail: Partial<ColumnNode> = {},
): Column<Value, Keyword> {
  return new Column<Value, Keyword>({
    type,
    items: undefined,
    map: undefined,
    nullable: false,
    primaryKey: false,
    unique: false,
    default: undefined,
    enum: undefined,
    schema: undefined,
    dimension: undefined,
    precision: undefined,
    scale: undefined,
    updatedAt: false,
    generated: undefined,
    codec: undefined,
    references: undefined,
    renamedFrom: undefined,
    ...detail,
  })
}

/**
 * Columns by type. Where a zod schema is taken, the client checks values against it on write; the engine checks the type alone.
 *
 * | column | in TypeScript |
 * |---|---|
 * | `text`, `uuid`, `decimal` | `string` |
 * | `integer`, `real` | `number` |
 * | `bigint` | `bigint` |
 * | `boolean` | `boolean` |
 * | `timestamp` | `Date`, whole milliseconds |
 * | `date` | `string`, such as `2026-03-01` |
 * | `json` | what its schema says |
 * | `blob` | `Uint8Array` |
 * | `enum` | a union of its values |
 * | `vector` | `Float32Array` |
 */
export const col = Object.freeze({
  text: (schema?: z.ZodType<string>): Column<string, 'cuid2' | 'ulid'> => column('text', { schema }),
  /** A whole number that JavaScript holds exactly: within ±(2^53 - 1). */
  integer: (schema?: z.ZodType<number>): Column<number, 'autoincrement'> => column('integer', { schema }),
  /** A whole number of 64 bits. */
  bigint: (): Column<bigint, 'autoincrement'> => column('bigint'),
  /** An IEEE double; NaN is refused. */
  real: (schema?: z.ZodType<number>): Column<number> => column('real', { schema }),
  boolean: (): Column<boolean> => column('boolean'),
  /** A point in time, in whole milliseconds. */
  timestamp: (): Column<Date, 'now'> => column('timestamp'),
  /** A day without a time and a zone. */
  date: (): Column<string, 'now'> => column('date'),
  json: <Schema extends z.ZodType>(schema: Schema): Column<z.input<Schema>> => column('json', { schema }),
  uuid: (): Column<string, 'uuid7'> => column('uuid'),
  blob: (): Column<Uint8Array> => column('blob'),
  /**
   * An exact decimal number, as text. With `precision` the client refuses numbers of more digits, and of more than `scale` behind the
   * point; nothing is rounded.
   */
  decimal: (precision?: number, scale?: number): Column<string> =>
    column('decimal', { precision, scale: precision === undefined ? scale : (scale ?? 0) }),
  /** Text out of a closed set. */
  enum: <const Values extends readonly [string, ...string[]]>(...values: Values): Column<Values[number]> =>
    column('text', { enum: Object.freeze([...values]) }),
  /** That many 32-bit floats. */
  vector: (dimension: number): Column<Float32Array | readonly number[]> => column('vector', { dimension }),
})
