/** `db pull`, loaded on use: other commands read no databases. */
import type { Pulled, SqliteObject } from 'sochdb/internal'
import type { PulledFile } from './print.js'

/** What a SQLite file declares. */
export async function readSqlite(file: string, cwd: string): Promise<readonly SqliteObject[]> {
  return (await import('./read-sqlite.js')).readSqlite(file, cwd)
}

/** A pulled schema as the text of a schema file. */
export async function printPulled(pulled: Pulled, source: string): Promise<PulledFile> {
  return (await import('./print.js')).printPulled(pulled, source)
}
