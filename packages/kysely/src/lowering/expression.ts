import type {
  AggregateFunctionNode,
  AliasNode,
  AndNode,
  BinaryOperationNode,
  CaseNode,
  CastNode,
  ColumnNode,
  DataTypeNode,
  FunctionNode,
  IdentifierNode,
  OperationNode,
  OperatorNode,
  OrNode,
  ParensNode,
  PrimitiveValueListNode,
  ReferenceNode,
  SchemableIdentifierNode,
  SelectionNode,
  TableNode,
  UnaryOperationNode,
  ValueListNode,
  ValueNode,
} from 'kysely'
import { QueryError } from 'sochdb'
import type { BinaryOperator, Expression } from 'sochdb/internal'
import { kindOf, refuse, unsupported, type LoweringContext } from './context.js'

export function lowerExpression(context: LoweringContext, node: OperationNode): Expression {
  return context.descend(() => lowerNode(context, node))
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
      return { kind: 'and', operands: flatten(node as AndNode).map(operand => lowerExpression(context, operand)) }
    case 'OrNode':
      return { kind: 'or', operands: flatten(node as OrNode).map(operand => lowerExpression(context, operand)) }
    case 'BinaryOperationNode':
      return lowerBinary(context, node as BinaryOperationNode)
    case 'UnaryOperationNode':
      return lowerUnary(context, node as UnaryOperationNode)
    case 'AggregateFunctionNode':
      return lowerAggregate(context, node as AggregateFunctionNode)
    case 'FunctionNode': {
      const { func, arguments: args } = node as FunctionNode
      return call(
        func,
        args.map(argument => lowerExpression(context, argument)),
      )
    }
    case 'CaseNode':
      return lowerCase(context, node as CaseNode)
    case 'CastNode': {
      const { expression, dataType } = node as CastNode
      return { kind: 'cast', operand: lowerExpression(context, expression), type: dataTypeName(dataType) }
    }
    case 'RawNode':
      throw unsupported('fragments of SQL text')
    case 'SelectQueryNode':
      throw unsupported('subqueries')
    default:
      throw unsupported(kindOf(node))
  }
}

/** `a AND b AND c` comes as a chain that leans left, as long as the query has conditions: taken apart without recursion. */
function flatten(node: AndNode | OrNode): OperationNode[] {
  const operands: OperationNode[] = []
  let rest: OperationNode = node
  while (rest.kind === node.kind) {
    const pair = rest as AndNode | OrNode
    operands.push(pair.right)
    rest = pair.left
  }
  operands.push(rest)
  return operands.reverse()
}

const binaryOperators: Readonly<Record<string, BinaryOperator>> = {
  '=': '=',
  '==': '=',
  '!=': '<>',
  '<>': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '+': '+',
  '-': '-',
  '*': '*',
  '/': '/',
  '%': '%',
  '||': '||',
  'is not distinct from': 'is',
  'is distinct from': 'is not',
}

function lowerBinary(context: LoweringContext, node: BinaryOperationNode): Expression {
  const operator = operatorOf(node.operator)
  const operand = lowerExpression(context, node.leftOperand)
  switch (operator) {
    case 'is':
    case 'is not': {
      const negated = operator === 'is not'
      if (isNull(node.rightOperand)) return { kind: 'isNull', operand, negated }
      return { kind: 'binary', operator, left: operand, right: lowerExpression(context, node.rightOperand) }
    }
    case 'in':
    case 'not in':
      return { kind: 'in', operand, list: lowerList(context, node.rightOperand), negated: operator === 'not in' }
    case 'like':
    case 'not like':
    case 'ilike':
    case 'not ilike':
      return {
        kind: 'like',
        operand,
        pattern: lowerExpression(context, node.rightOperand),
        escape: undefined,
        // The canonical LIKE ignores the case of ASCII letters, as SQLite's does.
        caseSensitive: false,
        negated: operator.startsWith('not'),
      }
    case 'between':
    case 'between symmetric': {
      if (operator === 'between symmetric' || node.rightOperand.kind !== 'AndNode') throw unsupported(`"${operator}"`)
      const { left, right } = node.rightOperand as AndNode
      return {
        kind: 'between',
        operand,
        low: lowerExpression(context, left),
        high: lowerExpression(context, right),
        negated: false,
      }
    }
  }
  const known = binaryOperators[operator]
  if (known === undefined) throw unsupported(`the operator "${operator}"`)
  return { kind: 'binary', operator: known, left: operand, right: lowerExpression(context, node.rightOperand) }
}

function lowerUnary(context: LoweringContext, node: UnaryOperationNode): Expression {
  const operator = operatorOf(node.operator)
  if (operator !== 'not' && operator !== '-') throw unsupported(`the operator "${operator}"`)
  return { kind: operator === 'not' ? 'not' : 'negate', operand: lowerExpression(context, node.operand) }
}

function lowerList(context: LoweringContext, node: OperationNode): Expression[] {
  switch (node.kind) {
    case 'PrimitiveValueListNode':
      return (node as PrimitiveValueListNode).values.map(value => context.parameter(value))
    case 'ValueListNode':
      return (node as ValueListNode).values.map(value => lowerExpression(context, value))
    case 'ParensNode':
      return lowerList(context, (node as ParensNode).node)
    case 'SelectQueryNode':
      throw unsupported('subqueries')
    default:
      return [lowerExpression(context, node)]
  }
}

function lowerAggregate(context: LoweringContext, node: AggregateFunctionNode): Expression {
  refuse(node, { orderBy: 'ORDER BY in an aggregate', withinGroup: 'WITHIN GROUP', over: 'window functions' })
  // count(*) comes as an argument that selects all.
  const args = node.aggregated.filter(argument => !isStar(argument))
  return {
    kind: 'call',
    name: node.func.toLowerCase(),
    arguments: args.map(argument => lowerExpression(context, argument)),
    distinct: node.distinct === true,
    filter: node.filter === undefined ? undefined : lowerExpression(context, node.filter.where),
  }
}

function lowerCase(context: LoweringContext, node: CaseNode): Expression {
  if (node.isStatement === true) throw unsupported('CASE statements')
  const value = node.value === undefined ? undefined : lowerExpression(context, node.value)
  return {
    kind: 'case',
    branches: (node.when ?? []).map(branch => {
      if (branch.result === undefined) throw new QueryError('A CASE branch has no THEN: end it with .then(…).')
      const condition = lowerExpression(context, branch.condition)
      return {
        when: value === undefined ? condition : { kind: 'binary', operator: '=', left: value, right: condition },
        then: lowerExpression(context, branch.result),
      }
    }),
    otherwise: node.else === undefined ? undefined : lowerExpression(context, node.else),
  }
}

function reference(node: ReferenceNode): Expression {
  if (node.column.kind === 'SelectAllNode') throw unsupported('"*" in an expression')
  return {
    kind: 'column',
    table: node.table === undefined ? undefined : tableName(node.table),
    name: identifierOf(node.column.column),
  }
}

const call = (name: string, args: readonly Expression[]): Expression => ({
  kind: 'call',
  name: name.toLowerCase(),
  arguments: args,
  distinct: false,
  filter: undefined,
})

function literal(value: unknown): Expression {
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'bigint':
    case 'string':
      return { kind: 'literal', value }
    default:
      if (value === null) return { kind: 'literal', value: null }
      throw new QueryError(
        `A literal is null, a boolean, a number, a bigint or a string, not ${typeof value}: pass it as a value.`,
      )
  }
}

const isNull = (node: OperationNode): boolean => node.kind === 'ValueNode' && (node as ValueNode).value === null

/** `count(*)`, written as an argument that selects all. */
function isStar(node: OperationNode): boolean {
  if (node.kind === 'SelectionNode') return isStar((node as SelectionNode).selection)
  return (
    node.kind === 'SelectAllNode' ||
    (node.kind === 'ReferenceNode' && (node as ReferenceNode).column.kind === 'SelectAllNode')
  )
}

function operatorOf(node: OperationNode): string {
  if (node.kind !== 'OperatorNode') throw unsupported('an operator written as SQL text')
  return (node as OperatorNode).operator
}

function dataTypeName(node: OperationNode): string {
  if (node.kind !== 'DataTypeNode') throw unsupported('a data type written as SQL text')
  return (node as DataTypeNode).dataType
}

export const identifierOf = (node: OperationNode): string => {
  if (node.kind !== 'IdentifierNode') throw unsupported('a name written as SQL text')
  return (node as IdentifierNode).name
}

export function columnName(node: OperationNode): string {
  if (node.kind === 'ReferenceNode') return columnName((node as ReferenceNode).column)
  if (node.kind !== 'ColumnNode') throw unsupported(`${kindOf(node)} in place of a column`)
  return identifierOf((node as ColumnNode).column)
}

export function tableName(node: OperationNode): string {
  if (node.kind === 'AliasNode') return tableName((node as AliasNode).node)
  if (node.kind === 'SelectQueryNode') throw unsupported('subqueries')
  if (node.kind !== 'TableNode') throw unsupported(`${kindOf(node)} in place of a table`)
  const { schema, identifier } = (node as TableNode).table as SchemableIdentifierNode
  if (schema !== undefined && schema.name !== 'main') {
    throw new QueryError(`There is no schema "${schema.name}": tables live in "main".`)
  }
  return identifier.name
}
