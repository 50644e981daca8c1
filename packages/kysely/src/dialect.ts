import type { DatabaseIntrospector, Dialect, DialectAdapter, Driver, QueryCompiler } from 'kysely'
import { SochdbAdapter } from './adapter.js'
import { SochdbDriver } from './driver.js'
import { SochdbIntrospector } from './introspector.js'
import type { ConnectionSource } from './connected.js'
import { LazyQueryCompiler, SochdbQueryCompiler } from './query-compiler.js'
import type { TargetOption } from './target.js'

/** What a dialect runs its queries on. */
export interface SochdbDialectConfig {
  /**
   * An open database, one of its namespaces, or an open transaction (whose own `transaction()` then makes savepoints), or a
   * function that gives one at the first query. On a `Database`, and what was opened on it, statements run on the calling thread, on
   * an `AsyncDatabase` on threads of the engine.
   * Kysely's `destroy()` leaves it open: it belongs to whoever opened it.
   */
  readonly database: TargetOption
}

/**
 * Kysely dialect for SochDB.
 *
 * @example
 * const db = new Kysely<DB>({ dialect: new SochdbDialect({ database: Database.open('./app.soch') }) })
 */
export class SochdbDialect implements Dialect {
  readonly #config: SochdbDialectConfig
  readonly #printer = new SochdbQueryCompiler()

  constructor(config: SochdbDialectConfig) {
    this.#config = Object.freeze({ ...config })
  }

  createDriver(): Driver {
    return new SochdbDriver(this.#config.database, this.#printer)
  }

  createQueryCompiler(): QueryCompiler {
    return new LazyQueryCompiler(this.#printer)
  }

  createAdapter(): DialectAdapter {
    return new SochdbAdapter()
  }

  /** Its parameter is a `Kysely<…>`: to name it costs every user's compiler dearly. */
  createIntrospector(db: object): DatabaseIntrospector {
    return new SochdbIntrospector(db as ConnectionSource)
  }
}
