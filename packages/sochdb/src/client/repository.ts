/** One table of a contract: calls become statements, statements become plans. The asynchronous face stands in async.ts. */
import type { ColumnContract, Contract, TableContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { Expression, OrderItem, SelectItem, SelectStatement } from '../sql/ast/nodes.js'
import { checkProperties, describe, isPlainObject, shown } from './check.js'
import { ValueChecks, columnOf, defaultValue } from './columns.js'
import { loadRelations, type Include } from './relations.js'
import { queryShape, valueQuery } from './query-shape.js'
import { Shapes, type Row, type StatementTarget } from './statements.js'
import { Parameters, whereExpression } from './where.js'

/** A read as it arrives, unchecked. */
export interface ReadQuery {
  readonly where?: unknown
  readonly orderBy?: unknown
  readonly limit?: unknown
  readonly offset?: unknown
  readonly select?: unknown
  readonly with?: unknown
}

const readProperties = ['where', 'orderBy', 'limit', 'offset', 'select', 'with']
/** Rows of one `insertMany`: an endless iterable must not take the process's memory. */
const ROWS_MAX = 1_000_000
const star: readonly SelectItem[] = [{ kind: 'all', table: undefined }]

/** What all handles on a table share. Handles, one for the client and one for each transaction, add where statements run. */
export class TableRuntime {
  readonly contract: Contract
  readonly table: TableContract
  readonly checks: ValueChecks
  readonly shapes: Shapes
  readonly columnNames: readonly string[]

  constructor(contract: Contract, property: string) {
    this.contract = contract
    this.table = contract.tables[property]!
    this.checks = new ValueChecks(this.table)
    this.columnNames = this.table.columns.map(column => column.name)
    this.shapes = new Shapes(this.table)
  }
}

/** `SyncRepository` of types.ts, whose type parameters the generated code supplies. */
export class TableRepository {
  readonly #runtime: TableRuntime
  readonly #target: () => StatementTarget
  readonly #related: (property: string) => TableRepository

  constructor(runtime: TableRuntime, target: () => StatementTarget, related: (table: string) => TableRepository) {
    this.#runtime = runtime
    this.#target = target
    this.#related = related
  }

  get table(): TableContract {
    return this.#runtime.table
  }

  insert(row: unknown): Row {
    return this.#runtime.shapes.insert.get(this.#target(), this.#newValues(row))!
  }

  insertMany(rows: Iterable<unknown>, options: { readonly onConflict?: unknown } = {}): number {
    if (typeof (rows as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== 'function') {
      throw new ValidationError(`insertMany takes rows, not ${describe(rows)}.`)
    }
    checkProperties(options, 'The second argument of insertMany', ['onConflict'])
    if (options.onConflict !== undefined && options.onConflict !== 'nothing') {
      throw new ValidationError(`insertMany's onConflict takes "nothing", not ${shown(options.onConflict)}.`)
    }
    // All rows are read and checked before the engine sees the first: user code must not run inside the statement.
    const values: unknown[][] = []
    for (const row of rows) {
      if (values.length === ROWS_MAX) {
        throw new ValidationError(`insertMany takes at most ${String(ROWS_MAX)} rows at a time: split them.`)
      }
      values.push(this.#newValues(row))
    }
    if (values.length === 0) return 0
    const { insertMany, insertManyIgnoring } = this.#runtime.shapes
    return (options.onConflict === 'nothing' ? insertManyIgnoring : insertMany).runMany(this.#target(), values)
  }

  find(key: unknown, options?: { readonly with?: unknown }): Row | undefined {
    const keyValues = this.#keyValues(key)
    if (options === undefined) return this.#runtime.shapes.find.get(this.#target(), keyValues)
    checkProperties(options, 'The second argument of find', ['with'])
    const include = this.#include(options.with)
    if (include === undefined) return this.#runtime.shapes.find.get(this.#target(), keyValues)
    return this.#consistently(target => {
      const row = this.#runtime.shapes.find.get(target, keyValues)
      if (row !== undefined) this.#load([row], include, target)
      return row
    })
  }

  findFirst(query: ReadQuery = {}): Row | undefined {
    const { shapes } = this.#runtime
    const one = valueQuery(query)
    const held = one && shapes.ofValue(one)
    if (held !== undefined) return held.get(this.#target(), [one!.value])
    checkProperties(query, 'A query', readProperties)
    const [row] = this.#find({ ...query, limit: query.limit === 0 ? 0 : 1 })
    if (one && shapes.isUnique(one.column)) shapes.keepOfValue(one, queryShape(this.table, query, undefined))
    return row
  }

  findMany(query: ReadQuery = {}): Row[] {
    checkProperties(query, 'A query', readProperties)
    return this.#find(query)
  }

  count(query: { readonly where?: unknown } = {}): number {
    checkProperties(query, 'A query of count', ['where'])
    const parameters = new Parameters()
    const statement: SelectStatement = {
      ...this.#select([{ kind: 'expression', expression: countRows, alias: 'n' }]),
      where: whereExpression(this.table, query.where, parameters),
    }
    const [row] = this.#runtime.shapes.all(this.#target(), statement, parameters.values)
    return row!['n'] as number
  }

  update(key: unknown, patch: unknown): Row | undefined {
    const parameters = new Parameters()
    const set = this.#assignments(patch, parameters)
    if (set.length === 0) return this.find(key)
    // The statements of a table's updates by key differ in the columns they set, and how.
    let shape = 'update'
    for (const { column, value } of set) shape += `${value.kind === 'parameter' ? '=' : '+'}${column.length}:${column}`
    const { shapes } = this.#runtime
    const where = this.#keyCondition(key, parameters)
    const held = shapes.held(shape)
    if (held !== undefined) return held.all(this.#target(), parameters.values)[0]
    const statement = { kind: 'update' as const, table: this.table.name, alias: undefined, set, where, returning: star }
    return shapes.hold(shape, statement).all(this.#target(), parameters.values)[0]
  }

  updateMany(query: { readonly where?: unknown }, patch: unknown): number {
    const parameters = new Parameters()
    const set = this.#assignments(patch, parameters)
    const where = this.#requiredWhere('updateMany', query, parameters)
    if (set.length === 0) return 0
    return this.#runtime.shapes.run(
      this.#target(),
      { kind: 'update', table: this.table.name, alias: undefined, set, where, returning: [] },
      parameters.values,
    )
  }

  delete(key: unknown): boolean {
    return this.#runtime.shapes.delete.run(this.#target(), this.#keyValues(key)) > 0
  }

  deleteMany(query: { readonly where?: unknown }): number {
    const parameters = new Parameters()
    const where = this.#requiredWhere('deleteMany', query, parameters)
    const statement = { kind: 'delete' as const, table: this.table.name, alias: undefined, where, returning: [] }
    return this.#runtime.shapes.run(this.#target(), statement, parameters.values)
  }

  /** For loading relations: a handle on the same table that reads from `target`. */
  on(target: StatementTarget): TableRepository {
    return new TableRepository(
      this.#runtime,
      () => target,
      property => this.#related(property).on(target),
    )
  }

  #newValues(row: unknown): unknown[] {
    if (!isPlainObject(row))
      throw new ValidationError(`A row of "${this.table.name}" is an object, not ${describe(row)}.`)
    let known = 0
    const values = this.table.columns.map(column => {
      if (!Object.hasOwn(row, column.name)) return defaultValue(column)
      known++
      const value = row[column.name]
      return value === undefined ? defaultValue(column) : this.#runtime.checks.complete(column, value)
    })
    const names = Object.keys(row)
    if (names.length !== known) for (const name of names) columnOf(this.table, name)
    return values
  }

  /** The primary key's values, in its order. Accepts exactly its columns. */
  #keyValues(key: unknown): unknown[] {
    const { primaryKey, name } = this.table
    const wanted = () => `{ ${primaryKey.join(', ')} }`
    if (!isPlainObject(key)) throw new ValidationError(`The key of "${name}" is ${wanted()}, not ${describe(key)}.`)
    for (const property of Object.keys(key)) {
      if (!primaryKey.includes(property))
        throw new ValidationError(`"${property}" is not part of the key of "${name}", which is ${wanted()}.`)
    }
    return primaryKey.map(column => {
      const value = ownValue(key, column)
      if (value === undefined || value === null)
        throw new ValidationError(`The key of "${name}" lacks "${column}": it is ${wanted()}.`)
      return value
    })
  }

  #keyCondition(key: unknown, parameters: Parameters): Expression {
    const operands = this.#keyValues(key).map((value, i): Expression => ({
      kind: 'binary',
      operator: '=',
      left: { kind: 'column', table: undefined, name: this.table.primaryKey[i]! },
      right: parameters.add(value),
    }))
    return operands.length === 1 ? operands[0]! : { kind: 'and', operands }
  }

  #assignments(patch: unknown, parameters: Parameters): { column: string; value: Expression }[] {
    if (!isPlainObject(patch))
      throw new ValidationError(`A change of "${this.table.name}" is an object, not ${describe(patch)}.`)
    const set: { column: string; value: Expression }[] = []
    for (const [name, value] of Object.entries(patch)) {
      const column = columnOf(this.table, name)
      if (value === undefined) continue
      if (this.table.primaryKey.includes(name)) {
        throw new ValidationError(
          `"${this.table.name}.${name}" is part of the primary key, which stays: insert another row instead.`,
        )
      }
      set.push({ column: name, value: this.#newValue(column, value, parameters) })
    }
    return set
  }

  #newValue(column: ColumnContract, value: unknown, parameters: Parameters): Expression {
    if (isPlainObject(value) && isNumeric(column)) {
      const [name, amount] = Object.entries(value)[0] ?? []
      if (name !== 'increment' || Object.keys(value).length !== 1) {
        throw new ValidationError(`A change of "${this.table.name}.${column.name}" is a value or { increment }.`)
      }
      const own: Expression = { kind: 'column', table: undefined, name: column.name }
      return { kind: 'binary', operator: '+', left: own, right: parameters.add(amount) }
    }
    return parameters.add(this.#runtime.checks.complete(column, value))
  }

  #requiredWhere(method: string, query: { readonly where?: unknown }, parameters: Parameters): Expression | undefined {
    if (!isPlainObject(query) || query.where === undefined) {
      throw new ValidationError(`${method} needs a filter: ask for every row by { where: {} }.`)
    }
    checkProperties(query, `The filter of ${method}`, ['where'])
    return whereExpression(this.table, query.where, parameters)
  }

  #find(query: ReadQuery): Row[] {
    const selected = this.#selected(query.select)
    const include = this.#include(query.with)
    if (include === undefined) return this.#read(this.#target(), query, selected)
    const needed = selected && [...new Set([...selected, ...include.flatMap(entry => entry.parentColumns)])]
    return this.#consistently(target => {
      const rows = this.#read(target, query, needed)
      this.#load(rows, include, target)
      const extra = needed?.filter(name => !selected!.includes(name)) ?? []
      for (const row of rows) for (const name of extra) delete row[name]
      return rows
    })
  }

  #read(target: StatementTarget, query: ReadQuery, columns: readonly string[] | undefined): Row[] {
    const { shapes } = this.#runtime
    const shape = queryShape(this.table, query, columns)
    const held = shape && shapes.held(shape.key)
    if (held !== undefined) return held.all(target, shape!.values)
    const parameters = new Parameters()
    const items = columns?.map((name): SelectItem => ({
      kind: 'expression',
      expression: { kind: 'column', table: undefined, name },
      alias: undefined,
    }))
    const where = whereExpression(this.table, query.where, parameters)
    const orderBy = this.#order(query.orderBy)
    const isSingle = shape?.isSingle === true
    const statement: SelectStatement = {
      ...this.#select(items ?? star),
      where,
      orderBy: isSingle ? [] : orderBy,
      limit: isSingle ? undefined : rowCount('limit', query.limit, parameters),
      offset: isSingle ? undefined : rowCount('offset', query.offset, parameters),
    }
    // Values that change from one reading to the next are what getters give: their statement is not kept.
    if (shape === undefined || !isSame(shape.values, parameters.values)) {
      return shapes.all(target, statement, parameters.values)
    }
    return shapes.hold(shape.key, statement).all(target, parameters.values)
  }

  #select(columns: readonly SelectItem[]): SelectStatement {
    return {
      kind: 'select',
      distinct: false,
      columns,
      from: { kind: 'table', name: this.table.name, alias: undefined },
      where: undefined,
      groupBy: [],
      having: undefined,
      orderBy: [],
      limit: undefined,
      offset: undefined,
    }
  }

  /** Primary key order where nothing else is asked for, and as the last resort, so that pages never overlap. */
  #order(orderBy: unknown): OrderItem[] {
    const parts = (orderBy === undefined ? [] : Array.isArray(orderBy) ? orderBy : [orderBy]) as readonly unknown[]
    const asked = parts.flatMap(part => {
      if (!isPlainObject(part))
        throw new ValidationError(`orderBy takes { column: 'asc' | 'desc' }, not ${describe(part)}.`)
      return Object.entries(part).map(([name, direction]): OrderItem => {
        columnOf(this.table, name)
        if (direction !== 'asc' && direction !== 'desc') {
          throw new ValidationError(`orderBy "${name}" takes "asc" or "desc", not ${shown(direction)}.`)
        }
        return orderItem(name, direction === 'desc')
      })
    })
    const named = new Set(asked.map(item => (item.expression as { name: string }).name))
    return [...asked, ...this.table.primaryKey.filter(name => !named.has(name)).map(name => orderItem(name, false))]
  }

  #selected(select: unknown): readonly string[] | undefined {
    if (select === undefined) return undefined
    if (!isPlainObject(select)) throw new ValidationError(`select takes { column: true }, not ${describe(select)}.`)
    const names = Object.entries(select).flatMap(([name, wanted]) => {
      columnOf(this.table, name)
      if (wanted !== true && wanted !== false && wanted !== undefined)
        throw new ValidationError(`select "${name}" takes true.`)
      return wanted === true ? [name] : []
    })
    if (names.length === 0) throw new ValidationError('select names no column: leave it out to get them all.')
    return names
  }

  #include(include: unknown): readonly Include[] | undefined {
    if (include === undefined) return undefined
    if (!isPlainObject(include))
      throw new ValidationError(`with takes { relation: true | { … } }, not ${describe(include)}.`)
    const relations = this.#runtime.contract.relations[this.#property()] ?? {}
    const entries = Object.entries(include).filter(([, value]) => value !== undefined && value !== false)
    return entries.map(([name, query]): Include => {
      const relation = Object.hasOwn(relations, name) ? relations[name] : undefined
      if (relation === undefined) {
        const known = Object.keys(relations).join(', ') || 'none'
        throw new ValidationError(`"${this.table.name}" has no relation "${name}". It has: ${known}.`)
      }
      if (query !== true && !isPlainObject(query)) throw new ValidationError(`with "${name}" takes true or a query.`)
      const parentColumns = relation.kind === 'one' ? [relation.column] : [...this.table.primaryKey]
      return { name, relation, query: query === true ? {} : query, parentColumns }
    })
  }

  #property(): string {
    const { tables } = this.#runtime.contract
    return Object.keys(tables).find(property => tables[property] === this.table)!
  }

  #load(rows: readonly Row[], include: readonly Include[], target: StatementTarget): void {
    for (const entry of include) loadRelations(rows, entry, this.#related(entry.relation.table).on(target))
  }

  /** Rows and their relations come from one snapshot. */
  #consistently<T>(body: (target: StatementTarget) => T): T {
    return this.#runtime.shapes.consistently(this.#target(), body)
  }
}

const countRows: Expression = { kind: 'call', name: 'count', arguments: [], distinct: false, filter: undefined }

const orderItem = (name: string, descending: boolean): OrderItem => ({
  expression: { kind: 'column', table: undefined, name },
  descending,
  nulls: undefined,
})

/** A property of the object's own. Columns may have the names of methods that every object inherits; no method is a value. */
function ownValue(object: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = object[name]
  return typeof value === 'function' && !Object.hasOwn(object, name) ? undefined : value
}

const isNumeric = ({ type }: ColumnContract): boolean =>
  type === 'integer' || type === 'bigint' || type === 'real' || type === 'decimal'

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]))

function rowCount(name: string, value: unknown, parameters: Parameters): Expression | undefined {
  if (value === undefined) return undefined
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new ValidationError(`${name} takes an integer that is not negative, not ${shown(value)}.`)
  }
  return parameters.add(value)
}
