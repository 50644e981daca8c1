/** What a `Kysely` runs its queries on: a function that gives a database is called once by its driver, and by nobody else. */
import type { DatabaseConnection } from 'kysely'
import { SochdbConnection } from './connection.js'
import type { Target } from './target.js'

/** The part of a `Kysely` that gives connections. */
export interface ConnectionSource {
  getExecutor(): {
    provideConnection<T>(consumer: (connection: DatabaseConnection) => Promise<T>): Promise<T>
  }
}

export function connectedTarget(db: ConnectionSource): Promise<Target> {
  return db.getExecutor().provideConnection(async connection => {
    if (connection instanceof SochdbConnection) return connection.target
    throw new TypeError('This Kysely runs on another dialect: SochdbDialect cannot describe its tables.')
  })
}
