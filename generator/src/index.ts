/**
 * Generates the typed SochDB client from `sochdb.schema.ts`. The command `sochdb` is a face on this.
 *
 * @module @sochdb/generator
 */
export { emit, type EmitOptions } from './emit/emit.js'
export type { EmittedFile } from './emit/file.js'
export { ProjectError, type Location, type Problem } from './load/problem.js'
export { loadSchema, type LoadedSchema } from './load/load-schema.js'
export { loadProject, type Config, type Project, type ProjectOptions } from './project/config.js'
export {
  check,
  generate,
  validate,
  type CheckResult,
  type GenerateResult,
  type ValidateResult,
} from './project/generate.js'
export { watch, type Watcher, type WatchEvent, type WatchOptions } from './project/watch.js'
export { checkMigrations, diffMigrations, planPush, writeDevMigration } from './migrate/index.js'
export type {
  DevResult,
  DevRequest,
  DiffResult,
  MigrationCheck,
  MigrationRequest,
  OpenQuestions,
  PlannedStep,
  PushPlan,
} from './migrate/dev.js'
export { loadSeed } from './migrate/seed.js'
export { printPulled, readSqlite } from './pull/index.js'
export type { PulledFile } from './pull/print.js'
