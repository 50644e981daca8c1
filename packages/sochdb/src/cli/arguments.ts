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
} as const

type Option = keyof typeof options

/** The commands, and the options each takes beside `--help`. */
export const commands: Readonly<Record<string, readonly Option[]>> = Object.freeze({
  generate: ['schema', 'out', 'config', 'check', 'watch', 'json'],
  validate: ['schema', 'config', 'json'],
})

/** @throws UsageError on an unknown command or option, or one the command does not take. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv)
  const [command, ...rest] = positionals
  if (command !== undefined && !Object.hasOwn(commands, command))
    throw new UsageError(`There is no command "${command}".`)
  if (rest.length > 0) throw new UsageError(`"${command}" takes no argument "${rest[0]!}".`)
  const { help = false, version = false, json = false, check = false, watch = false } = values
  if (command === undefined && !help && !version) throw new UsageError('A command is missing.')
  if (command !== undefined) {
    const known: readonly string[] = [...commands[command]!, 'help', 'version']
    const foreign = Object.keys(values).find(name => !known.includes(name))
    if (foreign !== undefined) throw new UsageError(`"${command}" takes no option --${foreign}.`)
  }
  if (check && watch) throw new UsageError('--check and --watch exclude each other.')
  const { schema, out, config } = values
  for (const [name, value] of Object.entries({ schema, out, config })) {
    if (value === '') throw new UsageError(`--${name} needs a path.`)
  }
  return { command, help, version, json, check, watch, schema, out, config }
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
  generate    write the typed client for the schema
  validate    check the schema, write nothing

Options:
  --schema <file>   the schema file               (default: sochdb.schema.ts)
  --out <dir>       where the client goes         (default: sochdb/generated)
  --config <file>   the configuration             (default: sochdb.config.ts, if there is one)
  --check           generate: write nothing; exit 1 with a diff when the client is stale
  --watch           generate: again after every change, until interrupted
  --json            print one JSON value instead of text (with --watch, one a line)
  -h, --help        print this
  -v, --version     print the version

Exit codes: 0 all is well, 1 the schema is invalid or the client stale, 2 the command could not run.
`
