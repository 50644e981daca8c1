/** What a SQLite file declares. The reader is whichever SQLite the project has; none is a dependency of this package. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SqliteObject } from 'sochdb/internal'
import { ProjectError } from '../load/problem.js'

/** Opens a file for reading, asks one question, and closes it. */
type Ask = (module: unknown, file: string, query: string) => readonly unknown[]

interface Rows {
  all(): readonly unknown[]
}

interface Class<Instance> {
  new (file: string, options: object): Instance
}

/** In the order in which they are looked for. */
const readers: Readonly<Record<string, Ask>> = {
  'better-sqlite3': (module, file, query) => {
    const Database = (module as { readonly default: Class<{ prepare(sql: string): Rows; close(): void }> }).default
    const db = new Database(file, { readonly: true, fileMustExist: true })
    try {
      return db.prepare(query).all()
    } finally {
      db.close()
    }
  },
  'node-sqlite3-wasm': (module, file, query) => {
    type Wasm = { readonly Database: Class<{ all(sql: string): readonly unknown[]; close(): void }> }
    const { Database } = (module as { readonly default: Wasm }).default
    const db = new Database(file, { readOnly: true, fileMustExist: true })
    try {
      return db.all(query)
    } finally {
      db.close()
    }
  },
  // Of Node 22.13 and later.
  'node:sqlite': (module, file, query) => {
    const { DatabaseSync } = module as { readonly DatabaseSync: Class<{ prepare(sql: string): Rows; close(): void }> }
    const db = new DatabaseSync(file, { readOnly: true })
    try {
      return db.prepare(query).all()
    } finally {
      db.close()
    }
  },
}

export type FindModule = (name: string, cwd: string) => Promise<unknown>

/** `undefined`: it is not installed. */
export const findModule: FindModule = async (name, cwd) => {
  if (name.startsWith('node:')) return import(name).catch(() => undefined)
  let path: string
  try {
    path = createRequire(join(cwd, 'sochdb.config.js')).resolve(name)
  } catch {
    return undefined
  }
  return import(pathToFileURL(path).href)
}

const query = 'select type, name, tbl_name as "table", sql from sqlite_master order by rowid'

/**
 * Reads the declarations of a SQLite file; not one of its rows.
 *
 * @throws ProjectError when there is no such file, it is no SQLite database, or there is nothing to read it with
 */
export async function readSqlite(
  file: string,
  cwd: string,
  find: FindModule = findModule,
): Promise<readonly SqliteObject[]> {
  if (!existsSync(file)) throw new ProjectError('sqlite_not_found', `There is no file at ${file}.`)
  if (!isSqlite(file)) throw new ProjectError('sqlite_invalid', `${file} is no SQLite database.`)
  for (const [name, ask] of Object.entries(readers)) {
    const module = await find(name, cwd)
    if (module === undefined) continue
    try {
      return ask(module, file, query) as SqliteObject[]
    } catch (error) {
      throw new ProjectError('sqlite_unreadable', `${name} cannot read ${file}: ${(error as Error).message}`)
    }
  }
  throw new ProjectError(
    'sqlite_missing',
    'There is nothing here that reads SQLite files.',
    'Install it: npm install --save-dev better-sqlite3. Or node-sqlite3-wasm, which compiles nothing; Node 22.13 and later need neither.',
  )
}

function isSqlite(file: string): boolean {
  const magic = Buffer.alloc(16)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, magic, 0, 16, 0)
  } finally {
    closeSync(descriptor)
  }
  return magic.toString('latin1') === 'SQLite format 3\0'
}
