/**
 * What a table's entry computes over its own rows, bound: checks, generated columns, expressions in keys, conditions of partial
 * indexes. Columns have the ids of their positions.
 */
import type { Expression } from '../ast/nodes.js'
import type { CatalogTable, ColumnEntry, IndexEntry, TableEntry } from '../catalog/entries.js'
import { parseStored } from '../catalog/stored.js'
import { queryError } from '../problem.js'
import { isKeyType } from '../types.js'
import type { TableRef } from './bound.js'
import { comparedAs, ownCollation } from './collations.js'
import { BindContext } from './context.js'
import { expectBoolean, expectStorable } from './coercion.js'
import { call, collectColumns, columnsOf, conjuncts, constant, exprKey, someExpr } from './expr.js'
import type { Expr } from './expr.js'
import { ExpressionBinder } from './expressions.js'
import { FUNCTIONS } from './functions/registry.js'
import { Frame, Scope, scopeTable } from './scope.js'

export interface RowExpressions {
  /** The parts of keys that are expressions, and conditions of partial indexes; equal ones are one. */
  readonly computed: readonly Expr[]
  /** For each index the numbers of its key: positions, or from the number of columns on, places in `computed`. */
  readonly keys: readonly (readonly number[])[]
  /** For each index the place of its condition in `computed`; -1: it has every row. */
  readonly wheres: readonly number[]
  readonly checks: readonly { readonly name: string; readonly expr: Expr }[]
  /** In an order in which each can be computed. */
  readonly generated: readonly { readonly position: number; readonly expr: Expr }[]
}

const NO_EXPRESSIONS: Pick<RowExpressions, 'computed' | 'checks' | 'generated'> = {
  computed: [],
  checks: [],
  generated: [],
}

const known = new WeakMap<TableEntry, RowExpressions>()

/** Errors: QueryError for texts that do not fit the table, which DDL does not let into the catalog. */
export function rowExpressions(entry: TableEntry): RowExpressions {
  let expressions = known.get(entry)
  if (!expressions) {
    expressions = bindAll(entry)
    known.set(entry, expressions)
  }
  return expressions
}

function bindAll(entry: TableEntry): RowExpressions {
  const isPlain =
    entry.checks.length === 0 &&
    entry.columns.every(c => !c.generated && !c.enum) &&
    entry.indexes.every(i => i.where === undefined && i.columns.every(c => c.expression === undefined))
  const keys = entry.indexes.map(index => index.columns.map(c => c.column))
  if (isPlain) return { ...NO_EXPRESSIONS, keys, wheres: entry.indexes.map(() => -1) }
  const binder = new RowBinder(entry)
  const computed: Expr[] = []
  const places = new Map<string, number>()
  const place = (expr: Expr): number => {
    const key = exprKey(expr)
    let at = places.get(key)
    if (at === undefined) places.set(key, (at = computed.push(expr) - 1))
    return at
  }
  const bound = entry.indexes.map(index => ({
    where: index.where === undefined ? -1 : place(binder.condition(index.where, `index "${index.name}"`)),
    key: index.columns.map(c =>
      c.expression === undefined ? c.column : entry.columns.length + place(binder.key(c.expression, index)),
    ),
  }))
  return {
    computed,
    keys: bound.map(({ key }) => key),
    wheres: bound.map(({ where }) => where),
    checks: [
      ...binder.enums(),
      ...entry.checks.map(c => ({ name: c.name, expr: binder.condition(c.expression, `check "${c.name}"`) })),
    ],
    generated: binder.generated(),
  }
}

/** Whether rows that meet all of `predicates` meet the condition of a partial index: each of its conjuncts is among them. */
export function impliesCondition(
  condition: Expr,
  predicates: readonly Expr[],
  positionOf: (expr: Extract<Expr, { op: 'column' }>) => number,
): boolean {
  const keys = new Set(predicates.flatMap(conjuncts).map(p => rowKey(p, positionOf)))
  return conjuncts(condition).every(c => keys.has(exprKey(c)) || isNotNullBy(c, predicates, positionOf))
}

/** The key of an expression as if its columns had the ids of their positions; other columns keep theirs apart. */
export function rowKey(expr: Expr, positionOf: (column: Extract<Expr, { op: 'column' }>) => number): string {
  return exprKey(expr).replace(/(?<![\w'])c:(\d+)/g, (_, id: string) => {
    const position = positionOf({ op: 'column', id: Number(id), type: 'any', nullable: true, label: '' })
    return position < 0 ? `x:${id}` : `c:${position}`
  })
}

/** `x IS NOT NULL` follows from any comparison of x. */
function isNotNullBy(
  condition: Expr,
  predicates: readonly Expr[],
  positionOf: (expr: Extract<Expr, { op: 'column' }>) => number,
): boolean {
  const [inner] = condition.op === 'not' ? condition.args : []
  if (inner?.op !== 'isNull') return false
  const wanted = exprKey(inner.args[0]!)
  const strict = new Set(['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual', 'like', 'in'])
  return predicates
    .flatMap(conjuncts)
    .some(p => 'args' in p && strict.has(p.op) && p.args.some(arg => rowKey(arg, positionOf) === wanted))
}

/** Parameters from here on are made by the binder: the time of the statement. No text has so many. */
const GENERATED_FROM = 1 << 20

/** Binds texts over the rows of one table. */
export class RowBinder {
  readonly #entry: TableEntry
  readonly #binder: ExpressionBinder

  constructor(entry: TableEntry) {
    this.#entry = entry
    const context = new BindContext(NO_TABLES, GENERATED_FROM, new Map(), 'auto')
    const frame = new Frame(context, undefined)
    const scope = new Scope({ frame, definedIn: frame, tables: undefined })
    const table: CatalogTable = { entry, key: new Uint8Array(), version: 0n }
    const ref: TableRef = {
      table,
      name: entry.name,
      columns: entry.columns.map((column, position) => ({
        op: 'column',
        type: column.type,
        id: position,
        nullable: !column.notNull,
        label: column.name,
        ...ownCollation(column),
      })),
    }
    scope.add(scopeTable(ref))
    this.#binder = new ExpressionBinder(context, scope, 'an expression over a row')
  }

  bind(text: string, what: string): Expr {
    return this.bindExpression(parseStored(text), what)
  }

  bindExpression(expression: Expression, what: string): Expr {
    const expr = this.#binder.bind(expression)
    if (someExpr(expr, e => e.op === 'param' || e.op === 'slot'))
      throw queryError(`The expression of ${what} has a parameter.`)
    if (someExpr(expr, e => !isDeterministic(e))) {
      throw queryError(`The expression of ${what} must depend on the row alone: it gives another value each time.`)
    }
    return expr
  }

  /** A default: nothing of the row, perhaps another value each time. */
  bindDefault(expression: Expression, column: string): Expr {
    const expr = this.#binder.bind(expression)
    if (someExpr(expr, e => e.op === 'param' && e.index < GENERATED_FROM))
      throw queryError(`The default of column "${column}" has a parameter.`)
    return expr
  }

  condition(text: string, what: string): Expr {
    return expectBoolean(this.bind(text, what), what)
  }

  key(text: string, index: Pick<IndexEntry, 'name'>): Expr {
    const expr = comparedAs(this.bind(text, `index "${index.name}"`))
    if (!isKeyType(expr.type)) {
      throw queryError(
        `Index "${index.name}" has an expression of type ${expr.type}, which has no order to look it up by.`,
      )
    }
    return expr
  }

  /** Closed sets of values are checks. */
  enums(): { name: string; expr: Expr }[] {
    return this.#entry.columns.flatMap((column, position) => {
      if (!column.enum || column.dropped) return []
      const values = column.enum.map(value => constant('text', value))
      const expr = call('in', 'boolean', columnAt(this.#entry, position), ...values)
      return [{ name: `${this.#entry.name}_${column.name}_enum`, expr }]
    })
  }

  generated(): { position: number; expr: Expr }[] {
    const pending = new Map<number, Expr>()
    this.#entry.columns.forEach((column, position) => {
      if (column.generated && !column.dropped) pending.set(position, this.generatedExpr(column))
    })
    const ordered: { position: number; expr: Expr }[] = []
    while (pending.size > 0) {
      const ready = [...pending].filter(([, expr]) => ![...columnsOf([expr])].some(id => pending.has(id)))
      if (ready.length === 0) {
        const names = [...pending.keys()].map(position => `"${this.#entry.columns[position]!.name}"`).join(', ')
        throw queryError(`The generated columns ${names} of table "${this.#entry.name}" are computed from each other.`)
      }
      for (const [position, expr] of ready) {
        ordered.push({ position, expr })
        pending.delete(position)
      }
    }
    return ordered
  }

  generatedExpr(column: ColumnEntry): Expr {
    return expectStorable(this.bind(column.generated!.expression, `column "${column.name}"`), column.type, column.name)
  }
}

/** Positions of the columns that an expression over a row of the table looks at. */
export function columnsIn(entry: TableEntry, text: string): Set<number> {
  const ids = new Set<number>()
  collectColumns(new RowBinder(entry).bind(text, `table "${entry.name}"`), ids)
  return ids
}

function columnAt(entry: TableEntry, position: number): Expr {
  const { name, type, notNull } = entry.columns[position]!
  return { op: 'column', type, id: position, nullable: !notNull, label: name }
}

const NO_TABLES = {
  namespaceId: 0,
  timestamp: 0n,
  getTable(name: string): never {
    throw queryError(`An expression over a row cannot look at table "${name}".`)
  },
  tableNames: () => [],
}

/** Whether the node by itself gives the same value whenever it is computed. */
function isDeterministic(expr: Expr): boolean {
  return expr.op !== 'function' || !FUNCTIONS[expr.fn].volatile
}
