/**
 * Syntax trees as text, in the dialect `auto`: what is printed parses to the same tree. Expressions name unnamed result columns of
 * Kysely's queries and stand in messages, too.
 */
import type { Expression } from './expressions.js'
import { printQuery } from './print-query.js'
import { printOrder, printWindow } from './print-parts.js'
import { quoteName } from './quote.js'

export { printStatement } from './print-statement.js'

/** The expression in SQL. `limit`: deeper parts of it are left out. */
export function printExpression(e: Expression, limit = Number.POSITIVE_INFINITY): string {
  if (limit < 0) return '…'
  const print = (x: Expression): string => printExpression(x, limit - 1)
  const operand = (x: Expression): string => (isSimple(x) ? print(x) : `(${print(x)})`)
  const not = 'negated' in e && e.negated ? 'not ' : ''
  switch (e.kind) {
    case 'literal':
      return printLiteral(e)
    case 'parameter':
      return `$${e.index + 1}`
    case 'column':
      return e.table === undefined ? quoteName(e.name) : `${quoteName(e.table)}.${quoteName(e.name)}`
    case 'binary': {
      // Chains grow to the left: in parentheses they would nest twice as deep when they are read again.
      const chain = e.left.kind === 'binary' && e.left.operator === e.operator && !e.operator.startsWith('is')
      return `${chain ? print(e.left) : operand(e.left)} ${OPERATORS[e.operator] ?? e.operator} ${operand(e.right)}`
    }
    case 'and':
    case 'or':
      return e.operands.map(operand).join(` ${e.kind} `)
    case 'not':
      // `not exists (…)` is one operator.
      return e.operand.kind === 'exists'
        ? `not (${print(e.operand)})`
        : `not ${e.operand.kind === 'not' ? print(e.operand) : operand(e.operand)}`
    case 'negate':
      return e.operand.kind === 'literal'
        ? `-(${print(e.operand)})`
        : `- ${e.operand.kind === 'negate' ? print(e.operand) : operand(e.operand)}`
    case 'bitNot':
      return `~${operand(e.operand)}`
    case 'isNull':
      return `${operand(e.operand)} is ${not}null`
    case 'isTruth':
      return `${operand(e.operand)} is ${not}${e.truth}`
    case 'in':
      return `${operand(e.operand)} ${not}in (${e.list.map(item => printItem(item, print)).join(', ')})`
    case 'inQuery':
      return `${operand(e.operand)} ${not}in (${printQuery(e.query, limit - 1)})`
    case 'between':
      return `${operand(e.operand)} ${not}between ${operand(e.low)} and ${operand(e.high)}`
    case 'like': {
      const word = `${not}like${e.caseSensitive ? ' binary' : ''}`
      return `${operand(e.operand)} ${word} ${operand(e.pattern)}${e.escape ? ` escape ${operand(e.escape)}` : ''}`
    }
    case 'glob':
      return `${operand(e.operand)} ${not}glob ${operand(e.pattern)}`
    case 'regexp':
      return `${operand(e.operand)} ${not && '!'}~${e.caseSensitive ? '' : '*'} ${operand(e.pattern)}`
    case 'call':
      return printCall(e, print, limit)
    case 'case': {
      const branches = e.branches.map(b => ` when ${print(b.when)} then ${print(b.then)}`).join('')
      const base = e.operand ? ` ${print(e.operand)}` : ''
      return `case${base}${branches}${e.otherwise ? ` else ${print(e.otherwise)}` : ''} end`
    }
    case 'cast':
      return `${e.tolerant ? 'try_cast' : 'cast'}(${print(e.operand)} as ${e.type})`
    case 'collate':
      return `${operand(e.operand)} collate ${quoteName(e.collation)}`
    case 'field':
      return `(${print(e.operand)}).${quoteName(e.name)}`
    case 'subquery':
      return `(${printQuery(e.query, limit - 1)})`
    case 'exists':
      return `${not}exists (${printQuery(e.query, limit - 1)})`
    case 'quantified': {
      const { over } = e
      const of =
        over.kind === 'list'
          ? `array[${over.items.map(print).join(', ')}]`
          : over.kind === 'array'
            ? print(over.array)
            : printQuery(over, limit - 1)
      return `${operand(e.operand)} ${e.operator} ${e.quantifier} (${of})`
    }
    case 'row':
      return `row(${e.items.map(print).join(', ')})`
    case 'interval':
      return `interval '${e.text.replaceAll("'", "''")}'`
    case 'default':
      return 'default'
  }
}

/** Other spellings than the tree's: `is` of what happens to be a keyword would be read as another test. */
const OPERATORS: Readonly<Record<string, string | undefined>> = {
  is: 'is not distinct from',
  'is not': 'is distinct from',
  '//': 'div',
}

/** Of a list in IN: a subquery there is one value, not the list. */
function printItem(e: Expression, print: (e: Expression) => string): string {
  return e.kind === 'subquery' ? `+${print(e)}` : print(e)
}

function isSimple(e: Expression): boolean {
  switch (e.kind) {
    case 'literal':
      return typeof e.value !== 'number' && typeof e.value !== 'bigint' ? true : e.value >= 0 && !Object.is(e.value, -0)
    case 'parameter':
    case 'column':
    case 'case':
    case 'cast':
    case 'subquery':
    case 'row':
    case 'call':
    case 'field':
      return true
  }
  return false
}

function printLiteral(e: Extract<Expression, { kind: 'literal' }>): string {
  if (e.decimal !== undefined) return e.decimal
  const { value } = e
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (value instanceof Uint8Array) {
    return `x'${Array.from(value, byte => byte.toString(16).padStart(2, '0')).join('')}'`
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return Number.isNaN(value) ? 'null' : `${value < 0 ? '-' : ''}9e999`
  }
  return Object.is(value, -0) ? '-0.0' : String(value)
}

/** These are written without parentheses. */
const WORDS = new Set(
  `current_timestamp current_date current_time localtime localtimestamp current_user session_user current_role
  current_catalog current_schema`.match(/\S+/g),
)

function printCall(e: Extract<Expression, { kind: 'call' }>, print: (e: Expression) => string, limit: number): string {
  if (WORDS.has(e.name) && e.arguments.length === 0) return e.name
  const star = e.name === 'count' && e.arguments.length === 0 && !e.distinct
  const list = star ? '*' : e.arguments.map(print).join(', ')
  const order = e.orderBy ? ` order by ${e.orderBy.map(item => printOrder(item, limit - 1)).join(', ')}` : ''
  const filter = e.filter ? ` filter (where ${print(e.filter)})` : ''
  const nulls = e.ignoreNulls === undefined ? '' : e.ignoreNulls ? ' ignore nulls' : ' respect nulls'
  const over = e.over ? ` over ${printWindow(e.over, limit - 1)}` : ''
  return `${printFunctionName(e.name)}(${e.distinct ? 'distinct ' : ''}${list}${order})${filter}${nulls}${over}`
}

/** Words that the grammar reads otherwise in front of a parenthesis; the rest of the functions is called as written. */
function printFunctionName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !SPECIAL.has(name) ? name : quoteName(name)
}

const SPECIAL = new Set('cast try_cast convert row values exists'.split(' '))
