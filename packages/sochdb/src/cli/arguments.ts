import { parseArgs } from 'node:util'

/** A command line that makes no sense; the message says what is wrong with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface Arguments {
  /** Absent when the line asks for help or the version alone. */
  readonly command: string | undefined
  readonly help: boolean
  readonly version: boolean
  readonly json: boolean
  readonly check: boolean
  readonly watch: boolean
  readonly schema: string | undefined
  readonly out: string | undefined
  readonly config: string | undefined
  /** The store. */
  readonly database: string | undefined
  /** The folder of the migrations. */
  readonly migrations: string | undefined
  readonly name: string | undefined
  /** A file of hints. */
  readonly hints: string | undefined
  readonly allow: 'destructive' | undefined
  /** `false`: `--no-backup`. */
  readonly backup: string | false | undefined
  readonly applied: string | undefined
  readonly steps: number
  readonly createOnly: boolean
  readonly data: boolean
  readonly exitCode: boolean
  readonly script: boolean
  readonly force: boolean
  /** `init`: the starter project. */
  readonly template: string | undefined
  /** `init`: where it goes. */
  readonly directory: string | undefined
  /** A SQLite file. */
  readonly from: string | undefined
  readonly print: boolean
}

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  json: { type: 'boolean' },
  check: { type: 'boolean' },
  watch: { type: 'boolean' },
  schema: { type: 'string' },
  out: { type: 'string' },
  config: { type: 'string' },
  database: { type: 'string' },
  migrations: { type: 'string' },
  name: { type: 'string' },
  hints: { type: 'string' },
  allow: { type: 'string' },
  backup: { type: 'string' },
  'no-backup': { type: 'boolean' },
  applied: { type: 'string' },
  steps: { type: 'string' },
  'create-only': { type: 'boolean' },
  data: { type: 'boolean' },
  'exit-code': { type: 'boolean' },
  script: { type: 'boolean' },
  force: { type: 'boolean' },
  from: { type: 'string' },
  print: { type: 'boolean' },
  template: { type: 'string' },
} as const

type Option = keyof typeof options

const places = ['schema', 'config', 'database', 'migrations', 'json'] as const

/** The commands, and the options each takes beside `--help`. */
export const commands: Readonly<Record<string, readonly Option[]>> = Object.freeze({
  init: ['template', 'json'],
  generate: ['schema', 'out', 'config', 'check', 'watch', 'json'],
  validate: ['schema', 'config', 'json'],
  'migrate dev': [...places, 'out', 'name', 'hints', 'allow', 'backup', 'no-backup', 'create-only', 'data'],
  'migrate deploy': [...places, 'allow', 'backup', 'no-backup'],
  'migrate status': places,
  'migrate diff': [...places, 'hints', 'exit-code', 'script'],
  'migrate check': places,
  'migrate down': [...places, 'allow', 'backup', 'no-backup', 'steps'],
  'migrate adopt': places,
  'migrate resolve': [...places, 'applied'],
  'migrate reset': [...places, 'force'],
  'db pull': ['schema', 'config', 'database', 'json', 'from', 'print', 'force'],
  'db push': [...places, 'hints', 'allow'],
  'db seed': places,
})

/** First words of commands that have two. */
const groups = new Set(Object.keys(commands).flatMap(name => (name.includes(' ') ? [name.split(' ')[0]!] : [])))

/** @throws UsageError on an unknown command or option, or one the command does not take. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv)
  const [first, second] = positionals
  const isGroup = first !== undefined && groups.has(first)
  const command = isGroup && second !== undefined ? `${first} ${second}` : first
  const takesDirectory = command === 'init'
  const directory = takesDirectory ? second : undefined
  const rest = positionals.slice(isGroup || takesDirectory ? 2 : 1)
  const { help = false, version = false, json = false, check = false, watch = false } = values
  if (command !== undefined && !Object.hasOwn(commands, command)) {
    if (!isGroup || second !== undefined) throw new UsageError(`There is no command "${command}".`)
    if (!help) throw new UsageError(`"${command}" needs to know what: ${wordsAfter(command)}.`)
  }
  if (rest.length > 0) throw new UsageError(`"${command!}" takes no argument "${rest[0]!}".`)
  if (command === undefined && !help && !version) throw new UsageError('A command is missing.')
  if (command !== undefined && !help) {
    const known: readonly string[] = [...commands[command]!, 'help', 'version']
    const foreign = Object.keys(values).find(name => !known.includes(name))
    if (foreign !== undefined) throw new UsageError(`"${command}" takes no option --${foreign}.`)
  }
  if (check && watch) throw new UsageError('--check and --watch exclude each other.')
  const { schema, out, config, database, migrations, name, hints, backup, applied, from, template } = values
  const texts = { schema, out, config, database, migrations, hints, backup, name, applied, from, template, directory }
  for (const [option, value] of Object.entries(texts)) {
    if (value !== '') continue
    if (option === 'directory') throw new UsageError('"init" needs the path of a directory, or none.')
    throw new UsageError(`--${option} needs ${['name', 'applied', 'template'].includes(option) ? 'a name' : 'a path'}.`)
  }
  if (backup !== undefined && values['no-backup']) throw new UsageError('--backup and --no-backup exclude each other.')
  return {
    command,
    help,
    version,
    json,
    check,
    watch,
    ...texts,
    allow: allowed(values.allow),
    backup: values['no-backup'] ? false : backup,
    steps: stepsOf(values.steps),
    createOnly: values['create-only'] ?? false,
    data: values.data ?? false,
    exitCode: values['exit-code'] ?? false,
    script: values.script ?? false,
    force: values.force ?? false,
    print: values.print ?? false,
  }
}

/** Of those that work on migrations, or on a store. */
export const isMigrationCommand = ({ command }: Arguments): boolean => /^(migrate|db) /.test(command ?? '')

const wordsAfter = (group: string): string =>
  Object.keys(commands)
    .filter(name => name.startsWith(`${group} `))
    .map(name => name.slice(group.length + 1))
    .join(', ')

function allowed(value: string | undefined): 'destructive' | undefined {
  if (value === undefined || value === 'destructive') return value
  throw new UsageError(`--allow takes destructive, not "${value}".`)
}

function stepsOf(value: string | undefined): number {
  if (value === undefined) return 1
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value)
  throw new UsageError('--steps takes a whole number from 1.')
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    const { message } = error as Error
    const unknown = /Unknown option '([^']+)'/.exec(message)?.[1]
    throw new UsageError(unknown === undefined ? `${message}.` : `There is no option ${unknown}.`)
  }
}

export const usage = `Usage: sochdb <command> [options]

Commands:
  init [directory]  begin a project: copy a template that builds and runs
  generate          write the typed client for the schema
  validate          check the schema, write nothing
  migrate dev       write a migration for what changed in the schema, apply it, generate the client
  migrate deploy    apply the migrations that the store does not have
  migrate status    what the store has, what it lacks, and whether it is as it should be
  migrate diff      what changed in the schema since the last migration
  migrate check     check the files: one head, branches that can be joined
  migrate down      take the newest migrations back
  migrate adopt     take a store that a client made among those that migrations look after
  migrate resolve   say which migration the store stands at
  migrate reset     delete the store, and apply all migrations to a new one
  db pull           write the schema of a store, or of a SQLite file
  db push           bring a store to the schema without a migration: for trying things out
  db seed           run the seed file on the store

Options:
  --schema <file>       the schema file              (default: sochdb.schema.ts)
  --out <dir>           where the client goes        (default: sochdb/generated)
  --config <file>       the configuration            (default: sochdb.config.ts, if there is one)
  --database <dir>      the store                    (default: SOCHDB_DATABASE, or the configuration's)
  --migrations <dir>    the migrations               (default: sochdb/migrations)
  --check               generate: write nothing; exit 1 with a diff when the client is stale
  --watch               generate: again after every change, until interrupted
  --template <name>     init: which                  (default: node)
  --name <name>         migrate dev: what the migration is called
  --create-only         migrate dev: write the migration, do not apply it
  --data                migrate dev: with a data.js for code of its own
  --hints <file>        dev, diff, push: JSON that says what was renamed, and what rows become
  --exit-code           migrate diff: exit 1 when there is a difference
  --script              migrate diff: print the operations as JSON
  --allow destructive   dev, deploy, down, push: drop what holds data
  --backup <dir>        dev, deploy, down: where a backup goes first
  --no-backup           dev, deploy, down: none, even if data is dropped
  --steps <n>           migrate down: how many            (default: 1)
  --applied <id>        migrate resolve: the migration
  --force               migrate reset: yes, delete it; db pull: write over the schema file
  --from <file>         db pull: a SQLite file
  --print               db pull: print the schema, write nothing
  --json                print one JSON value instead of text (with --watch, one a line)
  -h, --help            print this
  -v, --version         print the version

Exit codes: 0 all is well; 1 what was found is not well: an invalid schema, a stale client, a refused migration;
2 the command could not run.
`
