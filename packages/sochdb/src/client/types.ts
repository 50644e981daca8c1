/**
 * The types that generated clients are written against. Generated code names concrete interfaces (`User`, `UserWhere`);
 * what all tables share stands here, so that a hundred tables cost the compiler one `Repository` and a hundred bundles.
 *
 * Rules of this file: interfaces, no conditional types, no mapped type that a table pays for unless a call asks for it
 * (`select` and `with` pick from named interfaces at the call).
 */

import type { Contract } from '@sochdb/schema/contract'
import type { Database, Transaction } from '../database/index.js'
import type { DatabaseOptions } from '../engine/index.js'
import type { SqlResult } from '../sql/text/index.js'

export type { Contract } from '@sochdb/schema/contract'

// ---------------------------------------------------------------------------------------------------- values

/** How vectors are given. They come back as `Float32Array`. */
export type VectorInput = Float32Array | readonly number[]

/** How points in time are given: a `Date`, or an ISO-8601 string. They come back as `Date`. */
export type DateInput = Date | string

/** One of these: the engine computes with the value it holds. Columns of integers divide towards zero. */
export interface Change<Value> {
  readonly set?: Value
  readonly increment?: Value
  readonly decrement?: Value
  readonly multiply?: Value
  readonly divide?: Value
}

/** `{ increment: 5 }`, of integer and real columns. */
export type NumberChange = Change<number>

/** `{ increment: 5n }` */
export type BigintChange = Change<bigint>

/** `{ increment: '0.10' }`: exact, as the column is. */
export type DecimalChange = Change<string>

/** Takes the row with this key, or makes it. */
export interface ConnectOrCreate<New, Key> {
  readonly where: Key
  readonly create: New
}

/** The one row that a new row belongs to: one of these. */
export interface CreateOne<New, Key> {
  readonly create?: New
  /** A row that is there; without it, a `RowNotFoundError`. */
  readonly connect?: Key
  readonly connectOrCreate?: ConnectOrCreate<New, Key>
}

/** The one row that a row belongs to: one of these. */
export interface ChangeOne<New, Key> extends CreateOne<New, Key> {
  /** It belongs to none. */
  readonly disconnect?: true
}

/** Rows that belong to a new row. */
export interface CreateMany<New, Key> {
  readonly create?: New | readonly New[]
  /** Rows that are there; without one of them, a `RowNotFoundError`. */
  readonly connect?: Key | readonly Key[]
  readonly connectOrCreate?: ConnectOrCreate<New, Key> | readonly ConnectOrCreate<New, Key>[]
}

/** Rows that belong to a row. They are changed in the order `set`, `disconnect`, `connect`, `connectOrCreate`, `create`. */
export interface ChangeMany<New, Key> extends CreateMany<New, Key> {
  /** Rows that no longer belong to it; those that do not are left as they are. */
  readonly disconnect?: Key | readonly Key[]
  /** Which of the rows that are there belong to it, and no others. */
  readonly set?: readonly Key[]
}

/** Ascending, NULLs first; or descending, NULLs last. */
export type SortOrder = 'asc' | 'desc'

/**
 * What stands between a column and the application: `.codec({ module, name, type })` of a column names one. It is synchronous and pure,
 * and equal values are stored alike, or filters and unique keys would not find them. NULL never reaches it.
 *
 * @example
 * export const price: Codec<Money, string> = {
 *   encode: money => money.toString(),
 *   decode: text => Money.parse(text),
 * }
 */
export interface Codec<Value, Stored, Written = Stored> {
  /** What is stored; an error refuses the call, and names the column. */
  encode(value: Value): Written
  /** What reads give. */
  decode(stored: Stored): Value
}

/** A codec of any types. */
export interface AnyCodec {
  /** The store's value of the application's. */
  encode(value: never): unknown
  /** The application's value of the store's. */
  decode(stored: never): unknown
}

// --------------------------------------------------------------------------------------------------- filters
//
// Every operator has two spellings, `lt` and `$lt`, with one meaning. Operators in one filter must all hold. As in SQL, NULL
// meets no comparison; ask for it by `null`, `{ equals: null }` or `{ not: null }`. A property that is present with the value
// `undefined` is an error, not a filter left out.

interface Equality<Value> {
  readonly equals?: Value
  readonly $eq?: Value
  readonly not?: Value
  readonly $ne?: Value
}

interface Membership<Value> {
  readonly in?: readonly Value[]
  readonly $in?: readonly Value[]
  readonly notIn?: readonly Value[]
  readonly $nin?: readonly Value[]
}

interface Ordering<Value> {
  readonly lt?: Value
  readonly $lt?: Value
  readonly lte?: Value
  readonly $lte?: Value
  readonly gt?: Value
  readonly $gt?: Value
  readonly gte?: Value
  readonly $gte?: Value
}

/** Case-sensitive; the operand is literal text, `%` and `_` have no meaning. */
interface TextMatch {
  readonly contains?: string
  readonly $contains?: string
  readonly startsWith?: string
  readonly $startsWith?: string
  readonly endsWith?: string
  readonly $endsWith?: string
}

/** What a text column is tested for; all that is given must hold. */
export interface TextFilter extends Equality<string>, Membership<string>, Ordering<string>, TextMatch {}
/** What a text column that may be NULL is tested for. */
export interface NullableTextFilter extends Equality<string | null>, Membership<string>, Ordering<string>, TextMatch {}

/** Of integer and real columns. */
export interface NumberFilter extends Equality<number>, Membership<number>, Ordering<number> {}
/** What an integer or a real column that may be NULL is tested for. */
export interface NullableNumberFilter extends Equality<number | null>, Membership<number>, Ordering<number> {}

/** What a bigint column is tested for. */
export interface BigintFilter extends Equality<bigint>, Membership<bigint>, Ordering<bigint> {}
/** What a bigint column that may be NULL is tested for. */
export interface NullableBigintFilter extends Equality<bigint | null>, Membership<bigint>, Ordering<bigint> {}

/** Operands are decimal text, compared by value: `'1.50'` equals `'1.5'`. */
export interface DecimalFilter extends Equality<string>, Membership<string>, Ordering<string> {}
/** What a decimal column that may be NULL is tested for: texts, compared as numbers. */
export interface NullableDecimalFilter extends Equality<string | null>, Membership<string>, Ordering<string> {}

/** What a timestamp column is tested for: Dates, or ISO-8601 texts. */
export interface DateFilter extends Equality<DateInput>, Membership<DateInput>, Ordering<DateInput> {}
/** What a timestamp column that may be NULL is tested for. */
export interface NullableDateFilter extends Equality<DateInput | null>, Membership<DateInput>, Ordering<DateInput> {}

/** Of columns that hold days; operands such as `'2026-03-01'`. */
export interface DayFilter extends Equality<string>, Membership<string>, Ordering<string> {}
/** What a date column that may be NULL is tested for: texts such as `2026-03-01`. */
export interface NullableDayFilter extends Equality<string | null>, Membership<string>, Ordering<string> {}

/** What a boolean column is tested for. */
export interface BooleanFilter extends Equality<boolean>, Membership<boolean> {}
/** What a boolean column that may be NULL is tested for. */
export interface NullableBooleanFilter extends Equality<boolean | null>, Membership<boolean> {}

/** What a uuid column is tested for. */
export interface UuidFilter extends Equality<string>, Membership<string>, Ordering<string> {}
/** What a uuid column that may be NULL is tested for. */
export interface NullableUuidFilter extends Equality<string | null>, Membership<string>, Ordering<string> {}

/** Compared bytewise. */
export interface BlobFilter extends Equality<Uint8Array>, Membership<Uint8Array>, Ordering<Uint8Array> {}
/** What a blob column that may be NULL is tested for; bytes are ordered one by one. */
export interface NullableBlobFilter extends Equality<Uint8Array | null>, Membership<Uint8Array>, Ordering<Uint8Array> {}

/** Of text columns with a closed set of values. */
export interface EnumFilter<Value extends string> extends Equality<Value>, Membership<Value> {}
/** What an enum column that may be NULL is tested for. */
export interface NullableEnumFilter<Value extends string> extends Equality<Value | null>, Membership<Value> {}

/** Of columns with a codec: their values compare as what they are stored as. A value alone stands behind `equals`. */
export interface ValueFilter<Value> extends Equality<Value>, Membership<Value>, Ordering<Value> {}
/** What a column of the application's own type, which may be NULL, is tested for. */
export interface NullableValueFilter<Value> extends Equality<Value | null>, Membership<Value>, Ordering<Value> {}

/** Of nullable columns whose values do not compare: JSON and vectors. */
export interface NullFilter {
  readonly equals?: null
  readonly $eq?: null
  readonly not?: null
  readonly $ne?: null
}

/** Of a relation to many rows: how many of them meet a filter. */
export interface ManyFilter<Where> {
  /** At least one does. */
  readonly some?: Where
  readonly $some?: Where
  /** All do; also where there are none. */
  readonly every?: Where
  readonly $every?: Where
  /** Not one does. */
  readonly none?: Where
  readonly $none?: Where
}

/** Of a relation to one row; `null`: there is none. */
export interface OneFilter<Where> {
  readonly is?: Where | null
  readonly $is?: Where | null
  /** There is no row, or it does not meet the filter. `null`: there is one. */
  readonly isNot?: Where | null
  readonly $isNot?: Where | null
}

// ---------------------------------------------------------------------------------------------- repositories

/** One table, as its generated file bundles it: the single type parameter of everything below. */
export interface Model {
  /** What reads return. */
  Row: object
  /** What inserts take: columns with a default may be left out. */
  New: object
  /** A new row, and rows of its relations. */
  NewWith: object
  /** A new row that says by relations whose it is, in place of the columns that hold their keys. */
  NewBy: object
  /** What updates take: every column may be left out. */
  Patch: object
  /** The same, and changes of its relations. */
  Change: object
  /** Filters by column and by relation, `AND`, `OR`, `NOT`. */
  Where: object
  /** Direction by column. */
  Order: object
  /** The primary key, by column. */
  Key: object
  /** Relations that `with` can load. */
  Include: object
  /** What `with` adds to a row, by relation. */
  Related: object
  /** Numeric columns, as their sums are. */
  Sums: object
  /** Numeric columns, as their averages are. */
  Averages: object
}

/** What a statement may take: a signal that is aborted stops it before it begins, and between the rows of `stream`. */
export interface RunSettings {
  readonly signal?: AbortSignal
  /** The most time it may take, in milliseconds; a `QueryTimeoutError` then. Default: none. */
  readonly timeoutMs?: number
}

/** `where`, order and page of rows. Without `orderBy` rows come in primary key order. */
export interface RelatedQuery<M extends Model> {
  readonly where?: M['Where']
  /** Earlier properties and earlier elements take precedence. NULLs are first ascending, last descending. */
  readonly orderBy?: M['Order'] | readonly M['Order'][]
  /** Rows at most: an integer >= 0. Absent: all. */
  readonly limit?: number
  /** Rows to skip: an integer >= 0. */
  readonly offset?: number
}

/** A read of rows. */
export interface Query<M extends Model> extends RelatedQuery<M>, RunSettings {
  /** Only the first row, in the order of the query, of those that have the same values in these columns. */
  readonly distinct?: readonly (keyof M['Order'])[]
}

/** Which rows are read, whole and without relations. */
export interface FindMany<M extends Model> extends Query<M> {
  readonly select?: undefined
  readonly omit?: undefined
  readonly with?: undefined
}

/** A read that also loads relations. */
export interface FindManyWith<M extends Model, Relation extends keyof M['Include']> extends Query<M> {
  readonly select?: undefined
  readonly omit?: undefined
  readonly with: { readonly [R in Relation]: M['Include'][R] }
}

/** A read of some columns only, and of relations if `with` names any. */
export interface FindManySelect<
  M extends Model,
  Column extends keyof M['Row'],
  Relation extends keyof M['Include'],
> extends Query<M> {
  readonly select: { readonly [C in Column]: true }
  readonly omit?: undefined
  readonly with?: { readonly [R in Relation]: M['Include'][R] }
}

/** A read of all columns but some, and of relations if `with` names any. */
export interface FindManyOmit<
  M extends Model,
  Column extends keyof M['Row'],
  Relation extends keyof M['Include'],
> extends Query<M> {
  readonly select?: undefined
  readonly omit: { readonly [C in Column]: true }
  readonly with?: { readonly [R in Relation]: M['Include'][R] }
}

/** What `with` says about a relation to many rows. `true`: all of them, in primary key order. Applies to each parent row. */
export interface RelatedMany<M extends Model> extends RelatedQuery<M> {
  readonly with?: M['Include']
}

/** What `with` says about a relation to one row. `true`: nothing further. A row that does not meet `where` is `null`. */
export interface RelatedOne<M extends Model> {
  readonly where?: M['Where']
  readonly with?: M['Include']
}

/** What of one row is read: all of it, with relations. */
export interface FindOptions<M extends Model, Relation extends keyof M['Include']> extends RunSettings {
  readonly select?: undefined
  readonly with?: { readonly [R in Relation]: M['Include'][R] }
}

/** What of one row is read: some columns, with relations. */
export interface FindSelect<
  M extends Model,
  Column extends keyof M['Row'],
  Relation extends keyof M['Include'],
> extends RunSettings {
  readonly select: { readonly [C in Column]: true }
  readonly with?: { readonly [R in Relation]: M['Include'][R] }
}

/** Where a page begins. `limit` is how long it is: 50 rows unless it says otherwise. A page takes neither `offset` nor `distinct`. */
export interface PageSettings {
  /** `next` of the page before; the order has to be the same. Absent: the first page. */
  readonly after?: string | undefined
}

/** A page of whole rows. */
export interface FindPage<M extends Model> extends FindMany<M>, PageSettings {}

/** A page of rows with relations. */
export interface FindPageWith<M extends Model, Relation extends keyof M['Include']>
  extends FindManyWith<M, Relation>, PageSettings {}

/** A page of some columns, with relations. */
export interface FindPageSelect<M extends Model, Column extends keyof M['Row'], Relation extends keyof M['Include']>
  extends FindManySelect<M, Column, Relation>, PageSettings {}

/** A page of rows, and where the next one begins. */
export interface Page<Row> {
  readonly rows: Row[]
  /** The cursor behind these rows: `after` of the next page. `undefined`: there are no more. */
  readonly next: string | undefined
}

/** Which rows are counted. Default: all. */
export interface CountQuery<M extends Model> extends RunSettings {
  readonly where?: M['Where']
}

/** Columns of each function, as `{ column: true }`. */
export interface AggregateColumns<
  Sum extends PropertyKey,
  Average extends PropertyKey,
  Least extends PropertyKey,
  Greatest extends PropertyKey,
> {
  readonly sum?: { readonly [C in Sum]: true }
  readonly avg?: { readonly [C in Average]: true }
  readonly min?: { readonly [C in Least]: true }
  readonly max?: { readonly [C in Greatest]: true }
}

/** Of which rows and columns sums, averages, least and greatest values are taken. */
export interface AggregateQuery<
  M extends Model,
  Sum extends PropertyKey,
  Average extends PropertyKey,
  Least extends PropertyKey,
  Greatest extends PropertyKey,
>
  extends AggregateColumns<Sum, Average, Least, Greatest>, RunSettings {
  readonly where?: M['Where']
}

/** `null` where there is no value. */
export interface Aggregates<
  M extends Model,
  Sum extends keyof M['Sums'],
  Average extends keyof M['Averages'],
  Least extends keyof M['Row'],
  Greatest extends keyof M['Row'],
> {
  readonly count: number
  /** Of integer columns a number, exact up to 2^53; of bigint columns a bigint, of decimal ones text. */
  readonly sum: { readonly [C in Sum]: M['Sums'][C] | null }
  readonly avg: { readonly [C in Average]: M['Averages'][C] | null }
  readonly min: { readonly [C in Least]: M['Row'][C] | null }
  readonly max: { readonly [C in Greatest]: M['Row'][C] | null }
}

/** Directions of what groups have. */
export interface GroupOrder<M extends Model> {
  readonly count?: SortOrder
  readonly sum?: { readonly [C in keyof M['Sums']]?: SortOrder }
  readonly avg?: { readonly [C in keyof M['Averages']]?: SortOrder }
  readonly min?: M['Order']
  readonly max?: M['Order']
}

/** Filters on what groups have. */
export interface GroupFilter<M extends Model> {
  readonly count?: number | NumberFilter
  readonly sum?: { readonly [C in keyof M['Sums']]?: M['Sums'][C] | Ordering<M['Sums'][C]> | null }
  readonly avg?: { readonly [C in keyof M['Averages']]?: M['Averages'][C] | Ordering<M['Averages'][C]> | null }
  readonly min?: { readonly [C in keyof M['Order'] & keyof M['Row']]?: M['Row'][C] | Ordering<M['Row'][C]> | null }
  readonly max?: { readonly [C in keyof M['Order'] & keyof M['Row']]?: M['Row'][C] | Ordering<M['Row'][C]> | null }
}

/** By which columns rows are grouped, what is computed of each group, and which groups count. */
export interface GroupQuery<
  M extends Model,
  By extends PropertyKey,
  Sum extends PropertyKey,
  Average extends PropertyKey,
  Least extends PropertyKey,
  Greatest extends PropertyKey,
>
  extends AggregateColumns<Sum, Average, Least, Greatest>, RunSettings {
  readonly by: readonly By[]
  /** Of the rows, before they are grouped. */
  readonly where?: M['Where']
  /** Of the groups. */
  readonly having?: GroupFilter<M>
  /** Default: by the columns of `by`, ascending. */
  readonly orderBy?: M['Order'] | GroupOrder<M> | readonly (M['Order'] | GroupOrder<M>)[]
  readonly limit?: number
  readonly offset?: number
}

/** A row to insert, or what changes where its key is taken. */
export interface Upsert<M extends Model> {
  /** The row to insert. */
  readonly create: M['New']
  /** What changes in the row that is there. Default: nothing. */
  readonly update?: M['Patch']
  /** Columns of the unique key by which a row is there already. Default: the primary key. */
  readonly on?: readonly (keyof M['Order'])[]
}

/** `returning: true`: the rows that were written. */
export interface Returning {
  readonly returning: true
}

/** Gives these columns of the rows that were written back. */
export interface ReturningColumns<M extends Model, Column extends keyof M['Row']> {
  readonly returning: { readonly [C in Column]: true }
}

/** `where` is required: changing every row is asked for by `where: {}`. */
export interface ManyQuery<M extends Model> {
  readonly where: M['Where']
}

/** What becomes of rows whose key is taken. */
export interface InsertManyOptions {
  /** `nothing`: rows that meet a unique key already taken are left out, and not counted. Default: an error, and no row is inserted. */
  readonly onConflict?: 'nothing'
}

// ---------------------------------------------------------------------------------------------------- client

/**
 * A statement as text, with its values as parameters, or pieces that `sql` has made. It sees what the client sees: the rows of
 * its tenant, and those that are not marked as deleted.
 */
export interface SqlTag {
  <Row = Record<string, unknown>>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<SqlResult<Row>>
}

/** The same on the calling thread. */
export interface SyncSqlTag {
  <Row = Record<string, unknown>>(strings: TemplateStringsArray, ...values: readonly unknown[]): SqlResult<Row>
}

/** A statement that has run, as `$on('query')` tells it. */
export interface QueryEvent {
  /** Printed when it is read. */
  readonly sql: string
  /** Of an `insertMany`, those of the first row. */
  readonly parameters: readonly unknown[]
  readonly durationMs: number
  /** Rows read or written. */
  readonly rows: number
  /** Why it failed; `undefined` where it did not. */
  readonly error: unknown
}

/**
 * What `$qb` runs its statements on, asked for at its first query: the `database` of `new SochdbDialect({ database })`.
 * Generated code passes it from `createClient` to the dialect without looking inside.
 */
export interface QueryTarget {
  (): Database | Transaction
  /** Keeps the statements of the query builder to what its client may see, and tells who listens of them. */
  readonly guard?: object
}

/** What `$for` narrows a client to. What it leaves out stays as it was. */
export interface ScopeOptions {
  /**
   * Only rows that have this value in the tenant column of their table are read or written, and new rows get it. Tables
   * without a tenant column are shared by all. The same goes for collections and caches that declare a `tenant`; others, key
   * spaces and the graph are refused.
   */
  readonly tenant?: string | number | bigint
  /** `true`: rows that are marked as deleted are there as any others, and deleting removes rows for good. */
  readonly withDeleted?: boolean
}

/** What generated code knows and the runtime does not. */
export interface ClientDefinition {
  readonly contract: Contract
  /** SHA-256 of the contract's canonical JSON, in hex. Compared with the store's on open. */
  readonly contractHash: string
  /** The code of the codecs that the contract names, by table and column. */
  readonly codecs?: Readonly<Record<string, Readonly<Record<string, AnyCodec>>>>
  /** Makes `$qb` over an open database or transaction. It stands here so that this package need not know Kysely. */
  readonly queryBuilder: (target: QueryTarget) => unknown
}

/** Which store a client works on, and what it tells of its statements. */
export interface ClientOptions {
  /** Directory of the store, or `:memory:`. Opened at the first call, never on import. Either this or `database`. */
  readonly path?: string
  /**
   * A database that is already open; `$close` leaves it open. Or a function that gives one: it is asked at every call, so that whoever
   * keeps the database may close it and open it again, and `$close` of the client does nothing.
   */
  readonly database?: Database | (() => Database)
  /** How to open `path`. */
  readonly open?: DatabaseOptions
  /** The embedding of a text: what caches ask where they are given none. */
  readonly embed?: (text: string) => VectorInput | PromiseLike<VectorInput>
  /** Statements that are written to the console: all, or those that take `slowMs`. Default: none. */
  readonly log?: readonly ('query' | 'slow')[]
  /** What a slow statement takes at least, in milliseconds. Default: 100. */
  readonly slowMs?: number
}

/** How `$transaction` runs, and how often again. */
export interface TransactionOptions {
  /** Default: `serializable`. */
  readonly isolation?: 'serializable' | 'snapshot' | 'readCommitted'
  /** How often a conflict is retried, with jitter. The synchronous variant cannot conflict, and has no such option. */
  readonly maxRetries?: number
  readonly timeoutMs?: number
}

/** How `sync.$transaction` runs. */
export interface SyncTransactionOptions {
  readonly isolation?: 'serializable' | 'snapshot' | 'readCommitted'
  readonly timeoutMs?: number
}

/**
 * `createClient` of `sochdb/client`, that generated code calls with the interface it has printed. It gives every table and
 * collection of the contract a property, and `sync`, `$qb`, `$for`, `$on`, `$transaction`, `$close` and `Symbol.asyncDispose` beside them.
 */
export type CreateRuntimeClient = <Client extends object>(
  definition: ClientDefinition,
  options: ClientOptions,
) => Client
