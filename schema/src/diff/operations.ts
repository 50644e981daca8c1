/** The steps that carry a store from one contract to another. Each holds both sides of what it changes, so that it can be undone. */
import type { IndexContract, TableContract } from '../contract/contract.js'
import type { StoreCache, StoreCheck, StoreCollection, StoreColumn, StoreForeignKey, StoreTable } from './model.js'

export type Operation =
  /** Without its foreign keys, which are operations of their own: tables may refer to each other in circles. */
  | { readonly kind: 'createTable'; readonly table: StoreTable }
  | { readonly kind: 'dropTable'; readonly table: StoreTable }
  | { readonly kind: 'renameTable'; readonly from: string; readonly to: string }
  /** `fill`: SQL over the row, for rows that are there; without it they take the default, or NULL. */
  | { readonly kind: 'addColumn'; readonly table: string; readonly column: StoreColumn; readonly fill?: string }
  | { readonly kind: 'dropColumn'; readonly table: string; readonly column: StoreColumn }
  | { readonly kind: 'renameColumn'; readonly table: string; readonly from: string; readonly to: string }
  /** `using`: SQL over the row as it was, where the new type is no plain conversion of the old. */
  | {
      readonly kind: 'changeColumn'
      readonly table: string
      readonly before: StoreColumn
      readonly after: StoreColumn
      readonly using?: string
    }
  | {
      readonly kind: 'changePrimaryKey'
      readonly table: string
      readonly before: readonly string[]
      readonly after: readonly string[]
    }
  | { readonly kind: 'addIndex' | 'dropIndex'; readonly table: string; readonly index: IndexContract }
  | { readonly kind: 'renameIndex'; readonly table: string; readonly from: string; readonly to: string }
  | { readonly kind: 'addCheck' | 'dropCheck'; readonly table: string; readonly check: StoreCheck }
  | { readonly kind: 'addForeignKey' | 'dropForeignKey'; readonly table: string; readonly key: StoreForeignKey }
  | {
      readonly kind: 'setIndexPolicy'
      readonly table: string
      readonly before: TableContract['indexPolicy']
      readonly after: TableContract['indexPolicy']
    }
  | { readonly kind: 'createCollection' | 'dropCollection'; readonly collection: StoreCollection }
  | { readonly kind: 'renameCollection'; readonly from: string; readonly to: string }
  /** Documents stay; what is built from them is built anew. */
  | { readonly kind: 'changeCollection'; readonly before: StoreCollection; readonly after: StoreCollection }
  /** A cache comes by its first entry; only its going does something. */
  | { readonly kind: 'createCache' | 'dropCache'; readonly cache: StoreCache }
  /** What clients alone know: nothing happens in the store but that its contract says so. */
  | {
      readonly kind: 'declare'
      readonly section: DeclaredSection
      readonly name: string
      readonly change: 'added' | 'changed' | 'removed'
    }
  /** `up` of the migration's `data.js`, and `down` of it on the way back. */
  | { readonly kind: 'data'; readonly direction: 'up' | 'down' }

export type DeclaredSection = 'tables' | 'relations' | 'collections' | 'nodes' | 'edges' | 'caches' | 'kv'

/**
 * | class | what becomes of the data |
 * |---|---|
 * | `additive` | stays as it is; a check may refuse the operation |
 * | `rename` | stays, under another name |
 * | `rebuild` | stays, and is written anew |
 * | `data` | what the migration's own code makes of it |
 * | `destructive` | some of it is gone |
 */
export type OperationClass = 'additive' | 'rename' | 'rebuild' | 'data' | 'destructive'

export function classOf(operation: Operation): OperationClass {
  switch (operation.kind) {
    case 'createTable':
    case 'addColumn':
    case 'addIndex':
    case 'dropIndex':
    case 'addCheck':
    case 'dropCheck':
    case 'addForeignKey':
    case 'dropForeignKey':
    case 'createCollection':
    case 'createCache':
    case 'declare':
      return 'additive'
    case 'renameTable':
    case 'renameColumn':
    case 'renameIndex':
    case 'renameCollection':
      return 'rename'
    case 'changeColumn':
      return rewrites(operation.before, operation.after) ? 'rebuild' : 'additive'
    case 'changeCollection':
      return isBuiltAnew(operation.before, operation.after) ? 'rebuild' : 'additive'
    case 'changePrimaryKey':
    case 'setIndexPolicy':
      return 'rebuild'
    case 'data':
      return 'data'
    case 'dropColumn':
      return isComputed(operation.column) ? 'rebuild' : 'destructive'
    case 'dropTable':
    case 'dropCollection':
    case 'dropCache':
      return 'destructive'
  }
}

/** Is it an operation of this version? A newer one may know more. */
export function isOperation(value: { readonly kind?: unknown }): value is Operation {
  return (classOf(value as Operation) as OperationClass | undefined) !== undefined
}

/** Does the change write the rows anew? */
export const rewrites = (before: StoreColumn, after: StoreColumn): boolean =>
  before.type !== after.type || before.dimension !== after.dimension

/** Columns whose values come from the others: losing one loses nothing. */
export const isComputed = (column: StoreColumn): boolean => column.generated !== undefined

/** `efSearch` is read by every search; everything else is in what was built. */
export function isBuiltAnew(before: StoreCollection, after: StoreCollection): boolean {
  const { efSearch: _, name: __, ...a } = before
  const { efSearch: ___, name: ____, ...b } = after
  return JSON.stringify(sorted(a)) !== JSON.stringify(sorted(b))
}

const sorted = (value: object): object => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))

/** What takes the operation back; what was dropped comes back empty. */
export function undoOf(operation: Operation): Operation {
  switch (operation.kind) {
    case 'createTable':
      return { ...operation, kind: 'dropTable' }
    case 'dropTable':
      return { ...operation, kind: 'createTable' }
    case 'addColumn':
      return { kind: 'dropColumn', table: operation.table, column: operation.column }
    case 'dropColumn':
      return { kind: 'addColumn', table: operation.table, column: operation.column }
    case 'changeColumn':
      return { kind: 'changeColumn', table: operation.table, before: operation.after, after: operation.before }
    case 'changePrimaryKey':
    case 'setIndexPolicy':
      return { ...operation, before: operation.after, after: operation.before } as Operation
    case 'changeCollection':
      return { ...operation, before: operation.after, after: operation.before }
    case 'renameTable':
    case 'renameColumn':
    case 'renameIndex':
    case 'renameCollection':
      return { ...operation, from: operation.to, to: operation.from }
    case 'addIndex':
      return { ...operation, kind: 'dropIndex' }
    case 'dropIndex':
      return { ...operation, kind: 'addIndex' }
    case 'addCheck':
      return { ...operation, kind: 'dropCheck' }
    case 'dropCheck':
      return { ...operation, kind: 'addCheck' }
    case 'addForeignKey':
      return { ...operation, kind: 'dropForeignKey' }
    case 'dropForeignKey':
      return { ...operation, kind: 'addForeignKey' }
    case 'createCollection':
      return { ...operation, kind: 'dropCollection' }
    case 'dropCollection':
      return { ...operation, kind: 'createCollection' }
    case 'createCache':
      return { ...operation, kind: 'dropCache' }
    case 'dropCache':
      return { ...operation, kind: 'createCache' }
    case 'declare':
      return { ...operation, change: opposite[operation.change] }
    case 'data':
      return { kind: 'data', direction: operation.direction === 'up' ? 'down' : 'up' }
  }
}

const opposite = { added: 'removed', removed: 'added', changed: 'changed' } as const

/** One line for people. */
export function describeOperation(operation: Operation): string {
  const named = (name: string) => JSON.stringify(name)
  switch (operation.kind) {
    case 'createTable':
      return `create table ${named(operation.table.name)}`
    case 'dropTable':
      return `drop table ${named(operation.table.name)} and its rows`
    case 'renameTable':
      return `rename table ${named(operation.from)} to ${named(operation.to)}`
    case 'addColumn':
      return `add column ${named(operation.column.name)} to ${named(operation.table)}`
    case 'dropColumn':
      return `drop column ${named(operation.column.name)} of ${named(operation.table)} and its values`
    case 'renameColumn':
      return `rename column ${named(operation.from)} of ${named(operation.table)} to ${named(operation.to)}`
    case 'changeColumn':
      return `change column ${named(operation.after.name)} of ${named(operation.table)}: ${changes(operation.before, operation.after)}`
    case 'changePrimaryKey':
      return `change the primary key of ${named(operation.table)} from (${operation.before.join(', ')}) to (${operation.after.join(', ')})`
    case 'addIndex':
      return `add ${operation.index.unique ? 'unique ' : ''}index ${named(operation.index.name)} to ${named(operation.table)}`
    case 'dropIndex':
      return `drop index ${named(operation.index.name)} of ${named(operation.table)}`
    case 'renameIndex':
      return `rename index ${named(operation.from)} of ${named(operation.table)} to ${named(operation.to)}`
    case 'addCheck':
      return `add check ${named(operation.check.name)} to ${named(operation.table)}: ${operation.check.expression}`
    case 'dropCheck':
      return `drop check ${named(operation.check.name)} of ${named(operation.table)}`
    case 'addForeignKey':
    case 'dropForeignKey': {
      const { key, table } = operation
      const what = `(${key.columns.join(', ')}) of ${named(table)} to ${named(key.table)} (${key.targetColumns.join(', ')})`
      return `${operation.kind === 'addForeignKey' ? 'add' : 'drop'} reference from ${what}`
    }
    case 'setIndexPolicy':
      return `move ${named(operation.table)} from index policy ${operation.before} to ${operation.after}`
    case 'createCollection':
      return `create collection ${named(operation.collection.name)}`
    case 'dropCollection':
      return `drop collection ${named(operation.collection.name)} and its documents`
    case 'renameCollection':
      return `rename collection ${named(operation.from)} to ${named(operation.to)}`
    case 'changeCollection':
      return `change collection ${named(operation.after.name)}: ${changes(operation.before, operation.after)}`
    case 'createCache':
      return `declare cache ${named(operation.cache.name)}`
    case 'dropCache':
      return `drop cache ${named(operation.cache.name)} and its entries`
    case 'declare':
      return `declaration ${operation.section}.${operation.name} ${operation.change}`
    case 'data':
      return operation.direction === 'up' ? 'run data.js' : 'run the down of data.js'
  }
}

/** `type text to integer, nullable true to false`. */
function changes(before: object, after: object): string {
  const [a, b] = [before, after] as [Record<string, unknown>, Record<string, unknown>]
  const members = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  const shown = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value))
  return members
    .filter(member => JSON.stringify(a[member]) !== JSON.stringify(b[member]))
    .map(member => `${member} ${shown(a[member])} to ${shown(b[member])}`)
    .join(', ')
}
