import type { CommonTableExpressionNode, OperationNode, ParensNode, SelectQueryNode, WithNode } from 'kysely'
import type { CommonTable, WithClause } from 'sochdb/internal'
import { onlyAsText, type LoweringContext } from './context.js'
import { columnName, qualifiedName } from './names.js'
import { lowerSubquery } from './select.js'

export function lowerWith(context: LoweringContext, node: WithNode): WithClause {
  return {
    recursive: node.recursive === true,
    tables: node.expressions.map(table => lowerCommonTable(context, table)),
  }
}

function lowerCommonTable(context: LoweringContext, node: CommonTableExpressionNode): CommonTable {
  const { materialized } = node
  let expression: OperationNode = node.expression
  while (expression.kind === 'ParensNode') expression = (expression as ParensNode).node
  // Statements that write have no place in WITH: the parser says so.
  if (expression.kind !== 'SelectQueryNode') onlyAsText()
  return {
    name: qualifiedName(node.name.table).name,
    columns: node.name.columns?.map(columnName),
    query: lowerSubquery(context, expression as SelectQueryNode),
    ...(materialized !== undefined && { materialized }),
  }
}
