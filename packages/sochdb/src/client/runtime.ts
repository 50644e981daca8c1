/** `createClient`: what the generated client is at run time. */
import type { CacheContract, CollectionContract, Contract } from '@sochdb/schema/contract'
import { Database, type Transaction } from '../database/index.js'
import { isTransaction } from '../engine/index.js'
import { TransactionConflictError, TransactionError, ValidationError } from '../errors/index.js'
import { asyncRepository, collectionMethods, promised } from './async.js'
import { bootstrap } from './bootstrap.js'
import { Channel } from './channel.js'
import { describe, isPlainObject } from './check.js'
import { withCodecs } from './codecs.js'
import { cacheMethods, embeddingFace, PolicyCache } from './caches.js'
import { DocumentCollection } from './collection.js'
import { extended } from './extension.js'
import { graphClient, type Face } from './graph.js'
import type { Settle } from './graph-walk.js'
import { Keys, promisedKeys } from './kv.js'
import { HookChain, type HookKind } from './hooks.js'
import { guardOf, type StatementGuard } from './guard.js'
import { logLine, QueryLog, type QueryListener } from './query-log.js'
import { TableRepository, TableRuntime } from './repository.js'
import { Scope, type ScopeOptions } from './scope.js'
import { sql } from './sql.js'
import { refusal, refused, TenantCollection } from './tenants.js'
import { byStoredNames, StoredNames } from './stored-names.js'
import type {
  ClientDefinition,
  ClientOptions,
  QueryTarget,
  SyncTransactionOptions,
  TransactionOptions,
} from './types.js'

const optionNames = new Set(['path', 'database', 'open', 'embed', 'log', 'slowMs'])
const SLOW_MS_DEFAULT = 100
/** What a tenant's client says of key spaces and the graph. */
const NO_TENANTS = 'Keep what is of tenants in tables, collections or caches'
const RETRIES_DEFAULT = 5
const RETRIES_MAX = 100

/**
 * Makes a client for a contract. Nothing is opened until the first call; the first call creates what the contract declares in
 * an empty store, and refuses a store that was made from another contract.
 *
 * @throws ValidationError when the options name neither `path` nor `database`, or an option that does not exist.
 */
export function createClient<Client extends object>(definition: ClientDefinition, options: ClientOptions): Client {
  const store = new ClientStore(definition, checkOptions(options))
  return new Surface(definition, new Runtimes(definition), store, () => store.database()).client(store) as Client
}

function checkOptions(options: ClientOptions): ClientOptions {
  if (!isPlainObject(options)) throw new ValidationError('createClient takes { path } or { database }.')
  for (const name of Object.keys(options)) {
    if (!optionNames.has(name)) {
      throw new ValidationError(`createClient has no option "${name}". It has: ${[...optionNames].join(', ')}.`)
    }
  }
  if ((options.path === undefined) === (options.database === undefined)) {
    throw new ValidationError('createClient takes either path or database.')
  }
  if (options.path !== undefined && typeof options.path !== 'string') {
    throw new ValidationError('createClient: path is a string: the directory of the store, or ":memory:".')
  }
  if (options.embed !== undefined && typeof options.embed !== 'function') {
    throw new ValidationError('createClient: embed is a function from a text to its embedding.')
  }
  const { log = [], slowMs = SLOW_MS_DEFAULT } = options
  if (!Array.isArray(log) || log.some(event => event !== 'query' && event !== 'slow')) {
    throw new ValidationError('createClient: log is an array of "query" and "slow".')
  }
  if (typeof slowMs !== 'number' || !(slowMs >= 0)) {
    throw new ValidationError('createClient: slowMs is a number of milliseconds, 0 or more.')
  }
  const { database } = options
  if (database !== undefined && typeof database !== 'function' && !(database instanceof Database)) {
    throw new ValidationError('createClient: database is what Database.open returns, or a function that gives that.')
  }
  return options
}

/** The database of a client: opened at first use, checked against the contract once. */
class ClientStore {
  readonly log: QueryLog
  readonly #definition: ClientDefinition
  readonly #options: ClientOptions
  #database: Database | undefined
  #closed = false

  constructor(definition: ClientDefinition, options: ClientOptions) {
    this.#definition = definition
    this.#options = options
    this.log = new QueryLog(options.slowMs ?? SLOW_MS_DEFAULT)
    for (const event of new Set(options.log)) this.log.on(event, each => console.warn(logLine(each)))
  }

  database(): Database {
    const given = this.#options.database
    if (typeof given === 'function') return this.#kept(given())
    if (this.#database !== undefined) return this.#database
    if (this.#closed) throw new ValidationError('This client is closed: make another one with createClient.')
    const database = given ?? Database.open(this.#options.path!, this.#options.open)
    try {
      bootstrap(database, this.#definition)
    } catch (error) {
      if (given === undefined) database.close()
      throw error
    }
    return (this.#database = database)
  }

  /** The database that somebody else keeps: the same as before, or one that was opened since. */
  #kept(database: Database): Database {
    if (database === this.#database) return database
    if (!(database instanceof Database)) {
      throw new ValidationError('createClient: the function given as database gives what Database.open returns.')
    }
    bootstrap(database, this.#definition)
    return (this.#database = database)
  }

  get embed(): ClientOptions['embed'] {
    return this.#options.embed
  }

  close(): void {
    if (typeof this.#options.database === 'function') return
    this.#closed = true
    if (this.#options.database === undefined) this.#database?.close()
    this.#database = undefined
  }
}

/** How a client answers: by promise, or on the calling thread. */
interface Manner {
  readonly hooks: HookKind
  readonly face: Face
  readonly settle: Settle
  readonly cache: (cache: PolicyCache) => PolicyCache
  readonly keys: (keys: Keys) => object
  readonly repository: (repository: TableRepository) => object
}

const byPromise: Manner = {
  hooks: 'query',
  face: (inner, methods) => promised(methods, inner),
  settle: async read => read(),
  cache: embeddingFace,
  keys: keys => promisedKeys(keys, promised),
  repository: asyncRepository,
}

const atOnce: Manner = {
  hooks: 'sync',
  face: inner => inner,
  settle: read => read(),
  cache: cache => cache,
  keys: keys => keys,
  repository: repository => repository,
}

/** What all handles on the tables of one client share. */
class Runtimes {
  readonly tables: ReadonlyMap<string, TableRuntime>
  readonly names: StoredNames | undefined
  /** The contract by the names of the store. */
  readonly stored: Contract

  constructor(definition: ClientDefinition) {
    const contract = withCodecs(definition)
    const names = (this.names = StoredNames.of(contract))
    this.stored = names === undefined ? contract : byStoredNames(contract)
    const tables = new Map<string, TableRuntime>()
    for (const property of Object.keys(contract.tables)) {
      tables.set(property, new TableRuntime(contract, property, tables, names))
    }
    this.tables = tables
  }
}

/** The properties of a client over one target: the database, or a transaction. */
class Surface {
  readonly #definition: ClientDefinition
  readonly #runtimes: Runtimes
  readonly #store: ClientStore
  readonly #target: QueryTarget
  readonly #scope: Scope
  readonly #hooks: HookChain
  readonly #repositories = new Map<string, TableRepository>()

  constructor(
    definition: ClientDefinition,
    runtimes: Runtimes,
    store: ClientStore,
    target: QueryTarget,
    scope: Scope = new Scope(),
    hooks: HookChain = new HookChain(),
  ) {
    this.#hooks = hooks
    this.#definition = definition
    this.#runtimes = runtimes
    this.#store = store
    this.#target = target
    this.#scope = scope
  }

  /** The client: of the whole store, or what `$for` makes of it. */
  client(store: ClientStore): object {
    const sync = this.#members(atOnce)
    Object.defineProperties(sync, {
      $transaction: {
        value: (fn: (tx: object) => unknown, options: SyncTransactionOptions = {}) =>
          this.#syncTransaction(fn, options),
      },
    })
    const client = this.#members(byPromise)
    const close = async () => store.close()
    return Object.freeze(
      Object.defineProperties(client, {
        sync: { value: Object.freeze(sync) },
        $qb: { get: this.#queryBuilder() },
        $extends: { value: (extension: unknown) => this.#extended(extension, client, store) },
        $for: { value: (options: ScopeOptions) => this.#scoped(options).client(store) },
        $on: { value: (event: 'query' | 'slow', listener: QueryListener) => store.log.on(event, listener) },
        $transaction: {
          value: (fn: (tx: object) => Promise<unknown>, options: TransactionOptions = {}) =>
            this.#transaction(fn, options),
        },
        $close: { value: close },
        [Symbol.asyncDispose]: { value: close },
      }),
    )
  }

  /** The client that a transaction's function gets. */
  #transactional(transaction: Transaction): object {
    return this.#within(transaction).#transactionClient()
  }

  #transactionClient(): object {
    return Object.freeze(
      Object.defineProperties(this.#members(byPromise), {
        sync: { value: Object.freeze(this.#members(atOnce)) },
        $qb: { get: this.#queryBuilder() },
        $for: { value: (options: ScopeOptions) => this.#scoped(options).#transactionClient() },
      }),
    )
  }

  #within(transaction: Transaction): Surface {
    return this.#like(() => transaction, this.#scope, this.#hooks)
  }

  #like(target: QueryTarget, scope: Scope, hooks: HookChain): Surface {
    return new Surface(this.#definition, this.#runtimes, this.#store, target, scope, hooks)
  }

  /** With calls of the application's own, or with hooks around those of tables. */
  #extended(extension: unknown, client: object, store: ClientStore): object {
    if (typeof extension === 'function') return extended(client, extension as (client: object) => unknown)
    const hooks = this.#hooks.with(extension, [...this.#runtimes.tables.keys()])
    return this.#like(this.#target, this.#scope, hooks).client(store)
  }

  #scoped(options: ScopeOptions): Surface {
    const scope = this.#scope.with(options)
    return this.#like(this.#target, scope, this.#hooks)
  }

  #members(manner: Manner): object {
    const { face, settle, cache: asking, keys, repository } = manner
    const members: Record<string, object> = {}
    // Made when a hook asks for it.
    let plain: object | undefined
    const client = (): object =>
      (plain ??= Object.freeze(this.#like(this.#target, this.#scope, new HookChain()).#members(manner)))
    for (const property of this.#runtimes.tables.keys()) {
      const table = repository(this.#repository(property))
      members[property] = this.#hooks.around(table, property, manner.hooks, client)
    }
    for (const [property, collection] of Object.entries(this.#definition.contract.collections)) {
      members[property] = face(this.#collection(property, collection), collectionMethods)
    }
    for (const [property, cache] of Object.entries(this.#definition.contract.caches)) {
      members[property] = face(asking(this.#cache(property, cache)), cacheMethods)
    }
    for (const [property, space] of Object.entries(this.#definition.contract.kv)) {
      const held = this.#isWhole ? new Keys(space, this.#target) : refused<Keys>(`"${property}"`, NO_TENANTS)
      members[property] = keys(held)
    }
    const { contract } = this.#definition
    if (Object.keys(contract.nodes).length > 0) {
      // Made when asked for: a transaction that uses no graph makes none.
      let graph: object | undefined
      const get = (): object => {
        if (!this.#isWhole) throw refusal('The graph', NO_TENANTS)
        return (graph ??= graphClient(contract, this.#target, face, settle))
      }
      Object.defineProperty(members, 'graph', { get, enumerable: true })
    }
    const run = this.#sql()
    const value = (strings: TemplateStringsArray, ...values: readonly unknown[]): unknown =>
      settle(() => run(strings, ...values))
    return Object.defineProperty(members, '$sql', { value })
  }

  /** Of all tenants. */
  get #isWhole(): boolean {
    return !this.#scope.hasTenant
  }

  #collection(property: string, contract: CollectionContract): DocumentCollection | TenantCollection {
    if (this.#isWhole) return new DocumentCollection(contract, this.#target)
    const owner = contract.tenant === undefined ? undefined : this.#scope.owner(contract.tenant)
    if (owner !== undefined) return new TenantCollection(contract, this.#target, owner)
    return refused(`"${property}"`, 'Declare the tenant of the collection, a field of its metadata')
  }

  #cache(property: string, contract: CacheContract): PolicyCache {
    if (this.#isWhole) return new PolicyCache(contract, this.#target, this.#store.embed)
    const owner = contract.tenant === undefined ? undefined : this.#scope.owner(contract.tenant)
    if (owner !== undefined) return new PolicyCache(contract, this.#target, this.#store.embed, owner)
    return refused(`"${property}"`, 'Declare the tenant of the cache, a member of its scope')
  }

  #repository(property: string): TableRepository {
    let repository = this.#repositories.get(property)
    if (repository === undefined) {
      const channel = new Channel(this.#target, this.#store.log, this.#runtimes.names)
      repository = new TableRepository(this.#runtimes.tables.get(property)!, channel, this.#scope)
      this.#repositories.set(property, repository)
    }
    return repository
  }

  /** `$sql`, as a call. */
  #sql(): (strings: TemplateStringsArray, ...values: readonly unknown[]) => unknown {
    const channel = new Channel(this.#target, this.#store.log)
    const guard = this.#guard()
    return (strings, ...given) => {
      const values: unknown[] = []
      const text = sql(strings, ...given).write(values)
      return channel.text(text, values, guard)
    }
  }

  #guard(): StatementGuard {
    return guardOf(this.#runtimes.stored, this.#scope, this.#store.log)
  }

  /** Made when asked for: a client that never uses Kysely never builds one. */
  #queryBuilder(): () => unknown {
    let builder: unknown
    const { queryBuilder } = this.#definition
    const make = (): unknown => {
      const target = this.#target
      return queryBuilder(Object.assign(() => target(), { guard: this.#guard() }))
    }
    return () => (builder ??= make())
  }

  #syncTransaction(fn: (tx: object) => unknown, options: SyncTransactionOptions): unknown {
    const target = this.#target()
    if (isTransaction(target)) throw new TransactionError('A transaction is open already.')
    return target.transaction(transaction => fn(Object.freeze(this.#within(transaction).#members(atOnce))), options)
  }

  async #transaction(fn: (tx: object) => Promise<unknown>, options: TransactionOptions): Promise<unknown> {
    if (typeof fn !== 'function') throw new ValidationError(`$transaction takes a function, not ${describe(fn)}.`)
    if (!isPlainObject(options)) {
      throw new ValidationError(`The options of $transaction are an object, not ${describe(options)}.`)
    }
    const { maxRetries = RETRIES_DEFAULT, ...begin } = options as TransactionOptions
    if (!Number.isInteger(maxRetries) || maxRetries < 0 || maxRetries > RETRIES_MAX) {
      throw new ValidationError(`maxRetries is an integer from 0 to ${String(RETRIES_MAX)}.`)
    }
    for (let attempt = 0; ; attempt++) {
      const transaction = this.#store.database().beginTransaction(begin)
      try {
        const result = await fn(this.#transactional(transaction))
        transaction.commit()
        return result
      } catch (error) {
        transaction.abort()
        if (!(error instanceof TransactionConflictError) || attempt >= maxRetries) throw error
      }
      await backOff(attempt)
    }
  }
}

/** Full jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015): up to 1, 2, 4 … 64 ms. */
function backOff(attempt: number): Promise<void> {
  const milliseconds = Math.random() * 2 ** Math.min(attempt, 6)
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
