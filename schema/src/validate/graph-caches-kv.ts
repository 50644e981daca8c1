import { describe } from '../core/brand.js'
import { fieldsOf, toJsonSchema } from '../core/json-schema.js'
import type { SchemaNode } from '../define/define-schema.js'
import { checkChoice, checkKnownOptions, checkRange, checkTenantField } from './collections.js'
import { suggest, type Report } from './diagnostic.js'
import { checkDimension } from './columns.js'
import { checkZod, checkZodOfType } from './zod-schemas.js'

export function checkGraph(report: Report, schema: SchemaNode): void {
  const names = Object.values(schema.nodes).map(node => node.name)
  for (const [key, node] of Object.entries(schema.nodes)) {
    checkZodOfType(report, ['graph', 'nodes', key], `The properties of node "${node.name}"`, node.properties, 'object')
    checkIndexed(report, ['graph', 'nodes', key], `Node "${node.name}"`, node.properties, node.indexed)
  }
  for (const [key, edge] of Object.entries(schema.edges)) {
    const at = ['graph', 'edges', key]
    for (const end of [edge.from, edge.to]) {
      if (names.includes(end)) continue
      report.error(
        at,
        'edge_unknown_node',
        `Edge "${edge.name}" joins "${end}", which is no node.`,
        suggest(end, names),
      )
    }
    checkIndexed(report, at, `Edge "${edge.name}"`, edge.properties, edge.indexed)
    checkChoice(report, at, 'rule', edge.rule, ['any', 'oncePerEdge', 'oncePerNode'])
    if (edge.rule !== undefined && !edge.temporal) {
      const message = `Edge "${edge.name}" has a rule for intervals, and no intervals.`
      report.error(at, 'edge_rule_not_temporal', message, 'Declare it with temporal: true, or leave the rule out.')
    }
    if (edge.properties === undefined) continue
    checkZodOfType(report, at, `The properties of edge "${edge.name}"`, edge.properties, 'object')
  }
}

/** Indexed properties are properties. */
function checkIndexed(
  report: Report,
  at: readonly string[],
  what: string,
  properties: unknown,
  indexed: readonly string[],
): void {
  const json = toJsonSchema(properties)
  const fields = json.ok ? Object.keys(fieldsOf(json.schema) ?? {}) : []
  if (properties !== undefined && !json.ok) return
  for (const name of indexed.filter(field => !fields.includes(field))) {
    const message = `${what} indexes "${name}", which is none of its properties.`
    report.error(at, 'indexed_unknown_field', message, suggest(name, fields))
  }
}

const ttlSecondsMax = 100 * 366 * 86_400
const cacheOptions = [
  'dimension',
  'threshold',
  'ttlSeconds',
  'maxEntries',
  'maxBytes',
  'evict',
  'scope',
  'tenant',
  'value',
]

export function checkCaches(report: Report, schema: SchemaNode): void {
  for (const [key, { name, options }] of Object.entries(schema.caches)) {
    const at = ['caches', key]
    checkKnownOptions(report, at, options, cacheOptions)
    checkDimension(report, [...at, 'dimension'], `Cache "${name}"`, options.dimension)
    const { threshold = 0.85 } = options
    if (typeof threshold !== 'number' || !(threshold > 0 && threshold <= 1)) {
      const message = `threshold is a number over 0 and up to 1; got ${describe(threshold)}.`
      report.error([...at, 'threshold'], 'option_invalid', message)
    }
    checkRange(report, [...at, 'ttlSeconds'], 'ttlSeconds', options.ttlSeconds, 0, ttlSecondsMax)
    checkRange(report, [...at, 'maxEntries'], 'maxEntries', options.maxEntries, 1, Number.MAX_SAFE_INTEGER)
    checkRange(report, [...at, 'maxBytes'], 'maxBytes', options.maxBytes, 1, Number.MAX_SAFE_INTEGER)
    checkChoice(report, [...at, 'evict'], 'evict', options.evict, ['lru', 'lfu', 'cost'])
    if (options.scope !== undefined) {
      checkZodOfType(report, [...at, 'scope'], `The scope of cache "${name}"`, options.scope, 'object')
      checkScopeMembers(report, [...at, 'scope'], options.scope)
    }
    const scope = toJsonSchema(options.scope)
    const members = scope.ok ? (fieldsOf(scope.schema) ?? {}) : {}
    checkTenantField(report, [...at, 'tenant'], `scope of cache "${name}"`, options.tenant, members)
    checkZod(report, [...at, 'value'], `The value of cache "${name}"`, options.value)
  }
}

/** They stand beside the members of a scope in every call (packages/sochdb/src/client/cache-types.ts). */
const askMembers = [
  ...['prompt', 'embedding', 'threshold', 'ttlSeconds', 'staleSeconds', 'metadata'],
  ...['tags', 'tokens', 'cost', 'signal', 'value'],
]

function checkScopeMembers(report: Report, at: readonly string[], scope: unknown): void {
  const shape = (scope as { readonly shape?: Readonly<Record<string, unknown>> } | undefined)?.shape ?? {}
  for (const member of askMembers.filter(name => Object.hasOwn(shape, name))) {
    report.error(at, 'scope_member_taken', `A scope has no member "${member}": calls have another of that name.`)
  }
}

export function checkKv(report: Report, schema: SchemaNode): void {
  for (const [key, { name, options }] of Object.entries(schema.kv)) {
    const at = ['kv', key]
    checkKnownOptions(report, at, options, ['key', 'value', 'ttlSeconds'])
    checkZodOfType(report, [...at, 'key'], `The key of "${name}"`, options.key, 'string')
    checkZod(report, [...at, 'value'], `The value of "${name}"`, options.value)
    checkRange(report, [...at, 'ttlSeconds'], 'ttlSeconds', options.ttlSeconds, 0, ttlSecondsMax)
  }
}
