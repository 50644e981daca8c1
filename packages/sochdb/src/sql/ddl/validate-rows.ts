/** Whether the rows that are there keep a constraint that is new. */
import { quoteName } from '../ast/quote.js'
import type { ForeignKeyEntry, TableEntry } from '../catalog/entries.js'
import { CheckError, ForeignKeyError, NotNullError } from '../../errors/index.js'
import type { DdlContext } from './context.js'

export function checkCheck(context: DdlContext, entry: TableEntry, check: { name: string; expression: string }): void {
  if (!context.exists([entry], `select 1 from ${quoteName(entry.name)} where not (${check.expression})`)) return
  throw new CheckError(`A row of ${entry.name} breaks the check ${check.name}.`, {
    table: entry.name,
    constraint: check.name,
    details: { table: entry.name, constraint: check.name },
    remediation: 'Change the rows first, or the check.',
  })
}

export function checkNotNull(context: DdlContext, entry: TableEntry, column: string): void {
  if (!context.exists([entry], `select 1 from ${quoteName(entry.name)} where ${quoteName(column)} is null`)) return
  throw new NotNullError(`Column ${column} of ${entry.name} is NULL in some rows.`, {
    table: entry.name,
    column,
    details: { table: entry.name, column },
    remediation: 'Give those rows a value first.',
  })
}

export function checkForeignKey(context: DdlContext, entry: TableEntry, key: ForeignKeyEntry): void {
  const columns = key.columns.map(position => quoteName(entry.columns[position]!.name))
  const targets = key.targetColumns.map(quoteName)
  const on = columns.map((column, i) => `c.${column} = p.${targets[i]!}`).join(' and ')
  const named = columns.map(column => `c.${column} is not null`).join(' and ')
  const query = `select 1 from ${quoteName(entry.name)} c left join ${quoteName(key.table)} p on ${on} where ${named} and p.${targets[0]!} is null`
  const { entry: parent } = context.require(key.table)
  if (!context.exists([entry, parent], query)) return
  throw new ForeignKeyError(`A row of ${entry.name} names a row of ${key.table} that is not there (${key.name}).`, {
    table: entry.name,
    constraint: key.name,
    details: { table: entry.name, constraint: key.name, referencedTable: key.table },
    remediation: 'Change the rows first.',
  })
}
