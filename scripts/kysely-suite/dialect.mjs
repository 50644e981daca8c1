/** Stands for Kysely's SqliteDialect in its tests: a database of ours in memory for each `new Kysely(…)`. */
import { SochdbDialect } from '@sochdb/kysely'
import { Database } from 'sochdb'

const lane = process.env.SOCHDB_LANE

/** What the dialect is made of, for the lane that goes by way of text. */
const load = path => import(new URL(path, import.meta.resolve('@sochdb/kysely')))
const parts =
  lane === 'text'
    ? { ...(await load('driver.js')), ...(await load('query-compiler.js')), ...(await load('statement.js')) }
    : undefined

export class SqliteDialect {
  #database
  #dialect

  constructor() {
    this.#open()
  }

  #open() {
    const database = Database.open(':memory:')
    this.#database = lane === 'async' ? database.async : database
    this.#dialect = new SochdbDialect({ database: this.#database })
  }

  /** Kysely asks for it first, once for each instance. */
  createDriver() {
    this.#open()
    if (!parts) return this.#dialect.createDriver()
    return new parts.SochdbDriver(this.#database, new parts.SochdbQueryCompiler(), parts.textOf)
  }

  createQueryCompiler() {
    return this.#dialect.createQueryCompiler()
  }

  createAdapter() {
    return this.#dialect.createAdapter()
  }

  createIntrospector(db) {
    return this.#dialect.createIntrospector(db)
  }
}
