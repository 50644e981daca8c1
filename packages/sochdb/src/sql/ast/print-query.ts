/** Queries as text. */
import type { Query, SelectItem, SelectStatement, TableExpression, WithClause } from './nodes.js'
import { printOrderBy, printWindow } from './print-parts.js'
import { printExpression } from './print.js'
import { quoteName, quoteNames } from './quote.js'

export function printQuery(q: Query, limit = Number.POSITIVE_INFINITY): string {
  if (limit < 0) return '…'
  return printWith(q.with, limit) + printBody(q, limit) + printTail(q, limit)
}

export function printWith(w: WithClause | undefined, limit = Number.POSITIVE_INFINITY): string {
  if (!w) return ''
  const tables = w.tables.map(t => {
    const columns = t.columns ? ` (${quoteNames(t.columns)})` : ''
    const materialized = t.materialized === undefined ? '' : t.materialized ? ' materialized' : ' not materialized'
    return `${quoteName(t.name)}${columns} as${materialized} (${printQuery(t.query, limit - 1)})`
  })
  return `with ${w.recursive ? 'recursive ' : ''}${tables.join(', ')} `
}

function printTail(q: Query, limit: number): string {
  const most = q.limit ? ` limit ${printExpression(q.limit, limit)}` : ''
  const offset = q.offset ? ` offset ${printExpression(q.offset, limit)}` : ''
  return printOrderBy(q.orderBy, limit) + most + offset
}

function printBody(q: Query, limit: number): string {
  switch (q.kind) {
    case 'select':
      return printSelect(q, limit)
    case 'values':
      return `values ${q.rows.map(row => `(${row.map(e => printExpression(e, limit)).join(', ')})`).join(', ')}`
    case 'setOperation': {
      // Along the left edge chains grow: they are printed without parentheses, in a loop.
      const parts: string[] = []
      let node: Query = q
      while (node.kind === 'setOperation' && (node === q || isBare(node))) {
        const right: Query = node.right
        const shown =
          right.kind !== 'setOperation' && isBare(right)
            ? printBody(right, limit - 1)
            : `(${printQuery(right, limit - 1)})`
        parts.push(`${node.operator}${node.all ? ' all' : ''} ${shown}`)
        node = node.left
      }
      parts.push(isBare(node) ? printBody(node, limit - 1) : `(${printQuery(node, limit - 1)})`)
      return parts.reverse().join(' ')
    }
  }
}

/** Has neither WITH nor a tail. */
function isBare(q: Query): boolean {
  return !q.with && q.orderBy.length === 0 && !q.limit && !q.offset
}

function printSelect(s: SelectStatement, limit: number): string {
  const print = (items: readonly Parameters<typeof printExpression>[0][]): string =>
    items.map(e => printExpression(e, limit)).join(', ')
  const parts = ['select']
  if (s.distinct) parts.push('distinct')
  if (s.distinctOn) parts.push(`distinct on (${print(s.distinctOn)})`)
  if (s.columns.length > 0) parts.push(printItems(s.columns, limit))
  if (s.from) parts.push(`from ${printTable(s.from, limit)}`)
  if (s.where) parts.push(`where ${printExpression(s.where, limit)}`)
  if (s.groupBy.length > 0) parts.push(`group by ${print(s.groupBy)}`)
  if (s.having) parts.push(`having ${printExpression(s.having, limit)}`)
  if (s.windows) {
    parts.push(`window ${s.windows.map(w => `${quoteName(w.name)} as ${printWindow(w.window, limit)}`).join(', ')}`)
  }
  return parts.join(' ')
}

export function printItems(items: readonly SelectItem[], limit = Number.POSITIVE_INFINITY): string {
  return items
    .map(item => {
      if (item.kind === 'all') return item.table === undefined ? '*' : `${quoteName(item.table)}.*`
      const alias = item.alias === undefined ? '' : ` as ${quoteName(item.alias)}`
      return `${printExpression(item.expression, limit)}${alias}`
    })
    .join(', ')
}

function printAlias(alias: string | undefined, columns: readonly string[] | undefined): string {
  const list = columns ? `${alias === undefined ? ' ' : ''}(${quoteNames(columns)})` : ''
  return `${alias === undefined ? '' : ` as ${quoteName(alias)}`}${list}`
}

/** Joins grow along their left edge, in a loop. */
export function printTable(t: TableExpression, limit = Number.POSITIVE_INFINITY): string {
  const parts: string[] = []
  let node = t
  while (node.kind === 'join') {
    const right = node.right.kind === 'join' ? `(${printTable(node.right, limit - 1)})` : printTable(node.right, limit)
    const on = node.on ? ` on ${printExpression(node.on, limit)}` : ''
    const using = node.using ? ` using (${quoteNames(node.using)})` : ''
    parts.push(`${node.natural ? 'natural ' : ''}${node.join} join ${right}${on}${using}`)
    node = node.left
  }
  parts.push(printOperand(node, limit))
  return parts.reverse().join(' ')
}

function printOperand(t: Exclude<TableExpression, { kind: 'join' }>, limit: number): string {
  switch (t.kind) {
    case 'table': {
      const schema = t.schema === undefined ? '' : `${quoteName(t.schema)}.`
      return `${schema}${quoteName(t.name)}${printAlias(t.alias, t.columns)}`
    }
    case 'subquery':
      return `${t.lateral ? 'lateral ' : ''}(${printQuery(t.query, limit - 1)})${printAlias(t.alias, t.columns)}`
    case 'function': {
      const args = t.arguments.map(e => printExpression(e, limit)).join(', ')
      return `${quoteName(t.name)}(${args})${printAlias(t.alias, t.columns)}`
    }
  }
}
