import { parseArgs } from 'node:util'
import { didYouMean } from '../errors/did-you-mean.js'
import { commands, parsed } from './commands.js'

/** A command line that makes no sense; the message says what is wrong with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  constructor(
    message: string,
    /** Whose help tells more; absent: that of all. */
    readonly command?: string,
  ) {
    super(message)
  }
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
    if (!isGroup || second !== undefined) {
      const of = isGroup ? first : undefined
      throw new UsageError(`There is no command "${command}".${didYouMean(command, Object.keys(commands))}`, of)
    }
    if (!help) throw new UsageError(`"${command}" needs to know what: ${wordsAfter(command)}.`, command)
  }
  if (rest.length > 0) throw new UsageError(`"${command!}" takes no argument "${rest[0]!}".`, command)
  if (command === undefined && !help && !version) throw new UsageError('A command is missing.')
  if (command !== undefined && !help) {
    const known: readonly string[] = [...commands[command]!.options, 'help', 'version']
    const foreign = Object.keys(values).find(name => !known.includes(name))
    if (foreign !== undefined) throw new UsageError(`"${command}" takes no option --${foreign}.`, command)
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
    return parseArgs({ args: [...argv], options: parsed, allowPositionals: true, strict: true })
  } catch (error) {
    const { message } = error as Error
    const unknown = /Unknown option '([^']+)'/.exec(message)?.[1]
    if (unknown === undefined) throw new UsageError(`${message}.`)
    const names = Object.keys(parsed).map(name => `--${name}`)
    throw new UsageError(`There is no option ${unknown}.${didYouMean(unknown, names)}`)
  }
}
