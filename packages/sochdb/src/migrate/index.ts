/** Migrations in process: what the command `sochdb migrate` does, for programs that hold the store themselves. */
export { migrate } from './migrate.js'
export { migrateDown, type MigrateDownOptions } from './down.js'
export type { MigrateOptions, MigrateProgress, MigrateResult } from './options.js'
