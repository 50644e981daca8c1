/** What is laid out without prettier is as prettier would have it. */
import { emit, loadSchema, type EmittedFile } from '@sochdb/generator'
import { join } from 'node:path'
import { prettierText } from '../src/write/format.js'
import { layOut } from '../src/write/layout.js'
import { schemaFile, shopSchema, TestProject } from './project.js'

async function filesOf(text: string): Promise<EmittedFile[]> {
  using project = new TestProject({ 'sochdb.schema.ts': text })
  const { contract, contractHash, problems } = await loadSchema(join(project.directory, 'sochdb.schema.ts'))
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  const files = emit(contract!, contractHash!, { source: '../../sochdb.schema.ts', importExtension: '.js' })
  return files.filter(({ language, formatted }) => language === 'typescript' && !formatted)
}

const shapes = schemaFile(`const id = col.uuid().primaryKey()
const tree = z.object({ name: z.string(), get children() { return z.array(tree) } })
const data = (shape) => table('t' + Math.random().toString(36).slice(2), { id, data: col.json(shape), maybe: col.json(shape).nullable() })
export default defineSchema({
  tables: {
    alone: table('alone', { id }),
    marks: table('marks', { id, level: col.enum('a-b', 'c d', 'e').default('e'), long: col.enum(...Array.from({ length: 30 }, (_, i) => 'value number ' + i)) }),
    quoted: table('quoted', { id, odd: col.enum("it's", 'back\\\\slash', 'say "x"') }),
    trees: data(tree),
    keys: data(z.object({ 'odd-key': z.string(), plain: z.number() })),
    nested: data(z.object({ a: z.object({ b: z.array(z.object({ c: z.string().optional(), d: z.tuple([z.string(), z.number()]) })) }), e: z.record(z.string(), z.number()) })),
    unions: data(z.object({ kind: z.union([z.literal('a; b'), z.literal(5), z.null()]), list: z.array(z.union([z.string(), z.object({ x: z.boolean() })])) })),
    wide: data(z.object(Object.fromEntries(Array.from({ length: 20 }, (_, i) => ['aRatherLongNameOfAMember' + i, z.object({ inner: z.string(), other: z.number() })])))),
    deep: data(z.object({ one: z.object(Object.fromEntries(Array.from({ length: 20 }, (_, i) => ['member' + i, z.string()]))) })),
    either: data(z.discriminatedUnion('t', [z.object({ t: z.literal('a'), n: z.number() }), z.object({ t: z.literal('b') })])),
    empty: data(z.object({})),
    some: data(z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() }))),
  },
  relations: { alone: { trees: many('trees.id'), own: one('alone', 'id') } },
})`)

test.each([
  ['the shop', shopSchema],
  ['JSON of many shapes', shapes],
])('of %s, every file that is laid out is as by prettier', async (_, schema) => {
  const files = await filesOf(schema)
  for (const { path, text } of files) {
    const laid = layOut(text)
    if (laid !== undefined) expect({ path, text: laid }).toEqual({ path, text: await prettierText(text) })
  }
})

test('models are laid out without prettier, unless they hold what is not plain', async () => {
  const plain = (await filesOf(shopSchema)).filter(({ text }) => layOut(text) !== undefined).map(({ path }) => path)
  expect(plain).toEqual(expect.arrayContaining(['db.ts', 'models/memberships.ts', 'models/orgs.ts', 'models/users.ts']))
  const made = await filesOf(shapes)
  const laid = (path: string): string | undefined => layOut(made.find(file => file.path === `models/${path}.ts`)!.text)
  expect(laid('quoted')).toBeUndefined()
  expect(laid('keys')).toBeUndefined()
  expect(laid('nested')).toBeDefined()
})
