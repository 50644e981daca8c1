/**
 * Fragments of SQL text, from `sql` templates. A fragment is written out whole, with placeholders for its values, and read by the
 * parser that reads statements; what it read is kept by the text.
 */
import type { OperationNode, RootOperationNode } from 'kysely'
import { QueryError } from 'sochdb'
import { parseExpression, parseStatement } from 'sochdb/internal'
import type { Expression, OrderItem, SelectStatement, TableExpression } from 'sochdb/internal'
import { onlyAsText, type LoweringContext } from './context.js'

const FRAGMENTS_MAX = 2000
/** Longer ones are read each time: a cache is for what comes again. */
const LENGTH_MAX = 10_000

/** The newest last. */
const fragments = new Map<string, unknown>()

function cached<T>(kind: string, text: string, read: (text: string) => T): T {
  const key = kind + text
  const held = fragments.get(key)
  if (held !== undefined) return held as T
  const made = read(text)
  if (text.length <= LENGTH_MAX) {
    if (fragments.size >= FRAGMENTS_MAX) fragments.delete(fragments.keys().next().value!)
    fragments.set(key, made)
  }
  return made
}

function readFragment<T>(context: LoweringContext, node: OperationNode, kind: string, read: (text: string) => T): T {
  const { sql, parameters } = context.printer.print(node as RootOperationNode)
  // A comment would go on behind the fragment.
  if (sql.includes('--')) onlyAsText()
  let tree: T
  try {
    tree = cached(kind, sql, read)
  } catch (error) {
    // Alone it is nothing; in its place it may be, and if not, the message there shows where.
    if (error instanceof QueryError) onlyAsText()
    throw error
  }
  if (parameters.length === 0) return tree
  const from = context.parameters.length
  for (const value of parameters) context.parameters.push(value)
  return from === 0 ? tree : (moved(tree, from) as T)
}

/** The same tree, whose parameters count from `from`. */
function moved(tree: unknown, from: number): unknown {
  if (Array.isArray(tree)) return tree.map(item => moved(item, from))
  if (typeof tree !== 'object' || tree === null || tree instanceof Uint8Array) return tree
  if ((tree as Expression).kind === 'parameter') {
    return { kind: 'parameter', index: (tree as { readonly index: number }).index + from }
  }
  return Object.fromEntries(Object.entries(tree).map(([name, part]) => [name, moved(part, from)]))
}

export function fragmentExpression(context: LoweringContext, node: OperationNode): Expression {
  return readFragment(context, node, 'e', text => parseExpression(text))
}

/** The text of a fragment, for what is named after it. */
export const fragmentText = (context: LoweringContext, node: OperationNode): string =>
  context.printer.print(node as RootOperationNode).sql

export function fragmentOrder(context: LoweringContext, node: OperationNode): readonly OrderItem[] {
  return readFragment(context, node, 'o', text => plainSelect(`select 1 order by ${text}`, 'orderBy').orderBy)
}

export function fragmentTable(context: LoweringContext, node: OperationNode): TableExpression {
  return readFragment(context, node, 'f', text => {
    const { from } = plainSelect(`select 1 from ${text}`, 'from')
    return from ?? onlyAsText()
  })
}

/** A SELECT that has the one clause and no other: a fragment that goes on with more is none. */
function plainSelect(text: string, clause: 'orderBy' | 'from'): SelectStatement {
  const { statement } = parseStatement(text)
  if (statement.kind !== 'select') onlyAsText()
  const { from, where, groupBy, having, orderBy, limit, offset, windows } = statement
  const isPlain = [where, having, limit, offset, windows].every(part => part === undefined) && groupBy.length === 0
  if (!isPlain || (clause === 'from' ? orderBy.length > 0 : from !== undefined)) onlyAsText()
  return statement
}
