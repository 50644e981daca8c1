/** Migrations, loaded on use: they read folders through `sochdb`, and generating a client does not need its engine. */
import type { Contract } from '@sochdb/schema'
import type { ProjectOptions } from '../project/config.js'
import type * as dev from './dev.js'

const load = (): Promise<typeof dev> => import('./dev.js')

/** What the schema says that the last migration does not. Writes nothing. */
export async function diffMigrations(options: dev.MigrationRequest): Promise<dev.DiffResult | dev.OpenQuestions> {
  return (await load()).diffMigrations(options)
}

/** Writes the migration that leads from the last one to the schema; two branches it joins. Without a difference it writes nothing. */
export async function writeDevMigration(options: dev.DevRequest): Promise<dev.DevResult | dev.OpenQuestions> {
  return (await load()).writeDevMigration(options)
}

/** What leads from the contract of a store to the schema, whatever the migrations say. */
export async function planPush(
  options: dev.MigrationRequest,
  stored: Contract | undefined,
): Promise<dev.PushPlan | dev.OpenQuestions> {
  return (await load()).planPush(options, stored)
}

/** Reads all files, and says whether branches have met. */
export async function checkMigrations(options: ProjectOptions): Promise<dev.MigrationCheck> {
  return (await load()).checkMigrations(options)
}
