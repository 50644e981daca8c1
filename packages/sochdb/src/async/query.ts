/** Queries over key prefixes by promise. */
import { brand } from '../errors/index.js'
import type { Bytes } from '../bytes/bytes.js'
import { BaseKeyQuery, fieldOf, newSpec, onlyValue, prepareQuery, rowsOf } from '../sql/keys/index.js'
import type { KeyQueryRow, KeyQuerySpec } from '../sql/keys/index.js'
import type { Row } from '../sql/session.js'
import { runToEnd } from './sql.js'
import type { AsyncSqlTarget } from './sql.js'

/** A query over the keys of a prefix, run on threads of the engine. See `Database.query`. */
export class AsyncKeyQuery<Selected extends boolean = false> extends BaseKeyQuery {
  static {
    brand(this, 'AsyncKeyQuery')
  }
  readonly #target: AsyncSqlTarget

  constructor(target: AsyncSqlTarget, spec: KeyQuerySpec) {
    super(spec)
    this.#target = target
  }

  protected override next(spec: KeyQuerySpec): this {
    return new AsyncKeyQuery<Selected>(this.#target, spec) as this
  }

  /** See `KeyQuery.select`. */
  select(columns: readonly string[]): AsyncKeyQuery<true> {
    return new AsyncKeyQuery<true>(this.#target, this.selected(columns))
  }

  /** The rows: keys and values, or objects where columns are selected. */
  async execute(): Promise<KeyQueryRow<Selected>[]> {
    return rowsOf<Selected>(this.spec, await this.#run(this.spec))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<KeyQueryRow<Selected>, void, undefined> {
    yield* await this.execute()
  }

  /** See `KeyQuery.count`. */
  count(): Promise<number> {
    return this.#value('COUNT', '*') as Promise<number>
  }

  sum(field: string): Promise<number | null> {
    return this.#value('SUM', field) as Promise<number | null>
  }

  /** The mean of the numbers; null when there is none. */
  avg(field: string): Promise<number | null> {
    return this.#value('AVG', field) as Promise<number | null>
  }

  min(field: string): Promise<unknown> {
    return this.#value('MIN', field)
  }

  /** The greatest value: text after numbers. null when there is none. */
  max(field: string): Promise<unknown> {
    return this.#value('MAX', field)
  }

  async #value(aggregate: string, field: string): Promise<unknown> {
    return onlyValue(await this.#run(this.aggregated(aggregate, fieldOf(field, aggregate.toLowerCase()))))
  }

  #run(spec: KeyQuerySpec): Promise<Row[]> {
    return runToEnd(this.#target, () => prepareQuery(this.#target.statements, spec))
  }
}

export const newAsyncKeyQuery = (target: AsyncSqlTarget, prefix: Bytes): AsyncKeyQuery =>
  new AsyncKeyQuery(target, newSpec(prefix))
