/**
 * What a large schema costs: to generate, and to compile against. The bound on instantiations is the promise of explicit
 * interfaces: 67 k for four hundred tables when this was written, where inferring a hundred from a schema costs 700 k to 1.8 M.
 */
import { generate } from '@sochdb/generator'
import { compile } from './compile.js'
import { schemaFile, TestProject } from './project.js'

const instantiationsMax = 100_000
// The compiler runs as a process of its own, which a busy machine gives little time.
const timeoutMs = 600_000

/** Tables of twelve columns, each with a relation to the one before and one from the one after. */
function largeSchema(tables: number): string {
  const names = Array.from({ length: tables }, (_, i) => `items${i}`)
  const declared = names.map((name, i) => {
    const parent = names[Math.max(0, i - 1)]!
    return `const ${name} = table('${name}', {
  id: col.uuid().primaryKey().default('uuid7'), parentId: col.uuid(), name: col.text(), note: col.text().nullable(),
  kind: col.enum('a', 'b', 'c').default('a'), count: col.integer().default(0), total: col.bigint().default(0n),
  ratio: col.real().nullable(), price: col.decimal(), active: col.boolean(), data: col.json(z.object({ a: z.string(), b: z.number() })),
  at: col.timestamp().default('now'),
}).index('parentId')
const of_${name} = { parent: one('${parent}', 'parentId')${i + 1 < tables ? `, children: many('${names[i + 1]!}.parentId')` : ''} }`
  })
  const relations = names.map(name => `${name}: of_${name}`).join(', ')
  return schemaFile(
    `${declared.join('\n')}\nexport default defineSchema({ tables: { ${names.join(', ')} }, relations: { ${relations} } })`,
  )
}

function uses(tables: number): string {
  const functions = Array.from({ length: tables }, (_, i) => {
    const db = `db.items${i}`
    return `export async function use${i}(db: Repositories) {
  const row = await ${db}.insert({ parentId: 'p', name: 'n', price: '1.50', active: true, data: { a: 'x', b: 1 } })
  const rows = await ${db}.findMany({ where: { kind: { in: ['a'] }, count: { gt: 3 }, OR: [{ note: null }] }, orderBy: { at: 'desc' }, limit: 5 })
  await ${db}.update({ id: row.id }, { total: { increment: 5n } })
  const loaded = await ${db}.findFirst({ with: { parent: true } })
  return [rows[0]?.data.b, loaded?.parent?.name] as const
}`
  })
  return `import type { Repositories } from './sochdb/generated/client.js'\n${functions.join('\n')}\n`
}

test('a hundred tables are two files each and six for all of them, and once more none', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': largeSchema(100) })
  const { ok, written } = await generate({ cwd: project.directory })
  expect({ ok, files: written.length }).toEqual({ ok: true, files: 206 })
  expect((await generate({ cwd: project.directory })).written).toEqual([])
})

test.each([
  [100, 40_000],
  [400, instantiationsMax],
])(
  'a function for each of %d tables stays within the budget of %d instantiations',
  async (tables, most) => {
    using project = new TestProject({ 'sochdb.schema.ts': largeSchema(tables), 'use.ts': uses(tables) })
    await generate({ cwd: project.directory })
    const { errors, instantiations } = compile(project, ['use.ts'])
    expect(errors).toBe('')
    expect(instantiations).toBeLessThan(most)
    if (process.env['SHOW_COST'] === '1') process.stderr.write(`instantiations: ${instantiations}\n`)
  },
  timeoutMs,
)
