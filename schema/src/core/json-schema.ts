/**
 * Zod schemas as JSON Schema. Always of the *input* side: what a client checks on write. A property with a `default` is then
 * optional, and names its default, from which the output side (always present) can be told.
 */
import { z } from 'zod'
import type { JsonSchema } from '../contract/contract.js'
import { sortKeys } from './json.js'

export type JsonSchemaResult =
  | {
      readonly ok: true
      readonly schema: JsonSchema
      /** What the zod schema does beyond it, in words: refinements and the like, that are code and no data. */
      readonly dropped: readonly string[]
    }
  | { readonly ok: false; readonly reason: string }

const cache = new WeakMap<object, JsonSchemaResult>()

/** Fails, with the reason in words, for what JSON Schema cannot say: dates, bigints, transforms, functions, other versions of zod. */
export function toJsonSchema(schema: unknown): JsonSchemaResult {
  if (typeof schema !== 'object' || schema === null) return { ok: false, reason: 'this is not a zod schema' }
  const known = cache.get(schema)
  if (known !== undefined) return known
  const result = convert(schema)
  cache.set(schema, result)
  return result
}

function convert(schema: object): JsonSchemaResult {
  if (!('_zod' in schema)) {
    const reason = '_def' in schema ? 'this schema was made by zod 3; import zod 4' : 'this is not a zod schema'
    return { ok: false, reason }
  }
  const dropped = new Set<string>()
  try {
    const printed = z.toJSONSchema(schema as z.ZodType, {
      io: 'input',
      unrepresentable: 'throw',
      override: ({ zodSchema }) => noteCode(zodSchema._zod.def, dropped),
    })
    const { $schema: _dialect, ...rest } = printed as Record<string, unknown>
    const data = sortKeys(JSON.parse(JSON.stringify(rest))) as JsonSchema
    return { ok: true, schema: data, dropped: [...dropped].sort() }
  } catch (error) {
    return { ok: false, reason: lowerFirst(error instanceof Error ? error.message : String(error)) }
  }
}

/** Refinements and overwrites are functions: JSON Schema leaves them out, so the author is told. Transforms would change the type. */
function noteCode(def: z.core.$ZodTypeDef, dropped: Set<string>): void {
  for (const check of def.checks ?? []) {
    const kind = check._zod.def.check
    if (kind === 'custom') dropped.add('refinements')
    if (kind === 'overwrite') dropped.add('overwrites such as trim()')
  }
  if (def.type === 'pipe') {
    const { in: before, out: after } = def as z.core.$ZodPipeDef
    const kinds: string[] = [before._zod.def.type, after._zod.def.type]
    if (kinds.includes('transform')) throw new Error('Transforms cannot be stored as data')
  }
  if (def.type === 'transform') throw new Error('Transforms cannot be stored as data')
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** The types a JSON Schema admits at its top, where it says so; empty when it does not. */
export function topTypes(schema: JsonSchema): ReadonlySet<string> {
  const types = new Set<string>()
  collectTypes(schema, schema, types, 0)
  return types
}

function collectTypes(schema: JsonSchema, root: JsonSchema, types: Set<string>, depth: number): void {
  if (depth > 8) return
  const { type, $ref } = schema
  if (typeof type === 'string') types.add(type)
  if (Array.isArray(type)) for (const one of type) types.add(String(one))
  if (typeof $ref === 'string') {
    const target = resolveRef($ref, root)
    if (target !== undefined) collectTypes(target, root, types, depth + 1)
  }
  if ('const' in schema && type === undefined) types.add(jsonTypeOf(schema['const']))
  if (Array.isArray(schema['enum']) && type === undefined) for (const one of schema['enum']) types.add(jsonTypeOf(one))
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const parts = schema[key]
    if (Array.isArray(parts)) for (const part of parts) collectTypes(part as JsonSchema, root, types, depth + 1)
  }
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** `#` and `#/$defs/name`: the only references zod prints. */
export function resolveRef(ref: string, root: JsonSchema): JsonSchema | undefined {
  if (ref === '#') return root
  const name = /^#\/\$defs\/(.+)$/.exec(ref)?.[1]
  const definitions = root['$defs'] as Record<string, JsonSchema> | undefined
  return name === undefined ? undefined : definitions?.[name]
}

/** The fields of an object schema, following references; `undefined` when it is not one. */
export function fieldsOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> | undefined {
  let current: JsonSchema | undefined = schema
  for (let depth = 0; depth < 8 && current !== undefined; depth++) {
    if (current['type'] === 'object') return (current['properties'] ?? {}) as Record<string, JsonSchema>
    current = typeof current['$ref'] === 'string' ? resolveRef(current['$ref'], schema) : undefined
  }
  return undefined
}
