/** What names stand in the texts that the catalog keeps, and other names in their place. */
import { printExpression } from '../ast/print.js'
import { printQuery } from '../ast/print-query.js'
import type { Query } from '../ast/nodes.js'
import { parseStored } from '../catalog/stored.js'
import { foldName } from '../catalog/store.js'
import { parseStatement } from '../parser/index.js'

type Node = Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

const same = (a: unknown, b: string): boolean => typeof a === 'string' && foldName(a) === foldName(b)

/** The tree with `change` made to each node from the leaves up. */
function mapTree(value: unknown, change: (node: Node) => Node): unknown {
  if (Array.isArray(value)) return value.map(item => mapTree(item, change))
  if (!isNode(value)) return value
  return change(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTree(item, change)])))
}

function someNode(value: unknown, test: (node: Node) => boolean): boolean {
  if (Array.isArray(value)) return value.some(item => someNode(item, test))
  if (!isNode(value)) return false
  return test(value) || Object.values(value).some(item => someNode(item, test))
}

/** Whether a query names a table or a view. */
export function mentions(query: object, table: string): boolean {
  return someNode(query, node => node['kind'] === 'table' && same(node['name'], table))
}

/** Whether a query names a column, of whatever table. */
export function mentionsColumn(text: string, column: string): boolean {
  return someNode(parseStatement(text).statement, node => node['kind'] === 'column' && same(node['name'], column))
}

/** An expression over a row, with a column called otherwise. */
export function renameColumnIn(text: string, from: string, to: string): string {
  const expression = parseStored(text)
  if (!someNode(expression, node => node['kind'] === 'column' && same(node['name'], from))) return text
  const renamed = mapTree(expression, node =>
    node['kind'] === 'column' && same(node['name'], from) ? { ...node, name: to } : node,
  )
  return printExpression(renamed as typeof expression)
}

/** An expression over a row, with its table called otherwise. */
export function renameTableIn(text: string, from: string, to: string): string {
  const expression = parseStored(text)
  if (!someNode(expression, node => node['kind'] === 'column' && same(node['table'], from))) return text
  const renamed = mapTree(expression, node =>
    node['kind'] === 'column' && same(node['table'], from) ? { ...node, table: to } : node,
  )
  return printExpression(renamed as typeof expression)
}

/** The text of a view, with a table called otherwise: what stood for it goes on to stand for it. */
export function renameTableInQuery(text: string, from: string, to: string): string {
  const renamed = mapTree(parseStatement(text).statement, node =>
    node['kind'] === 'table' && same(node['name'], from)
      ? { ...node, name: to, alias: node['alias'] ?? node['name'] }
      : node,
  )
  return printQuery(renamed as Query)
}
