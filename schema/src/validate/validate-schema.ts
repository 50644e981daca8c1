import type { Schema } from '../define/define-schema.js'
import { checkCollections } from './collections.js'
import { Report, type Diagnostic } from './diagnostic.js'
import { checkCaches, checkGraph, checkKv } from './graph-caches-kv.js'
import { checkClientProperties, checkGraphProperties, checkRowProperty, checkStoreNames } from './names.js'
import { checkRelations } from './references.js'
import { checkTables } from './tables.js'
import { checkSupport } from './unsupported.js'

/**
 * Everything that is wrong with a schema, and everything it declares that does not act yet: errors first, each group in the
 * schema's own order. Never throws.
 *
 * @example
 * for (const { path, message } of validateSchema(schema)) console.error(`${path}: ${message}`)
 */
export function validateSchema(schema: Schema): Diagnostic[] {
  const node = schema.toNode()
  const report = new Report()
  checkClientProperties(report, node)
  checkStoreNames(report, node)
  checkTables(report, node)
  for (const [key, relations] of Object.entries(node.relations)) {
    for (const name of Object.keys(relations)) checkRowProperty(report, ['relations', key, name], 'A relation', name)
  }
  checkRelations(report, node)
  checkCollections(report, node)
  checkGraphProperties(report, node)
  checkGraph(report, node)
  checkCaches(report, node)
  checkKv(report, node)
  checkSupport(report, node)
  const bySeverity = (severity: Diagnostic['severity']) => report.diagnostics.filter(one => one.severity === severity)
  return [...bySeverity('error'), ...bySeverity('warning')]
}
