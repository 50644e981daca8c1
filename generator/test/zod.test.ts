/** Validators that are generated beside the models: what they take, what they refuse, and that their types are the models'. */
import { generate } from '@sochdb/generator'
import { spawnSync } from 'node:child_process'
import { ts } from 'ts-morph'
import { compile } from './compile.js'
import { schemaFile, TestProject } from './project.js'

const schema = schemaFile(`export default defineSchema({ tables: { things: table('things', {
  id: col.uuid().primaryKey().default('uuid7'),
  email: col.text(z.email()),
  role: col.enum('a', 'b').default('a'),
  count: col.integer().default(0),
  total: col.bigint().nullable(),
  price: col.decimal(6, 2),
  at: col.timestamp(),
  day: col.date().nullable(),
  tags: col.text().array(),
  profile: col.json(z.object({ locale: z.string().default('en') })).nullable(),
  bytes: col.blob().nullable(),
  place: col.vector(2).nullable(),
  label: col.text().generatedAs("'x' || count"),
}) } })`)

const types = `import type { NewThing, Thing, ThingPatch } from './sochdb/generated/models/things.js'
import { newThing, thingPatch, thingRow } from './sochdb/generated/zod/things.js'
export const made: NewThing = newThing.parse({})
export const read: Thing = thingRow.parse({})
export const change: ThingPatch = thingPatch.parse({})
`

const uses = `import { newThing, thingPatch, thingRow } from './things.mjs'
const valid = { email: 'a@b.co', price: '12.50', at: new Date(0), tags: ['x'] }
const id = '0198c0de-0000-7000-8000-000000000000'
const row = { ...valid, id, role: 'b', count: 1, total: 5n, day: null, profile: { locale: 'de' }, bytes: null, label: 'x1',
  place: Float32Array.of(1, 2) }
const takes = (type, value) => type.safeParse(value).success
console.log(JSON.stringify({
  taken: [
    takes(newThing, valid),
    takes(newThing, { ...valid, at: '2026-01-01T00:00:00Z', day: '2026-01-31', place: [1, 2], profile: {} }),
    takes(thingRow, row),
    takes(thingPatch, {}),
    takes(thingPatch, { count: { increment: 2 }, total: null }),
  ],
  refused: [
    takes(newThing, { ...valid, email: 'a' }),
    takes(newThing, { ...valid, role: 'c' }),
    takes(newThing, { ...valid, price: '12345.00' }),
    takes(newThing, { ...valid, price: '1.005' }),
    takes(newThing, { ...valid, count: 1.5 }),
    takes(newThing, { ...valid, total: 2n ** 63n }),
    takes(newThing, { ...valid, day: '2026-02-30' }),
    takes(newThing, { ...valid, tags: [1] }),
    takes(newThing, { ...valid, place: [1] }),
    takes(newThing, { ...valid, label: 'x' }),
    takes(newThing, { ...valid, more: 1 }),
    takes(thingPatch, { id }),
    takes(thingRow, { ...row, at: '2026-01-01' }),
  ],
}))
`

test('validators are typed as the models, take what the client takes, and refuse what it refuses', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schema, 'use.ts': types, 'uses.mjs': uses })
  expect((await generate({ cwd: project.directory })).problems).toEqual([])
  expect(compile(project, ['use.ts']).errors).toBe('')
  const { outputText } = ts.transpileModule(project.read('sochdb/generated/zod/things.ts'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  })
  project.write({ 'things.mjs': outputText })
  const { stdout, stderr } = spawnSync(process.execPath, ['uses.mjs'], { cwd: project.directory, encoding: 'utf8' })
  expect(stderr).toBe('')
  const { taken, refused } = JSON.parse(stdout) as Record<'taken' | 'refused', boolean[]>
  expect(taken).toEqual(taken.map(() => true))
  expect(refused).toEqual(refused.map(() => false))
}, 180_000)
