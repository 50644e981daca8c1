/**
 * Walks over syntax trees: the structural key that plans are cached by, and the number of parameters.
 *
 * Two trees have the same key exactly when they differ in nothing but the values of their parameters. Names are written with
 * their length, so that no name can pose as structure, and lists are closed.
 */
import type { Dialect } from '../binder/dialect.js'
import { unsupported } from '../problem.js'
import type {
  Assignment,
  DeleteStatement,
  InsertStatement,
  OnConflict,
  Query,
  QueryTail,
  SelectItem,
  SelectStatement,
  Statement,
  TableExpression,
  UpdateStatement,
  WithClause,
} from './nodes.js'
import { ExpressionShape } from './shape.js'

export { AST_DEPTH_MAX } from './shape.js'

export interface StatementShape {
  readonly key: string
  /** What its words mean; `auto` when undefined. */
  readonly dialect?: Dialect
  /** Whether it is run for what its operators do. */
  readonly analyze?: boolean
  /** What it was read from, for messages. */
  readonly text?: string | undefined
  /** One more than the largest parameter index. */
  readonly parameterCount: number
}

/** The shape of a statement. Errors: QueryError for a tree that nests deeper than {@link AST_DEPTH_MAX}. */
export function shapeOf(statement: Statement): StatementShape {
  const writer = new ShapeWriter()
  writer.statement(statement)
  return { key: writer.out, parameterCount: writer.parameterCount }
}

class ShapeWriter extends ExpressionShape {
  statement(s: Statement): void {
    switch (s.kind) {
      case 'select':
      case 'values':
      case 'setOperation':
        this.query(s)
        return
      case 'insert':
        this.#insert(s)
        return
      case 'update':
      case 'delete':
        this.#change(s)
        return
      default:
        throw unsupported(`A statement of kind "${s.kind}"`)
    }
  }

  // --- queries ---

  protected override query(q: Query): void {
    this.enter()
    this.#with(q.with)
    switch (q.kind) {
      case 'select':
        this.#select(q)
        break
      case 'values':
        this.out += 'v('
        for (const row of q.rows) this.expressions(row)
        this.out += ')'
        break
      case 'setOperation':
        this.out += `${q.operator}${q.all ? '+' : ' '}`
        this.query(q.left)
        this.query(q.right)
    }
    this.#tail(q)
    this.leave()
  }

  #with(w: WithClause | undefined): void {
    if (!w) return
    this.out += w.recursive ? 'wr(' : 'w('
    for (const table of w.tables) {
      this.name(table.name)
      this.names(table.columns)
      if (table.materialized !== undefined) this.out += table.materialized ? 'm' : 'n'
      this.query(table.query)
    }
    this.out += ')'
  }

  #tail(q: QueryTail): void {
    this.orderBy(q.orderBy)
    this.out += 'l'
    this.optional(q.limit)
    this.optional(q.offset)
  }

  #select(s: SelectStatement): void {
    this.out += s.distinct ? 'SD' : 'S'
    if (s.distinctOn) {
      this.out += 'O'
      this.expressions(s.distinctOn)
    }
    this.#items(s.columns)
    if (s.from) this.#table(s.from)
    this.out += 'w'
    this.optional(s.where)
    this.out += 'g'
    this.expressions(s.groupBy)
    this.out += 'h'
    this.optional(s.having)
    for (const { name, window } of s.windows ?? []) {
      this.out += 'n'
      this.name(name)
      this.window(window)
    }
  }

  #items(items: readonly SelectItem[]): void {
    this.out += '['
    for (const item of items) {
      if (item.kind === 'all') {
        this.out += '*'
        this.optionalName(item.table)
      } else {
        this.expression(item.expression)
        this.optionalName(item.alias)
        // It is the name of a result column: a plan is not that of the same expression written in another way.
        if (item.text !== undefined) {
          this.out += 'a'
          this.name(item.text)
        }
      }
    }
    this.out += ']'
  }

  #table(t: TableExpression): void {
    this.enter()
    switch (t.kind) {
      case 'table':
        this.out += 't'
        this.optionalName(t.schema)
        this.name(t.name)
        this.optionalName(t.alias)
        this.names(t.columns)
        break
      case 'join':
        this.out += `j${t.join}${t.natural ? '*' : ' '}`
        this.#table(t.left)
        this.#table(t.right)
        this.optional(t.on)
        this.names(t.using)
        break
      case 'subquery':
        this.out += t.lateral ? 'sl' : 's'
        this.query(t.query)
        this.optionalName(t.alias)
        this.names(t.columns)
        break
      case 'function':
        this.out += 'F'
        this.name(t.name)
        this.expressions(t.arguments)
        this.optionalName(t.alias)
        this.names(t.columns)
    }
    this.leave()
  }

  // --- writes ---

  #insert(s: InsertStatement): void {
    this.#with(s.with)
    this.out += 'I'
    this.name(s.table)
    this.optionalName(s.alias)
    this.names(s.columns)
    for (const row of s.rows) {
      this.out += '('
      for (const value of row) {
        if (value) this.expression(value)
        else this.out += 'D'
      }
      this.out += ')'
    }
    if (s.query) this.query(s.query)
    if (s.onConflict) this.#conflict(s.onConflict)
    for (const more of s.moreConflicts ?? []) this.#conflict(more)
    this.#items(s.returning)
  }

  #conflict(c: OnConflict): void {
    this.out += `!${c.action} `
    this.names(c.target)
    this.optionalName(c.constraint)
    this.optional(c.targetWhere)
    this.#assignments(c.set)
    this.optional(c.where)
  }

  #change(s: UpdateStatement | DeleteStatement): void {
    this.#with(s.with)
    this.out += s.kind === 'update' ? 'U' : 'D'
    this.name(s.table)
    this.optionalName(s.alias)
    if (s.kind === 'update') {
      if (s.conflict) this.out += s.conflict
      this.#assignments(s.set)
      for (const { columns, query } of s.setRows ?? []) {
        this.names(columns)
        this.query(query)
      }
    }
    const others = s.kind === 'update' ? s.from : s.using
    if (others) this.#table(others)
    this.out += 'w'
    this.optional(s.where)
    if (s.orderBy) this.orderBy(s.orderBy)
    this.out += 'l'
    this.optional(s.limit)
    this.optional(s.offset)
    this.#items(s.returning)
  }

  #assignments(set: readonly Assignment[]): void {
    this.out += '{'
    for (const { column, value } of set) {
      this.name(column)
      this.expression(value)
    }
    this.out += '}'
  }
}
