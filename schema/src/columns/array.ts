/** Arrays as columns: JSON whose schema says what the elements are. */
import { z } from 'zod'
import type { ColumnTypeName } from '../contract/contract.js'
import type { ColumnNode } from './column.js'

/** Elements that JSON holds as they are. Of other types there are no arrays: a bigint, a Date or bytes would come back as something else. */
const elements: Readonly<Partial<Record<ColumnTypeName, () => z.ZodType>>> = {
  text: () => z.string(),
  integer: () => z.int(),
  real: () => z.number(),
  boolean: () => z.boolean(),
  uuid: () => z.guid(),
  decimal: () => z.string().regex(/^[+-]?\d{1,1000}(\.\d{1,1000})?$/),
  date: () => z.iso.date(),
}

export const arrayElementTypes: readonly string[] = Object.keys(elements)

/** `undefined`: there are no arrays of it, which `validateSchema` says. */
export function arraySchema(item: ColumnNode): z.ZodType | undefined {
  // Values of an enum that are no strings are reported with the column.
  const values = item.enum?.filter(value => typeof value === 'string')
  const element = values === undefined ? (item.schema ?? elements[item.type]?.()) : z.enum(values)
  return element === undefined ? undefined : z.array(element)
}
