/** Hooks around the calls of tables, as `$extends({ query, sync })` takes them: a function for each call, typed as the call is. */
import type {
  Aggregates,
  AggregateQuery,
  CountQuery,
  GroupQuery,
  InsertManyOptions,
  ManyQuery,
  Model,
  Page,
  PageSettings,
  Query,
  RunSettings,
  Upsert,
} from './types.js'

/** A call on its way to a table. */
export interface HookedCall<Args extends readonly unknown[], Answer, Client> {
  /** The property of the client that the table is. */
  readonly table: string
  /** The name of the call: `insert`, `findMany` … */
  readonly call: string
  readonly args: Args
  /** Goes on with these arguments: to the hook below, and at last to the table. */
  readonly query: (...args: Args) => Answer
  /** What the call was made on, without hooks: in a transaction, that transaction. */
  readonly client: Client
}

/** What runs in the place of a call: it answers, or throws, as the call would. */
export type Hook<Args extends readonly unknown[], Answer, Client> = (call: HookedCall<Args, Answer, Client>) => Answer

/** Around every call of every table. `stream` gives rows to iterate over, all others a promise. */
export type AnyHook<Client> = Hook<readonly unknown[], unknown, Client>

/** What reads give to hooks: columns that were asked for, and relations that were loaded. */
export type ReadRow<M extends Model> = Partial<M['Row'] & M['Related']>

/** Columns by name, as `select`, `omit` and `returning` take them. */
export type ColumnFlags<M extends Model> = { readonly [C in keyof M['Row']]?: true }

/** What a read may name beside its filter. */
export interface ReadParts<M extends Model> {
  readonly select?: ColumnFlags<M>
  readonly omit?: ColumnFlags<M>
  readonly with?: M['Include']
}

/** Arguments of `findFirst`, `findMany` and `stream`, in every form they take. */
export interface HookedQuery<M extends Model> extends Query<M>, ReadParts<M> {}
/** What `find` takes beside a key. */
export interface HookedFind<M extends Model> extends RunSettings, ReadParts<M> {}
/** Arguments of `findPage`. */
export interface HookedPage<M extends Model> extends HookedQuery<M>, PageSettings {}
/** What `updateMany` and `deleteMany` are to give back. */
export interface HookedReturning<M extends Model> {
  readonly returning?: true | ColumnFlags<M>
}
/** What `insertMany` takes beside rows. */
export interface HookedInsertMany<M extends Model> extends InsertManyOptions, HookedReturning<M> {}

type Keys<M extends Model> = keyof M['Sums']
type Means<M extends Model> = keyof M['Averages']
type Compared<M extends Model> = keyof M['Order'] & keyof M['Row']
type AnyAggregates<M extends Model> = Partial<Aggregates<M, Keys<M>, Means<M>, Compared<M>, Compared<M>>>

/** Arguments of each call. */
interface CallArgs<M extends Model> {
  insert: [row: M['NewWith'] | M['NewBy']]
  insertMany: [rows: Iterable<M['New']>, options?: HookedInsertMany<M>]
  upsert: [options: Upsert<M>]
  find: [key: M['Key'], options?: HookedFind<M>]
  query: [query?: HookedQuery<M>]
  page: [query?: HookedPage<M>]
  count: [query?: CountQuery<M>]
  aggregate: [query?: AggregateQuery<M, Keys<M>, Means<M>, Compared<M>, Compared<M>>]
  groupBy: [query: GroupQuery<M, Compared<M>, Keys<M>, Means<M>, Compared<M>, Compared<M>>]
  update: [key: M['Key'], patch: M['Change']]
  updateMany: [query: ManyQuery<M>, patch: M['Patch'], options?: HookedReturning<M>]
  delete: [key: M['Key']]
  deleteMany: [query: ManyQuery<M>, options?: HookedReturning<M>]
}

/** Hooks of one table, each around the call of its name; the others are as they were. */
export interface TableHooks<M extends Model, Client> {
  readonly insert?: Hook<CallArgs<M>['insert'], Promise<M['Row']>, Client>
  readonly insertMany?: Hook<CallArgs<M>['insertMany'], Promise<number | ReadRow<M>[]>, Client>
  readonly upsert?: Hook<CallArgs<M>['upsert'], Promise<M['Row']>, Client>
  readonly find?: Hook<CallArgs<M>['find'], Promise<ReadRow<M> | undefined>, Client>
  readonly findOrThrow?: Hook<CallArgs<M>['find'], Promise<ReadRow<M>>, Client>
  readonly findFirst?: Hook<CallArgs<M>['query'], Promise<ReadRow<M> | undefined>, Client>
  readonly findFirstOrThrow?: Hook<CallArgs<M>['query'], Promise<ReadRow<M>>, Client>
  readonly findMany?: Hook<CallArgs<M>['query'], Promise<ReadRow<M>[]>, Client>
  readonly findPage?: Hook<CallArgs<M>['page'], Promise<Page<ReadRow<M>>>, Client>
  readonly stream?: Hook<CallArgs<M>['query'], AsyncIterable<ReadRow<M>>, Client>
  readonly exists?: Hook<CallArgs<M>['count'], Promise<boolean>, Client>
  readonly count?: Hook<CallArgs<M>['count'], Promise<number>, Client>
  readonly aggregate?: Hook<CallArgs<M>['aggregate'], Promise<AnyAggregates<M>>, Client>
  readonly groupBy?: Hook<CallArgs<M>['groupBy'], Promise<(Partial<M['Row']> & AnyAggregates<M>)[]>, Client>
  readonly explain?: Hook<CallArgs<M>['query'], Promise<string>, Client>
  readonly update?: Hook<CallArgs<M>['update'], Promise<M['Row'] | undefined>, Client>
  readonly updateMany?: Hook<CallArgs<M>['updateMany'], Promise<number | ReadRow<M>[]>, Client>
  readonly delete?: Hook<CallArgs<M>['delete'], Promise<boolean>, Client>
  readonly deleteMany?: Hook<CallArgs<M>['deleteMany'], Promise<number | ReadRow<M>[]>, Client>
}

/** `TableHooks` on the calling thread: no promises. */
export interface SyncTableHooks<M extends Model, Client> {
  readonly insert?: Hook<CallArgs<M>['insert'], M['Row'], Client>
  readonly insertMany?: Hook<CallArgs<M>['insertMany'], number | ReadRow<M>[], Client>
  readonly upsert?: Hook<CallArgs<M>['upsert'], M['Row'], Client>
  readonly find?: Hook<CallArgs<M>['find'], ReadRow<M> | undefined, Client>
  readonly findOrThrow?: Hook<CallArgs<M>['find'], ReadRow<M>, Client>
  readonly findFirst?: Hook<CallArgs<M>['query'], ReadRow<M> | undefined, Client>
  readonly findFirstOrThrow?: Hook<CallArgs<M>['query'], ReadRow<M>, Client>
  readonly findMany?: Hook<CallArgs<M>['query'], ReadRow<M>[], Client>
  readonly findPage?: Hook<CallArgs<M>['page'], Page<ReadRow<M>>, Client>
  readonly stream?: Hook<CallArgs<M>['query'], Iterable<ReadRow<M>>, Client>
  readonly exists?: Hook<CallArgs<M>['count'], boolean, Client>
  readonly count?: Hook<CallArgs<M>['count'], number, Client>
  readonly aggregate?: Hook<CallArgs<M>['aggregate'], AnyAggregates<M>, Client>
  readonly groupBy?: Hook<CallArgs<M>['groupBy'], (Partial<M['Row']> & AnyAggregates<M>)[], Client>
  readonly explain?: Hook<CallArgs<M>['query'], string, Client>
  readonly update?: Hook<CallArgs<M>['update'], M['Row'] | undefined, Client>
  readonly updateMany?: Hook<CallArgs<M>['updateMany'], number | ReadRow<M>[], Client>
  readonly delete?: Hook<CallArgs<M>['delete'], boolean, Client>
  readonly deleteMany?: Hook<CallArgs<M>['deleteMany'], number | ReadRow<M>[], Client>
}
