import type {
  OperationNode,
  ParensNode,
  SelectionNode,
  SelectModifierNode,
  SelectQueryNode,
  SetOperationNode,
} from 'kysely'
import type { Query, QueryTail, SelectItem, SelectStatement } from 'sochdb/internal'
import { lowerOrderBy } from './calls.js'
import { asTextIf, onlyAsText, type LoweringContext } from './context.js'
import { lowerExpression, optional } from './expression.js'
import { fragmentText } from './fragment.js'
import { lowerFrom } from './from.js'
import { identifierOf, tableOfReference } from './names.js'
import { lowerWith } from './with.js'

/** A query inside of another one. */
export function lowerSubquery(context: LoweringContext, node: SelectQueryNode): Query {
  asTextIf(node.explain)
  return lowerSelect(context, node)
}

/** A query, with what it has in front of it and behind it. EXPLAIN is the statement's. */
export function lowerSelect(context: LoweringContext, node: SelectQueryNode): Query {
  asTextIf(node.fetch, node.top)
  if (node.endModifiers?.some(modifier => !isLock(modifier)) === true) onlyAsText()
  context.enter()
  // In the order of the text, which is the order of the parameters.
  const withClause = node.with && lowerWith(context, node.with)
  const core = lowerCore(context, node)
  let query: Query = core
  for (const operation of node.setOperations ?? []) query = combine(context, query, operation)
  const tail: QueryTail = {
    orderBy: node.orderBy === undefined ? [] : lowerOrderBy(context, node.orderBy),
    limit: optional(context, node.limit?.limit),
    offset: optional(context, node.offset?.offset),
  }
  context.leave()
  return { ...query, ...tail, ...(withClause && { with: withClause }) }
}

/** FOR UPDATE and its like: transactions here conflict without being told. Those that name tables are left to the parser. */
const isLock = (node: SelectModifierNode): boolean =>
  node.modifier !== undefined && node.modifier !== 'Distinct' && node.rawModifier === undefined && node.of === undefined

function lowerCore(context: LoweringContext, node: SelectQueryNode): SelectStatement {
  const distinctOn = node.distinctOn?.map(item => lowerExpression(context, item))
  return {
    kind: 'select',
    distinct: isDistinct(node),
    ...(distinctOn && distinctOn.length > 0 && { distinctOn }),
    columns: lowerSelections(context, node.selections),
    from: lowerFrom(context, node.from?.froms, node.joins),
    where: optional(context, node.where?.where),
    groupBy: (node.groupBy?.items ?? []).map(item => lowerExpression(context, item.groupBy)),
    having: optional(context, node.having?.having),
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }
}

function isDistinct(node: SelectQueryNode): boolean {
  let distinct = false
  for (const { modifier } of node.frontModifiers ?? []) {
    if (modifier !== 'Distinct') onlyAsText()
    distinct = true
  }
  return distinct
}

function combine(context: LoweringContext, left: Query, node: SetOperationNode): Query {
  const { operator, all, expression } = node
  // Dialects disagree on whether INTERSECT binds more strongly: the parser knows the one of the text.
  if (left.kind === 'setOperation' && (left.operator === 'intersect') !== (operator === 'intersect')) onlyAsText()
  const right = lowerSelect(context, operandOf(expression))
  return { kind: 'setOperation', operator, all, left, right, orderBy: [], limit: undefined, offset: undefined }
}

function operandOf(node: OperationNode): SelectQueryNode {
  if (node.kind === 'ParensNode') {
    const { node: inner } = node as ParensNode
    return inner.kind === 'SelectQueryNode' ? (inner as SelectQueryNode) : onlyAsText()
  }
  if (node.kind !== 'SelectQueryNode') onlyAsText()
  const query = node as SelectQueryNode
  // Written without parentheses: these would be the whole's.
  asTextIf(query.setOperations, query.orderBy, query.limit, query.offset, query.with, query.explain)
  return query
}

export function lowerSelections(
  context: LoweringContext,
  selections: readonly SelectionNode[] | undefined,
): readonly SelectItem[] {
  return (selections ?? []).map(selection => lowerSelection(context, selection))
}

function lowerSelection(context: LoweringContext, { selection }: SelectionNode): SelectItem {
  const node: OperationNode = selection
  switch (selection.kind) {
    case 'SelectAllNode':
      return { kind: 'all', table: undefined }
    case 'ReferenceNode':
      if (selection.column.kind === 'SelectAllNode') {
        return { kind: 'all', table: selection.table && tableOfReference(selection.table) }
      }
      break
    case 'AliasNode':
      return {
        kind: 'expression',
        expression: lowerExpression(context, selection.node),
        alias: identifierOf(selection.alias),
      }
  }
  const expression = lowerExpression(context, node)
  if (expression.kind === 'column') return { kind: 'expression', expression, alias: undefined }
  return { kind: 'expression', expression, alias: undefined, text: fragmentText(context, node) }
}
