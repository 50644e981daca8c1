import type {
  AggregateFunctionNode,
  AndNode,
  BinaryOperationNode,
  CaseNode,
  CastNode,
  DataTypeNode,
  FunctionNode,
  JSONReferenceNode,
  OperationNode,
  OrNode,
  ParensNode,
  ReferenceNode,
  SelectQueryNode,
  TupleNode,
  UnaryOperationNode,
  ValueNode,
} from 'kysely'
import { QueryError } from 'sochdb'
import type { Expression } from 'sochdb/internal'
import { lowerAggregate, lowerFunction } from './calls.js'
import { onlyAsText, type LoweringContext } from './context.js'
import { fragmentExpression } from './fragment.js'
import { lowerJsonReference } from './json.js'
import { columnName, identifierOf, tableOfReference } from './names.js'
import { lowerBinary, lowerLogic, lowerUnary } from './operators.js'
import { lowerSubquery } from './select.js'

export function lowerExpression(context: LoweringContext, node: OperationNode): Expression {
  context.enter()
  const lowered = lowerNode(context, node)
  context.leave()
  return lowered
}

export function optional(context: LoweringContext, node: OperationNode | undefined): Expression | undefined {
  return node === undefined ? undefined : lowerExpression(context, node)
}

function lowerNode(context: LoweringContext, node: OperationNode): Expression {
  switch (node.kind) {
    case 'ValueNode': {
      const { value, immediate } = node as ValueNode
      return immediate === true ? literal(value) : context.parameter(value)
    }
    case 'ReferenceNode':
      return reference(node as ReferenceNode)
    case 'ColumnNode':
      return { kind: 'column', table: undefined, name: columnName(node) }
    case 'ParensNode':
      return lowerExpression(context, (node as ParensNode).node)
    case 'AndNode':
    case 'OrNode':
      return lowerLogic(context, node as AndNode | OrNode)
    case 'BinaryOperationNode':
      return lowerBinary(context, node as BinaryOperationNode)
    case 'UnaryOperationNode':
      return lowerUnary(context, node as UnaryOperationNode)
    case 'AggregateFunctionNode':
      return lowerAggregate(context, node as AggregateFunctionNode)
    case 'FunctionNode':
      return lowerFunction(context, node as FunctionNode)
    case 'CaseNode':
      return lowerCase(context, node as CaseNode)
    case 'CastNode': {
      const { expression, dataType } = node as CastNode
      if (dataType.kind !== 'DataTypeNode') return fragmentExpression(context, node)
      const type = (dataType as DataTypeNode).dataType
      return { kind: 'cast', operand: lowerExpression(context, expression), type }
    }
    case 'SelectQueryNode':
      return { kind: 'subquery', query: lowerSubquery(context, node as SelectQueryNode) }
    case 'TupleNode':
      return { kind: 'row', items: (node as TupleNode).values.map(item => lowerExpression(context, item)) }
    case 'JSONReferenceNode':
      return lowerJsonReference(context, node as JSONReferenceNode)
    default:
      return fragmentExpression(context, node)
  }
}

function lowerCase(context: LoweringContext, node: CaseNode): Expression {
  if (node.isStatement === true || node.when === undefined) onlyAsText()
  return {
    kind: 'case',
    operand: optional(context, node.value),
    branches: node.when.map(({ condition, result }) => {
      if (result === undefined) throw new QueryError('A CASE branch has no THEN: end it with .then(…).')
      return { when: lowerExpression(context, condition), then: lowerExpression(context, result) }
    }),
    otherwise: optional(context, node.else),
  }
}

function reference(node: ReferenceNode): Expression {
  if (node.column.kind !== 'ColumnNode') onlyAsText()
  const table = node.table === undefined ? undefined : tableOfReference(node.table)
  return { kind: 'column', table, name: identifierOf(node.column.column) }
}

export function literal(value: unknown): Expression {
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'bigint':
    case 'string':
      return { kind: 'literal', value }
    default:
      if (value === null) return { kind: 'literal', value: null }
      if (value instanceof Date) return { kind: 'literal', value: value.toISOString() }
      throw new QueryError(
        `A literal is null, a boolean, a number, a bigint, a string or a Date, not ${typeof value}: pass it as a value.`,
      )
  }
}
