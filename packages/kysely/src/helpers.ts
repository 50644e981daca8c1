/**
 * Nested rows: subqueries as JSON. Results are JavaScript values, as all columns of JSON are: no plugin has to parse them. They
 * are trees without a fragment of text, so that a query with them is planned as fast as one without.
 */
import {
  AggregateFunctionNode,
  AliasNode,
  ColumnNode,
  ExpressionWrapper,
  FunctionNode,
  IdentifierNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  ValueNode,
} from 'kysely'
import type { Expression, OperationNode, ShallowDehydrateObject, ShallowDehydrateValue, Simplify } from 'kysely'
import { QueryError } from 'sochdb'

/** A query that was built with `selectFrom`. */
export interface NestedQuery<O> extends Expression<O> {
  /** The query as a tree. */
  toOperationNode(): SelectQueryNode
}

/** What the helpers give: name it with `.as('…')`. */
export type NestedExpression<T> = ExpressionWrapper<object, never, T>

/**
 * The rows of a subquery as an array of objects, in the subquery's order; empty where there are none.
 *
 * @example
 * db.selectFrom('users').select(eb => [
 *   'name',
 *   jsonArrayFrom(
 *     eb.selectFrom('posts').select(['posts.id', 'posts.title']).whereRef('posts.userId', '=', 'users.id').orderBy('posts.id'),
 *   ).as('posts'),
 * ])
 */
export function jsonArrayFrom<O>(query: NestedQuery<O>): NestedExpression<Simplify<ShallowDehydrateObject<O>>[]> {
  const node = query.toOperationNode()
  return wrap(fromRows(node, AggregateFunctionNode.create('json_group_array', [objectOfRow(node)])))
}

/** The row of a subquery as an object; null where there is none. The subquery gives one row at most. */
export function jsonObjectFrom<O>(query: NestedQuery<O>): NestedExpression<Simplify<ShallowDehydrateObject<O>> | null> {
  const node = query.toOperationNode()
  return wrap(fromRows(node, objectOfRow(node)))
}

/**
 * An object of expressions.
 *
 * @example
 * db.selectFrom('users').select(eb => jsonBuildObject({ id: eb.ref('id'), upper: eb.fn('upper', ['name']) }).as('user'))
 */
export function jsonBuildObject<O extends Readonly<Record<string, Expression<unknown>>>>(
  members: O,
): NestedExpression<Simplify<{ [K in keyof O]: O[K] extends Expression<infer V> ? ShallowDehydrateValue<V> : never }>> {
  const args = Object.entries(members).flatMap(([name, value]) => [
    ValueNode.createImmediate(name),
    value.toOperationNode(),
  ])
  return wrap(FunctionNode.create('json_object', args))
}

const wrap = <T>(node: OperationNode): NestedExpression<T> => new ExpressionWrapper(node)

const ROWS = 'nested'

function fromRows(rows: SelectQueryNode, selected: OperationNode): SelectQueryNode {
  const from = SelectQueryNode.createFrom([AliasNode.create(rows, IdentifierNode.create(ROWS))])
  const selection = SelectionNode.create(AliasNode.create(selected, IdentifierNode.create('json')))
  return SelectQueryNode.cloneWithSelections(from, [selection])
}

function objectOfRow({ selections }: SelectQueryNode): OperationNode {
  const members = (selections ?? []).flatMap(({ selection }) => {
    const name = nameOf(selection)
    const value = ReferenceNode.create(ColumnNode.create(name), TableNode.create(ROWS))
    return [ValueNode.createImmediate(name), value]
  })
  return FunctionNode.create('json_object', members)
}

function nameOf(node: OperationNode): string {
  if (ReferenceNode.is(node) && ColumnNode.is(node.column)) return node.column.column.name
  if (ColumnNode.is(node)) return node.column.name
  if (AliasNode.is(node) && IdentifierNode.is(node.alias)) return node.alias.name
  throw new QueryError('A nested subquery names what it selects: selectAll() has no place in it.', {
    remediation: 'List its columns with select([…]).',
  })
}
