/** Tables and foreign keys in the words of a plan (plan_format.h). */
import { INDEX_POLICY_NUMBER } from '../../engine/constants.js'
import type { BoundForeignKey } from '../binder/foreign-keys.js'
import type { ColumnId, Expr } from '../binder/expr.js'
import { rowExpressions } from '../binder/row-expressions.js'
import type { CatalogTable, ColumnEntry } from '../catalog/entries.js'
import { TYPE_NUMBERS } from '../types.js'
import { valueOfDefault } from '../values.js'
import type { ConstantPool } from './constants.js'
import type { Part } from './encode.js'
import { ColumnFlag, ForeignKeyFlag, IndexFlag, KeyFlag, ReferenceAction } from './format.js'

const NONE = -1

export interface TableWriterOptions {
  readonly pool: ConstantPool
  /** Whether the plan writes: what only matters to writes is left out otherwise. */
  readonly writes: boolean
  /** An expression over a row of the table. */
  readonly row: (expr: Expr, positions: ReadonlyMap<ColumnId, number>) => Part
}

export function tableParts({ entry, key, version }: CatalogTable, { pool, writes, row }: TableWriterOptions): Part[] {
  const expressions = rowExpressions(entry)
  const positions = new Map(entry.columns.map((_, position) => [position, position]))
  const over = (expr: Expr) => row(expr, positions)
  const checks = writes ? expressions.checks : []
  const generated = writes ? expressions.generated : []
  return [
    entry.id,
    entry.schemaVersion,
    INDEX_POLICY_NUMBER[entry.policy],
    entry.movingTo === undefined ? NONE : INDEX_POLICY_NUMBER[entry.movingTo],
    pool.add('blob', key),
    ...halves(version),
    pool.text(entry.name),
    entry.columns.length,
    ...entry.columns.flatMap(column => columnParts(column, pool)),
    entry.primaryKey.length,
    ...entry.primaryKey,
    expressions.computed.length,
    ...expressions.computed.map(over),
    entry.indexes.length,
    ...entry.indexes.flatMap((index, i) => [
      index.id,
      (index.unique ? IndexFlag.unique : 0) |
        (index.nullsNotDistinct ? IndexFlag.nullsNotDistinct : 0) |
        (index.building ? IndexFlag.building : 0),
      pool.text(index.name),
      expressions.wheres[i]!,
      index.columns.length,
      ...index.columns.flatMap((c, k) => [expressions.keys[i]![k]!, c.descending ? KeyFlag.descending : 0]),
    ]),
    checks.length,
    ...checks.flatMap(({ name, expr }): Part[] => [pool.text(name), over(expr)]),
    generated.length,
    ...generated.flatMap(({ position, expr }): Part[] => [position, over(expr)]),
    writes ? entry.columns.findIndex(column => column.identity !== undefined && !column.dropped) : NONE,
  ]
}

function columnParts(column: ColumnEntry, pool: ConstantPool): number[] {
  const value = column.default?.kind === 'value' ? (valueOfDefault(column.default.value, column.type) ?? null) : null
  return [
    column.id,
    TYPE_NUMBERS[column.type],
    (column.notNull ? ColumnFlag.notNull : 0) |
      (column.dropped ? ColumnFlag.dropped : 0) |
      (column.generated ? ColumnFlag.generated : 0),
    value === null ? NONE : pool.add(column.type, value),
    pool.text(column.name),
  ]
}

export function foreignKeyParts(keys: readonly BoundForeignKey[], pool: ConstantPool): Part[] {
  return [
    keys.length,
    ...keys.flatMap((key): Part[] => [
      pool.text(key.name),
      { table: key.child },
      { table: key.parent },
      key.deferred ? ForeignKeyFlag.deferred : 0,
      ReferenceAction[key.onDelete],
      ReferenceAction[key.onUpdate],
      key.parentIndex,
      key.childIndex,
      key.columns.length,
      ...key.columns.flatMap(({ child, parent }) => [child, parent]),
    ]),
  ]
}

export function halves(timestamp: bigint): [high: number, low: number] {
  return [Number(BigInt.asIntN(32, timestamp >> 32n)), Number(BigInt.asIntN(32, timestamp))]
}
