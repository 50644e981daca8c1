/** `sochdb db pull`: a store, or a SQLite file, as a schema file. Neither is changed. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { Database } from '../database/index.js'
import { pullSqlite, pullStore, type Pulled } from '../pull/index.js'
import { UsageError } from './arguments.js'
import { required, type Call } from './call.js'
import { printJson } from './output.js'
import { optionsOf, ProjectError, storeOf } from './places.js'
import { formatProblems, shownPath } from './report.js'
import { ExitCode, palette } from './terminal.js'

export async function pull(call: Call): Promise<number> {
  const { parsed, terminal } = call
  const generator = required(call.generator)
  const options = optionsOf(parsed, terminal)
  const { schema } = await generator.loadProject(options)
  const file = shownPath(schema, terminal.cwd)
  if (!parsed.print && !parsed.force && existsSync(schema)) {
    throw new ProjectError('schema_exists', `There is a schema at ${file}.`, 'Write over it with --force, or --print.')
  }
  const { pulled, source } = await sourceOf(call)
  const { text, remarks } = await generator.printPulled(pulled, source)
  if (parsed.print) {
    if (parsed.json) printJson(terminal, { ok: true, schema: text, remarks })
    else terminal.stdout.write(text)
    return ExitCode.OK
  }
  mkdirSync(dirname(schema), { recursive: true })
  writeFileSync(schema, text)
  const { ok, problems } = await generator.validate(options)
  if (parsed.json) printJson(terminal, { ok, path: file, remarks, problems })
  else {
    const { yellow } = palette(terminal.stderr, terminal.env)
    for (const remark of remarks) terminal.stderr.write(`${yellow('note')} ${remark}\n`)
    terminal.stderr.write(formatProblems(problems, terminal.cwd, palette(terminal.stderr, terminal.env)))
    terminal.stdout.write(`written: ${file}\n`)
  }
  return ok ? ExitCode.OK : ExitCode.FOUND
}

async function sourceOf(call: Call): Promise<{ readonly pulled: Pulled; readonly source: string }> {
  const { parsed, terminal, generator } = call
  const { from } = parsed
  if (from !== undefined) {
    if (parsed.database !== undefined) throw new UsageError('--from and --database exclude each other.')
    const objects = await required(generator).readSqlite(resolve(terminal.cwd, from), terminal.cwd)
    return { pulled: pullSqlite(objects), source: `the SQLite file ${basename(from)}` }
  }
  const { database } = await storeOf(parsed, terminal, generator)
  if (!existsSync(database)) throw new ProjectError('no_store', `There is no store at ${database}.`)
  const db = Database.open(database, { logLevel: 'off' })
  try {
    return { pulled: pullStore(db), source: `the store ${basename(database)}` }
  } finally {
    db.close()
  }
}
