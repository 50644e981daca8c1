import { cachePolicy, contractHash, defineSchema, toContract } from '@sochdb/schema'
import { Database, ValidationError } from 'sochdb'
import { createClient } from 'sochdb/client'
import type { ClientOptions, SyncTypedCache, TypedCache } from 'sochdb/client'
import { z } from 'zod'

const schema = defineSchema({
  caches: {
    answers: cachePolicy('answers', {
      dimension: 2,
      threshold: 0.93,
      ttlSeconds: 86_400,
      maxEntries: 2,
      evict: 'lru',
      scope: z.object({ orgId: z.string(), model: z.string() }),
      value: z.object({ text: z.string(), sources: z.array(z.string()).default([]) }),
    }),
    plain: cachePolicy('plain_answers', { dimension: 2, value: z.string() }),
  },
})

interface Answer {
  readonly text: string
  readonly sources: string[]
}
interface Scope {
  readonly orgId: string
  readonly model: string
}
type Input = Pick<Answer, 'text'> & Partial<Answer>
interface Client extends AsyncDisposable {
  readonly answers: TypedCache<Scope, Answer, Input>
  readonly plain: TypedCache<object, string>
  readonly sync: { readonly answers: SyncTypedCache<Scope, Answer, Input> }
  $transaction<Result>(fn: (tx: Client) => Promise<Result>): Promise<Result>
  $close(): Promise<void>
}

const contract = toContract(schema)
const embed = (text: string): number[] => [Math.cos(text.length / 100), Math.sin(text.length / 100)]
const open = (options: Partial<ClientOptions> = {}): Client =>
  createClient<Client>({ contract, contractHash: contractHash(contract), queryBuilder: () => undefined as never }, {
    path: ':memory:',
    embed,
    ...options,
  } as ClientOptions)
const scope = { orgId: 'acme', model: 'm1' }

test('wrap makes what is missing, checks it, and finds it in other words', async () => {
  const db = open()
  let calls = 0
  const make = (): Input => ({ text: `call ${++calls}` })
  expect(await db.answers.wrap({ prompt: 'what is this', ...scope }, make)).toEqual({ text: 'call 1', sources: [] })
  expect(await db.answers.wrap({ prompt: 'what is this?', ...scope }, make)).toEqual({ text: 'call 1', sources: [] })
  expect(await db.answers.wrap({ prompt: 'what is this', ...scope, orgId: 'other' }, make)).toMatchObject({
    text: 'call 2',
  })
  expect((await db.answers.get({ prompt: 'what is that', ...scope }))?.value.text).toBe('call 1')
  expect(db.sync.answers.get({ prompt: 'what is that', ...scope })).toBeUndefined() // nothing embeds it there
  expect(db.sync.answers.get({ prompt: 'what is this', ...scope })?.kind).toBe('exact')
  await expect(db.answers.wrap({ prompt: 'q', orgId: 'z', model: 'm' }, () => ({ text: 5 }) as never)).rejects.toThrow(
    ValidationError,
  )
  await db.answers.put({
    prompt: 'third',
    ...scope,
    value: { text: 'x', sources: ['a'] },
    embedding: [0, 1],
    tags: ['t'],
  })
  expect(await db.answers.stats()).toMatchObject({ count: 2, evictions: 1 }) // maxEntries of the contract
  expect(await db.answers.invalidate('t')).toBe(1)
  expect(await db.answers.delete({ prompt: 'what is this', ...scope })).toBe(true)
  expect(await db.plain.wrap({ prompt: 'a' }, () => 'b')).toBe('b')
  await db.plain.clear()
  expect(await db.plain.get({ prompt: 'a' })).toBeUndefined()
  await db.$close()
})

test('scopes are those of the schema, in transactions too', async () => {
  using database = Database.open(':memory:')
  const db = open({ path: undefined, database } as never)
  for (const bad of [{ orgId: 'acme' }, { ...scope, orgId: 5 }, { ...scope, tenant: 'x' }]) {
    await expect(db.answers.get({ prompt: 'a', ...bad } as never)).rejects.toThrow(ValidationError)
  }
  await expect(db.answers.get('a' as never)).rejects.toThrow('an object with prompt')
  expect(database.cacheStats('answers')).toMatchObject({ count: 0, misses: 0 })
  await expect(
    db.$transaction(async tx => {
      await tx.answers.put({ prompt: 'a', ...scope, value: { text: 'x' }, embedding: [1, 0] })
      expect((await tx.answers.get({ prompt: 'a', ...scope }))?.value.text).toBe('x')
      throw new Error('undo')
    }),
  ).rejects.toThrow('undo')
  expect(await db.answers.get({ prompt: 'a', ...scope })).toBeUndefined()
  expect(() => open({ embed: 'x' } as never)).toThrow('embed is a function')
})
