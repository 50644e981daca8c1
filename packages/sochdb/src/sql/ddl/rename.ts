/** Other names for tables, columns and indexes: what refers to them by name follows. */
import type { IndexEntry, TableEntry } from '../catalog/entries.js'
import { checkName } from '../catalog/index.js'
import { foldName } from '../catalog/store.js'
import { queryError } from '../problem.js'
import type { DdlContext } from './context.js'
import { sameName } from './context.js'
import { usedByView, viewsOver } from './drop.js'
import { positionOf, referrersOf } from './keys.js'
import { mentionsColumn, renameColumnIn, renameTableIn, renameTableInQuery } from './texts.js'

export function renameColumn(context: DdlContext, entry: TableEntry, from: string, to: string): TableEntry {
  const position = positionOf(entry, from)
  const old = entry.columns[position]!.name
  if (old === to) return entry
  checkName(`a column of table "${entry.name}"`, to)
  const taken = entry.columns.find((c, i) => i !== position && !c.dropped && sameName(c.name, to))
  if (taken) throw queryError(`Table "${entry.name}" has a column "${taken.name}" already.`, undefined, { column: to })
  for (const view of viewsOver(context, entry.name)) {
    if (mentionsColumn(view.text, old)) throw usedByView(`Column "${old}" of table "${entry.name}"`, view)
  }
  const own = (key: { readonly table: string; readonly targetColumns: readonly string[] }) =>
    sameName(key.table, entry.name) ? key.targetColumns.map(c => (sameName(c, old) ? to : c)) : key.targetColumns
  for (const { child } of referrersOf(context, entry)) {
    if (sameName(child.entry.name, entry.name)) continue
    context.change(child.entry.name, c => ({
      ...c,
      foreignKeys: (c.foreignKeys ?? []).map(key => ({ ...key, targetColumns: own(key) })),
    }))
  }
  const renamed = {
    ...entry,
    columns: entry.columns.map((c, i) => (i === position ? { ...c, name: to } : c)),
    ...(entry.foreignKeys ? { foreignKeys: entry.foreignKeys.map(key => ({ ...key, targetColumns: own(key) })) } : {}),
  }
  return withTexts(renamed, text => renameColumnIn(text, old, to))
}

/** The entry with each of its texts changed. */
function withTexts(entry: TableEntry, change: (text: string) => string): TableEntry {
  return {
    ...entry,
    columns: entry.columns.map(c =>
      c.generated && !c.dropped
        ? { ...c, generated: { ...c.generated, expression: change(c.generated.expression) } }
        : c,
    ),
    checks: entry.checks.map(c => ({ ...c, expression: change(c.expression) })),
    indexes: entry.indexes.map((index): IndexEntry => ({
      ...index,
      columns: index.columns.map(c => (c.expression === undefined ? c : { ...c, expression: change(c.expression) })),
      ...(index.where === undefined ? {} : { where: change(index.where) }),
    })),
  }
}

export function renameTable(context: DdlContext, entry: TableEntry, to: string): TableEntry {
  const from = entry.name
  if (from === to) return entry
  checkName('a table', to)
  if (!sameName(from, to)) context.refuseTaken(to)
  const views = viewsOver(context, from)
  const referrers = referrersOf(context, entry)
  context.remove(from)
  const inKeys = (e: TableEntry): TableEntry =>
    e.foreignKeys
      ? { ...e, foreignKeys: e.foreignKeys.map(key => (sameName(key.table, from) ? { ...key, table: to } : key)) }
      : e
  const inReferrers = (e: TableEntry): TableEntry =>
    e.referencedBy
      ? { ...e, referencedBy: e.referencedBy.map(name => (sameName(name, from) ? foldName(to) : name)).sort() }
      : e
  const renamed = inReferrers(inKeys(withTexts({ ...entry, name: to }, text => renameTableIn(text, from, to))))
  context.save(renamed)
  for (const index of renamed.indexes) {
    context.releaseIndex(index.name)
    context.claimIndex(index.name, to)
  }
  for (const { child } of referrers) if (!sameName(child.entry.name, from)) context.change(child.entry.name, inKeys)
  for (const key of renamed.foreignKeys ?? []) if (!sameName(key.table, to)) context.change(key.table, inReferrers)
  for (const view of views) context.saveView({ ...view, text: renameTableInQuery(view.text, from, to) })
  return renamed
}

export function renameIndex(context: DdlContext, entry: TableEntry, from: string, to: string): TableEntry {
  const index = entry.indexes.find(i => sameName(i.name, from))
  if (!index) throw queryError(`Table "${entry.name}" has no index "${from}".`, undefined, { index: from })
  context.releaseIndex(index.name)
  context.claimIndex(to, entry.name)
  return { ...entry, indexes: entry.indexes.map(i => (i === index ? { ...i, name: to } : i)) }
}
