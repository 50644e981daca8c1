/** CREATE INDEX and DROP INDEX. */
import type { Database, Namespace } from '../../engine/index.js'
import type { CreateIndex, DropIndex } from '../ast/ddl.js'
import { foldName } from '../catalog/store.js'
import type { TableEntry } from '../catalog/entries.js'
import { queryError } from '../problem.js'
import { buildInSteps, builderOf, dropBuilding, fillInline, hasManyRows, isAbandoned } from './build-index.js'
import { DdlContext, sameName } from './context.js'
import type { Limits } from './limits.js'
import { positionsOf, uniqueKeyOf } from '../binder/foreign-keys.js'
import { referrersOf, withIndex } from './keys.js'

/** All of it in the transaction of the context. */
export function createIndex(context: DdlContext, s: CreateIndex, limits: Limits): void {
  const entry = declare(context, s)
  if (entry) fillInline(context.transaction, entry, entry.indexes.at(-1)!, limits)
}

/** On a database or a namespace: large tables are indexed in steps, and it yields between them. */
export function* createIndexOn(
  target: Database | Namespace,
  s: CreateIndex,
  limits: Limits,
  chunkRows?: number,
): Generator<unknown, void, void> {
  const name = target.transaction(transaction => {
    const context = new DdlContext(transaction)
    if (!hasManyRows(context, context.require(s.table).entry.name)) {
      createIndex(context, s, limits)
      return undefined
    }
    const entry = declare(context, s)
    if (!entry) return undefined
    const index = { ...entry.indexes.at(-1)!, building: builderOf(context.transaction.database) }
    context.save({ ...entry, indexes: [...entry.indexes.slice(0, -1), index] })
    return index.name
  })
  if (name === undefined) return
  yield* buildInSteps(target, s.table, name, limits, chunkRows)
}

/** The table with the index, which is empty; `undefined` when it is there already. */
function declare(context: DdlContext, s: CreateIndex): TableEntry | undefined {
  const { entry } = context.require(s.table)
  if (s.name !== undefined) {
    const owner = context.ownerOfIndex(s.name)
    // What is left of a build that did not end.
    const left = owner !== undefined && context.find(owner)?.entry.indexes.find(i => sameName(i.name, s.name!))
    if (left && isAbandoned(context, left)) dropBuilding(context, s.name)
    else if (owner !== undefined && s.ifNotExists) return undefined
  }
  const current = context.require(entry.name).entry
  return context.save(withIndex(context, current, { ...s, where: s.where?.text })).entry
}

export function dropIndexes(context: DdlContext, s: DropIndex): void {
  for (const name of s.names) {
    const table = context.ownerOfIndex(name)
    if (table === undefined || (s.table !== undefined && !sameName(s.table, table))) {
      if (s.ifExists) continue
      throw queryError(`There is no index "${name}".`, undefined, { index: name })
    }
    const { entry } = context.require(table)
    if (entry.indexes.find(i => sameName(i.name, name))?.constraint) {
      throw queryError(
        `Index "${name}" belongs to a UNIQUE constraint of table "${entry.name}".`,
        `Use ALTER TABLE "${entry.name}" DROP CONSTRAINT "${name}".`,
        { index: name },
      )
    }
    context.save(withoutIndex(context, entry, name))
  }
}

/** The entry without an index, whose name is free then. */
export function withoutIndex(context: DdlContext, entry: TableEntry, name: string): TableEntry {
  const changed = { ...entry, indexes: entry.indexes.filter(i => foldName(i.name) !== foldName(name)) }
  for (const { child, key } of referrersOf(context, entry)) {
    if (uniqueKeyOf(changed, positionsOf(changed, key.targetColumns)) !== undefined) continue
    throw queryError(
      `The foreign key "${key.name}" of table "${child.entry.name}" refers to what index "${name}" keeps unique.`,
      'Drop the foreign key first.',
      { index: name, constraint: key.name },
    )
  }
  context.releaseIndex(name)
  return changed
}
