/** Columns with codecs, as types: what is generated, what of it compiles, and what the schema refuses. */
import { generate } from '@sochdb/generator'
import { compile } from './compile.js'
import { expectProblem, load } from './mistakes.js'
import { schemaFile, TestProject } from './project.js'

const schema = schemaFile(`
const money = { module: './money.js', name: 'money', type: 'Money' }
const items = table('items', {
  id: col.integer().primaryKey(),
  price: col.decimal(12, 2).codec(money),
  sale: col.decimal().codec({ ...money, name: 'default' }).nullable(),
  soldOn: col.timestamp().codec({ module: '../lib/day.js', name: 'day', type: 'Item' }),
  marks: col.json(z.object({ list: z.array(z.number()).default([]) })).codec({ module: './money.js', name: 'marks', type: 'Marks' }),
  level: col.enum('low', 'high').codec({ module: './money.js', name: 'level', type: 'Level' }).default('low'),
})
export default defineSchema({ casing: 'snake_case', tables: { items } })`)

const money = `import type { Codec } from 'sochdb/client'
export class Money { constructor(readonly cents: number) {} }
export const money: Codec<Money, string> = { encode: one => String(one.cents), decode: text => new Money(Number(text)) }
export default money
export type Marks = ReadonlySet<number>
export const marks: Codec<Marks, { list: number[] }> = { encode: set => ({ list: [...set] }), decode: ({ list }) => new Set(list) }
export type Level = 1 | 2
export const level = { encode: (level: Level) => (level === 1 ? 'low' as const : 'high' as const), decode: (text: 'low' | 'high'): Level => (text === 'low' ? 1 : 2) }
`

const day = `export interface Item { readonly day: number }
export const day = { encode: ({ day }: Item) => new Date(day), decode: (at: Date): Item => ({ day: at.getTime() }) }
`

const use = `import type { Client, Item, ItemWhere, NewItem } from './sochdb/generated/index.js'
import { newItem } from './sochdb/generated/zod/items.js'
import { Money } from './money.js'
export async function prices(db: Client): Promise<readonly Money[]> {
  const item = await db.items.insert({ id: 1, price: new Money(5), soldOn: { day: 1 }, marks: new Set([1]), level: 2 })
  item.sale?.cents.toFixed()
  await db.items.update({ id: 1 }, { price: new Money(6), sale: null })
  // @ts-expect-error the engine does not compute with what it does not know
  await db.items.update({ id: 1 }, { price: { increment: '1' } })
  // @ts-expect-error there is no sum of them
  await db.items.aggregate({ sum: { price: true } })
  const { min } = await db.items.aggregate({ min: { price: true } })
  const all = await db.items.findMany({ where: { price: { gte: min.price ?? new Money(0), in: [new Money(5)] }, sale: null } })
  // @ts-expect-error what is stored is not what is seen
  await db.items.findMany({ where: { price: { equals: '5' } } })
  // @ts-expect-error a value stands behind an operator
  await db.items.findMany({ where: { price: new Money(5) } })
  // @ts-expect-error JSON does not compare
  await db.items.findMany({ where: { marks: { equals: new Set() } } })
  const [stored] = await db.$qb.selectFrom('items').select(['price', 'sold_on', 'marks', 'level']).execute()
  const text: string | undefined = stored?.price
  const parts: [Date, number[], 'low' | 'high'] | undefined = stored && [stored.sold_on, stored.marks.list, stored.level]
  // @ts-expect-error Kysely sees what is stored
  await db.$qb.updateTable('items').set({ price: new Money(5) }).execute()
  return [...all.map(one => one.price), new Money(Number(text) + (parts?.[1].length ?? 0))]
}
export const where: ItemWhere = { level: { not: 1 }, soldOn: { lt: { day: 5 } } }
export const made: NewItem = newItem.parse({ id: 1 })
export const days: Item['soldOn']['day'] = 5
`

const timeoutMs = 180_000

test(
  'the application sees its own types, Kysely those of the store',
  async () => {
    const files = { 'sochdb.schema.ts': schema, 'money.ts': money, '../lib/day.ts': day, 'use.ts': use }
    using outer = new TestProject(inFolder('app', files))
    expect((await generate({ cwd: `${outer.directory}/app` })).problems).toEqual([])
    const sources = outer.list('app/sochdb/generated').filter(file => file.endsWith('.ts'))
    expect(compile(outer, ['app/use.ts', ...sources.map(file => `app/sochdb/generated/${file}`)]).errors).toBe('')
    expect(outer.read('app/sochdb/generated/codecs.ts')).toContain(
      `import { day as dayCodec, type Item as ItemValue } from '../../../lib/day.js'`,
    )
    expect(outer.read('app/sochdb/generated/client.ts')).toContain('{ contract, contractHash, codecs, queryBuilder }')
  },
  timeoutMs,
)

function inFolder(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]))
}

test(
  'a codec that does not fit its column is an error of the compiler, in the generated file',
  async () => {
    const wrong = money
      .replace('Codec<Money, string>', 'Codec<Money, number>')
      .replace('String(one.cents)', 'one.cents')
    const body = `const price = col.decimal().codec({ module: './money.js', name: 'money', type: 'Money' })
export default defineSchema({ tables: { items: table('items', { id: col.integer().primaryKey(), price }) } })`
    using project = new TestProject({ 'sochdb.schema.ts': schemaFile(body), 'money.ts': wrong })
    await generate({ cwd: project.directory })
    const { errors } = compile(project, ['sochdb/generated/index.ts'])
    expect(errors).toMatch(/^sochdb\/generated\/codecs\.ts\(/)
    expect(errors.split('\n')).toHaveLength(1)
  },
  timeoutMs,
)

const mistake = async (body: string, code: string, part: string): Promise<unknown> =>
  expectProblem(`const code = { module: 'codecs', name: 'code', type: 'Code' }\n${body}`, code, part)

test('keys have no codec: of rows, of references, and of relations', async () => {
  const id = 'id: col.integer().primaryKey()'
  await mistake(
    `export default defineSchema({ tables: { t: table('t', { id: col.text().primaryKey()./*!*/codec(code) }) } })`,
    'codec_key',
    '"id" is a key',
  )
  await mistake(
    `export default defineSchema({ tables: { t: table('t', { a: col.text(), b: col.text()./*!*/codec(code) }).primaryKey('a', 'b') } })`,
    'codec_key',
    '"b" is a key',
  )
  await mistake(
    `const a = table('a', { ${id} })
export default defineSchema({ tables: { a, b: table('b', { ${id}, aId: col.integer().codec(code)./*!*/references('a.id') }) } })`,
    'codec_key',
    '"aId" is a key',
  )
  await mistake(
    `const a = table('a', { ${id} })
const b = table('b', { ${id}, aId: col.integer().codec(code) })
export default defineSchema({ tables: { a, b }, relations: { b: { /*!*/a: one('a', 'aId') } } })`,
    'codec_key',
    '"aId" is a key',
  )
})

test('a codec is in a file that is there, and has names', async () => {
  const column = (codec: string): string =>
    `export default defineSchema({ tables: { t: table('t', { id: col.integer().primaryKey(), v: col.text()./*!*/codec(${codec}) }) } })`
  await mistake(column(`{ ...code, module: './codecs.js' }`), 'codec_not_found', 'no such file beside the schema')
  await mistake(column(`{ ...code, module: '/codecs.js' }`), 'codec_module', 'Name a package')
  const found = {
    'sochdb.schema.ts': schemaFile(column(`{ module: './codecs.js', name: 'x', type: 'X' }`).replace('/*!*/', '')),
  }
  expect((await load({ ...found, 'codecs.ts': '' })).problems).toEqual([])
})
