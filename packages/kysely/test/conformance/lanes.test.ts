/** Which queries run as trees, and which as text. */
import { sql, type CompiledQuery, type Kysely, type RootOperationNode } from 'kysely'
import { lower } from '../../src/lowering/lower.js'
import { SochdbQueryCompiler } from '../../src/query-compiler.js'
import { aggregates, fragments, json, windows } from './aggregates.js'
import { fillLibrary, openLibraries, type Libraries, type Library } from './fixture.js'
import { conditions, joins, orders, selects } from './queries.js'
import { commonTables, unions } from './sets.js'
import { deletes, inserts, updates } from './writes.js'

const corpus = {
  ...selects,
  ...conditions,
  ...orders,
  ...joins,
  ...unions,
  ...commonTables,
  ...aggregates,
  ...windows,
  ...json,
  ...inserts,
  ...updates,
  ...deletes,
  'a fragment among values': fragments['values in between']!,
  'a fragment as a table': fragments['a table']!,
  'queries in fragments': fragments['queries in fragments, fragments in queries']!,
}

/** Where only the text tells what is meant. */
const asText = new Set(['what the text says where it is less than the tree', 'intersect behind union', 'paths'])

describe('lanes', () => {
  const printer = new SochdbQueryCompiler()
  const seen: CompiledQuery[] = []
  let libraries: Libraries
  let db: Kysely<Library>

  beforeAll(async () => {
    libraries = await openLibraries([
      { transformQuery: ({ node }) => node, transformResult: async ({ result }) => result },
    ])
    db = libraries.tree
  })
  beforeEach(() => fillLibrary(db))
  afterAll(() => libraries.close())

  it.each(Object.entries(corpus).filter(([name]) => !asText.has(name)))('runs as a tree: %s', async (_, query) => {
    seen.length = 0
    const recording = db.withPlugin({
      transformQuery: ({ node, queryId }) => {
        seen.push(printer.compileQuery(node, queryId))
        return node
      },
      transformResult: async ({ result }) => result,
    })
    await query(recording).catch(() => undefined)
    expect(seen.length).toBeGreaterThan(0)
    const text = seen.filter(({ query: node }) => lower(node, printer) === undefined)
    expect(text.map(each => each.sql)).toEqual([])
  })

  it.each<[string, (on: Kysely<Library>) => { toOperationNode(): unknown }]>([
    [
      'operands that bind less than their operator',
      on => on.selectFrom('books').select(eb => eb(eb('id', '+', 1), '*', 2).as('n')),
    ],
    [
      'a list in a fragment',
      on =>
        on
          .selectFrom('books')
          .select('id')
          .where('id', 'in', sql<number>`(1, 2)`),
    ],
    [
      'a modifier in a fragment',
      on =>
        on
          .selectFrom('books')
          .select('id')
          .modifyEnd(sql`limit 2`),
    ],
    [
      'a nested set operation',
      on =>
        on
          .selectFrom('books')
          .select('id')
          .union(on.selectFrom('loans').select('id'))
          .intersect(on.selectFrom('books').select('id')),
    ],
  ])('runs as text: %s', async (_, make) => {
    const query = make(db) as unknown as { toOperationNode(): RootOperationNode; execute(): Promise<object[]> }
    expect(lower(query.toOperationNode(), printer)).toBeUndefined()
    expect((await query.execute()).length).toBeGreaterThan(1)
  })

  it('reads a fragment once, and keeps its parameters apart', async () => {
    const query = (a: number, b: number) =>
      db
        .selectFrom('books')
        .select(sql<number>`id * ${a}`.as('x'))
        .where('id', '=', 2)
        .where(sql<boolean>`id < ${b}`)
        .execute()
    expect(await query(3, 9)).toEqual([{ x: 6 }])
    expect(await query(5, 9)).toEqual([{ x: 10 }])
    expect(await query(5, 1)).toEqual([])
  })

  it('does not take what ends a fragment for a part of it', async () => {
    const broken = [sql`1) or (1 = 1`, sql`1; drop table books`, sql`title -- `]
    for (const fragment of broken) {
      await expect(db.selectFrom('books').select(fragment.as('x')).where('id', '=', 1).execute()).rejects.toThrow()
    }
    expect((await db.selectFrom('books').select('id').execute()).length).toBeGreaterThan(0)
  })
})
