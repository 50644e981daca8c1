import { contractHash, col, collection, defineSchema, many, one, table, toContract } from '@sochdb/schema'
import { z } from 'zod'
import { createClient } from 'sochdb/client'
import type {
  QueryEvent,
  Repository,
  ScopeOptions,
  SqlTag,
  SyncSqlTag,
  SyncRepository,
  SyncTypedCollection,
  TypedCollection,
} from 'sochdb/client'

export const schema = defineSchema({
  tables: {
    authors: table('authors', {
      id: col.uuid().primaryKey().default('uuid7'),
      email: col.text(z.email()),
      born: col.timestamp().nullable(),
      settings: col.json(z.object({ theme: z.string() })).nullable(),
      createdAt: col.timestamp().default('now'),
    }).unique('email'),
    notes: table('notes', {
      id: col.integer().primaryKey(),
      authorId: col.uuid(),
      title: col.text(),
      stars: col.integer().default(0),
      views: col.bigint().default(0n),
      status: col.enum('draft', 'done').default('draft'),
    }).index('authorId', 'stars'),
    marks: table('marks', { noteId: col.integer(), label: col.text(), weight: col.real().default(1) }).primaryKey(
      'noteId',
      'label',
    ),
  },
  relations: {
    authors: { notes: many('notes.authorId') },
    notes: { author: one('authors', 'authorId'), marks: many('marks.noteId') },
    marks: { note: one('notes', 'noteId') },
  },
  collections: {
    passages: collection('passages', {
      dimension: 3,
      metric: 'cosine',
      metadata: z.object({ noteId: z.number(), lang: z.enum(['en', 'de']) }),
      indexed: ['lang'],
      quantization: 'pq',
      pqNumSubvectors: 3,
      pqNumCentroids: 16,
    }),
    texts: collection('texts', {
      dimension: 2,
      metadata: z.object({ title: z.string(), body: z.string().default('') }),
      contentField: { title: 3, body: 1 },
      text: { stemming: 'english', stopWords: ['the'] },
    }),
  },
})

/** Loosely typed: what the generator prints is tested with the generator. */
interface AnyModel {
  Row: Record<string, unknown>
  New: Record<string, unknown>
  NewWith: Record<string, unknown>
  NewBy: Record<string, unknown>
  Change: Record<string, unknown>
  Patch: Record<string, unknown>
  Where: Record<string, unknown>
  Order: Record<string, unknown>
  Key: Record<string, unknown>
  Include: Record<string, object | true>
  Related: Record<string, unknown>
  Sums: Record<string, unknown>
  Averages: Record<string, unknown>
}

interface Members {
  readonly authors: Repository<AnyModel>
  readonly notes: Repository<AnyModel>
  readonly marks: Repository<AnyModel>
  readonly passages: TypedCollection<Record<string, unknown>, Record<string, unknown>>
  readonly texts: TypedCollection<Record<string, unknown>, Record<string, unknown>>
  readonly $qb: unknown
  readonly $sql: SqlTag
}

interface SyncMembers {
  readonly $sql: SyncSqlTag
  readonly authors: SyncRepository<AnyModel>
  readonly notes: SyncRepository<AnyModel>
  readonly marks: SyncRepository<AnyModel>
  readonly passages: SyncTypedCollection<Record<string, unknown>, Record<string, unknown>>
  readonly texts: SyncTypedCollection<Record<string, unknown>, Record<string, unknown>>
}

export interface TestClient extends Members {
  $for(scope: ScopeOptions): this
  $extends<Added extends object>(make: (client: this) => Added): this & Added
  $on(event: 'query' | 'slow', listener: (event: QueryEvent) => void): () => void
  readonly sync: SyncMembers & { $transaction<T>(fn: (tx: SyncMembers) => T): T }
  $transaction<T>(fn: (tx: Members & { readonly sync: SyncMembers }) => Promise<T>, options?: object): Promise<T>
  $close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Options = Parameters<typeof createClient>[1]

export function openClient(options: Options = { path: ':memory:' }, declared = schema): TestClient {
  const contract = toContract(declared)
  return createClient<TestClient>(
    { contract, contractHash: contractHash(contract), queryBuilder: target => target },
    options,
  )
}

/** Two authors and five notes. */
export async function fill(db: TestClient): Promise<{ ada: string; bob: string }> {
  const ada = await db.authors.insert({ email: 'ada@example.com', born: new Date('1815-12-10') })
  const bob = await db.authors.insert({ email: 'bob@example.com', settings: { theme: 'dark' } })
  await db.notes.insertMany([
    { id: 1, authorId: ada['id'], title: 'Engines', stars: 3 },
    { id: 2, authorId: ada['id'], title: 'Looms', stars: 1 },
    { id: 3, authorId: ada['id'], title: 'Tables of numbers', stars: 5, status: 'done' },
    { id: 4, authorId: bob['id'], title: 'Kites' },
    { id: 5, authorId: bob['id'], title: 'Keys', stars: 4 },
  ])
  await db.marks.insertMany([
    { noteId: 1, label: 'iron' },
    { noteId: 1, label: 'steam', weight: 2.5 },
    { noteId: 5, label: 'iron' },
  ])
  return { ada: ada['id'] as string, bob: bob['id'] as string }
}
