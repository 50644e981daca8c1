/**
 * What applications call: one table, by promises or on the calling thread. What calls take and give stands in types.ts.
 */
import type {
  AggregateQuery,
  Aggregates,
  CountQuery,
  FindMany,
  FindManyOmit,
  FindManySelect,
  FindManyWith,
  FindOptions,
  FindPage,
  FindPageSelect,
  FindPageWith,
  FindSelect,
  GroupQuery,
  InsertManyOptions,
  ManyQuery,
  Model,
  Page,
  Query,
  Returning,
  ReturningColumns,
  Upsert,
} from './types.js'

/**
 * One table. Every call is one plan in the engine and, outside `$transaction`, a transaction of its own.
 *
 * Rejects with `ValidationError` (bad input), `UniqueConstraintError`, `NotNullError`, `ForeignKeyError`, and inside a
 * transaction with `TransactionConflictError` at its commit.
 */
export interface Repository<M extends Model> {
  /** Inserts a row, with rows of its relations where it names any, and returns it with its defaults filled in. */
  insert(row: M['NewWith']): Promise<M['Row']>
  insert(row: M['NewBy']): Promise<M['Row']>
  /** Inserts all rows or, on an error, none. Returns how many were inserted, or with `returning` the rows themselves. */
  insertMany(rows: Iterable<M['New']>, options?: InsertManyOptions): Promise<number>
  insertMany(rows: Iterable<M['New']>, options: InsertManyOptions & Returning): Promise<M['Row'][]>
  insertMany<Column extends keyof M['Row']>(
    rows: Iterable<M['New']>,
    options: InsertManyOptions & ReturningColumns<M, Column>,
  ): Promise<Pick<M['Row'], Column>[]>
  /** Inserts a row or, where its key is taken, changes the row that is there, in one statement. Returns the row. */
  upsert(options: Upsert<M>): Promise<M['Row']>
  /** The row with this primary key. */
  find(key: M['Key']): Promise<M['Row'] | undefined>
  find<Relation extends keyof M['Include'] & keyof M['Related']>(
    key: M['Key'],
    options: FindOptions<M, Relation>,
  ): Promise<(M['Row'] & Pick<M['Related'], Relation>) | undefined>
  find<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    key: M['Key'],
    options: FindSelect<M, Column, Relation>,
  ): Promise<(Pick<M['Row'], Column> & Pick<M['Related'], Relation>) | undefined>
  /** The same; without the row, a `RowNotFoundError`. */
  findOrThrow(key: M['Key']): Promise<M['Row']>
  findOrThrow<Relation extends keyof M['Include'] & keyof M['Related']>(
    key: M['Key'],
    options: FindOptions<M, Relation>,
  ): Promise<M['Row'] & Pick<M['Related'], Relation>>
  findOrThrow<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    key: M['Key'],
    options: FindSelect<M, Column, Relation>,
  ): Promise<Pick<M['Row'], Column> & Pick<M['Related'], Relation>>
  /** The first row of what `findMany` would return. */
  findFirst(query?: FindMany<M>): Promise<M['Row'] | undefined>
  findFirst<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): Promise<(M['Row'] & Pick<M['Related'], Relation>) | undefined>
  findFirst<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): Promise<(Pick<M['Row'], Column> & Pick<M['Related'], Relation>) | undefined>
  findFirst<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManyOmit<M, Column, Relation>,
  ): Promise<(Omit<M['Row'], Column> & Pick<M['Related'], Relation>) | undefined>
  /** The same; without one, a `RowNotFoundError`. */
  findFirstOrThrow(query?: FindMany<M>): Promise<M['Row']>
  findFirstOrThrow<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): Promise<M['Row'] & Pick<M['Related'], Relation>>
  findFirstOrThrow<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): Promise<Pick<M['Row'], Column> & Pick<M['Related'], Relation>>
  findFirstOrThrow<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManyOmit<M, Column, Relation>,
  ): Promise<Omit<M['Row'], Column> & Pick<M['Related'], Relation>>
  /** The rows of a query. */
  findMany(query?: FindMany<M>): Promise<M['Row'][]>
  findMany<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): Promise<(M['Row'] & Pick<M['Related'], Relation>)[]>
  findMany<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): Promise<(Pick<M['Row'], Column> & Pick<M['Related'], Relation>)[]>
  findMany<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManyOmit<M, Column, Relation>,
  ): Promise<(Omit<M['Row'], Column> & Pick<M['Related'], Relation>)[]>
  /** One page of a query, and the cursor of the next. */
  findPage(query?: FindPage<M>): Promise<Page<M['Row']>>
  findPage<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindPageWith<M, Relation>,
  ): Promise<Page<M['Row'] & Pick<M['Related'], Relation>>>
  findPage<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindPageSelect<M, Column, Relation>,
  ): Promise<Page<Pick<M['Row'], Column> & Pick<M['Related'], Relation>>>
  /** The rows of a query as they are asked for, at the snapshot of the first; what is not read is never read. */
  stream(query?: FindMany<M>): AsyncGenerator<M['Row'], void>
  stream<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): AsyncGenerator<M['Row'] & Pick<M['Related'], Relation>, void>
  stream<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): AsyncGenerator<Pick<M['Row'], Column> & Pick<M['Related'], Relation>, void>
  /** Is there a row? */
  exists(query?: CountQuery<M>): Promise<boolean>
  /** How many rows there are. */
  count(query?: CountQuery<M>): Promise<number>
  /** Sums, averages, least and greatest values of the rows of a filter, and how many there are. */
  aggregate<
    Sum extends keyof M['Sums'] = never,
    Average extends keyof M['Averages'] = never,
    Least extends keyof M['Order'] & keyof M['Row'] = never,
    Greatest extends keyof M['Order'] & keyof M['Row'] = never,
  >(
    query?: AggregateQuery<M, Sum, Average, Least, Greatest>,
  ): Promise<Aggregates<M, Sum, Average, Least, Greatest>>
  /** The same for each group of rows that have the same values in the columns of `by`. */
  groupBy<
    By extends keyof M['Order'] & keyof M['Row'],
    Sum extends keyof M['Sums'] = never,
    Average extends keyof M['Averages'] = never,
    Least extends keyof M['Order'] & keyof M['Row'] = never,
    Greatest extends keyof M['Order'] & keyof M['Row'] = never,
  >(
    query: GroupQuery<M, By, Sum, Average, Least, Greatest>,
  ): Promise<(Pick<M['Row'], By> & Aggregates<M, Sum, Average, Least, Greatest>)[]>
  /** The plan of what `findMany` would run, one operator a line; nothing is run. */
  explain(query?: Query<M> & { readonly with?: M['Include'] }): Promise<string>
  /** Changes one row and returns it; `undefined` when there is none. Properties that are `undefined` are left as they are. */
  update(key: M['Key'], patch: M['Change']): Promise<M['Row'] | undefined>
  /** Returns how many rows were changed, or with `returning` the rows as they are then. */
  updateMany(query: ManyQuery<M>, patch: M['Patch']): Promise<number>
  updateMany(query: ManyQuery<M>, patch: M['Patch'], options: Returning): Promise<M['Row'][]>
  updateMany<Column extends keyof M['Row']>(
    query: ManyQuery<M>,
    patch: M['Patch'],
    options: ReturningColumns<M, Column>,
  ): Promise<Pick<M['Row'], Column>[]>
  /** Was there such a row? */
  delete(key: M['Key']): Promise<boolean>
  /** Returns how many rows were deleted, or with `returning` the rows as they were. */
  deleteMany(query: ManyQuery<M>): Promise<number>
  deleteMany(query: ManyQuery<M>, options: Returning): Promise<M['Row'][]>
  deleteMany<Column extends keyof M['Row']>(
    query: ManyQuery<M>,
    options: ReturningColumns<M, Column>,
  ): Promise<Pick<M['Row'], Column>[]>
}

/** `Repository` on the calling thread: the same calls, the same errors, no promises. */
export interface SyncRepository<M extends Model> {
  insert(row: M['NewWith']): M['Row']
  insert(row: M['NewBy']): M['Row']
  insertMany(rows: Iterable<M['New']>, options?: InsertManyOptions): number
  insertMany(rows: Iterable<M['New']>, options: InsertManyOptions & Returning): M['Row'][]
  insertMany<Column extends keyof M['Row']>(
    rows: Iterable<M['New']>,
    options: InsertManyOptions & ReturningColumns<M, Column>,
  ): Pick<M['Row'], Column>[]
  upsert(options: Upsert<M>): M['Row']
  find(key: M['Key']): M['Row'] | undefined
  find<Relation extends keyof M['Include'] & keyof M['Related']>(
    key: M['Key'],
    options: FindOptions<M, Relation>,
  ): (M['Row'] & Pick<M['Related'], Relation>) | undefined
  find<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    key: M['Key'],
    options: FindSelect<M, Column, Relation>,
  ): (Pick<M['Row'], Column> & Pick<M['Related'], Relation>) | undefined
  findOrThrow(key: M['Key']): M['Row']
  findOrThrow<Relation extends keyof M['Include'] & keyof M['Related']>(
    key: M['Key'],
    options: FindOptions<M, Relation>,
  ): M['Row'] & Pick<M['Related'], Relation>
  findOrThrow<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    key: M['Key'],
    options: FindSelect<M, Column, Relation>,
  ): Pick<M['Row'], Column> & Pick<M['Related'], Relation>
  findFirst(query?: FindMany<M>): M['Row'] | undefined
  findFirst<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): (M['Row'] & Pick<M['Related'], Relation>) | undefined
  findFirst<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): (Pick<M['Row'], Column> & Pick<M['Related'], Relation>) | undefined
  findFirst<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManyOmit<M, Column, Relation>,
  ): (Omit<M['Row'], Column> & Pick<M['Related'], Relation>) | undefined
  findFirstOrThrow(query?: FindMany<M>): M['Row']
  findFirstOrThrow<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): M['Row'] & Pick<M['Related'], Relation>
  findFirstOrThrow<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): Pick<M['Row'], Column> & Pick<M['Related'], Relation>
  findFirstOrThrow<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManyOmit<M, Column, Relation>,
  ): Omit<M['Row'], Column> & Pick<M['Related'], Relation>
  findMany(query?: FindMany<M>): M['Row'][]
  findMany<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): (M['Row'] & Pick<M['Related'], Relation>)[]
  findMany<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): (Pick<M['Row'], Column> & Pick<M['Related'], Relation>)[]
  findMany<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManyOmit<M, Column, Relation>,
  ): (Omit<M['Row'], Column> & Pick<M['Related'], Relation>)[]
  findPage(query?: FindPage<M>): Page<M['Row']>
  findPage<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindPageWith<M, Relation>,
  ): Page<M['Row'] & Pick<M['Related'], Relation>>
  findPage<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindPageSelect<M, Column, Relation>,
  ): Page<Pick<M['Row'], Column> & Pick<M['Related'], Relation>>
  stream(query?: FindMany<M>): Generator<M['Row'], void>
  stream<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): Generator<M['Row'] & Pick<M['Related'], Relation>, void>
  stream<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): Generator<Pick<M['Row'], Column> & Pick<M['Related'], Relation>, void>
  exists(query?: CountQuery<M>): boolean
  count(query?: CountQuery<M>): number
  aggregate<
    Sum extends keyof M['Sums'] = never,
    Average extends keyof M['Averages'] = never,
    Least extends keyof M['Order'] & keyof M['Row'] = never,
    Greatest extends keyof M['Order'] & keyof M['Row'] = never,
  >(
    query?: AggregateQuery<M, Sum, Average, Least, Greatest>,
  ): Aggregates<M, Sum, Average, Least, Greatest>
  groupBy<
    By extends keyof M['Order'] & keyof M['Row'],
    Sum extends keyof M['Sums'] = never,
    Average extends keyof M['Averages'] = never,
    Least extends keyof M['Order'] & keyof M['Row'] = never,
    Greatest extends keyof M['Order'] & keyof M['Row'] = never,
  >(
    query: GroupQuery<M, By, Sum, Average, Least, Greatest>,
  ): (Pick<M['Row'], By> & Aggregates<M, Sum, Average, Least, Greatest>)[]
  explain(query?: Query<M> & { readonly with?: M['Include'] }): string
  update(key: M['Key'], patch: M['Change']): M['Row'] | undefined
  updateMany(query: ManyQuery<M>, patch: M['Patch']): number
  updateMany(query: ManyQuery<M>, patch: M['Patch'], options: Returning): M['Row'][]
  updateMany<Column extends keyof M['Row']>(
    query: ManyQuery<M>,
    patch: M['Patch'],
    options: ReturningColumns<M, Column>,
  ): Pick<M['Row'], Column>[]
  delete(key: M['Key']): boolean
  deleteMany(query: ManyQuery<M>): number
  deleteMany(query: ManyQuery<M>, options: Returning): M['Row'][]
  deleteMany<Column extends keyof M['Row']>(
    query: ManyQuery<M>,
    options: ReturningColumns<M, Column>,
  ): Pick<M['Row'], Column>[]
}
