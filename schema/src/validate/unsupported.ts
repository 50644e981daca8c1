/**
 * What the schema language can say and the engine does not do. Nothing is accepted in silence: a declaration that would change
 * results or protect data is an error. When the engine learns one of these, its lines go.
 */
import type { SchemaNode } from '../define/define-schema.js'
import type { TableNode } from '../tables/table.js'
import type { Report } from './diagnostic.js'

export function checkSupport(report: Report, schema: SchemaNode): void {
  for (const [key, table] of Object.entries(schema.tables)) checkTableSupport(report, ['tables', key], table)
  for (const [key, { indexed }] of Object.entries(schema.edges)) {
    if (indexed.length === 0) continue
    const message = 'Properties of edges are kept in no index yet: looking for them reads all edges of the type.'
    report.warning(['graph', 'edges', key], 'graph_index_waiting', message)
  }
}

function checkTableSupport(report: Report, at: readonly string[], table: TableNode): void {
  for (const [name, column] of Object.entries(table.columns)) {
    if (column.codec !== undefined) {
      const message = 'Codecs are not run yet: the client would give and take what the store holds.'
      report.error([...at, name, { call: 'codec', nth: 0 }], 'unsupported_codec', message, 'Leave it out.')
    }
  }
}
