/** What columns declare, as types: counters and defaults may be left out, what is computed cannot be set, stored names are Kysely's. */
import { generate } from '@sochdb/generator'
import { compile } from './compile.js'
import { schemaFile, TestProject } from './project.js'

const schema = schemaFile(`
const things = table('things', {
  no: col.integer().primaryKey().default('autoincrement'),
  token: col.text().default('cuid2'),
  price: col.decimal(6, 2),
  day: col.date().nullable(),
  tags: col.text().array(),
  marks: col.enum('a', 'b').array().default([]),
  madeAt: col.timestamp().updatedAt(),
  label: col.text().generatedAs("'x' || no"),
})
const owners = table('owners', { id: col.uuid().primaryKey() })
const owned = table('owned', { ownerId: col.uuid(), thingNo: col.integer() }).primaryKey('ownerId', 'thingNo')
export default defineSchema({
  casing: 'snake_case',
  tables: { things, owners, owned },
  relations: { owners: { things: manyToMany('things', { through: 'owned', from: 'ownerId', to: 'thingNo' }) } },
})`)

const use = `import type { Repositories } from './sochdb/generated/client.js'
import type { NewThing, Thing, ThingPatch, ThingsTable, ThingWhere } from './sochdb/generated/models/things.js'
export const made: NewThing = { price: '1', tags: ['x'] }
// @ts-expect-error a computed column is not inserted
export const computed: NewThing = { price: '1', tags: [], label: 'x' }
// @ts-expect-error nor changed
export const changed: ThingPatch = { label: 'x' }
// @ts-expect-error elements are text
export const numbers: NewThing = { price: '1', tags: [1] }
// @ts-expect-error elements are of the set
export const marks: ThingPatch = { marks: ['c'] }
export const after: ThingWhere = { day: { gte: '2026-01-01' }, label: { startsWith: 'x' } }
// @ts-expect-error days are text
export const at: ThingWhere = { day: new Date() }
// @ts-expect-error arrays do not compare
export const list: ThingWhere = { tags: { equals: ['x'] } }
export const column: keyof ThingsTable = 'made_at'
// @ts-expect-error Kysely knows columns, not fields
export const field: keyof ThingsTable = 'madeAt'
export async function through(db: Repositories): Promise<readonly Thing[]> {
  await db.owners.insert({ id: 'o', things: { create: [{ price: '1', tags: [] }], connect: [{ no: 1 }] } })
  const [owner] = await db.owners.findMany({ where: { things: { some: { day: null } } }, with: { things: { limit: 2 } } })
  return owner?.things ?? []
}
`

test('declarations are types', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schema, 'use.ts': use })
  expect((await generate({ cwd: project.directory })).problems).toEqual([])
  expect(compile(project, ['use.ts']).errors).toBe('')
}, 180_000)
