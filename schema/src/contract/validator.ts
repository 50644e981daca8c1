/**
 * Checks values against the JSON Schema that a contract carries. An entry point of its own: zod is loaded where values are
 * checked, not where contracts are only read.
 */
import { z } from 'zod'
import type { JsonSchema } from './contract.js'

/** What is wrong with a value, in words; `undefined`: nothing. */
export type Validator = (value: unknown) => string | undefined

export function validatorFor(schema: JsonSchema): Validator {
  const type = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
  return value => {
    const result = type.safeParse(value)
    if (result.success) return undefined
    return result.error.issues
      .slice(0, 3)
      .map(issue => (issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`))
      .join('; ')
  }
}
