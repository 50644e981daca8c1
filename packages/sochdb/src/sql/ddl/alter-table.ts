/** ALTER TABLE: one action after the other, in one transaction. */
import type { AlterAction, AlterTable, TableConstraint } from '../ast/ddl.js'
import { quoteName } from '../ast/quote.js'
import type { TableEntry } from '../catalog/entries.js'
import { ErrorCode, QueryError } from '../../errors/index.js'
import { invalid, queryError } from '../problem.js'
import { addColumn, dropColumn, replaceColumn, setDefault, setNotNull, setType } from './alter-columns.js'
import { fillInline } from './build-index.js'
import type { DdlContext } from './context.js'
import { sameName } from './context.js'
import { policyOf, withConstraint } from './create-table.js'
import { withoutIndex } from './indexes.js'
import { linkForeignKey, unlinkForeignKeys } from './keys.js'
import { renameColumn, renameIndex, renameTable } from './rename.js'
import { checkCheck, checkForeignKey } from './validate-rows.js'

export function alterTable(context: DdlContext, s: AlterTable): void {
  if (s.ifExists && !context.find(s.table)) return
  let name = s.table
  for (const action of s.actions) {
    const { entry } = context.require(name)
    const changed = alter(context, entry, action)
    if (changed !== entry) context.save(changed)
    name = changed.name
  }
}

/** The entry as it is then; some actions have written it already. */
function alter(context: DdlContext, entry: TableEntry, action: AlterAction): TableEntry {
  switch (action.kind) {
    case 'addColumn':
      return addColumn(context, entry, action.column, action.ifNotExists)
    case 'dropColumn':
      return dropColumn(context, entry, action)
    case 'renameColumn':
      return renameColumn(context, entry, action.column, action.to)
    case 'renameTable':
      return renameTable(context, entry, action.to)
    case 'setType':
      return setType(context, entry, action.column, action.type, action.using)
    case 'setDefault':
      return setDefault(context, entry, action.column, action.default)
    case 'setNotNull':
    case 'dropNotNull':
      return setNotNull(context, entry, action.column, action.kind === 'setNotNull')
    case 'replaceColumn':
      return replaceColumn(context, entry, action.column, action.definition)
    case 'addConstraint':
      return addConstraint(context, entry, action.constraint)
    case 'dropConstraint':
      return dropConstraint(context, entry, action.name, action.ifExists)
    case 'renameIndex':
      return renameIndex(context, entry, action.name, action.to)
    case 'setOptions':
      return setOptions(entry, action.options)
  }
}

export function addConstraint(context: DdlContext, entry: TableEntry, constraint: TableConstraint): TableEntry {
  if (constraint.kind === 'primaryKey') {
    throw invalid(
      `Table "${entry.name}" keeps its rows by the primary key it was created with.`,
      'Add a UNIQUE constraint, or create a table with that key and copy the rows.',
    )
  }
  const { entry: saved } = context.save(withConstraint(context, entry, constraint))
  if (constraint.kind === 'check') checkCheck(context, saved, saved.checks.at(-1)!)
  else if (constraint.kind === 'foreignKey') {
    const key = saved.foreignKeys!.at(-1)!
    linkForeignKey(context, saved, key.table)
    checkForeignKey(context, saved, key)
  } else fillInline(context.transaction, saved, saved.indexes.at(-1)!)
  return context.require(saved.name).entry
}

function dropConstraint(context: DdlContext, entry: TableEntry, name: string, ifExists: boolean): TableEntry {
  if (entry.checks.some(c => sameName(c.name, name))) {
    return { ...entry, checks: entry.checks.filter(c => !sameName(c.name, name)) }
  }
  if (entry.foreignKeys?.some(key => sameName(key.name, name))) {
    const changed = { ...entry, foreignKeys: entry.foreignKeys.filter(key => !sameName(key.name, name)) }
    context.save(changed)
    unlinkForeignKeys(context, entry, changed)
    return context.require(entry.name).entry
  }
  if (entry.indexes.some(i => i.constraint && sameName(i.name, name))) return withoutIndex(context, entry, name)
  if (ifExists) return entry
  throw queryError(`Table "${entry.name}" has no constraint ${quoteName(name)}.`, undefined, {
    table: entry.name,
    constraint: name,
  })
}

function setOptions(entry: TableEntry, options: Parameters<typeof policyOf>[0]): TableEntry {
  const policy = policyOf(options)
  if (policy === undefined || policy === entry.policy) return entry
  throw new QueryError(`Table "${entry.name}" moves to another index policy in transactions of its own.`, {
    code: ErrorCode.UNSUPPORTED,
    remediation: 'Use ALTER TABLE … SET (index_policy = …) as the only action, outside of transactions.',
  })
}
