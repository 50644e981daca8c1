/** The commands and options, and what `--help` prints of them. */

interface Option {
  readonly type: 'boolean' | 'string'
  readonly short?: string
  /** How its value is shown. */
  readonly value?: string
  readonly text: string
}

const options = {
  schema: { type: 'string', value: 'file', text: 'the schema file (default: sochdb.schema.ts)' },
  out: { type: 'string', value: 'dir', text: 'where the client goes (default: sochdb/generated)' },
  config: { type: 'string', value: 'file', text: 'the configuration (default: sochdb.config.ts, if there is one)' },
  database: { type: 'string', value: 'dir', text: "the store (default: SOCHDB_DATABASE, or the configuration's)" },
  migrations: { type: 'string', value: 'dir', text: 'the migrations (default: sochdb/migrations)' },
  check: { type: 'boolean', text: 'write nothing; exit 1 with a diff when the client is stale' },
  watch: { type: 'boolean', text: 'again after every change, until interrupted' },
  template: { type: 'string', value: 'name', text: 'which template (default: node)' },
  name: { type: 'string', value: 'name', text: 'what the migration is called' },
  'create-only': { type: 'boolean', text: 'write the migration, do not apply it' },
  data: { type: 'boolean', text: 'with a data.js for code of its own' },
  hints: { type: 'string', value: 'file', text: 'JSON that says what was renamed, and what rows become' },
  'exit-code': { type: 'boolean', text: 'exit 1 when there is a difference' },
  script: { type: 'boolean', text: 'print the operations as JSON' },
  allow: { type: 'string', value: 'destructive', text: 'drop what holds data' },
  backup: { type: 'string', value: 'dir', text: 'where a backup goes first' },
  'no-backup': { type: 'boolean', text: 'make none, even if data is dropped' },
  steps: { type: 'string', value: 'n', text: 'how many (default: 1)' },
  applied: { type: 'string', value: 'id', text: 'the migration that the store stands at' },
  force: { type: 'boolean', text: 'yes, also over what is there' },
  from: { type: 'string', value: 'file', text: 'a SQLite file' },
  print: { type: 'boolean', text: 'print the schema, write nothing' },
  json: { type: 'boolean', text: 'print one JSON value instead of text (with --watch, one a line)' },
  help: { type: 'boolean', short: 'h', text: 'print this; behind a command, its options' },
  version: { type: 'boolean', short: 'v', text: 'print the version' },
} as const satisfies Readonly<Record<string, Option>>

export type OptionName = keyof typeof options

/** The options as `parseArgs` takes them. */
export const parsed = options

export interface Command {
  /** What stands behind its name. */
  readonly argument?: string
  readonly text: string
  /** Beside `--help` and `--version`. */
  readonly options: readonly OptionName[]
}

const places = ['schema', 'config', 'database', 'migrations', 'json'] as const

export const commands: Readonly<Record<string, Command>> = Object.freeze({
  init: {
    argument: '[directory]',
    text: 'begin a project: copy a template that builds and runs',
    options: ['template', 'json'],
  },
  generate: {
    text: 'write the typed client for the schema',
    options: ['schema', 'out', 'config', 'check', 'watch', 'json'],
  },
  validate: { text: 'check the schema, write nothing', options: ['schema', 'config', 'json'] },
  'migrate dev': {
    text: 'write a migration for what changed in the schema, apply it, generate the client',
    options: [...places, 'out', 'name', 'hints', 'allow', 'backup', 'no-backup', 'create-only', 'data'],
  },
  'migrate deploy': {
    text: 'apply the migrations that the store does not have',
    options: [...places, 'allow', 'backup', 'no-backup'],
  },
  'migrate status': { text: 'what the store has, what it lacks, and whether it is as it should be', options: places },
  'migrate diff': {
    text: 'what changed in the schema since the last migration',
    options: [...places, 'hints', 'exit-code', 'script'],
  },
  'migrate check': { text: 'check the files: one head, branches that can be joined', options: places },
  'migrate down': {
    text: 'take the newest migrations back',
    options: [...places, 'allow', 'backup', 'no-backup', 'steps'],
  },
  'migrate adopt': { text: 'take a store that a client made among those that migrations look after', options: places },
  'migrate resolve': { text: 'say which migration the store stands at', options: [...places, 'applied'] },
  'migrate reset': { text: 'delete the store, and apply all migrations to a new one', options: [...places, 'force'] },
  'db pull': {
    text: 'write the schema of a store, or of a SQLite file',
    options: ['schema', 'config', 'database', 'json', 'from', 'print', 'force'],
  },
  'db push': {
    text: 'bring a store to the schema without a migration: for trying things out',
    options: [...places, 'hints', 'allow'],
  },
  'db seed': { text: 'run the seed file on the store', options: places },
})

const EXIT_CODES = `Exit codes: 0 all is well; 1 what was found is not well: an invalid schema, a stale client, a refused migration;
2 the command could not run.
`

/** What `--help` prints: of one command, of those that begin with one word, or of all. */
export function usage(command?: string): string {
  const of = command === undefined ? undefined : commands[command]
  if (of !== undefined) {
    const head = ['Usage: sochdb', command, of.argument, '[options]'].filter(Boolean).join(' ')
    return `${head}\n\n${sentence(of.text)}\n\nOptions:\n${table([...of.options, 'help' as const].map(optionLine))}\n${EXIT_CODES}`
  }
  const lines = Object.entries(commands)
    .filter(([name]) => command === undefined || name.startsWith(`${command} `))
    .map(([name, { argument, text }]) => [argument === undefined ? name : `${name} ${argument}`, text] as const)
  const globals = (['json', 'help', 'version'] as const).map(optionLine)
  return `Usage: sochdb ${command ?? '<command>'} ${command === undefined ? '' : '<command> '}[options]

Commands:
${table(lines)}
Options:
${table(globals)}
sochdb <command> --help prints the options of one.
${EXIT_CODES}`
}

function optionLine(name: OptionName): readonly [string, string] {
  const { value, short, text }: Option = options[name]
  const dashed = short === undefined ? `--${name}` : `-${short}, --${name}`
  const shown = value === undefined ? '' : value === 'destructive' ? ` ${value}` : ` <${value}>`
  return [dashed + shown, text]
}

function table(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([name]) => name.length)) + 2
  return lines.map(([name, text]) => `  ${name.padEnd(width)}${text}\n`).join('')
}

const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`
