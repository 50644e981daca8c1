/** What the tables of a schema's contract declare of each other: foreign keys, once all of them are there. */
import type { Transaction } from '../../engine/transaction.js'
import type { ForeignKeySpec, TableSpec } from '../catalog/specs.js'
import type { ForeignKeyActionName } from '../catalog/entries.js'
import { DdlContext } from './context.js'
import { linkForeignKey, withForeignKey } from './keys.js'

/** Errors: ValidationError, QueryError for references, checks, generated columns and conditions that do not fit the tables. */
export function declareReferences(transaction: Transaction, tables: Iterable<TableSpec>): void {
  const context = new DdlContext(transaction)
  for (const table of tables) {
    // Texts that do not fit are errors here.
    context.save(context.require(table.name).entry)
    for (const key of foreignKeys(table)) {
      const target = {
        name: undefined,
        table: key.table,
        targetColumns: key.targetColumns,
        onDelete: key.onDelete as ForeignKeyActionName,
        onUpdate: (key.onUpdate ?? 'noAction') as ForeignKeyActionName,
        deferrable: false,
        initiallyDeferred: false,
      }
      const { entry } = context.save(withForeignKey(context, context.require(table.name).entry, key.columns, target))
      linkForeignKey(context, entry, key.table)
    }
  }
}

function foreignKeys(table: TableSpec): ForeignKeySpec[] {
  const ofColumns = table.columns.flatMap(({ name, references }): ForeignKeySpec[] => {
    if (!references) return []
    const { table: target, column, onDelete, onUpdate = 'noAction' } = references
    return [{ columns: [name], table: target, targetColumns: [column], onDelete, onUpdate }]
  })
  return [...ofColumns, ...(table.foreignKeys ?? [])]
}
