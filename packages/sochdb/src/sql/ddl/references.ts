/** What the tables of a schema's contract declare of each other: foreign keys, once all of them are there. */
import type { Transaction } from '../../engine/transaction.js'
import type { TableSpec } from '../catalog/specs.js'
import type { ForeignKeyActionName } from '../catalog/entries.js'
import { DdlContext } from './context.js'
import { linkForeignKey, withForeignKey } from './keys.js'

/** Errors: ValidationError, QueryError for references and checks that do not fit the tables. */
export function declareReferences(transaction: Transaction, tables: Iterable<TableSpec>): void {
  const context = new DdlContext(transaction)
  for (const table of tables) {
    // Checks that do not fit are errors here.
    context.save(context.require(table.name).entry)
    for (const { name, references } of table.columns) {
      if (!references) continue
      const target = {
        name: undefined,
        table: references.table,
        targetColumns: [references.column],
        onDelete: references.onDelete as ForeignKeyActionName,
        onUpdate: 'noAction' as const,
        deferrable: false,
        initiallyDeferred: false,
      }
      const { entry } = context.save(withForeignKey(context, context.require(table.name).entry, [name], target))
      linkForeignKey(context, entry, references.table)
    }
  }
}
