/** DROP TABLE, TRUNCATE, and views. */
import type { CreateView, DropTable, DropView, Truncate } from '../ast/ddl.js'
import type { ViewEntry } from '../catalog/entries.js'
import { checkName, dropTable, truncateTable } from '../catalog/index.js'
import { foldName } from '../catalog/store.js'
import { parseStatement } from '../parser/index.js'
import { compile } from '../plan/compile.js'
import { didYouMean, queryError, unsupported } from '../problem.js'
import { catalogOf } from '../session.js'
import type { DdlContext } from './context.js'
import { sameName } from './context.js'
import { referrersOf, unlinkForeignKeys } from './keys.js'
import { mentions } from './texts.js'

export function dropTables(context: DdlContext, s: DropTable): void {
  const names = s.tables.filter(name => context.find(name) !== undefined || !s.ifExists)
  const dropped = new Set(names.map(foldName))
  for (const name of names) {
    const { entry } = context.require(name)
    for (const { child, key } of referrersOf(context, entry)) {
      if (sameName(child.entry.name, entry.name) || (dropped.has(foldName(child.entry.name)) && !s.cascade)) continue
      if (!s.cascade) {
        throw queryError(
          `Table "${entry.name}" is referred to by the foreign key "${key.name}" of table "${child.entry.name}".`,
          'Drop that one first, or write CASCADE to drop the foreign key.',
          { table: entry.name, constraint: key.name },
        )
      }
      context.change(child.entry.name, c => ({
        ...c,
        foreignKeys: (c.foreignKeys ?? []).filter(other => !sameName(other.table, entry.name)),
      }))
    }
    for (const view of viewsOver(context, entry.name)) {
      if (!s.cascade) throw usedByView(`Table "${entry.name}"`, view)
      dropViewAndUsers(context, view)
    }
  }
  for (const name of names) {
    const { entry } = context.require(name)
    unlinkForeignKeys(context, entry, undefined)
    dropTable(context.store, context.namespaceId, name)
  }
}

export function truncate(context: DdlContext, s: Truncate): void {
  const wanted = new Set(s.tables.map(name => foldName(context.require(name).entry.name)))
  for (const name of wanted) {
    for (const { child, key } of referrersOf(context, context.require(name).entry)) {
      const folded = foldName(child.entry.name)
      if (wanted.has(folded)) continue
      if (!s.cascade) {
        throw queryError(
          `Table "${name}" is referred to by the foreign key "${key.name}" of table "${child.entry.name}".`,
          'Truncate both in one statement, or write CASCADE.',
          { table: name, constraint: key.name },
        )
      }
      wanted.add(folded)
    }
  }
  for (const name of wanted) truncateTable(context.store, context.namespaceId, name)
}

export function createView(context: DdlContext, s: CreateView): void {
  checkName('a view', s.name)
  if (s.temporary) throw unsupported('A temporary view', 'Create a view, and drop it when it has served.')
  if (context.view(s.name)) {
    if (s.ifNotExists) return
    if (!s.orReplace) throw queryError(`There is a view "${s.name}" already.`, undefined, { view: s.name })
  } else context.refuseTaken(s.name)
  const { columns } = compile(s.query, catalogOf(context.transaction))
  if (s.columns && s.columns.length !== columns.length) {
    throw queryError(`View "${s.name}" names ${s.columns.length} columns; its query has ${columns.length}.`)
  }
  if (mentions(s.query, s.name)) throw queryError(`View "${s.name}" is made from itself.`, undefined, { view: s.name })
  const view: ViewEntry = { kind: 'view', name: s.name, text: s.text, ...(s.columns ? { columns: s.columns } : {}) }
  context.saveView(view)
}

export function dropViews(context: DdlContext, s: DropView): void {
  for (const name of s.names) {
    const view = context.view(name)
    if (!view) {
      if (s.ifExists) continue
      const names = context.views().map(v => v.name)
      throw queryError(`There is no view "${name}".${didYouMean(name, names)}`, undefined, { view: name })
    }
    const [user] = viewsOver(context, view.name)
    if (user) throw usedByView(`View "${view.name}"`, user)
    context.removeView(name)
  }
}

/** The views whose queries name a table or a view. */
export function viewsOver(context: DdlContext, name: string): ViewEntry[] {
  return context
    .views()
    .filter(view => !sameName(view.name, name) && mentions(parseStatement(view.text).statement, name))
}

export function usedByView(what: string, view: ViewEntry): Error {
  return queryError(`${what} is used by the view "${view.name}".`, 'Drop the view first.', { view: view.name })
}

function dropViewAndUsers(context: DdlContext, view: ViewEntry): void {
  for (const user of viewsOver(context, view.name)) dropViewAndUsers(context, user)
  context.removeView(view.name)
}
