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

export type { Contract } from '@sochdb/schema/contract'

// ---------------------------------------------------------------------------------------------------- values

/** How vectors are given. They come back as `Float32Array`. */
export type VectorInput = Float32Array | readonly number[]

/** How points in time are given: a `Date`, or an ISO-8601 string. They come back as `Date`. */
export type DateInput = Date | string

/** `{ increment: 5 }`, negative to subtract: the engine adds to the value it holds. */
export interface NumberChange {
  readonly increment: number
}

/** `{ increment: 5n }`, negative to subtract: the engine adds to the value it holds. */
export interface BigintChange {
  readonly increment: bigint
}

export type SortOrder = 'asc' | 'desc'

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

export interface TextFilter extends Equality<string>, Membership<string>, Ordering<string>, TextMatch {}
export interface NullableTextFilter extends Equality<string | null>, Membership<string>, Ordering<string>, TextMatch {}

/** Of integer and real columns. */
export interface NumberFilter extends Equality<number>, Membership<number>, Ordering<number> {}
export interface NullableNumberFilter extends Equality<number | null>, Membership<number>, Ordering<number> {}

export interface BigintFilter extends Equality<bigint>, Membership<bigint>, Ordering<bigint> {}
export interface NullableBigintFilter extends Equality<bigint | null>, Membership<bigint>, Ordering<bigint> {}

/** Operands are decimal text, compared by value: `'1.50'` equals `'1.5'`. */
export interface DecimalFilter extends Equality<string>, Membership<string>, Ordering<string> {}
export interface NullableDecimalFilter extends Equality<string | null>, Membership<string>, Ordering<string> {}

export interface DateFilter extends Equality<DateInput>, Membership<DateInput>, Ordering<DateInput> {}
export interface NullableDateFilter extends Equality<DateInput | null>, Membership<DateInput>, Ordering<DateInput> {}

export interface BooleanFilter extends Equality<boolean>, Membership<boolean> {}
export interface NullableBooleanFilter extends Equality<boolean | null>, Membership<boolean> {}

export interface UuidFilter extends Equality<string>, Membership<string>, Ordering<string> {}
export interface NullableUuidFilter extends Equality<string | null>, Membership<string>, Ordering<string> {}

/** Compared bytewise. */
export interface BlobFilter extends Equality<Uint8Array>, Membership<Uint8Array>, Ordering<Uint8Array> {}
export interface NullableBlobFilter extends Equality<Uint8Array | null>, Membership<Uint8Array>, Ordering<Uint8Array> {}

/** Of text columns with a closed set of values. */
export interface EnumFilter<Value extends string> extends Equality<Value>, Membership<Value> {}
export interface NullableEnumFilter<Value extends string> extends Equality<Value | null>, Membership<Value> {}

/** Of nullable columns whose values do not compare: JSON and vectors. */
export interface NullFilter {
  readonly equals?: null
  readonly $eq?: null
  readonly not?: null
  readonly $ne?: null
}

// ---------------------------------------------------------------------------------------------- repositories

/** One table, as its generated file bundles it: the single type parameter of everything below. */
export interface Model {
  /** What reads return. */
  Row: object
  /** What inserts take: columns with a default may be left out. */
  New: object
  /** What updates take: every column may be left out. */
  Patch: object
  /** Filters by column, `AND`, `OR`, `NOT`. */
  Where: object
  /** Direction by column. */
  Order: object
  /** The primary key, by column. */
  Key: object
  /** Relations that `with` can load. */
  Include: object
  /** What `with` adds to a row, by relation. */
  Related: object
}

/** `where`, order and page of a read. Without `orderBy` rows come in primary key order. */
export interface Query<M extends Model> {
  readonly where?: M['Where']
  /** Earlier properties and earlier elements take precedence. */
  readonly orderBy?: M['Order'] | readonly M['Order'][]
  /** Rows at most: an integer >= 0. Absent: all. */
  readonly limit?: number
  /** Rows to skip: an integer >= 0. */
  readonly offset?: number
}

export interface FindMany<M extends Model> extends Query<M> {
  readonly select?: undefined
  readonly with?: undefined
}

/** A read that also loads relations. */
export interface FindManyWith<M extends Model, Relation extends keyof M['Include']> extends Query<M> {
  readonly select?: undefined
  readonly with: { readonly [R in Relation]: M['Include'][R] }
}

/** A read of some columns only, and of relations if `with` names any. */
export interface FindManySelect<
  M extends Model,
  Column extends keyof M['Row'],
  Relation extends keyof M['Include'],
> extends Query<M> {
  readonly select: { readonly [C in Column]: true }
  readonly with?: { readonly [R in Relation]: M['Include'][R] }
}

/** What `with` says about a relation to many rows. `true`: all of them, in primary key order. Applies to each parent row. */
export interface RelatedMany<M extends Model> extends Query<M> {
  readonly with?: M['Include']
}

/** What `with` says about a relation to one row. `true`: nothing further. */
export interface RelatedOne<M extends Model> {
  readonly with?: M['Include']
}

export interface FindOptions<M extends Model, Relation extends keyof M['Include']> {
  readonly with?: { readonly [R in Relation]: M['Include'][R] }
}

export interface CountQuery<M extends Model> {
  readonly where?: M['Where']
}

/** `where` is required: changing every row is asked for by `where: {}`. */
export interface ManyQuery<M extends Model> {
  readonly where: M['Where']
}

export interface InsertManyOptions {
  /** `nothing`: rows that meet a unique key already taken are left out, and not counted. Default: an error, and no row is inserted. */
  readonly onConflict?: 'nothing'
}

/**
 * One table. Every call is one plan in the engine and, outside `$transaction`, a transaction of its own.
 *
 * Rejects with `ValidationError` (bad input), `UniqueConstraintError`, `NotNullError`, `ForeignKeyError`, and inside a
 * transaction with `TransactionConflictError` at its commit.
 */
export interface Repository<M extends Model> {
  /** Inserts a row and returns it with its defaults filled in. */
  insert(row: M['New']): Promise<M['Row']>
  /** Inserts all rows or, on an error, none. Returns how many were inserted. */
  insertMany(rows: Iterable<M['New']>, options?: InsertManyOptions): Promise<number>
  /** The row with this primary key. */
  find(key: M['Key']): Promise<M['Row'] | undefined>
  find<Relation extends keyof M['Include'] & keyof M['Related']>(
    key: M['Key'],
    options: FindOptions<M, Relation>,
  ): Promise<(M['Row'] & Pick<M['Related'], Relation>) | undefined>
  /** The first row of what `findMany` would return. */
  findFirst(query?: FindMany<M>): Promise<M['Row'] | undefined>
  findFirst<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): Promise<(M['Row'] & Pick<M['Related'], Relation>) | undefined>
  findFirst<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): Promise<(Pick<M['Row'], Column> & Pick<M['Related'], Relation>) | undefined>
  findMany(query?: FindMany<M>): Promise<M['Row'][]>
  findMany<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): Promise<(M['Row'] & Pick<M['Related'], Relation>)[]>
  findMany<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): Promise<(Pick<M['Row'], Column> & Pick<M['Related'], Relation>)[]>
  count(query?: CountQuery<M>): Promise<number>
  /** Changes one row and returns it; `undefined` when there is none. Properties that are `undefined` are left as they are. */
  update(key: M['Key'], patch: M['Patch']): Promise<M['Row'] | undefined>
  /** Returns how many rows were changed. */
  updateMany(query: ManyQuery<M>, patch: M['Patch']): Promise<number>
  /** Was there such a row? */
  delete(key: M['Key']): Promise<boolean>
  /** Returns how many rows were deleted. */
  deleteMany(query: ManyQuery<M>): Promise<number>
}

/** `Repository` on the calling thread: the same calls, the same errors, no promises. */
export interface SyncRepository<M extends Model> {
  insert(row: M['New']): M['Row']
  insertMany(rows: Iterable<M['New']>, options?: InsertManyOptions): number
  find(key: M['Key']): M['Row'] | undefined
  find<Relation extends keyof M['Include'] & keyof M['Related']>(
    key: M['Key'],
    options: FindOptions<M, Relation>,
  ): (M['Row'] & Pick<M['Related'], Relation>) | undefined
  findFirst(query?: FindMany<M>): M['Row'] | undefined
  findFirst<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): (M['Row'] & Pick<M['Related'], Relation>) | undefined
  findFirst<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): (Pick<M['Row'], Column> & Pick<M['Related'], Relation>) | undefined
  findMany(query?: FindMany<M>): M['Row'][]
  findMany<Relation extends keyof M['Include'] & keyof M['Related']>(
    query: FindManyWith<M, Relation>,
  ): (M['Row'] & Pick<M['Related'], Relation>)[]
  findMany<Column extends keyof M['Row'], Relation extends keyof M['Include'] & keyof M['Related'] = never>(
    query: FindManySelect<M, Column, Relation>,
  ): (Pick<M['Row'], Column> & Pick<M['Related'], Relation>)[]
  count(query?: CountQuery<M>): number
  update(key: M['Key'], patch: M['Patch']): M['Row'] | undefined
  updateMany(query: ManyQuery<M>, patch: M['Patch']): number
  delete(key: M['Key']): boolean
  deleteMany(query: ManyQuery<M>): number
}

// ---------------------------------------------------------------------------------------------------- client

/**
 * What `$qb` runs its statements on, asked for at its first query: the `database` of `new SochdbDialect({ database })`.
 * Generated code passes it from `createClient` to the dialect without looking inside.
 */
export type QueryTarget = () => Database | Transaction

/** What generated code knows and the runtime does not. */
export interface ClientDefinition {
  readonly contract: Contract
  /** SHA-256 of the contract's canonical JSON, in hex. Compared with the store's on open. */
  readonly contractHash: string
  /** Makes `$qb` over an open database or transaction. It stands here so that this package need not know Kysely. */
  readonly queryBuilder: (target: QueryTarget) => unknown
}

export interface ClientOptions {
  /** Directory of the store, or `:memory:`. Opened at the first call, never on import. Either this or `database`. */
  readonly path?: string
  /** A database that is already open. `$close` leaves it open. */
  readonly database?: Database
  /** How to open `path`. */
  readonly open?: DatabaseOptions
  /** The embedding of a text: what caches ask where they are given none. */
  readonly embed?: (text: string) => VectorInput | PromiseLike<VectorInput>
}

export interface TransactionOptions {
  /** Default: `serializable`. */
  readonly isolation?: 'serializable' | 'snapshot' | 'readCommitted'
  /** How often a conflict is retried, with jitter. The synchronous variant cannot conflict, and has no such option. */
  readonly maxRetries?: number
  readonly timeoutMs?: number
}

export interface SyncTransactionOptions {
  readonly isolation?: 'serializable' | 'snapshot' | 'readCommitted'
  readonly timeoutMs?: number
}

/**
 * `createClient` of `sochdb/client`, that generated code calls with the interface it has printed. It gives every table and
 * collection of the contract a property, and `sync`, `$qb`, `$transaction`, `$close` and `Symbol.asyncDispose` beside them.
 */
export type CreateRuntimeClient = <Client extends object>(
  definition: ClientDefinition,
  options: ClientOptions,
) => Client
