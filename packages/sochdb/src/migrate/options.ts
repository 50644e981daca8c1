import type { Database } from '../database/index.js'
import { ValidationError } from '../errors/index.js'

/** How far a migration is. */
export interface MigrateProgress {
  readonly migration: string
  /** What is being done, for people. */
  readonly says: string
  /** Steps of the migration that are done, and all of them. */
  readonly done: number
  readonly total: number
  /** Of a step that takes long: rows, documents or entries that are done, and all of them where that is known. */
  readonly rows?: { readonly done: number; readonly total?: number }
}

/** Which migrations are applied, and what they may do. */
export interface MigrateOptions {
  /** The folder of the migrations. */
  readonly dir: string
  /** `'destructive'` lets migrations drop what holds data. Default: they are refused. */
  readonly allow?: 'destructive' | undefined
  /**
   * Where a backup of the store goes before the first migration. Default: beside the store, when a migration is destructive and the
   * store is on disk; `false`: none.
   */
  readonly backup?: string | false | undefined
  readonly onProgress?: ((progress: MigrateProgress) => void) | undefined
  /**
   * Ends it while indexes are built ahead of a migration, and between migrations: the promise is rejected with its reason. The migration
   * that was on its way has not happened, and those before it stay.
   */
  readonly signal?: AbortSignal | undefined
}

/** How a command lets itself be interrupted while there is something to wait for. */
export type Interruptible = <Result>(work: (signal: AbortSignal | undefined) => Promise<Result>) => Promise<Result>

/** What migrating did. */
export interface MigrateResult {
  /** The migrations that ran, in their order. */
  readonly applied: readonly { readonly id: string; readonly steps: number; readonly durationMs: number }[]
  /** Hash of the contract that the store has now; null: none. */
  readonly contract: string | null
  readonly backup?: string
}

const known = ['dir', 'allow', 'backup', 'onProgress', 'signal', 'steps']

export function checkOptions<Options extends MigrateOptions>(options: Options, place: string): Options {
  if (typeof options !== 'object' || options === null) throw new ValidationError(`${place} takes { dir }.`)
  const unknown = Object.keys(options).find(name => !known.includes(name))
  if (unknown !== undefined) {
    throw new ValidationError(`${place} has no option "${unknown}". It has: ${known.join(', ')}.`)
  }
  const { dir, allow, backup, onProgress, signal } = options
  if (typeof dir !== 'string' || dir === '') throw new ValidationError(`${place}: dir is the folder of the migrations.`)
  if (allow !== undefined && allow !== 'destructive') throw new ValidationError(`${place}: allow is 'destructive'.`)
  if (backup !== undefined && backup !== false && typeof backup !== 'string') {
    throw new ValidationError(`${place}: backup is the path of a backup, or false.`)
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new ValidationError(`${place}: onProgress is a function.`)
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new ValidationError(`${place}: signal is an AbortSignal.`)
  }
  return options
}

/** The database behind both faces of it. */
export function databaseOf(target: Database | { readonly database: Database }): Database {
  return 'database' in target ? target.database : target
}
