/** Where a command finds the store and the migrations: flags, then SOCHDB_DATABASE, then the configuration. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Arguments } from './arguments.js'
import type { GeneratorModule, ProjectOptions, ProjectPlaces } from './generator-module.js'
import type { Terminal } from './terminal.js'

/** The command cannot run as the project is; shaped as the generator's error, so that both are reported alike. */
export class ProjectError extends Error {
  override readonly name = 'ProjectError'

  constructor(
    readonly code: string,
    message: string,
    readonly hint?: string,
  ) {
    super(message)
  }
}

export const optionsOf = (parsed: Arguments, { cwd, env }: Terminal): ProjectOptions => {
  const { config, schema, out, migrations } = parsed
  const database = parsed.database ?? (env['SOCHDB_DATABASE'] || undefined)
  return { cwd, config, schema, out, migrations, database }
}

/** A deployment has no compiler: without the generator the configuration is read as Node can, or not needed at all. */
export async function placesOf(
  parsed: Arguments,
  terminal: Terminal,
  generator: GeneratorModule | undefined,
): Promise<ProjectPlaces> {
  const options = optionsOf(parsed, terminal)
  const { cwd, database, migrations } = options
  if (database !== undefined && migrations !== undefined)
    return { database: resolve(cwd, database), migrations: resolve(cwd, migrations) }
  if (generator !== undefined) return generator.loadProject(options)
  const file = configFile(parsed, cwd)
  const config = file === undefined ? {} : await read(file)
  const setting = (flag: string | undefined, name: string, standard?: string): string | undefined => {
    if (flag !== undefined) return resolve(cwd, flag)
    const configured = config[name]
    if (typeof configured === 'string') return resolve(dirname(file!), configured)
    return standard === undefined ? undefined : join(cwd, standard)
  }
  return {
    database: setting(database, 'database'),
    migrations: setting(migrations, 'migrations', 'sochdb/migrations')!,
  }
}

export async function storeOf(
  parsed: Arguments,
  terminal: Terminal,
  generator: GeneratorModule | undefined,
): Promise<{ readonly database: string; readonly migrations: string }> {
  const { database, migrations } = await placesOf(parsed, terminal, generator)
  if (database !== undefined) return { database, migrations }
  throw new ProjectError(
    'database_missing',
    'No store is named.',
    'Name it with --database, SOCHDB_DATABASE, or "database" in sochdb.config.ts.',
  )
}

const names = ['sochdb.config.ts', 'sochdb.config.mts', 'sochdb.config.js', 'sochdb.config.mjs']

function configFile({ config }: Arguments, cwd: string): string | undefined {
  if (config === undefined) return names.map(name => join(cwd, name)).find(path => existsSync(path))
  const path = resolve(cwd, config)
  if (existsSync(path)) return path
  throw new ProjectError('config_not_found', `There is no configuration file at ${path}.`)
}

async function read(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { default: config } = (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
    if (typeof config === 'object' && config !== null) return config as Record<string, unknown>
  } catch (error) {
    throw new ProjectError(
      'config_unreadable',
      `${file} cannot be read without @sochdb/generator: ${(error as Error).message}`,
      'Name the store with --database or SOCHDB_DATABASE, and the migrations with --migrations.',
    )
  }
  throw new ProjectError('config_invalid', `${file}: the default export is not an object.`)
}
