/**
 * Walks over syntax trees: the structural key that plans are cached by, and the number of parameters.
 *
 * Two trees have the same key exactly when they differ in nothing but the values of their parameters. Names are written with
 * their length, so that no name can pose as structure.
 */
import { queryError, unsupported } from '../problem.js'
import type {
  Assignment,
  Expression,
  OrderItem,
  SelectItem,
  SelectStatement,
  Statement,
  TableExpression,
} from './nodes.js'

/** How deep a tree may nest; deeper ones are refused before they can exhaust the stack. */
export const AST_DEPTH_MAX = 1000

export interface StatementShape {
  readonly key: string
  /** One more than the largest parameter index. */
  readonly parameterCount: number
}

/** The shape of a statement. Errors: QueryError for a tree that nests deeper than {@link AST_DEPTH_MAX}. */
export function shapeOf(statement: Statement): StatementShape {
  const writer = new ShapeWriter()
  writer.statement(statement)
  return { key: writer.out, parameterCount: writer.parameterCount }
}

class ShapeWriter {
  out = ''
  parameterCount = 0
  #depth = 0

  statement(s: Statement): void {
    switch (s.kind) {
      case 'select':
        this.#select(s)
        return
      case 'insert':
        this.out += 'I'
        this.#name(s.table)
        for (const column of s.columns ?? []) this.#name(column)
        for (const row of s.rows) {
          this.out += '('
          for (const value of row) {
            if (value) this.#expression(value)
            else this.out += 'D'
          }
        }
        if (s.onConflict) {
          this.out += `!${s.onConflict.action[0]}`
          for (const column of s.onConflict.target) this.#name(column)
          this.#assignments(s.onConflict.set)
          this.#optional(s.onConflict.where)
        }
        this.#items(s.returning)
        return
      case 'update':
      case 'delete':
        this.out += s.kind === 'update' ? 'U' : 'D'
        this.#name(s.table)
        this.#optionalName(s.alias)
        if (s.kind === 'update') this.#assignments(s.set)
        this.#optional(s.where)
        this.#items(s.returning)
        return
      default:
        throw unsupported(`A statement of kind "${s.kind}"`)
    }
  }

  #select(s: SelectStatement): void {
    this.out += s.distinct ? 'SD' : 'S'
    this.#items(s.columns)
    if (s.from) this.#table(s.from)
    this.#optional(s.where)
    this.out += 'g'
    for (const group of s.groupBy) this.#expression(group)
    this.out += 'h'
    this.#optional(s.having)
    this.out += 'o'
    for (const item of s.orderBy) this.#order(item)
    this.out += 'l'
    this.#optional(s.limit)
    this.#optional(s.offset)
  }

  #order(item: OrderItem): void {
    this.out += item.descending ? '>' : '<'
    if (item.nulls) this.out += item.nulls
    this.#expression(item.expression)
  }

  #items(items: readonly SelectItem[]): void {
    this.out += '['
    for (const item of items) {
      if (item.kind === 'all') {
        this.out += '*'
        this.#optionalName(item.table)
      } else {
        this.#expression(item.expression)
        this.#optionalName(item.alias)
      }
    }
    this.out += ']'
  }

  #assignments(set: readonly Assignment[]): void {
    this.out += '{'
    for (const { column, value } of set) {
      this.#name(column)
      this.#expression(value)
    }
    this.out += '}'
  }

  #table(t: TableExpression): void {
    this.#enter()
    if (t.kind === 'table') {
      this.out += 't'
      this.#name(t.name)
      this.#optionalName(t.alias)
    } else if (t.kind !== 'join') {
      throw unsupported(`A ${t.kind} in FROM`)
    } else {
      this.out += t.join === 'inner' ? 'ji' : t.join === 'left' ? 'jl' : 'jc'
      this.#table(t.left)
      this.#table(t.right)
      this.#optional(t.on)
    }
    --this.#depth
  }

  #optional(e: Expression | undefined): void {
    if (e) this.#expression(e)
    else this.out += '~'
  }

  #expression(e: Expression): void {
    this.#enter()
    switch (e.kind) {
      case 'literal':
        this.out += typeof e.value === 'string' ? 's' : typeof e.value === 'bigint' ? 'b' : 'v'
        this.#name(Object.is(e.value, -0) ? '-0' : String(e.value))
        break
      case 'parameter':
        this.parameterCount = Math.max(this.parameterCount, e.index + 1)
        this.out += `$${e.index};`
        break
      case 'column':
        this.out += 'c'
        this.#optionalName(e.table)
        this.#name(e.name)
        break
      case 'binary':
        this.out += `(${e.operator} `
        this.#expression(e.left)
        this.#expression(e.right)
        break
      case 'and':
      case 'or':
        this.out += e.kind === 'and' ? '&(' : '|('
        for (const operand of e.operands) this.#expression(operand)
        this.out += ')'
        break
      case 'not':
      case 'negate':
        this.out += e.kind === 'not' ? '!' : '-'
        this.#expression(e.operand)
        break
      default:
        this.#longForm(e)
    }
    --this.#depth
  }

  #longForm(
    e: Exclude<Expression, { kind: 'literal' | 'parameter' | 'column' | 'binary' | 'and' | 'or' | 'not' | 'negate' }>,
  ) {
    switch (e.kind) {
      case 'isNull':
        this.out += e.negated ? 'N!' : 'N='
        this.#expression(e.operand)
        break
      case 'in':
        this.out += e.negated ? 'i!(' : 'i=('
        this.#expression(e.operand)
        for (const item of e.list) this.#expression(item)
        this.out += ')'
        break
      case 'between':
        this.out += e.negated ? 'B!' : 'B='
        this.#expression(e.operand)
        this.#expression(e.low)
        this.#expression(e.high)
        break
      case 'like':
        this.out += `L${e.negated ? '!' : '='}${e.caseSensitive ? 's' : 'i'}`
        this.#expression(e.operand)
        this.#expression(e.pattern)
        this.#optional(e.escape)
        break
      case 'call':
        this.out += e.distinct ? 'fd' : 'f'
        this.#name(e.name)
        for (const argument of e.arguments) this.#expression(argument)
        this.out += ')'
        this.#optional(e.filter)
        break
      case 'case':
        this.out += 'C('
        for (const { when, then } of e.branches) {
          this.#expression(when)
          this.#expression(then)
        }
        this.out += ')'
        this.#optional(e.otherwise)
        break
      case 'cast':
        this.out += 'T'
        this.#name(e.type)
        this.#expression(e.operand)
        break
      default:
        throw unsupported(`An expression of kind "${e.kind}"`)
    }
  }

  #name(name: string): void {
    this.out += `${name.length}:${name}`
  }

  #optionalName(name: string | undefined): void {
    if (name === undefined) this.out += '~'
    else this.#name(name)
  }

  #enter(): void {
    if (++this.#depth > AST_DEPTH_MAX) {
      throw queryError(
        `The statement nests deeper than ${AST_DEPTH_MAX} levels.`,
        'Split it, or use IN for long chains of OR.',
      )
    }
  }
}
