/** What is on disk after generating: the same every time, and only what changed is touched. */
import { check, generate, loadProject, ProjectError } from '@sochdb/generator'
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { schemaFile, shopSchema, TestProject } from './project.js'

const out = 'sochdb/generated'
const table = (name: string): string => `${name}: table('${name}', { id: col.uuid().primaryKey(), name: col.text() })`
const schemaOf = (...names: string[]): string =>
  schemaFile(`export default defineSchema({ tables: { ${names.map(table).join(', ')} } })`)

test('two runs over one schema, wherever it stands, write the same bytes', async () => {
  using a = new TestProject({ 'sochdb.schema.ts': shopSchema })
  using b = new TestProject({ 'sochdb.schema.ts': shopSchema })
  await generate({ cwd: a.directory })
  await generate({ cwd: b.directory })
  expect(a.list(out)).toEqual(b.list(out))
  for (const file of a.list(out)) expect(a.read(`${out}/${file}`)).toBe(b.read(`${out}/${file}`))
})

test('a second run writes nothing', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': shopSchema })
  const first = await generate({ cwd: project.directory })
  const files = project.list(out)
  const times = files.map(file => statSync(join(project.directory, out, file)).mtimeMs)
  const second = await generate({ cwd: project.directory })
  expect(first.written).toEqual(files)
  expect(second).toMatchObject({ ok: true, written: [], removed: [], unchanged: files.length })
  expect(files.map(file => statSync(join(project.directory, out, file)).mtimeMs)).toEqual(times)
})

test('a change of one table leaves the files of the others alone', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schemaOf('apples', 'pears', 'plums') })
  await generate({ cwd: project.directory })
  project.write({
    'sochdb.schema.ts': schemaOf('apples', 'pears', 'plums').replace(/(table\('pears', \{)/, '$1 extra: col.text(),'),
  })
  const { written } = await generate({ cwd: project.directory })
  expect(written).toEqual([
    'client.ts',
    'contract.json',
    'contract.ts',
    'index.ts',
    'models/pears.ts',
    'schema.mmd',
    'zod/pears.ts',
  ])
})

test('files of tables that are gone are removed; what else is there stays', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schemaOf('apples', 'pears') })
  await generate({ cwd: project.directory })
  project.write({ 'sochdb.schema.ts': schemaOf('apples'), [`${out}/models/mine.ts`]: 'export {}\n' })
  const { removed } = await generate({ cwd: project.directory })
  expect(removed).toEqual(['models/pears.ts', 'zod/pears.ts'])
  expect(project.list(`${out}/models`)).toEqual(['apples.ts', 'mine.ts'])
})

test('a generated file that was edited is written again', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schemaOf('apples') })
  await generate({ cwd: project.directory })
  const path = `${out}/models/apples.ts`
  const original = project.read(path)
  project.write({ [path]: original.replace('name: string', 'name: number') })
  expect((await generate({ cwd: project.directory })).written).toEqual(['models/apples.ts'])
  expect(project.read(path)).toBe(original)
})

test('line ends that git changed are no difference', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schemaOf('apples') })
  await generate({ cwd: project.directory })
  for (const file of project.list(out))
    project.write({ [`${out}/${file}`]: project.read(`${out}/${file}`).replaceAll('\n', '\r\n') })
  expect(await check({ cwd: project.directory })).toMatchObject({ ok: true, stale: [] })
})

test('a file that was not generated is never overwritten', async () => {
  using project = new TestProject({
    'sochdb.schema.ts': schemaOf('apples'),
    [`${out}/index.ts`]: 'export const mine = 1\n',
  })
  await expect(generate({ cwd: project.directory })).rejects.toThrow(/index\.ts was not generated/)
  expect(project.list(out)).toEqual(['index.ts'])
})

test('a schema with an error changes nothing on disk', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schemaOf('apples') })
  await generate({ cwd: project.directory })
  const before = project.list(out)
  project.write({ 'sochdb.schema.ts': schemaFile(`export default defineSchema({ tables: { t: table('t', {}) } })`) })
  expect(await generate({ cwd: project.directory })).toMatchObject({ ok: false, written: [], removed: [] })
  expect(project.list(out)).toEqual(before)
})

test('check tells what is missing, changed and too much, as a diff that patch(1) applies', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schemaOf('apples', 'pears') })
  await generate({ cwd: project.directory })
  expect(await check({ cwd: project.directory })).toMatchObject({ ok: true, stale: [], diff: '' })
  project.write({
    'sochdb.schema.ts': schemaOf('apples', 'plums').replace(/(table\('apples', \{)/, '$1 ripe: col.boolean(),'),
  })
  const before = Object.fromEntries(project.list(out).map(file => [file, project.read(`${out}/${file}`)]))
  const { ok, stale, diff } = await check({ cwd: project.directory })
  expect(ok).toBe(false)
  expect(Object.fromEntries(stale.map(({ path, state }) => [path, state]))).toMatchObject({
    'models/apples.ts': 'changed',
    'models/pears.ts': 'extra',
    'models/plums.ts': 'missing',
  })
  expect(diff).toContain('--- a/sochdb/generated/models/apples.ts\n+++ b/sochdb/generated/models/apples.ts\n@@ ')
  expect(diff).toContain('\n+  ripe: boolean\n')
  expect(Object.fromEntries(project.list(out).map(file => [file, project.read(`${out}/${file}`)]))).toEqual(before)
  const patched = spawnSync('git', ['apply', '-p1', '-'], { cwd: project.directory, input: diff, encoding: 'utf8' })
  expect(patched.stderr).toBe('')
  expect(await check({ cwd: project.directory })).toMatchObject({ ok: true })
})

test('the configuration says where things are, relative to itself; arguments override it', async () => {
  using project = new TestProject({
    'db/my.schema.ts': schemaOf('apples'),
    'sochdb.config.ts': `import type { Config } from '@sochdb/generator'\nexport default { schema: 'db/my.schema.ts', out: 'db/gen', importExtension: '.ts' } satisfies Config\n`,
  })
  await generate({ cwd: project.directory })
  expect(project.read('db/gen/index.ts')).toContain(`export * from './client.ts'`)
  expect(project.read('db/gen/index.ts')).toContain('from ../my.schema.ts.')
  const { out: directory } = await generate({ cwd: project.directory, out: 'elsewhere' })
  expect(directory).toBe(join(project.directory, 'elsewhere'))
})

test.each([
  ['export default 5', 'is not an object'],
  ['export default { scheme: "x" }', 'there is no setting "scheme"'],
  ['export default { out: 5 }', '"out" must be a string'],
  ['export default { importExtension: ".mjs" }', `'.js', '.ts' or ''`],
  ['export default {', 'sochdb.config.ts:1:17'],
])('a configuration that makes no sense is refused: %s', async (config, message) => {
  using project = new TestProject({ 'sochdb.config.ts': config })
  const failure = await loadProject({ cwd: project.directory }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(ProjectError)
  expect((failure as ProjectError).message).toContain(message)
})
