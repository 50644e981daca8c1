/** JSON Schemas of a contract as the zod code that they came from, or could have. */
import { z } from 'zod'
import type { JsonSchema } from '../contract/contract.js'
import { canonicalJson } from '../core/json.js'
import { toJsonSchema } from '../core/json-schema.js'

export interface ZodText {
  readonly text: string
  /** Whether the code stands for this JSON Schema to the letter. */
  readonly exact: boolean
}

/** Code, and what it evaluates to: that is asked whether the code says what it should. */
interface Part {
  readonly text: string
  readonly type: z.ZodType
}

export function zodText(schema: JsonSchema): ZodText {
  const wanted = canonicalJson(schema)
  for (const make of [build, imported]) {
    const part = attempt(make, schema)
    if (part !== undefined && stands(part, wanted)) return { text: part.text, exact: true }
  }
  const close = attempt(imported, schema)
  // Some of what zod reads it cannot write again, and no schema takes it.
  return { text: close !== undefined && toJsonSchema(close.type).ok ? close.text : 'z.unknown()', exact: false }
}

function stands({ type }: Part, wanted: string): boolean {
  const result = toJsonSchema(type)
  return result.ok && canonicalJson(result.schema) === wanted
}

function attempt(make: (schema: JsonSchema) => Part | undefined, schema: JsonSchema): Part | undefined {
  try {
    return make(schema)
  } catch {
    // Zod refuses what it cannot read.
    return undefined
  }
}

function imported(schema: JsonSchema): Part {
  const type = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
  return { text: `z.fromJSONSchema(${JSON.stringify(schema)})`, type }
}

/** `undefined` where nothing here says it; parts that say too little are found by `stands`. */
function build(schema: JsonSchema): Part | undefined {
  const { default: given, description, ...rest } = schema
  const part = choice(rest)
  if (part === undefined) return undefined
  let { text, type } = part
  if (description !== undefined) {
    text += `.describe(${JSON.stringify(description)})`
    type = type.describe(description as string)
  }
  if (given === undefined) return { text, type }
  return { text: `${text}.default(${JSON.stringify(given)})`, type: type.default(given as never) }
}

function choice(schema: JsonSchema): Part | undefined {
  if (Object.keys(schema).length === 0) return { text: 'z.unknown()', type: z.unknown() }
  const { type, anyOf, oneOf, allOf } = schema
  if (Array.isArray(anyOf)) return union(anyOf as JsonSchema[])
  if (Array.isArray(oneOf)) return tagged(oneOf as JsonSchema[])
  if (Array.isArray(allOf) && allOf.length === 2) {
    const [a, b] = allOf.map(one => build(one as JsonSchema))
    return a && b && { text: `z.intersection(${a.text}, ${b.text})`, type: z.intersection(a.type, b.type) }
  }
  if (Array.isArray(type)) return union(type.map(one => ({ ...schema, type: one as unknown })))
  if ('const' in schema) return literal([schema['const']])
  if (Array.isArray(schema['enum'])) return closed(schema['enum'])
  switch (type) {
    case 'string':
      return text(schema)
    case 'integer':
      return number(schema, { text: 'z.int()', type: z.int() })
    case 'number':
      return number(schema, { text: 'z.number()', type: z.number() })
    case 'boolean':
      return { text: 'z.boolean()', type: z.boolean() }
    case 'null':
      return { text: 'z.null()', type: z.null() }
    case 'array':
      return array(schema)
    case 'object':
      return object(schema)
    default:
      return undefined
  }
}

function union(schemas: readonly JsonSchema[]): Part | undefined {
  const isNull = (schema: JsonSchema) => schema['type'] === 'null'
  const [first] = schemas
  if (schemas.length === 2 && isNull(schemas[1]!) && !isNull(first!)) {
    const part = build(first!)
    return part && { text: `${part.text}.nullable()`, type: part.type.nullable() }
  }
  const parts = all(schemas.map(build))
  return parts && { text: `z.union([${texts(parts)}])`, type: z.union(types(parts)) }
}

function tagged(schemas: readonly JsonSchema[]): Part | undefined {
  const parts = all(schemas.map(build))
  const fields = schemas.map(schema => (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>)
  const tag = Object.keys(fields[0] ?? {}).find(name => fields.every(own => own[name] && 'const' in own[name]))
  if (parts === undefined || tag === undefined) return undefined
  const options = types(parts) as unknown as Parameters<typeof z.discriminatedUnion>[1]
  return {
    text: `z.discriminatedUnion(${JSON.stringify(tag)}, [${texts(parts)}])`,
    type: z.discriminatedUnion(tag, options),
  }
}

type Literal = string | number | boolean | null

function literal(values: readonly unknown[]): Part | undefined {
  if (values.some(value => typeof value === 'object' && value !== null)) return undefined
  const text = values.length === 1 ? JSON.stringify(values[0]) : JSON.stringify(values)
  return { text: `z.literal(${text})`, type: z.literal(values as readonly Literal[]) }
}

function closed(values: readonly unknown[]): Part | undefined {
  if (!values.every(value => typeof value === 'string')) return literal(values)
  return { text: `z.enum(${JSON.stringify(values)})`, type: z.enum(values as [string]) }
}

/** Of a format, with the pattern that comes with it. */
const formats: Readonly<Record<string, readonly Part[]>> = {
  email: [{ text: 'z.email()', type: z.email() }],
  uuid: [
    { text: 'z.uuid()', type: z.uuid() },
    { text: 'z.guid()', type: z.guid() },
  ],
  uri: [{ text: 'z.url()', type: z.url() }],
  date: [{ text: 'z.iso.date()', type: z.iso.date() }],
  time: [{ text: 'z.iso.time()', type: z.iso.time() }],
  'date-time': [
    { text: 'z.iso.datetime()', type: z.iso.datetime() },
    { text: 'z.iso.datetime({ offset: true })', type: z.iso.datetime({ offset: true }) },
  ],
  duration: [{ text: 'z.iso.duration()', type: z.iso.duration() }],
  ipv4: [{ text: 'z.ipv4()', type: z.ipv4() }],
  ipv6: [{ text: 'z.ipv6()', type: z.ipv6() }],
}

function text(schema: JsonSchema): Part | undefined {
  const { format, pattern, minLength, maxLength } = schema
  if (format !== undefined) {
    const { minLength: _, maxLength: __, ...plain } = schema
    const part = formats[format as string]?.find(one => stands(one, canonicalJson(plain)))
    return part && limited(part, minLength, maxLength)
  }
  const plain = pattern === undefined ? z.string() : z.string().regex(new RegExp(pattern as string))
  const regex = pattern === undefined ? '' : `.regex(new RegExp(${JSON.stringify(pattern)}))`
  return limited({ text: `z.string()${regex}`, type: plain }, minLength, maxLength)
}

/** What texts and arrays have both. */
function limited(part: Part, min: unknown, max: unknown): Part {
  let { text } = part
  let type = part.type as z.ZodString
  if (typeof min === 'number') [text, type] = [`${text}.min(${String(min)})`, type.min(min)]
  if (typeof max === 'number') [text, type] = [`${text}.max(${String(max)})`, type.max(max)]
  return { text, type }
}

const bounds = [
  ['minimum', 'min'],
  ['exclusiveMinimum', 'gt'],
  ['maximum', 'max'],
  ['exclusiveMaximum', 'lt'],
  ['multipleOf', 'multipleOf'],
] as const

function number(schema: JsonSchema, plain: Part): Part {
  let { text } = plain
  let type = plain.type as z.ZodNumber
  for (const [member, method] of bounds) {
    const value = schema[member]
    if (typeof value !== 'number' || (schema['type'] === 'integer' && Math.abs(value) === Number.MAX_SAFE_INTEGER))
      continue
    text += `.${method}(${String(value)})`
    type = type[method](value)
  }
  return { text, type }
}

function array({ prefixItems, items, minItems, maxItems }: JsonSchema): Part | undefined {
  if (Array.isArray(prefixItems)) {
    const parts = all(prefixItems.map(item => build(item as JsonSchema)))
    return parts && { text: `z.tuple([${texts(parts)}])`, type: z.tuple(types(parts) as unknown as [z.ZodType]) }
  }
  const part = build((items ?? {}) as JsonSchema)
  return part && limited({ text: `z.array(${part.text})`, type: z.array(part.type) }, minItems, maxItems)
}

function object(schema: JsonSchema): Part | undefined {
  const { propertyNames, additionalProperties: rest, properties, required = [] } = schema
  if (propertyNames !== undefined && properties === undefined) {
    const [key, value] = [build(propertyNames as JsonSchema), build((rest ?? {}) as JsonSchema)]
    return (
      key &&
      value && {
        text: `z.record(${key.text}, ${value.text})`,
        type: z.record(key.type as unknown as z.ZodString, value.type),
      }
    )
  }
  const fields = (properties ?? {}) as Readonly<Record<string, JsonSchema>>
  const needed = required as readonly string[]
  // Those that are required stand in an order, and the others in none.
  const names = [...needed, ...Object.keys(fields).filter(name => !needed.includes(name))]
  const shape: Record<string, z.ZodType> = {}
  const lines: string[] = []
  for (const name of names) {
    const part = fields[name] && build(fields[name])
    if (part === undefined) return undefined
    const isOptional = !needed.includes(name) && !('default' in fields[name]!)
    shape[name] = isOptional ? part.type.optional() : part.type
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
    lines.push(`${key}: ${part.text}${isOptional ? '.optional()' : ''}`)
  }
  const inner = lines.length === 0 ? '{}' : `{ ${lines.join(', ')} }`
  if (rest === undefined) return { text: `z.object(${inner})`, type: z.object(shape) }
  if (rest === false) return { text: `z.strictObject(${inner})`, type: z.strictObject(shape) }
  if (Object.keys(rest as object).length === 0) return { text: `z.looseObject(${inner})`, type: z.looseObject(shape) }
  const part = build(rest as JsonSchema)
  return part && { text: `z.object(${inner}).catchall(${part.text})`, type: z.object(shape).catchall(part.type) }
}

const all = (parts: readonly (Part | undefined)[]): readonly Part[] | undefined =>
  parts.every(part => part !== undefined) ? parts : undefined

const texts = (parts: readonly Part[]): string => parts.map(part => part.text).join(', ')
const types = (parts: readonly Part[]): z.ZodType[] => parts.map(part => part.type)
