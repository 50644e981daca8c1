/**
 * What the schema language can say and the engine does not do. Nothing is accepted in silence: a declaration that would change
 * results or protect data is an error. When the engine learns one of these, its lines go.
 */
import type { SchemaNode } from '../define/define-schema.js'
import type { Report } from './diagnostic.js'

export function checkSupport(report: Report, schema: SchemaNode): void {
  for (const [key, { indexed }] of Object.entries(schema.edges)) {
    if (indexed.length === 0) continue
    const message = 'Properties of edges are kept in no index yet: looking for them reads all edges of the type.'
    report.warning(['graph', 'edges', key], 'graph_index_waiting', message)
  }
}
