import { generate } from '@sochdb/generator'

import { compile } from './compile.js'
import { TestProject } from './project.js'

const schema = `import { defineSchema, edge, kv, node } from '@sochdb/schema'
import { z } from 'zod'
export default defineSchema({
  graph: {
    nodes: {
      Doc: node('Doc', z.object({ title: z.string(), lang: z.string().default('en'), year: z.int().optional() })),
      Person: node('Person', z.object({ name: z.string() })),
    },
    edges: {
      CITES: edge('CITES', 'Doc', 'Doc', z.object({ weight: z.number() }), { temporal: true }),
      WORKS_WITH: edge('WORKS_WITH', 'Person', 'Person'),
      wrote: edge('WROTE', 'Person', 'Doc', undefined, { open: true }),
    },
  },
  kv: {
    sessions: kv('sessions', {
      key: z.string(), value: z.object({ userId: z.uuid(), seen: z.number().default(0) }), ttlSeconds: 60 }),
    flags: kv('flags', { key: z.enum(['beta', 'dark']), value: z.boolean() }),
  },
})
`

const use = `import { createClient } from './sochdb/generated/index.js'
import type { AnyNode, CitesEdge, DocNode, GraphWay, PersonNode, SessionsValue } from './sochdb/generated/index.js'
const db = createClient({ path: './app.soch' })
const { graph } = db
export const added: DocNode = await graph.Doc.add('d1', { title: 'x' })
export const lang: string = added.properties.lang
export const year: number | undefined = (await graph.Doc.update('d1', { year: undefined }))?.properties.year
export const docs: DocNode[] = await graph.Doc('d1').out('CITES', { maxDepth: 2, where: { year: { gt: 1999 } } }).nodes({ asOf: 1n })
export const people: PersonNode[] = await graph.Doc('d1').in('WROTE').both('WORKS_WITH').nodes()
export const ways: GraphWay[] = await graph.Person.where({ name: 'Ann' }).out('WROTE').out('CITES').ways()
export const some: DocNode[] = db.sync.graph.Doc.where().in('CITES').nodes({ validAt: new Date() })
export const cited: CitesEdge = await graph.CITES.add({ fromId: 'd1', toId: 'd2', properties: { weight: 1 }, validFrom: 0 })
export const since: number = cited.validFrom
await graph.WORKS_WITH.add({ fromId: 'a', toId: 'b' })
export const ended: boolean = await graph.CITES.end('d1', 'd2', 5)
export const path: readonly AnyNode[] | undefined = (await graph.findPath({ fromId: 'a', toId: 'd1', edgeTypes: ['WROTE'] }))?.nodes
for (const node of (await graph.traverse({ startNode: 'a', nodeTypes: ['Doc'] })).nodes) {
  if (node.nodeType === 'Doc') node.properties.title.trim()
}
await db.$transaction(async tx => tx.graph.Doc.delete('d1'))
export const session: SessionsValue | undefined = await db.sessions.get('s1')
await db.sessions.put('s1', { userId: 'u' }, { ttlSeconds: 5 })
for await (const { key, value } of db.flags.scan()) if (key === 'beta') value.valueOf()
export const seen: number[] = Array.from(db.sync.sessions.scan({ prefix: 's' }), ({ value }) => value.seen)
// @ts-expect-error a title is text
await graph.Doc.add('d1', { title: 5 })
// @ts-expect-error WROTE leaves people
graph.Doc('d1').out('WROTE')
// @ts-expect-error not all ends are people
graph.Person('a').both('WROTE')
// @ts-expect-error a temporal edge says from when on it holds
await graph.CITES.add({ fromId: 'd1', toId: 'd2', properties: { weight: 1 } })
// @ts-expect-error an edge that is not temporal does not end
await graph.WORKS_WITH.end('a', 'b', 5)
// @ts-expect-error filters know the properties
graph.Doc.where({ name: 'x' })
// @ts-expect-error the schema has no such edge
await graph.traverse({ startNode: 'a', edgeTypes: ['PROBES'] })
// @ts-expect-error a key is one of the schema's
await db.flags.get('other')
// @ts-expect-error a value is what the schema says
await db.sessions.put('s1', { seen: 1 })
`

// The compiler runs as a process of its own.
const timeoutMs = 180_000

/** Each type of node and edge may cost the compiler that much. */
const instantiationsPerTypeMax = 60

test(
  'graphs and key spaces get clients with the types of the schema',
  async () => {
    using project = new TestProject({ 'sochdb.schema.ts': schema, 'use.ts': use })
    const { problems } = await generate({ cwd: project.directory })
    expect(problems).toEqual([])
    const text = project.read('sochdb/generated/graph.ts')
    expect(text).toContain("  out(edgeType: 'CITES', step?: WalkStep<DocNodeFilter>): DocNodeWalk\n")
    expect(text).toContain('export type AnyNode = DocNode | PersonNode | MissingNode')
    expect(project.read('sochdb/generated/kv.ts')).toContain("export type FlagsName = 'beta' | 'dark'")
    expect(project.read('sochdb/generated/client.ts')).toContain(
      'readonly sessions: KeySpace<SessionsName, SessionsValue, SessionsValueInput>',
    )
    const files = ['use.ts', 'sochdb/generated/graph.ts', 'sochdb/generated/kv.ts', 'sochdb/generated/client.ts']
    expect(compile(project, files).errors).toBe('')
  },
  timeoutMs,
)

test(
  'the types of a graph cost the compiler little',
  async () => {
    const graphOf = (count: number): string => {
      const names = Array.from({ length: count }, (_, i) => `N${i}`)
      const nodes = names.map(name => `${name}: node('${name}', z.object({ title: z.string(), size: z.number() }))`)
      const edges = names.map((name, i) => `E${i}: edge('E${i}', '${name}', '${names[(i + 1) % count]!}')`)
      return `import { defineSchema, edge, node } from '@sochdb/schema'
import { z } from 'zod'
export default defineSchema({ graph: { nodes: { ${nodes.join(', ')} }, edges: { ${edges.join(', ')} } } })\n`
    }
    const usesOf = (count: number): string => {
      const functions = Array.from(
        { length: count },
        (_, i) => `export const use${i} = async (db: Repositories) =>
  (await db.graph.N${i}('a').out('E${i}', { maxDepth: 2, where: { size: { gt: 1 } } }).nodes()).map(node => node.properties.title)`,
      )
      return `import type { Repositories } from './sochdb/generated/client.js'\n${functions.join('\n')}\n`
    }
    const cost = async (count: number): Promise<number> => {
      using project = new TestProject({ 'sochdb.schema.ts': graphOf(count), 'use.ts': usesOf(count) })
      await generate({ cwd: project.directory })
      const { errors, instantiations } = compile(project, ['use.ts'])
      expect(errors).toBe('')
      return instantiations
    }
    const [few, many] = [await cost(10), await cost(50)]
    if (process.env['SHOW_COST'] === '1') process.stderr.write(`instantiations: ${few}, ${many}\n`)
    expect((many - few) / 80).toBeLessThan(instantiationsPerTypeMax)
  },
  timeoutMs,
)
