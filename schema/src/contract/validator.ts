/**
 * Checks values against the JSON Schema that a contract carries. An entry point of its own: zod is loaded where values are
 * checked, not where contracts are only read.
 */
import { z } from 'zod'
import type { JsonSchema } from './contract.js'

/** The value with the schema's defaults filled in, at every depth, or what is wrong with it. */
export type Completion =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string }

export type Completer = (value: unknown) => Completion

/** Checks values that are about to be stored: what generated types promise on the way out is put in on the way in. */
export function completerFor(schema: JsonSchema): Completer {
  const type = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
  return value => {
    const result = type.safeParse(value)
    return result.success ? { ok: true, value: result.data } : { ok: false, problem: describe(result.error) }
  }
}

function describe(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(issue => (issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`))
    .join('; ')
}
