/** Operators: comparisons, arithmetic, conditions. */
import type {
  AndNode,
  BinaryOperationNode,
  FunctionNode,
  OperationNode,
  OperatorNode,
  OrNode,
  ParensNode,
  PrimitiveValueListNode,
  SelectQueryNode,
  UnaryOperationNode,
  ValueListNode,
  ValueNode,
} from 'kysely'
import type { BinaryOperator, Expression, Query } from 'sochdb/internal'
import { onlyAsText, type LoweringContext } from './context.js'
import { lowerExpression } from './expression.js'
import { fragmentExpression } from './fragment.js'
import { AND, NOT, OR, operand, precedenceOf, TERM } from './precedence.js'
import { lowerSubquery } from './select.js'

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
  '&': '&',
  '|': '|',
  '<<': '<<',
  '>>': '>>',
  '->': '->',
  '->>': '->>',
  '<=>': 'is',
  'is not distinct from': 'is',
  'is distinct from': 'is not',
}

/** Those that go from left to right among equals. */
const isChain = (precedence: number): boolean => precedence >= TERM

export function lowerBinary(context: LoweringContext, node: BinaryOperationNode): Expression {
  const { operator: operatorNode, leftOperand, rightOperand } = node
  if (operatorNode.kind !== 'OperatorNode') return fragmentExpression(context, node)
  const { operator } = operatorNode as OperatorNode
  const known = binaryOperators[operator]
  if (known !== undefined) return lowerKnown(context, node, known)
  switch (operator) {
    case 'is':
    case 'is not': {
      const left = lowerOperand(context, leftOperand, TERM)
      const negated = operator === 'is not'
      if (rightOperand.kind !== 'ValueNode') {
        return { kind: 'binary', operator, left, right: lowerOperand(context, rightOperand, TERM) }
      }
      const { value, immediate } = rightOperand as ValueNode
      if (value === null) return { kind: 'isNull', operand: left, negated }
      if (immediate === true && typeof value === 'boolean') {
        return { kind: 'isTruth', operand: left, truth: value, negated }
      }
      return { kind: 'binary', operator, left, right: lowerExpression(context, rightOperand) }
    }
    case 'in':
    case 'not in':
      return lowerIn(context, node, operator === 'not in')
    case 'like':
    case 'not like':
    case 'ilike':
    case 'not ilike':
      return {
        kind: 'like',
        operand: lowerOperand(context, leftOperand, TERM),
        pattern: lowerOperand(context, rightOperand, TERM),
        escape: undefined,
        // The canonical LIKE ignores the case of ASCII letters, as SQLite's does.
        caseSensitive: false,
        negated: operator.startsWith('not'),
      }
    case 'between': {
      if (rightOperand.kind !== 'AndNode') return fragmentExpression(context, node)
      const { left, right } = rightOperand as AndNode
      return {
        kind: 'between',
        operand: lowerOperand(context, leftOperand, TERM),
        low: lowerOperand(context, left, TERM),
        high: lowerOperand(context, right, TERM),
        negated: false,
      }
    }
    default:
      return fragmentExpression(context, node)
  }
}

function lowerKnown(context: LoweringContext, node: BinaryOperationNode, operator: BinaryOperator): Expression {
  const { leftOperand, rightOperand } = node
  if (isQuantifier(rightOperand)) return fragmentExpression(context, node)
  const precedence = precedenceOf(operator)
  const chain = isChain(precedence)
  return {
    kind: 'binary',
    operator,
    left: lowerOperand(context, leftOperand, chain ? precedence : TERM),
    right: lowerOperand(context, rightOperand, chain ? precedence + 1 : TERM),
  }
}

const isQuantifier = (node: OperationNode): boolean =>
  node.kind === 'FunctionNode' && /^(any|all|some)$/i.test((node as FunctionNode).func)

function lowerOperand(context: LoweringContext, node: OperationNode, least: number): Expression {
  return operand(node, lowerExpression(context, node), least)
}

function lowerIn(context: LoweringContext, node: BinaryOperationNode, negated: boolean): Expression {
  const left = lowerOperand(context, node.leftOperand, TERM)
  let right = node.rightOperand
  while (right.kind === 'ParensNode') right = (right as ParensNode).node
  switch (right.kind) {
    case 'SelectQueryNode':
      return { kind: 'inQuery', operand: left, query: lowerSubquery(context, right as SelectQueryNode), negated }
    case 'PrimitiveValueListNode': {
      const list = (right as PrimitiveValueListNode).values.map(value => context.parameter(value))
      return { kind: 'in', operand: left, list, negated }
    }
    case 'ValueListNode': {
      const list = (right as ValueListNode).values.map(value => lowerExpression(context, value))
      return { kind: 'in', operand: left, list, negated }
    }
    default:
      // `in` over a fragment: a list, a query, or a table. Only the whole says which.
      onlyAsText()
  }
}

export function lowerUnary(context: LoweringContext, node: UnaryOperationNode): Expression {
  if (node.operator.kind !== 'OperatorNode') return fragmentExpression(context, node)
  const { operator } = node.operator as OperatorNode
  switch (operator) {
    case 'not':
      return { kind: 'not', operand: lowerOperand(context, node.operand, NOT) }
    case '-':
      return { kind: 'negate', operand: lowerOperand(context, node.operand, 110) }
    case 'exists':
    case 'not exists': {
      const query = queryIn(context, node.operand)
      if (query === undefined) return fragmentExpression(context, node)
      return { kind: 'exists', query, negated: operator === 'not exists' }
    }
    default:
      return fragmentExpression(context, node)
  }
}

function queryIn(context: LoweringContext, node: OperationNode): Query | undefined {
  let inner = node
  while (inner.kind === 'ParensNode') inner = (inner as ParensNode).node
  return inner.kind === 'SelectQueryNode' ? lowerSubquery(context, inner as SelectQueryNode) : undefined
}

export function lowerLogic(context: LoweringContext, node: AndNode | OrNode): Expression {
  const isAnd = node.kind === 'AndNode'
  const operands = flatten(node).map(part => lowerOperand(context, part, isAnd ? AND : OR))
  return { kind: isAnd ? 'and' : 'or', operands }
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
