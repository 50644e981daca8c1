/** What the compiler made of a schema is kept, by the text it was made from. */
import { loadSchema } from '@sochdb/generator'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { schemaFile, TestProject } from './project.js'

const schema = (name: string): string =>
  schemaFile(
    `import { id } from './parts.js'\nexport default defineSchema({ tables: { t: table('${name}', { id }) } })`,
  )
const parts = `import { col } from '@sochdb/schema'\nexport const id = col.uuid().primaryKey()\n`

const caches = (project: TestProject): string[] => {
  const directory = join(project.directory, 'node_modules/.cache/sochdb')
  return readdirSync(directory).map(file => join(directory, file))
}

async function nameIn(project: TestProject): Promise<string | undefined> {
  const { contract, problems } = await loadSchema(join(project.directory, 'sochdb.schema.ts'))
  expect(problems).toEqual([])
  return contract?.tables['t']?.name
}

test('what was transpiled is used again, and anew where the text is another', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schema('first'), 'parts.ts': parts })
  expect(await nameIn(project)).toBe('first')
  const [file, ...others] = caches(project)
  expect(others).toEqual([])
  // Nothing but the text that it was made from tells what it is.
  writeFileSync(file!, readFileSync(file!, 'utf8').replaceAll(`'first'`, `'kept'`))
  expect(await nameIn(project)).toBe('kept')
  project.write({ 'sochdb.schema.ts': schema('second') })
  expect(await nameIn(project)).toBe('second')
  expect(await nameIn(project)).toBe('second')
  // Of texts that are gone nothing is kept.
  expect(readFileSync(file!, 'utf8')).not.toContain('kept')
  expect(caches(project)).toEqual([file])
})

test.each(['', '{', '{"version":0,"transpiled":{}}', 'null'])('what cannot be read is made again: %j', async text => {
  using project = new TestProject({ 'sochdb.schema.ts': schema('first'), 'parts.ts': parts })
  expect(await nameIn(project)).toBe('first')
  const [file] = caches(project)
  writeFileSync(file!, text)
  expect(await nameIn(project)).toBe('first')
  expect(readFileSync(file!, 'utf8')).toContain('"version":1')
})

test('mistakes are found each time', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': 'export default 5 +' })
  for (let i = 0; i < 2; i++) {
    const { problems } = await loadSchema(join(project.directory, 'sochdb.schema.ts'))
    expect(problems[0]).toMatchObject({ code: 'syntax_error', location: { line: 1 } })
  }
})
