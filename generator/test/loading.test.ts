/** A schema file that cannot be read says where and why. */
import { loadSchema, type LoadedSchema, ProjectError } from '@sochdb/generator'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { schemaFile, shopSchema, TestProject } from './project.js'

async function load(schema: string, files: Readonly<Record<string, string>> = {}): Promise<LoadedSchema> {
  using project = new TestProject({ 'sochdb.schema.ts': schema, ...files })
  const loaded = await loadSchema(join(project.directory, 'sochdb.schema.ts'))
  const cache = join(project.directory, 'node_modules/.cache/sochdb')
  const left = existsSync(cache) ? readdirSync(cache) : []
  expect(left.filter(file => file.startsWith('load-'))).toEqual([])
  return loaded
}

async function expectOne(schema: string, files: Readonly<Record<string, string>>, expected: object): Promise<void> {
  const { contract, problems } = await load(schema, files)
  expect(contract).toBeUndefined()
  expect(problems).toEqual([expect.objectContaining({ severity: 'error', ...expected })])
}

const at = (file: string, line: number, column: number): object => {
  return { location: expect.objectContaining({ file: expect.stringMatching(`/${file}$`), line, column }) }
}

test('a schema loads, with its contract, its hash and the file it came from', async () => {
  const { contract, contractHash, problems, files } = await load(shopSchema)
  expect(Object.keys(contract!.tables)).toEqual(['documents', 'memberships', 'orgs', 'users'])
  expect(contractHash).toMatch(/^[0-9a-f]{64}$/)
  expect(problems.every(problem => problem.severity === 'warning')).toBe(true)
  expect(files).toEqual([expect.stringMatching(/sochdb\.schema\.ts$/)])
})

test('a syntax error is shown where it is', async () => {
  await expectOne(
    `export const a = 1\nexport default define(,)\n`,
    {},
    { code: 'syntax_error', ...at('sochdb.schema.ts', 2, 23) },
  )
})

test('an error thrown while the schema runs is shown at the line of the source that threw', async () => {
  const schema = schemaFile(
    `interface Erased {\n  a: string\n}\nconst unused = undefined as unknown as Erased\nunused.a.length\n`,
  )
  await expectOne(
    schema,
    {},
    { code: 'schema_threw', message: expect.stringContaining('undefined'), ...at('sochdb.schema.ts', 8, 8) },
  )
})

test('an error thrown in an imported file is shown in that file', async () => {
  const files = {
    'parts/a.ts': `export type T = { a: 1 }\nexport const a = ((): number => { throw new RangeError('too much') })()\n`,
  }
  const schema = `import { a } from './parts/a.js'\nexport default a\n`
  await expectOne(schema, files, { code: 'schema_threw', message: 'RangeError: too much', ...at('parts/a.ts', 2, 41) })
})

test('what is no declaration is named, at the call that got it', async () => {
  const schema = schemaFile(
    `const t = table('t', {\n  a: z.string() as never,\n})\nexport default defineSchema({ tables: { t } })`,
  )
  await expectOne(
    schema,
    {},
    { code: 'schema_threw', message: expect.stringContaining('Column "a" of table "t" must be made by col') },
  )
})

test('a package that is not installed is named with the command that installs it', async () => {
  const schema = `import { x } from 'no-such-package/deep'\nexport default x\n`
  const hint = 'Install it: npm install no-such-package'
  await expectOne(schema, {}, { code: 'import_not_found', hint, ...at('sochdb.schema.ts', 1, 19) })
})

test('a relative import of nothing is shown at the import', async () => {
  const schema = `import { z } from 'zod'\nimport { x } from './nothing.js'\nexport default [x, z]\n`
  await expectOne(schema, {}, { code: 'import_not_found', ...at('sochdb.schema.ts', 2, 19) })
})

test('an import of a name that is not exported is shown', async () => {
  const schema = `import { x } from './a.js'\nexport default x\n`
  await expectOne(schema, { 'a.ts': 'export const y = 1\n' }, { message: expect.stringContaining("'x'") })
})

test('a file without a schema as its default export says how to end', async () => {
  const hint = 'End it with: export default defineSchema({ … })'
  await expectOne(
    'export const a = 1\n',
    {},
    { code: 'schema_not_exported', message: expect.stringContaining('no default export'), hint },
  )
  await expectOne(
    'export default {}\n',
    {},
    { code: 'schema_not_exported', message: expect.stringContaining('is not what defineSchema returns') },
  )
})

test('files that import each other load', async () => {
  const { contract } = await load(
    schemaFile(
      `import { name } from './name.js'\nexport const key = () => 'id'\nexport default defineSchema({ tables: { t: table(name(), { id: col.uuid().primaryKey() }) } })`,
    ),
    {
      'name.ts': `import { key } from './sochdb.schema.js'\nexport const name = (): string => 't_' + key.name\n`,
    },
  )
  expect(contract!.tables['t']!.name).toBe('t_key')
})

test('plain JavaScript beside the schema is imported as it is', async () => {
  const { contract } = await load(
    schemaFile(
      `import { name } from './name.mjs'\nexport default defineSchema({ tables: { t: table(name, { id: col.uuid().primaryKey() }) } })`,
    ),
    {
      'name.mjs': `export const name = 'plain'\n`,
    },
  )
  expect(contract!.tables['t']!.name).toBe('plain')
})

test('there is an error for a schema file that does not exist', async () => {
  using project = new TestProject({})
  await expect(loadSchema(join(project.directory, 'sochdb.schema.ts'))).rejects.toThrow(ProjectError)
})
