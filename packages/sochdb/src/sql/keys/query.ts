/** Queries over key prefixes, said step by step. */
import type { Bytes } from '../../bytes/bytes.js'
import { brand } from '../../errors/index.js'
import type { Row, StatementTarget } from '../result/index.js'
import { queryError } from '../problem.js'
import { runQuery } from './run.js'
import { columnOf, conditionOf, countOf, fieldOf, newSpec } from './spec.js'
import type { CompareOp, FieldValue, KeyQuerySpec } from './spec.js'

/** Without `select`: keys and values; with it: objects. */
export type KeyQueryRow<Selected extends boolean> = Selected extends true ? Record<string, unknown> : [Buffer, Buffer]

/**
 * What all queries over key prefixes have in common: each call gives a new query.
 *
 * A row is a JSON object at a key under the prefix. Members of objects within are named with dots. Rows come in key order unless
 * `orderBy` says otherwise, NULLs last.
 */
export abstract class BaseKeyQuery {
  readonly #spec: KeyQuerySpec

  constructor(spec: KeyQuerySpec) {
    this.#spec = spec
  }

  /** @internal */
  protected get spec(): KeyQuerySpec {
    return this.#spec
  }

  /** @internal */
  protected abstract next(spec: KeyQuerySpec): this

  /**
   * Rows whose member compares so with a value; several conditions hold all at once. A comparison between unlike types is false.
   *
   * @param operator a CompareOp: EQ, NE, GT, GTE, LT, LTE, IN, NOT_IN (arrays), LIKE, CONTAINS, STARTS_WITH (text)
   */
  where(field: string, operator: CompareOp, value: FieldValue | readonly FieldValue[]): this {
    return this.next({ ...this.#spec, conditions: [...this.#spec.conditions, conditionOf(field, operator, value)] })
  }

  /** By a member, or by a column of `select`; called again, by the next one where those are equal. */
  orderBy(field: string, { descending = false }: { readonly descending?: boolean } = {}): this {
    const name = fieldOf(field, 'orderBy')
    return this.next({ ...this.#spec, orderBy: [...this.#spec.orderBy, { name, descending }] })
  }

  /** At most so many rows, after `offset`. */
  limit(rows: number): this {
    return this.next({ ...this.#spec, limit: countOf(rows, 'limit') })
  }

  /** Without the first so many rows. */
  offset(rows: number): this {
    return this.next({ ...this.#spec, offset: countOf(rows, 'offset') })
  }

  /** One row for each combination of these members; `select` then takes them, and aggregates. */
  groupBy(...fields: readonly string[]): this {
    return this.next({
      ...this.#spec,
      groupBy: [...this.#spec.groupBy, ...fields.map(field => fieldOf(field, 'groupBy'))],
    })
  }

  /** @internal */
  protected selected(columns: readonly string[]): KeyQuerySpec {
    return { ...this.#spec, columns: [...this.#spec.columns, ...columns.map(columnOf)] }
  }

  /** @internal The query of one aggregate over all rows that match. */
  protected aggregated(aggregate: string, field: string): KeyQuerySpec {
    if (this.#spec.groupBy.length > 0) {
      throw queryError(`${aggregate}() is one value: it does not go with groupBy.`, 'Select the aggregate by group.')
    }
    const columns = [columnOf(`${aggregate}(${field})`)]
    return { ...this.#spec, columns, orderBy: [], limit: undefined, offset: undefined }
  }
}

/** Rows as `execute` gives them. */
export function rowsOf<S extends boolean>(spec: KeyQuerySpec, rows: Row[]): KeyQueryRow<S>[] {
  const isPlain = spec.columns.length === 0 && spec.groupBy.length === 0
  return (isPlain ? rows.map(({ key, value }) => [key, value]) : rows) as KeyQueryRow<S>[]
}

export const onlyValue = (rows: readonly Row[]): unknown => Object.values(rows[0]!)[0]

/**
 * A query over the keys of a prefix, run in the engine. See `Database.query`.
 *
 * @example
 * db.query('orders/').where('amount', CompareOp.GT, 100).orderBy('amount', { descending: true }).limit(10).execute()
 */
export class KeyQuery<Selected extends boolean = false> extends BaseKeyQuery {
  static {
    brand(this, 'KeyQuery')
  }
  readonly #target: StatementTarget

  constructor(target: StatementTarget, spec: KeyQuerySpec) {
    super(spec)
    this.#target = target
  }

  protected override next(spec: KeyQuerySpec): this {
    return new KeyQuery<Selected>(this.#target, spec) as this
  }

  /** Members, and aggregates: `COUNT(*)`, `COUNT(x)`, `SUM(x)`, `AVG(x)`, `MIN(x)`, `MAX(x)`; the rows are objects then. */
  select(columns: readonly string[]): KeyQuery<true> {
    return new KeyQuery<true>(this.#target, this.selected(columns))
  }

  /** The rows: keys and values, or objects where columns are selected. */
  execute(): KeyQueryRow<Selected>[] {
    return rowsOf<Selected>(this.spec, runQuery(this.#target, this.spec))
  }

  [Symbol.iterator](): Iterator<KeyQueryRow<Selected>> {
    return this.execute()[Symbol.iterator]()
  }

  /** How many rows match; order, limit and offset do not matter, here and below. */
  count(): number {
    return this.#value('COUNT', '*') as number
  }

  /** Of the numbers among the values; null when there is none. */
  sum(field: string): number | null {
    return this.#value('SUM', field) as number | null
  }

  /** The mean of the numbers; null when there is none. */
  avg(field: string): number | null {
    return this.#value('AVG', field) as number | null
  }

  /** The least value: numbers before text. null when there is none. */
  min(field: string): unknown {
    return this.#value('MIN', field)
  }

  /** The greatest value: text after numbers. null when there is none. */
  max(field: string): unknown {
    return this.#value('MAX', field)
  }

  #value(aggregate: string, field: string): unknown {
    return onlyValue(runQuery(this.#target, this.aggregated(aggregate, fieldOf(field, aggregate.toLowerCase()))))
  }
}

export const newKeyQuery = (target: StatementTarget, prefix: Bytes): KeyQuery => new KeyQuery(target, newSpec(prefix))
