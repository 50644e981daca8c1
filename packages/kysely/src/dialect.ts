import {
  SqliteQueryCompiler,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type QueryCompiler,
} from 'kysely'
import { SochdbAdapter } from './adapter.js'
import { SochdbDriver, type Target } from './driver.js'
import { SochdbIntrospector } from './introspector.js'
import { LazyQueryCompiler } from './query-compiler.js'

export interface SochdbDialectConfig {
  /**
   * An open database, or an open transaction (whose own `transaction()` then makes savepoints), or a function that gives one
   * at the first query. Kysely's `destroy()` leaves it open: it belongs to whoever opened it.
   */
  readonly database: Target | (() => Target)
}

/**
 * Kysely dialect for SochDB.
 *
 * @example
 * const db = new Kysely<DB>({ dialect: new SochdbDialect({ database: Database.open('./app.soch') }) })
 */
export class SochdbDialect implements Dialect {
  readonly #config: SochdbDialectConfig

  constructor(config: SochdbDialectConfig) {
    this.#config = Object.freeze({ ...config })
  }

  createDriver(): Driver {
    return new SochdbDriver(this.#config.database)
  }

  createQueryCompiler(): QueryCompiler {
    return new LazyQueryCompiler(new SqliteQueryCompiler())
  }

  createAdapter(): DialectAdapter {
    return new SochdbAdapter()
  }

  /** Declared without its parameter, a `Kysely<…>`, which nothing here needs: naming it costs every user's compiler dearly. */
  createIntrospector(): DatabaseIntrospector {
    return new SochdbIntrospector(this.#config.database)
  }
}
