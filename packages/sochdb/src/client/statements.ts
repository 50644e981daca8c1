/**
 * How repositories run statements: the fixed ones prepared once per table, those that come again in another shape kept by it, the others
 * through the session's plan cache.
 */
import type { TableContract } from '@sochdb/schema/contract'
import type { Expression, InsertStatement, Statement } from '../sql/ast/nodes.js'
import { PlanCache } from '../sql/plan/cache.js'
import { PreparedStatement } from '../sql/session.js'
import type { Database, Transaction } from '../engine/index.js'
import { writableColumns } from './columns.js'
import { both, Parameters } from './parameters.js'
import type { QueryShape, ValueQuery } from './query-shape.js'
import type { TableScope } from './scope.js'
import type { StoredNames } from './stored-names.js'

/** What repositories run on. */
export type StatementTarget = Database | Transaction
export type Row = Record<string, unknown>

/** Shapes kept of one table, and the characters of their keys. */
const HELD_MAX = 200
const HELD_CHARACTERS_MAX = 64 * 1024

const ignoring = { target: [], action: 'nothing', set: [], where: undefined } as const
const parameter = (index: number): Expression => ({ kind: 'parameter', index })

/** Of one table, in scopes that differ in nothing but the tenant. */
export class Shapes {
  readonly #table: TableContract
  readonly #scope: TableScope
  readonly #names: StoredNames | undefined
  readonly #held = new PlanCache<PreparedStatement>(HELD_MAX, HELD_CHARACTERS_MAX)
  readonly #ofValues = new Map<string, Partial<Record<ValueQuery['type'], PreparedStatement>>>()
  #find: PreparedStatement | undefined
  #delete: PreparedStatement | undefined
  #insert: PreparedStatement | undefined
  #insertIgnoring: PreparedStatement | undefined
  #insertMany: PreparedStatement | undefined
  #insertManyIgnoring: PreparedStatement | undefined

  constructor(table: TableContract, scope: TableScope, names: StoredNames | undefined) {
    this.#table = table
    this.#names = names
    this.#scope = scope
  }

  /** Takes the key and the scope's values. */
  get find(): PreparedStatement {
    return (this.#find ??= this.#prepare({
      kind: 'select',
      distinct: false,
      columns: [{ kind: 'all', table: undefined }],
      from: { kind: 'table', name: this.#table.name, alias: undefined },
      where: this.#keyCondition(),
      groupBy: [],
      having: undefined,
      orderBy: [],
      limit: undefined,
      offset: undefined,
    }))
  }

  /** The same; where deleting marks, the mark behind them. */
  get delete(): PreparedStatement {
    const { name: table, primaryKey } = this.#table
    const { mark, values } = this.#scope
    const where = this.#keyCondition()
    const set = mark === undefined ? undefined : [{ column: mark, value: parameter(primaryKey.length + values.length) }]
    return (this.#delete ??= this.#prepare(
      set === undefined
        ? { kind: 'delete', table, alias: undefined, where, returning: [] }
        : { kind: 'update', table, alias: undefined, set, where, returning: [] },
    ))
  }

  get insert(): PreparedStatement {
    return (this.#insert ??= this.#prepare({
      ...this.#insertion(),
      returning: [{ kind: 'all', table: undefined }],
    }))
  }

  /** The same, with no row where a unique key is taken. */
  get insertIgnoring(): PreparedStatement {
    return (this.#insertIgnoring ??= this.#prepare({
      ...this.#insertion(),
      onConflict: ignoring,
      returning: [{ kind: 'all', table: undefined }],
    }))
  }

  get insertMany(): PreparedStatement {
    return (this.#insertMany ??= this.#prepare(this.#insertion()))
  }

  get insertManyIgnoring(): PreparedStatement {
    return (this.#insertManyIgnoring ??= this.#prepare({
      ...this.#insertion(),
      onConflict: ignoring,
    }))
  }

  /** The statement that was kept under a key of the caller's. */
  held(key: string): PreparedStatement | undefined {
    return this.#held.get(key)
  }

  /** The statement of queries for a row by a value of a unique column, once one of them went well. */
  ofValue({ column, type }: ValueQuery): PreparedStatement | undefined {
    return this.#ofValues.get(column)?.[type]
  }

  isUnique(column: string): boolean {
    const { primaryKey, indexes } = this.#table
    if (primaryKey.length === 1 && primaryKey[0] === column) return true
    return indexes.some(
      ({ unique, where, columns }) =>
        unique && where === undefined && columns.length === 1 && columns[0]!.column === column,
    )
  }

  /** `shape`: of such a query. */
  keepOfValue({ column, type }: ValueQuery, shape: QueryShape | undefined): void {
    const held = shape?.isSingle === true ? this.#held.get(shape.key) : undefined
    if (held === undefined) return
    const ofColumn = this.#ofValues.get(column) ?? {}
    ofColumn[type] = held
    this.#ofValues.set(column, ofColumn)
  }

  hold(key: string, statement: Statement): PreparedStatement {
    const prepared = this.#prepare(statement)
    this.#held.set(key, prepared, key.length)
    return prepared
  }

  #prepare(statement: Statement): PreparedStatement {
    return new PreparedStatement(this.#names?.statement(statement) ?? statement)
  }

  /** Every column is a parameter: defaults are filled in before. */
  #insertion(): InsertStatement {
    const columns = writableColumns(this.#table).map(column => column.name)
    return {
      kind: 'insert',
      table: this.#table.name,
      columns,
      rows: [columns.map((_, i) => parameter(i))],
      onConflict: undefined,
      returning: [],
    }
  }

  #keyCondition(): Expression {
    const parameters = new Parameters()
    const operands = this.#table.primaryKey.map((name): Expression => ({
      kind: 'binary',
      operator: '=',
      left: { kind: 'column', table: undefined, name },
      right: parameters.add(undefined),
    }))
    return both(...operands, this.#scope.condition(undefined, parameters))!
  }
}
