/** Statements as text. */
import type {
  Assignment,
  DeleteStatement,
  InsertStatement,
  OnConflict,
  Statement,
  UpdateStatement,
  SelectItem,
} from './nodes.js'
import { printDefinition } from './print-ddl.js'
import { printOrderBy } from './print-parts.js'
import { printItems, printQuery, printTable, printWith } from './print-query.js'
import { printExpression } from './print.js'
import { quoteName, quoteNames } from './quote.js'

/** The statement in SQL of the dialect `auto`, which parses to the same tree. */
export function printStatement(s: Statement): string {
  switch (s.kind) {
    case 'select':
    case 'values':
    case 'setOperation':
      return printQuery(s)
    case 'insert':
      return printInsert(s)
    case 'update':
      return printUpdate(s)
    case 'delete':
      return printDelete(s)
    default:
      return printDefinition(s)
  }
}

const UNLIMITED = Number.POSITIVE_INFINITY

function printInsert(s: InsertStatement): string {
  const conflict = s.onConflict
  const or = conflict?.action === 'ignore' || conflict?.action === 'replace' ? ` or ${conflict.action}` : ''
  const parts = [`${printWith(s.with)}insert${or} into ${quoteName(s.table)}`]
  if (s.alias !== undefined) parts.push(`as ${quoteName(s.alias)}`)
  if (s.columns) parts.push(`(${quoteNames(s.columns)})`)
  if (s.query) parts.push(printQuery(s.query))
  else if (s.rows.length === 1 && s.rows[0]!.length === 0 && !s.columns) parts.push('default values')
  else {
    const rows = s.rows.map(row => `(${row.map(e => (e ? printExpression(e) : 'default')).join(', ')})`)
    parts.push(`values ${rows.join(', ')}`)
  }
  if (conflict && or === '') parts.push(...[conflict, ...(s.moreConflicts ?? [])].map(printConflict))
  return parts.join(' ') + printReturning(s.returning)
}

function printConflict(c: OnConflict): string {
  const parts = ['on conflict']
  if (c.constraint !== undefined) parts.push(`on constraint ${quoteName(c.constraint)}`)
  if (c.target.length > 0) parts.push(`(${quoteNames(c.target)})`)
  if (c.targetWhere) parts.push(`where ${printExpression(c.targetWhere)}`)
  parts.push(c.action === 'update' ? `do update set ${printSet(c.set)}` : 'do nothing')
  if (c.where) parts.push(`where ${printExpression(c.where)}`)
  return parts.join(' ')
}

function printSet(set: readonly Assignment[]): string {
  return set.map(({ column, value }) => `${quoteName(column)} = ${printExpression(value)}`).join(', ')
}

function printReturning(items: readonly SelectItem[]): string {
  return items.length > 0 ? ` returning ${printItems(items)}` : ''
}

type WriteTail = Pick<UpdateStatement | DeleteStatement, 'where' | 'returning' | 'orderBy' | 'limit' | 'offset'>

function printWriteTail(s: WriteTail): string {
  const where = s.where ? ` where ${printExpression(s.where)}` : ''
  const limit = s.limit ? ` limit ${printExpression(s.limit)}` : ''
  const offset = s.offset ? ` offset ${printExpression(s.offset)}` : ''
  return `${where}${printReturning(s.returning)}${printOrderBy(s.orderBy, UNLIMITED)}${limit}${offset}`
}

const printAlias = (alias: string | undefined): string => (alias === undefined ? '' : ` as ${quoteName(alias)}`)

function printUpdate(s: UpdateStatement): string {
  const set = s.set.length > 0 ? [printSet(s.set)] : []
  for (const row of s.setRows ?? []) set.push(`(${quoteNames(row.columns)}) = (${printQuery(row.query)})`)
  const or = s.conflict ? `or ${s.conflict} ` : ''
  const from = s.from ? ` from ${printTable(s.from)}` : ''
  const table = quoteName(s.table) + printAlias(s.alias)
  return `${printWith(s.with)}update ${or}${table} set ${set.join(', ')}${from}${printWriteTail(s)}`
}

function printDelete(s: DeleteStatement): string {
  const using = s.using ? ` using ${printTable(s.using)}` : ''
  const table = quoteName(s.table) + printAlias(s.alias)
  return `${printWith(s.with)}delete from ${table}${using}${printWriteTail(s)}`
}
