import type { SchemaNode } from '../define/define-schema.js'
import type { PathSegment, Report } from './diagnostic.js'

/** Characters of a name at most. */
export const nameLengthMax = 63

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Properties that every client has, or that JavaScript gives a meaning of its own. */
const reservedOnClient = new Set([
  'graph',
  'sync',
  'then',
  'catch',
  'finally',
  'constructor',
  'prototype',
  'toJSON',
  '__proto__',
])
for (const name of Object.getOwnPropertyNames(Object.prototype)) reservedOnClient.add(name)

/** What filters use themselves, and what an object cannot hold as plain data. */
const reservedInRow = new Set(['AND', 'OR', 'NOT', '__proto__', 'constructor', 'prototype', 'toJSON'])

const shape = `letters, digits and underscores, not a digit first, ${nameLengthMax} at most`

/** A name that becomes an identifier in generated code, in SQL, or both. Returns whether it is one. */
export function checkIdentifier(report: Report, at: readonly PathSegment[], what: string, name: unknown): boolean {
  if (typeof name === 'string' && identifier.test(name) && name.length <= nameLengthMax) return true
  const shown = typeof name === 'string' ? `"${name}"` : String(name)
  report.error(at, 'name_invalid', `${shown} is not a name for ${what}.`, `A name has ${shape}.`)
  return false
}

/** Names of columns and relations: they become properties of rows, and of filters beside `AND`, `OR` and `NOT`. */
export function checkRowProperty(report: Report, at: readonly string[], what: string, name: string): void {
  if (reservedInRow.has(name)) {
    report.error(
      at,
      'name_reserved',
      `${what} cannot be named "${name}": filters and objects use that name themselves.`,
    )
    return
  }
  checkIdentifier(report, at, what.toLowerCase(), name)
}

type Section = 'tables' | 'collections' | 'caches' | 'kv'

/** Keys become properties of one client: reserved names are refused, and no two sections share one. */
export function checkClientProperties(report: Report, schema: SchemaNode): void {
  const seen = new Map<string, string>()
  checkCase(report, Object.keys(schema.tables))
  const sections: readonly Section[] = ['tables', 'collections', 'caches', 'kv']
  for (const section of sections) {
    for (const key of Object.keys(schema[section])) {
      const at = [section, key]
      const other = seen.get(key)
      if (other !== undefined) {
        const message = `"${key}" is the name of ${other} already, and both would be the client's property "${key}".`
        report.error(at, 'name_duplicate', message, 'Give one of them another key.')
      }
      seen.set(key, other ?? `${section}.${key}`)
      if (reservedOnClient.has(key) || key.startsWith('$')) {
        const message = `"${key}" is reserved: the client has a property of that name.`
        report.error(at, 'name_reserved', message, 'Use another key; the name in the store may stay.')
      } else checkIdentifier(report, at, 'a property of the client', key)
    }
  }
}

/** What `db.graph` has beside types of nodes and edges. */
const reservedOnGraph = new Set(['traverse', 'findPath', 'match'])

/** Keys of nodes and edges become properties of one object. */
export function checkGraphProperties(report: Report, schema: SchemaNode): void {
  for (const section of ['nodes', 'edges'] as const) {
    for (const key of Object.keys(schema[section])) {
      const at = ['graph', section, key]
      if (reservedOnClient.has(key) || reservedOnGraph.has(key)) {
        const message = `"${key}" is reserved: the graph of the client has a property of that name.`
        report.error(at, 'name_reserved', message, 'Use another key; the name in the store may stay.')
      } else if (section === 'edges' && Object.hasOwn(schema.nodes, key)) {
        const message = `"${key}" is the name of graph.nodes.${key} already, and both would be the property "${key}" of the graph.`
        report.error(at, 'name_duplicate', message, 'Give one of them another key.')
      } else checkIdentifier(report, at, 'a property of the graph', key)
    }
  }
}

/** A table's key names a file: keys that differ in case alone would be one file on some systems. */
function checkCase(report: Report, keys: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const key of keys) {
    const other = seen.get(key.toLowerCase())
    if (other === undefined) seen.set(key.toLowerCase(), key)
    else {
      const message = `Tables "${other}" and "${key}" differ in case only: their files would be one on some systems.`
      report.error(['tables', key], 'name_duplicate', message, 'Give one of them another key.')
    }
  }
}

/** Names in the store are unique within their kind; tables also where only case differs, since SQL does not tell those apart. */
export function checkStoreNames(report: Report, schema: SchemaNode): void {
  checkUnique(report, 'tables', schema.tables, name => name.toLowerCase())
  checkUnique(report, 'collections', schema.collections)
  checkUnique(report, 'graph.nodes', schema.nodes)
  checkUnique(report, 'graph.edges', schema.edges)
  checkUnique(report, 'caches', schema.caches)
  checkUnique(report, 'kv', schema.kv)
}

function checkUnique(
  report: Report,
  section: string,
  nodes: Readonly<Record<string, { readonly name: string }>>,
  fold: (name: string) => string = name => name,
): void {
  const seen = new Map<string, string>()
  for (const [key, { name }] of Object.entries(nodes)) {
    const at = [...section.split('.'), key]
    if (!checkIdentifier(report, at, `an entry of ${section}`, name)) continue
    if (name.toLowerCase().startsWith('sochdb_')) {
      report.error(at, 'name_reserved', `"${name}" is reserved: names that begin with "sochdb_" are the engine's own.`)
    }
    const other = seen.get(fold(name))
    if (other !== undefined) {
      const message = `The store's name "${name}" is taken by ${section}.${other}.`
      report.error(at, 'name_duplicate', message, 'Every declaration has a name of its own.')
    }
    seen.set(fold(name), key)
  }
}
