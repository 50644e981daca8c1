/** The command `sochdb`: what it prints, and what it exits with. */
import * as generator from '@sochdb/generator'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { GeneratorModule } from '../../packages/sochdb/src/cli/generator-module.js'
import { run } from '../../packages/sochdb/src/cli/run.js'
import { root, schemaFile, TestProject } from './project.js'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

// The command knows the generator by an interface of its own: the compiler holds the two together here.
const module: GeneratorModule = generator

async function sochdb(cwd: string, line: string, { isTTY = false, installed = true, env = {} } = {}): Promise<Ran> {
  const text = { stdout: '', stderr: '' }
  const output = (name: 'stdout' | 'stderr') => ({ isTTY, write: (part: string) => void (text[name] += part) })
  const signal = new AbortController().signal
  const terminal = { cwd, env, stdout: output('stdout'), stderr: output('stderr'), signal }
  const argv = line.split(' ').filter(word => word !== '')
  const code = await run(argv, terminal, () => Promise.resolve(installed ? module : undefined))
  return { code, ...text }
}

const good = schemaFile(
  `export default defineSchema({ tables: { apples: table('apples', { id: col.uuid().primaryKey() }) } })`,
)
const bad = schemaFile(`export default defineSchema({ tables: { apples: table('apples', { id: col.uuid() }) } })`)

test('validate says nothing of a good schema', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': good })
  expect(await sochdb(project.directory, 'validate')).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('validate exits with 1 and shows the place of an error', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': bad })
  const { code, stdout, stderr } = await sochdb(project.directory, 'validate')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(
    'sochdb.schema.ts:4:41 error Table "apples" has no primary key. Mark a column with .primaryKey()',
  )
  expect(stderr).toContain('  tables.apples (primary_key_missing)\n')
  expect(stderr).toContain('> 4 | export default')
})

test('generate says what it wrote, and nothing when there was nothing to write', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': good })
  expect(await sochdb(project.directory, 'generate')).toEqual({
    code: 0,
    stdout: 'sochdb/generated: 8 files written\n',
    stderr: '',
  })
  expect(await sochdb(project.directory, 'generate')).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('generate --check exits with 1 and a diff when the client is stale, with 0 when it is not', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': good })
  const stale = await sochdb(project.directory, 'generate --check')
  expect(stale.code).toBe(1)
  expect(stale.stdout).toContain('--- /dev/null\n+++ b/sochdb/generated/models/apples.ts\n@@ -0,0 +1,')
  expect(stale.stderr).toBe('sochdb/generated is stale in 8 files. Run: npx sochdb generate\n')
  expect(existsSync(join(project.directory, 'sochdb'))).toBe(false)
  await sochdb(project.directory, 'generate')
  expect(await sochdb(project.directory, 'generate --check')).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('--schema, --out and --config say where', async () => {
  using project = new TestProject({ 'a/b.ts': good, 'c.ts': `export default { schema: 'a/b.ts', out: 'd' }\n` })
  expect((await sochdb(project.directory, 'generate --schema a/b.ts --out e')).stdout).toBe('e: 8 files written\n')
  expect((await sochdb(project.directory, 'generate --config c.ts')).stdout).toBe('d: 8 files written\n')
})

test('--json prints one value, of results and of failures', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': bad })
  const parse = async (line: string): Promise<unknown> => JSON.parse((await sochdb(project.directory, line)).stdout)
  expect(await parse('validate --json')).toMatchObject({
    ok: false,
    problems: [{ code: 'primary_key_missing', location: { line: 4 } }],
  })
  expect(await parse('generate --json --schema none.ts')).toMatchObject({
    ok: false,
    error: { code: 'schema_not_found' },
  })
  expect(await parse('nonsense --json')).toMatchObject({ ok: false, error: { code: 'usage' } })
  project.write({ 'sochdb.schema.ts': good })
  expect(await parse('generate --json')).toMatchObject({ ok: true, written: expect.arrayContaining(['index.ts']) })
  expect(await parse('generate --check --json')).toMatchObject({ ok: true, stale: [] })
})

test.each([
  ['upgrade', 'There is no command "upgrade". sochdb --help lists the commands.\n'],
  ['generat', 'There is no command "generat". Did you mean "generate"?'],
  ['migrate', '"migrate" needs to know what: dev, deploy, status,'],
  [
    'migrate depoly',
    'There is no command "migrate depoly". Did you mean "migrate deploy"? sochdb migrate --help tells',
  ],
  ['generate --loud', 'There is no option --loud.'],
  ['generate --chekc', 'There is no option --chekc. Did you mean "--check"?'],
  ['generate now', '"generate" takes no argument "now". sochdb generate --help tells what it takes.\n'],
  ['validate --out x', '"validate" takes no option --out.'],
  ['generate --check --watch', '--check and --watch exclude each other.'],
  ['generate --schema', "Option '--schema <value>' argument missing"],
])('a line that makes no sense exits with 2, and says where help is: sochdb %s', async (line, message) => {
  const { code, stdout, stderr } = await sochdb('/', line)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(`error ${message}`)
  expect(stderr.split('\n')).toHaveLength(2)
})

test('without anything it prints the usage, and exits with 2', async () => {
  const { code, stdout, stderr } = await sochdb('/', '')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('error A command is missing.\n\nUsage: sochdb <command> [options]')
})

test('--help and --version need no project', async () => {
  expect(await sochdb('/', '--help', { installed: false })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Usage: sochdb'),
  })
  const { stdout } = await sochdb('/', 'generate -h', { installed: false })
  expect(stdout).toContain('Usage: sochdb generate [options]')
  expect(stdout).toContain('--watch')
  expect(stdout).not.toContain('--steps')
  expect(await sochdb('/', 'init --help')).toMatchObject({ stdout: expect.stringContaining('sochdb init [directory]') })
  const group = await sochdb('/', 'migrate --help')
  expect(group.stdout).toContain('Usage: sochdb migrate <command> [options]')
  expect(group.stdout).not.toContain('db pull')
  expect(await sochdb('/', '--version', { installed: false })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  })
})

test('without the generator the command exits with 2 and says what installs it', async () => {
  const { code, stderr } = await sochdb('/', 'generate', { installed: false })
  expect(code).toBe(2)
  expect(stderr).toContain('npm install --save-dev @sochdb/generator')
})

test('colours are for terminals, and NO_COLOR turns them off', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': bad })
  const escape = '\u001B['
  expect((await sochdb(project.directory, 'validate')).stderr).not.toContain(escape)
  expect((await sochdb(project.directory, 'validate', { isTTY: true })).stderr).toContain(escape)
  expect((await sochdb(project.directory, 'validate', { isTTY: true, env: { NO_COLOR: '1' } })).stderr).not.toContain(
    escape,
  )
})

test('the committed shim runs the built command, which finds the generator of its directory', () => {
  using project = new TestProject({ 'sochdb.schema.ts': good })
  const bin = join(root, 'packages/sochdb/bin/sochdb.js')
  const ran = spawnSync(process.execPath, [bin, 'generate'], {
    cwd: project.directory,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  })
  expect(ran).toMatchObject({ status: 0, stderr: '', stdout: 'sochdb/generated: 8 files written\n' })
  expect(spawnSync(process.execPath, [bin, 'generate'], { cwd: '/', encoding: 'utf8' })).toMatchObject({ status: 2 })
})
