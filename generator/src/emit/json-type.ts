/**
 * JSON Schema, as zod prints it, as TypeScript. A property with a default may be left out on the way in (`input`) and is always
 * there on the way out (`output`). Objects become interfaces; recursion goes through their names.
 */
import type { JsonSchema } from '@sochdb/schema'
import type { TypeNames } from '../contract/naming.js'
import { doc, property, quote } from './file.js'

export type Side = 'input' | 'output'

export interface NamedType {
  /** How to refer to it. */
  readonly text: string
  /** Declarations it needs, in order. */
  readonly declarations: string
}

/** Does reading differ from writing: is there a default anywhere? */
export function hasDefaults(schema: unknown, depth = 0): boolean {
  if (typeof schema !== 'object' || schema === null || depth > 100) return false
  if (Array.isArray(schema)) return schema.some(part => hasDefaults(part, depth + 1))
  return Object.entries(schema).some(([key, value]) => {
    if (key === 'properties' || key === '$defs') {
      return Object.values(value as object).some(part => isDefaulted(part) || hasDefaults(part, depth + 1))
    }
    return (
      typeof value === 'object' &&
      key !== 'default' &&
      key !== 'enum' &&
      key !== 'const' &&
      hasDefaults(value, depth + 1)
    )
  })
}

function isDefaulted(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'default' in schema
}

/** The schema as a type: an object gets an interface of that name, all else is spelled where it is used. */
export function jsonType(name: string, schema: JsonSchema, side: Side, comment: string, types: TypeNames): NamedType {
  const printer = new TypePrinter(name, schema, side, types)
  if (isPlainObject(schema) || printer.refersToRoot()) {
    const body = printer.root()
    return { text: name, declarations: doc(comment) + declaration(name, schema, body) + printer.definitions() }
  }
  const text = printer.root()
  return { text, declarations: printer.definitions() }
}

/** An object is an interface, its first brace on a line of its own for prettier to keep it open. */
function declaration(name: string, schema: JsonSchema, body: string): string {
  if (!isPlainObject(schema)) return `export type ${name} = ${body}\n\n`
  return `export interface ${name} ${body.replace(/^\{ /, '{\n')}\n\n`
}

function isPlainObject(schema: JsonSchema): boolean {
  return schema['type'] === 'object' && Object.keys((schema['properties'] as object | undefined) ?? {}).length > 0
}

class TypePrinter {
  readonly #name: string
  readonly #schema: JsonSchema
  readonly #side: Side
  readonly #definitionNames = new Map<string, string>()

  constructor(name: string, schema: JsonSchema, side: Side, types: TypeNames) {
    this.#name = name
    this.#schema = schema
    this.#side = side
    const names = Object.keys((schema['$defs'] as object | undefined) ?? {})
    names.forEach((definition, i) => this.#definitionNames.set(definition, types.claim([`${name}Part${i + 1}`])))
  }

  refersToRoot(): boolean {
    return /"\$ref":"#"/.test(JSON.stringify(this.#schema))
  }

  root(): string {
    const { $defs: _definitions, ...rest } = this.#schema
    return this.#print(rest)
  }

  definitions(): string {
    const definitions = (this.#schema['$defs'] ?? {}) as Record<string, JsonSchema>
    return Object.entries(definitions)
      .map(([key, schema]) => {
        const name = this.#definitionNames.get(key)!
        const body = this.#print(schema)
        const comment = doc(`A part of \`${this.#name}\` that refers to itself or is used twice.`)
        return comment + declaration(name, schema, body)
      })
      .join('')
  }

  #print(schema: JsonSchema): string {
    if (typeof schema !== 'object' || schema === null) return schema === false ? 'never' : 'unknown'
    const { $ref, type } = schema
    if (typeof $ref === 'string') return this.#reference($ref)
    if ('const' in schema) return literal(schema['const'])
    if (Array.isArray(schema['enum'])) return union(schema['enum'].map(literal))
    for (const key of ['anyOf', 'oneOf']) {
      if (Array.isArray(schema[key])) return union((schema[key] as JsonSchema[]).map(part => this.#print(part)))
    }
    if (Array.isArray(schema['allOf'])) {
      return (schema['allOf'] as JsonSchema[]).map(part => parenthesise(this.#print(part))).join(' & ') || 'unknown'
    }
    if (Array.isArray(type)) return union(type.map(one => this.#print({ ...schema, type: one as string })))
    return this.#printType(schema, type)
  }

  #printType(schema: JsonSchema, type: unknown): string {
    switch (type) {
      case 'string':
        return 'string'
      case 'number':
      case 'integer':
        return 'number'
      case 'boolean':
        return 'boolean'
      case 'null':
        return 'null'
      case 'array':
        return this.#printArray(schema)
      case 'object':
        return this.#printObject(schema)
      default:
        return 'not' in schema ? 'never' : 'unknown'
    }
  }

  #reference(ref: string): string {
    if (ref === '#') return this.#name
    const key = /^#\/\$defs\/(.+)$/.exec(ref)?.[1]
    return (key === undefined ? undefined : this.#definitionNames.get(key)) ?? 'unknown'
  }

  #printArray(schema: JsonSchema): string {
    const { prefixItems, items } = schema
    const rest = items === undefined || items === false ? undefined : this.#print(items as JsonSchema)
    if (!Array.isArray(prefixItems)) return `${parenthesise(rest ?? 'unknown')}[]`
    const { minItems = prefixItems.length } = schema as { readonly minItems?: number }
    const parts = (prefixItems as JsonSchema[]).map((item, i) => {
      const text = this.#print(item)
      return i < minItems ? text : `${parenthesise(text)}?`
    })
    if (rest !== undefined) parts.push(`...${parenthesise(rest)}[]`)
    return `[${parts.join(', ')}]`
  }

  #printObject(schema: JsonSchema): string {
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>)
    const required = new Set((schema['required'] ?? []) as string[])
    const { additionalProperties: additional, propertyNames } = schema
    if (properties.length === 0) return this.#printRecord(additional, propertyNames as JsonSchema | undefined, required)
    const members = properties.map(([name, value]) => {
      const present = required.has(name) || (this.#side === 'output' && isDefaulted(value))
      return this.#member(name, this.#print(value), present)
    })
    if (additional !== undefined && additional !== false) members.push('[key: string]: unknown')
    return `{ ${members.join('; ')} }`
  }

  /** Writers may say `undefined` for what they leave out; what is read back was never `undefined`. */
  #member(name: string, type: string, present: boolean): string {
    if (present) return `${property(name)}: ${type}`
    return `${property(name)}?: ${type}${this.#side === 'input' ? ' | undefined' : ''}`
  }

  #printRecord(additional: unknown, names: JsonSchema | undefined, required: ReadonlySet<string>): string {
    if (additional === undefined) return 'Record<string, unknown>'
    if (additional === false) return 'Record<string, never>'
    const value = this.#print(additional as JsonSchema)
    const keys = names?.['enum']
    if (!Array.isArray(keys)) return `{ [key: string]: ${value} }`
    const members = keys.map(key => this.#member(String(key), value, required.has(String(key))))
    return `{ ${members.join('; ')} }`
  }
}

function literal(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  return 'unknown'
}

/** Alternatives, each once, in order. */
export function union(parts: readonly string[]): string {
  const distinct = [...new Set(parts)]
  if (distinct.includes('unknown')) return 'unknown'
  return distinct.filter(part => part !== 'never').join(' | ') || 'never'
}

/** Wraps a type that has an operator outside of all brackets and strings. */
function parenthesise(text: string): string {
  let depth = 0
  for (const { 0: token } of text.matchAll(/'(?:[^'\\]|\\.)*'|[{}[\]()]| [|&] /g)) {
    if (token === ' | ' || token === ' & ') {
      if (depth === 0) return `(${text})`
    } else if ('{[('.includes(token)) depth++
    else if ('}])'.includes(token)) depth--
  }
  return text
}
