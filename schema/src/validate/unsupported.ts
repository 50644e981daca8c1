/**
 * What the schema language can say and the engine does not do. Nothing is accepted in silence: a declaration that would change
 * results or protect data is an error. When the engine learns one of these, its lines go.
 */
import type { SchemaNode } from '../define/define-schema.js'
import type { TableNode } from '../tables/table.js'
import type { Report } from './diagnostic.js'

export function checkSupport(report: Report, schema: SchemaNode): void {
  for (const [key, table] of Object.entries(schema.tables)) checkTableSupport(report, ['tables', key], table)
}

function checkTableSupport(report: Report, at: readonly string[], table: TableNode): void {
  if (table.softDelete !== undefined) {
    const message = 'Soft delete is not applied yet: deleting would remove the row, and reads would show marked ones.'
    report.error([...at, { call: 'softDelete', nth: 0 }], 'unsupported_soft_delete', message, 'Leave it out.')
  }
  if (table.tenant !== undefined) {
    const message = 'Tenants are not kept apart yet: reads would show the rows of all of them.'
    report.error([...at, { call: 'tenant', nth: 0 }], 'unsupported_tenant', message, 'Leave it out.')
  }
}
