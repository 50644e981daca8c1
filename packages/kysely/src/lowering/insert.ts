import type {
  InsertQueryNode,
  OnConflictNode,
  OperationNode,
  PrimitiveValueListNode,
  SelectQueryNode,
  ValueListNode,
  ValuesNode,
} from 'kysely'
import { QueryError } from 'sochdb'
import type { Expression, InsertStatement, OnConflict } from 'sochdb/internal'
import { lowerAssignment } from './update.js'
import { asTextIf, onlyAsText, type LoweringContext } from './context.js'
import { lowerExpression, optional } from './expression.js'
import { columnName, writtenTable } from './names.js'
import { lowerSelections, lowerSubquery } from './select.js'
import { lowerWith } from './with.js'

type Row = readonly (Expression | undefined)[]

export function lowerInsert(context: LoweringContext, node: InsertQueryNode): InsertStatement {
  asTextIf(node.onDuplicateKey, node.endModifiers, node.top, node.output)
  if (node.into === undefined) throw new QueryError('An insert needs a table.')
  const withClause = node.with && lowerWith(context, node.with)
  const { values } = node
  const fromQuery = values?.kind === 'SelectQueryNode'
  const rows = fromQuery ? [] : lowerRows(context, node)
  const query = fromQuery ? lowerSubquery(context, values as SelectQueryNode) : undefined
  return {
    kind: 'insert',
    ...(withClause && { with: withClause }),
    ...target(node.into),
    columns: node.defaultValues === true ? [] : node.columns?.map(columnName),
    rows,
    ...(query && { query }),
    onConflict: conflictOf(context, node),
    returning: lowerSelections(context, node.returning?.selections),
  }
}

function target(node: OperationNode): { table: string; alias?: string } {
  const { table, alias } = writtenTable(node)
  return alias === undefined ? { table } : { table, alias }
}

function lowerRows(context: LoweringContext, { defaultValues, values }: InsertQueryNode): readonly Row[] {
  if (defaultValues === true) return [[]]
  if (values?.kind !== 'ValuesNode') onlyAsText()
  return (values as ValuesNode).values.map(row => lowerRow(context, row))
}

function lowerRow(context: LoweringContext, row: ValueListNode | PrimitiveValueListNode): Row {
  if (row.kind === 'PrimitiveValueListNode') return row.values.map(value => context.parameter(value))
  return row.values.map(item => (item.kind === 'DefaultInsertValueNode' ? undefined : lowerExpression(context, item)))
}

function conflictOf(context: LoweringContext, node: InsertQueryNode): OnConflict | undefined {
  const action = node.replace === true ? 'replace' : node.orAction?.action
  if (node.onConflict !== undefined) {
    asTextIf(action)
    return lowerOnConflict(context, node.onConflict)
  }
  switch (action) {
    case undefined:
    case 'abort':
    case 'rollback': // The connection ends its transaction.
      return undefined
    case 'replace':
    case 'ignore':
      return { target: [], action, set: [], where: undefined }
    default:
      onlyAsText()
  }
}

function lowerOnConflict(context: LoweringContext, node: OnConflictNode): OnConflict {
  asTextIf(node.indexExpression)
  const targetWhere = optional(context, node.indexWhere?.where)
  return {
    target: (node.columns ?? []).map(columnName),
    ...(node.constraint && { constraint: node.constraint.name }),
    ...(targetWhere && { targetWhere }),
    action: node.doNothing === true ? 'nothing' : 'update',
    set: (node.updates ?? []).map(update => lowerAssignment(context, update)),
    where: optional(context, node.updateWhere?.where),
  }
}
