/** Syntax trees as text: for the names of unnamed result columns, and for messages. */
import type { Expression } from './nodes.js'

const PRINT_DEPTH_MAX = 40

/** The expression in SQL, cut short where it nests very deep. */
export function printExpression(e: Expression, depth = 0): string {
  if (depth > PRINT_DEPTH_MAX) return '…'
  const print = (x: Expression): string => printExpression(x, depth + 1)
  const operand = (x: Expression): string => (isSimple(x) ? print(x) : `(${print(x)})`)
  switch (e.kind) {
    case 'literal':
      return typeof e.value === 'string' ? `'${e.value.replaceAll("'", "''")}'` : String(e.value)
    case 'parameter':
      return `$${e.index + 1}`
    case 'column':
      return e.table === undefined ? e.name : `${e.table}.${e.name}`
    case 'binary':
      return `${operand(e.left)} ${e.operator} ${operand(e.right)}`
    case 'and':
    case 'or':
      return e.operands.map(operand).join(` ${e.kind} `)
    case 'not':
      return `not ${operand(e.operand)}`
    case 'negate':
      return `-${operand(e.operand)}`
    case 'isNull':
      return `${operand(e.operand)} is ${e.negated ? 'not ' : ''}null`
    case 'in':
      return `${operand(e.operand)} ${e.negated ? 'not ' : ''}in (${e.list.map(print).join(', ')})`
    case 'between':
      return `${operand(e.operand)} ${e.negated ? 'not ' : ''}between ${operand(e.low)} and ${operand(e.high)}`
    case 'like': {
      const word = `${e.negated ? 'not ' : ''}${e.caseSensitive ? 'like' : 'ilike'}`
      return `${operand(e.operand)} ${word} ${operand(e.pattern)}${e.escape ? ` escape ${operand(e.escape)}` : ''}`
    }
    case 'call': {
      const list = e.name === 'count' && e.arguments.length === 0 ? '*' : e.arguments.map(print).join(', ')
      const filter = e.filter ? ` filter (where ${print(e.filter)})` : ''
      return `${e.name}(${e.distinct ? 'distinct ' : ''}${list})${filter}`
    }
    case 'case': {
      const branches = e.branches.map(b => ` when ${print(b.when)} then ${print(b.then)}`).join('')
      return `case${branches}${e.otherwise ? ` else ${print(e.otherwise)}` : ''} end`
    }
    case 'cast':
      return `cast(${print(e.operand)} as ${e.type})`
    default:
      return '…'
  }
}

function isSimple(e: Expression): boolean {
  return ['literal', 'parameter', 'column', 'call', 'case', 'cast'].includes(e.kind)
}
