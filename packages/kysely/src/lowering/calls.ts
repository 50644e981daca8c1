/** Functions, aggregates, and both over windows. */
import type {
  AggregateFunctionNode,
  FunctionNode,
  OperationNode,
  OrderByItemNode,
  OrderByNode,
  OverNode,
  ReferenceNode,
  SelectionNode,
} from 'kysely'
import type { Expression, OrderItem, WindowDefinition } from 'sochdb/internal'
import type { LoweringContext } from './context.js'
import { lowerExpression, optional } from './expression.js'
import { fragmentExpression, fragmentOrder } from './fragment.js'

/** What looks like a call, and is more to the grammar. */
const GRAMMAR = new Set(
  'all any array case cast convert count cube distinct exists extract grouping in interval not overlay position rollup row some substring trim try_cast values'.split(
    ' ',
  ),
)

const isPlain = (name: string): boolean => /^[a-z_][a-z0-9_]*$/.test(name) && !GRAMMAR.has(name)

export function lowerFunction(context: LoweringContext, node: FunctionNode): Expression {
  const name = node.func.toLowerCase()
  if (!isPlain(name)) return fragmentExpression(context, node)
  return {
    kind: 'call',
    name,
    arguments: node.arguments.map(argument => lowerExpression(context, argument)),
    distinct: false,
    filter: undefined,
  }
}

export function lowerAggregate(context: LoweringContext, node: AggregateFunctionNode): Expression {
  const name = node.func.toLowerCase()
  const { orderBy = node.withinGroup, over } = node
  if ((name !== 'count' && !isPlain(name)) || (node.orderBy !== undefined && node.withinGroup !== undefined)) {
    return fragmentExpression(context, node)
  }
  // count(*) comes as an argument that selects all.
  const isCountAll = name === 'count' && node.aggregated.length === 1 && isStar(node.aggregated[0]!)
  return {
    kind: 'call',
    name,
    arguments: isCountAll ? [] : node.aggregated.map(argument => lowerExpression(context, argument)),
    distinct: node.distinct === true,
    filter: optional(context, node.filter?.where),
    ...(orderBy && { orderBy: lowerOrderBy(context, orderBy) }),
    ...(over && { over: lowerWindow(context, over) }),
  }
}

function lowerWindow(context: LoweringContext, node: OverNode): WindowDefinition {
  return {
    partitionBy: (node.partitionBy?.items ?? []).map(item => lowerExpression(context, item.partitionBy)),
    orderBy: node.orderBy === undefined ? [] : lowerOrderBy(context, node.orderBy),
    frame: undefined,
  }
}

/** `*`; `table.*` is something else. */
function isStar(node: OperationNode): boolean {
  if (node.kind === 'SelectionNode') return isStar((node as SelectionNode).selection)
  if (node.kind === 'SelectAllNode') return true
  if (node.kind !== 'ReferenceNode') return false
  const { column, table } = node as ReferenceNode
  return column.kind === 'SelectAllNode' && table === undefined
}

export function lowerOrderBy(context: LoweringContext, node: OrderByNode): readonly OrderItem[] {
  return node.items.flatMap(item => lowerOrder(context, item))
}

function lowerOrder(context: LoweringContext, node: OrderByItemNode): OrderItem | readonly OrderItem[] {
  const descending = isDescending(node.direction)
  // A fragment may bring a direction of its own along.
  if (descending === undefined || node.orderBy.kind === 'RawNode') return fragmentOrder(context, node)
  const operand = lowerExpression(context, node.orderBy)
  const { collation } = node
  const expression: Expression =
    collation === undefined ? operand : { kind: 'collate', operand, collation: collation.collation.name }
  return { expression, descending, nulls: node.nulls }
}

/** Kysely writes the direction as a fragment of SQL; `undefined`: it says more than that. */
function isDescending(direction: OperationNode | undefined): boolean | undefined {
  if (direction === undefined) return false
  if (direction.kind !== 'RawNode') return undefined
  const text = (direction as OperationNode & { readonly sqlFragments: readonly string[] }).sqlFragments
  if (text.length !== 1) return undefined
  if (text[0] === 'asc') return false
  return text[0] === 'desc' ? true : undefined
}
