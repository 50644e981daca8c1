/** One table of a contract: calls become statements, statements become plans. The asynchronous face stands in async.ts. */
import type { Contract, RelationContract, TableContract } from '@sochdb/schema/contract'
import { RowNotFoundError, UniqueConstraintError, ValidationError } from '../errors/index.js'
import type {
  DeleteStatement,
  Expression,
  InsertStatement,
  SelectItem,
  SelectStatement,
  TableExpression,
  UpdateStatement,
} from '../sql/ast/nodes.js'
import { PreparedStatement } from '../sql/session.js'
import { aggregateProperties, Aggregation, countRows, groupProperties } from './aggregates.js'
import type { Channel } from './channel.js'
import { checkProperties, describe, isPlainObject, shown } from './check.js'
import { RowCodecs } from './codecs.js'
import { writableColumns } from './columns.js'
import { decodeNested, nestedOf, type Nested } from './nested.js'
import { insertNested, namesRelations, updateNested, type NestedWriter } from './nested-writes.js'
import { behind, cursorOf, cursorValues, PAGE_ROWS } from './pages.js'
import { both, Parameters } from './parameters.js'
import { queryShape, valueQuery } from './query-shape.js'
import {
  columnList,
  flags,
  orderItem,
  ordering,
  readProperties,
  rowCount,
  runOptions,
  runProperties,
  selected,
  type Ordering,
  type ReadQuery,
} from './reads.js'
import { columnItem, relationsOf, selectFrom, sourceOf, type Source } from './relations.js'
import { RowInput } from './rows.js'
import type { Scope, TableScope } from './scope.js'
import { Shapes, type Row } from './statements.js'
import type { StoredNames } from './stored-names.js'
import { whereExpression, type FilterContext } from './where.js'

export type { ReadQuery }

const pageProperties = [...readProperties.filter(name => name !== 'offset' && name !== 'distinct'), 'after']
/** Rows of one `insertMany`: an endless iterable must not take the process's memory. */
const ROWS_MAX = 1_000_000
const star: readonly SelectItem[] = [{ kind: 'all', table: undefined }]
/** What numbers the rows of a `distinct`. */
const NUMBER = 'row number'

/** What all handles on a table share. Handles, one for the client and one for each transaction, add where statements run. */
export class TableRuntime {
  readonly contract: Contract
  readonly property: string
  readonly table: TableContract
  readonly source: Source
  readonly input: RowInput
  readonly codecs: RowCodecs | undefined
  readonly relations: Readonly<Record<string, RelationContract>>
  readonly #siblings: ReadonlyMap<string, TableRuntime>
  readonly #names: StoredNames | undefined
  readonly #shapes = new Map<string, Shapes>()

  /** `siblings`: those of all tables, by property. */
  constructor(contract: Contract, property: string, siblings: ReadonlyMap<string, TableRuntime>, names?: StoredNames) {
    this.#siblings = siblings
    this.relations = relationsOf(contract, property)
    this.contract = contract
    this.#names = names
    this.property = property
    this.table = contract.tables[property]!
    this.source = sourceOf(contract, property)
    this.input = new RowInput(this.table)
    this.codecs = RowCodecs.of(this.table)
  }

  sibling(property: string): TableRuntime {
    return this.#siblings.get(property)!
  }

  shapes(scope: TableScope): Shapes {
    let shapes = this.#shapes.get(scope.key)
    if (shapes === undefined) this.#shapes.set(scope.key, (shapes = new Shapes(this.table, scope, this.#names)))
    return shapes
  }
}

/** `SyncRepository` of types.ts, whose type parameters the generated code supplies. */
export class TableRepository {
  readonly #runtime: TableRuntime
  readonly #channel: Channel
  readonly #scope: Scope
  /** What the scope means here. */
  readonly #own: TableScope
  readonly #shapes: Shapes

  constructor(runtime: TableRuntime, channel: Channel, scope: Scope) {
    this.#runtime = runtime
    this.#channel = channel
    this.#scope = scope
    this.#own = scope.of(runtime.table)
    this.#shapes = runtime.shapes(this.#own)
  }

  get table(): TableContract {
    return this.#runtime.table
  }

  get #input(): RowInput {
    return this.#runtime.input
  }

  // ---------------------------------------------------------------------------------------------------- inserts

  insert(row: unknown): Row {
    if (namesRelations(row, this.#runtime.relations)) {
      return this.#channel.transaction(channel => insertNested(this.#writer(channel), row as Row))
    }
    const values = this.#input.newValues(row, this.#own)
    return this.#written(channel => channel.get(this.#shapes.insert, values)!)
  }

  insertMany(
    rows: Iterable<unknown>,
    options: { readonly onConflict?: unknown; readonly returning?: unknown } = {},
  ): number | Row[] {
    if (typeof (rows as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== 'function') {
      throw new ValidationError(`insertMany takes rows, not ${describe(rows)}.`)
    }
    checkProperties(options, 'The second argument of insertMany', ['onConflict', 'returning'])
    if (options.onConflict !== undefined && options.onConflict !== 'nothing') {
      throw new ValidationError(`insertMany's onConflict takes "nothing", not ${shown(options.onConflict)}.`)
    }
    const returned = this.#returned(options.returning)
    // All rows are read and checked before the engine sees the first: user code must not run inside the statement.
    const values: unknown[][] = []
    for (const row of rows) {
      if (values.length === ROWS_MAX) {
        throw new ValidationError(`insertMany takes at most ${String(ROWS_MAX)} rows at a time: split them.`)
      }
      values.push(this.#newValues(row, values.length))
    }
    const { insert, insertIgnoring, insertMany, insertManyIgnoring } = this.#shapes
    const ignores = options.onConflict === 'nothing'
    if (returned === undefined) {
      return values.length === 0 ? 0 : this.#channel.runMany(ignores ? insertManyIgnoring : insertMany, values)
    }
    if (values.length === 0) return []
    return this.#written(written =>
      written.transaction(channel =>
        values.flatMap(each => {
          const row = channel.get(ignores ? insertIgnoring : insert, each)
          return row === undefined ? [] : [picked(row, returned)]
        }),
      ),
    )
  }

  upsert(options: unknown): Row {
    checkProperties(options, 'upsert', ['create', 'update', 'on'])
    const { create, update, on } = options as { create?: unknown; update?: unknown; on?: unknown }
    const { table } = this
    const parameters = new Parameters()
    const target = on === undefined ? table.primaryKey : columnList(table, 'on', on)
    if (!this.#isUnique(target)) {
      throw new ValidationError(`upsert: no unique key of "${table.name}" is { ${target.join(', ')} }.`)
    }
    const row = this.#input.newValues(create, this.#own).map(value => parameters.add(value))
    const set = this.#input.assignments(update ?? {}, parameters, this.#own, table.name)
    // The row that is there comes back only from a statement that changes it.
    const [key] = target
    const unchanged = { column: key!, value: { kind: 'column', table: table.name, name: key! } as const }
    const statement: InsertStatement = {
      kind: 'insert',
      table: table.name,
      columns: writableColumns(table).map(column => column.name),
      rows: [row],
      onConflict: {
        target,
        action: 'update',
        set: set.length === 0 ? [unchanged] : set,
        where: this.#own.condition(table.name, parameters),
      },
      returning: star,
    }
    const [stored] = this.#written(channel => channel.rows(statement, parameters.values))
    if (stored !== undefined) return stored
    throw new UniqueConstraintError(
      `upsert: a row of "${table.name}" that this client does not see has the same { ${target.join(', ')} }.`,
      {
        remediation:
          'It is deleted, or of another tenant: use $for({ withDeleted: true }), or the client of its tenant.',
      },
    )
  }

  // ------------------------------------------------------------------------------------------------------ reads

  find(key: unknown, options?: ReadQuery): Row | undefined {
    if (options === undefined) return this.#read(this.#channel.get(this.#shapes.find, this.#keyValues(key)))
    checkProperties(options, 'The second argument of find', ['select', 'omit', 'with', ...runProperties])
    return this.#find(options, parameters => this.#input.keyCondition(key, parameters))[0]
  }

  findOrThrow(key: unknown, options?: ReadQuery): Row {
    const row = this.find(key, options)
    if (row !== undefined) return row
    const { name, primaryKey } = this.table
    const wanted = primaryKey.map(column => `${column}: ${shown((key as Row)[column])}`).join(', ')
    throw new RowNotFoundError(`"${name}" has no row { ${wanted} }.`)
  }

  findFirst(query: ReadQuery = {}): Row | undefined {
    const one = valueQuery(query)
    const held = one && this.#shapes.ofValue(one)
    if (held !== undefined) return this.#read(this.#channel.get(held, [one!.value, ...this.#own.values]))
    checkProperties(query, 'A query', readProperties)
    const [row] = this.#find({ ...query, limit: query.limit === 0 ? 0 : 1 })
    if (one && this.#shapes.isUnique(one.column)) {
      this.#shapes.keepOfValue(one, queryShape(this.table, query, undefined))
    }
    return row
  }

  findFirstOrThrow(query: ReadQuery = {}): Row {
    const row = this.findFirst(query)
    if (row !== undefined) return row
    throw new RowNotFoundError(`"${this.table.name}" has no row that meets the filter.`)
  }

  findMany(query: ReadQuery = {}): Row[] {
    checkProperties(query, 'A query', readProperties)
    return this.#find(query)
  }

  findPage(query: ReadQuery & { readonly after?: unknown } = {}): { rows: Row[]; next: string | undefined } {
    checkProperties(query, 'A query of findPage', pageProperties)
    const { after, ...read } = query
    const { limit = PAGE_ROWS } = read
    if (!Number.isSafeInteger(limit) || (limit as number) < 1) {
      throw new ValidationError(`limit of a page is an integer, 1 or more, not ${shown(limit)}.`)
    }
    const { table } = this
    const order = ordering(table, read.orderBy)
    const from = after === undefined ? undefined : cursorValues(table, order, after)
    const condition = from && ((parameters: Parameters) => behind(order, from, parameters))
    let next: string | undefined
    const rows = this.#find({ ...read, limit: (limit as number) + 1 }, condition, order, found => {
      if (found.length <= (limit as number)) return
      found.pop()
      next = cursorOf(table, order, found.at(-1)!)
    })
    return { rows, next }
  }

  /** Rows as they are asked for; what is not read is never read. */
  *stream(query: ReadQuery = {}): Generator<Row, void> {
    checkProperties(query, 'A query', readProperties)
    const options = runOptions(query)
    const { statement, parameters, nested } = this.#statement(query, undefined, ordering(this.table, query.orderBy))
    for (const rows of this.#channel.batches(
      new PreparedStatement(this.#channel.stored(statement)),
      parameters.values,
      options,
    )) {
      decodeNested(rows, nested)
      this.#read(rows)
      for (const row of rows) {
        ;(query.signal as AbortSignal | undefined)?.throwIfAborted()
        yield row
      }
    }
  }

  exists(query: { readonly where?: unknown } = {}): boolean {
    checkProperties(query, 'A query of exists', ['where', ...runProperties])
    const { parameters, context } = this.#begin()
    const one: SelectItem = { kind: 'expression', expression: { kind: 'literal', value: 1 }, alias: 'one' }
    const statement: SelectStatement = {
      ...selectFrom(this.#runtime.source, [one]),
      where: this.#where(context, query.where),
      limit: { kind: 'literal', value: 1 },
    }
    return this.#channel.rows(statement, parameters.values, runOptions(query)).length > 0
  }

  count(query: { readonly where?: unknown } = {}): number {
    checkProperties(query, 'A query of count', ['where', ...runProperties])
    const { parameters, context } = this.#begin()
    const statement: SelectStatement = {
      ...selectFrom(this.#runtime.source, [{ kind: 'expression', expression: countRows, alias: 'n' }]),
      where: this.#where(context, query.where),
    }
    const [row] = this.#channel.rows(statement, parameters.values, runOptions(query))
    return row!['n'] as number
  }

  aggregate(query: Readonly<Record<string, unknown>> = {}): Row {
    checkProperties(query, 'aggregate', [...aggregateProperties, ...runProperties])
    const { parameters, context } = this.#begin()
    const aggregation = new Aggregation(this.table, query, [])
    const statement: SelectStatement = {
      ...selectFrom(this.#runtime.source, aggregation.items),
      where: this.#where(context, query['where']),
    }
    return aggregation.result(this.#channel.rows(statement, parameters.values, runOptions(query))[0]!)
  }

  groupBy(query: Readonly<Record<string, unknown>>): Row[] {
    checkProperties(query, 'groupBy', [...groupProperties, ...runProperties])
    const { parameters, context } = this.#begin()
    const by = columnList(this.table, 'by', query['by'])
    const aggregation = new Aggregation(this.table, query, by)
    const statement: SelectStatement = {
      ...selectFrom(this.#runtime.source, aggregation.items),
      where: this.#where(context, query['where']),
      groupBy: by.map(name => ({ kind: 'column', table: undefined, name })),
      having: aggregation.having(query['having'], parameters),
      orderBy: aggregation.orderBy(query['orderBy']),
      limit: rowCount('limit', query['limit'], parameters),
      offset: rowCount('offset', query['offset'], parameters),
    }
    const rows = this.#channel.rows(statement, parameters.values, runOptions(query))
    return rows.map(row => aggregation.result(row))
  }

  /** The plan of what `findMany` would run, one operator a line. */
  explain(query: ReadQuery = {}): string {
    checkProperties(query, 'A query', readProperties)
    const { statement } = this.#statement(query, undefined, ordering(this.table, query.orderBy))
    return this.#channel.explain(statement)
  }

  // ----------------------------------------------------------------------------------------- updates and deletes

  update(key: unknown, patch: unknown): Row | undefined {
    if (namesRelations(patch, this.#runtime.relations)) {
      return this.#channel.transaction(channel => updateNested(this.#writer(channel), key, patch as Row))
    }
    const parameters = new Parameters()
    const set = this.#input.assignments(patch, parameters, this.#own)
    if (set.length === 0) return this.find(key)
    // The statements of a table's updates by key differ in the columns they set, and how.
    let shape = 'update'
    for (const { column, value } of set) {
      shape += `${value.kind === 'binary' ? value.operator : '='}${column.length}:${column}`
    }
    const where = both(this.#input.keyCondition(key, parameters), this.#own.condition(undefined, parameters))
    const held = this.#shapes.held(shape)
    if (held !== undefined) return this.#written(channel => channel.all(held, parameters.values)[0])
    const statement = { kind: 'update' as const, table: this.table.name, alias: undefined, set, where, returning: star }
    const prepared = this.#shapes.hold(shape, statement)
    return this.#written(channel => channel.all(prepared, parameters.values)[0])
  }

  updateMany(
    query: { readonly where?: unknown },
    patch: unknown,
    options: { readonly returning?: unknown } = {},
  ): number | Row[] {
    const { parameters, context } = this.#begin()
    const set = this.#input.assignments(patch, parameters, this.#own)
    const where = this.#requiredWhere('updateMany', query, context)
    const returned = this.#returning('updateMany', options)
    if (set.length === 0) {
      if (returned === undefined) return 0
      return this.#find({ where: query.where }).map(row => picked(row, returned))
    }
    const statement = { kind: 'update' as const, table: this.table.name, alias: undefined, set, where }
    return this.#write(statement, parameters, returned)
  }

  delete(key: unknown): boolean {
    const { mark } = this.#own
    const values = this.#keyValues(key)
    if (mark !== undefined) values.push(new Date())
    return this.#channel.run(this.#shapes.delete, values) > 0
  }

  deleteMany(query: { readonly where?: unknown }, options: { readonly returning?: unknown } = {}): number | Row[] {
    const { parameters, context } = this.#begin()
    const where = this.#requiredWhere('deleteMany', query, context)
    const returned = this.#returning('deleteMany', options)
    const { mark } = this.#own
    const target = { table: this.table.name, alias: undefined, where }
    if (mark === undefined) return this.#write({ kind: 'delete', ...target }, parameters, returned)
    const set = [{ column: mark, value: parameters.add(new Date()) }]
    return this.#write({ kind: 'update', ...target, set }, parameters, returned)
  }

  // ------------------------------------------------------------------------------------------------------- parts

  /** Repositories that write as a part of one transaction. */
  #writer(channel: Channel): NestedWriter {
    const { relations } = this.#runtime
    const related = (property: string): TableRepository =>
      new TableRepository(this.#runtime.sibling(property), channel, this.#scope)
    return { repository: related(this.#runtime.property), relations, related }
  }

  /** What reads give, of what is stored. */
  #read<Result extends Row | Row[] | undefined>(result: Result): Result {
    const { codecs } = this.#runtime
    return codecs === undefined ? result : codecs.decode(result)
  }

  /** The same of rows that a statement has written: those that cannot be decoded are not written. */
  #written<Result extends Row | Row[] | undefined>(write: (channel: Channel) => Result): Result {
    const { codecs } = this.#runtime
    if (codecs === undefined) return write(this.#channel)
    return this.#channel.transaction(channel => codecs.decode(write(channel)))
  }

  #newValues(row: unknown, index: number): unknown[] {
    try {
      return this.#input.newValues(row, this.#own)
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error
      throw new ValidationError(`Row ${String(index)}: ${error.message}`, { cause: error })
    }
  }

  #keyValues(key: unknown): unknown[] {
    const values = this.#input.keyValues(key)
    for (const value of this.#own.values) values.push(value)
    return values
  }

  #isUnique(columns: readonly string[]): boolean {
    const { primaryKey, indexes } = this.table
    const isSet = (names: readonly string[]): boolean =>
      names.length === columns.length && names.every(name => columns.includes(name))
    if (isSet(primaryKey)) return true
    return indexes.some(
      index => index.unique && index.where === undefined && isSet(index.columns.map(({ column }) => column)),
    )
  }

  #begin(): { parameters: Parameters; context: FilterContext } {
    const parameters = new Parameters()
    return { parameters, context: { contract: this.#runtime.contract, scope: this.#scope, parameters } }
  }

  #where(context: FilterContext, where: unknown): Expression | undefined {
    const { source } = this.#runtime
    return both(whereExpression(context, source, where), this.#own.condition(undefined, context.parameters))
  }

  #requiredWhere(method: string, query: { readonly where?: unknown }, context: FilterContext): Expression | undefined {
    if (!isPlainObject(query) || query.where === undefined) {
      throw new ValidationError(`${method} needs a filter: ask for every row by { where: {} }.`)
    }
    checkProperties(query, `The filter of ${method}`, ['where'])
    return this.#where(context, query.where)
  }

  #returning(method: string, options: { readonly returning?: unknown }): readonly string[] | undefined {
    checkProperties(options, `The last argument of ${method}`, ['returning'])
    return this.#returned(options.returning)
  }

  /** Columns of the rows that a write gives back; `undefined`: it tells how many there were. */
  #returned(returning: unknown): readonly string[] | undefined {
    if (returning === undefined || returning === false) return undefined
    if (returning === true) return this.table.columns.map(column => column.name)
    const names = flags(this.table, 'returning', returning)
    if (names.length === 0) throw new ValidationError('returning names no column: write true to get them all.')
    return names
  }

  #write(statement: Unreturning, parameters: Parameters, returned: readonly string[] | undefined): number | Row[] {
    if (returned === undefined) return this.#channel.affected({ ...statement, returning: [] }, parameters.values)
    const returning = returned.map(name => columnItem(name))
    return this.#written(channel => channel.rows({ ...statement, returning }, parameters.values))
  }

  /**
   * Rows of a query, with a condition beside its own. `page`: sees the rows before columns that only the order needed are gone.
   */
  #find(
    query: ReadQuery,
    condition?: (parameters: Parameters) => Expression,
    order: readonly Ordering[] = ordering(this.table, query.orderBy),
    page?: (rows: Row[]) => void,
  ): Row[] {
    const options = runOptions(query)
    const columns = selected(this.table, query)
    const { codecs } = this.#runtime
    const isStored = query.distinct === undefined && codecs?.meets(query.where) !== true
    const isPlain = query.with === undefined && condition === undefined && isStored
    const shape = isPlain && page === undefined ? queryShape(this.table, query, columns) : undefined
    const held = shape && this.#shapes.held(shape.key)
    if (held !== undefined) return this.#read(this.#channel.all(held, [...shape!.values, ...this.#own.values], options))
    const extra = page && columns ? order.map(({ name }) => name).filter(name => !columns.includes(name)) : []
    const { statement, parameters, nested } = this.#statement(query, condition, order, shape?.isSingle, extra)
    // Values that change from one reading to the next are what getters give: their statement is not kept.
    if (shape !== undefined && isSame([...shape.values, ...this.#own.values], parameters.values)) {
      return this.#read(this.#channel.all(this.#shapes.hold(shape.key, statement), parameters.values, options))
    }
    const rows = this.#channel.rows(statement, parameters.values, options)
    page?.(rows)
    decodeNested(rows, nested)
    for (const row of rows) for (const name of extra) delete row[name]
    return this.#read(rows)
  }

  #statement(
    query: ReadQuery,
    condition: ((parameters: Parameters) => Expression) | undefined,
    order: readonly Ordering[],
    isSingle = false,
    extra: readonly string[] = [],
  ): { statement: SelectStatement; parameters: Parameters; nested: readonly Nested[] } {
    const { table } = this
    const { source } = this.#runtime
    const { parameters, context } = this.#begin()
    const columns = selected(table, query)
    const nested = nestedOf(context, source, query.with)
    const own = columns === undefined ? star : [...columns, ...extra].map(name => columnItem(name))
    const items: readonly SelectItem[] = [
      ...own,
      ...nested.map(({ name, expression }): SelectItem => ({ kind: 'expression', expression, alias: name })),
    ]
    const filter = whereExpression(context, source, query.where)
    const given = condition?.(parameters)
    const limit = isSingle ? undefined : rowCount('limit', query.limit, parameters)
    const offset = isSingle ? undefined : rowCount('offset', query.offset, parameters)
    const where = both(filter, given, this.#own.condition(undefined, parameters))
    const orderBy = isSingle ? [] : order.map(orderItem)
    if (query.distinct === undefined) {
      return { statement: { ...selectFrom(source, items), where, orderBy, limit, offset }, parameters, nested }
    }
    // Not all columns there are: the rows have their number too.
    const all = table.columns.map(({ name }) => columnItem(name))
    const statement: SelectStatement = {
      ...selectFrom(source, columns === undefined ? [...all, ...items.slice(1)] : items),
      from: this.#firsts(columnList(table, 'distinct', query.distinct), where, order),
      where: {
        kind: 'binary',
        operator: '=',
        left: { kind: 'column', table: undefined, name: NUMBER },
        right: { kind: 'literal', value: 1 },
      },
      orderBy,
      limit,
      offset,
    }
    return { statement, parameters, nested }
  }

  /** The rows with their numbers among those that have the same values: the first of each has 1. */
  #firsts(distinct: readonly string[], where: Expression | undefined, order: readonly Ordering[]): TableExpression {
    const number: Expression = {
      kind: 'call',
      name: 'row_number',
      arguments: [],
      distinct: false,
      filter: undefined,
      over: {
        partitionBy: distinct.map(name => ({ kind: 'column', table: undefined, name })),
        orderBy: order.map(orderItem),
        frame: undefined,
      },
    }
    const items: readonly SelectItem[] = [...star, { kind: 'expression', expression: number, alias: NUMBER }]
    const { source } = this.#runtime
    return { kind: 'subquery', query: { ...selectFrom(source, items), where }, alias: source.qualifier }
  }
}

/** A write, before it is told what to give back. */
type Unreturning = Omit<UpdateStatement, 'returning'> | Omit<DeleteStatement, 'returning'>

function picked(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.map(name => [name, row[name]]))
}

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]))
