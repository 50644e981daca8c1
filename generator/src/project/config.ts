/** `sochdb.config.ts`: where a project keeps its schema and what is generated from it. Flags override it. */
import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { evaluate } from '../load/evaluate.js'
import { ProjectError } from '../load/problem.js'

/**
 * What `sochdb.config.ts` exports by default. Paths are relative to the file.
 *
 * @example
 * import type { Config } from '@sochdb/generator'
 * export default { schema: 'src/db/sochdb.schema.ts', out: 'src/db/generated' } satisfies Config
 */
export interface Config {
  /** Default: `sochdb.schema.ts`. */
  readonly schema?: string
  /** Directory of the generated client. Default: `sochdb/generated`. */
  readonly out?: string
  /** Directory of the migrations. Default: `sochdb/migrations`. */
  readonly migrations?: string
  /** The store that commands work on. `SOCHDB_DATABASE` overrides it. */
  readonly database?: string
  /** What generated files put behind relative imports. Default: `.js`, as Node's own resolution wants it. */
  readonly importExtension?: '.js' | '.ts' | ''
  /** What `db seed` runs: a module whose default export is a function of the database. Default: `sochdb/seed.ts`. */
  readonly seed?: string
}

/** Where a project's files are: given, from its configuration, or by default. */
export interface ProjectOptions {
  readonly cwd: string
  /** The configuration file. Default: `sochdb.config.ts`, `.mts`, `.js` or `.mjs` in `cwd`, if there is one. */
  readonly config?: string | undefined
  readonly schema?: string | undefined
  readonly out?: string | undefined
  readonly migrations?: string | undefined
  readonly database?: string | undefined
}

/** A project with its paths resolved. */
export interface Project {
  readonly cwd: string
  readonly schema: string
  readonly out: string
  readonly importExtension: string
  readonly migrations: string
  /** Absent when nothing names one. */
  readonly database: string | undefined
  readonly seed: string
  /** Files that the configuration was read from. */
  readonly configFiles: readonly string[]
}

const configNames = ['sochdb.config.ts', 'sochdb.config.mts', 'sochdb.config.js', 'sochdb.config.mjs']
const settings = ['schema', 'out', 'migrations', 'database', 'importExtension', 'seed'] as const
const importExtensions = ['.js', '.ts', '']

/** @throws ProjectError when the configuration cannot be read or says something that makes no sense. */
export async function loadProject(options: ProjectOptions): Promise<Project> {
  const { cwd } = options
  const file = configFile(options)
  const { config, files } = file === undefined ? { config: {}, files: [] } : await loadConfig(file)
  const base = file === undefined ? cwd : dirname(file)
  const path = (flag: string | undefined, configured: string | undefined, standard: string): string => {
    if (flag !== undefined) return resolve(cwd, flag)
    return configured === undefined ? join(cwd, standard) : resolve(base, configured)
  }
  return {
    cwd,
    schema: path(options.schema, config.schema, 'sochdb.schema.ts'),
    out: path(options.out, config.out, 'sochdb/generated'),
    importExtension: config.importExtension ?? '.js',
    migrations: path(options.migrations, config.migrations, 'sochdb/migrations'),
    database:
      options.database === undefined && config.database === undefined
        ? undefined
        : path(options.database, config.database, ''),
    seed: path(undefined, config.seed, 'sochdb/seed.ts'),
    configFiles: files,
  }
}

function configFile({ cwd, config }: ProjectOptions): string | undefined {
  if (config === undefined) return configNames.map(name => join(cwd, name)).find(path => existsSync(path))
  const path = isAbsolute(config) ? config : join(cwd, config)
  if (!existsSync(path)) throw new ProjectError('config_not_found', `There is no configuration file at ${path}.`)
  return path
}

async function loadConfig(file: string): Promise<{ readonly config: Config; readonly files: readonly string[] }> {
  const evaluation = await evaluate(file)
  if (!evaluation.ok) {
    const [first] = evaluation.problems
    const { location } = first!
    const place = location === undefined ? file : `${location.file}:${location.line}:${location.column}`
    throw new ProjectError('config_invalid', `${place}: ${first!.message}`, first!.hint)
  }
  return { config: checkConfig(file, evaluation.exported), files: evaluation.graph.files }
}

function checkConfig(file: string, exported: unknown): Config {
  const fail = (what: string, hint?: string): never => {
    throw new ProjectError('config_invalid', `${file}: ${what}`, hint)
  }
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) {
    return fail('the default export is not an object.', "End it with: export default { schema: '…', out: '…' }")
  }
  for (const [key, value] of Object.entries(exported)) {
    if (!(settings as readonly string[]).includes(key))
      fail(`there is no setting "${key}".`, `There is: ${settings.join(', ')}.`)
    if (value !== undefined && typeof value !== 'string') fail(`"${key}" must be a string.`)
    if (value === '' && key !== 'importExtension') fail(`"${key}" is empty.`)
  }
  const config = exported as Config
  if (config.importExtension !== undefined && !importExtensions.includes(config.importExtension)) {
    fail(`"importExtension" is '.js', '.ts' or ''; got '${String(config.importExtension)}'.`)
  }
  return config
}
