/**
 * How strongly operators bind, as in the text that Kysely writes: it puts no parentheses around operands, so that
 * `eb(eb('a', '+', 1), '*', 2)` is `a + 1 * 2`. Where a tree and its text mean different things, the text decides, as it does
 * with every other dialect.
 */
import type { OperationNode } from 'kysely'
import type { Expression } from 'sochdb/internal'
import { onlyAsText } from './context.js'

export const OR = 10
export const AND = 20
export const NOT = 30
const EQUALITY = 40
/** Of what stands between `BETWEEN`, `AND` and beside comparisons. */
export const TERM = 60
const NEGATION = 110
const ATOM = 200

const infix: Readonly<Record<string, number>> = {
  '<': 50,
  '<=': 50,
  '>': 50,
  '>=': 50,
  '&': TERM,
  '|': TERM,
  '<<': TERM,
  '>>': TERM,
  '+': 70,
  '-': 70,
  '*': 80,
  '/': 80,
  '//': 80,
  '%': 80,
  '||': 90,
  '->': 90,
  '->>': 90,
}

export const precedenceOf = (operator: string): number => infix[operator] ?? EQUALITY

function strength(expression: Expression): number {
  switch (expression.kind) {
    case 'or':
      return OR
    case 'and':
      return AND
    case 'not':
      return NOT
    case 'binary':
      return precedenceOf(expression.operator)
    case 'negate':
    case 'bitNot':
      return NEGATION
    case 'isNull':
    case 'isTruth':
    case 'in':
    case 'inQuery':
    case 'between':
    case 'like':
    case 'glob':
    case 'regexp':
    case 'quantified':
      return EQUALITY
    case 'exists':
      return expression.negated ? NOT : ATOM
    case 'collate':
      return 100
    case 'literal':
      return typeof expression.value === 'number' && expression.value < 0 ? NEGATION : ATOM
    default:
      return ATOM
  }
}

/** What `node` was lowered to, as an operand of an operator that asks for at least `least`. */
export function operand(node: OperationNode, lowered: Expression, least: number): Expression {
  if (node.kind !== 'ParensNode' && strength(lowered) < least) onlyAsText()
  return lowered
}
