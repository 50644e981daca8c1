/** The expressions of a structural key; walk.ts has the statements around them. */
import { queryError } from '../problem.js'
import type { Expression, FrameBound, OrderItem, Query, WindowDefinition } from './nodes.js'

/** How deep a tree may nest; deeper ones are refused before they can exhaust the stack. */
export const AST_DEPTH_MAX = 1000

type LongForm = Exclude<
  Expression,
  { kind: 'literal' | 'parameter' | 'column' | 'binary' | 'and' | 'or' | 'not' | 'negate' | 'bitNot' }
>

export abstract class ExpressionShape {
  out = ''
  parameterCount = 0
  #depth = 0

  protected abstract query(q: Query): void

  protected name(name: string): void {
    this.out += `${name.length}:${name}`
  }

  protected optionalName(name: string | undefined): void {
    if (name === undefined) this.out += '~'
    else this.name(name)
  }

  protected names(names: readonly string[] | undefined): void {
    if (names === undefined) {
      this.out += '~'
      return
    }
    this.out += '('
    for (const name of names) this.name(name)
    this.out += ')'
  }

  protected optional(e: Expression | undefined): void {
    if (e) this.expression(e)
    else this.out += '~'
  }

  /** A list, closed so that what follows cannot be one more of its items. */
  protected expressions(list: readonly Expression[]): void {
    this.out += '('
    for (const e of list) this.expression(e)
    this.out += ')'
  }

  protected orderBy(items: readonly OrderItem[]): void {
    this.out += 'o('
    for (const item of items) {
      this.out += item.descending ? '>' : '<'
      if (item.nulls) this.out += item.nulls
      this.expression(item.expression)
    }
    this.out += ')'
  }

  protected enter(): void {
    if (++this.#depth > AST_DEPTH_MAX) {
      throw queryError(
        `The statement nests deeper than ${AST_DEPTH_MAX} levels.`,
        'Split it, or use IN for long chains of OR.',
      )
    }
  }

  protected leave(): void {
    --this.#depth
  }

  protected expression(e: Expression): void {
    this.enter()
    switch (e.kind) {
      case 'literal':
        this.#literal(e)
        break
      case 'parameter':
        this.parameterCount = Math.max(this.parameterCount, e.index + 1)
        this.out += `$${e.index};`
        break
      case 'column':
        this.out += 'c'
        this.optionalName(e.table)
        this.name(e.name)
        break
      case 'binary':
        this.out += `(${e.operator} `
        this.expression(e.left)
        this.expression(e.right)
        break
      case 'and':
      case 'or':
        this.out += e.kind === 'and' ? '&' : '|'
        this.expressions(e.operands)
        break
      case 'not':
      case 'negate':
      case 'bitNot':
        this.out += e.kind === 'not' ? '!' : e.kind === 'negate' ? '-' : '^'
        this.expression(e.operand)
        break
      default:
        this.#longForm(e)
    }
    this.leave()
  }

  #literal({ value, decimal }: Extract<Expression, { kind: 'literal' }>): void {
    if (decimal !== undefined) {
      this.out += 'd'
      this.name(decimal)
    } else if (value instanceof Uint8Array) {
      this.out += 'x'
      this.name(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex'))
    } else {
      this.out += typeof value === 'string' ? 's' : typeof value === 'bigint' ? 'b' : 'v'
      this.name(Object.is(value, -0) ? '-0' : String(value))
    }
  }

  #longForm(e: LongForm): void {
    const not = 'negated' in e && e.negated ? '!' : '='
    switch (e.kind) {
      case 'isNull':
        this.out += `N${not}`
        this.expression(e.operand)
        break
      case 'isTruth':
        this.out += `${e.truth ? 'Y' : 'Z'}${not}`
        this.expression(e.operand)
        break
      case 'in':
        this.out += `i${not}`
        this.expression(e.operand)
        this.expressions(e.list)
        break
      case 'inQuery':
        this.out += `I${not}`
        this.expression(e.operand)
        this.query(e.query)
        break
      case 'between':
        this.out += `B${not}`
        this.expression(e.operand)
        this.expression(e.low)
        this.expression(e.high)
        break
      case 'like':
        this.out += `L${not}${e.caseSensitive ? 's' : 'i'}`
        this.expression(e.operand)
        this.expression(e.pattern)
        this.optional(e.escape)
        break
      case 'glob':
      case 'regexp':
        this.out += `${e.kind === 'glob' ? 'G' : 'R'}${not}${e.caseSensitive ? 's' : 'i'}`
        this.expression(e.operand)
        this.expression(e.pattern)
        break
      case 'call':
        this.#call(e)
        break
      case 'case':
        this.out += 'C'
        this.optional(e.operand)
        this.expressions(e.branches.flatMap(({ when, then }) => [when, then]))
        this.optional(e.otherwise)
        break
      case 'cast':
        this.out += e.tolerant ? 't' : 'T'
        this.name(e.type)
        this.expression(e.operand)
        break
      case 'collate':
        this.out += 'K'
        this.name(e.collation)
        this.expression(e.operand)
        break
      case 'field':
        this.out += 'f'
        this.name(e.name)
        this.expression(e.operand)
        break
      case 'subquery':
        this.out += 'Q'
        this.query(e.query)
        break
      case 'exists':
        this.out += `E${not}`
        this.query(e.query)
        break
      case 'quantified':
        this.out += `q${e.operator}${e.quantifier}`
        this.expression(e.operand)
        if (e.over.kind === 'list') this.expressions(e.over.items)
        else if (e.over.kind === 'array') {
          this.out += '@'
          this.expression(e.over.array)
        } else this.query(e.over)
        break
      case 'row':
        this.out += 'r'
        this.expressions(e.items)
        break
      case 'interval':
        this.out += 'V'
        this.name(e.text)
        break
      case 'default':
        this.out += 'D'
        break
    }
  }

  #call(e: Extract<Expression, { kind: 'call' }>): void {
    this.out += e.distinct ? 'fd' : 'f'
    this.name(e.name)
    this.expressions(e.arguments)
    this.optional(e.filter)
    if (e.orderBy) this.orderBy(e.orderBy)
    if (e.ignoreNulls !== undefined) this.out += e.ignoreNulls ? 'n' : 'm'
    if (e.over) this.window(e.over)
  }

  protected window(w: WindowDefinition): void {
    this.out += 'W'
    this.optionalName(w.base)
    this.expressions(w.partitionBy)
    this.orderBy(w.orderBy)
    if (!w.frame) {
      this.out += '~'
      return
    }
    this.out += `${w.frame.mode} ${w.frame.exclude} `
    this.#bound(w.frame.start)
    this.#bound(w.frame.end)
  }

  #bound(bound: FrameBound): void {
    this.out += `${bound.kind} `
    if ('offset' in bound) this.expression(bound.offset)
  }
}
