/** The command `sochdb`: reads arguments, calls the generator, prints what it came to. */
import { readFileSync } from 'node:fs'
import { isMigrationCommand, parseArguments, UsageError, type Arguments } from './arguments.js'
import { usage } from './commands.js'
import {
  isProjectError,
  loadGenerator,
  type CheckResult,
  type GenerateResult,
  type GeneratorModule,
  type LoadGenerator,
  type ProjectError,
  type ProjectOptions,
} from './generator-module.js'
import { init } from './init.js'
import { fail, installGenerator, missingGenerator, print, printJson } from './output.js'
import { colourDiff, files, formatProblems, shownPath } from './report.js'
import { ExitCode, palette, type Terminal } from './terminal.js'

/** Runs one command line and returns its exit code. Never throws. */
export async function run(
  argv: readonly string[],
  terminal: Terminal,
  load: LoadGenerator = loadGenerator,
): Promise<number> {
  const json = argv.includes('--json')
  try {
    const parsed = parseArguments(argv)
    if (parsed.help) return print(terminal, usage(parsed.command))
    if (parsed.version) return print(terminal, `${version()}\n`)
    if (parsed.command === 'init') return init(parsed, terminal, version())
    const generator = await load(terminal.cwd)
    if (isMigrationCommand(parsed)) {
      // Only these load the engine.
      const { runMigrationCommand } = await import('./migrate.js')
      return await runMigrationCommand(parsed, terminal, generator)
    }
    if (generator === undefined) return fail(terminal, json, 'generator_missing', missingGenerator, installGenerator)
    return await runCommand(parsed, terminal, generator)
  } catch (error) {
    if (error instanceof UsageError) {
      // Who gives nothing wants to know what there is.
      if (argv.length === 0) return fail(terminal, json, 'usage', error.message, undefined, usage())
      return fail(terminal, json, 'usage', error.message, seeHelp(error))
    }
    if (isProjectError(error)) return fail(terminal, json, error.code, error.message, error.hint)
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return fail(terminal, json, 'internal', message)
  }
}

async function runCommand(parsed: Arguments, terminal: Terminal, generator: GeneratorModule): Promise<number> {
  const { config, schema, out } = parsed
  const options: ProjectOptions = { cwd: terminal.cwd, config, schema, out }
  if (parsed.command === 'validate') return validate(parsed, terminal, generator, options)
  if (parsed.check) return check(parsed, terminal, generator, options)
  if (parsed.watch) return watch(parsed, terminal, generator, options)
  const result = await generator.generate(options)
  reportGenerated(parsed, terminal, result)
  return result.ok ? ExitCode.OK : ExitCode.FOUND
}

async function validate(
  { json }: Arguments,
  terminal: Terminal,
  generator: GeneratorModule,
  options: ProjectOptions,
): Promise<number> {
  const result = await generator.validate(options)
  if (json) printJson(terminal, result)
  else printProblems(terminal, result.problems)
  return result.ok ? ExitCode.OK : ExitCode.FOUND
}

async function check(
  { json }: Arguments,
  terminal: Terminal,
  generator: GeneratorModule,
  options: ProjectOptions,
): Promise<number> {
  const result = await generator.check(options)
  if (json) printJson(terminal, result)
  else reportChecked(terminal, result)
  return result.ok ? ExitCode.OK : ExitCode.FOUND
}

function reportChecked(terminal: Terminal, result: CheckResult): void {
  printProblems(terminal, result.problems)
  if (result.stale.length === 0) return
  terminal.stdout.write(colourDiff(result.diff, palette(terminal.stdout, terminal.env)))
  const where = shownPath(result.out, terminal.cwd)
  terminal.stderr.write(`${where} is stale in ${files(result.stale.length)}. Run: npx sochdb generate\n`)
}

/** Runs until the terminal's signal aborts. */
async function watch(
  parsed: Arguments,
  terminal: Terminal,
  generator: GeneratorModule,
  options: ProjectOptions,
): Promise<number> {
  const ended = new Promise<void>(resolve => {
    if (terminal.signal.aborted) resolve()
    else terminal.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const watcher = generator.watch(options, event => {
    if (isProjectError(event)) reportEventError(parsed, terminal, event)
    else reportGenerated(parsed, terminal, event as GenerateResult)
  })
  if (!parsed.json) terminal.stderr.write('Watching for changes. Stop with Ctrl+C.\n')
  await ended
  await watcher.close()
  return ExitCode.OK
}

function reportEventError({ json }: Arguments, terminal: Terminal, error: ProjectError): void {
  fail(terminal, json, error.code, error.message, error.hint)
}

function reportGenerated({ json, watch: watching }: Arguments, terminal: Terminal, result: GenerateResult): void {
  if (json) {
    printJson(terminal, result, watching)
    return
  }
  printProblems(terminal, result.problems)
  if (!result.ok || result.written.length + result.removed.length === 0) return
  const { written, removed, out } = result
  const parts = [...(written.length > 0 ? [`${files(written.length)} written`] : [])]
  if (removed.length > 0) parts.push(`${files(removed.length)} removed`)
  terminal.stdout.write(`${shownPath(out, terminal.cwd)}: ${parts.join(', ')}\n`)
}

function printProblems(terminal: Terminal, problems: GenerateResult['problems']): void {
  if (problems.length === 0) return
  terminal.stderr.write(formatProblems(problems, terminal.cwd, palette(terminal.stderr, terminal.env)))
}

const seeHelp = ({ command }: UsageError): string =>
  command === undefined ? 'sochdb --help lists the commands.' : `sochdb ${command} --help tells what it takes.`

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
