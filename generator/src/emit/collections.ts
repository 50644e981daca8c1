/** `collections.ts`: the metadata of every collection, and the filters a search takes. */
import type { CollectionContract, Contract, JsonSchema } from '@sochdb/schema'
import { pascal, type TypeNames } from '../contract/naming.js'
import type { ModelContext } from './model.js'
import { Imports, interfaceText, property, quote, type EmittedFile } from './file.js'
import { partHash } from './header.js'
import { hasDefaults, jsonType, type Side } from './json-type.js'

const client = 'sochdb/client'

export interface CollectionNames {
  readonly key: string
  readonly metadata: string
  readonly input: string
  readonly filter: string
}

export function collectionNames(contract: Contract, types: TypeNames): readonly CollectionNames[] {
  return Object.entries(contract.collections).map(([key, { metadata, tenant }]) => {
    const name = types.claim([pascal(key)], plain => [`${plain}Metadata`, `${plain}MetadataInput`, `${plain}Filter`])
    const read = `${name}Metadata`
    const differs = hasDefaults(metadata) || tenant !== undefined
    return { key, metadata: read, input: differs ? `${read}Input` : read, filter: `${name}Filter` }
  })
}

export function emitCollections({ contract, collections, types }: ModelContext): EmittedFile | undefined {
  if (collections.length === 0) return undefined
  const imports = new Imports()
  const body = collections
    .map(names => emitCollection(names, contract.collections[names.key]!, imports, types))
    .join('')
  const made = `collections ${partHash(contract.collections)}`
  return {
    path: 'collections.ts',
    made,
    text: imports.above(body),
    language: 'typescript',
    formatted: false,
  }
}

function emitCollection(
  names: CollectionNames,
  collection: CollectionContract,
  imports: Imports,
  types: TypeNames,
): string {
  const { metadata: schema, name } = collection
  const read = named(names.metadata, schema, 'output', `Metadata of \`${name}\`.`, types)
  const write =
    names.input === names.metadata
      ? ''
      : named(
          names.input,
          withoutTenant(schema, collection.tenant),
          'input',
          `Metadata of \`${name}\` as it is written: what has a default may be left out.`,
          types,
        )
  const comment = `Filters of \`${name}\`; all of them must hold. Indexed: ${collection.indexed.join(', ') || 'nothing'}.`
  return read + write + filterText(names.filter, schema, imports, comment)
}

/** The same schema, in which the client of a tenant fills its field. */
export function withoutTenant(schema: JsonSchema, tenant: string | undefined): JsonSchema {
  if (tenant === undefined) return schema
  const { required = [] } = schema as { readonly required?: readonly string[] }
  return { ...schema, required: required.filter(field => field !== tenant) }
}

/** What filters an object of this schema takes. */
export function filterText(name: string, schema: JsonSchema, imports: Imports, comment: string): string {
  const fields = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>)
  const members = fields.flatMap(([field, value]) => filterMember(field, value, imports))
  const logic = [`AND?: ${name} | readonly ${name}[]`, `OR?: readonly ${name}[]`, `NOT?: ${name}`]
  return interfaceText(name, [...logic, ...members], comment)
}

/** Always a type of that name, also where the schema has no properties. */
export function named(name: string, schema: JsonSchema, side: Side, comment: string, types: TypeNames): string {
  const { text, declarations } = jsonType(name, schema, side, comment, types)
  return text === name ? declarations : `export type ${name} = ${text}\n\n${declarations}`
}

function filterMember(field: string, schema: JsonSchema, imports: Imports): string[] {
  const element = schema['type'] === 'array' ? ((schema['items'] ?? {}) as JsonSchema) : schema
  const type = scalarType(element)
  if (type === undefined) return []
  const filter = imports.type(client, `Metadata${type.filter}Filter`)
  const argument = type.filter === 'Enum' ? `<${type.text}>` : ''
  return [`${property(field)}?: ${type.text} | ${filter}${argument}`]
}

/** The one scalar type a field has, `null` beside it or not. */
function scalarType(schema: JsonSchema): { readonly text: string; readonly filter: string } | undefined {
  const values = Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : undefined
  if (values?.every(value => typeof value === 'string')) return { text: values.map(quote).join(' | '), filter: 'Enum' }
  const { type } = schema
  const types = new Set(typeof type === 'string' ? [type] : Array.isArray(type) ? (type as string[]) : [])
  types.delete('null')
  const [only] = types
  if (types.size !== 1) return undefined
  if (only === 'string') return { text: 'string', filter: 'Text' }
  if (only === 'number' || only === 'integer') return { text: 'number', filter: 'Number' }
  return only === 'boolean' ? { text: 'boolean', filter: 'Boolean' } : undefined
}
