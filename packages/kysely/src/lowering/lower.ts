import type {
  AliasNode,
  ColumnNode,
  DeleteQueryNode,
  InsertQueryNode,
  JoinNode,
  OnConflictNode,
  OperationNode,
  OrderByItemNode,
  RootOperationNode,
  SelectQueryNode,
  SelectionNode,
  UpdateQueryNode,
} from 'kysely'
import { QueryError } from 'sochdb'
import type {
  Assignment,
  Expression,
  InsertStatement,
  OnConflict,
  OrderItem,
  SelectItem,
  SelectStatement,
  Statement,
  TableExpression,
} from 'sochdb/internal'
import { LoweringContext, kindOf, refuse, unsupported } from './context.js'
import { columnName, identifierOf, lowerExpression, tableName } from './expression.js'

export interface Lowered {
  readonly statement: Statement
  readonly parameters: readonly unknown[]
}

/** The operation tree of a query, after plugins, as the engine's own syntax tree. */
export function lower(node: RootOperationNode): Lowered {
  const context = new LoweringContext()
  return { statement: lowerStatement(context, node), parameters: context.parameters }
}

function lowerStatement(context: LoweringContext, node: OperationNode): Statement {
  switch (node.kind) {
    case 'SelectQueryNode':
      return lowerSelect(context, node as SelectQueryNode)
    case 'InsertQueryNode':
      return lowerInsert(context, node as InsertQueryNode)
    case 'UpdateQueryNode':
      return lowerUpdate(context, node as UpdateQueryNode)
    case 'DeleteQueryNode':
      return lowerDelete(context, node as DeleteQueryNode)
    case 'RawNode':
      throw unsupported('SQL text')
    default:
      throw unsupported(kindOf(node))
  }
}

function lowerSelect(context: LoweringContext, node: SelectQueryNode): SelectStatement {
  refuse(node, {
    distinctOn: 'DISTINCT ON',
    endModifiers: 'locking clauses',
    with: 'WITH',
    explain: 'EXPLAIN',
    setOperations: 'set operations',
    fetch: 'FETCH',
    top: 'TOP',
  })
  let distinct = false
  for (const modifier of node.frontModifiers ?? []) {
    if (modifier.modifier !== 'Distinct') throw unsupported(modifier.modifier ?? 'a raw modifier')
    distinct = true
  }
  return {
    kind: 'select',
    distinct,
    columns: (node.selections ?? []).map(selection => lowerSelection(context, selection)),
    from: lowerFrom(context, node),
    where: optional(context, node.where?.where),
    groupBy: (node.groupBy?.items ?? []).map(item => lowerExpression(context, item.groupBy)),
    having: optional(context, node.having?.having),
    orderBy: (node.orderBy?.items ?? []).map(item => lowerOrder(context, item)),
    limit: optional(context, node.limit?.limit),
    offset: optional(context, node.offset?.offset),
  }
}

function lowerFrom(context: LoweringContext, node: SelectQueryNode): TableExpression | undefined {
  const [first, ...more] = node.from?.froms ?? []
  if (first === undefined) return undefined
  let from = lowerTable(first)
  for (const other of more) from = { kind: 'join', join: 'cross', left: from, right: lowerTable(other), on: undefined }
  for (const join of node.joins ?? []) from = lowerJoin(context, from, join)
  return from
}

function lowerJoin(context: LoweringContext, left: TableExpression, node: JoinNode): TableExpression {
  const kinds: Partial<Record<typeof node.joinType, 'inner' | 'left' | 'cross'>> = {
    InnerJoin: 'inner',
    LeftJoin: 'left',
    CrossJoin: 'cross',
  }
  const join = kinds[node.joinType]
  if (join === undefined) throw unsupported(node.joinType)
  return { kind: 'join', join, left, right: lowerTable(node.table), on: optional(context, node.on?.on) }
}

function lowerTable(node: OperationNode): TableExpression {
  if (node.kind === 'AliasNode') {
    const { node: aliased, alias } = node as AliasNode
    return { kind: 'table', name: tableName(aliased), alias: identifierOf(alias) }
  }
  return { kind: 'table', name: tableName(node), alias: undefined }
}

function lowerSelection(context: LoweringContext, { selection }: SelectionNode): SelectItem {
  switch (selection.kind) {
    case 'SelectAllNode':
      return { kind: 'all', table: undefined }
    case 'ReferenceNode':
      if (selection.column.kind === 'SelectAllNode') {
        return { kind: 'all', table: selection.table === undefined ? undefined : tableName(selection.table) }
      }
      break
    case 'AliasNode':
      return {
        kind: 'expression',
        expression: lowerExpression(context, selection.node),
        alias: identifierOf(selection.alias),
      }
  }
  return { kind: 'expression', expression: lowerExpression(context, selection), alias: undefined }
}

function lowerOrder(context: LoweringContext, node: OrderByItemNode): OrderItem {
  refuse(node, { collation: 'COLLATE' })
  return {
    expression: lowerExpression(context, node.orderBy),
    descending: isDescending(node.direction),
    nulls: node.nulls,
  }
}

/** Kysely writes the direction as a fragment of SQL. */
function isDescending(direction: OperationNode | undefined): boolean {
  if (direction === undefined) return false
  const text =
    'sqlFragments' in direction ? (direction.sqlFragments as readonly string[]).join('').trim().toLowerCase() : ''
  if (text === 'asc') return false
  if (text === 'desc') return true
  throw unsupported(`the sort direction "${text}"`)
}

function lowerInsert(context: LoweringContext, node: InsertQueryNode): InsertStatement {
  refuse(node, {
    onDuplicateKey: 'ON DUPLICATE KEY UPDATE',
    with: 'WITH',
    orAction: 'INSERT OR …',
    replace: 'REPLACE',
    explain: 'EXPLAIN',
    endModifiers: 'modifiers',
    top: 'TOP',
    output: 'OUTPUT',
  })
  if (node.into === undefined) throw new QueryError('An insert needs a table.')
  return {
    kind: 'insert',
    table: tableName(node.into),
    columns: (node.columns ?? []).map(columnName),
    rows: node.defaultValues === true ? [[]] : lowerRows(context, node.values),
    onConflict: node.onConflict === undefined ? undefined : lowerOnConflict(context, node.onConflict),
    returning: lowerReturning(context, node.returning?.selections),
  }
}

function lowerRows(context: LoweringContext, values: OperationNode | undefined): (Expression | undefined)[][] {
  if (values?.kind !== 'ValuesNode')
    throw unsupported(values === undefined ? 'an insert without values' : 'INSERT … SELECT')
  return (values as OperationNode & { values: readonly OperationNode[] }).values.map(row => {
    const items = (row as OperationNode & { values: readonly unknown[] }).values
    if (row.kind === 'PrimitiveValueListNode') return items.map(value => context.parameter(value))
    return (items as readonly OperationNode[]).map(item =>
      item.kind === 'DefaultInsertValueNode' ? undefined : lowerExpression(context, item),
    )
  })
}

function lowerOnConflict(context: LoweringContext, node: OnConflictNode): OnConflict {
  refuse(node, {
    constraint: 'ON CONFLICT ON CONSTRAINT',
    indexExpression: 'ON CONFLICT on an expression',
    indexWhere: 'ON CONFLICT with a predicate',
  })
  return {
    target: (node.columns ?? []).map(columnName),
    action: node.doNothing === true ? 'nothing' : 'update',
    set: (node.updates ?? []).map(update => lowerAssignment(context, update)),
    where: optional(context, node.updateWhere?.where),
  }
}

function lowerUpdate(context: LoweringContext, node: UpdateQueryNode): Statement {
  refuse(node, {
    from: 'UPDATE … FROM',
    joins: 'joins in an update',
    with: 'WITH',
    explain: 'EXPLAIN',
    endModifiers: 'modifiers',
    limit: 'LIMIT in an update',
    orderBy: 'ORDER BY in an update',
    top: 'TOP',
    output: 'OUTPUT',
  })
  if (node.table === undefined) throw new QueryError('An update needs a table.')
  return {
    kind: 'update',
    ...single(node.table),
    set: (node.updates ?? []).map(update => lowerAssignment(context, update)),
    where: optional(context, node.where?.where),
    returning: lowerReturning(context, node.returning?.selections),
  }
}

function lowerDelete(context: LoweringContext, node: DeleteQueryNode): Statement {
  refuse(node, {
    using: 'DELETE … USING',
    joins: 'joins in a delete',
    with: 'WITH',
    orderBy: 'ORDER BY in a delete',
    limit: 'LIMIT in a delete',
    explain: 'EXPLAIN',
    endModifiers: 'modifiers',
    top: 'TOP',
    output: 'OUTPUT',
  })
  const [table, ...more] = node.from.froms
  if (table === undefined || more.length > 0) throw unsupported('a delete from several tables')
  return {
    kind: 'delete',
    ...single(table),
    where: optional(context, node.where?.where),
    returning: lowerReturning(context, node.returning?.selections),
  }
}

function lowerAssignment(context: LoweringContext, node: { column: OperationNode; value: OperationNode }): Assignment {
  return { column: columnName(node.column as ColumnNode), value: lowerExpression(context, node.value) }
}

function lowerReturning(context: LoweringContext, selections: readonly SelectionNode[] | undefined): SelectItem[] {
  return (selections ?? []).map(selection => lowerSelection(context, selection))
}

function single(node: OperationNode): { table: string; alias: string | undefined } {
  const table = lowerTable(node)
  if (table.kind !== 'table') throw unsupported('a join in place of a table')
  return { table: table.name, alias: table.alias }
}

function optional(context: LoweringContext, node: OperationNode | undefined): Expression | undefined {
  return node === undefined ? undefined : lowerExpression(context, node)
}
