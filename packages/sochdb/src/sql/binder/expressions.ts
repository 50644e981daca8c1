/** Binding of expressions: names to columns, literals and parameters to types, operators to those of the executor. */
import type { BinaryOperator, ComparisonOperator, Expression, Query } from '../ast/nodes.js'
import { queryError, unsupported } from '../problem.js'
import { isNumeric, typeOfSqlName } from '../types.js'
import type { SqlType } from '../types.js'
import { coerce, literalValue, typeOfLiteral } from '../values.js'
import { collationOf, folded, withCollation } from './collations.js'
import { describe, expectBoolean, expectNumber, expectType, numberOf, unify, unifyAll } from './coercion.js'
import { comparable, divided, meetAsClasses } from './dialect.js'
import { call, callOf, cast, COMPARISONS, constant } from './expr.js'
import type { Expr } from './expr.js'
import { bindCall } from './functions.js'
import type { NamedWindows } from './lifting.js'
import { bindFunction } from './functions/arguments.js'
import { jsonMember } from './functions/json-calls.js'
import { bindInterval } from './functions/moments.js'
import { bitOperator, integerDivision, tryCast } from './functions/special.js'
import { notePlace } from './places.js'
import { bindRowComparison, bindRowIn } from './rows.js'
import type { BindContext, Scope } from './scope.js'
import { bindExists, bindInQuery, bindQuantified, bindScalar } from './subqueries.js'

/** Chains of AND and OR do not count; what remains must fit into a plan. */
export const EXPRESSION_DEPTH_MAX = 120

/** Binds the expressions of one clause. */
export class ExpressionBinder {
  #depth = 0

  constructor(
    readonly context: BindContext,
    readonly scope: Scope,
    /** `undefined` where aggregates may stand, else the name of the clause where they may not. */
    readonly clause: string | undefined,
    /** Those of the WINDOW clause. */
    readonly windows: NamedWindows = [],
  ) {}

  bind(e: Expression): Expr {
    if (++this.#depth > EXPRESSION_DEPTH_MAX) {
      throw queryError(
        `An expression nests deeper than ${EXPRESSION_DEPTH_MAX} levels.`,
        'Split it into several statements.',
      )
    }
    try {
      return this.#bind(e)
    } catch (error) {
      notePlace(error, e.at)
      throw error
    } finally {
      --this.#depth
    }
  }

  condition(e: Expression, what: string): Expr {
    return expectBoolean(this.bind(e), what)
  }

  #bind(e: Expression): Expr {
    switch (e.kind) {
      case 'literal':
        if (e.value instanceof Uint8Array) return constant('blob', e.value)
        if (e.decimal !== undefined) return constant('real', Number(e.decimal))
        return constant(typeOfLiteral(e.value), literalValue(e.value))
      case 'parameter':
        return { op: 'param', type: this.context.hints.get(e.index) ?? 'any', index: e.index }
      case 'column':
        return this.scope.resolve(e.table, e.name)
      case 'interval':
        return constant('text', e.text)
      case 'binary':
        return this.#binaryOf(e)
      case 'and':
      case 'or':
        return this.#logical(e)
      case 'not':
        return call('not', 'boolean', this.condition(e.operand, 'NOT'))
      case 'negate':
        return this.#negate(this.bind(e.operand))
      case 'bitNot':
        return bindFunction('bit_not_of', [this.bind(e.operand)], '~')
      case 'glob': {
        const args = [this.bind(e.pattern), this.bind(e.operand)]
        return this.#negated(e.negated, bindFunction('glob', args, 'GLOB'))
      }
      case 'regexp': {
        const flags = e.caseSensitive ? [] : [constant('text', 'i')]
        const args = [this.bind(e.pattern), this.bind(e.operand), ...flags]
        return this.#negated(e.negated, bindFunction('regexp', args, 'REGEXP'))
      }
      case 'isNull':
        return this.#negated(e.negated, call('isNull', 'boolean', this.bind(e.operand)))
      case 'in':
        return e.operand.kind === 'row' ? bindRowIn(this, e) : this.#in(e)
      case 'between':
        return this.#between(e)
      case 'like':
        return this.#like(e)
      case 'call':
        return bindCall(this, e)
      case 'case':
        return this.#case(e)
      case 'cast':
        return this.#cast(e)
      case 'isTruth':
        return this.#isTruth(e)
      case 'field':
        return this.#field(e)
      case 'subquery':
        return bindScalar(this, e.query)
      case 'exists':
        return bindExists(this, e.query, e.negated)
      case 'inQuery':
        return bindInQuery(this, e)
      case 'quantified':
        return this.#quantified(e)
      case 'collate':
        return this.#collate(e)
      case 'row':
        throw queryError(
          'A row of values stands beside another one, or in front of IN.',
          'Compare its values one by one.',
        )
      case 'default':
        throw queryError('DEFAULT stands in VALUES and behind SET alone.')
    }
  }

  /** A name in parentheses is that of a column first. */
  #field({ operand, name }: Extract<Expression, { kind: 'field' }>): Expr {
    const { scope } = this
    if (operand.kind === 'column' && operand.table === undefined && scope.named(operand.name).length === 0) {
      if (scope.seesTable(operand.name)) return scope.resolve(operand.name, name)
    }
    return this.#binaryOf({ kind: 'binary', operator: '->', left: operand, right: { kind: 'literal', value: name } })
  }

  #binaryOf(e: Extract<Expression, { kind: 'binary' }>): Expr {
    if (e.operator === '+' || e.operator === '-') {
      if (e.right.kind === 'interval') return bindInterval(e.operator, this.bind(e.left), e.right.text)
      if (e.left.kind === 'interval' && e.operator === '+') return bindInterval('+', this.bind(e.right), e.left.text)
    }
    const row = bindRowComparison(this, e)
    return row ?? this.#binary(e.operator, this.bind(e.left), this.bind(e.right))
  }

  compare(operator: ComparisonOperator, left: Expr, right: Expr): Expr {
    return this.#binary(operator, left, right)
  }

  /** Never NULL: whether the condition is the truth value and nothing else. */
  #isTruth(e: Extract<Expression, { kind: 'isTruth' }>): Expr {
    const operand = this.condition(e.operand, 'IS TRUE')
    const known = call('isNotDistinct', 'boolean', operand, constant('boolean', e.truth))
    return this.#negated(e.negated, known)
  }

  #quantified(e: Extract<Expression, { kind: 'quantified' }>): Expr {
    if (e.over.kind === 'array')
      return bindQuantified(this, e.operand, e.operator, e.quantifier, elementsOf(e.over.array))
    if (e.over.kind !== 'list') return bindQuantified(this, e.operand, e.operator, e.quantifier, e.over)
    if (e.over.items.length === 0) return constant('boolean', e.quantifier === 'all')
    const operand = this.bind(e.operand)
    const parts = e.over.items.map(item => this.#binary(e.operator, this.context.repeat(operand), this.bind(item)))
    if (parts.length === 1) return parts[0]!
    return callOf(e.quantifier === 'any' ? 'or' : 'and', 'boolean', parts)
  }

  #collate(e: Extract<Expression, { kind: 'collate' }>): Expr {
    const operand = this.bind(e.operand)
    const isOpen = (operand.op === 'param' && operand.type === 'any') || operand.type === 'null'
    return withCollation(isOpen ? expectType(operand, 'text', 'COLLATE') : operand, e.collation)
  }

  #negated(negated: boolean, expr: Expr): Expr {
    return negated ? call('not', 'boolean', expr) : expr
  }

  #logical(e: Extract<Expression, { kind: 'and' | 'or' }>): Expr {
    const flat: Expression[] = []
    const pending: Expression[] = [e]
    for (let next = pending.pop(); next; next = pending.pop()) {
      if (next.kind === 'and' || next.kind === 'or') {
        if (next.kind === e.kind) for (const operand of next.operands.toReversed()) pending.push(operand)
        else flat.push(next)
      } else flat.push(next)
    }
    const args = flat.map(operand => this.condition(operand, e.kind.toUpperCase()))
    if (args.length === 0) return constant('boolean', e.kind === 'and')
    return args.length === 1 ? args[0]! : callOf(e.kind, 'boolean', args)
  }

  #binary(operator: BinaryOperator, left: Expr, right: Expr): Expr {
    switch (operator) {
      case '=':
      case '<>':
      case '<':
      case '<=':
      case '>':
      case '>=': {
        const [a, b] = comparable(this.context, left, right)
        return call(COMPARISONS[operator], 'boolean', a, b)
      }
      case 'is':
      case 'is not': {
        const [a, b] = comparable(this.context, left, right)
        return this.#negated(operator === 'is not', call('isNotDistinct', 'boolean', a, b))
      }
      case '||':
        return call(
          'concat',
          'text',
          this.#toText(numberOf(this.context, left)),
          this.#toText(numberOf(this.context, right)),
        )
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        return this.#arithmetic(operator, left, right)
      case '//':
        return integerDivision(this.context, left, right)
      case '&':
      case '|':
      case '<<':
      case '>>':
        return bitOperator(operator, left, right)
      case '->':
      case '->>':
        return jsonMember(this.context, operator, left, right)
      default:
        throw unsupported(`The operator ${operator}`)
    }
  }

  /** `||` writes numbers and the like as text. */
  #toText(expr: Expr): Expr {
    if (expr.op === 'const' && expr.type !== 'real') {
      const adapted = coerce(expr.value, expr.type, 'text')
      if (adapted !== undefined) return constant('text', adapted)
    }
    if (expr.type === 'any' && expr.op === 'param') return { ...expr, type: 'text' }
    if (expr.type === 'blob' || expr.type === 'vector') throw queryError(`|| takes text; ${describe(expr)} is none.`)
    return cast(expr, 'text')
  }

  #arithmetic(operator: '+' | '-' | '*' | '/' | '%', left: Expr, right: Expr): Expr {
    const [x, y] = [numberOf(this.context, left), numberOf(this.context, right)]
    const [a, b] = unify(this.context, x, y, ARITHMETIC[operator].verb)
    if (operator === '-' && a.type === 'timestamp') return bindFunction('age', [a, b], '-')
    if (a.type === 'any' && (isComputed(a) || isComputed(b))) {
      return call(ARITHMETIC[operator].op, 'any', cast(a, 'any'), cast(b, 'any'))
    }
    if (a.type === 'any' || a.type === 'null') {
      // Nothing is known but NULLs and parameters: numbers.
      const c = expectNumber(this.context, untyped(a), operator)
      const d = expectNumber(this.context, untyped(b), operator)
      const [m, n] = unify(this.context, c, d, ARITHMETIC[operator].verb)
      return this.#operation(operator, m, n)
    }
    if (!isNumeric(a.type)) {
      throw queryError(`${operator} takes numbers; ${describe(a)} is none.`, undefined, { types: [a.type, b.type] })
    }
    return this.#operation(operator, a, b)
  }

  #operation(operator: '+' | '-' | '*' | '/' | '%', a: Expr, b: Expr): Expr {
    const { op } = ARITHMETIC[operator]
    return op === 'divide' || op === 'modulo' ? divided(this.context, op, a, b) : call(op, a.type, a, b)
  }

  #negate(bound: Expr): Expr {
    const operand = numberOf(this.context, bound)
    if (operand.type === 'any' && isComputed(operand)) {
      return call('multiply', 'any', operand, cast(constant('integer', -1n), 'any'))
    }
    if (operand.type === 'any' || operand.type === 'null') {
      return this.#negate(expectNumber(this.context, untyped(operand), '-'))
    }
    if (!isNumeric(operand.type)) throw queryError(`- takes a number; ${describe(operand)} is none.`)
    return call('negate', operand.type, operand)
  }

  #in(e: Extract<Expression, { kind: 'in' }>): Expr {
    const operand = this.bind(e.operand)
    if (e.list.length === 0) return constant('boolean', e.negated)
    const list = e.list.map(item => this.bind(item))
    if (list.some(item => meetAsClasses(this.context, operand, item))) {
      const each = list.map(item => this.#binary('=', this.context.repeat(operand), item))
      return this.#negated(e.negated, each.length === 1 ? each[0]! : callOf('or', 'boolean', each))
    }
    const unified = unifyAll(this.context, [operand, ...list], 'compare')
    // The list has no say in it.
    const collation = collationOf(operand)
    const exprs = unified.exprs.map(each => folded(collation, each))
    const expr = exprs.length === 2 ? call('equal', 'boolean', exprs[0]!, exprs[1]!) : callOf('in', 'boolean', exprs)
    return this.#negated(e.negated, expr)
  }

  #between(e: Extract<Expression, { kind: 'between' }>): Expr {
    const operand = this.bind(e.operand)
    const low = this.#binary('>=', operand, this.bind(e.low))
    const high = this.#binary('<=', this.context.repeat(operand), this.bind(e.high))
    return this.#negated(e.negated, call('and', 'boolean', low, high))
  }

  #like(e: Extract<Expression, { kind: 'like' }>): Expr {
    const args = [
      expectType(this.bind(e.operand), 'text', 'LIKE'),
      expectType(this.bind(e.pattern), 'text', 'The pattern of LIKE'),
    ]
    if (e.escape) args.push(expectType(this.bind(e.escape), 'text', 'ESCAPE'))
    return this.#negated(e.negated, { op: 'like', type: 'boolean', args, caseInsensitive: !e.caseSensitive })
  }

  #case(e: Extract<Expression, { kind: 'case' }>): Expr {
    if (e.branches.length === 0) throw queryError('CASE has no WHEN.')
    const operand = e.operand && this.bind(e.operand)
    const whens = e.branches.map(({ when }, i) => {
      if (!operand) return this.condition(when, 'WHEN')
      return this.#binary('=', i === 0 ? operand : this.context.repeat(operand), this.bind(when))
    })
    const results = e.branches.map(branch => this.bind(branch.then))
    if (e.otherwise) results.push(this.bind(e.otherwise))
    const { exprs, type } = unifyAll(this.context, results, 'return from one CASE')
    const args = whens.flatMap((when, i) => [when, exprs[i]!])
    if (e.otherwise) args.push(exprs.at(-1)!)
    return callOf('case', type, args)
  }

  #cast(e: Extract<Expression, { kind: 'cast' }>): Expr {
    const type = typeOfSqlName(e.type)
    if (!type) throw queryError(`There is no type "${e.type}".`, undefined, { type: e.type })
    const bound = this.bind(e.operand)
    // What JSON holds is cast, not its text.
    const isScalar = bound.type === 'json' && (isNumeric(type) || type === 'boolean')
    const value = isScalar ? bindFunction('json_extract', [bound, constant('text', '$')], 'CAST') : bound
    const operand = type === 'boolean' ? value : numberOf(this.context, value)
    if (operand.op === 'param' && operand.type === 'any') {
      // What the value loses on the way is what a cast is for.
      if (isNumeric(type)) this.context.casts.add(operand.index)
      return { ...operand, type }
    }
    if (operand.op === 'const') {
      const value = coerce(operand.value, operand.type, type)
      if (value !== undefined) return constant(type, value)
    }
    return e.tolerant ? tryCast(operand, type) : cast(operand, type)
  }
}

/** The elements of an array that comes as JSON. */
function elementsOf(array: Expression): Query {
  const value: Expression = { kind: 'column', table: undefined, name: 'value' }
  return {
    kind: 'select',
    distinct: false,
    columns: [{ kind: 'expression', expression: value, alias: undefined }],
    from: { kind: 'function', name: 'json_each', arguments: [array], alias: undefined },
    where: undefined,
    groupBy: [],
    having: undefined,
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }
}

/** A value whose type shows when it is there: a member of JSON. */
function isComputed(expr: Expr): boolean {
  return expr.op !== 'const' && expr.op !== 'param'
}

/** A NULL or a parameter without the type that nothing gave it. */
function untyped(expr: Expr): Expr {
  return expr.op === 'const' ? constant('null', null) : expr
}

type Arithmetic = 'add' | 'subtract' | 'multiply' | 'divide' | 'modulo'

const ARITHMETIC: Readonly<Record<'+' | '-' | '*' | '/' | '%', { op: Arithmetic; verb: string }>> = {
  '+': { op: 'add', verb: 'add' },
  '-': { op: 'subtract', verb: 'subtract' },
  '*': { op: 'multiply', verb: 'multiply' },
  '/': { op: 'divide', verb: 'divide' },
  '%': { op: 'modulo', verb: 'divide' },
}

/** An expression of the type that LIMIT and OFFSET take, free of columns. */
export function bindCount(binder: ExpressionBinder, e: Expression, what: string): Expr {
  const type: SqlType = 'integer'
  const expr = expectType(binder.bind(e), type, what)
  if (expr.op === 'const' && typeof expr.value === 'bigint' && expr.value < 0n) {
    throw queryError(`${what} must not be negative; this one is ${expr.value}.`)
  }
  return expr
}
