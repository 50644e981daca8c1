import type { JsonSchema } from '../contract/contract.js'
import { toJsonSchema, topTypes } from '../core/json-schema.js'
import type { PathSegment, Report } from './diagnostic.js'

/** Is this a zod schema that data can stand for? Returns it as JSON Schema; otherwise says why not. */
export function checkZod(
  report: Report,
  at: readonly PathSegment[],
  what: string,
  schema: unknown,
): JsonSchema | undefined {
  const result = toJsonSchema(schema)
  if (!result.ok) {
    const hint = 'A schema here describes JSON: strings, numbers, booleans, null, arrays, objects.'
    report.error(
      at,
      'zod_unrepresentable',
      `${what} cannot be written as JSON Schema: ${result.reason.replace(/\.$/, '')}.`,
      hint,
    )
    return undefined
  }
  if (result.dropped.length > 0) {
    const parts = result.dropped.join(' and ')
    report.warning(
      at,
      'zod_code_dropped',
      `${what} has ${parts}, which are code: the generated client does not run them.`,
    )
  }
  return result.schema
}

/** As `checkZod`, for a schema whose values are all of one JSON type. */
export function checkZodOfType(
  report: Report,
  at: readonly PathSegment[],
  what: string,
  schema: unknown,
  type: string | readonly string[],
): JsonSchema | undefined {
  const json = checkZod(report, at, what, schema)
  if (json === undefined) return undefined
  const accepted = typeof type === 'string' ? [type] : type
  const types = [...topTypes(json)]
  if (types.length > 0 && types.every(one => accepted.includes(one))) return json
  const got = types.length === 0 ? 'anything' : types.join(' or ')
  report.error(at, 'zod_type', `${what} must describe ${article(accepted[0]!)}; this one describes ${got}.`)
  return undefined
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}
