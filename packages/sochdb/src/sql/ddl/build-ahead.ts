/**
 * Indexes that are filled ahead of the change of the schema they belong to. Until then writes maintain them and nothing reads them, under
 * a name that no declaration has; the change gives them their own name and makes them ready, or they go.
 */
import type { Database } from '../../engine/index.js'
import type { IndexSpec } from '../catalog/specs.js'
import { createIndex } from '../catalog/tables.js'
import { buildInSteps, builderOf, dropBuilding, hasManyRows, isAbandoned, type BuildProgress } from './build-index.js'
import { DdlContext, sameName } from './context.js'
import type { Limits } from './limits.js'
import { renameIndex } from './rename.js'

const aheadName = (name: string): string => `${name}.building`

/** Fills an index in steps, and yields between them. `false`: the table is small, and there is nothing to do ahead. */
export function* buildAhead(
  database: Database,
  table: string,
  spec: IndexSpec,
  limits: Limits,
  chunkRows?: number,
): Generator<BuildProgress, boolean, void> {
  const name = aheadName(spec.name)
  const isLarge = database.transaction(transaction => {
    const context = new DdlContext(transaction)
    // Another thread of this process is at it.
    if (context.require(table).entry.indexes.some(i => sameName(i.name, name) && !isAbandoned(context, i))) return false
    dropBuilding(context, name)
    if (!hasManyRows(context, table)) return false
    createIndex(context.store, context.namespaceId, table, { ...spec, name }, { isEmpty: () => true })
    context.change(table, entry => ({
      ...entry,
      indexes: entry.indexes.map(i => (i.name === name ? { ...i, building: builderOf(database) } : i)),
    }))
    return true
  })
  if (isLarge) yield* buildInSteps(database, table, name, limits, chunkRows, true)
  return isLarge
}

/** Makes an index ready that was filled ahead. `false`: it is not there any more. */
export function takeBuilt(context: DdlContext, table: string, { name }: IndexSpec): boolean {
  const { entry } = context.require(table)
  const built = entry.indexes.find(i => sameName(i.name, aheadName(name)))
  if (built === undefined || built.building !== builderOf(context.transaction.database)) return false
  const renamed = renameIndex(context, entry, built.name, name)
  const indexes = renamed.indexes.map(index => {
    if (index.name !== name) return index
    const { building: _, ...ready } = index
    return ready
  })
  context.save({ ...renamed, indexes })
  return true
}

/** Takes away what was filled and not taken. */
export function dropAhead(context: DdlContext, { name }: IndexSpec): void {
  dropBuilding(context, aheadName(name))
}
