/** What has to hold before an operation, and after it. Data, so that it can be read in a migration and run by whoever deploys it. */
import type { StoreColumn } from './model.js'
import { classOf, isComputed, rewrites, type Operation } from './operations.js'

export type Check =
  /** There is a row that the new column would leave without a value. */
  | { readonly kind: 'tableEmpty'; readonly table: string; readonly column: string }
  | { readonly kind: 'noNulls'; readonly table: string; readonly column: string }
  /** Every value is one of these, or NULL. */
  | { readonly kind: 'onlyValues'; readonly table: string; readonly column: string; readonly values: readonly string[] }
  /** Every value comes back as it was when it is turned into the new type and back. */
  | { readonly kind: 'convertible'; readonly table: string; readonly column: string; readonly type: string }
  /** No two rows agree in all of these columns; rows with a NULL among them agree with none. */
  | {
      readonly kind: 'noDuplicates'
      readonly table: string
      readonly columns: readonly string[]
      readonly where?: string
    }
  /** No row makes the expression false. */
  | { readonly kind: 'rowsSatisfy'; readonly table: string; readonly name: string; readonly expression: string }
  /** Every row whose columns are set names a row of `target`. */
  | {
      readonly kind: 'noOrphans'
      readonly table: string
      readonly columns: readonly string[]
      readonly target: string
      readonly targetColumns: readonly string[]
    }
  /** As many rows, or documents, as before the operation. `before`: what it was called then. */
  | { readonly kind: 'rowsKept'; readonly table: string; readonly before: string }
  | { readonly kind: 'documentsKept'; readonly collection: string; readonly before: string }

/** What the rows that are there must meet. */
export function preChecksOf(operation: Operation): readonly Check[] {
  switch (operation.kind) {
    case 'addColumn': {
      const { table, column, fill } = operation
      return fill === undefined && needsValue(column) ? [{ kind: 'tableEmpty', table, column: column.name }] : []
    }
    case 'changeColumn': {
      const { table, before, after, using } = operation
      const column = before.name
      const checks: Check[] = []
      if (using !== undefined) return checks
      if (before.nullable && !after.nullable) checks.push({ kind: 'noNulls', table, column })
      if (rewrites(before, after)) checks.push({ kind: 'convertible', table, column, type: after.type })
      else if (after.enum !== undefined && before.enum?.every(value => after.enum!.includes(value)) !== true)
        checks.push({ kind: 'onlyValues', table, column, values: after.enum })
      return checks
    }
    case 'changePrimaryKey': {
      const { table, after } = operation
      return [
        ...after.map((column): Check => ({ kind: 'noNulls', table, column })),
        { kind: 'noDuplicates', table, columns: after },
      ]
    }
    case 'addIndex': {
      const { table, index } = operation
      if (!index.unique) return []
      const where = (index as { readonly where?: string }).where
      const columns = index.columns.map(({ column }) => column)
      return [{ kind: 'noDuplicates', table, columns, ...(where === undefined ? {} : { where }) }]
    }
    case 'addCheck':
      return [{ kind: 'rowsSatisfy', table: operation.table, ...operation.check }]
    case 'addForeignKey': {
      const { table, key } = operation
      const { columns, table: target, targetColumns } = key
      return [{ kind: 'noOrphans', table, columns, target, targetColumns }]
    }
    default:
      return []
  }
}

/** What must not have changed. */
export function postChecksOf(operation: Operation): readonly Check[] {
  switch (operation.kind) {
    case 'renameTable':
      return [{ kind: 'rowsKept', table: operation.to, before: operation.from }]
    case 'renameCollection':
      return [{ kind: 'documentsKept', collection: operation.to, before: operation.from }]
    case 'changeCollection': {
      const { name } = operation.after
      return [{ kind: 'documentsKept', collection: name, before: name }]
    }
    case 'changeColumn':
    case 'changePrimaryKey':
      if (classOf(operation) !== 'rebuild') return []
      return [{ kind: 'rowsKept', table: operation.table, before: operation.table }]
    default:
      return []
  }
}

/** Neither NULL nor a default nor the table itself gives it a value. */
const needsValue = (column: StoreColumn): boolean =>
  !column.nullable && column.default === undefined && column.identity === undefined && !isComputed(column)
