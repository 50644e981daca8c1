/** UPDATE and DELETE. */
import type { ColumnUpdateNode, DeleteQueryNode, UpdateQueryNode } from 'kysely'
import { QueryError } from 'sochdb'
import type { Assignment, DeleteStatement, UpdateStatement } from 'sochdb/internal'
import { lowerOrderBy } from './calls.js'
import { asTextIf, onlyAsText, type LoweringContext } from './context.js'
import { lowerExpression, optional } from './expression.js'
import { lowerFrom } from './from.js'
import { columnName, writtenTable } from './names.js'
import { lowerSelections } from './select.js'
import { lowerWith } from './with.js'

export function lowerUpdate(context: LoweringContext, node: UpdateQueryNode): UpdateStatement {
  asTextIf(node.endModifiers, node.top, node.output)
  if (node.table === undefined) throw new QueryError('An update needs a table.')
  const withClause = node.with && lowerWith(context, node.with)
  const set = (node.updates ?? []).map(update => lowerAssignment(context, update))
  const from = lowerFrom(context, node.from?.froms, node.joins)
  return {
    kind: 'update',
    ...(withClause && { with: withClause }),
    ...writtenTable(node.table),
    set,
    ...(from && { from }),
    where: optional(context, node.where?.where),
    returning: lowerSelections(context, node.returning?.selections),
    ...lowerSlice(context, node),
  }
}

export function lowerDelete(context: LoweringContext, node: DeleteQueryNode): DeleteStatement {
  asTextIf(node.endModifiers, node.top, node.output)
  const [table, ...more] = node.from.froms
  if (table === undefined || more.length > 0) onlyAsText()
  const withClause = node.with && lowerWith(context, node.with)
  const using = lowerFrom(context, node.using?.tables, node.joins)
  return {
    kind: 'delete',
    ...(withClause && { with: withClause }),
    ...writtenTable(table),
    ...(using && { using }),
    where: optional(context, node.where?.where),
    returning: lowerSelections(context, node.returning?.selections),
    ...lowerSlice(context, node),
  }
}

/** ORDER BY and LIMIT of a statement that writes. */
function lowerSlice(
  context: LoweringContext,
  { orderBy, limit }: UpdateQueryNode | DeleteQueryNode,
): Pick<UpdateStatement, 'orderBy' | 'limit'> {
  return {
    ...(orderBy && { orderBy: lowerOrderBy(context, orderBy) }),
    ...(limit && { limit: lowerExpression(context, limit.limit) }),
  }
}

export function lowerAssignment(context: LoweringContext, { column, value }: ColumnUpdateNode): Assignment {
  return { column: columnName(column), value: lowerExpression(context, value) }
}
