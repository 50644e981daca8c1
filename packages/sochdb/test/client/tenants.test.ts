/** What a tenant's client sees beside tables: its documents and answers, and nothing that cannot say whose it is. */
import {
  cachePolicy,
  col,
  collection,
  contractHash,
  defineSchema,
  kv,
  node,
  table,
  toContract,
  validateSchema,
} from '@sochdb/schema'
import { ValidationError } from 'sochdb'
import { createClient } from 'sochdb/client'
import type {
  KeySpace,
  ScopeOptions,
  SyncTypedCache,
  SyncTypedCollection,
  TypedCache,
  TypedCollection,
} from 'sochdb/client'
import { z } from 'zod'

const schema = defineSchema({
  tables: { notes: table('notes', { id: col.integer().primaryKey(), org: col.text() }).tenant('org') },
  collections: {
    chunks: collection('chunks', {
      dimension: 2,
      metadata: z.object({ org: z.string(), text: z.string(), page: z.number().default(1) }),
      contentField: 'text',
      tenant: 'org',
    }),
    shared: collection('shared', { dimension: 2, metadata: z.object({ text: z.string() }) }),
  },
  caches: {
    answers: cachePolicy('answers', {
      dimension: 2,
      scope: z.object({ org: z.string(), model: z.string() }),
      tenant: 'org',
      value: z.string(),
    }),
    common: cachePolicy('common', { dimension: 2, value: z.string() }),
  },
  graph: { nodes: { Doc: node('Doc', z.object({})) }, edges: {} },
  kv: { sessions: kv('sessions', { key: z.string(), value: z.string() }) },
})

type Fields = Record<string, unknown>
interface Members {
  readonly chunks: TypedCollection<Fields, Fields>
  readonly shared: TypedCollection<Fields, Fields>
  readonly answers: TypedCache<Fields, string>
  readonly common: TypedCache<Fields, string>
  readonly sessions: KeySpace<string, string>
  readonly graph: object
}
interface Client extends Members {
  readonly sync: {
    readonly chunks: SyncTypedCollection<Fields, Fields>
    readonly answers: SyncTypedCache<Fields, string>
    readonly graph: object
  }
  $for(scope: ScopeOptions): Client
  $transaction<T>(fn: (tx: Client) => Promise<T>): Promise<T>
  $close(): Promise<void>
}

const contract = toContract(schema)
let db: Client
let red: Client
let blue: Client

beforeEach(() => {
  const definition = { contract, contractHash: contractHash(contract), queryBuilder: (): undefined => undefined }
  db = createClient<Client>(definition, { path: ':memory:' })
  red = db.$for({ tenant: 'red' })
  blue = db.$for({ tenant: 'blue' })
})
afterEach(() => db.$close())

const document = (id: string, text: string): { id: string; vector: number[]; metadata: Fields } => {
  return { id, vector: [1, text.length], metadata: { text } }
}

test('the schema holds, and its tenants are indexed', () => {
  expect(validateSchema(schema)).toEqual([])
  expect(contract.collections['chunks']).toMatchObject({ tenant: 'org', indexed: ['org'] })
})

test('documents are found by their own tenant alone, in every way there is to look', async () => {
  await red.chunks.insert(document('r1', 'apples'))
  await red.chunks.insertBatch({ ids: ['r2'], vectors: [[0, 1]], metadata: [{ text: 'pears', page: 5 }] })
  await red.chunks.insertMulti({ id: 'r3', vectors: [[1, 0]], metadata: { text: 'plums' } })
  await blue.chunks.insert(document('b1', 'apples'))
  const ids = (found: Iterable<{ readonly id: string }>): string[] => [...found].map(({ id }) => id).sort()
  expect((await red.chunks.get('r1'))?.metadata).toEqual({ org: 'red', text: 'apples', page: 1 })
  expect(await blue.chunks.get('r1')).toBeUndefined()
  expect((await red.chunks.getMany(['r1', 'b1'])).map(found => found?.id)).toEqual(['r1', undefined])
  expect(ids(await red.chunks.list())).toEqual(['r1', 'r2', 'r3'])
  expect(ids(await blue.chunks.list({ filter: { text: { contains: 'p' } } }))).toEqual(['b1'])
  expect(await red.chunks.count()).toBe(3)
  expect(await red.chunks.count({ page: 5 })).toBe(1)
  expect(await red.chunks.count({ OR: [{ org: 'blue' }, { page: 5 }] })).toBe(1)
  expect(ids(await red.chunks.search({ vector: [1, 0] }))).toEqual(['r1', 'r2', 'r3'])
  expect(ids(await blue.chunks.search({ vector: [1, 0], filter: { NOT: { org: 'blue' } } }))).toEqual([])
  expect(ids(await blue.chunks.keywordSearch({ query: 'apples' }))).toEqual(['b1'])
  expect(ids(await blue.chunks.hybridSearch({ vector: [1, 0], textQuery: 'apples' }))).toEqual(['b1'])
  const many = await blue.chunks.searchMany([{ vector: [1, 0] }, { vector: [0, 1] }])
  expect(many.map(ids)).toEqual([['b1'], ['b1']])
  expect(await db.chunks.count()).toBe(4)
})

test('documents of others are neither changed nor replaced nor deleted', async () => {
  await red.chunks.insert(document('r1', 'apples'))
  expect(await blue.chunks.update('r1', { metadata: { text: 'mine' } })).toBe(false)
  expect(await blue.chunks.update('r1', { vector: [9, 9] })).toBe(false)
  expect(await blue.chunks.delete('r1')).toBe(false)
  expect(await blue.chunks.deleteWhere({})).toBe(0)
  await expect(blue.chunks.deleteWhere(undefined as never)).rejects.toThrow(ValidationError)
  for (const taken of [
    () => blue.chunks.insert(document('r1', 'x')),
    () => blue.chunks.upsert(document('r1', 'x')),
    () => blue.chunks.insertMulti({ id: 'r1', vectors: [[1, 0]], metadata: { text: 'x' } }),
    () =>
      blue.chunks.insertBatch({
        ids: ['b9', 'r1'],
        vectors: [
          [1, 0],
          [0, 1],
        ],
        metadata: [{ text: 'x' }, { text: 'y' }],
      }),
  ]) {
    await expect(taken()).rejects.toThrow(/a document "r1" that this client does not see/)
  }
  expect(await db.chunks.list()).toMatchObject([{ id: 'r1', metadata: { org: 'red', text: 'apples' } }])
  await expect(blue.chunks.insert({ ...document('b1', 'x'), metadata: { org: 'red', text: 'x' } })).rejects.toThrow(
    /"chunks.org" is of another tenant/,
  )
  await expect(red.chunks.update('r1', { metadata: { org: 'blue' } })).rejects.toThrow(/"chunks.org" is of another/)
  expect(await red.chunks.update('r1', { metadata: { text: 'pears' } })).toBe(true)
  expect(await red.chunks.delete('r1')).toBe(true)
})

test('the same holds in a transaction, and on the calling thread', async () => {
  await red.chunks.insert(document('r1', 'apples'))
  expect(blue.sync.chunks.get('r1')).toBeUndefined()
  expect(() => blue.sync.chunks.insert(document('r1', 'x'))).toThrow(/does not see/)
  await blue.$transaction(async tx => {
    await tx.chunks.insert(document('b1', 'pears'))
    expect(await tx.chunks.count()).toBe(1)
    await expect(tx.chunks.insert(document('r1', 'x'))).rejects.toThrow(/does not see/)
    expect(await tx.$for({ tenant: 'red' }).chunks.count()).toBe(1)
  })
  expect(await db.chunks.count()).toBe(2)
})

test('answers are kept apart by the scope that the client fills', async () => {
  const embedding = [1, 0]
  await red.answers.put({ prompt: 'why', model: 'm', embedding, value: 'red' })
  await blue.answers.put({ prompt: 'why', model: 'm', embedding, value: 'blue' })
  expect((await red.answers.get({ prompt: 'why', model: 'm', embedding }))?.value).toBe('red')
  expect((await db.answers.get({ prompt: 'why', model: 'm', org: 'blue', embedding }))?.value).toBe('blue')
  expect(await blue.answers.wrap({ prompt: 'why', model: 'm', embedding }, () => 'new')).toBe('blue')
  await expect(blue.answers.get({ prompt: 'why', model: 'm', org: 'red', embedding })).rejects.toThrow(/another tenant/)
  expect(await red.answers.delete({ prompt: 'why', model: 'm' })).toBe(true)
  expect(blue.sync.answers.get({ prompt: 'why', model: 'm' })?.value).toBe('blue')
  for (const whole of [
    () => blue.answers.clear(),
    () => blue.answers.invalidate('tag'),
    () => blue.answers.stats(),
    () => blue.answers.feedback('hit', true),
  ]) {
    await expect(whole()).rejects.toThrow(/of cache "answers" is of all tenants, and this client of one/)
  }
  await expect(db.answers.get({ prompt: 'why', model: 'm' })).rejects.toThrow(/org/)
})

test('what cannot say whose it is is refused, not shown whole', async () => {
  await db.shared.insert({ id: 's', vector: [1, 0], metadata: { text: 'x' } })
  await db.sessions.put('k', 'v')
  await expect(red.shared.get('s')).rejects.toThrow('"shared" is of all tenants, and this client of one.')
  await expect(red.shared.search({ vector: [1, 0] })).rejects.toMatchObject({
    remediation: expect.stringContaining('Declare the tenant of the collection') as string,
  })
  await expect(red.common.get({ prompt: 'x' })).rejects.toThrow('"common" is of all tenants')
  await expect(red.sessions.get('k')).rejects.toThrow('"sessions" is of all tenants')
  await expect(red.sessions.scan()[Symbol.asyncIterator]().next()).rejects.toThrow('"sessions" is of all tenants')
  expect(() => red.graph).toThrow('The graph is of all tenants')
  expect(() => red.sync.graph).toThrow('The graph is of all tenants')
  await red.$transaction(async tx => expect(tx.shared.count()).rejects.toThrow(ValidationError))
  // Without a tenant, deleted rows or not, all is as it was.
  const all = db.$for({ withDeleted: true })
  expect(await all.shared.count()).toBe(1)
  expect(await all.sessions.get('k')).toBe('v')
  expect(all.graph).toBeDefined()
})

test.each([
  [{ tenant: 'orgg' }, 'tenant_unknown_field'],
  [{ tenant: 5 }, 'tenant_unknown_field'],
  [{ tenant: 'labels' }, 'tenant_field'],
  [{ tenant: 'maybe' }, 'tenant_field'],
  [{ tenant: 'given' }, 'tenant_field'],
])('a tenant is a field that is always there: %j', (option, code) => {
  const shape = z.object({
    org: z.string(),
    labels: z.array(z.string()),
    maybe: z.string().nullable(),
    given: z.string().default('x'),
  })
  const made = defineSchema({
    collections: { c: collection('c', { dimension: 2, metadata: shape, ...(option as object) }) },
    caches: { a: cachePolicy('a', { dimension: 2, scope: shape, value: z.string(), ...(option as object) }) },
  })
  expect(validateSchema(made).map(problem => [problem.code, problem.path])).toEqual([
    [code, 'collections.c.tenant'],
    [code, 'caches.a.tenant'],
  ])
})
