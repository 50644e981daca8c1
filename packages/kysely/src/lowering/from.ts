/** What rows come from: tables, subqueries, functions, and their joins. */
import type { AliasNode, FunctionNode, JoinNode, OperationNode, ParensNode, SelectQueryNode } from 'kysely'
import type { Join, TableExpression } from 'sochdb/internal'
import { onlyAsText, type LoweringContext } from './context.js'
import { optional, lowerExpression } from './expression.js'
import { fragmentTable } from './fragment.js'
import { identifierOf, qualifiedName } from './names.js'
import { lowerSubquery } from './select.js'

export function lowerFrom(
  context: LoweringContext,
  tables: readonly OperationNode[] | undefined,
  joins: readonly JoinNode[] | undefined,
): TableExpression | undefined {
  const [first, ...more] = tables ?? []
  if (first === undefined) {
    if (joins !== undefined && joins.length > 0) onlyAsText()
    return undefined
  }
  let from = lowerTable(context, first, false)
  for (const other of more) {
    from = { kind: 'join', join: 'cross', left: from, right: lowerTable(context, other, false), on: undefined }
  }
  for (const join of joins ?? []) from = lowerJoin(context, from, join)
  return from
}

interface JoinKind {
  readonly join: Join['join']
  readonly lateral: boolean
}

const joinKinds: Readonly<Partial<Record<JoinNode['joinType'], JoinKind>>> = {
  InnerJoin: { join: 'inner', lateral: false },
  LeftJoin: { join: 'left', lateral: false },
  RightJoin: { join: 'right', lateral: false },
  FullJoin: { join: 'full', lateral: false },
  CrossJoin: { join: 'cross', lateral: false },
  LateralInnerJoin: { join: 'inner', lateral: true },
  LateralLeftJoin: { join: 'left', lateral: true },
  LateralCrossJoin: { join: 'cross', lateral: true },
}

function lowerJoin(context: LoweringContext, left: TableExpression, node: JoinNode): TableExpression {
  const kind = joinKinds[node.joinType] ?? onlyAsText()
  const right = lowerTable(context, node.table, kind.lateral)
  const on = optional(context, node.on?.on)
  // The parser says what is missing.
  if ((on === undefined) !== (kind.join === 'cross')) onlyAsText()
  return { kind: 'join', join: kind.join, left, right, on }
}

function lowerTable(context: LoweringContext, node: OperationNode, lateral: boolean): TableExpression {
  if (node.kind !== 'AliasNode') return lowerSource(context, node, undefined, lateral)
  const { node: aliased, alias } = node as AliasNode
  if (alias.kind !== 'IdentifierNode' || aliased.kind === 'RawNode') return fragment(context, node, lateral)
  return lowerSource(context, aliased, identifierOf(alias), lateral)
}

function lowerSource(
  context: LoweringContext,
  node: OperationNode,
  alias: string | undefined,
  lateral: boolean,
): TableExpression {
  switch (node.kind) {
    case 'TableNode': {
      const { schema, name } = qualifiedName(node)
      return schema === undefined ? { kind: 'table', name, alias } : { kind: 'table', schema, name, alias }
    }
    case 'SelectQueryNode': {
      const query = lowerSubquery(context, node as SelectQueryNode)
      return { kind: 'subquery', query, alias, ...(lateral && { lateral }) }
    }
    case 'ParensNode':
      return lowerSource(context, (node as ParensNode).node, alias, lateral)
    case 'FunctionNode': {
      const { func, arguments: args } = node as FunctionNode
      return {
        kind: 'function',
        name: func.toLowerCase(),
        arguments: args.map(argument => lowerExpression(context, argument)),
        alias,
      }
    }
    default:
      if (alias !== undefined) onlyAsText()
      return fragment(context, node, lateral)
  }
}

function fragment(context: LoweringContext, node: OperationNode, lateral: boolean): TableExpression {
  const table = fragmentTable(context, node)
  return lateral && table.kind === 'subquery' ? { ...table, lateral } : table
}
