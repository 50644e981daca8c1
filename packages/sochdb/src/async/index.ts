export { AsyncDatabase, asyncOf } from './database.js'
export type {
  AsyncCollection,
  AsyncCollectionMethods,
  AsyncListOptions,
  AsyncReadOptions,
  AsyncSearchManyOptions,
  CollectionPromise,
} from './collection.js'
export type { AsyncKeyReader, AsyncKeyStore, AsyncPutOptions } from './keys.js'
export type { AsyncNamespace } from './namespace.js'
export type { LongOptions, OperationOptions } from './operation.js'
export type { Change } from './packed.js'
export { AsyncRecovery } from './recovery.js'
export { writeBy } from './root.js'
export type { AsyncRoot } from './root.js'
export type { AsyncTransactionOptions } from './retry.js'
export type { AsyncScanOptions, BatchOptions } from './scan.js'
export type { AsyncSnapshot } from './snapshot.js'
export type { AsyncSavepoint, AsyncTransaction } from './transaction.js'
export type { Promised, ReadingVerb, WritingVerb } from './verbs.js'
export { watchChanges } from './watch.js'
export type { WatchOptions } from './watch.js'
export { AsyncPreparedSql, executeAsync, iterateAsync, sqlTargetOf } from './sql.js'
export type { AsyncSqlTarget } from './sql.js'
export { AsyncKeyQuery } from './query.js'
export { AsyncGraph, AsyncGraphReader } from './graph.js'
export { AsyncCache, AsyncCacheReader } from './cache.js'
export type { AsyncCacheReadingVerbs, AsyncCacheVerbs } from './cache.js'
