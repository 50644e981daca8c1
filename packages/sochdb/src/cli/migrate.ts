/** `sochdb migrate …` and `sochdb db …`. Those that only look at the store and at files run without the generator. */
import { existsSync, rmSync } from 'node:fs'
import { describeOperation } from '@sochdb/schema/diff'
import { Database } from '../database/index.js'
import { RecoveryManager } from '../engine/index.js'
import { MigrationError, SochDBError } from '../errors/index.js'
import { migrateBack } from '../migrate/down.js'
import { headsOf } from '../migrate/folder.js'
import { readContract } from '../migrate/ledger.js'
import { migrateTo } from '../migrate/migrate.js'
import type { MigrateResult } from '../migrate/options.js'
import { push } from '../migrate/push.js'
import { pull } from './pull.js'
import { adopt, resolveAt } from '../migrate/resolve.js'
import { driftIn, expectConsistent, short, stateOf } from '../migrate/state.js'
import { UsageError, type Arguments } from './arguments.js'
import type { DiffResult, GeneratorModule, OpenQuestions } from './generator-module.js'
import { required, type Call } from './call.js'
import { fail, printJson } from './output.js'
import { optionsOf, ProjectError, storeOf } from './places.js'
import { interruptible, Interrupted, progress } from './progress.js'
import { formatProblems, shownPath } from './report.js'
import { ExitCode, palette, type Terminal } from './terminal.js'

/** Runs a command and returns its exit code. */
export async function runMigrationCommand(
  parsed: Arguments,
  terminal: Terminal,
  generator: GeneratorModule | undefined,
): Promise<number> {
  try {
    return await commands[parsed.command!]!({ parsed, terminal, generator })
  } catch (error) {
    if (error instanceof Interrupted) return fail(terminal, parsed.json, 'interrupted', error.message)
    if (!(error instanceof SochDBError)) throw error
    const { message, remediation, details } = error
    const isRefused = error instanceof MigrationError
    const code = isRefused ? `migration_${error.reason}` : error.name
    const exit = fail(terminal, parsed.json, code, message, remediation, undefined, details)
    return isRefused ? ExitCode.FOUND : exit
  }
}

const commands: Readonly<Record<string, (call: Call) => Promise<number> | number>> = {
  'migrate dev': dev,
  'migrate deploy': call => withStore(call, (db, dir) => deploy(call, db, dir)),
  'migrate status': call => withStore(call, (db, dir) => status(call, db, dir)),
  'migrate diff': diff,
  'migrate check': check,
  'migrate down': call =>
    withStore(call, async (db, dir) => {
      const { allow, backup, steps } = call.parsed
      return applied(
        call,
        await migrateBack(db, { dir, allow, backup, steps, onProgress: progress(call) }, interruptible(call)),
        'taken back',
      )
    }),
  'migrate adopt': call => withStore(call, (db, dir) => recorded(call, adopt(db, dir))),
  'migrate resolve': call =>
    withStore(call, (db, dir) => {
      const { applied: id } = call.parsed
      if (id === undefined) throw new UsageError('"migrate resolve" needs --applied <id>.')
      return recorded(call, resolveAt(db, dir, id))
    }),
  'migrate reset': reset,
  'db pull': pull,
  'db push': call => withStore(call, db => pushSchema(call, db)),
  'db seed': call => withStore(call, db => seed(call, db)),
}

async function withStore(call: Call, use: (db: Database, dir: string) => Promise<number> | number): Promise<number> {
  const { database, migrations } = await storeOf(call.parsed, call.terminal, call.generator)
  const db = Database.open(database, { logLevel: 'off' })
  try {
    return await use(db, migrations)
  } finally {
    if (db.isOpen) db.close()
  }
}

async function deploy(call: Call, db: Database, dir: string): Promise<number> {
  const { allow, backup } = call.parsed
  return applied(
    call,
    await migrateTo(db, { dir, allow, backup, onProgress: progress(call) }, interruptible(call)),
    'applied',
  )
}

function applied({ parsed, terminal }: Call, result: MigrateResult, what: string): number {
  if (parsed.json) {
    printJson(terminal, { ok: true, ...result })
    return ExitCode.OK
  }
  if (result.backup !== undefined) terminal.stdout.write(`backup: ${shownPath(result.backup, terminal.cwd)}\n`)
  for (const { id, steps } of result.applied) terminal.stdout.write(`${what}: ${id} (${counted(steps, 'operation')})\n`)
  return ExitCode.OK
}

const counted = (n: number, what: string): string => `${String(n)} ${what}${n === 1 ? '' : 's'}`

function recorded({ parsed, terminal }: Call, ids: readonly string[]): number {
  if (parsed.json) printJson(terminal, { ok: true, applied: ids })
  else terminal.stdout.write(`the store stands at ${ids.at(-1)!}\n`)
  return ExitCode.OK
}

function status({ parsed, terminal }: Call, db: Database, dir: string): number {
  const state = stateOf(db, dir)
  const { stored, ledger, pending, migrations } = state
  let problem: MigrationError | undefined
  try {
    expectConsistent(db, state)
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error
    problem = error
  }
  const drift = stored === undefined ? [] : driftIn(db, stored.contract, ledger)
  const ok = problem === undefined && pending.length === 0 && ledger.moves.length === 0
  if (parsed.json) {
    const steps = pending.map(({ id, steps: all }) => ({
      id,
      steps: all.map(({ says, class: kind }) => ({ says, class: kind })),
    }))
    const heads = headsOf(migrations).map(({ id }) => id)
    const told = problem && { reason: problem.reason, message: problem.message, remediation: problem.remediation }
    const contract = stored?.hash ?? null
    printJson(terminal, {
      ok,
      contract,
      applied: ledger.applied,
      pending: steps,
      moves: ledger.moves,
      heads,
      drift,
      ...(told && { problem: told }),
    })
    return ok ? ExitCode.OK : ExitCode.FOUND
  }
  const { green, yellow, red } = palette(terminal.stdout, terminal.env)
  for (const { id, appliedAt } of ledger.applied) terminal.stdout.write(`${green('applied')}  ${id}  ${appliedAt}\n`)
  for (const { id, steps } of pending) {
    terminal.stdout.write(`${yellow('pending')}  ${id}\n`)
    for (const step of steps) terminal.stdout.write(`         ${step.class}: ${step.says}\n`)
  }
  for (const { table, policy } of ledger.moves) terminal.stdout.write(`${yellow('moving')}   "${table}" to ${policy}\n`)
  if (problem !== undefined) terminal.stdout.write(`${red(problem.reason)} ${problem.message} ${problem.remediation}\n`)
  if (ok) terminal.stdout.write(`up to date${stored === undefined ? '' : ` at schema ${short(stored.hash)}`}\n`)
  return ok ? ExitCode.OK : ExitCode.FOUND
}

function isOpen(result: { readonly ok: boolean }): result is OpenQuestions {
  return !result.ok
}

/** A schema that is wrong is a finding; a question is for the caller: nobody is asked while the command runs. */
function unanswered({ parsed, terminal }: Call, result: OpenQuestions): number {
  const { problems, questions } = result
  if (questions.length === 0) {
    if (parsed.json) printJson(terminal, result)
    else terminal.stderr.write(formatProblems(problems, terminal.cwd, palette(terminal.stderr, terminal.env)))
    return ExitCode.FOUND
  }
  const missing: Record<string, Record<string, readonly string[]>> = {}
  for (const { of, name, candidates } of questions) (missing[`${of}s`] ??= {})[name] = [...candidates]
  const message = questions
    .map(
      ({ of, name, candidates }) =>
        `Is the ${of} "${name}" gone, or is it ${candidates.map(one => `"${one}"`).join(' or ')} now?`,
    )
    .join(' ')
  const hint = `Say so with .renamedFrom(), or in a file for --hints: ${JSON.stringify({ renames: Object.fromEntries(Object.entries(missing).map(([of, names]) => [of, Object.fromEntries(Object.keys(names).map(name => [name, null]))])) })}, with the new name in place of null where it was renamed.`
  return fail(terminal, parsed.json, 'hints_missing', message, hint, undefined, { missing: { renames: missing } })
}

function reportSteps({ terminal }: Call, { problems, steps }: DiffResult): void {
  if (problems.length > 0) {
    terminal.stderr.write(formatProblems(problems, terminal.cwd, palette(terminal.stderr, terminal.env)))
  }
  const { red } = palette(terminal.stdout, terminal.env)
  for (const step of steps) {
    const kind = step.class === 'destructive' ? red(step.class) : step.class
    terminal.stdout.write(`${kind}: ${step.says}\n`)
  }
}

async function dev(call: Call): Promise<number> {
  const { parsed, terminal } = call
  const generator = required(call.generator)
  const options = { ...optionsOf(parsed, terminal), hints: parsed.hints }
  const written = await generator.writeDevMigration({ ...options, name: parsed.name, data: parsed.data })
  if (isOpen(written)) return unanswered(call, written)
  if (!parsed.json) {
    reportSteps(call, written)
    if (written.path !== undefined) terminal.stdout.write(`written: ${shownPath(written.path, terminal.cwd)}\n`)
  }
  const { database, migrations } = await generator.loadProject(options)
  let result: MigrateResult | undefined
  if (!parsed.createOnly && database !== undefined) {
    const { allow, backup } = parsed
    const db = Database.open(database, { logLevel: 'off' })
    try {
      result = await migrateTo(db, { dir: migrations, allow, backup, onProgress: progress(call) }, interruptible(call))
    } finally {
      db.close()
    }
  }
  const client = await generator.generate(options)
  if (parsed.json) {
    const { problems: _, ...rest } = written
    printJson(terminal, {
      ...rest,
      ...(result === undefined ? {} : { applied: result.applied }),
      generated: client.written,
    })
  } else if (result !== undefined) applied(call, result, 'applied')
  return ExitCode.OK
}

async function diff(call: Call): Promise<number> {
  const { parsed, terminal } = call
  const result = await required(call.generator).diffMigrations({ ...optionsOf(parsed, terminal), hints: parsed.hints })
  if (isOpen(result)) return unanswered(call, result)
  if (parsed.json || parsed.script) printJson(terminal, parsed.script ? { version: 1, steps: result.steps } : result)
  else reportSteps(call, result)
  return parsed.exitCode && result.from !== result.to ? ExitCode.FOUND : ExitCode.OK
}

async function check(call: Call): Promise<number> {
  const { parsed, terminal } = call
  const result = await required(call.generator).checkMigrations(optionsOf(parsed, terminal))
  if (parsed.json) {
    printJson(terminal, result)
    return result.ok ? ExitCode.OK : ExitCode.FOUND
  }
  if (result.heads.length < 2) return ExitCode.OK
  const { red } = palette(terminal.stderr, terminal.env)
  terminal.stderr.write(`${red('two heads')} ${result.heads.join(', ')}\n`)
  for (const { heads, reason } of result.conflicts) {
    terminal.stderr.write(
      `${heads.join(' and ')} do not go together: ${reason} Delete one, and make it again with migrate dev.\n`,
    )
  }
  if (result.conflicts.length === 0) terminal.stderr.write('They can be joined: npx sochdb migrate dev\n')
  return ExitCode.FOUND
}

async function reset(call: Call): Promise<number> {
  const { parsed, terminal } = call
  if (terminal.env['NODE_ENV'] === 'production') {
    throw new ProjectError('reset_in_production', 'migrate reset deletes the store, and NODE_ENV is production.')
  }
  const { database, migrations } = await storeOf(parsed, terminal, call.generator)
  if (!parsed.force) {
    throw new ProjectError('reset_without_force', `migrate reset deletes the store at ${database}.`, 'Say --force.')
  }
  if (existsSync(database)) {
    const { isStore, holderPid } = RecoveryManager.forPath(database).inspect()
    if (!isStore) throw new ProjectError('no_store', `${database} is no store: it is not deleted.`)
    if (holderPid !== undefined) {
      throw new ProjectError(
        'store_held',
        `Process ${String(holderPid)} has the store at ${database} open.`,
        'Stop it first.',
      )
    }
    rmSync(database, { recursive: true })
  }
  const db = Database.open(database, { logLevel: 'off' })
  try {
    const options = { dir: migrations, allow: 'destructive', backup: false, onProgress: progress(call) } as const
    const result = await migrateTo(db, options, interruptible(call))
    return applied(call, result, 'applied')
  } finally {
    db.close()
  }
}

async function pushSchema(call: Call, db: Database): Promise<number> {
  const { parsed, terminal } = call
  const stored = db.transaction(readContract)
  const plan = await required(call.generator).planPush(
    { ...optionsOf(parsed, terminal), hints: parsed.hints },
    stored?.contract,
  )
  if (isOpen(plan)) return unanswered(call, plan)
  push(db, plan.contract, plan.operations, { allow: parsed.allow, onProgress: progress(call) })
  if (parsed.json) printJson(terminal, { ok: true, contract: plan.to, steps: plan.operations.map(describeOperation) })
  else reportSteps(call, plan)
  return ExitCode.OK
}

async function seed(call: Call, db: Database): Promise<number> {
  const { parsed, terminal } = call
  const run = await required(call.generator).loadSeed(optionsOf(parsed, terminal))
  await run(db)
  if (parsed.json) printJson(terminal, { ok: true })
  return ExitCode.OK
}
